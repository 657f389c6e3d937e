//! Sessions: whose they are, where they live, how long they last.

use std::future::poll_fn;
use std::rc::Weak;
use std::task::Poll;

use futures_util::future::{join, select};

use super::*;
use crate::base::limits::{HTTP_SESSION_IDLE_MAX, HTTP_SESSIONS_MAX};

fn known(id: u64) -> Client {
    Client { id: ClientId(id), access: Access::all().into() }
}

#[test]
fn a_client_that_initializes_gets_a_session_of_its_own() {
    let site = site();
    let begun = ask(&site, post(&[], &initialize("2025-06-18")));
    assert_eq!(begun.json()["result"]["protocolVersion"], "2025-06-18");
    let id = begun.session.expect("a session");
    let in_session = [("mcp-session-id", id.as_str())];
    assert_eq!(ask(&site, post(&in_session, &call("localhost:/x"))).status, 200);

    let stranger = answer(&site, post(&in_session, &ping()), IpAddr::V4(Ipv4Addr::LOCALHOST));
    assert_eq!(stranger.now_or_never().unwrap().status, 404, "it is nobody else's");
    for unknown in ["", "0-", "7-00", "x", "0-00000000000000000000000000000000"] {
        let answer = ask(&site, post(&[("mcp-session-id", unknown)], &ping()));
        assert_eq!((answer.status, answer.code()), (404, -32001), "{unknown:?}");
    }

    assert_eq!(ask(&site, request("DELETE /mcp", &in_session, "")).status, 204);
    assert_eq!(ask(&site, request("DELETE /mcp", &in_session, "")).status, 404);
    assert_eq!(ask(&site, post(&in_session, &ping())).status, 404);
}

#[test]
fn where_there_are_no_sessions_nobody_gets_one() {
    let site = sites(1, false).0.remove(0);
    let begun = ask(&site, post(&[], &initialize("2025-11-25")));
    let promised = json!({ "tools": {}, "resources": {}, "prompts": {}, "completions": {} });
    assert_eq!(begun.json()["result"]["capabilities"], promised);
    assert_eq!((begun.status, begun.session), (200, None));
    assert_eq!(ask(&site, post(&[("mcp-session-id", "0-1")], &ping())).status, 200);
}

