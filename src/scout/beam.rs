//! Transfers as the tool `scout` knows them: `beam` between a place of this machine and the target, `beam_source` and
//! `beam_target` between hosts. What is asked for, and what is said of what came of it. Nothing here waits for anything.

use super::transfer::{Failed, Place, Side, Transfer};
use crate::base::error::Fault;
use crate::base::text::shown;
use crate::base::{Error, Kind, Result};
use crate::target::Target;

/// The arguments of the caller, not yet parsed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Arguments {
    pub target: String,
    /// There are several targets instead, and those win over a transfer to one.
    pub has_targets: bool,
    pub beam: Option<String>,
    pub beam_source: Option<String>,
    pub beam_target: Option<String>,
}

/// What is to be beamed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Beam {
    /// A file of this machine is sent there; where there is none, one comes from there.
    Here {
        local: String,
        remote: Place,
    },
    Between {
        from: Place,
        to: Place,
    },
}

impl Arguments {
    /// Reads them; `None` where nothing is to be beamed.
    ///
    /// Errors: some contradict each other, or are no places.
    pub fn parse(&self) -> Result<Option<Beam>> {
        let wrong = |text: &str| Err(Error::new(Kind::InvalidArgument, text));
        match (&self.beam, &self.beam_source, &self.beam_target) {
            (None, None, None) => Ok(None),
            (Some(_), source, target) if source.is_some() || target.is_some() => wrong(
                "Cannot use both 'beam' and 'beam_source/beam_target'. Use 'beam' for local transfers or \
                 'beam_source/beam_target' for remote-to-remote.",
            ),
            (_, Some(_), None) => wrong("beam_source requires beam_target to be specified."),
            (_, None, Some(_)) => wrong("beam_target requires beam_source to be specified."),
            (_, Some(source), Some(target)) => {
                let (from, to) = (on_host("beam_source", source)?, on_host("beam_target", target)?);
                Ok(Some(Beam::Between { from, to }))
            }
            (Some(_), None, None) if self.has_targets => Ok(None),
            (Some(local), None, None) => match Target::parse(&self.target)? {
                Target::Hosts => wrong("beam parameter requires a valid host:/path target, not 'hosts'"),
                Target::Path { host, path } => {
                    Ok(Some(Beam::Here { local: local.clone(), remote: Place::Remote { host, path } }))
                }
            },
        }
    }
}

fn on_host(name: &str, text: &str) -> Result<Place> {
    match Place::parse(text)? {
        Place::Local(_) => {
            Err(Error::new(Kind::InvalidArgument, format!("{name} must be in format 'host:/path'")))
        }
        place => Ok(place),
    }
}

impl Beam {
    /// The transfer; `has_file` is whether there is a file at the place here. Nothing that is there is replaced.
    pub fn transfer(self, has_file: bool) -> Transfer {
        let (from, to) = match self {
            Self::Between { from, to } => (from, to),
            Self::Here { local, remote } if has_file => (Place::Local(local), remote),
            Self::Here { local, remote } => (remote, Place::Local(local)),
        };
        Transfer { from, to, overwrite: false, resume: false }
    }
}

/// What an agent is told of a transfer that failed.
pub fn failure(failed: &Failed, from: &Place) -> String {
    let error = &failed.error;
    match (error.kind(), failed.side) {
        (Kind::UnknownHost, Side::Source) => format!("Error: {}", unknown(error, "source")),
        (Kind::UnknownHost, Side::Target) => format!("Error: {}", unknown(error, "target")),
        (kind, _) if is_refusal(kind) => format!("Error: {error}"),
        (Kind::NotFound | Kind::PermissionDenied, Side::Source) => {
            let from = shown(&from.to_string());
            format!("✗ Transfer failed: Source file not found or inaccessible: {from}")
        }
        (kind, _) if is_of_the_way(kind) => format!("Error: Beam transfer failed: {error}"),
        _ => format!("✗ Transfer failed: Transfer failed: {error}"),
    }
}

fn unknown(error: &Error, which: &str) -> String {
    error.message().replacen("Unknown host", &format!("Unknown {which} host"), 1)
}

/// It was not tried.
fn is_refusal(kind: Kind) -> bool {
    matches!(kind, Kind::InvalidTarget | Kind::InvalidArgument | Kind::UnknownHost | Kind::Forbidden)
}

