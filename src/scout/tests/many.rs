//! Many hosts at once, on one core and on several, in virtual time.

use std::cell::{Cell, RefCell};

use super::*;
use crate::base::Kind;
use crate::base::limits::SHARE_BYTES_MIN;
use crate::config::Settings;
use crate::fleet::Shards;
use crate::scout::batch::{Batch, batch};
use crate::scout::broadcast::Broadcast;
use crate::scout::{Answer, Client, Request, scout};
use crate::testing::cores::Cores;

/// Of a word from one core to another.
const MAIL: Duration = Duration::from_micros(10);

thread_local! {
    /// How many hosts have begun to serve files.
    static SERVED: Cell<u8> = const { Cell::new(0) };
}

/// A file that is another one on every host.
fn own_files() -> SftpServer {
    let mut server = files();
    let own = SERVED.with(|served| served.replace(served.get().wrapping_add(1)));
    server.put_file("/own", vec![b'a' + own % 26; 1024 * 1024 + usize::from(own)]);
    server
}

/// Hosts `h0`, `h1`, … and the cores that look after them.
struct Crowd {
    world: World,
    cores: Rc<Cores>,
}

impl Crowd {
    fn new(hosts: usize, cores: usize) -> Self {
        Self::with(hosts, cores, |settings| settings.max_pool_size = 1_000)
    }

    fn with(hosts: usize, cores: usize, change: impl FnOnce(&mut Settings)) -> Self {
        let world = World::with_hosts(hosts);
        for n in 0..hosts {
            let host = world.host(&format!("h{n}"));
            host.delay.set(ONE_WAY);
            let mut server = host.server.borrow_mut();
            server.sftp = Some(own_files);
            server.ident = "SSH-2.0-OpenSSH_10.0";
        }
        let mut settings = crate::testing::settings();
        settings.allow_any_command = true;
        change(&mut settings);
        let cores = Cores::new(&world, &settings, cores, MAIL);
        Self { world, cores }
    }

    fn shards(&self) -> Rc<Shards> {
        self.cores.shards(0)
    }

    /// How long a request takes, and what it is answered with.
    fn ask(&self, request: Request) -> (Duration, Broadcast) {
        let (begun, shards) = (self.world.now(), self.shards());
        let asked = async move { scout(&shards, &Client::ourselves(), &request, &|_, _| ()).await };
        match self.world.run(asked).unwrap() {
            Answer::Many(broadcast) => (self.world.now() - begun, broadcast),
            other => panic!("{other:?}"),
        }
    }

    /// The same with every host connected, a while later.
    fn warm(self) -> Self {
        self.ask(all("*,!localhost:/small"));
        self.world.pass(SECOND);
        self
    }

    fn batch(&self, requests: Vec<Request>) -> (Duration, Batch) {
        let (begun, shards) = (self.world.now(), self.shards());
        let asked = async move { batch(&shards, &Client::ourselves(), &requests, &|_, _| ()).await };
        let batch = self.world.run(asked).unwrap();
        (self.world.now() - begun, batch)
    }
}

impl Drop for Crowd {
    fn drop(&mut self) {
        self.cores.end();
    }
}

fn all(target: &str) -> Request {
    Request { target: target.to_owned(), ..Request::default() }
}

fn command(target: &str, query: &str) -> Request {
    Request { query: Some(query.to_owned()), ..all(target) }
}

#[test]
fn a_hundred_warm_hosts_take_as_long_as_one_however_many_cores_there_are() {
    for cores in 1..=3 {
        let crowd = Crowd::new(100, cores).warm();
        let (took, broadcast) = crowd.ask(all("h*:/small"));
        assert_eq!(broadcast.succeeded(), 100);
        assert_eq!(broadcast.answers.len(), 1, "held once");
        // There and back, and back with the last result.
        assert!(took <= 2 * ONE_WAY + 3 * MAIL, "{took:?} on {cores} cores");
        let hosts: Vec<_> = broadcast.places.iter().map(|place| place.host.to_string()).collect();
        assert!(hosts.is_sorted() && hosts.len() == 100, "{hosts:?}");
        assert!(broadcast.text().starts_with("100 hosts agree\n\n═══ h0, h1, h10, "));
    }
}