#[test]
fn a_session_is_found_from_every_core() {
    let (sites, errands) = sites(2, true);
    let begun = ask(&sites[1], post(&[], &initialize("2025-11-25")));
    let id = begun.session.expect("a session");
    let in_session = [("mcp-session-id", id.as_str())];
    let other = Rc::clone(&sites[1].site).run_errands(errands[1].clone());
    let asked = async {
        let called = answer(&sites[0], post(&in_session, &call("localhost:/x")), NEIGHBOUR).await;
        assert_eq!((called.status, &called.json()["id"]), (200, &json!(7)));
        assert_eq!(
            answer(&sites[0], post(&in_session, &ping()), NEIGHBOUR).await.json()["result"],
            json!({})
        );
        // One that is taken back is not answered, whichever core the word of it comes to.
        let cancel =
            json!({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": 7}});
        let waiting = answer(&sites[0], post(&in_session, &call("localhost:/wait")), NEIGHBOUR);
        let taken_back = async {
            yield_once().await;
            answer(&sites[1], post(&in_session, &cancel), NEIGHBOUR).await
        };
        let (waiting, noted) = join(waiting, taken_back).await;
        assert_eq!((waiting.status, noted.status), (202, 202));
        assert_eq!(answer(&sites[0], request("DELETE /mcp", &in_session, ""), NEIGHBOUR).await.status, 204);
        assert_eq!(answer(&sites[1], post(&in_session, &ping()), NEIGHBOUR).await.status, 404);
    };
    let (asked, other) = (pin!(asked), pin!(other));
    let mut both = select(asked, other);
    // Each turn is a turn of both cores.
    let is_done = (0..1_000).any(|_| (&mut both).now_or_never().is_some());
    assert!(is_done, "somebody waits for what never comes");
}

#[test]
fn a_session_is_for_its_client_as_he_was_when_it_began() {
    let client = |access: Access| Client { id: ClientId(7), access: access.into() };
    let sessions = Sessions::new(0);
    let session = Rc::new(site().site.session(client(Access::all())));
    let id = sessions.keep(session, client(Access::all()), now()).id;
    assert!(sessions.find(&id, &client(Access::all()), now()).is_some());
    // His key may do something else since.
    let less = client(Access::only(vec![Scope::Read], None));
    assert!(sessions.find(&id, &less, now()).is_none() && !sessions.end(&id, &less));
}

#[test]
fn an_ended_session_leaves_nothing_behind() {
    let site = site();
    let id = ask(&site, post(&[], &initialize("2025-11-25"))).session.expect("a session");
    let in_session = [("mcp-session-id", id.as_str())];
    let mut waiting = pin!(answer(&site, post(&in_session, &call("localhost:/wait")), NEIGHBOUR));
    let events = [in_session[0], ("accept", "text/event-stream")];
    let mut listening = pin!(answer(&site, request("GET /mcp", &events, ""), NEIGHBOUR));
    assert!(waiting.as_mut().now_or_never().is_none() && listening.as_mut().now_or_never().is_none());
    assert_eq!(ask(&site, request("DELETE /mcp", &in_session, "")).status, 204);
    assert_eq!(waiting.now_or_never().map(|answer| answer.status), Some(202));
    assert_eq!(listening.now_or_never().map(|answer| answer.body), Some(String::new()));
}

#[test]
fn who_begins_sessions_without_end_keeps_nobody_out() {
    let (site, sessions, now) = (site(), Sessions::new(0), now());
    let keep = |client| sessions.keep(Rc::new(site.site.session(known(client))), known(client), now);
    let is_there = |id: &str, client| sessions.find(id, &known(client), now).is_some();
    let other = keep(1).id;
    let flood: Vec<_> = (1..HTTP_SESSIONS_MAX).map(|_| keep(2).id).collect();
    assert!(is_there(&flood[0], 2));
    let newcomer = keep(3);
    assert!(newcomer.in_place_of.is_some() && is_there(&newcomer.id, 3) && is_there(&other, 1));
    assert!(is_there(&flood[0], 2) && !is_there(&flood[1], 2), "the one that was not used again goes");
    keep(2);
    assert!(!is_there(&flood[2], 2) && is_there(&newcomer.id, 3), "his own, where he has the most");
}

#[test]
fn sessions_that_nobody_uses_go_when_their_client_comes_again() {
    let (site, sessions, begun) = (site(), Sessions::new(0), now());
    let session = || Rc::new(site.site.session(known(1)));
    let (first, second) = (session(), session());
    let ids = [&first, &second].map(|session| sessions.keep(Rc::clone(session), known(1), begun).id);
    let used = begun + HTTP_SESSION_IDLE_MAX - Duration::from_secs(1);
    drop(sessions.find(&ids[1], &known(1), used));
    let left = [&first, &second].map(Rc::downgrade);
    drop((first, second));
    sessions.keep(session(), known(2), begun + HTTP_SESSION_IDLE_MAX);
    assert_eq!(left.each_ref().map(Weak::strong_count), [1, 1]);
    sessions.keep(session(), known(1), begun + HTTP_SESSION_IDLE_MAX);
    assert_eq!(left.each_ref().map(Weak::strong_count), [0, 1]);
}

#[test]
fn a_session_that_made_room_is_over_and_counted() {
    let site = site();
    let owner = || Client { id: ClientId(2), access: Access::all().into() };
    let first = site.site.keep(Rc::new(site.site.session(owner())), owner()).unwrap();
    let mut listening = site.site.sessions.as_ref().unwrap().find(&first, &owner(), now()).unwrap().notices();
    assert!(listening.next().now_or_never().is_none());
    for _ in 0..HTTP_SESSIONS_MAX {
        site.site.keep(Rc::new(site.site.session(owner())), owner());
    }
    assert_eq!(listening.next().now_or_never(), Some(None));
    let rejected = site.site.shards.own().snapshot().counter(Counter::Rejected(Reason::Sessions));
    assert_eq!(rejected, 1);
}

/// Lets everybody else go first.
async fn yield_once() {
    let mut has_yielded = false;
    poll_fn(|context| {
        if std::mem::replace(&mut has_yielded, true) {
            return Poll::Ready(());
        }
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}
