//! Having much done at once, on many hosts: each owner does what is to be done on its own, a bounded part of it at a time.

use super::{Client, Seen, access, action, in_time};
use crate::base::Result;
use crate::base::limits::{SHARE_BYTES_MIN, URGENT_PLACES_MAX};
use crate::config::Settings;
use crate::fleet::{Caller, Class, Crowd, Shards};

/// Something to be done on a host.
#[derive(Debug, Clone)]
pub(super) struct Errand {
    pub host: Box<str>,
    pub action: action::Action,
}

/// Has all of them done and hands over what comes of each, with its place among them, as soon as it is there; `told` hears
/// how many are done, and of how many. All together have the time of one request, and may say as much as one.
///
/// Errors, for each: as [`super::ask`].
pub(super) async fn gather(
    shards: &Shards,
    client: &Client,
    errands: Vec<Errand>,
    told: &dyn Fn(usize, usize),
    hand_over: &mut dyn FnMut(usize, Result<Seen>),
) {
    let settings = shards.own().settings();
    let (of, mut done) = (errands.len(), 0);
    let mut hand_over = |place, result| {
        done += 1;
        hand_over(place, result);
        told(done, of);
    };
    let mut allowed = Vec::with_capacity(of);
    let mut asked = Vec::with_capacity(of);
    for (place, Errand { host, action }) in errands.into_iter().enumerate() {
        match access::check(shards, &client.access, action.scope(), &host) {
            Ok(()) => {
                asked.push((place, host.clone()));
                let is_urgent = asked.len() <= URGENT_PLACES_MAX;
                allowed.push((host.clone(), (is_urgent, Errand { host, action: action.fresh() })));
            }
            Err(error) => hand_over(place, Err(error)),
        }
    }
    let claim = *shards.own().caller(Class::Batch, client.id).claim();
    let work = |caller: Caller, (is_urgent, errand): (bool, Errand)| async move {
        let caller = if is_urgent { caller.urgent() } else { caller };
        in_time(&caller, Box::pin(action::act(&caller, &errand.host, &errand.action))).await
    };
    let crowd = Crowd { claim, at_once: at_once(&settings, shards.cores()), share: share(&settings, of) };
    let mut take = |at: usize, result: Result<Seen>| {
        let (place, host) = &asked[at];
        hand_over(*place, result.map_err(|error| access::seen(shards, &client.access, host, error)));
    };
    shards.on_each(allowed, crowd, work, &mut take).await;
}

/// What each of so many may say, in bytes.
fn share(settings: &Settings, count: usize) -> u64 {
    (settings.max_output_size / (count as u64).max(1)).max(SHARE_BYTES_MIN)
}

/// How many one core has under way: as many as may execute, and on all cores no more than half of those that are taken on
/// at once, so that there is room for others.
fn at_once(settings: &Settings, cores: usize) -> usize {
    settings.max_concurrency.min(settings.admitted_max() / 2 / cores.max(1)).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing;

    #[test]
    fn many_share_what_one_may_say() {
        let settings = testing::settings();
        assert_eq!(share(&settings, 1), 10_000_000);
        assert_eq!(share(&settings, 1_000), 10_000);
        assert_eq!(share(&settings, 10_000), SHARE_BYTES_MIN);
    }

    #[test]
    fn others_find_room() {
        let settings = testing::settings();
        assert_eq!([1, 2, 5, 16, 1_000].map(|cores| at_once(&settings, cores)), [100, 100, 100, 34, 1]);
        let one = Settings { max_concurrency: 1, max_queue: 1, ..settings };
        assert_eq!(at_once(&one, 4), 1);
    }
}
