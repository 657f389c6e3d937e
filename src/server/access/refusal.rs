//! Why a request is not answered, and what is answered instead.

use super::origin::Foreign;
use crate::base::time::Duration;
use crate::config::Scope;
use crate::http::{Response, Status};
use crate::metrics::Reason;
use crate::scout::access::lacks;

/// See the module's documentation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// It comes from a web page that has no business here.
    Foreign(Foreign),
    KeyMissing,
    /// Or two that are not the same.
    KeyWrong,
    /// The client has asked too often, and need not come back before this has passed.
    TooOften(Duration),
    /// So many requests at once are more than there may be at most.
    LongBatch(u64),
    /// The key is not for this.
    Scope(Scope),
}

impl Refusal {
    /// Under which it is counted.
    pub fn reason(self) -> Reason {
        match self {
            Self::Foreign(_) => Reason::Origin,
            Self::KeyMissing | Self::KeyWrong => Reason::Unauthenticated,
            Self::TooOften(_) | Self::LongBatch(_) => Reason::RateLimited,
            Self::Scope(_) => Reason::Forbidden,
        }
    }

    fn text(self) -> String {
        match self {
            Self::Foreign(Foreign::Host) => "Host not allowed: see SCOUT_ALLOWED_HOSTS".into(),
            Self::Foreign(Foreign::Origin) => "Origin not allowed: see SCOUT_ALLOWED_ORIGINS".into(),
            Self::KeyMissing => "Missing API key".into(),
            Self::KeyWrong => "Invalid API key".into(),
            Self::TooOften(wait) => {
                let tenths = wait.as_millis().div_ceil(100).max(1);
                format!("Rate limit exceeded. Retry after {}.{} seconds.", tenths / 10, tenths % 10)
            }
            Self::LongBatch(most) => {
                format!("Rate limit exceeded. A batch may hold {most} requests at most.")
            }
            Self::Scope(scope) => lacks(scope),
        }
    }
}

/// With the challenges of RFC 6750 §3.
impl From<Refusal> for Response {
    fn from(refusal: Refusal) -> Self {
        let response = match refusal {
            Refusal::Foreign(_) => Self::new(Status::FORBIDDEN),
            Refusal::KeyMissing => Self::new(Status::UNAUTHORIZED).with("www-authenticate", "Bearer"),
            Refusal::KeyWrong => {
                Self::new(Status::UNAUTHORIZED).with("www-authenticate", r#"Bearer error="invalid_token""#)
            }
            Refusal::TooOften(wait) => {
                let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
                Self::new(Status::TOO_MANY_REQUESTS).with("retry-after", seconds.max(1).to_string())
            }
            Refusal::LongBatch(_) => Self::new(Status::TOO_MANY_REQUESTS),
            Refusal::Scope(scope) => {
                let challenge = format!(r#"Bearer error="insufficient_scope", scope="{}""#, scope.name());
                Self::new(Status::FORBIDDEN).with("www-authenticate", challenge)
            }
        };
        // Nothing in these texts needs to be escaped.
        response.body("application/json", format!(r#"{{"error":"{}"}}"#, refusal.text()))
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::written;
    use super::*;
    use crate::http::Body;

    fn answer(refusal: Refusal) -> (u16, String) {
        let response = Response::from(refusal);
        let Body::Full(body) = response.body else { panic!("no body") };
        (response.status.code(), String::from_utf8(body).unwrap())
    }

    #[test]
    fn texts_are_those_that_scripts_know() {
        for (refusal, status, text) in [
            (Refusal::KeyMissing, 401, r#"{"error":"Missing API key"}"#),
            (Refusal::KeyWrong, 401, r#"{"error":"Invalid API key"}"#),
            (
                Refusal::TooOften(Duration::from_millis(1_201)),
                429,
                r#"{"error":"Rate limit exceeded. Retry after 1.3 seconds."}"#,
            ),
            (
                Refusal::TooOften(Duration::from_nanos(1)),
                429,
                r#"{"error":"Rate limit exceeded. Retry after 0.1 seconds."}"#,
            ),
            (
                Refusal::LongBatch(10),
                429,
                r#"{"error":"Rate limit exceeded. A batch may hold 10 requests at most."}"#,
            ),
            (
                Refusal::Foreign(Foreign::Origin),
                403,
                r#"{"error":"Origin not allowed: see SCOUT_ALLOWED_ORIGINS"}"#,
            ),
        ] {
            assert_eq!(answer(refusal), (status, text.to_owned()));
        }
        assert!(answer(Refusal::Scope(Scope::Command)).1.contains("the scope 'command'"));
    }

    #[test]
    fn clients_are_told_what_to_do() {
        let head = |refusal| written(&Response::from(refusal));
        for (nanos, seconds) in [(1, "1"), (1_000_000_000, "1"), (1_000_000_001, "2"), (59_400_000_000, "60")]
        {
            let head = head(Refusal::TooOften(Duration::from_nanos(nanos)));
            assert!(head.contains(&format!("\r\nretry-after: {seconds}\r\n")), "{head}");
        }
        let challenge = |refusal| {
            let head = head(refusal);
            let line = head.lines().find_map(|line| line.strip_prefix("www-authenticate: "));
            line.map(ToOwned::to_owned)
        };
        assert_eq!(challenge(Refusal::KeyMissing).as_deref(), Some("Bearer"));
        assert_eq!(challenge(Refusal::KeyWrong).as_deref(), Some(r#"Bearer error="invalid_token""#));
        let scope = r#"Bearer error="insufficient_scope", scope="read""#;
        assert_eq!(challenge(Refusal::Scope(Scope::Read)).as_deref(), Some(scope));
        assert_eq!(challenge(Refusal::Foreign(Foreign::Host)), None);
    }
}
