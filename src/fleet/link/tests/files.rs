//! The SFTP channel: whether there is one, how it breaks, and how it shares sessions with commands.

use super::*;
use crate::base::limits;
use crate::fleet::Machine;

#[test]
fn many_reads_share_one_channel() {
    let world = world_with_sessions(10);
    let link = world.link("alpha");
    let reads: Vec<_> = (0..300).map(|_| read(&world, &link)).collect();
    world.pass(60 * SECOND);
    assert!(reads.iter().all(|read| read.output().unwrap() == Some(file())));
    assert_eq!(world.host("alpha").last().server().busy_sessions(), 1);
}

#[test]
fn a_host_without_sftp_is_asked_once() {
    let world = World::new();
    let link = world.link("alpha");
    for _ in 0..3 {
        let reads = [read(&world, &link), read(&world, &link)];
        world.pass(SECOND);
        assert!(reads.iter().all(|read| read.output().unwrap().is_none()));
    }
    assert_eq!(world.host("alpha").last().server().busy_sessions(), 0);
}

#[test]
fn a_channel_that_breaks_fails_its_operations_and_the_next_one_opens_another() {
    let world = world_with_sessions(10);
    let link = world.link("alpha");
    let first = read(&world, &link);
    world.pass(SECOND);
    assert!(first.output().is_ok());
    let broken = read(&world, &link);
    world.settle();
    world.host("alpha").last().end_subsystems();
    world.pass(SECOND);
    let error = broken.output().unwrap_err();
    assert!(error.kind().is_worth_retrying() && error.message().contains("alpha"), "{error}");
    let next = read(&world, &link);
    world.pass(SECOND);
    assert_eq!(next.output().unwrap(), Some(file()));
}

#[test]
fn who_waits_for_sftp_hears_of_the_end_of_the_link() {
    let world = world_with_sessions(10);
    let link = world.link("alpha");
    world.host("alpha").is_mute.set(true);
    let waiting = read(&world, &link);
    world.pass(SECOND);
    link.close();
    world.settle();
    assert_eq!(waiting.output().unwrap_err().kind(), Kind::NotBegun);
}

#[test]
fn sftp_refused_beside_commands_is_asked_for_again_when_they_end() {
    let world = world_with_sessions(1);
    let link = world.link("alpha");
    let command = run(&world, &link, "hang");
    world.pass(SECOND);
    let crowded = [read(&world, &link), read(&world, &link)];
    world.pass(SECOND);
    assert!(crowded.iter().all(|read| read.output().unwrap().is_none()));
    command.cancel();
    world.pass(SECOND);
    let alone = read(&world, &link);
    world.pass(SECOND);
    assert_eq!(alone.output().unwrap(), Some(file()));
}

#[test]
fn a_read_given_up_at_any_moment_leaves_nothing_behind() {
    for moment in 0..60 {
        let world = world_with_sessions(10);
        let link = world.link("alpha");
        let reads = [read(&world, &link), read(&world, &link)];
        world.pass(moment * Duration::from_millis(3));
        reads[0].cancel();
        world.pass(SECOND);
        assert_eq!(reads[1].output().unwrap(), Some(file()), "after {moment}");
        assert_eq!((link.pipeline.held(), link.idle_since().is_some()), (0, true), "after {moment}");
    }
}

#[test]
fn only_what_a_silent_server_hangs_at_fails_and_who_stood_behind_it_gets_on_at_once() {
    let world = world_with_sessions(10);
    let link = world.link("alpha");
    let before = read(&world, &link);
    world.pass(SECOND);
    assert!(before.output().is_ok());
    let hung = [read_at(&world, &link, "/hangs"), read_at(&world, &link, "/hangs")];
    world.pass(SECOND);
    let behind = [read(&world, &link), read(&world, &link)];
    world.pass(limits::SFTP_SILENCE_MAX);
    for hung in hung {
        let error = hung.output().unwrap_err();
        assert!(!error.kind().is_worth_retrying(), "{error}");
        assert_eq!(
            error.message(),
            "alpha: the SFTP server did not answer for 20s; the file, or the file system it is on, may block"
        );
    }
    assert!(behind.iter().all(|read| read.output().unwrap() == Some(file())));
    assert_eq!(world.host("alpha").last().server().busy_sessions(), 1);
}

#[test]
fn several_files_that_hang_a_server_cost_others_one_wait_each() {
    let world = world_with_sessions(10);
    let link = world.link("alpha");
    let hung = [read_at(&world, &link, "/hangs"), read_at(&world, &link, "/hangs too")];
    world.pass(SECOND);
    let behind = read(&world, &link);
    world.pass(2 * limits::SFTP_SILENCE_MAX + SECOND);
    assert!(hung.iter().all(|read| read.output().is_err()), "each is told");
    assert_eq!(behind.output().unwrap(), Some(file()));
}

#[test]
fn what_hangs_is_not_waited_for_anew_once_its_reader_has_given_up() {
    let world = world_with_sessions(10);
    let link = world.link("alpha");
    let hung = read_at(&world, &link, "/hangs");
    world.pass(limits::SFTP_SILENCE_MAX - SECOND);
    hung.cancel();
    let next = read(&world, &link);
    world.pass(2 * SECOND);
    assert_eq!(next.output().unwrap(), Some(file()));
}

#[test]
fn a_server_that_hangs_keeps_nobody_from_leaving() {
    let world = world_with_sessions(10);
    let fleet = world.fleet(|_| {});
    let hanging = {
        let (fleet, deadline) = (Rc::clone(&fleet), world.now() + SECOND);
        world.spawn(async move {
            let Ok(Machine::Remote(link)) = fleet.machine("alpha", deadline).await else { panic!("no link") };
            link.serves_files().unwrap();
            let _ = link.read(b"/hangs", 0, 9).await;
        })
    };
    world.pass(SECOND);
    let left = world.spawn(async move { fleet.close().await });
    world.pass(limits::FAREWELL_PATIENCE);
    assert!(left.is_done() && world.host("alpha").last().server().is_closed());
    hanging.cancel();
}
