//! Containers of Docker and of Podman, whose commands are alike and whose answers are not.

use std::fmt::Write;

use super::json::{self, Object};
use super::name::Name;
use super::query::{Query, Since, Span};
use super::script::{Answer, Script};
use super::shown::{Media, Rows, Shown, heading};
use super::{Ask, address, missing, trouble};
use crate::base::{Error, Kind, Result};

/// A question to an engine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Containers {
    engine: Engine,
    what: What,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum What {
    List,
    Logs(Name, Span),
    Inspect(Name),
    Stats(Name),
}

/// Who runs containers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Engine {
    Docker,
    Podman,
}

impl Engine {
    pub fn named(name: &str) -> Option<Self> {
        [Self::Docker, Self::Podman].into_iter().find(|engine| engine.program() == name)
    }

    pub fn program(self) -> &'static str {
        match self {
            Self::Docker => "docker",
            Self::Podman => "podman",
        }
    }

    pub fn title(self) -> &'static str {
        match self {
            Self::Docker => "Docker",
            Self::Podman => "Podman",
        }
    }

    /// The word that makes it print JSON: Docker learned `json` with version 23, Podman prints something else for the
    /// template.
    fn format(self) -> &'static str {
        match self {
            Self::Docker => "{{json .}}",
            Self::Podman => "json",
        }
    }

    /// Something about one thing is asked, and the engine is not there.
    pub fn absent(self, host: &str) -> Error {
        let (title, program) = (self.title(), self.program());
        missing(format!("{title} is not available on {host}: there is no program '{program}'"))
    }

    pub fn trouble(self, host: &str, said: &str) -> Error {
        let title = self.title();
        let said = said.trim_start_matches("Error: ");
        trouble(&format!("{title} error on {host}: {title} error"), said)
    }
}

impl Containers {
    /// `of` stands behind the engine in an address.
    pub fn read_address(engine: Engine, of: &[&str], query: &mut Query<'_>) -> Option<Result<Self>> {
        let what = match of {
            [] => Ok(What::List),
            [name, "logs"] => {
                Name::container(name).and_then(|name| Span::read(query).map(|span| What::Logs(name, span)))
            }
            [name, "inspect"] => Name::container(name).map(What::Inspect),
            [name, "stats"] => Name::container(name).map(What::Stats),
            _ => return None,
        };
        Some(what.map(|what| Self { engine, what }))
    }

    fn not_found(&self, host: &str, name: &Name) -> Error {
        let list = address(host, self.engine.program());
        missing(format!("Container '{name}' not found on {host}. Use {list} to see available containers."))
    }

    /// What a question about one container ended in.
    fn check(&self, host: &str, name: &Name, answer: &Answer, said: &str) -> Result<()> {
        if answer.is_absent() {
            return Err(self.engine.absent(host));
        }
        match answer.is_success() {
            true => Ok(()),
            false if said.to_ascii_lowercase().contains("no such container") => {
                Err(self.not_found(host, name))
            }
            false => Err(self.engine.trouble(host, said)),
        }
    }

    fn list(&self, host: &str, answer: &Answer) -> Result<Shown> {
        let engine = self.engine;
        let title = format!("{} Containers on {host}", engine.title());
        if answer.is_absent() {
            let text = format!("# {title}\n\n{} is not available on this host.", engine.title());
            return Ok(Shown::of(answer, text));
        }
        if !answer.is_success() {
            return Err(engine.trouble(host, answer.complaint()));
        }
        let containers = containers(&answer.whole().1)?;
        if containers.is_empty() {
            let text = format!("# {title}\n\nNo containers found (or {} not available).", engine.title());
            return Ok(Shown::of(answer, text).with(rows(containers)));
        }
        let mut text = heading(&title);
        for container in &containers {
            let Container { name, status, image, .. } = container;
            let mark = if container.is_up() { '●' } else { '○' };
            let logs = address(host, &format!("{}/{name}/logs", engine.program()));
            // Writing to a String cannot fail.
            let _ = write!(
                text,
                "\n{mark} {name}\n    Status: {status}\n    Image:  {image}\n    Logs:   {logs}\n"
            );
        }
        Ok(Shown::of(answer, text).with(rows(containers)))
    }

    fn stats(&self, host: &str, name: &Name, answer: &Answer) -> Result<Shown> {
        let objects = json::objects(&answer.whole().1)?;
        let of = |names: &[&str]| match objects.first().map(|object| json::text(object, names)) {
            Some(text) if !text.is_empty() => text,
            _ => "-".to_owned(),
        };
        let figures = [
            of(&["CPUPerc", "cpu_percent", "CPU"]),
            of(&["MemUsage", "mem_usage"]),
            of(&["MemPerc", "mem_percent"]),
            of(&["NetIO", "net_io", "NetInput"]),
            of(&["BlockIO", "block_io", "BlockInput"]),
            of(&["PIDs", "pids", "PIDS"]),
        ];
        let [cpu, memory, share, network, block, pids] = &figures;
        let title = format!("{} Stats: {name}@{host}", self.engine.title());
        let text = format!(
            "# {title}\n\n\
             CPU:       {cpu}\nMemory:    {memory} ({share})\nNetwork:   {network} (in / out)\n\
             Block I/O: {block} (read / written)\nProcesses: {pids}"
        );
        let columns = ["cpu", "memory", "memory_share", "network", "block_io", "processes"];
        Ok(Shown::of(answer, text).with(Rows::new(columns, [figures.clone()])))
    }
}

