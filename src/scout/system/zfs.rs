//! ZFS pools, their datasets and snapshots.

use std::fmt::Write;

use super::name::Name;
use super::script::{Answer, Script};
use super::shown::{Rows, Shown, heading};
use super::sizes::human_of;
use super::{Ask, address, missing, trouble};
use crate::base::limits::SNAPSHOTS_SHOWN_MAX;
use crate::base::text::on_one_line;
use crate::base::{Error, Result};

/// A question to ZFS.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Zfs {
    Overview,
    Pool(Name),
    Datasets(Name),
    /// Of all pools, the newest.
    Snapshots,
}

impl Zfs {
    pub fn pool(name: &str) -> Result<Self> {
        Name::pool(name).map(Self::Pool)
    }

    pub fn datasets(pool: &str) -> Result<Self> {
        Name::pool(pool).map(Self::Datasets)
    }
}

impl Ask for Zfs {
    fn script(&self) -> Script {
        match self {
            Self::Overview => Script::new(OVERVIEW),
            Self::Pool(pool) => Script::new(POOL).with(pool),
            Self::Datasets(pool) => Script::new(DATASETS).with(pool),
            Self::Snapshots => Script::new(SNAPSHOTS).with(SNAPSHOTS_SHOWN_MAX),
        }
    }

    fn read(&self, host: &str, answer: &Answer) -> Result<Shown> {
        let is_absent = answer.is_absent();
        let unavailable = |title: &str| {
            Ok(Shown::of(answer, format!("# ZFS {title}{host}\n\nZFS is not available on this host.")))
        };
        match self {
            Self::Overview if is_absent => Ok(Shown::of(answer, absent(host))),
            Self::Pool(pool) if is_absent => unavailable(&format!("Pool: {pool}@")),
            Self::Datasets(pool) if is_absent => unavailable(&format!("Datasets: {pool}@")),
            Self::Snapshots if is_absent => unavailable("Snapshots: "),
            Self::Overview => overview(host, answer),
            Self::Pool(pool) => status(host, pool, answer),
            Self::Datasets(pool) => datasets(host, pool, answer),
            Self::Snapshots => snapshots(host, answer),
        }
    }
}

const OVERVIEW: &str = "need zpool; say ok; exec zpool list -Hp -o name,size,allocated,free,capacity,health";

/// Which pools there are is told with one that there is not.
const POOL: &str = r#"
need zpool; say ok;
zpool status -v "$1" || { s=$?; say pools; zpool list -H -o name 2>/dev/null; exit $s; }
"#;

const DATASETS: &str = r#"
need zfs; say ok;
exec zfs list -Hp -r -o name,used,available,referenced,mountpoint "$1"
"#;

/// Sorted by age on the host, so that however many there are only the newest come here.
const SNAPSHOTS: &str = r#"
need zfs; say ok;
zfs list -H -t snapshot -o name,used,creation -s creation | tail -n "$1"
"#;

fn absent(host: &str) -> String {
    format!(
        "# ZFS on {host}\n\nZFS is not available on this host.\n\n\
         This host either does not have ZFS installed or the zpool command is not accessible."
    )
}

fn failed(host: &str, answer: &Answer) -> Error {
    trouble(&format!("ZFS error on {host}"), answer.complaint())
}

/// The cells of lines that have as many of them as there should be.
fn cells<const N: usize>(text: &str) -> Vec<[String; N]> {
    let cells = |line: &str| {
        let cells: Vec<_> = line.split('\t').map(|cell| on_one_line(cell, CELL_CHARS_MAX)).collect();
        cells.try_into().ok()
    };
    text.lines().filter_map(cells).collect()
}

/// Longer than any name of ZFS's own (256) or path.
const CELL_CHARS_MAX: usize = 4_096;

