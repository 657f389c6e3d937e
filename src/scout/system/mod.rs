//! What the software of a host says of itself: containers, projects, pools, logs, units, processes, network, disks. A file
//! per family.
//!
//! A [`View`] is one question, read from an address. It becomes one small script of ours (`script`), so that every answer
//! costs one round trip; what the programs on the host print is read by pure functions, and becomes a [`Shown`]. Nothing a
//! caller writes is run: names are checked first (`name`), and reach the script as its quoted arguments.
//!
//! | address behind the host | shows |
//! |---|---|
//! | `docker`, `podman` | containers |
//! | `docker/NAME/logs`, `/inspect`, `/stats` | one of them; the same under `podman` |
//! | `compose`, `compose/PROJECT`, `compose/PROJECT/logs` | projects, their files, their logs |
//! | `zfs`, `zfs/POOL`, `zfs/POOL/datasets`, `zfs/snapshots` | pools |
//! | `syslog` | the journal, or what stands in its place |
//! | `k8s`, `k8s/NAMESPACE/KIND`, `k8s/NAMESPACE/KIND/NAME`, `k8s/NAMESPACE/pod/NAME/logs` | a cluster, as the host sees it |
//! | `systemd`, `systemd/UNIT` | units |
//! | `processes`, `network`, `disk` | the machine itself |
//!
//! Logs take `?lines=` and `?since=`; see [`query`].
//!
//! All of it is of the scope `read`: commands of ours that only look, and nobody learns more than the remote user could
//! read on the host. Logs and the environment of a container may hold secrets, as files may. The values of Kubernetes
//! secrets, which a cluster keeps apart from those who may list them, are never asked for.

mod compose;
mod containers;
mod disk;
mod json;
mod k8s;
mod name;
mod network;
mod processes;
pub mod query;
mod script;
mod shown;
mod sizes;
mod syslog;
mod systemd;
mod table;
mod zfs;

#[cfg(test)]
mod tests;

use std::fmt;

use crate::base::percent::{decoded, encoded, is_scheme};
use crate::base::{Error, Kind, Result};
use crate::fleet::{Caller, Need, Repeat};
use crate::target::RemotePath;
use containers::{Containers, Engine};
use query::Query;
use script::{Answer, Script};

pub use shown::{Media, Rows, Shown};

/// A question to a host's software, with names that are well formed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct View {
    /// As it was asked for, behind the host.
    address: Box<str>,
    question: Question,
    /// Its answer stands for many hosts.
    is_nameless: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Question {
    Containers(Containers),
    Compose(compose::Compose),
    Zfs(zfs::Zfs),
    Syslog(syslog::Syslog),
    Kubernetes(k8s::Kubernetes),
    Systemd(systemd::Systemd),
    Processes(processes::Processes),
    Network,
    Disk,
}

/// What every family knows to do with a question.
trait Ask {
    /// What runs on the host.
    fn script(&self) -> Script;

    /// Whether its answer has parts that mean something without the others: those that came in time are shown.
    fn is_in_parts(&self) -> bool {
        false
    }

    /// What its output means.
    ///
    /// Errors: what is asked about is not there; the software cannot be asked.
    fn read(&self, host: &str, answer: &Answer) -> Result<Shown>;
}

impl View {
    /// Reads what stands behind the host in an address: `docker/web/logs?lines=20`. `None` when that is the address of no
    /// view, and so may be a path.
    ///
    /// Errors: a name is malformed, a parameter unknown or out of range.
    pub fn parse(address: &str) -> Option<Result<Self>> {
        let (path, query) = address.split_once('?').unwrap_or((address, ""));
        let segments = path.strip_suffix('/').unwrap_or(path).split('/').map(decoded);
        let segments: Vec<_> = segments.collect::<Option<_>>()?;
        let segments: Vec<&str> = segments.iter().map(AsRef::as_ref).collect();
        let mut query = match Query::parse(query) {
            Ok(query) => query,
            Err(error) => return Question::read(&segments, &mut Query::default()).map(|_| Err(error)),
        };
        let question = Question::read(&segments, &mut query)?;
        Some(question.and_then(|question| {
            query.finish()?;
            Ok(Self { address: address.into(), question, is_nameless: false })
        }))
    }
}

impl View {
    /// The view at a path as targets have it: `host://docker` is a host and the path `//docker`, which nobody writes who
    /// means a file.
    pub fn at(path: &RemotePath) -> Option<Result<Self>> {
        path.as_str().strip_prefix("//").and_then(Self::parse)
    }

