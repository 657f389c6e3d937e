//! The README's transcripts: what it says an agent is told is what an agent is told. `UPDATE_GOLDEN=1` writes them anew.

use std::fs::{self, File, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::time::{Duration, SystemTime};

use serde_json::Value;

use crate::support::{Endpoint, Fake, McpPipe, Programs, Scout, Sshd, program};

const README: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/README.md");

/// In front of a call: the name of a tool and its arguments, alone on a line. Behind it is the answer.
const CALL: &str = "\n> ";

/// So long ago that listings show the year: 2025-03-01 12:00 UTC.
const CHANGED: Duration = Duration::from_secs(1_740_830_400);

/// The machines of the transcripts.
struct Site {
    web1: Sshd,
    web2: Sshd,
    db1: Fake,
    _programs: Programs,
    client: McpPipe,
}

impl Site {
    fn start() -> Self {
        // What is found has columns where a host has it.
        program("rg", "ripgrep");
        let programs = Programs::new(&["docker"]);
        let path = format!("{}:/usr/bin:/bin", programs.config());
        let (web1, web2) = (Sshd::builder().config(&path).start(), Sshd::start());
        let db1 = Fake::offline(&web1);
        write_files(&web1, "65");
        write_files(&web2, "10");
        let scout =
            Scout::new().host("web1", &web1.endpoint).host("web2", &web2.endpoint).host("db1", &db1.endpoint);
        fs::write(scout.home().join("release.tar"), vec![b'r'; 2_500_000]).expect("a file");
        Self { client: scout.client(), web1, web2, db1, _programs: programs }
    }

    fn answer(&mut self, call: &str) -> String {
        let (tool, arguments) = call.split_once(' ').expect("a tool and its arguments");
        let arguments: Value = serde_json::from_str(arguments).expect("JSON");
        let result = self.client.call(tool, arguments).result();
        let text = result["content"][0]["text"].as_str().expect("a text");
        let text = anonymous(&anonymous(text, &self.web1, 1), &self.web2, 2);
        let text = from_outside(&text, &self.db1.endpoint, 3);
        // Where this machine has no OpenSSL.
        let text = text.replace("compared by sha256sum", "compared by openssl");
        text.trim_end_matches('\n').to_owned()
    }
}

fn write_files(host: &Sshd, timeout: &str) {
    let nginx = format!(
        "worker_processes auto;\nevents {{\n    worker_connections 1024;\n}}\nhttp {{\n    keepalive_timeout {timeout};\n    \
         include conf.d/*.conf;\n}}\n"
    );
    for (name, content) in [
        ("site/nginx.conf", nginx.as_str()),
        ("site/conf.d/shop.conf", "server {\n    listen 8080;\n    root /srv/shop;\n}\n"),
        ("site/conf.d/gzip.conf", "gzip on;\n"),
        (
            "site/error.log",
            "12:30:00 [warn] low disk\n12:30:01 [error] timed out\n12:31:07 [error] timed out\n",
        ),
    ] {
        let file = File::open(host.write(name, content)).expect("a file");
        file.set_modified(SystemTime::UNIX_EPOCH + CHANGED).expect("its time");
        file.set_permissions(Permissions::from_mode(0o644)).expect("its mode");
    }
}

/// With an address, a user and a home directory that are the same in every run.
fn anonymous(text: &str, host: &Sshd, number: usize) -> String {
    let home = host.path("");
    let text = from_outside(text, &host.endpoint, number).replace(home.trim_end_matches('/'), "/home/me");
    text.replace(&format!(" {:<8} {:<8}", own("-un"), own("-gn")), &format!(" {0:<8} {0:<8}", "me"))
}

fn from_outside(text: &str, host: &Endpoint, number: usize) -> String {
    let shown = format!("192.0.2.{number}:22");
    text.replace(&host.address.to_string(), &shown)
        .replace(&format!("{}@{shown}", host.user), &format!("me@{shown}"))
}

/// A name of those who own our files.
fn own(which: &str) -> String {
    let named = program("id", "coreutils").arg(which).output().expect("a name");
    String::from_utf8_lossy(&named.stdout).trim().to_owned()
}

/// The README with every transcript as it is now.
fn replayed(readme: &str) -> String {
    let mut site = Site::start();
    let mut parts = readme.split(CALL);
    let mut text = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        text.push_str(CALL);
        let (call, behind) = part.split_once('\n').expect("an answer");
        let is_of_a_tool = call.starts_with(|c: char| c.is_ascii_lowercase());
        if !is_of_a_tool {
            text.push_str(part);
            continue;
        }
        // Behind the answer is the next call, after an empty line, or the end of the block.
        let end = behind.find("\n```").map_or("\n", |end| &behind[end..]);
        let answer = site.answer(call);
        text.push_str(&format!("{call}\n{answer}{end}"));
    }
    text
}

#[test]
fn transcripts_are_what_is_said() {
    let readme = fs::read_to_string(README).expect("the README");
    let now = replayed(&readme);
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        fs::write(README, &now).expect("the README");
        return;
    }
    for (shown, now) in readme.lines().zip(now.lines()) {
        assert_eq!(shown, now, "UPDATE_GOLDEN=1 writes the transcripts anew");
    }
    assert_eq!(readme, now);
}
