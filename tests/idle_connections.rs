//! What an idle pooled connection costs: bytes of the heap for each, with a shell that is kept and SFTP open.
//!
//! Everything that this process holds is counted, so this is the only test here, and the hosts are another process.

#![allow(clippy::unwrap_used, unsafe_code)]

use std::alloc::{GlobalAlloc, Layout, System};
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::rc::Rc;
use std::sync::atomic::{AtomicUsize, Ordering};

use scout_mcp::config::{AlgorithmLists, Env, Overrides, Settings, SshConfig};
use scout_mcp::fleet::{Class, ClientId, Fleet, Quotas};
use scout_mcp::io::Outside;
use scout_mcp::io::runtime;
use scout_mcp::metrics::Recorder;
use scout_mcp::scout::look::look;
use scout_mcp::scout::run::run;
use scout_mcp::target::RemotePath;
use tempfile::TempDir;

/// Counts what the process holds.
struct Counting;

static HELD: AtomicUsize = AtomicUsize::new(0);

// SAFETY: everything is left to the system's allocator; the counter allocates nothing.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        HELD.fetch_add(layout.size(), Ordering::Relaxed);
        // SAFETY: as the caller promised to us.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        HELD.fetch_sub(layout.size(), Ordering::Relaxed);
        // SAFETY: as the caller promised to us.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Of the heap, for each connection and what is known of its host. Seen are 14,015.
const BYTES_MAX: usize = 16 * 1024;
/// Hosts that are met first, so that what all have in common is there, and those that are counted.
const FIRST: usize = 10;
const COUNTED: usize = 50;

#[test]
fn an_idle_connection_holds_little() {
    let folder = TempDir::new().unwrap();
    let config = folder.path().join("ssh_config");
    let hosts = (FIRST + COUNTED).to_string();
    let mut played = Command::new(env!("CARGO_BIN_EXE_scout-mcp"))
        .args(["bench", "fleet", "--until-eof", "--hosts", &hosts, "--folder"])
        .arg(folder.path())
        .stdin(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut told = BufReader::new(played.stderr.take().unwrap());
    told.read_line(&mut String::new()).unwrap();

    let env = Env::default();
    let ssh = SshConfig::load(Some(&config), &env, AlgorithmLists::spoken()).unwrap();
    let names = ssh.hosts().to_vec();
    let settings = Settings::load(&Overrides::default(), &env).unwrap();
    let recorder = Recorder::new();
    let net = Outside::new(settings.clone(), folder.path().to_owned(), Rc::clone(&recorder));
    let fleet = Fleet::new(ssh.into(), settings.clone(), net, &Quotas::alone(&settings), recorder);
    let each = runtime::run(async {
        let (root, file) = (RemotePath::parse("/").unwrap(), RemotePath::parse("/srv/small").unwrap());
        let ask = async |name: &str| {
            let caller = fleet.caller(Class::Interactive, ClientId::OURSELVES);
            assert_eq!(run(&caller, name, &root, "cat /srv/small").await.unwrap().exit_code(), 0);
            look(&caller, name, &file).await.unwrap();
        };
        // What is held when the first host has been asked last: the others have come to rest meanwhile.
        let held = async |names: &[String]| {
            for name in names {
                ask(name).await;
            }
            ask(&names[0]).await;
            HELD.load(Ordering::Relaxed)
        };
        let before = held(&names[..FIRST]).await;
        let after = held(&names).await;
        fleet.close().await;
        (after - before) / COUNTED
    });
    drop(played.stdin.take());
    played.wait().unwrap();
    let each = each.unwrap();
    assert!(each <= BYTES_MAX, "{each} bytes each");
}
