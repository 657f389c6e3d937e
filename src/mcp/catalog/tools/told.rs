//! What a client hears of a call on its way: how long a command runs already, and what was unusual.

use std::pin::pin;

use futures_util::future::{Either, select};
use serde_json::json;

use crate::base::limits::PROGRESS_EVERY;
use crate::fleet::Fleet;
use crate::mcp::call::Call;
use crate::mcp::level::Level;

/// As who speaks in log messages.
const LOGGER: &str = "scout";

/// Does work that may take long, and tells who wants to know how many seconds it takes already.
pub async fn with_seconds<T>(call: &Call, fleet: &Fleet, work: impl Future<Output = T>) -> T {
    if !call.wants_progress() {
        return work.await;
    }
    let begun = fleet.now();
    let mut work = pin!(work);
    loop {
        let pause = fleet.sleep_until(fleet.now() + PROGRESS_EVERY);
        match select(work.as_mut(), pin!(pause)).await {
            Either::Left((done, _)) => return done,
            Either::Right(_) => {
                let seconds = (fleet.now() - begun).as_secs_f64().round();
                call.progress(seconds, None, Some(&format!("running for {seconds} s")));
            }
        }
    }
}

/// Does work, and tells when it took long for this server, as its settings say.
pub async fn timed<T>(call: &Call, fleet: &Fleet, target: &str, work: impl Future<Output = T>) -> T {
    let begun = fleet.now();
    let done = work.await;
    let took = fleet.now() - begun;
    if fleet.settings().is_slow(took) {
        let data = json!({ "message": "slow", "target": target, "seconds": took.as_secs_f64() });
        call.log(Level::Notice, LOGGER, &data);
    }
    done
}

/// Tells how many of many are done.
pub fn counting<'a>(call: &'a Call, what: &'a str) -> impl Fn(usize, usize) + 'a {
    move |done, of| call.progress(done as f64, Some(of as f64), Some(what))
}

/// Tells that there is more than was answered: it was cut at so many bytes.
pub fn cut(call: &Call, target: &str, bytes: Option<u64>) {
    if let Some(bytes) = bytes {
        let data = json!({ "message": "truncated", "target": target, "bytes": bytes });
        call.log(Level::Info, LOGGER, &data);
    }
}
