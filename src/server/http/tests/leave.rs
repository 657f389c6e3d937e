//! A server that takes leave.

use super::*;

#[test]
fn what_is_not_finished_in_time_is_answered_all_the_same() {
    let (site, id) = (site(), 7);
    let begun = ask(&site, post(&[], &initialize("2025-11-25"))).session.expect("a session");
    let in_session = [("mcp-session-id", begun.as_str())];
    let mut alone = pin!(answer(&site, post(&[], &call("localhost:/wait")), NEIGHBOUR));
    let mut kept = pin!(answer(&site, post(&in_session, &call("localhost:/wait")), NEIGHBOUR));
    let arguments = json!({"name": "scout", "arguments": {"target": "localhost:/wait"}});
    let mut newer = pin!(answer(&site, sent(&stateless("tools/call", arguments)), NEIGHBOUR));
    for waiting in [&mut alone, &mut kept] {
        assert!(waiting.as_mut().now_or_never().is_none());
    }
    assert!(newer.as_mut().now_or_never().is_none());
    let mut finished = pin!(site.site.under_way.finished());
    assert!(finished.as_mut().now_or_never().is_none());
    site.site.give_up();
    for waiting in [alone, kept] {
        let told = waiting.now_or_never().expect("an answer");
        assert_eq!((told.status, told.code(), &told.json()["id"]), (200, -32000, &json!(id)));
    }
    let told = newer.now_or_never().expect("an answer");
    assert_eq!((told.status, told.code()), (503, -32000));
    assert!(finished.now_or_never().is_some());
}

#[test]
fn a_server_that_takes_leave_takes_what_helps_it() {
    let site = site();
    let begun = ask(&site, post(&[], &initialize("2025-11-25"))).session.expect("a session");
    let in_session = [("mcp-session-id", begun.as_str())];
    let mut waiting = pin!(answer(&site, post(&in_session, &call("localhost:/wait")), NEIGHBOUR));
    assert!(waiting.as_mut().now_or_never().is_none());
    site.site.drain.begin();
    let cancel = json!({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": 7}});
    let response = json!({"jsonrpc": "2.0", "id": "scout-0", "result": {}});
    for (headers, message, status) in [
        (&in_session[..], &ping(), 503),
        (&[], &ping(), 503),
        (&[], &cancel, 503),
        (&in_session, &json!([cancel]), 503),
        (&in_session, &response, 202),
        (&in_session, &cancel, 202),
    ] {
        assert_eq!(ask(&site, post(headers, message)).status, status, "{message}");
    }
    assert_eq!(waiting.now_or_never().map(|answer| answer.status), Some(202));
    assert_eq!(ask(&site, request("GET /mcp", &in_session, "")).status, 503);
    assert_eq!(ask(&site, request("DELETE /mcp", &in_session, "")).status, 204);
}
