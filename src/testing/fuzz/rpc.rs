//! A message of JSON-RPC: what is heard of it is what a reader of JSON values hears; what is answered is one line of JSON
//! that carries the same id, and is shown without harm.

use serde_json::Value;

use super::check_shown;
use crate::base::limits::{BATCH_LENGTH_MAX, REQUEST_ID_BYTES_MAX};
use crate::rpc::{Entry, Error, Id, Message, failure, join, requests_in, success};

pub fn run(data: &[u8]) {
    let wanted = requests_in(data);
    assert!((1..=BATCH_LENGTH_MAX).contains(&wanted));
    // Deeper than a reader of values goes, and members that appear twice in what is not ours, are nobody's business.
    let value = serde_json::from_slice::<Value>(data).ok();
    match Message::read(data) {
        Ok(Message::Single(entry)) => check(&entry, value.as_ref()),
        Ok(Message::Batch(entries)) => {
            assert!((1..=BATCH_LENGTH_MAX).contains(&entries.len()));
            let requests = entries.iter().filter(|entry| matches!(entry, Entry::Request(_))).count();
            assert_eq!(wanted, requests.max(1));
            for (at, entry) in entries.iter().enumerate() {
                check(entry, value.as_ref().map(|value| &value[at]));
            }
            let replies = entries.iter().filter_map(|entry| match entry {
                Entry::Request(request) => Some(success(&request.id, &0)),
                _ => None,
            });
            if let Some(joined) = join(replies) {
                assert_eq!(line(&joined).as_array().map(Vec::len), Some(requests));
            }
        }
        Err(error) => answered(None, &error),
    }
}

fn check(entry: &Entry<'_>, value: Option<&Value>) {
    match entry {
        Entry::Request(request) => {
            let id = request.id.as_json();
            assert!(id.len() <= REQUEST_ID_BYTES_MAX * 6, "{} bytes", id.len());
            let reply = line(&success(&request.id, &0));
            if let Some(value) = value {
                assert_eq!((&value["id"], &value["method"]), (&reply["id"], &Value::from(&*request.method)));
                assert_eq!(value["jsonrpc"], "2.0");
            }
            answered(Some(&request.id), &Error::method_not_found(&request.method));
        }
        Entry::Notification { method, .. } => {
            assert!(value.is_none_or(|value| value.get("id").is_none() && value["method"] == **method));
        }
        Entry::Response(response) => {
            assert!(value.is_none_or(|value| value.get("method").is_none()));
            let (Ok(outcome) | Err(outcome)) = response.outcome;
            assert!(!outcome.get().is_empty());
        }
        Entry::Rejected(rejected) => answered(rejected.id.as_ref(), &rejected.error),
    }
}

fn answered(id: Option<&Id<'_>>, error: &Error) {
    let reply = line(&failure(id, error));
    check_shown(reply["error"]["message"].as_str().expect("a message"), 10_000);
    assert!(reply["error"]["code"].is_i64());
}

fn line(reply: &[u8]) -> Value {
    assert!(!reply.contains(&b'\n'));
    serde_json::from_slice(reply).expect("our own words are JSON")
}
