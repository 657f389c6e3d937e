//! Addresses, listening sockets and routes of a machine.

use super::Ask;
use super::script::{Answer, Script};
use super::shown::{Rows, Shown, parts};
use super::table::words;
use crate::base::Result;

/// The question.
#[derive(Debug, Clone, Copy)]
pub struct Network;

/// Of iproute2, else of net-tools or BusyBox. Names of processes are told to who may see them.
const SCRIPT: &str = r#"
say Addresses; ip -brief address 2>/dev/null || ip address 2>/dev/null || ifconfig -a;
say 'Listening sockets'; ss -Htulnp 2>/dev/null || netstat -tulnp 2>/dev/null || netstat -an;
say Routes; { ip route && ip -6 route; } 2>/dev/null || netstat -rn || route -n;
exit 0
"#;

impl Ask for Network {
    fn script(&self) -> Script {
        Script::new(SCRIPT)
    }

    fn is_in_parts(&self) -> bool {
        true
    }

    fn read(&self, host: &str, answer: &Answer) -> Result<Shown> {
        let sections = answer.sections();
        let sockets = sections.get(1).map(|(_, text)| text.as_ref()).unwrap_or_default();
        let sockets: Vec<_> = sockets.lines().filter_map(socket).collect();
        let text = parts(&format!("Network of {host}"), &sections);
        Ok(Shown::of(answer, text).with(Rows::new(["protocol", "local", "process"], sockets)))
    }
}

/// A line of `ss -Htulnp` or of `netstat -tulnp`.
fn socket(line: &str) -> Option<[String; 3]> {
    let ([protocol, second, third, fourth, local_or_peer], rest) = words::<5>(line)?;
    if !protocol.starts_with("tcp") && !protocol.starts_with("udp") {
        return None;
    }
    // ss: Netid State Recv-Q Send-Q Local Peer Process; netstat: Proto Recv-Q Send-Q Local Foreign State PID/Program.
    let is_ss = second.parse::<u32>().is_err() && third.parse::<u32>().is_ok();
    let (local, behind) = if is_ss { (local_or_peer, rest) } else { (fourth, rest) };
    let process = match is_ss {
        true => behind.split_once(char::is_whitespace).map_or("", |(_, process)| process),
        false => behind.rsplit(char::is_whitespace).next().unwrap_or_default(),
    };
    Some([protocol, local, process.trim()].map(str::to_owned))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_programs_name_the_sockets() {
        for (line, cells) in [
            (
                "tcp   LISTEN 0      511          0.0.0.0:80        0.0.0.0:*    users:((\"nginx\",pid=812,fd=6))",
                ["tcp", "0.0.0.0:80", "users:((\"nginx\",pid=812,fd=6))"],
            ),
            ("udp   UNCONN 0      0      127.0.0.53%lo:53        0.0.0.0:*", ["udp", "127.0.0.53%lo:53", ""]),
            (
                "tcp6       0      0 :::22                   :::*                    LISTEN      701/sshd",
                ["tcp6", ":::22", "701/sshd"],
            ),
        ] {
            assert_eq!(socket(line), Some(cells.map(str::to_owned)), "{line}");
        }
        for line in
            ["Active Internet connections (only servers)", "", "tcp 1 2", "Proto Recv-Q Send-Q Local Foreign"]
        {
            assert_eq!(socket(line), None, "{line}");
        }
    }

    #[test]
    fn what_a_host_cannot_say_is_empty() {
        let answer = Answer::recorded(
            "Addresses\nlo UNKNOWN 127.0.0.1/8\n\u{1}scout Listening sockets\n\u{1}scout Routes\ndefault via 10.0.0.1\n",
            "sh: ss: not found",
            0,
        );
        let text = Network.read("web1", &answer).unwrap().text;
        assert!(text.starts_with("# Network of web1\n====="), "{text}");
        assert!(
            text.contains("## Addresses\n\nlo UNKNOWN 127.0.0.1/8\n\n## Listening sockets\n\n(nothing)\n"),
            "{text}"
        );
        assert!(text.ends_with("## Routes\n\ndefault via 10.0.0.1"), "{text}");
    }
}