impl Ask for Containers {
    fn script(&self) -> Script {
        let engine = self.engine.program();
        match &self.what {
            What::List => Script::new(LIST).with(engine).with(self.engine.format()),
            What::Logs(name, span) => {
                let since = span.since(Since::for_containers);
                Script::new(LOGS).with(engine).with(name).with(span.lines).with(since)
            }
            What::Inspect(name) => Script::new(INSPECT).with(engine).with(name),
            What::Stats(name) => Script::new(STATS).with(engine).with(name).with(self.engine.format()),
        }
    }

    fn read(&self, host: &str, answer: &Answer) -> Result<Shown> {
        match &self.what {
            What::List => self.list(host, answer),
            What::Logs(name, _) => {
                let lines = answer.whole().1;
                self.check(host, name, answer, last_line(&lines))?;
                Ok(Shown::log(answer, &lines))
            }
            What::Inspect(name) => {
                self.check(host, name, answer, answer.complaint())?;
                if let Some(limit) = answer.cut_at() {
                    let message = format!("What is known of {name} is longer than {limit} bytes");
                    return Err(Error::new(Kind::TooLarge, message));
                }
                Ok(Shown { media: Media::Json, ..Shown::of(answer, answer.whole().1) })
            }
            What::Stats(name) => {
                self.check(host, name, answer, answer.complaint())?;
                self.stats(host, name, answer)
            }
        }
    }
}

const LIST: &str = r#"need "$1"; say ok; exec "$1" ps --all --format "$2""#;

/// What a container prints goes to two streams; only together are they in order.
const LOGS: &str = r#"
need "$1"; say ok;
exec "$1" logs --timestamps --tail "$3" ${4:+"--since=$4"} "$2" 2>&1
"#;

const INSPECT: &str = r#"need "$1"; say ok; exec "$1" container inspect "$2""#;

const STATS: &str = r#"need "$1"; say ok; exec "$1" stats --no-stream --format "$3" "$2""#;

/// One line of `ps`.
#[derive(Debug)]
struct Container {
    name: String,
    state: String,
    status: String,
    image: String,
    ports: String,
    id: String,
}

impl Container {
    fn of(object: &Object) -> Self {
        let text = |names: &[&str]| json::text(object, names);
        // With links to others a container has several names.
        let names = text(&["Names", "Name"]);
        let state = text(&["State"]);
        let mut status = text(&["Status"]);
        if status.is_empty() {
            status.clone_from(&state);
        }
        Self {
            name: names.split(',').next().unwrap_or_default().to_owned(),
            state: state.to_ascii_lowercase(),
            status,
            image: text(&["Image"]),
            ports: ports(object),
            id: text(&["ID", "Id"]).chars().take(SHORT_ID_CHARS).collect(),
        }
    }

    fn is_up(&self) -> bool {
        self.status.contains("Up") || self.state == "running"
    }
}

/// As `docker ps` shows them.
const SHORT_ID_CHARS: usize = 12;

fn containers(list: &str) -> Result<Vec<Container>> {
    let objects = json::objects(list)?;
    Ok(objects.iter().map(Container::of).filter(|container| !container.name.is_empty()).collect())
}

/// Docker writes `0.0.0.0:80->80/tcp`; of Podman come the numbers.
fn ports(object: &Object) -> String {
    let Some(ports) = json::list(object, "Ports") else { return json::text(object, &["Ports"]) };
    let port = |port: &Object| {
        let text = |names: &[&str]| json::text(port, names);
        let (from, to) = (text(&["host_port", "hostPort"]), text(&["container_port", "containerPort"]));
        let (address, protocol) = (text(&["host_ip", "hostIP"]), text(&["protocol"]));
        let address = if address.is_empty() { "0.0.0.0" } else { &address };
        format!("{address}:{from}->{to}/{protocol}")
    };
    ports.map(port).collect::<Vec<_>>().join(", ")
}

fn rows(containers: Vec<Container>) -> Rows {
    let row = |c: Container| [c.name, c.state, c.status, c.image, c.ports, c.id];
    Rows::new(["name", "state", "status", "image", "ports", "id"], containers.into_iter().map(row))
}

/// A program's complaint among what it printed.
pub fn last_line(text: &str) -> &str {
    text.trim_end().lines().last().unwrap_or_default()
}

#[cfg(test)]
mod tests;
