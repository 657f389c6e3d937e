//! Passwords, dialogues, and what takes more than one of them.

use crate::ssh::*;
use crate::testing::ssh_pair::{Link, Pair, User};
use crate::testing::ssh_server::{Doors, Misbehaviour, ServerConfig};

const PASSWORD: &str = "open sesame";

fn doors(steps: &'static [&'static str]) -> Doors {
    Doors { steps, password: PASSWORD, dialog: &[&[("Password: ", false, PASSWORD)]], ..Doors::default() }
}

fn pair(doors: Doors, users: usize) -> Pair {
    Pair::with(ServerConfig { doors, ..ServerConfig::default() }, Link::Whole, users, |_| {})
}

fn tried(pair: &Pair) -> String {
    match &pair.error {
        Some(Error::AuthRejected { tried, .. } | Error::AuthPartial { tried, .. }) => tried.to_string(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_password_logs_in_where_no_key_does() {
    for users in [0, 2] {
        let mut pair = pair(doors(&["publickey,password"]), users);
        pair.server.config.accepts = Some(Vec::new());
        pair.passwords = vec![PASSWORD];
        assert_eq!(pair.exec("echo in", b""), b"in", "{:?}", pair.error);
        assert_eq!(pair.client.tried().identities.len(), users);
    }
}

#[test]
fn a_dialogue_is_preferred_to_a_password() {
    let mut pair = pair(doors(&["password,keyboard-interactive"]), 0);
    pair.answers = vec![&[PASSWORD]];
    assert_eq!(pair.exec("echo in", b""), b"in", "{:?}", pair.error);
    let prompt = Prompt { text: "Password:".into(), echo: false };
    let (name, instruction) = ("Log in.[2J".into(), "Please answer".into());
    assert_eq!(pair.events[0], Event::Prompts(Prompts { name, instruction, prompts: vec![prompt] }));
}

#[test]
fn the_order_of_methods_is_the_owners() {
    let mut pair = Pair::with(
        ServerConfig {
            doors: doors(&["publickey,password,keyboard-interactive"]),
            ..ServerConfig::default()
        },
        Link::Whole,
        1,
        |config| config.methods = vec![Method::Password, Method::PublicKey],
    );
    pair.passwords = vec![PASSWORD];
    assert_eq!(pair.exec("echo in", b""), b"in", "{:?}", pair.error);
    assert_eq!(*pair.client.tried(), Tried { passwords: 1, ..Tried::default() });
}

#[test]
fn partial_success_goes_on_with_what_is_still_wanted() {
    for steps in [
        &["publickey", "password"] as &[_],
        &["publickey", "keyboard-interactive"],
        &["publickey", "publickey"],
        &["password", "publickey", "keyboard-interactive"],
    ] {
        let mut pair = pair(doors(steps), 2);
        pair.passwords = vec![PASSWORD];
        pair.answers = vec![&[PASSWORD]];
        assert_eq!(pair.exec("echo in", b""), b"in", "{steps:?} {:?}", pair.error);
        assert_eq!(pair.client.tried().partial as usize, steps.len() - 1);
        assert!(pair.client.tried().identities.is_empty(), "no key was refused");
    }
}

#[test]
fn what_is_still_wanted_is_named() {
    let mut pair = pair(doors(&["publickey", "password"]), 1);
    pair.run();
    let error = pair.error.clone().unwrap();
    assert!(matches!(&error, Error::AuthPartial { methods, .. } if methods == "password"), "{error}");
    assert_eq!(tried(&pair), "1 key");
}

#[test]
fn a_key_that_was_accepted_is_not_offered_again() {
    let mut pair = pair(doors(&["publickey", "publickey"]), 1);
    pair.run();
    assert_eq!(tried(&pair), "1 key");
    assert_eq!(pair.server.tally().refused_logins, 0);
}

#[test]
fn methods_the_server_does_not_name_are_left_alone() {
    let mut pair = pair(doors(&["publickey"]), 1);
    pair.server.config.accepts = Some(Vec::new());
    pair.passwords = vec![PASSWORD];
    pair.run();
    assert_eq!(tried(&pair), "1 key");
    assert_eq!(pair.passwords, [PASSWORD]);
}

#[test]
fn passwords_and_dialogues_are_begun_so_often_and_no_more() {
    let mut pair = pair(doors(&["password,keyboard-interactive"]), 0);
    pair.passwords = vec!["wrong"; 9];
    pair.answers = vec![&["wrong"]; 9];
    pair.run();
    assert_eq!(tried(&pair), "3 passwords, 3 keyboard-interactive dialogues");
    let refused = |method| pair.client.tried().refused.iter().filter(|refused| **refused == method).count();
    assert_eq!([Method::Password, Method::KeyboardInteractive].map(refused), [3, 3], "the last one too");
    let mut pair = self::pair(doors(&["password,keyboard-interactive"]), 0);
    pair.run();
    assert_eq!(tried(&pair), "1 keyboard-interactive dialogue");
}

#[test]
fn a_dialogue_has_rounds_and_may_ask_nothing() {
    let rounds: &[&[_]] =
        &[&[("Password: ", false, PASSWORD), ("Code: ", true, "42")], &[], &[("Sure? ", true, "yes")]];
    let mut pair = pair(Doors { dialog: rounds, ..doors(&["keyboard-interactive"]) }, 0);
    pair.answers = vec![&["yes"], &[], &[PASSWORD, "42"]];
    assert_eq!(pair.exec("echo in", b""), b"in", "{:?}", pair.error);
}

#[test]
fn as_many_answers_are_sent_as_there_are_questions() {
    let rounds: &[&[_]] = &[&[("a", true, "1"), ("b", true, "")]];
    for given in [&["1"] as &[_], &["1", "", "more"]] {
        let mut pair = pair(Doors { dialog: rounds, ..doors(&["keyboard-interactive"]) }, 0);
        pair.answers = vec![given];
        assert_eq!(pair.exec("echo in", b""), b"in", "{:?}", pair.error);
    }
}

#[test]
fn endless_dialogues_and_floods_of_questions_are_ended() {
    const SILENT: &[(&str, bool, &str)] = &[];
    let mut pair = pair(Doors { dialog: &[SILENT; 1000], ..doors(&["keyboard-interactive"]) }, 0);
    pair.answers = vec![&[]; 1000];
    pair.run();
    assert!(matches!(pair.error, Some(Error::AuthRounds { .. })), "{:?}", pair.error);

    let mut pair = self::pair(doors(&["keyboard-interactive"]), 0);
    pair.server.config.misbehaviour = Some(Misbehaviour::ManyQuestions);
    pair.run();
    assert_eq!(pair.error, Some(Error::TooManyPrompts { count: 1 << 30 }));
}

#[test]
fn an_expired_password_is_named() {
    let mut pair = pair(Doors { is_expired: true, ..doors(&["password"]) }, 0);
    pair.passwords = vec![PASSWORD];
    pair.run();
    assert_eq!(pair.error, Some(Error::PasswordExpired));
}

#[test]
fn keys_are_known_as_tried_when_the_server_hangs_up() {
    let mut pair = pair(Doors { tries: 2, ..doors(&["publickey"]) }, 5);
    pair.server.config.accepts = Some(Vec::new());
    pair.run();
    assert!(matches!(pair.error, Some(Error::Disconnected { phase: Phase::Authentication, .. })));
    assert_eq!(pair.client.tried().identities, [0, 1]);
}

#[test]
fn the_key_that_was_taken_is_known() {
    let mut pair = pair(doors(&["publickey"]), 3);
    pair.server.config.accepts = Some(pair.users[2].public.blob.clone());
    pair.run();
    let expected = Tried { identities: vec![0, 1], accepted: Some(2), ..Tried::default() };
    assert_eq!(*pair.client.tried(), expected);
}

#[test]
fn algorithms_are_filtered_and_ordered() {
    let key = User::from_file(include_bytes!("keys/rsa2048")).public;
    let restricted = |names: &[&str]| {
        let names: Vec<String> = names.iter().map(|&name| name.into()).collect();
        key.clone().restricted(&names).map(|key| key.algorithms)
    };
    assert_eq!(restricted(&["rsa-sha2-256", "x", "rsa-sha2-512"]).unwrap(), ["rsa-sha2-256", "rsa-sha2-512"]);
    assert_eq!(restricted(&["rsa-sha2-256"]).unwrap(), ["rsa-sha2-256"]);
    assert_eq!(restricted(&["ssh-ed25519"]), None);
    assert_eq!(key.clone().restricted(&PublicIdentity::accepted_by_default()), Some(key));
}
