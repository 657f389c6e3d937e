//! Files of hosts that are being written under a name that another transfer would choose as well: each by one of them.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::rc::Rc;

use crate::base::limits::TRANSFERS_RESUMED_MAX;

/// A host and a path of it, as SFTP names it.
type Name = (String, Vec<u8>);

/// See the module's documentation. A core knows those of the hosts that it owns.
#[derive(Debug, Default)]
pub(super) struct Writings {
    names: RefCell<BTreeSet<Name>>,
}

/// The right to write a file; given back when dropped.
#[derive(Debug)]
pub struct Writing {
    writings: Rc<Writings>,
    name: Name,
}

/// Why somebody may not write a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Taken {
    ByAnother,
    /// Too many are being written.
    Full,
}

impl Writings {
    pub fn begin(self: &Rc<Self>, host: &str, path: &[u8]) -> Result<Writing, Taken> {
        let mut names = self.names.borrow_mut();
        let name = (host.to_owned(), path.to_vec());
        if names.contains(&name) {
            return Err(Taken::ByAnother);
        }
        if names.len() >= TRANSFERS_RESUMED_MAX {
            return Err(Taken::Full);
        }
        names.insert(name.clone());
        Ok(Writing { writings: Rc::clone(self), name })
    }
}

impl Drop for Writing {
    fn drop(&mut self) {
        self.writings.names.borrow_mut().remove(&self.name);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_file_is_written_by_one() {
        let writings: Rc<Writings> = Rc::default();
        let one = writings.begin("h1", b"/a").unwrap();
        assert_eq!(writings.begin("h1", b"/a").unwrap_err(), Taken::ByAnother);
        let _others = [writings.begin("h1", b"/b").unwrap(), writings.begin("h2", b"/a").unwrap()];
        drop(one);
        assert!(writings.begin("h1", b"/a").is_ok());
    }

    #[test]
    fn there_is_a_bound() {
        let writings: Rc<Writings> = Rc::default();
        let path = |at: usize| at.to_be_bytes();
        let held: Vec<_> =
            (0..TRANSFERS_RESUMED_MAX).map(|at| writings.begin("h1", &path(at)).unwrap()).collect();
        assert_eq!(writings.begin("h1", b"/one more").unwrap_err(), Taken::Full);
        drop(held);
        assert!(writings.begin("h1", b"/one more").is_ok());
    }
}
