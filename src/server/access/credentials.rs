//! The key that a request shows.

use crate::http::Headers;

/// What is in `X-API-Key` and in `Authorization: Bearer`.
#[derive(Debug, PartialEq, Eq)]
pub enum Credentials<'a> {
    None,
    /// In one place, or the same in several.
    One(&'a [u8]),
    /// Not the same: somebody on the way may have looked at another than we would.
    Several,
}

impl<'a> Credentials<'a> {
    pub fn of(headers: &'a Headers) -> Self {
        let mut keys = headers.all("x-api-key").chain(headers.all("authorization").filter_map(bearer));
        let Some(first) = keys.next() else { return Self::None };
        if keys.all(|key| key == first) { Self::One(first) } else { Self::Several }
    }
}

/// The token of RFC 6750 §2.1; other schemes are none of ours.
fn bearer(value: &[u8]) -> Option<&[u8]> {
    let (scheme, token) = value.split_at_checked(b"bearer".len())?;
    let is_bearer = scheme.eq_ignore_ascii_case(b"bearer") && token.first().is_none_or(|byte| *byte == b' ');
    is_bearer.then(|| token.trim_ascii())
}

#[cfg(test)]
mod tests {
    use super::super::tests::request;
    use super::*;

    fn shown(headers: &str) -> Option<Result<String, ()>> {
        match Credentials::of(&request(headers).headers) {
            Credentials::None => None,
            Credentials::One(key) => Some(Ok(String::from_utf8_lossy(key).into_owned())),
            Credentials::Several => Some(Err(())),
        }
    }

    #[test]
    fn a_key_may_be_shown_in_two_ways() {
        let key = || Some(Ok("k-1".to_owned()));
        assert_eq!(shown("X-API-Key: k-1\r\n"), key());
        assert_eq!(shown("x-api-key:  k-1 \r\n"), key());
        assert_eq!(shown("Authorization: Bearer k-1\r\n"), key());
        assert_eq!(shown("authorization: bEARER   k-1\r\n"), key());
        assert_eq!(shown("X-API-Key: k-1\r\nAuthorization: Bearer k-1\r\n"), key());
        assert_eq!(shown("Authorization: Basic a:b\r\nX-API-Key: k-1\r\n"), key());
    }

    #[test]
    fn two_keys_are_none_that_is_right() {
        assert_eq!(shown("X-API-Key: k-1\r\nAuthorization: Bearer k-2\r\n"), Some(Err(())));
        assert_eq!(shown("X-API-Key: k-1\r\nX-API-Key: k-2\r\n"), Some(Err(())));
        assert_eq!(shown("Authorization: Bearer k-1\r\nAuthorization: Bearer\r\n"), Some(Err(())));
    }

    #[test]
    fn what_is_no_key_is_not_shown() {
        for headers in
            ["", "Authorization: Basic a:b\r\n", "Authorization: Bearerk-1\r\n", "Authorization:\r\n"]
        {
            assert_eq!(shown(headers), None, "{headers}");
        }
        assert_eq!(shown("X-API-Key:\r\n"), Some(Ok(String::new())));
        assert_eq!(shown("Authorization: Bearer\r\n"), Some(Ok(String::new())));
    }
}
