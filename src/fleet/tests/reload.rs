//! A configuration that changes under a fleet at work.

use super::*;
use crate::config::Access;
use crate::fleet::Presence;

fn run_on(
    world: &World,
    fleet: &Rc<Fleet>,
    host: &'static str,
    command: &'static str,
) -> Handle<Result<Exit>> {
    let fleet = Rc::clone(fleet);
    world.spawn(async move {
        let work =
            async |machine: &Machine| machine.run(command.as_bytes(), &mut Collected::up_to(100)).await;
        fleet.caller(Class::Interactive, ClientId::STDIO).work(host, Need::Session, Repeat::Never, work).await
    })
}

async fn machine(fleet: &Fleet, host: &str) -> Result<()> {
    fleet.machine(host, fleet.now() + 10 * SECOND).await.map(drop)
}

fn connect(world: &World, fleet: &Rc<Fleet>, host: &'static str) {
    let fleet = Rc::clone(fleet);
    world.run(async move { machine(&fleet, host).await }).unwrap();
}

fn reconfigure(world: &World, fleet: &Rc<Fleet>, change: impl FnOnce(&str) -> String) {
    fleet.reconfigure(world.changed_config(change), (*fleet.settings()).clone());
    world.settle();
}

fn open(world: &World, hosts: &[&str]) -> Vec<usize> {
    hosts.iter().map(|host| world.host(host).open()).collect()
}

#[test]
fn hosts_that_did_not_change_keep_their_connections() {
    let world = World::new();
    let fleet = world.fleet(|_| {});
    ["alpha", "bravo", "far"].into_iter().for_each(|host| connect(&world, &fleet, host));
    reconfigure(&world, &fleet, |text| format!("Host new\n User me\n{text}\nHost bravo\n Port 2222\n"));
    world.pass(SECOND);
    assert_eq!(open(&world, &["alpha", "bravo", "far"]), [1, 0, 1]);
    assert!(fleet.host("new").is_ok());
    ["alpha", "bravo", "far"].into_iter().for_each(|host| connect(&world, &fleet, host));
    assert_eq!(["alpha", "bravo", "far"].map(|host| world.host(host).dials()), [1, 2, 1]);
}

#[test]
fn what_is_behind_a_changed_hop_changes_with_it() {
    let world = World::new();
    let fleet = world.fleet(|_| {});
    ["far", "charlie"].into_iter().for_each(|host| connect(&world, &fleet, host));
    reconfigure(&world, &fleet, |text| format!("Host alpha\n Port 2222\n{text}"));
    world.pass(SECOND);
    assert_eq!(open(&world, &["alpha", "far", "charlie"]), [0, 0, 1]);
}

#[test]
fn a_host_that_is_gone_finishes_its_work_and_takes_no_more() {
    let world = World::new();
    let fleet = world.fleet(|_| {});
    connect(&world, &fleet, "alpha");
    let running = run(&world, &fleet, Repeat::Never, "bytes 500000");
    // The command is on its way; its answer takes twice as long as the rest of this second.
    world.host("alpha").delay.set(SECOND);
    world.pass(SECOND);
    reconfigure(&world, &fleet, |text| text.replace("Host alpha", "Host").replace("alpha", "bravo"));
    let refused = run(&world, &fleet, Repeat::Never, "echo hi");
    world.settle();
    assert_eq!(refused.output().unwrap_err().kind(), Kind::UnknownHost);
    assert_eq!((running.is_done(), world.host("alpha").open()), (false, 1), "there is work under way");
    world.pass(20 * SECOND);
    assert_eq!(running.output().unwrap(), Exit::Code(0));
    assert_eq!(open(&world, &["alpha"]), [0]);
}

#[test]
fn a_dial_of_a_host_that_changes_meanwhile_serves_nobody_later() {
    let world = World::new();
    let fleet = world.fleet(|_| {});
    let early = run(&world, &fleet, Repeat::Never, "echo hi");
    world.settle();
    reconfigure(&world, &fleet, |text| format!("Host alpha\n Port 2222\n{text}"));
    world.pass(SECOND);
    assert_eq!(early.output().unwrap(), Exit::Code(0));
    connect(&world, &fleet, "alpha");
    world.pass(SECOND);
    assert_eq!((world.host("alpha").open(), world.host("alpha").dials() >= 2), (1, true));
}

#[test]
fn who_waits_for_room_goes_another_way_when_there_is_one() {
    let world = World::new();
    let fleet = world.fleet(|settings| settings.max_pool_size = 1);
    let at_work = run_on(&world, &fleet, "charlie", "hang");
    world.pass(SECOND);
    let [changed, gone] = ["alpha", "bravo"].map(|host| run_on(&world, &fleet, host, "echo hi"));
    world.pass(SECOND);
    reconfigure(&world, &fleet, |text| format!("Host alpha\n Port 2222\n{}", text.replace("bravo ", "")));
    assert_eq!(gone.output().unwrap_err().kind(), Kind::UnknownHost);
    assert!(!changed.is_done());
    at_work.cancel();
    world.pass(5 * SECOND);
    assert_eq!(changed.output().unwrap(), Exit::Code(0));
    assert_eq!((world.host("alpha").dials(), world.host("bravo").dials()), (1, 0));
    assert!(fleet.pool.is_connected(&fleet.route("alpha").unwrap().unwrap()));
}

