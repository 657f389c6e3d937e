//! Names of things on a host, checked before anything runs. None begins with a dash, as an option would.

use std::fmt;

use crate::base::limits::SYSTEM_NAME_BYTES_MAX;
use crate::base::text::shown;
use crate::base::{Error, Kind, Result};

/// A name that is well formed for what it names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Name(Box<str>);

impl Name {
    /// Of a container, or the beginning of its number: as Docker checks them.
    pub fn container(text: &str) -> Result<Self> {
        let is_good = text.starts_with(|c: char| c.is_ascii_alphanumeric())
            && text.chars().all(|c| c.is_ascii_alphanumeric() || "_.-".contains(c));
        Self::checked("container", text, is_good)
    }

    /// Of a Compose project.
    pub fn project(text: &str) -> Result<Self> {
        let is_good = text.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_')
            && text.chars().all(|c| c.is_ascii_alphanumeric() || "_-".contains(c));
        Self::checked("project", text, is_good)
    }

    /// Of a ZFS pool (zpoolconcepts(7)).
    pub fn pool(text: &str) -> Result<Self> {
        let is_good = text.starts_with(|c: char| c.is_ascii_alphabetic())
            && text.chars().all(|c| c.is_ascii_alphanumeric() || "_.:-".contains(c));
        Self::checked("pool", text, is_good)
    }

    /// Of what Kubernetes names: labels and domains of RFC 1123.
    pub fn kubernetes(what: &str, text: &str) -> Result<Self> {
        let is_outer = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
        let is_good = text.starts_with(is_outer)
            && text.ends_with(is_outer)
            && text.chars().all(|c| is_outer(c) || "-.".contains(c));
        Self::checked(what, text, is_good)
    }

    /// Of a unit of systemd (systemd.unit(5)); patterns are none.
    pub fn unit(text: &str) -> Result<Self> {
        let is_good = !text.starts_with('-')
            && text.chars().all(|c| c.is_ascii_alphanumeric() || ":_.@\\-".contains(c));
        Self::checked("unit", text, is_good)
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    fn checked(what: &str, text: &str, is_good: bool) -> Result<Self> {
        if !is_good || text.is_empty() || text.len() > SYSTEM_NAME_BYTES_MAX {
            let message = format!("Not the name of a {what}: '{}'", shown(text));
            return Err(Error::new(Kind::InvalidArgument, message));
        }
        Ok(Self(text.into()))
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    type Check = fn(&str) -> Result<Name>;

    const CHECKS: [Check; 5] =
        [Name::container, Name::project, Name::pool, |text| Name::kubernetes("pod", text), Name::unit];

    #[test]
    fn names_as_their_owners_take_them() {
        for (check, good, bad) in [
            (
                CHECKS[0],
                vec!["web", "web_1.a-b", "0f3c", "0"],
                vec!["", "-w", ".w", "a b", "a/b", "a;b", "é1"],
            ),
            (CHECKS[1], vec!["p", "_p", "my-app_1"], vec!["", "-p", "a.b", "a b", "a\nb"]),
            (CHECKS[2], vec!["tank", "rpool-1", "a:b"], vec!["", "1tank", "-tank", "tank/data", "tank@snap"]),
            (
                CHECKS[3],
                vec!["a", "kube-system", "web-0", "pods.v1.metrics"],
                vec!["", "-a", "a-", "A", "a/b", "a,b", "a_b"],
            ),
            (
                CHECKS[4],
                vec!["nginx", "getty@tty1.service", "dev-disk-by\\x2duuid.device"],
                vec!["", "-.mount", "a*", "a b", "a;b", "[a]"],
            ),
        ] {
            good.iter().for_each(|name| assert_eq!(check(name).unwrap().as_str(), *name));
            bad.iter().for_each(|name| assert!(check(name).is_err(), "{name}"));
        }
        assert!(Name::container(&"a".repeat(SYSTEM_NAME_BYTES_MAX + 1)).is_err());
        let refusal = Name::container("a\u{1b}b").unwrap_err();
        assert_eq!(refusal.message(), "Not the name of a container: 'a\\x1bb'");
    }

    proptest! {
        #[test]
        fn no_name_is_an_option_a_path_or_a_word_of_a_shell(text in "[-a-zA-Z0-9 ;|&$`'\"/\\\\*?\n._@:]{0,6}") {
            for check in CHECKS {
                if let Ok(name) = check(&text) {
                    prop_assert!(!name.as_str().starts_with('-'));
                    prop_assert!(!name.as_str().contains([' ', ';', '|', '&', '$', '`', '\'', '"', '/', '*', '\n']));
                }
            }
        }
    }
}
