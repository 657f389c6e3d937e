//! What is sent before the host has said that it may: it saves time where all goes well, and nothing else is different.

use std::time::Duration;

use serde_json::json;

use crate::support::{
    Account, Agent, Distance, Endpoint, Key, KeyType, McpPipe, Scout, Sshd, eventually, is_connected,
};

const PROBE: &str = "h1:/proc/version";
/// What sshd says of a message that came before the login was done; a connection begins with two sessions.
const TOO_EARLY: &str = "dispatch_protocol_error";
const SESSIONS: usize = 2;

fn works(scout: &Scout) -> bool {
    scout.run(&["read", PROBE]).text().contains("Linux")
}

/// With a key in front of the right one that the host does not take.
fn with_wrong_key(sshd: &Sshd) -> Scout {
    let wrong = Key::generate(&sshd.account.path("wrong"), KeyType::Ed25519);
    let lines = format!("IdentityFile {}", wrong.path.display());
    Scout::new().unknown_host("h1", &sshd.endpoint, &lines).known_hosts(&sshd.endpoint.known_hosts())
}

#[test]
fn a_first_meeting_where_the_first_key_is_taken() {
    let sshd = Sshd::start();
    assert!(works(&Scout::with(&sshd.endpoint)));
    assert_eq!((sshd.connections(), sshd.log().count(TOO_EARLY)), (1, 0), "{}", sshd.log().text());
}

#[test]
fn a_first_meeting_where_the_second_key_is_taken() {
    let sshd = Sshd::start();
    assert!(works(&with_wrong_key(&sshd)));
    assert_eq!((sshd.connections(), sshd.log().count("Failed publickey")), (1, 1), "{}", sshd.log().text());
    assert_eq!(sshd.log().count(TOO_EARLY), SESSIONS, "{}", sshd.log().text());
}

#[test]
fn a_first_meeting_where_the_key_of_an_agent_is_taken() {
    let sshd = Sshd::start();
    let agent = Agent::start();
    agent.add(&Key::generate(&sshd.account.path("other"), KeyType::Ed25519));
    agent.add(&Key { path: sshd.endpoint.identity.clone(), public: String::new() });
    let endpoint = Endpoint { identity: "none".into(), ..sshd.endpoint.clone() };
    let scout = Scout::new()
        .unknown_host("h1", &endpoint, "IdentitiesOnly no")
        .known_hosts(&sshd.endpoint.known_hosts())
        .env("SSH_AUTH_SOCK", agent.socket.display());
    assert!(works(&scout));
    assert_eq!((sshd.connections(), sshd.log().count(TOO_EARLY)), (1, SESSIONS), "{}", sshd.log().text());
}

#[test]
fn a_first_meeting_where_a_password_is_taken() {
    let sshd = Sshd::builder().password().start();
    let wrong = Key::generate(&sshd.account.path("wrong"), KeyType::Ed25519);
    let endpoint = Endpoint { identity: wrong.path, ..sshd.endpoint.clone() };
    assert!(works(&Scout::with(&endpoint).env("SCOUT_SSH_PASSWORD", Account::PASSWORD)));
    assert_eq!((sshd.connections(), sshd.log().count(TOO_EARLY)), (1, SESSIONS), "{}", sshd.log().text());
}

#[test]
fn a_single_try_is_not_wasted_on_haste() {
    let sshd = Sshd::builder().config("MaxAuthTries 1").start();
    assert!(works(&with_wrong_key(&sshd)));
}

/// A client that has no connection whenever it begins something.
struct Forgetful<'a> {
    sshd: &'a Sshd,
    endpoint: &'a Endpoint,
    client: McpPipe,
}

impl<'a> Forgetful<'a> {
    fn new(sshd: &'a Sshd, endpoint: &'a Endpoint) -> Self {
        let client = Scout::with(endpoint).env("SCOUT_IDLE_TIMEOUT", "1ms").client();
        Self { sshd, endpoint, client }
    }

    /// Whatever a connection may begin with.
    fn begin_anew(&mut self, nth: usize) {
        let content = format!("content {nth}");
        let file = self.sshd.write(&format!("file{nth}"), &content);
        let target = format!("h1:{file}");
        assert_eq!(self.client.read(&target), content);
        self.forget();
        assert_eq!(self.client.query("h1:/", &format!("cat {file}")), content);
        self.forget();
        let listing = self.client.read(&format!("h1:{}", self.sshd.path("")));
        assert!(listing.contains(&format!("file{nth}")), "{listing}");
        self.forget();
        let all = [json!({ "target": target }), json!({ "target": "h1:/", "query": format!("cat {file}") })];
        let ids = all.map(|arguments| self.client.post_scout(arguments));
        ids.into_iter().for_each(|id| assert_eq!(self.client.wait(id).text(), content));
        self.forget();
    }

    fn forget(&self) {
        eventually("the connection is closed", || !is_connected(self.endpoint.address));
    }
}

#[test]
fn a_host_seen_before_is_worked_with_at_once() {
    let sshd = Sshd::start();
    let far = Distance::from(&sshd, Duration::from_millis(15));
    for endpoint in [&sshd.endpoint, &far.endpoint] {
        let before = sshd.connections();
        let mut client = Forgetful::new(&sshd, endpoint);
        (0..3).for_each(|nth| client.begin_anew(nth));
        assert_eq!(sshd.connections() - before, 12, "a connection for each, and none in vain");
    }
    assert_eq!((sshd.log().count(TOO_EARLY), sshd.log().count("unknown channel")), (0, 0));
}

#[test]
fn where_there_is_one_session_only_nothing_is_expected_of_a_second() {
    let sshd = Sshd::builder().config("MaxSessions 1").start();
    let mut client = Forgetful::new(&sshd, &sshd.endpoint);
    (0..2).for_each(|nth| client.begin_anew(nth));
    assert_eq!(sshd.log().count("unknown channel"), 0, "{}", sshd.log().text());
}