#[test]
fn it_is_told_how_many_are_done_when_they_are() {
    for cores in 1..=3 {
        let crowd = Crowd::new(4, cores).warm();
        for n in 0..4 {
            crowd.world.host(&format!("h{n}")).delay.set(SECOND * (4 - n));
        }
        let (begun, shards) = (crowd.world.now(), crowd.shards());
        let told = Rc::new(RefCell::new(Vec::new()));
        let (heard, clock) = (Rc::clone(&told), Rc::clone(shards.own()));
        let asked = async move {
            let tell = move |done: usize, of: usize| {
                heard.borrow_mut().push((done, of, (clock.now() - begun).as_secs()));
            };
            scout(&shards, &Client::ourselves(), &all("h*:/small"), &tell).await
        };
        crowd.world.run(asked).unwrap();
        assert_eq!(*told.borrow(), [(1, 4, 2), (2, 4, 4), (3, 4, 6), (4, 4, 8)], "{cores} cores");
    }
}

#[test]
fn a_host_that_is_dead_costs_nobody_else_anything() {
    for cores in 1..=3 {
        let crowd = Crowd::new(50, cores);
        crowd.world.host("h7").never_answers.set(true);
        let (begun, shards) = (crowd.world.now(), crowd.shards());
        let done = Rc::new(Cell::new(Duration::ZERO));
        let (last, clock) = (Rc::clone(&done), Rc::clone(shards.own()));
        let asked = async move {
            let tell = move |done: usize, _: usize| {
                if done == 49 {
                    last.set(clock.now() - begun);
                }
            };
            scout(&shards, &Client::ourselves(), &all("h*:/small"), &tell).await
        };
        let answer = crowd.world.run(asked).unwrap();
        let took = crowd.world.now() - begun;
        assert!(done.get() < 8 * 2 * ONE_WAY, "the others after {:?}", done.get());
        let timeout = crowd.shards().own().settings().connect_timeout;
        assert!(took >= timeout && took < timeout + SECOND, "{took:?}");
        let text = answer.text();
        assert!(text.starts_with("49 hosts agree, 1 failed\n"), "{text}");
        assert!(text.contains("\n✗ h7: "), "{text}");
    }
}

#[test]
fn more_than_may_be_connected_at_once_take_turns_and_all_answer() {
    let crowd = Crowd::with(120, 2, |settings| {
        settings.max_pool_size = 20;
        settings.max_concurrency = 10;
        settings.max_queue = 50;
    });
    let (took, broadcast) = crowd.ask(all("h*:/small"));
    assert_eq!(broadcast.succeeded(), 120, "{}", broadcast.text());
    assert!(took < Duration::from_secs(60), "{took:?}");
}

#[test]
fn all_together_may_say_as_much_as_one() {
    let crowd = Crowd::new(40, 2).warm();
    let (_, broadcast) = crowd.ask(all("h*:/own"));
    let most = crowd.shards().own().settings().max_output_size;
    assert_eq!(broadcast.succeeded(), 40);
    assert!(broadcast.size() as u64 <= most && broadcast.cut_at() == Some(most / 40), "{}", broadcast.size());
    // What all say is held once, whole; and nobody says less than a little.
    let (_, broadcast) = crowd.ask(all("h*:/small"));
    assert_eq!((broadcast.size(), broadcast.cut_at()), (7, None));
    let crowd = Crowd::with(40, 1, |settings| settings.max_output_size = 1_000).warm();
    let (_, broadcast) = crowd.ask(all("h*:/large"));
    assert_eq!(broadcast.cut_at(), Some(SHARE_BYTES_MIN));
}

#[test]
fn one_that_is_taken_back_is_ended_everywhere() {
    for cores in 1..=3 {
        let crowd = Crowd::new(20, cores).warm();
        let shards = crowd.shards();
        let asked = async move {
            let request = command("h*:/", "hang");
            scout(&shards, &Client::ourselves(), &request, &|_, _| ()).await
        };
        let asked = crowd.world.spawn(asked);
        crowd.world.pass(SECOND);
        let executing = |crowd: &Crowd| -> usize {
            crowd.cores.fleets().iter().map(|fleet| fleet.quotas().executing.held()).sum()
        };
        assert_eq!(executing(&crowd), 20);
        asked.cancel();
        crowd.world.pass(SECOND);
        assert_eq!(executing(&crowd), 0, "{cores} cores");
    }
}

