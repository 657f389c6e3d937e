//! A guard, and requests as they come from the wire.

use futures_util::FutureExt;

use super::*;
use crate::base::time::{self, Duration};
use crate::config::{KeySource, Secret};
use crate::http::{Connection, Date, Intake, Response, Status, Step};
use crate::metrics::Reason;
use crate::testing;

const KEY: &str = "0123456789abcdef-one";
const OTHER: &str = "0123456789abcdef-two";

/// A request of the name `localhost` with these headers.
pub(super) fn request(headers: &str) -> Request {
    request_to("localhost:8000", headers)
}

fn request_to(host: &str, headers: &str) -> Request {
    parsed(&format!("GET /mcp HTTP/1.1\r\nHost: {host}\r\n{headers}\r\n"))
}

fn parsed(text: &str) -> Request {
    let mut connection = Connection::new(Rc::new(Intake::default()), time::now());
    connection.handle_input(text.as_bytes(), time::now());
    match connection.poll(time::now()) {
        Step::Request(request) => request,
        step => panic!("{text}: {step:?}"),
    }
}

/// The head of an answer.
pub(super) fn written(response: &Response) -> String {
    let mut connection = Connection::new(Rc::new(Intake::default()), time::now());
    connection.handle_input(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", time::now());
    assert!(matches!(connection.poll(time::now()), Step::Request(_)));
    let mut out = Vec::new();
    connection.respond(response, &Date::at(0), &mut out);
    String::from_utf8(out).unwrap()
}

fn keys(text: &str) -> Option<SharedKeys> {
    let source = KeySource::new(Some(&Secret::new(text.to_owned().into())), None).unwrap().unwrap();
    Some(source.load().unwrap().into())
}

fn settings(change: impl FnOnce(&mut Settings)) -> Settings {
    let mut settings = testing::settings();
    change(&mut settings);
    settings
}

struct Entrance {
    door: Arc<Door>,
    guard: Guard,
    recorder: Rc<Recorder>,
    now: Instant,
}

impl Entrance {
    fn new(settings: &Settings, keys: Option<SharedKeys>) -> Self {
        let (now, recorder) = (time::now(), Recorder::new());
        let door = Door::new("127.0.0.1".parse().unwrap(), settings, keys, now).unwrap();
        let guard = Guard::new(Arc::clone(&door), Rc::clone(&recorder));
        Self { door, guard, recorder, now }
    }

    fn ask(&self, headers: &str) -> Result<Client, Refusal> {
        self.ask_from("127.0.0.1", headers)
    }

    fn ask_from(&self, peer: &str, headers: &str) -> Result<Client, Refusal> {
        self.guard.admit(&request(headers), peer.parse().unwrap(), self.now, |_| 1)
    }

    fn rejected(&self, reason: Reason) -> u64 {
        self.recorder.snapshot().counter(Counter::Rejected(reason))
    }
}

fn with_key(key: &str) -> String {
    format!("X-API-Key: {key}\r\n")
}

#[test]
fn without_keys_everybody_may_do_everything() {
    let entrance = Entrance::new(&testing::settings(), None);
    let one = entrance.ask("").unwrap();
    assert_eq!(*one.access, Access::all());
    assert_eq!(entrance.ask(&with_key("whatever")).unwrap(), one, "a key means nothing here");
    assert_ne!(entrance.ask_from("127.0.0.2", "").unwrap().id, one.id);
}

#[test]
fn who_shows_a_key_is_known_by_it() {
    let entrance = Entrance::new(&testing::settings(), keys(&format!("{KEY},{OTHER}")));
    let one = entrance.ask(&with_key(KEY)).unwrap();
    assert_eq!(entrance.ask_from("127.0.0.9", &format!("Authorization: Bearer {KEY}\r\n")).unwrap(), one);
    assert_ne!(entrance.ask(&with_key(OTHER)).unwrap().id, one.id);
    assert_eq!(entrance.ask(""), Err(Refusal::KeyMissing));
    assert_eq!(entrance.ask(&with_key(&KEY[1..])), Err(Refusal::KeyWrong));
    let both = format!("{}Authorization: Bearer {OTHER}\r\n", with_key(KEY));
    assert_eq!(entrance.ask(&both), Err(Refusal::KeyWrong));
    assert_eq!(entrance.rejected(Reason::Unauthenticated), 3);
}

#[test]
fn a_key_that_is_taken_away_opens_nothing_any_more() {
    let entrance = Entrance::new(&testing::settings(), keys(&format!("{KEY},{OTHER}")));
    let elsewhere = Guard::new(Arc::clone(&entrance.door), Recorder::new());
    let ask =
        |key| elsewhere.admit(&request(&with_key(key)), "127.0.0.1".parse().unwrap(), entrance.now, |_| 1);
    assert!(entrance.ask(&with_key(KEY)).is_ok() && ask(KEY).is_ok());
    entrance.door.renew(&testing::settings(), keys(OTHER));
    assert_eq!(entrance.ask(&with_key(KEY)), Err(Refusal::KeyWrong));
    assert_eq!(ask(KEY), Err(Refusal::KeyWrong));
    assert!(ask(OTHER).is_ok());
    // The last one locks the door; it does not open it.
    entrance.door.renew(&testing::settings(), Some(SharedKeys::default()));
    assert_eq!(ask(OTHER), Err(Refusal::KeyWrong));
    assert_eq!(entrance.ask(""), Err(Refusal::KeyMissing));
}

#[test]
fn streams_end_with_what_let_them_out() {
    let entrance = Entrance::new(&testing::settings(), keys(&format!("{KEY},{OTHER}")));
    let open = |key| {
        let answer = async |_, _| Response::new(Status::OK).events(stream::pending());
        let (request, peer) = (request(&with_key(key)), "127.0.0.1".parse().unwrap());
        let response =
            entrance.guard.serve(request, peer, entrance.now, |_| 1, answer).now_or_never().unwrap();
        let Body::Streamed(streamed) = response.body else { panic!("no stream") };
        streamed.pieces
    };
    let (mut one, mut other) = (open(KEY), open(OTHER));
    assert!(one.next().now_or_never().is_none() && other.next().now_or_never().is_none());
    entrance.door.renew(&testing::settings(), keys(OTHER));
    assert_eq!(one.next().now_or_never(), Some(None));
    assert!(other.next().now_or_never().is_none());
    entrance.door.renew(&testing::settings(), None);
    assert!(other.next().now_or_never().is_none(), "nobody is asked any more");
}

#[test]
fn the_eleventh_quick_request_is_too_often() {
    let entrance = Entrance::new(&testing::settings(), keys(KEY));
    let ask = |peer| entrance.ask_from(peer, &with_key(KEY));
    for number in 0..10 {
        // The key counts, not where it is used.
        assert!(ask(["127.0.0.1", "127.0.0.2"][number % 2]).is_ok());
    }
    assert_eq!(ask("127.0.0.3"), Err(Refusal::TooOften(Duration::from_secs(1))));
    assert_eq!(entrance.rejected(Reason::RateLimited), 1);
    entrance.door.renew(&settings(|settings| settings.rate_limit_per_minute = 0), keys(KEY));
    assert!((0..100).all(|_| ask("127.0.0.1").is_ok()), "0 counts nobody");
}

#[test]
fn a_batch_counts_as_what_stands_in_it() {
    let entrance = Entrance::new(&testing::settings(), keys(KEY));
    let ask = |headers: &str, count| {
        let peer = "127.0.0.1".parse().unwrap();
        entrance.guard.admit(&request(headers), peer, entrance.now, |_| count).map(drop)
    };
    assert_eq!(ask(&with_key(KEY), 6), Ok(()));
    assert_eq!(ask(&with_key(KEY), 6), Err(Refusal::TooOften(Duration::from_secs(2))));
    assert_eq!(ask(&with_key(KEY), 3), Ok(()));
    // One is left, and what there can never be costs it all the same.
    assert_eq!(ask(&with_key(KEY), 11), Err(Refusal::LongBatch(10)));
    assert_eq!(ask(&with_key(KEY), 1), Err(Refusal::TooOften(Duration::from_secs(1))));
    let stranger = entrance.guard.admit(&request(""), "127.0.0.1".parse().unwrap(), entrance.now, |_| {
        panic!("what strangers send is looked into")
    });
    assert_eq!(stranger.err(), Some(Refusal::KeyMissing));
}

#[test]
fn trying_keys_has_its_limit_and_takes_nothing_from_others() {
    let entrance = Entrance::new(&testing::settings(), keys(KEY));
    for number in 0..10 {
        assert_eq!(entrance.ask(&with_key(&format!("guess-{number}"))), Err(Refusal::KeyWrong));
    }
    assert!(matches!(entrance.ask(&with_key("guess")), Err(Refusal::TooOften(_))));
    assert!(entrance.ask(&with_key(KEY)).is_ok());
}

#[test]
fn what_a_page_of_somebody_else_sends_is_not_looked_at() {
    let entrance = Entrance::new(&testing::settings(), keys(KEY));
    for _ in 0..20 {
        let page = format!("{}Origin: https://evil.example\r\n", with_key(KEY));
        assert_eq!(entrance.ask(&page), Err(Refusal::Foreign(Foreign::Origin)));
    }
    let rebound = request_to("evil.example:8000", &with_key(KEY));
    let refused = entrance.guard.admit(&rebound, "127.0.0.1".parse().unwrap(), entrance.now, |_| 1);
    assert_eq!(refused, Err(Refusal::Foreign(Foreign::Host)));
    assert_eq!(entrance.rejected(Reason::Origin), 21);
    assert!(entrance.ask(&format!("{}Origin: http://localhost:3000\r\n", with_key(KEY))).is_ok());
}

#[test]
fn behind_a_proxy_everybody_has_his_own_share() {
    let proxy = settings(|settings| settings.trusted_proxies = vec![Network::parse("127.0.0.1").unwrap()]);
    let entrance = Entrance::new(&proxy, None);
    let ask = |peer: &str, address: &str| entrance.ask_from(peer, &format!("X-Forwarded-For: {address}\r\n"));
    assert!((0..10).all(|_| ask("127.0.0.1", "192.0.2.1").is_ok()));
    assert!(matches!(ask("127.0.0.1", "192.0.2.1"), Err(Refusal::TooOften(_))));
    assert!(ask("127.0.0.1", "192.0.2.2").is_ok());
    // Who is no proxy of ours may call himself what he wants.
    assert!((0..10).all(|number| ask("127.0.0.7", &format!("192.0.2.{number}")).is_ok()));
    assert!(matches!(ask("127.0.0.7", "192.0.2.99"), Err(Refusal::TooOften(_))));
}

#[test]
fn scopes_are_asked_for() {
    let entrance = Entrance::new(&testing::settings(), keys(KEY));
    let mut client = entrance.ask(&with_key(KEY)).unwrap();
    assert_eq!(entrance.guard.require(&client, Scope::Read), Ok(()));
    client.access = Access::only(vec![Scope::Command], None).into();
    assert_eq!(entrance.guard.require(&client, Scope::Read), Err(Refusal::Scope(Scope::Read)));
    assert_eq!(entrance.rejected(Reason::Forbidden), 1);
}

#[test]
fn strangers_are_not_let_in_by_accident() {
    let door = |keys| Door::new("0.0.0.0".parse().unwrap(), &testing::settings(), keys, time::now());
    assert!(door(None).is_err() && door(keys(KEY)).is_ok());
}

/// What is answered, by a server that says who asks.
fn served(entrance: &Entrance, request: Request) -> (Status, String) {
    let answer = async |_, client: Client| {
        Response::new(Status::OK).body("text/plain", format!("{:?}", client.access.has(Scope::Read)))
    };
    let peer = "127.0.0.1".parse().unwrap();
    let response = entrance.guard.serve(request, peer, entrance.now, |_| 1, answer).now_or_never().unwrap();
    (response.status, written(&response))
}

const PAGE: &str = "Origin: http://localhost:3000\r\n";

#[test]
fn clients_are_answered_and_others_are_told_why_not() {
    let entrance = Entrance::new(&testing::settings(), keys(KEY));
    let (status, head) = served(&entrance, request(&with_key(KEY)));
    assert!(status == Status::OK && !head.contains("access-control"), "{head}");
    assert_eq!(served(&entrance, request("")).0, Status::UNAUTHORIZED);
    let (status, head) = served(&entrance, request("Origin: https://evil.example\r\n"));
    assert!(status == Status::FORBIDDEN && !head.contains("access-control"), "{head}");
}

#[test]
fn pages_that_may_use_us_may_read_what_we_say() {
    let entrance = Entrance::new(&testing::settings(), keys(KEY));
    for (headers, expected) in [(with_key(KEY), Status::OK), (String::new(), Status::UNAUTHORIZED)] {
        let (status, head) = served(&entrance, request(&format!("{headers}{PAGE}")));
        assert_eq!(status, expected);
        assert!(head.contains("\r\naccess-control-allow-origin: http://localhost:3000\r\n"), "{head}");
        assert!(head.contains("\r\nvary: origin\r\n"), "{head}");
    }
}

#[test]
fn a_browser_asks_without_a_key_and_as_often_as_it_wants() {
    let entrance = Entrance::new(&testing::settings(), keys(KEY));
    let ask = |origin: &str| {
        let headers = format!("{origin}Access-Control-Request-Method: POST\r\n");
        served(&entrance, parsed(&format!("OPTIONS /mcp HTTP/1.1\r\nHost: localhost\r\n{headers}\r\n")))
    };
    for _ in 0..20 {
        let (status, head) = ask(PAGE);
        assert_eq!(status, Status::NO_CONTENT);
        assert!(head.contains("access-control-allow-headers: authorization, "), "{head}");
    }
    assert_eq!(ask("Origin: https://evil.example\r\n").0, Status::FORBIDDEN);
    assert_eq!(ask("Origin: null\r\n").0, Status::FORBIDDEN);
    assert_eq!(ask("").0, Status::UNAUTHORIZED, "no browser");
}
