//! Which passwords a host refused: one that is sent again and again locks the account, or us out.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::fmt;

use crate::base::limits::SSH_REFUSED_PASSWORDS_MAX;
use crate::crypto::hash::{SHA256_BYTES, sha256};
use crate::crypto::random;

/// Passwords are told apart by hashes that mean nothing outside this memory.
pub struct PasswordMemory {
    salt: [u8; SHA256_BYTES],
    /// The last one refused stands last.
    refused: RefCell<VecDeque<[u8; SHA256_BYTES]>>,
}

impl Default for PasswordMemory {
    fn default() -> Self {
        Self { salt: random::array(), refused: RefCell::default() }
    }
}

impl fmt::Debug for PasswordMemory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PasswordMemory(..)")
    }
}

impl PasswordMemory {
    /// Whether the host has refused `password` for a method: it may take for one what it does not take for another.
    pub fn is_refused(&self, method: &str, password: &str) -> bool {
        self.refused.borrow().contains(&self.hash(method, password))
    }

    pub fn note_refused(&self, method: &str, password: &str) {
        let hash = self.hash(method, password);
        let mut refused = self.refused.borrow_mut();
        refused.retain(|known| *known != hash);
        if refused.len() >= SSH_REFUSED_PASSWORDS_MAX {
            refused.pop_front();
        }
        refused.push_back(hash);
    }

    fn hash(&self, method: &str, password: &str) -> [u8; SHA256_BYTES] {
        sha256(&[&self.salt, method.as_bytes(), b"\0", password.as_bytes()])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refused_password_is_known_by_method_and_to_one_host_only() {
        let (memory, other) = (PasswordMemory::default(), PasswordMemory::default());
        memory.note_refused("password", "sesame");
        assert!(memory.is_refused("password", "sesame"));
        assert!(
            !memory.is_refused("password", "another") && !memory.is_refused("keyboard-interactive", "sesame")
        );
        assert!(!other.is_refused("password", "sesame"));
        assert_ne!(memory.hash("password", "sesame"), other.hash("password", "sesame"));
        assert_eq!(format!("{memory:?}"), "PasswordMemory(..)");
    }

    #[test]
    fn what_is_remembered_is_bounded() {
        let memory = PasswordMemory::default();
        (0..1000).for_each(|n| memory.note_refused("password", &n.to_string()));
        assert_eq!(memory.refused.borrow().len(), SSH_REFUSED_PASSWORDS_MAX);
        assert!(memory.is_refused("password", "999") && !memory.is_refused("password", "0"));
    }
}
