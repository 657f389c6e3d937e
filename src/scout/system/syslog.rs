//! The log of the system: the journal, or the file that a syslog daemon writes.

use super::Ask;
use super::name::Name;
use super::query::{Query, Since, Span, refused};
use super::script::{Answer, Script};
use super::shown::Shown;
use crate::base::Result;
use crate::base::text::shown;

/// A part of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Syslog {
    span: Span,
    unit: Option<Name>,
    priority: Option<&'static str>,
}

/// As syslog(3) orders them, with what else they are called.
const PRIORITIES: [(&str, &str); 8] = [
    ("emerg", "panic"),
    ("alert", "alert"),
    ("crit", "critical"),
    ("err", "error"),
    ("warning", "warn"),
    ("notice", "notice"),
    ("info", "info"),
    ("debug", "debug"),
];

impl Syslog {
    /// Errors: a parameter is not what it should be.
    pub fn read_query(query: &mut Query<'_>) -> Result<Self> {
        let span = Span::read(query)?;
        let unit = query.take("unit").map(|unit| Name::unit(&unit)).transpose()?;
        let priority = query.take("priority").map(|text| priority(&text)).transpose()?;
        Ok(Self { span, unit, priority })
    }
}

fn priority(text: &str) -> Result<&'static str> {
    let wanted = text.to_ascii_lowercase();
    let numbered = (0..).zip(PRIORITIES);
    let mut found = numbered
        .filter(|(number, names)| names.0 == wanted || names.1 == wanted || number.to_string() == wanted);
    found.next().map(|(_, (name, _))| name).ok_or_else(|| {
        let known = PRIORITIES.map(|(name, _)| name).join(", ");
        refused(format!("priority must be 0 to 7 or one of {known}, got '{}'", shown(text)))
    })
}

impl Ask for Syslog {
    fn script(&self) -> Script {
        Script::new(SCRIPT)
            .with(self.span.lines)
            .with(self.span.since(Since::for_journal))
            .with(self.priority.unwrap_or_default())
            .with(self.unit.as_ref().map(Name::as_str).unwrap_or_default())
    }

    fn read(&self, host: &str, answer: &Answer) -> Result<Shown> {
        let (source, lines) = answer.whole();
        let (source, is_file) = match source.strip_prefix("file ") {
            Some(file) => (file, true),
            None => (source, false),
        };
        if source == "none" {
            return Ok(Shown::of(answer, NONE));
        }
        let mut head = format!("# Syslog: {host} ({source})\n");
        if is_file && (self.span.since.is_some() || self.priority.is_some()) {
            head.push_str("(since and priority need journalctl, and were left out)\n");
        }
        let lines = if lines.trim().is_empty() { "(no entries)".into() } else { lines };
        Ok(Shown::of(answer, format!("{head}\n{lines}")))
    }
}

/// Who may not see the journal, or finds it empty, is shown the files. In these a unit is the program's name.
const SCRIPT: &str = r#"
if has journalctl &&
  o=$(journalctl -q --no-pager -o short-iso -n "$1"
      ${2:+"--since=$2"} ${3:+"--priority=$3"} ${4:+"--unit=$4"} 2>&1) &&
  [ "$o$2$3$4" ];
then say journalctl; printf '%s\n' "$o"; exit 0;
fi;
for f in /var/log/syslog /var/log/messages; do
  if [ -f $f ] && [ -r $f ]; then
    say "file $f"; u=${4%.service};
    if [ "$u" ]; then grep -F -e " $u[" -e " $u:" $f | tail -n "$1"; else tail -n "$1" $f; fi;
    exit 0;
  fi;
done;
say none
"#;

const NONE: &str = "System logs are not available on this host.\n\n\
    Neither journalctl nor /var/log/syslog nor /var/log/messages is accessible.";

#[cfg(test)]
mod tests {
    use super::*;

    fn view(query: &str) -> Result<Syslog> {
        let mut query = Query::parse(query)?;
        Syslog::read_query(&mut query)
    }

    fn shows(query: &str, answer: &str) -> String {
        view(query).unwrap().read("web1", &Answer::recorded(answer, "", 0)).unwrap().text
    }

    #[test]
    fn the_journal_comes_as_it_is() {
        let line = "2026-01-31T12:30:00+0000 web1 sshd[812]: Server listening on 0.0.0.0 port 22.";
        let text = shows("", &format!("journalctl\n{line}\n"));
        assert_eq!(text, format!("# Syslog: web1 (journalctl)\n\n{line}"));
        assert_eq!(shows("unit=sshd", "journalctl\n\n"), "# Syslog: web1 (journalctl)\n\n(no entries)");
    }

    #[test]
    fn a_file_says_what_it_cannot_do() {
        let line = "Jan 31 12:30:00 web1 sshd[812]: Server listening.";
        let answer = format!("file /var/log/messages\n{line}\n");
        assert_eq!(shows("", &answer), format!("# Syslog: web1 (/var/log/messages)\n\n{line}"));
        let told = "(since and priority need journalctl, and were left out)";
        assert_eq!(
            shows("since=1h", &answer),
            format!("# Syslog: web1 (/var/log/messages)\n{told}\n\n{line}")
        );
    }

    #[test]
    fn without_any_log_it_explains() {
        assert_eq!(shows("", "none\n"), NONE);
    }

    #[test]
    fn parameters_reach_journalctl_in_its_own_words() {
        let script = view("unit=nginx.service&since=2h&priority=ERROR&lines=5").unwrap().script().command();
        let script = String::from_utf8(script).unwrap();
        assert!(script.starts_with("set -- 5 -7200s err nginx.service ;"), "{script}");
        assert_eq!(view("priority=4").unwrap().priority, Some("warning"));
        for (query, message) in [
            (
                "priority=8",
                "priority must be 0 to 7 or one of emerg, alert, crit, err, warning, notice, info, debug, got '8'",
            ),
            ("unit=--root=/", "Not the name of a unit: '--root=/'"),
            ("lines=all", "lines must be a number from 1 to 10000, got 'all'"),
        ] {
            assert_eq!(view(query).unwrap_err().message(), message);
        }
    }
}
