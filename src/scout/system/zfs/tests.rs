//! Recorded answers of OpenZFS 2.

use proptest::prelude::*;

use super::*;
use crate::base::Kind;

fn read(view: &Zfs, stdout: &str, stderr: &str, code: u32) -> Result<Shown> {
    view.read("nas", &Answer::recorded(stdout, stderr, code))
}

fn tank() -> Zfs {
    Zfs::pool("tank").unwrap()
}

#[test]
fn the_overview_lists_pools() {
    let pools = "rpool\t498216206336\t107374182400\t390842023936\t21\tONLINE\ntank\t9961472000000\t9500000000000\t461472000000\t95\tDEGRADED\n";
    let shown = read(&Zfs::Overview, &format!("ok\n{pools}"), "", 0).unwrap();
    assert_eq!(
        shown.text,
        "# ZFS Overview: nas\n\
         ==================================================\n\
         \n\
         ## Pools\n\
         \n\
         ● rpool (ONLINE)\n    Size:  464G\n    Used:  100G (21%)\n    Free:  364G\n    View:  nas://zfs/rpool\n\
         \n\
         ○ tank (DEGRADED)\n    Size:  9.06T\n    Used:  8.64T (95%)\n    Free:  430G\n    View:  nas://zfs/tank\n\
         \n\
         ## Quick Links\n\
         \n  Snapshots: nas://zfs/snapshots\n  rpool datasets: nas://zfs/rpool/datasets\n  \
         tank datasets: nas://zfs/tank/datasets"
    );
    assert_eq!(shown.rows.unwrap().column("allocated"), ["107374182400", "9500000000000"]);
}

#[test]
fn without_pools_it_says_so() {
    let text = read(&Zfs::Overview, "ok\n", "", 0).unwrap().text;
    assert_eq!(text, "# ZFS on nas\n\nZFS is installed but no pools are configured.");
}

#[test]
fn without_zfs_every_view_says_so() {
    for (view, text) in [
        (
            Zfs::Overview,
            "# ZFS on nas\n\nZFS is not available on this host.\n\n\
             This host either does not have ZFS installed or the zpool command is not accessible.",
        ),
        (tank(), "# ZFS Pool: tank@nas\n\nZFS is not available on this host."),
        (Zfs::datasets("tank").unwrap(), "# ZFS Datasets: tank@nas\n\nZFS is not available on this host."),
        (Zfs::Snapshots, "# ZFS Snapshots: nas\n\nZFS is not available on this host."),
    ] {
        assert_eq!(read(&view, "absent\n", "", 0).unwrap().text, text);
    }
}

#[test]
fn a_pool_shows_its_status() {
    let status = "  pool: tank\n state: ONLINE\nconfig:\n\n\tNAME  STATE\n\ttank  ONLINE\n\nerrors: No known data errors";
    let text = read(&tank(), &format!("ok\n{status}\n"), "", 0).unwrap().text;
    assert_eq!(text, format!("# ZFS Pool: tank@nas\n\n{status}"));
}

#[test]
fn a_pool_that_is_missing_is_told_with_those_there_are() {
    let missing = |pools: &str| {
        let stdout = format!("ok\n\u{1}scout pools\n{pools}");
        let error = read(&tank(), &stdout, "cannot open 'tank': no such pool\n", 1).unwrap_err();
        (error.kind(), error.message().to_owned())
    };
    let message = |pools: &str| format!("Pool 'tank' not found on nas. Available pools: {pools}");
    assert_eq!(missing("rpool\nbackup\n"), (Kind::NotFound, message("rpool, backup")));
    assert_eq!(missing("").1, message("none"));
    let said = "cannot open 'tank': dataset does not exist";
    assert_eq!(
        read(&Zfs::datasets("tank").unwrap(), "ok\n", said, 1).unwrap_err().message(),
        "Pool 'tank' not found or has no datasets on nas. Use nas://zfs to see available pools."
    );
}

#[test]
fn datasets_stand_in_columns() {
    let long = format!("tank/{}", "x".repeat(60));
    let listed = format!("tank\t1649267441664\t461472000000\t98304\t/tank\n{long}\t98304\t1024\t0\tnone\n");
    let shown = read(&Zfs::datasets("tank").unwrap(), &format!("ok\n{listed}"), "", 0).unwrap();
    let lines: Vec<_> = shown.text.lines().collect();
    assert_eq!(lines[0], "# ZFS Datasets: tank@nas");
    assert_eq!(lines[3], format!("{:<50} {:>8} {:>8} {:>8} MOUNTPOINT", "NAME", "USED", "AVAIL", "REFER"));
    assert_eq!(lines[4], "-".repeat(90));
    assert_eq!(lines[5], format!("{:<50} {:>8} {:>8} {:>8} /tank", "tank", "1.50T", "430G", "96K"));
    assert_eq!(
        lines[6],
        format!("{:<50} {:>8} {:>8} {:>8} none", format!("...{}", "x".repeat(45)), "96K", "1K", "0")
    );
    assert_eq!(shown.rows.unwrap().column("name")[1], long);
}

#[test]
fn snapshots_are_listed() {
    let listed = "tank@daily-1\t96K\tMon Jan 26  0:00 2026\ntank@daily-2\t0B\tTue Jan 27  0:00 2026\n";
    let shown = read(&Zfs::Snapshots, &format!("ok\n{listed}"), "", 0).unwrap();
    assert_eq!(
        shown.text,
        "# ZFS Snapshots: nas\n\
         ==================================================\n\
         (showing last 50 snapshots)\n\
         \n  tank@daily-1\n      Used: 96K        Created: Mon Jan 26  0:00 2026\n\
         \n  tank@daily-2\n      Used: 0B         Created: Tue Jan 27  0:00 2026"
    );
    for said in ["", "no datasets available"] {
        let none = read(&Zfs::Snapshots, "ok\n", said, 0).unwrap();
        assert_eq!(none.text, "# ZFS Snapshots: nas\n\nNo snapshots found.");
    }
}

#[test]
fn zfs_that_may_not_be_asked_is_told() {
    let said = "Permission denied the ZFS utilities must be run as root.";
    for view in [Zfs::Overview, Zfs::datasets("tank").unwrap(), Zfs::Snapshots] {
        let error = read(&view, "ok\n", said, 1).unwrap_err();
        assert_eq!(
            (error.kind(), error.message()),
            (Kind::PermissionDenied, &*format!("ZFS error on nas: {said}"))
        );
    }
    let said = "The ZFS modules cannot be auto-loaded.";
    assert_eq!(read(&tank(), "ok\n\u{1}scout pools\n", said, 1).unwrap_err().kind(), Kind::Remote);
}

proptest! {
    #[test]
    fn never_panics(stdout in "[a-z0-9\t\u{1}\u{e9}%\n]{0,80}", code in 0_u32..2) {
        for view in [Zfs::Overview, tank(), Zfs::datasets("tank").unwrap(), Zfs::Snapshots] {
            let _ = read(&view, &stdout, &stdout, code);
        }
    }
}
