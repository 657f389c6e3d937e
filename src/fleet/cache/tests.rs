//! The cache in a world of its own: who waits, who shares, and what is remembered.

use std::cell::Cell;
use std::rc::Rc;

use super::*;
use crate::base::Kind;
use crate::fleet::{Claim, Class, ClientId, Fleet};
use crate::testing::world::{Handle, World};

const SECOND: Duration = Duration::from_secs(1);

/// A host whose answers are numbered and take a second.
#[derive(Clone, Default)]
struct Source {
    fetches: Rc<Cell<usize>>,
    failure: Rc<Cell<Option<Kind>>>,
}

struct Scene {
    world: World,
    fleet: Rc<Fleet>,
    source: Source,
}

impl Scene {
    fn new() -> Self {
        let world = World::new();
        let fleet = world.fleet(|_| {});
        Self { world, fleet, source: Source::default() }
    }

    fn read(&self) -> Handle<Result<Cached>> {
        self.read_within(60 * SECOND)
    }

    fn read_within(&self, limit: Duration) -> Handle<Result<Cached>> {
        let (fleet, source) = (Rc::clone(&self.fleet), self.source.clone());
        self.world.spawn(async move {
            let caller = fleet.caller(Class::Interactive, ClientId::STDIO);
            let claim = Claim { deadline: caller.now() + limit, ..*caller.claim() };
            let caller = Caller::new(fleet, claim);
            let fetch = |caller: Caller| async move {
                source.fetches.set(source.fetches.get() + 1);
                let answer = format!("text {}", source.fetches.get());
                let comes = async {
                    caller.net.sleep_until(caller.now() + SECOND).await;
                    match source.failure.get() {
                        Some(kind) => Err(Error::new(kind, "no")),
                        None => Ok(answer),
                    }
                };
                let late = || Err(Error::new(Kind::RequestTimeout, "late"));
                caller.until(caller.claim().deadline, comes, late).await
            };
            caller.cached("alpha", "/a", fetch).await
        })
    }

    fn answer(&self) -> (String, Option<u64>) {
        let read = self.read();
        self.world.settle();
        let Cached { text, age } = read.output().unwrap();
        (text.as_ref().to_owned(), age.map(|age| age.as_secs()))
    }

    fn fetched(&self) -> Result<String> {
        let read = self.read();
        self.world.pass(SECOND);
        read.output().map(|cached| cached.text.as_ref().to_owned())
    }
}

#[test]
fn a_hundred_who_want_the_same_are_one_fetch() {
    let scene = Scene::new();
    let reads: Vec<_> = (0..100).map(|_| scene.read()).collect();
    scene.world.pass(SECOND);
    assert!(reads.iter().all(|read| read.output().unwrap() == Cached { text: "text 1".into(), age: None }));
    assert_eq!(scene.source.fetches.get(), 1);
    scene.world.pass(20 * SECOND);
    assert_eq!(scene.answer(), ("text 1".to_owned(), Some(20)));
}

#[test]
fn at_expiry_a_hundred_get_the_old_text_at_once_and_one_fetch_renews_it() {
    let scene = Scene::new();
    scene.fetched().unwrap();
    scene.world.pass(60 * SECOND);
    let reads: Vec<_> = (0..100).map(|_| scene.read()).collect();
    let before = scene.world.now();
    scene.world.settle();
    assert!(reads.iter().all(|read| read.output().unwrap().text.as_ref() == "text 1"));
    assert_eq!(scene.world.now(), before);
    scene.world.pass(SECOND);
    assert_eq!(scene.source.fetches.get(), 2);
    assert_eq!(scene.answer(), ("text 2".to_owned(), Some(0)));
}

#[test]
fn who_has_more_time_than_the_first_uses_it_and_shares_it() {
    let scene = Scene::new();
    let first = scene.read_within(SECOND / 2);
    scene.world.settle();
    let others: Vec<_> = (0..100).map(|_| scene.read()).collect();
    scene.world.pass(SECOND / 2);
    assert_eq!(first.output().unwrap_err().kind(), Kind::RequestTimeout);
    scene.world.pass(SECOND);
    assert!(others.iter().all(|read| read.output().unwrap().text.as_ref() == "text 2"));
    assert_eq!(scene.source.fetches.get(), 2);
}

#[test]
fn a_host_that_is_busy_is_asked_once_for_each_who_waits() {
    let scene = Scene::new();
    scene.source.failure.set(Some(Kind::Busy));
    let reads: Vec<_> = (0..3).map(|_| scene.read()).collect();
    scene.world.pass(3 * SECOND);
    assert!(reads.iter().all(|read| read.output().unwrap_err().kind() == Kind::Busy));
    assert_eq!(scene.source.fetches.get(), 3);
}

#[test]
fn what_is_too_old_is_fetched() {
    let scene = Scene::new();
    scene.fetched().unwrap();
    scene.world.pass(600 * SECOND);
    assert_eq!(scene.fetched().unwrap(), "text 2");
}

#[test]
fn failures_are_told_and_not_kept() {
    let scene = Scene::new();
    scene.source.failure.set(Some(Kind::ConnectionLost));
    assert_eq!(scene.fetched().unwrap_err().kind(), Kind::ConnectionLost);
    scene.source.failure.set(None);
    assert_eq!(scene.fetched().unwrap(), "text 2");
    // The text of a host that is away for a while is kept, that of a file that is gone is not.
    scene.world.pass(60 * SECOND);
    scene.source.failure.set(Some(Kind::ConnectionLost));
    assert_eq!(scene.fetched().unwrap(), "text 2");
    scene.source.failure.set(Some(Kind::NotFound));
    assert_eq!(scene.fetched().unwrap(), "text 2");
    assert_eq!(scene.fetched().unwrap_err().kind(), Kind::NotFound);
    assert_eq!(scene.source.fetches.get(), 5);
}

#[test]
fn a_fetch_goes_on_as_long_as_anybody_waits() {
    let scene = Scene::new();
    let (first, second) = (scene.read(), scene.read());
    scene.world.settle();
    first.cancel();
    scene.world.pass(SECOND);
    assert_eq!(second.output().unwrap().text.as_ref(), "text 1");
    scene.world.pass(600 * SECOND);
    let only = scene.read();
    scene.world.settle();
    only.cancel();
    scene.world.pass(SECOND);
    assert_eq!(scene.fetched().unwrap(), "text 3", "what nobody waited for was not kept");
}

#[test]
fn another_configuration_remembers_nothing() {
    let scene = Scene::new();
    scene.fetched().unwrap();
    let late = scene.read();
    scene.world.pass(600 * SECOND);
    drop(late);
    let under_way = scene.read();
    scene.world.settle();
    scene.fleet.reconfigure(scene.world.changed_config(str::to_owned), (*scene.fleet.settings()).clone());
    scene.world.pass(SECOND);
    assert!(under_way.output().is_ok());
    let before = scene.source.fetches.get();
    scene.fetched().unwrap();
    assert_eq!(scene.source.fetches.get(), before + 1);
}
