//! Names that only one program knows, with whatever addresses a test wants.

use std::fs;
use std::net::IpAddr;
use std::path::PathBuf;
use std::rc::Rc;

use tempfile::TempDir;

use super::account::nss_wrapper;

/// A hosts file.
#[derive(Clone)]
pub struct Names(Rc<TempDir>);

impl Names {
    /// One name and its addresses, in this order.
    pub fn of(name: &str, addresses: &[&str]) -> Self {
        let dir = TempDir::with_prefix("names-").expect("a directory");
        let lines = addresses.iter().map(|address| {
            let address: IpAddr = address.parse().expect("an address");
            format!("{address} {name}\n")
        });
        fs::write(dir.path().join("hosts"), lines.collect::<String>()).expect("a hosts file");
        Self(Rc::new(dir))
    }

    /// What makes a program see them.
    pub fn environment(&self) -> [(String, PathBuf); 2] {
        [
            ("LD_PRELOAD".to_owned(), nss_wrapper()),
            ("NSS_WRAPPER_HOSTS".to_owned(), self.0.path().join("hosts")),
        ]
    }
}
