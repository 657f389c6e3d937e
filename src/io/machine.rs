//! What machine this is, as far as figures depend on it.

use std::fs;

use rustix::system::uname;

use super::cpus;

/// In words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Machine {
    /// Kernel and architecture.
    pub system: String,
    /// The model of its processors; empty where the kernel does not tell.
    pub processor: String,
    /// How many we may use.
    pub processors: usize,
    /// 0 where the kernel does not tell.
    pub memory_bytes: u64,
}

impl Machine {
    pub fn this() -> Self {
        let name = uname();
        let words =
            [name.sysname(), name.release(), name.machine()].map(|word| word.to_string_lossy().into_owned());
        let text = |path| fs::read_to_string(path).unwrap_or_default();
        Self {
            system: words.join(" "),
            processor: value(&text("/proc/cpuinfo"), "model name").unwrap_or_default().to_owned(),
            processors: cpus::count(),
            memory_bytes: value(&text("/proc/meminfo"), "MemTotal").map_or(0, kilobytes),
        }
    }
}

/// The first of these lines of `name: value` (proc_cpuinfo(5), proc_meminfo(5)).
fn value<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let pairs = text.lines().filter_map(|line| line.split_once(':'));
    pairs.into_iter().find(|(found, _)| found.trim() == name).map(|(_, value)| value.trim())
}

fn kilobytes(text: &str) -> u64 {
    let number = text.split_whitespace().next().and_then(|number| number.parse::<u64>().ok());
    number.unwrap_or(0) * 1024
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_machine_has_a_name_and_memory() {
        let machine = Machine::this();
        assert!(machine.system.starts_with("Linux ") && machine.memory_bytes > 1 << 20, "{machine:?}");
        assert_eq!(value("a\t: 1\nmodel name\t: X\n", "model name"), Some("X"));
        assert_eq!(kilobytes("12 kB"), 12 * 1024);
    }
}
