//! Instructions by name: as they are, as they were, and whether that is worse.

use std::collections::BTreeMap;
use std::env;
use std::fmt::Write;
use std::fs;
use std::process::Command;

const FILE: &str = match cfg!(debug_assertions) {
    true => concat!(env!("CARGO_MANIFEST_DIR"), "/benches/instructions/dev.toml"),
    false => concat!(env!("CARGO_MANIFEST_DIR"), "/benches/instructions/counted.toml"),
};

/// The band: what one may take more than before, in percent. Seeds of hash tables make 0.4 of it, another build of the same
/// source up to 1, and one more copy of a payload at least 5; a compiler of another version is not judged at all.
const BAND: u64 = 2;

/// How to take over what was counted.
const ACCEPT: &str = match cfg!(debug_assertions) {
    true => "UPDATE_GOLDEN=1 scripts/instructions dev",
    false => "UPDATE_GOLDEN=1 scripts/instructions",
};

pub struct Counts {
    /// What compiled them, and for which processors.
    compiler: String,
    instructions: BTreeMap<String, u64>,
}

impl Counts {
    pub fn of(counts: impl Iterator<Item = (String, u64)>) -> Self {
        let version = Command::new("rustc").arg("--version").output().expect("rustc is installed").stdout;
        let compiler = format!("{}, {}", String::from_utf8_lossy(&version).trim(), env::consts::ARCH);
        Self { compiler, instructions: counts.collect() }
    }

    pub fn none() -> Self {
        Self::of(std::iter::empty())
    }

    /// How many instructions this may take; none when nobody knows it.
    pub fn allowed(&self, name: &str) -> u64 {
        self.instructions.get(name).map_or(0, |before| before + before * BAND / 100)
    }

    pub fn read() -> Self {
        let text = fs::read_to_string(FILE).expect("counts to compare with");
        let mut table: toml::Table = text.parse().expect("counts as they were written");
        let compiler = table.remove("compiler").and_then(|name| name.as_str().map(str::to_owned));
        let numbers = table.remove("instructions").and_then(|numbers| numbers.try_into().ok());
        Self { compiler: compiler.unwrap_or_default(), instructions: numbers.unwrap_or_default() }
    }

    pub fn write(&self) {
        let mut text = format!(
            "# Instructions of the small pieces of work in src/testing/chores/, written by {ACCEPT}.\n"
        );
        let _ = writeln!(text, "compiler = \"{}\"\n\n[instructions]", self.compiler);
        for (name, count) in &self.instructions {
            let _ = writeln!(text, "\"{name}\" = {count}");
        }
        fs::write(FILE, text).expect("the counts can be written");
    }

    /// Prints both, and whether all of these are known and none is worse than before.
    pub fn compare(&self, before: &Self) -> bool {
        println!("| | before | now | % |\n|---|---|---|---|");
        let mut faults = Vec::new();
        for (name, now) in &self.instructions {
            let Some(old) = before.instructions.get(name) else {
                println!("| {name} | | {now} | |");
                faults.push(format!("{name} is new"));
                continue;
            };
            let change = (*now as f64 / *old as f64 - 1.0) * 100.0;
            println!("| {name} | {old} | {now} | {change:+.2} |");
            if *now > before.allowed(name) {
                faults.push(format!("{name} takes {change:.1} % more: find out why"));
            }
        }
        let gone = before.instructions.keys().filter(|name| !self.instructions.contains_key(*name));
        faults.extend(gone.map(|name| format!("{name} is gone")));
        if self.compiler != before.compiler {
            println!("\nNot judged: this is {}, the counts before are of {}", self.compiler, before.compiler);
            return true;
        }
        for fault in &faults {
            println!("\n{fault}, or accept it with {ACCEPT}");
        }
        faults.is_empty()
    }
}
