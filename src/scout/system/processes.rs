//! The processes that take most of a machine.

use super::Ask;
use super::query::{Query, refused};
use super::script::{Answer, Script};
use super::shown::{Rows, Shown};
use super::sizes::human;
use super::table::words;
use crate::base::Result;
use crate::base::limits::PROCESSES_SHOWN_DEFAULT;
use crate::base::text::{on_one_line, shown};

/// Those that take most of something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Processes {
    lines: usize,
    by: By,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum By {
    Cpu,
    Memory,
}

impl Processes {
    /// Errors: a parameter is not what it should be.
    pub fn read_query(query: &mut Query<'_>) -> Result<Self> {
        let by = match query.take("sort").as_deref() {
            None | Some("cpu") => By::Cpu,
            Some("memory") => By::Memory,
            Some(other) => {
                return Err(refused(format!("sort must be cpu or memory, got '{}'", shown(other))));
            }
        };
        Ok(Self { lines: query.lines(PROCESSES_SHOWN_DEFAULT)?, by })
    }
}

/// BusyBox knows fewer columns, and all processes without being asked.
const SCRIPT: &str = r#"
say load; cat /proc/loadavg 2>/dev/null || uptime;
say ps; ps -eo pid=,ppid=,user=,pcpu=,pmem=,rss=,etime=,args= 2>/dev/null && exit 0;
say plain; ps -ef 2>/dev/null || exec ps
"#;

impl Ask for Processes {
    fn script(&self) -> Script {
        Script::new(SCRIPT)
    }

    fn read(&self, host: &str, answer: &Answer) -> Result<Shown> {
        let sections = answer.sections();
        let of = |mark: &str| sections.iter().find(|(word, _)| *word == mark).map(|(_, text)| text.as_ref());
        let head = format!("# Processes on {host}\nLoad: {}\n", load(of("load").unwrap_or_default()));
        if let Some(plain) = of("plain") {
            let lines: Vec<_> =
                plain.lines().take(self.lines + 1).map(|line| on_one_line(line, LINE_CHARS_MAX)).collect();
            return Ok(Shown::of(answer, format!("{head}\n{}", lines.join("\n"))));
        }
        let mut processes: Vec<_> = of("ps").unwrap_or_default().lines().filter_map(Process::read).collect();
        let all = processes.len();
        match self.by {
            By::Cpu => processes.sort_by(|a, b| b.cpu.total_cmp(&a.cpu)),
            By::Memory => processes.sort_by_key(|process| std::cmp::Reverse(process.resident_kib)),
        }
        processes.truncate(self.lines);
        let by = if self.by == By::Cpu { "cpu" } else { "memory" };
        let mut text = format!("{head}{} of {all}, by {by}\n\n{}", processes.len(), Process::HEAD);
        for process in &processes {
            text.push_str(&process.line());
        }
        let rows = Rows::new(Process::COLUMNS, processes.into_iter().map(Process::row));
        Ok(Shown::of(answer, text).with(rows))
    }
}

/// What `/proc/loadavg` or `uptime` say of the last 1, 5 and 15 minutes.
fn load(said: &str) -> &str {
    let said = said.rsplit("average").next().unwrap_or_default().trim_start_matches(['s', ':', ' ']);
    let end = said.match_indices(' ').nth(2).map_or(said.len(), |(at, _)| at);
    said[..end].trim()
}

/// Of the longest command line.
const LINE_CHARS_MAX: usize = 300;

struct Process {
    pid: String,
    parent: String,
    user: String,
    /// Per cent of one processor.
    cpu: f64,
    /// Per cent.
    memory: String,
    resident_kib: u64,
    elapsed: String,
    command: String,
}

impl Process {
    const COLUMNS: [&str; 8] = ["pid", "ppid", "user", "cpu", "memory", "rss_kib", "elapsed", "command"];
    const HEAD: &str = "    PID    PPID USER          %CPU  %MEM      RSS     ELAPSED COMMAND";

    fn read(line: &str) -> Option<Self> {
        let ([pid, parent, user, cpu, memory, resident, elapsed], command) = words::<7>(line)?;
        let [pid, parent, user, memory, elapsed] = [pid, parent, user, memory, elapsed].map(str::to_owned);
        Some(Self {
            pid,
            parent,
            user,
            cpu: cpu.parse().ok()?,
            memory,
            resident_kib: resident.parse().ok()?,
            elapsed,
            command: on_one_line(command, LINE_CHARS_MAX),
        })
    }

    fn line(&self) -> String {
        let Self { pid, parent, user, cpu, memory, resident_kib, elapsed, command } = self;
        let resident = human(resident_kib.saturating_mul(1024));
        format!(
            "\n{pid:>7} {parent:>7} {user:<12} {cpu:>5} {memory:>5} {resident:>8} {elapsed:>11} {command}"
        )
    }

    fn row(self) -> [String; 8] {
        let (cpu, resident) = (self.cpu.to_string(), self.resident_kib.to_string());
        [self.pid, self.parent, self.user, cpu, self.memory, resident, self.elapsed, self.command]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RECORDED: &str = "load\n0.42 0.36 0.30 2/713 24901\n\u{1}scout ps\n\
        \u{20}     1       0 root      0.1  0.0  13204    10-02:11:02 /sbin/init splash\n\
        \u{20}   812       1 www-data 12.5  1.4 118472       01:02:03 nginx: worker process\n\
        \u{20}  1203       1 postgres  3.0  9.9 812000          05:01 postgres: writer \u{1b}[2J\n";

    fn show(query: &str, answer: &str) -> Shown {
        let mut query = Query::parse(query).unwrap();
        Processes::read_query(&mut query).unwrap().read("web1", &Answer::recorded(answer, "", 0)).unwrap()
    }

    #[test]
    fn those_that_take_most_come_first() {
        let shown = show("lines=2", RECORDED);
        let lines: Vec<_> = shown.text.lines().collect();
        assert_eq!(lines[..3], ["# Processes on web1", "Load: 0.42 0.36 0.30", "2 of 3, by cpu"]);
        assert_eq!(
            lines[5],
            "    812       1 www-data      12.5   1.4     116M    01:02:03 nginx: worker process"
        );
        let by_memory = show("sort=memory", RECORDED).rows.unwrap();
        assert_eq!(by_memory.column("pid"), ["1203", "812", "1"]);
        assert_eq!(by_memory.column("command")[0], "postgres: writer \\x1b[2J");
    }

    #[test]
    fn busybox_shows_what_it_can() {
        let shown = show(
            "lines=1",
            "load\n 10:00:00 up 1 day,  load average: 0.00, 0.01, 0.05\n\u{1}scout ps\n\u{1}scout plain\n\
            PID   USER     TIME  COMMAND\n    1 root      0:01 init\n    2 root      0:00 [kthreadd]\n",
        );
        assert_eq!(
            shown.text,
            "# Processes on web1\nLoad: 0.00, 0.01, 0.05\n\nPID   USER     TIME  COMMAND\n    1 root      0:01 init"
        );
    }

    #[test]
    fn other_orders_are_refused() {
        let mut query = Query::parse("sort=name").unwrap();
        let refusal = Processes::read_query(&mut query).unwrap_err();
        assert_eq!(refusal.message(), "sort must be cpu or memory, got 'name'");
    }
}
