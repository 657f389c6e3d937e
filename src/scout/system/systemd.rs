//! Units of systemd.

use std::fmt::Write;

use super::name::Name;
use super::script::{Answer, Script};
use super::shown::{Rows, Shown, heading};
use super::{Ask, address, missing, table, trouble};
use crate::base::Result;

/// A question to systemd.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Systemd {
    /// Services, timers and sockets that are active or have failed.
    List,
    Unit(Name),
}

impl Systemd {
    pub fn unit(name: &str) -> Result<Self> {
        Name::unit(name).map(Self::Unit)
    }
}

impl Ask for Systemd {
    fn script(&self) -> Script {
        match self {
            Self::List => Script::new(LIST),
            Self::Unit(unit) => Script::new(UNIT).with(unit),
        }
    }

    fn read(&self, host: &str, answer: &Answer) -> Result<Shown> {
        let is_absent = answer.is_absent() || answer.complaint().contains("not been booted with systemd");
        match self {
            Self::List if is_absent => Ok(Shown::of(
                answer,
                format!("# systemd on {host}\n\nsystemd is not available on this host."),
            )),
            Self::Unit(_) if is_absent => Err(missing(format!("systemd is not available on {host}"))),
            Self::List => list(host, answer),
            Self::Unit(unit) => status(host, unit, answer),
        }
    }
}

const LIST: &str = r#"
need systemctl;
say state; systemctl is-system-running 2>/dev/null;
say units; exec systemctl list-units --type=service,timer,socket --no-legend --no-pager --plain --full
"#;

/// The last lines of its log are a part of its status.
const UNIT: &str = r#"
need systemctl; say ok;
exec systemctl status --no-pager --full --lines=20 "$1"
"#;

fn list(host: &str, answer: &Answer) -> Result<Shown> {
    if !answer.is_success() {
        return Err(trouble(&format!("systemd error on {host}"), answer.complaint()));
    }
    let sections = answer.sections();
    let of = |mark: &str| sections.iter().find(|(word, _)| *word == mark).map_or("", |(_, text)| text.trim());
    let mut units: Vec<_> = of("units").lines().filter_map(unit).collect();
    units.sort_by_key(|[_, active, ..]| active != "failed");
    let state = of("state").lines().next().unwrap_or("unknown");
    let mut text = heading(&format!("systemd on {host}: {state}")) + "\n";
    for [name, active, sub, description] in &units {
        let mark = if active == "failed" { '✗' } else { '●' };
        // Writing to a String cannot fail.
        let _ = writeln!(text, "{mark} {name} ({active}/{sub}) {description}");
    }
    let _ = write!(text, "\nStatus of one: {}", address(host, "systemd/UNIT"));
    Ok(Shown::of(answer, text).with(Rows::new(["unit", "active", "sub", "description"], units)))
}

/// Some versions put a mark before what has failed, even when asked not to.
fn unit(line: &str) -> Option<[String; 4]> {
    let line = line.trim_start().trim_start_matches(['●', '*', '×', '○']);
    let ([name, _, active, sub], description) = table::words::<4>(line)?;
    Some([name, active, sub, description].map(str::to_owned))
}

/// The status of a unit that does not run is an answer, too: `systemctl` exits as LSB demands of init scripts, with 3, and
/// with 4 when there is none.
fn status(host: &str, unit: &Name, answer: &Answer) -> Result<Shown> {
    let said = answer.complaint();
    if answer.code() == Some(4) || said.contains("could not be found") || said.contains("not loaded") {
        let list = address(host, "systemd");
        return Err(missing(format!("Unit '{unit}' not found on {host}. Use {list} to see active units.")));
    }
    match answer.whole().1 {
        text if text.trim().is_empty() => Err(trouble(&format!("systemd error on {host}"), said)),
        text => Ok(Shown::of(answer, text)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LISTED: &str = "state\ndegraded\n\u{1}scout units\n\
        cron.service           loaded active running Regular background program processing daemon\n\
        ● nginx.service        loaded failed failed  A high performance web server\n\
        ssh.socket             loaded active listening OpenBSD Secure Shell server socket\n";

    fn read(view: &Systemd, stdout: &str, stderr: &str, code: u32) -> Result<Shown> {
        view.read("web1", &Answer::recorded(stdout, stderr, code))
    }

    #[test]
    fn what_has_failed_comes_first() {
        let shown = read(&Systemd::List, LISTED, "", 0).unwrap();
        assert!(shown.text.starts_with("# systemd on web1: degraded\n====="), "{}", shown.text);
        assert!(
            shown.text.contains("\n\n✗ nginx.service (failed/failed) A high performance web server\n● cron")
        );
        assert!(shown.text.ends_with("\n\nStatus of one: web1://systemd/UNIT"), "{}", shown.text);
        assert_eq!(shown.rows.unwrap().column("unit"), ["nginx.service", "cron.service", "ssh.socket"]);
    }

    #[test]
    fn a_unit_that_does_not_run_has_a_status() {
        let view = Systemd::unit("nginx").unwrap();
        let status = "○ nginx.service - A web server\n     Loaded: loaded\n     Active: inactive (dead)";
        assert_eq!(read(&view, &format!("ok\n{status}\n"), "", 3).unwrap().text, status);
        let missing = read(&view, "ok\n", "Unit nginx.service could not be found.\n", 4).unwrap_err();
        assert_eq!(
            missing.message(),
            "Unit 'nginx' not found on web1. Use web1://systemd to see active units."
        );
    }

    #[test]
    fn without_systemd_it_says_so() {
        let container = "System has not been booted with systemd as init system (PID 1). Can't operate.\n";
        for (stdout, stderr) in [("absent\n", ""), ("state\noffline\n\u{1}scout units\n", container)] {
            let shown = read(&Systemd::List, stdout, stderr, 1).unwrap();
            assert_eq!(shown.text, "# systemd on web1\n\nsystemd is not available on this host.");
            let unit = read(&Systemd::unit("a").unwrap(), stdout, stderr, 1).unwrap_err();
            assert_eq!(unit.message(), "systemd is not available on web1");
        }
    }
}
