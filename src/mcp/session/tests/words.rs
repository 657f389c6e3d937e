//! What a client hears of a request before its answer: progress, log messages, questions.

use super::prompter::{Stage, heard, tool};
use super::*;
use crate::base::limits::{CALL_MESSAGES_MAX, QUESTIONS_MAX};

/// Members of `_meta` and those of the stateless era.
fn stateless(others: &str) -> String {
    format!("{others}{ERA}")
}

/// Hands over something that nobody answers.
fn tell(stage: &Stage, message: &str) {
    assert!(matches!(stage.session.handle(message.as_bytes(), None), Incoming::Nothing), "{message}");
}

fn text(answer: &Value) -> &str {
    answer["result"]["content"][0]["text"].as_str().unwrap_or_else(|| panic!("no text: {answer}"))
}

/// Hears a request to its end, as often as it lets itself be polled.
fn all_of(mut flow: Flow) -> Vec<Value> {
    let mut all = Vec::new();
    for _ in 0..10 {
        all.extend(heard(&mut flow));
    }
    all
}

#[test]
fn progress_only_grows_and_carries_the_token_as_it_came() {
    for token in ["7", r#""\u0061""#, "1.50"] {
        let stage = Stage::agreed("2025-11-25");
        let mut flow = stage.begin(&tool("1", "advance", &format!(r#""progressToken":{token}"#)));
        let first = flow.next().now_or_never().flatten().expect("progress");
        let Outgoing::Word(first) = first else { panic!("no progress") };
        assert!(
            String::from_utf8_lossy(&first).contains(&format!(r#""progressToken":{token},"progress":1.0"#))
        );
        let all = all_of(flow);
        assert_eq!(all.len(), 2, "{all:?}");
        assert_eq!(all[0]["method"], "notifications/progress");
        assert_eq!((&all[0]["params"]["progress"], &all[0]["params"]["total"]), (&json!(2.0), &json!(2.0)));
        assert_eq!(text(&all[1]), "watched");
    }
}

#[test]
fn who_gave_no_token_hears_no_progress() {
    let stage = Stage::agreed("2024-11-05");
    let all = all_of(stage.begin(&tool("1", "advance", "")));
    assert_eq!((all.len(), text(&all[0])), (1, "unwatched"));
    for token in ["true", "[1]"] {
        let reply = ask(&stage.session, &tool("2", "advance", &format!(r#""progressToken":{token}"#)));
        assert_eq!(error_code(&reply), -32602, "{token}");
    }
}

#[test]
fn what_is_said_too_fast_is_lost_but_for_the_last_progress() {
    let stage = Stage::agreed("2025-06-18");
    let all = stage.heard(&tool("1", "chatter", r#""progressToken":"t""#));
    let count = |method: &str| all.iter().filter(|message| message["method"] == method).count();
    assert_eq!(count("notifications/message"), CALL_MESSAGES_MAX);
    assert_eq!(count("notifications/progress"), 1);
    assert_eq!(all[CALL_MESSAGES_MAX]["params"]["progress"], 9_999.0);
    assert_eq!(text(&all[CALL_MESSAGES_MAX + 1]), "said");
}

#[test]
fn a_session_reads_along_from_the_level_it_set() {
    let stage = Stage::agreed("2025-11-25");
    for (level, count) in [(None, 3), (Some("debug"), 4), (Some("alert"), 1), (Some("warning"), 2)] {
        if let Some(level) = level {
            let set = request("1", "logging/setLevel", &format!(r#"{{"level":"{level}"}}"#));
            assert_eq!(ask(&stage.session, &set)["result"], json!({}));
        }
        let all = stage.heard(&tool("2", "levels", ""));
        assert_eq!(all.len(), count + 1, "{level:?}");
        assert_eq!(all[count - 1]["method"], "notifications/message");
        let said = json!({ "level": "emergency", "logger": "prompter", "data": { "said at": "emergency" } });
        assert_eq!(all[count - 1]["params"], said);
    }
    for params in ["{}", r#"{"level":"loud"}"#, r#"{"level":3}"#, r#"{"level":{"debug":null}}"#] {
        assert_eq!(error_code(&ask(&stage.session, &request("3", "logging/setLevel", params))), -32602);
    }
}

#[test]
fn a_stateless_request_reads_along_only_where_it_says_so() {
    let stage = Stage::new();
    let all = stage.heard(&tool("1", "levels", &stateless("")));
    assert_eq!((all.len(), text(&all[0])), (1, "said"));
    let level = r#""io.modelcontextprotocol/logLevel":"warning","#;
    assert_eq!(stage.heard(&tool("2", "levels", &stateless(level))).len(), 3);
    let wrong = level.replace("warning", "loud");
    assert_eq!(error_code(&ask(&stage.session, &tool("3", "levels", &stateless(&wrong)))), -32602);
    let set = request("4", "logging/setLevel", &format!(r#"{{"level":"debug",{META}}}"#));
    assert_eq!(error_code(&ask(&stage.session, &set)), -32601);
}

#[test]
fn a_question_is_answered_by_the_client_and_then_the_request() {
    for (reply, said) in [
        (r#""result":{"action":"accept"}"#, r#"{"action":"accept"}"#),
        (r#""result":null"#, "null"),
        (r#""error":{"code":1,"message":"no"}"#, r#"the client refused: {"code":1,"message":"no"}"#),
    ] {
        let stage = Stage::agreed("2025-06-18");
        let mut flow = stage.begin(&tool("1", "ask", ""));
        let asked = heard(&mut flow);
        assert_eq!(asked[0]["method"], "elicitation/create");
        assert_eq!(asked[0]["params"]["message"], "Who?");
        tell(&stage, r#"{"jsonrpc":"2.0","id":"scout-7","result":{}}"#);
        assert!(heard(&mut flow).is_empty(), "that was no answer to it");
        let reply = format!(r#"{{"jsonrpc":"2.0","id":{},{reply}}}"#, asked[0]["id"]);
        tell(&stage, &reply);
        assert_eq!(text(&heard(&mut flow)[0]), said);
        // Once more is once too often.
        tell(&stage, &reply);
    }
}

#[test]
fn a_question_ends_with_its_request() {
    let stage = Stage::agreed("2025-06-18");
    let mut flow = stage.begin(&tool("1", "ask", ""));
    assert_eq!(heard(&mut flow).len(), 1);
    stage.session.handle(cancel("1").as_bytes(), None);
    assert_eq!(flow.next().now_or_never(), Some(None));
    drop(flow);
    // There is room for as many questions as before.
    assert_eq!(stage.heard(&tool("2", "ask_much", "")).len(), QUESTIONS_MAX.min(CALL_MESSAGES_MAX));
}

#[test]
fn nobody_waits_for_answers_that_cannot_come_any_more() {
    let stage = Stage::agreed("2025-06-18");
    let mut flow = stage.begin(&tool("1", "ask_much", ""));
    assert_eq!(heard(&mut flow).len(), QUESTIONS_MAX.min(CALL_MESSAGES_MAX));
    stage.session.hear_no_more();
    assert_eq!(text(&heard(&mut flow)[0]), format!("{} refused", 2 * QUESTIONS_MAX));
    let nobody = "the client cannot be asked in this session";
    assert_eq!(text(&stage.heard(&tool("2", "ask", ""))[0]), nobody);
}

#[test]
fn the_stateless_era_asks_by_its_results() {
    let stage = Stage::new();
    let able = META.replace(r#"Capabilities":{}"#, r#"Capabilities":{"elicitation":{}}"#);
    let call = |members: &str| request("1", "tools/call", &format!(r#"{{"name":"input",{members}{able}}}"#));
    let asked = &stage.heard(&call(""))[0]["result"];
    assert_eq!(asked["resultType"], "input_required");
    assert_eq!(asked["inputRequests"]["who"]["method"], "elicitation/create");
    assert_eq!(asked["requestState"], "the state");
    let input = r#""inputResponses":{"who":{"action":"accept"}},"requestState":"the state","#;
    let answer = &stage.heard(&call(input))[0];
    assert_eq!(text(answer), r#"{"who":{"action":"accept"}} Some("the state")"#);
    // Questions of their own are not for this era.
    let alone = &stage.heard(&tool("2", "ask", &stateless("")))[0];
    assert_eq!(text(alone), "the client cannot be asked in this session");
    for input in [r#""inputResponses":[],"#, r#""requestState":1,"#] {
        assert_eq!(error_code(&ask(&stage.session, &call(input))), -32602, "{input}");
    }
}
