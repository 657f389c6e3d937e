//! Calls in flight: taken back, too many, of the same id.

use super::*;

#[test]
fn a_cancelled_call_is_not_answered_and_its_neighbours_are() {
    let session = agreed("2025-06-18");
    let mut first = pending(&session, &call("1", r#"{"target":"localhost:/wait"}"#));
    let mut second = pending(&session, &call(r#""1""#, r#"{"target":"localhost:/wait"}"#));
    assert_eq!(answer(&session, cancel("1").as_bytes()), None);
    assert_eq!(first.next().now_or_never(), Some(None));
    assert_eq!(second.next().now_or_never(), None);
    // Answers do not wait for calls that take longer.
    assert!(ask(&session, &call("1", r#"{"target":"localhost:/x"}"#)).get("result").is_some());
}

#[test]
fn an_id_in_flight_is_taken() {
    let session = agreed("2025-06-18");
    let first = pending(&session, &call(r#""a""#, r#"{"target":"localhost:/wait"}"#));
    for message in [call(r#""\u0061""#, r#"{"target":"localhost:/x"}"#), request(r#""a""#, "ping", "{}")] {
        assert_eq!(error_code(&ask(&session, &message)), -32600);
    }
    drop(first);
    assert!(ask(&session, &request(r#""a""#, "ping", "{}")).get("result").is_some());
}

#[test]
fn too_many_calls_are_refused_at_once() {
    let session = with(&Options::default(), 2);
    ask(&session, &request("0", "initialize", r#"{"protocolVersion":"2025-06-18"}"#));
    let first = pending(&session, &call("1", r#"{"target":"localhost:/wait"}"#));
    let _second = pending(&session, &call("2", r#"{"target":"localhost:/wait"}"#));
    let reply = ask(&session, &call("3", r#"{"target":"localhost:/x"}"#));
    assert_eq!(error_code(&reply), -32000);
    assert!(error_text(&reply).starts_with("Server busy: 2 calls are in flight"));
    assert!(ask(&session, &request("4", "ping", "{}")).get("result").is_some());
    drop(first);
    assert!(ask(&session, &call("3", r#"{"target":"localhost:/x"}"#)).get("result").is_some());
}
