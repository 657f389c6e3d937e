//! The round-trip budget: what operations cost on a host that does its work in no time, 25 ms away, to the moment.

mod figures;

use std::rc::Rc;

use crate::base::time::Duration;
use crate::fleet::{Class, ClientId, Collected, Fleet, Repeat};
use crate::scout::look::{Found, look};
use crate::target::RemotePath;
use crate::testing::sftp_server::{Knobs, Node, Numbering, SftpServer};
use crate::testing::world::World;

const ONE_WAY: Duration = Duration::from_millis(25);
/// As a host that was connected to before is looked at when its link has nothing to do.
const SECOND: Duration = Duration::from_secs(1);

fn files() -> SftpServer {
    let mut server = SftpServer::new(Knobs { numbering: Numbering::OpenSsh, ..Knobs::default() });
    server.put_file("/small", "content");
    server.put_file("/large", vec![7; 256 * 1024]);
    server.put("/dir", Node::Directory);
    server.put_file("/dir/inside", "content");
    server
}

struct Far {
    world: World,
    fleet: Rc<Fleet>,
}

impl Far {
    fn new() -> Self {
        let world = World::new();
        world.host("alpha").delay.set(ONE_WAY);
        let mut server = world.host("alpha").server.borrow_mut();
        server.sftp = Some(files);
        server.ident = "SSH-2.0-OpenSSH_10.0";
        drop(server);
        let fleet = world.fleet(|_| {});
        Self { world, fleet }
    }

    /// With a connection that has nothing to do.
    fn warm() -> Self {
        let far = Self::new();
        far.look("/dir");
        far.world.pass(SECOND);
        far
    }

    fn round_trips(&self, work: impl Future<Output = ()> + 'static) -> f64 {
        let begun = self.world.now();
        self.world.run(work);
        (self.world.now() - begun).div_duration_f64(2 * ONE_WAY)
    }

    fn command(&self) -> f64 {
        let caller = self.fleet.caller(Class::Interactive, ClientId::STDIO);
        self.round_trips(async move {
            let run = caller.work("alpha", Repeat::Never, async |machine| {
                let mut output = Collected::up_to(100);
                machine.run(b"echo hi", &mut output).await?;
                Ok(output.stdout)
            });
            assert_eq!(run.await.unwrap(), b"hi");
        })
    }

    fn look(&self, path: &str) -> f64 {
        let caller = self.fleet.caller(Class::Interactive, ClientId::STDIO);
        let path = RemotePath::parse(path).unwrap();
        self.round_trips(async move {
            match look(&caller, "alpha", &path).await.unwrap() {
                Found::File(content) => assert!(!content.truncated && !content.data.is_empty()),
                Found::Directory(listing) => assert_eq!(listing.entries.len(), 3),
            }
        })
    }
}

#[test]
fn a_host_never_seen_takes_six_round_trips() {
    // TCP, version and proposals, key exchange, login, session, work.
    assert_eq!(Far::new().command(), 6.0);
    assert_eq!(Far::new().look("/small"), 6.0);
    assert_eq!(Far::new().look("/large"), 6.0);
    assert_eq!(Far::new().look("/dir"), 6.0);
    // One that does not call itself OpenSSH is asked for the entries after the handle.
    let other = Far::new();
    other.world.host("alpha").server.borrow_mut().ident = "SSH-2.0-obedient_1";
    assert_eq!(other.look("/dir"), 7.0);
}

#[test]
fn a_warm_host_takes_one() {
    let far = Far::warm();
    assert_eq!(far.command(), 1.0);
    far.world.pass(SECOND);
    // Not known before, then known.
    for path in ["/small", "/small", "/large", "/large", "/dir", "/dir/inside"] {
        assert_eq!(far.look(path), 1.0, "{path}");
        far.world.pass(SECOND);
    }
}

#[test]
fn without_a_shell_a_new_file_takes_one_more() {
    let far = Far::warm();
    far.world.host("alpha").last().forbid_commands();
    for (path, round_trips) in [("/small", 2.0), ("/small", 1.0), ("/dir", 1.0), ("/large", 2.0)] {
        assert_eq!(far.look(path), round_trips, "{path}");
        far.world.pass(SECOND);
    }
}