    /// The same, told without the host's own name: hosts on which it is alike say the same, then.
    #[must_use]
    pub fn nameless(self) -> Self {
        Self { is_nameless: true, ..self }
    }
}

impl fmt::Display for View {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&crate::base::text::shown(&self.address))
    }
}

impl Question {
    /// Every form there is.
    fn read(path: &[&str], query: &mut Query<'_>) -> Option<Result<Self>> {
        use compose::Compose;
        use k8s::Kubernetes;
        use zfs::Zfs;
        if let [engine, of @ ..] = path
            && let Some(engine) = Engine::named(engine)
        {
            return Some(Containers::read_address(engine, of, query)?.map(Self::Containers));
        }
        Some(match path {
            ["compose"] => Ok(Self::Compose(Compose::List)),
            ["compose", project] => Compose::files(project).map(Self::Compose),
            ["compose", project, "logs"] => Compose::logs(project, query).map(Self::Compose),
            ["zfs"] => Ok(Self::Zfs(Zfs::Overview)),
            ["zfs", "snapshots"] => Ok(Self::Zfs(Zfs::Snapshots)),
            ["zfs", pool] => Zfs::pool(pool).map(Self::Zfs),
            ["zfs", pool, "datasets"] => Zfs::datasets(pool).map(Self::Zfs),
            ["syslog"] => syslog::Syslog::read_query(query).map(Self::Syslog),
            ["k8s"] => Ok(Self::Kubernetes(Kubernetes::Overview)),
            ["k8s", namespace, kind] => Kubernetes::list(namespace, kind).map(Self::Kubernetes),
            ["k8s", namespace, kind, name] => Kubernetes::object(namespace, kind, name).map(Self::Kubernetes),
            ["k8s", namespace, "pod" | "pods", pod, "logs"] => {
                Kubernetes::logs(namespace, pod, query).map(Self::Kubernetes)
            }
            ["systemd"] => Ok(Self::Systemd(systemd::Systemd::List)),
            ["systemd", unit] => systemd::Systemd::unit(unit).map(Self::Systemd),
            ["processes"] => processes::Processes::read_query(query).map(Self::Processes),
            ["network"] => Ok(Self::Network),
            ["disk"] => Ok(Self::Disk),
            _ => return None,
        })
    }

    fn ask(&self) -> &dyn Ask {
        match self {
            Self::Containers(containers) => containers,
            Self::Compose(compose) => compose,
            Self::Zfs(zfs) => zfs,
            Self::Syslog(syslog) => syslog,
            Self::Kubernetes(kubernetes) => kubernetes,
            Self::Systemd(systemd) => systemd,
            Self::Processes(processes) => processes,
            Self::Network => &network::Network,
            Self::Disk => &disk::Disk,
        }
    }
}

/// Asks a host: one command, within the command timeout and the output limit of the settings.
///
/// Errors: those of the connection; the software is not there or cannot be asked, or knows nothing of that name. The host
/// has answered all the same, so that its circuit breaker takes none of these for a failure.
pub async fn show(caller: &Caller, host: &str, view: &View) -> Result<Shown> {
    let ask = view.question.ask();
    let command = ask.script().command();
    let answer = caller
        .work(host, Need::Session, Repeat::Safe, async |machine| Answer::of(caller, machine, &command).await)
        .await?;
    if !ask.is_in_parts() {
        answer.in_time()?;
    }
    ask.read(if view.is_nameless { ANY_HOST } else { host }, &answer)
}

/// What stands in the place of a host's name in an answer of many, as in a template.
const ANY_HOST: &str = "{host}";

/// The address of a view: `HOST://docker`, or `scout://HOST/:docker` where the host's name can be no scheme.
pub fn address(host: &str, view: &str) -> String {
    match host == ANY_HOST || is_scheme(host) {
        true => format!("{host}://{view}"),
        false => format!("scout://{}/:{view}", encoded(host)),
    }
}

/// There is no such thing on the host.
fn missing(message: String) -> Error {
    Error::new(Kind::NotFound, message)
}

/// What a program says instead of an answer, under a heading of ours.
fn trouble(heading: &str, said: &str) -> Error {
    const DENIALS: [&str; 5] =
        ["ermission denied", "Access denied", "must be run as root", "(Forbidden)", "not permitted"];
    let said = if said.is_empty() { "it said nothing" } else { said };
    let is_denial = DENIALS.iter().any(|denial| said.contains(denial));
    let kind = if is_denial { Kind::PermissionDenied } else { Kind::Remote };
    Error::new(kind, format!("{heading}: {said}"))
}