/// Work that waits for the right to execute at its host, which work on this machine has.
#[test]
fn who_waits_for_his_turn_goes_another_way_when_there_is_one() {
    let world = World::new();
    let fleet = world.fleet(|settings| settings.max_concurrency = 1);
    let work = |host: &'static str, time: Duration| {
        let fleet = Rc::clone(&fleet);
        let work = async move {
            let caller = fleet.caller(Class::Background, ClientId::STDIO);
            let work = async |_: &Machine| {
                fleet.net.sleep_until(fleet.now() + time).await;
                Ok(())
            };
            caller.work(host, Need::Files, Repeat::Never, work).await
        };
        world.spawn(work)
    };
    let at_work = work(crate::fleet::LOCALHOST, 10 * SECOND);
    let [changed, gone] = ["alpha", "bravo"].map(|host| work(host, SECOND));
    world.pass(SECOND);
    reconfigure(&world, &fleet, |text| format!("Host alpha\n Port 2222\n{}", text.replace("bravo ", "")));
    world.pass(SECOND);
    assert_eq!(open(&world, &["alpha", "bravo"]), [0, 0]);
    world.pass(20 * SECOND);
    assert!(at_work.output().is_ok() && changed.output().is_ok());
    assert_eq!(gone.output().unwrap_err().kind(), Kind::UnknownHost);
    assert_eq!((world.host("alpha").dials(), world.host("bravo").dials()), (2, 1));
}

#[test]
fn twenty_hosts_ten_of_them_dead_take_two_seconds_once() {
    let world = World::with_hosts(20);
    let fleet = world.fleet(|_| {});
    (0..10).for_each(|n| world.host(&format!("h{n}")).never_answers.set(true));
    let list = || {
        let shards = Shards::alone(Rc::clone(&fleet));
        let begun = world.now();
        let listed = world.run(async move { shards.status(&Access::all()).await });
        let online = listed.iter().filter(|line| line.presence == Presence::Online).count();
        // Ten, and this machine.
        assert_eq!((listed.len(), online), (21, 11));
        world.now() - begun
    };
    assert_eq!(list(), limits::PROBE_TIMEOUT);
    assert_eq!(list(), Duration::ZERO);
}

#[test]
fn settings_change_for_what_begins_then() {
    let world = World::new();
    let fleet = world.fleet(|_| {});
    let mut settings = (*fleet.settings()).clone();
    settings.request_timeout = 7 * SECOND;
    fleet.reconfigure(world.changed_config(str::to_owned), settings);
    let deadline = fleet.caller(Class::Interactive, ClientId::STDIO).claim().deadline;
    assert_eq!(deadline - world.now(), 7 * SECOND);
}

#[test]
fn the_host_list_knows_what_it_asked_a_moment_ago() {
    let world = World::new();
    let fleet = world.fleet(|_| {});
    world.host("bravo").never_answers.set(true);
    connect(&world, &fleet, "charlie");
    let list = |passes: Duration| {
        let shards = Shards::alone(Rc::clone(&fleet));
        let listed = world.spawn(async move { shards.status(&Access::all()).await });
        world.pass(passes);
        let listed = listed.output();
        let presence = |name: &str| listed.iter().find(|line| &*line.name == name).unwrap().presence;
        ["alpha", "bravo", "charlie", "far"].map(presence)
    };
    let probes = || ["alpha", "bravo", "charlie", "far"].map(|host| world.host(host).probes());
    let expected = [Presence::Online, Presence::Offline, Presence::Online, Presence::Unknown];
    assert_eq!(list(limits::PROBE_TIMEOUT), expected);
    assert_eq!(probes(), [1, 1, 0, 0], "a connection is known, and those behind alpha ask alpha");
    assert_eq!(list(Duration::ZERO), expected);
    assert_eq!(probes(), [1, 1, 0, 0]);
    world.pass(limits::OFFLINE_TTL);
    list(limits::PROBE_TIMEOUT);
    assert_eq!(probes(), [1, 2, 0, 0], "what is offline is asked again soon");
    world.host("alpha").refusal.replace(Some(Error::new(Kind::Unreachable, "nobody there")));
    assert!(world.run({
        let fleet = Rc::clone(&fleet);
        async move { machine(&fleet, "alpha").await.is_err() }
    }));
    let offline = list(limits::PROBE_TIMEOUT);
    assert_eq!((offline[0], offline[3]), (Presence::Offline, Presence::Offline), "a dial has told");
    world.host("charlie").refusal.replace(Some(Error::new(Kind::Unreachable, "nobody there")));
    world.host("charlie").last().break_off();
    world.pass(20 * SECOND);
    assert_eq!(list(limits::PROBE_TIMEOUT)[2], Presence::Offline, "what was lost is asked");
}
