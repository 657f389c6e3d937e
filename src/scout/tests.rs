//! The round-trip budget: what operations cost on a host that does its work in no time, 25 ms away, to the moment.

mod figures;
mod looks;
mod many;
mod shells;
mod transfers;

use std::rc::Rc;

use crate::base::time::Duration;
use crate::fleet::{Class, ClientId, Collected, Fleet, Need, Repeat};
use crate::scout::look::{Found, look};
use crate::scout::system::{View, show};
use crate::simulated::sftp::{Bar, Knobs, Node, Numbering, SftpServer};
use crate::target::RemotePath;
use crate::testing::ssh_server::{Misbehaviour, ServerConfig};
use crate::testing::world::World;

const ONE_WAY: Duration = Duration::from_millis(25);
/// As a host that was connected to before is looked at when its link has nothing to do.
const SECOND: Duration = Duration::from_secs(1);

fn files() -> SftpServer {
    let mut server = SftpServer::new(Knobs { numbering: Numbering::OpenSsh, ..Knobs::default() });
    server.put_file("/small", "content");
    server.put_file("/large", vec![7; 256 * 1024]);
    server.put_file("/hangs", "content");
    server.tree_mut().bar(b"/hangs", Bar::Hangs);
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

    /// Without a connection, to a host that has been worked with.
    fn seen() -> Self {
        let far = Self::new();
        far.look("/dir");
        far.forget();
        far
    }

    /// Waits until the connection is closed.
    fn forget(&self) {
        let host = self.world.host("alpha");
        self.world.pass(host.idle_timeout.get() + SECOND);
        assert_eq!(host.open(), 0);
    }

    fn round_trips(&self, work: impl Future<Output = ()> + 'static) -> f64 {
        let begun = self.world.now();
        self.world.run(work);
        (self.world.now() - begun).div_duration_f64(2 * ONE_WAY)
    }

    fn command(&self, repeat: Repeat) -> f64 {
        let caller = self.fleet.caller(Class::Interactive, ClientId::STDIO);
        self.round_trips(async move {
            let run = caller.work("alpha", Need::Session, repeat, async |machine| {
                let mut output = Collected::up_to(100);
                match repeat {
                    Repeat::Safe => machine.query(b"echo hi", &mut output).await?,
                    Repeat::Never => machine.run(b"echo hi", &mut output).await?,
                };
                Ok(output.stdout)
            });
            assert_eq!(run.await.unwrap(), b"hi");
        })
    }

    fn view(&self, address: &str) -> f64 {
        let caller = self.fleet.caller(Class::Interactive, ClientId::STDIO);
        let view = View::parse(address).unwrap().unwrap();
        self.round_trips(async move {
            show(&caller, "alpha", &view).await.unwrap();
        })
    }

    fn look(&self, path: &str) -> f64 {
        let caller = self.fleet.caller(Class::Interactive, ClientId::STDIO);
        let path = RemotePath::parse(path).unwrap();
        self.round_trips(async move {
            match look(&caller, "alpha", &path).await.unwrap() {
                Found::File(content) => assert!(!content.truncated && !content.data.is_empty()),
                Found::Directory(listing) => assert_eq!(listing.entries.len(), 3),
                Found::Tree(_) => panic!("nobody asked for a tree"),
            }
        })
    }
}

#[test]
fn a_host_never_seen_takes_five_round_trips() {
    // TCP, version and proposals, key exchange, login and session, work.
    assert_eq!(Far::new().command(Repeat::Safe), 5.0);
    assert_eq!(Far::new().look("/small"), 5.0);
    assert_eq!(Far::new().look("/large"), 5.0);
    assert_eq!(Far::new().look("/dir"), 5.0);
}

#[test]
fn a_view_takes_as_many_as_a_command() {
    for view in ["docker", "docker/web/logs", "syslog", "disk"] {
        assert_eq!(Far::new().view(view), 5.0, "{view}");
        assert_eq!(Far::warm().view(view), 1.0, "{view}");
    }
}

#[test]
fn one_that_does_not_call_itself_openssh_takes_more() {
    let other = || {
        let far = Far::new();
        far.world.host("alpha").server.borrow_mut().ident = "SSH-2.0-obedient_1";
        far
    };
    // The session after the login, and a directory's entries after its handle.
    assert_eq!(other().command(Repeat::Safe), 6.0);
    let far = other();
    assert_eq!(far.look("/dir"), 7.0);
    // Its key is known, its way to number channels is not relied on.
    far.forget();
    assert_eq!(far.command(Repeat::Safe), 5.0);
}

#[test]
fn a_host_seen_before_takes_four() {
    // TCP, version and proposals, key exchange, then all the rest at once.
    let far = Far::seen();
    assert_eq!(far.command(Repeat::Safe), 4.0);
    for path in ["/small", "/large", "/small"] {
        far.forget();
        assert_eq!(far.look(path), 4.0, "{path}");
    }
    // SFTP starts with the login, and what is asked of it waits for its window.
    far.forget();
    assert_eq!(far.look("/dir"), 5.0);
    // What may not run twice waits for its session.
    far.forget();
    assert_eq!(far.command(Repeat::Never), 5.0);
}

#[test]
fn a_host_that_changed_is_met_again() {
    let surprises: [fn(&mut ServerConfig); 4] = [
        |server| server.first_channel = 3,
        |server| server.first_channel = 1,
        |server| server.ident = "SSH-2.0-obedient_1",
        |server| server.misbehaviour = Some(Misbehaviour::ForgetFirstOpen),
    ];
    for (nth, change) in surprises.into_iter().enumerate() {
        let far = Far::seen();
        change(&mut far.world.host("alpha").server.borrow_mut());
        // Whatever it costs, each is done, and done on the next connection as well.
        for path in ["/small", "/dir"] {
            far.look(path);
            far.forget();
        }
        let dials = far.world.host("alpha").dials();
        assert!(far.command(Repeat::Safe) <= 6.0, "surprise {nth}");
        assert_eq!(far.world.host("alpha").dials(), dials + 1, "surprise {nth} is remembered");
    }
}

#[test]
fn a_key_that_is_refused_the_second_time_is_tried_again_without_haste() {
    let far = Far::seen();
    let host = far.world.host("alpha");
    host.refuses_next_key.set(true);
    let dials = host.dials();
    assert_eq!(far.command(Repeat::Never), 4.0 + 6.0);
    assert_eq!(host.dials(), dials + 2);
}

#[test]
fn a_warm_host_takes_one() {
    let far = Far::warm();
    assert_eq!(far.command(Repeat::Never), 1.0);
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
