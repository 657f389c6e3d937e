//! Hosts with files and programs of which the tables know.

use std::fs;

use serde_json::{Value, json};

use super::text_of;
use crate::support::{Fake, McpPipe, Programs, Scout, Sshd};

pub struct Stage {
    /// What stands for what in the rows.
    names: Vec<(&'static str, String)>,
    client: McpPipe,
    programs: Programs,
    _no_programs: Programs,
    _hosts: Vec<Sshd>,
    _down: Option<Fake>,
}

/// The original had one tool, and did not know this machine unasked.
pub const AS_OF_OLD: Variables = &[("SCOUT_TOOLS", "scout"), ("SCOUT_BLOCKLIST", "localhost")];

/// Of the environment.
pub type Variables = &'static [(&'static str, &'static str)];

impl Stage {
    /// `alpha` and `beta` with files, and `down`, which cannot be reached.
    pub fn of_files(variables: Variables) -> Self {
        let (alpha, beta) = (Sshd::start(), Sshd::start());
        let down = Fake::offline(&alpha);
        write_files(&alpha);
        let scout = Scout::new()
            .host("alpha", &alpha.endpoint)
            .host("beta", &beta.endpoint)
            .host("down", &down.endpoint);
        let scout = set(scout, variables);
        fs::write(scout.home().join("report"), vec![b'r'; 1239]).expect("a file");
        let place = |host: &Sshd| format!("{}@{}", host.endpoint.user, host.endpoint.address);
        let text = |path: &std::path::Path| path.to_str().expect("a UTF-8 path").to_owned();
        let names = vec![
            ("{254 letters}", "h".repeat(254)),
            ("{home}", alpha.path("").trim_end_matches('/').to_owned()),
            ("{there}", beta.path("").trim_end_matches('/').to_owned()),
            ("{here}", text(scout.home())),
            ("{alpha}", place(&alpha)),
            ("{beta}", place(&beta)),
            ("{down}", format!("{}@{}", down.endpoint.user, down.endpoint.address)),
        ];
        let (client, programs, no) = (scout.client(), Programs::new(&[]), Programs::new(&[]));
        Self { names, client, programs, _no_programs: no, _hosts: vec![alpha, beta], _down: Some(down) }
    }

    /// `web1` with all software, and `bare` with none.
    pub fn of_software() -> Self {
        let (programs, none) = (Programs::new(&["docker", "zpool", "zfs", "journalctl"]), Programs::new(&[]));
        let start = |programs: &Programs| Sshd::builder().config(&programs.config()).start();
        let (web1, bare) = (start(&programs), start(&none));
        programs.put("shop/a.yml", "services: {}\n");
        programs.put("shop/b.yml", "volumes: {}\n");
        let note = web1.write("notes.md", "# Notes\n");
        let scout = Scout::new().host("web1", &web1.endpoint).host("bare", &bare.endpoint);
        let scout = set(scout, AS_OF_OLD);
        let names = vec![
            (
                "{programs}",
                programs.path("").to_str().expect("a UTF-8 path").trim_end_matches('/').to_owned(),
            ),
            ("{note}", note.trim_start_matches('/').to_owned()),
        ];
        Self {
            names,
            client: scout.client(),
            programs,
            _no_programs: none,
            _hosts: vec![web1, bare],
            _down: None,
        }
    }

    /// A text of the tables as it is in this run.
    pub fn filled(&self, text: &str) -> String {
        self.names.iter().fold(text.to_owned(), |text, (name, value)| text.replace(name, value))
    }

    /// What the tool says, which is an error where it says so.
    pub fn scout(&mut self, arguments: &str) -> String {
        let arguments: Value = serde_json::from_str(&self.filled(arguments)).expect("JSON");
        let result = self.client.scout(arguments).result();
        let text = text_of(&result["content"]);
        let is_error = text.starts_with("Error") || text.starts_with('✗');
        assert_eq!(result["isError"].as_bool().unwrap_or_default(), is_error, "{result}");
        text
    }

    /// The text of a resource, or why there is none.
    pub fn resource(&mut self, uri: &str) -> String {
        let reply = self.read(uri);
        match reply.get("result") {
            Some(result) => text_of(&result["contents"]),
            None => reply["error"]["message"].as_str().expect("a message").to_owned(),
        }
    }

    pub fn resource_while(&mut self, file: &str, uri: &str) -> String {
        self.programs.put(file, "services: {}\n");
        let text = self.resource(uri);
        self.programs.remove(file);
        text
    }

    pub fn mime_type(&mut self, uri: &str) -> String {
        self.read(uri)["result"]["contents"][0]["mimeType"].as_str().expect("a MIME type").to_owned()
    }

    fn read(&mut self, uri: &str) -> Value {
        let uri = self.filled(uri);
        self.client.request("resources/read", json!({ "uri": uri })).0
    }
}

fn set(scout: Scout, variables: Variables) -> Scout {
    variables.iter().fold(scout, |scout, (name, value)| scout.env(name, value))
}

/// The longest file that is read whole.
const LIMIT: usize = 1_048_576;

fn write_files(host: &Sshd) {
    host.write("hello", "hello\n");
    host.fifo("silence");
    host.write("long", vec![b'x'; LIMIT + 1]);
    host.write("exact", vec![b'x'; LIMIT]);
    host.write("split", [vec![b'x'; LIMIT - 1], "é…".into()].concat());
    host.write("..data/key", "value\n");
    host.write("site/a.conf", "worker_processes 1;\nevents {}\n");
    host.write("site/b.conf", "worker_processes 2;\nevents {}\n");
    host.write("site/copy.conf", "worker_processes 1;\nevents {}\n");
}