#[test]
fn the_time_of_one_request_is_all_that_there_is() {
    let crowd = Crowd::with(6, 2, |settings| {
        settings.request_timeout = Duration::from_secs(5);
        settings.command_timeout = Duration::from_secs(100);
    });
    let slow = ["h1", "h4"].map(|name| crowd.world.host(name));
    slow.iter().for_each(|host| host.delay.set(Duration::from_secs(60)));
    let (took, broadcast) = crowd.ask(all("h*:/small"));
    assert_eq!(took.as_secs(), 5);
    let text = broadcast.text();
    assert!(text.starts_with("4 hosts agree, 2 failed\n"), "{text}");
    assert!(text.ends_with("\n✗ h1, h4: Request timeout after 5s: it did not get to it"), "{text}");
}

#[test]
fn fifty_requests_made_as_one_take_as_long_as_one() {
    for cores in 1..=3 {
        let crowd = Crowd::new(5, cores).warm();
        let one = || all("h1:/small");
        let (alone, _) = crowd.batch(vec![one()]);
        crowd.world.pass(SECOND);
        let fifty = (0..50).map(|n| all(&format!("h{}:/small", n % 5))).collect();
        let (took, batch) = crowd.batch(fifty);
        assert_eq!(batch.succeeded(), 50);
        assert!(took <= alone.mul_f64(1.1) && took <= 2 * ONE_WAY + 3 * MAIL, "{took:?} on {cores} cores");
    }
}

#[test]
fn requests_made_as_one_are_answered_in_their_order_and_fail_alone() {
    let crowd = Crowd::new(3, 2);
    let (_, batch) = crowd.batch(vec![
        all("h1:/missing"),
        all("hosts"),
        command("h2:/", "echo hi"),
        all("zz:/x"),
        all("nonsense"),
        Request { targets: vec!["h0:/small".into(), "h2:/missing".into()], ..Request::default() },
        all("h*:/small"),
        all("x*:/small"),
    ]);
    let kinds: Vec<_> =
        batch.items.iter().map(|item| item.answer.as_ref().err().map(|error| error.kind())).collect();
    let unknown = Some(Kind::UnknownHost);
    assert_eq!(
        kinds,
        [Some(Kind::NotFound), None, None, unknown, Some(Kind::InvalidTarget), None, None, unknown]
    );
    let text = batch.text();
    for part in [
        "═══ 1. h1:/missing [FAILED] ",
        "Error: Path not found: /missing\n\n═══ 2. hosts ═",
        "\nAvailable hosts:\n",
        "═══ 3. h2:/ $ echo hi ═",
        "\nhi\n\n═══ 4. zz:/x [FAILED] ",
        "Error: Unknown host 'zz'. Available: h0, h1, h2, localhost\n",
        "Error: Invalid target 'nonsense'. Expected 'host:/path' or 'hosts'\n",
        "═══ 6. h0:/small and 1 more ═",
        "─── 1/2 hosts succeeded ───\n\n═══ 7. h*:/small ═",
        "\n3 hosts agree\n",
        "Error: No host matches 'x*'. Available: h0, h1, h2, localhost\n",
    ] {
        assert!(text.contains(part), "{part:?} in {text}");
    }
    assert!(text.ends_with("\n\n─── 4/8 requests succeeded ───"), "{text}");
}

#[test]
fn a_batch_has_a_size() {
    let crowd = Crowd::new(1, 1);
    let shards = crowd.shards();
    for count in [0, 101] {
        let (shards, requests) = (Rc::clone(&shards), vec![all("h0:/small"); count]);
        let asked = async move { batch(&shards, &Client::ourselves(), &requests, &|_, _| ()).await };
        let error = crowd.world.run(asked).unwrap_err();
        assert_eq!(error.message(), format!("A batch has 1 to 100 items, not {count}"));
    }
    // Patterns cost time on this core, so that all together they may be so long.
    let pattern = "*".repeat(41);
    let (_, batch) = crowd.batch(vec![all(&format!("h{pattern}:/small")); 100]);
    assert_eq!(batch.succeeded(), 97);
    let text = batch.text();
    assert!(
        text.contains("Error: Patterns of hosts too long: more than 4096 bytes in one batch\n"),
        "{text}"
    );
}
