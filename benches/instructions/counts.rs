//! Instructions by name: as they are, as they were, and whether that is worse.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs;
use std::process::Command;

const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/instructions.toml");

/// What one may take more than before, in percent.
const SLACK: u64 = 2;

pub struct Counts {
    /// What compiled them.
    rustc: String,
    instructions: BTreeMap<String, u64>,
}

impl Counts {
    pub fn of(counts: impl Iterator<Item = (String, u64)>) -> Self {
        let version = Command::new("rustc").arg("--version").output().expect("rustc is installed").stdout;
        let rustc = String::from_utf8_lossy(&version).trim().to_owned();
        Self { rustc, instructions: counts.collect() }
    }

    pub fn none() -> Self {
        Self::of(std::iter::empty())
    }

    /// How many instructions this may take; none when nobody knows it.
    pub fn allowed(&self, name: &str) -> u64 {
        self.instructions.get(name).map_or(0, |before| before + before * SLACK / 100)
    }

    pub fn read() -> Self {
        let text = fs::read_to_string(FILE).expect("counts to compare with");
        let mut table: toml::Table = text.parse().expect("counts as they were written");
        let rustc = table.remove("rustc").and_then(|rustc| rustc.as_str().map(str::to_owned));
        let numbers = table.remove("instructions").and_then(|numbers| numbers.try_into().ok());
        Self { rustc: rustc.unwrap_or_default(), instructions: numbers.unwrap_or_default() }
    }

    pub fn write(&self) {
        let mut text = "# Instructions of the small pieces of work in src/testing/chores/; see benches/instructions/main.rs.\n".to_owned();
        let _ = writeln!(text, "rustc = \"{}\"\n\n[instructions]", self.rustc);
        for (name, count) in &self.instructions {
            let _ = writeln!(text, "\"{name}\" = {count}");
        }
        fs::write(FILE, text).expect("the counts can be written");
    }

    /// Prints both, and whether none of these is worse than before.
    pub fn compare(&self, before: &Self) -> bool {
        println!("| | before | now | % |\n|---|---|---|---|");
        let mut worse = Vec::new();
        for (name, now) in &self.instructions {
            let old = before.instructions.get(name).copied().unwrap_or_default();
            let change = (*now as f64 / old as f64 - 1.0) * 100.0;
            println!("| {name} | {old} | {now} | {change:+.2} |");
            if *now > before.allowed(name) {
                worse.push(format!("{name} takes {change:.1} % more"));
            }
        }
        if self.rustc != before.rustc {
            println!("\nNot judged: this is {}, the counts before are of {}", self.rustc, before.rustc);
            return true;
        }
        for what in &worse {
            println!("\n{what}: find out why, or accept it with UPDATE_GOLDEN=1 scripts/instructions");
        }
        worse.is_empty()
    }
}