/// A host was not reached.
fn is_of_the_way(kind: Kind) -> bool {
    kind.fault() == Fault::Network
        || matches!(
            kind,
            Kind::HostConfig
                | Kind::HostKey
                | Kind::Authentication
                | Kind::NoCommonAlgorithm
                | Kind::Protocol
                | Kind::Refused
                | Kind::Busy
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(target: &str, beams: [Option<&str>; 3]) -> Result<Option<Beam>, String> {
        let [beam, beam_source, beam_target] = beams.map(|beam| beam.map(str::to_owned));
        let arguments =
            Arguments { target: target.to_owned(), has_targets: false, beam, beam_source, beam_target };
        arguments.parse().map_err(|error| error.message().to_owned())
    }

    fn remote(text: &str) -> Place {
        Place::parse(text).unwrap()
    }

    #[test]
    fn contradictions_are_named() {
        let both = "Cannot use both 'beam' and 'beam_source/beam_target'. Use 'beam' for local transfers or \
                    'beam_source/beam_target' for remote-to-remote.";
        for (target, beams, text) in [
            ("h:/a", [Some("x"), Some("h:/a"), None], both),
            ("h:/a", [Some("x"), None, Some("h:/a")], both),
            ("", [None, Some("h:/a"), None], "beam_source requires beam_target to be specified."),
            ("", [None, None, Some("h:/a")], "beam_target requires beam_source to be specified."),
            (
                "hosts",
                [Some("x"), None, None],
                "beam parameter requires a valid host:/path target, not 'hosts'",
            ),
            ("foo", [Some("x"), None, None], "Invalid target 'foo'. Expected 'host:/path' or 'hosts'"),
            ("", [None, Some("/a"), Some("h:/a")], "beam_source must be in format 'host:/path'"),
            ("", [None, Some("h:/a"), Some("b")], "beam_target must be in format 'host:/path'"),
        ] {
            assert_eq!(parse(target, beams), Err(text.to_owned()));
        }
        assert_eq!(parse("h:/a", [None; 3]), Ok(None));
    }

    #[test]
    fn several_targets_win_over_a_transfer_to_one() {
        let some = |text: &str| Some(text.to_owned());
        let to_one = Arguments {
            target: "h:/a".to_owned(),
            has_targets: true,
            beam: some("/tmp/x"),
            ..Arguments::default()
        };
        assert_eq!(to_one.parse(), Ok(None));
        let contradiction = Arguments { beam_source: some("a:/x"), ..to_one.clone() };
        assert!(contradiction.parse().is_err());
        let (beam_source, beam_target) = (some("a:/x"), some("b:/y"));
        let between = Arguments { beam: None, beam_source, beam_target, ..to_one };
        assert!(matches!(between.parse(), Ok(Some(Beam::Between { .. }))));
    }

    #[test]
    fn what_is_here_is_sent_and_what_is_not_comes() {
        let here = || parse("h:/a", [Some("/tmp/x"), None, None]).unwrap().unwrap();
        let local = Place::Local("/tmp/x".to_owned());
        let (up, down) = (here().transfer(true), here().transfer(false));
        assert_eq!((up.from, up.to), (local.clone(), remote("h:/a")));
        assert_eq!((down.from, down.to), (remote("h:/a"), local));
        let between = parse("", [None, Some("a:/x"), Some("b:/y")]).unwrap().unwrap().transfer(true);
        assert_eq!((between.from, between.to), (remote("a:/x"), remote("b:/y")));
        assert!(!between.overwrite && !between.resume);
    }

    #[test]
    fn failures() {
        let from = remote("h1:/a");
        for (side, kind, message, text) in [
            (
                Side::Source,
                Kind::NotFound,
                "Path not found: h1:/a",
                "✗ Transfer failed: Source file not found or inaccessible: h1:/a",
            ),
            (
                Side::Target,
                Kind::PermissionDenied,
                "Permission denied: h2:/b",
                "✗ Transfer failed: Transfer failed: Permission denied: h2:/b",
            ),
            (Side::Target, Kind::Unreachable, "no route", "Error: Beam transfer failed: no route"),
            (
                Side::Source,
                Kind::UnknownHost,
                "Unknown host 'zz'. Available: a",
                "Error: Unknown source host 'zz'. Available: a",
            ),
            (
                Side::Target,
                Kind::UnknownHost,
                "Unknown host 'zz'. Available: a",
                "Error: Unknown target host 'zz'. Available: a",
            ),
            (
                Side::Neither,
                Kind::InvalidArgument,
                "Cannot transfer from local to local",
                "Error: Cannot transfer from local to local",
            ),
        ] {
            let failed = Failed { side, error: Error::new(kind, message) };
            assert_eq!(failure(&failed, &from), text);
        }
    }
}
