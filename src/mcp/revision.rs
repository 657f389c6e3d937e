//! The revisions of the protocol, and what differs between them.

use std::fmt;

use serde::{Serialize, Serializer};

/// A published revision; the order is that of publication.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Revision {
    V2024_11_05,
    V2025_03_26,
    V2025_06_18,
    V2025_11_25,
    V2026_07_28,
}

impl Revision {
    /// Newest first: clients take the first one they know.
    pub const ALL: [Self; 5] =
        [Self::V2026_07_28, Self::V2025_11_25, Self::V2025_06_18, Self::V2025_03_26, Self::V2024_11_05];

    /// The newest one that `initialize` can agree on.
    pub const LATEST_HANDSHAKE: Self = Self::V2025_11_25;

    /// The revision of that name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|revision| revision.as_str() == name)
    }

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::V2024_11_05 => "2024-11-05",
            Self::V2025_03_26 => "2025-03-26",
            Self::V2025_06_18 => "2025-06-18",
            Self::V2025_11_25 => "2025-11-25",
            Self::V2026_07_28 => "2026-07-28",
        }
    }

    /// What `initialize` answers to a client that asks for `asked`: the same where it can, else the latest.
    pub fn agree(asked: &str) -> Self {
        Self::named(asked).filter(|revision| !revision.is_stateless()).unwrap_or(Self::LATEST_HANDSHAKE)
    }

    /// Every request stands for itself; there is no `initialize`.
    pub fn is_stateless(self) -> bool {
        self >= Self::V2026_07_28
    }

    /// JSON-RPC batches came with 2025-03-26 and went with 2025-06-18.
    pub fn has_batches(self) -> bool {
        self == Self::V2025_03_26
    }

    /// Wrong tool arguments are told to the model as a result, no longer to the client as a protocol error (SEP-1303).
    pub fn tells_argument_errors_to_the_model(self) -> bool {
        self >= Self::V2025_11_25
    }
}

impl fmt::Display for Revision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for Revision {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn agreement() {
        for (asked, agreed) in [
            ("2024-11-05", "2024-11-05"),
            ("2025-03-26", "2025-03-26"),
            ("2025-06-18", "2025-06-18"),
            ("2025-11-25", "2025-11-25"),
            ("2026-07-28", "2025-11-25"),
            ("2025-01-01", "2025-11-25"),
            ("2099-01-01", "2025-11-25"),
            ("", "2025-11-25"),
        ] {
            assert_eq!(Revision::agree(asked).as_str(), agreed, "{asked}");
        }
    }
}
