//! Files and hosts that change while somebody watches.

use super::*;

/// The server has another file; connections made before go on with the old one.
fn put(scene: &Scene, content: &str) {
    CONTENT.set(content.into());
    scene.host("alpha").last().end_subsystems();
}

const FILE: &str = "scout://alpha/file";
const A_FEW: Duration = Duration::from_secs(3 * WATCH_EVERY.as_secs());

#[test]
fn a_file_that_changes_is_told_once_to_each_who_watches() {
    let scene = Scene::serving_files();
    for uri in [FILE, "alpha://file", "scout://alpha/dir"] {
        assert_eq!(scene.ask("resources/subscribe", json!({ "uri": uri })), json!({}));
    }
    assert!(scene.notices_within(A_FEW).is_empty());
    put(&scene, "more content");
    let mut told: Vec<_> =
        scene.notices_within(A_FEW).iter().map(|notice| notice["params"]["uri"].to_string()).collect();
    told.sort_unstable();
    assert_eq!(told, [r#""alpha://file""#, r#""scout://alpha/file""#]);
    scene.ask("resources/unsubscribe", json!({ "uri": FILE }));
    put(&scene, "less");
    assert_eq!(scene.notices_within(A_FEW).len(), 1);
    scene.ask("resources/unsubscribe", json!({ "uri": "alpha://file" }));
    scene.ask("resources/unsubscribe", json!({ "uri": "scout://alpha/dir" }));
    scene.notices_within(WATCH_EVERY);
    // Nobody keeps the host awake any more.
    scene.pass(scene.host("alpha").idle_timeout.get() + A_FEW);
    assert_eq!(scene.host("alpha").open(), 0);
}

#[test]
fn all_who_watch_a_file_share_its_looks() {
    let scene = Scene::serving_files();
    let looks = Rc::<std::cell::Cell<usize>>::default();
    let watch = || {
        let (looks, shards) = (Rc::clone(&looks), Rc::clone(&scene.shards));
        let path = crate::target::RemotePath::parse("/file").unwrap();
        scene.spawn(async move {
            let changes = watch::changes(shards, ClientId::STDIO, "alpha".into(), path);
            changes
                .for_each(|()| {
                    looks.set(looks.get() + 1);
                    ready(())
                })
                .await;
        })
    };
    let _watching: Vec<_> = (0..10).map(|_| watch()).collect();
    scene.pass(A_FEW);
    let idle = scene.shards.own().snapshot().histogram(Histogram::QueueWait).len();
    assert!((3..=5).contains(&idle), "{idle} looks in {A_FEW:?}");
    put(&scene, "another content");
    scene.pass(A_FEW);
    assert_eq!(looks.get(), 10);
}

#[test]
fn a_host_that_cannot_be_asked_changes_nothing() {
    let scene = Scene::serving_files();
    scene.ask("resources/subscribe", json!({ "uri": FILE }));
    scene.notices_within(A_FEW);
    scene.host("alpha").last().break_off();
    *scene.host("alpha").refusal.borrow_mut() =
        Some(crate::base::Error::new(crate::base::Kind::Unreachable, "nobody there"));
    assert!(scene.notices_within(A_FEW).is_empty());
    scene.host("alpha").refusal.take();
    scene.pass(Duration::from_secs(120));
    assert!(scene.notices_within(A_FEW).is_empty());
    put(&scene, "another content");
    assert_eq!(scene.notices_within(A_FEW).len(), 1);
}

#[test]
fn who_listens_hears_of_hosts_that_come_and_go_and_of_nothing_else() {
    let scene = Scene::new();
    scene.ask("resources/subscribe", json!({ "uri": "hosts://list" }));
    let reload = |change: fn(&str) -> String| {
        let fleet = scene.shards.own();
        fleet.reconfigure(scene.changed_config(change), (*fleet.settings()).clone());
        let mut told: Vec<_> =
            scene.notices_within(WATCH_EVERY).iter().map(|notice| notice["method"].to_string()).collect();
        told.sort_unstable();
        told
    };
    assert!(scene.notices_within(WATCH_EVERY).is_empty());
    let both = [r#""notifications/resources/list_changed""#, r#""notifications/resources/updated""#];
    assert_eq!(reload(|text| format!("{text}\nHost another\n")), both);
    assert!(reload(|text| format!("{text}\nHost another\n Port 23\n")).is_empty());
    assert_eq!(reload(|text| text.into()), both);
    let names = scene.ask("resources/list", json!({}));
    assert!(!names.to_string().contains("another content"));
}

#[test]
fn figures_cannot_be_watched() {
    let scene = Scene::new();
    for uri in ["scout://stats", "scout://nobody/x"] {
        assert_eq!(
            scene.answer("resources/subscribe", json!({ "uri": uri }))["error"]["code"],
            -32002,
            "{uri}"
        );
    }
}
