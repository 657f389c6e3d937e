//! Every algorithm we speak against every server that offers it: a file read and a command, with new keys in between.
//!
//! The client is told to offer that algorithm alone. That it did, and that the server offers it too, is read from the
//! wire; that keys were renewed and which signature of a user was verified, from the server's log where it has one.
//! The result is `docs/interop.md`.

mod columns;
mod keyring;
mod page;
mod rows;

use std::thread;

use serde_json::{Value, json};

use columns::{Make, Server};
use keyring::{HOST, Keyring};
use page::Column;
use rows::{Kind, Row};

use crate::support::{Log, McpPipe, Scout};

/// What either side may encrypt under one key. A read takes twice as much, and so does the command.
const REKEY_LIMIT: &str = "100K";
const LINES: usize = 20_000;

#[test]
fn every_algorithm_works_with_every_server_that_offers_it() {
    let keyring = &Keyring::new();
    let columns: Vec<(Column, Vec<String>)> = thread::scope(|scope| {
        let running: Vec<_> = Make::ALL.map(|make| scope.spawn(move || column(make, keyring))).into();
        running.into_iter().map(|column| column.join().expect("a column is done")).collect()
    });
    let (columns, failures): (Vec<Column>, Vec<Vec<String>>) = columns.into_iter().unzip();
    let failures = failures.concat();
    assert!(failures.is_empty(), "{} failures:\n{}", failures.len(), failures.join("\n"));
    page::check(&columns);
}

/// All rows against one kind of server, one after another, so that its log tells of one connection at a time.
fn column(make: Make, keyring: &Keyring) -> (Column, Vec<String>) {
    let servers = make.start(keyring);
    let mut column = Column { software: servers[0].software.clone(), works: Vec::new() };
    let mut failures = Vec::new();
    for (number, server) in servers.iter().enumerate() {
        let mut bench = Bench::new(server, keyring);
        for row in Row::all().filter(|row| server.offers(*row)) {
            let seen_before = servers[..number].iter().any(|server| server.offers(row));
            if seen_before {
                continue;
            }
            match bench.try_out(row) {
                Ok(()) => column.works.push(row),
                Err(error) => {
                    failures.push(format!("{}: {row}: {error}{}", server.software, bench.log_tail()));
                }
            }
        }
    }
    (column, failures)
}

/// A client that knows one server under a name for each row.
struct Bench<'a> {
    server: &'a Server,
    client: McpPipe,
    text: String,
}

impl<'a> Bench<'a> {
    fn new(server: &'a Server, keyring: &Keyring) -> Self {
        let text: String = (0..LINES).map(|n| format!("{n:09}\n")).collect();
        std::fs::write(server.home.join("text"), &text).expect("a file");
        let certified = server.home.with_file_name("certified");
        std::fs::write(&certified, format!("@cert-authority {HOST} {}\n", keyring.authority.public()))
            .expect("known_hosts");
        let known: String = server.endpoint.host_keys.iter().map(|key| format!("{HOST} {key}\n")).collect();
        // Less than the test waits: what hangs becomes an answer.
        let mut scout = Scout::new().known_hosts(&known).env("SCOUT_REQUEST_TIMEOUT", 10);
        for row in Row::all() {
            let mut lines = row.client_lines(keyring);
            lines.push_str(&format!("\nHostKeyAlias {HOST}\nRekeyLimit {REKEY_LIMIT}"));
            if row.kind == Kind::HostKey && row.is_certificate() {
                lines.push_str(&format!("\nUserKnownHostsFile {}", certified.display()));
            }
            scout = scout.unknown_host(&alias(row), &server.endpoint, &lines);
        }
        Self { server, client: scout.client(), text }
    }

    fn try_out(&mut self, row: Row) -> Result<(), String> {
        let before = self.logged(row);
        let host = alias(row);
        let path = self.server.home.join("text");
        let read = self.ask(json!({ "target": format!("{host}:{}", path.display()) }))?;
        self.check_offers(row)?;
        if read != self.text {
            return Err("the file is another".to_owned());
        }
        let output = self.ask(json!({ "target": format!("{host}:~"), "query": "cat text" }))?;
        // In its most detailed log sshd tells of the command's start on the command's standard error, which comes last.
        if !output.starts_with(self.text.trim_end()) {
            return Err("the output is another".to_owned());
        }
        self.check_log(row, &before)
    }

    /// The text of an answer, or of the error.
    fn ask(&mut self, arguments: Value) -> Result<String, String> {
        let answer = self.client.scout(arguments).0;
        let result = &answer["result"];
        match result["content"][0]["text"].as_str() {
            Some(text) if result["isError"] != json!(true) => Ok(text.to_owned()),
            Some(text) => Err(text.to_owned()),
            None => Err(answer.to_string()),
        }
    }

    /// With one algorithm on our side, only that one can have been agreed on.
    fn check_offers(&self, row: Row) -> Result<(), String> {
        let (client, _) = self.server.tap.offers().ok_or("no key exchange")?;
        for names in row.proposals(&client) {
            let algorithms: Vec<&String> = names.iter().filter(|name| !is_signal(name)).collect();
            if algorithms != [row.name] {
                return Err(format!("the client offered {algorithms:?}"));
            }
        }
        Ok(())
    }

    fn check_log(&self, row: Row, before: &Logged) -> Result<(), String> {
        let now = self.logged(row);
        if self.server.exchange_mark().is_some() && now.exchanges < before.exchanges + 2 {
            return Err("the log tells of no second key exchange".to_owned());
        }
        match self.server.signature_mark(row) {
            Some(mark) if now.signatures == before.signatures => {
                Err(format!("the log does not say {mark:?}"))
            }
            _ => Ok(()),
        }
    }

    fn logged(&self, row: Row) -> Logged {
        let count = |mark: &str| self.server.log.as_ref().map_or(0, |log| log.count(mark));
        Logged {
            exchanges: self.server.exchange_mark().map_or(0, count),
            signatures: self.server.signature_mark(row).map_or(0, |mark| count(&mark)),
        }
    }

    /// The end of the server's log: why it failed.
    fn log_tail(&self) -> String {
        const TAIL_LINES: usize = 10;
        let text = self.server.log.as_ref().map_or_else(String::new, Log::text);
        let lines: Vec<&str> = text.lines().collect();
        lines[lines.len().saturating_sub(TAIL_LINES)..].iter().map(|line| format!("\n    {line}")).collect()
    }
}

/// What a server's log has told of so far.
struct Logged {
    exchanges: usize,
    /// Of a user, of one kind.
    signatures: usize,
}

/// No algorithms, though they stand among the key exchange methods (RFC 8308 §2.1, OpenSSH PROTOCOL §1.9).
fn is_signal(name: &str) -> bool {
    name == "ext-info-c" || name == "kex-strict-c-v00@openssh.com"
}

/// A host name that says what it is for.
fn alias(row: Row) -> String {
    let name: String = row.name.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
    format!("{:?}-{name}", row.kind).to_lowercase()
}