fn overview(host: &str, answer: &Answer) -> Result<Shown> {
    if !answer.is_success() {
        return Err(failed(host, answer));
    }
    let pools = cells::<6>(&answer.whole().1);
    let columns = ["name", "size", "allocated", "free", "capacity", "health"];
    if pools.is_empty() {
        let text = format!("# ZFS on {host}\n\nZFS is installed but no pools are configured.");
        return Ok(Shown::of(answer, text).with(Rows::new(columns, pools)));
    }
    let mut text = heading(&format!("ZFS Overview: {host}")) + "\n## Pools\n";
    for [name, size, allocated, free, capacity, health] in &pools {
        let mark = if health == "ONLINE" { '●' } else { '○' };
        let [size, allocated, free] = [size, allocated, free].map(|bytes| human_of(bytes));
        let capacity = capacity.trim_end_matches('%');
        let view = address(host, &format!("zfs/{name}"));
        // Writing to a String cannot fail.
        let _ = write!(
            text,
            "\n{mark} {name} ({health})\n    Size:  {size}\n    Used:  {allocated} ({capacity}%)\n    Free:  {free}\n    \
             View:  {view}\n"
        );
    }
    let _ = write!(text, "\n## Quick Links\n\n  Snapshots: {}", address(host, "zfs/snapshots"));
    for [name, ..] in &pools {
        let _ = write!(text, "\n  {name} datasets: {}", address(host, &format!("zfs/{name}/datasets")));
    }
    Ok(Shown::of(answer, text).with(Rows::new(columns, pools)))
}

fn status(host: &str, pool: &Name, answer: &Answer) -> Result<Shown> {
    let sections = answer.sections();
    let of = |mark: &str| sections.iter().find(|(word, _)| *word == mark).map(|(_, text)| text.as_ref());
    match of("pools") {
        None => {
            Ok(Shown::of(answer, format!("# ZFS Pool: {pool}@{host}\n\n{}", of("ok").unwrap_or_default())))
        }
        Some(pools) if answer.complaint().contains("no such pool") => {
            let pools: Vec<_> = pools.lines().collect();
            let pools = if pools.is_empty() { "none".to_owned() } else { pools.join(", ") };
            Err(missing(format!("Pool '{pool}' not found on {host}. Available pools: {pools}")))
        }
        Some(_) => Err(failed(host, answer)),
    }
}

fn datasets(host: &str, pool: &Name, answer: &Answer) -> Result<Shown> {
    if !answer.is_success() && answer.complaint().contains("dataset does not exist") {
        let list = address(host, "zfs");
        return Err(missing(format!(
            "Pool '{pool}' not found or has no datasets on {host}. Use {list} to see available pools."
        )));
    }
    if !answer.is_success() {
        return Err(failed(host, answer));
    }
    let datasets = cells::<5>(&answer.whole().1);
    let mut text = heading(&format!("ZFS Datasets: {pool}@{host}"));
    let _ = write!(
        text,
        "\n{:<50} {:>8} {:>8} {:>8} MOUNTPOINT\n{}",
        "NAME",
        "USED",
        "AVAIL",
        "REFER",
        "-".repeat(90)
    );
    for [name, used, available, referenced, mountpoint] in &datasets {
        let [used, available, referenced] = [used, available, referenced].map(|bytes| human_of(bytes));
        let name = shortened(name);
        let _ = write!(text, "\n{name:<50} {used:>8} {available:>8} {referenced:>8} {mountpoint}");
    }
    let columns = ["name", "used", "available", "referenced", "mountpoint"];
    Ok(Shown::of(answer, text).with(Rows::new(columns, datasets)))
}

/// A name that fits into its column: of a longer one the end says more.
fn shortened(name: &str) -> String {
    let length = name.chars().count();
    if length <= 48 {
        return name.to_owned();
    }
    name.chars().skip(length - 45).fold("...".to_owned(), |mut text, c| {
        text.push(c);
        text
    })
}

fn snapshots(host: &str, answer: &Answer) -> Result<Shown> {
    let snapshots = cells::<3>(&answer.whole().1);
    // What `tail` exits with says nothing of `zfs`.
    let has_failed = !answer.complaint().is_empty() && !answer.complaint().contains("no datasets available");
    if snapshots.is_empty() && has_failed {
        return Err(failed(host, answer));
    }
    let columns = ["name", "used", "created"];
    if snapshots.is_empty() {
        let text = format!("# ZFS Snapshots: {host}\n\nNo snapshots found.");
        return Ok(Shown::of(answer, text).with(Rows::new(columns, snapshots)));
    }
    let mut text = heading(&format!("ZFS Snapshots: {host}"))
        + &format!("(showing last {SNAPSHOTS_SHOWN_MAX} snapshots)\n");
    for [name, used, created] in &snapshots {
        let _ = write!(text, "\n  {name}\n      Used: {used:<10} Created: {created}\n");
    }
    Ok(Shown::of(answer, text).with(Rows::new(columns, snapshots)))
}

#[cfg(test)]
mod tests;
