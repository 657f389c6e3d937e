//! What a client may send (JSON-RPC 2.0 §4 to §6): requests, notifications, responses, alone or in a batch.

use std::borrow::Cow;
use std::fmt;

use serde::de::{IgnoredAny, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};

use super::value::{Raw, present, string, type_name};
use super::{Error, Id};
use crate::base::limits::{BATCH_LENGTH_MAX, MESSAGE_BYTES_MAX, REQUEST_ID_BYTES_MAX};

/// A message as it came in.
#[derive(Debug)]
pub enum Message<'a> {
    Single(Entry<'a>),
    /// Not empty, at most [`BATCH_LENGTH_MAX`] entries.
    Batch(Vec<Entry<'a>>),
}

/// One element of a message. What is wrong with it is known per element: the others of its batch are unharmed.
#[derive(Debug)]
pub enum Entry<'a> {
    Request(Request<'a>),
    /// A request without an id: it is never answered, not even when nobody knows its method.
    Notification {
        method: Cow<'a, str>,
        params: Option<Raw<'a>>,
    },
    /// An answer to a request of ours.
    Response(Response<'a>),
    Rejected(Rejected<'a>),
}

/// A call that wants an answer.
#[derive(Debug)]
pub struct Request<'a> {
    pub id: Id<'a>,
    pub method: Cow<'a, str>,
    /// An object or an array; `null` counts as absent.
    pub params: Option<Raw<'a>>,
}

/// The answer to a request of ours.
#[derive(Debug)]
pub struct Response<'a> {
    /// `None` when it is no id that we could have given.
    pub id: Option<Id<'a>>,
    /// The result, or the error object.
    pub outcome: Result<Raw<'a>, Raw<'a>>,
}

/// Something that is no request, and the error to answer with.
#[derive(Debug)]
pub struct Rejected<'a> {
    /// The id to answer to, where it could be read.
    pub id: Option<Id<'a>>,
    pub error: Error,
}

impl<'a> Message<'a> {
    /// Reads a message. An error here is answered once, without an id.
    pub fn read(bytes: &'a [u8]) -> Result<Self, Error> {
        if bytes.len() > MESSAGE_BYTES_MAX {
            return Err(Error::message_too_large());
        }
        let text = std::str::from_utf8(bytes)
            .map_err(|e| Error::parse(format!("Parse error: not UTF-8 from byte {}", e.valid_up_to())))?;
        match text.trim_start_matches(WHITE_SPACE).as_bytes().first() {
            Some(b'[') => read_batch(text),
            Some(b'{') => read_object(text).map(Self::Single),
            _ => serde_json::from_str(text).map(|value| Self::Single(Entry::read(value))).map_err(syntax),
        }
    }
}

/// How many requests a message makes: as many as stand in a batch, and one for everything else.
pub fn requests_in(bytes: &[u8]) -> usize {
    let is_space = |byte: &u8| WHITE_SPACE.contains(&char::from(*byte));
    if bytes.iter().find(|byte| !is_space(byte)) != Some(&b'[') {
        return 1;
    }
    let Ok(Message::Batch(entries)) = Message::read(bytes) else { return 1 };
    entries.iter().filter(|entry| matches!(entry, Entry::Request(_))).count().max(1)
}

/// JSON's white space (RFC 8259 §2).
const WHITE_SPACE: [char; 4] = [' ', '\t', '\n', '\r'];

impl<'a> Entry<'a> {
    fn read(value: Raw<'a>) -> Self {
        if !value.get().starts_with('{') {
            return reject(format!("a message must be an object, not {}", type_name(value)));
        }
        read_object(value.get()).unwrap_or_else(|error| Self::Rejected(Rejected { id: None, error }))
    }
}

fn read_object(text: &str) -> Result<Entry<'_>, Error> {
    match serde_json::from_str::<Envelope<'_>>(text) {
        Ok(envelope) => Ok(envelope.entry().unwrap_or_else(Entry::Rejected)),
        // Every member is taken raw, so that the only fault beside syntax is one member written twice.
        Err(error) if error.is_data() => Ok(reject("a member of the message appears twice")),
        Err(error) => Err(syntax(error)),
    }
}

fn read_batch(text: &str) -> Result<Message<'_>, Error> {
    let Elements { first, count } = serde_json::from_str(text).map_err(syntax)?;
    if count > BATCH_LENGTH_MAX {
        let message = format!("Batch too long: {count} messages, at most {BATCH_LENGTH_MAX}");
        return Err(Error::invalid_request(message));
    }
    if count == 0 {
        return Err(Error::invalid_request("Invalid request: an empty batch"));
    }
    Ok(Message::Batch(first.into_iter().map(Entry::read).collect()))
}

/// serde_json's texts about syntax repeat nothing of the input.
fn syntax(error: serde_json::Error) -> Error {
    Error::parse(format!("Parse error: {error}"))
}

/// Every member of a request, a notification or a response.
#[derive(Deserialize)]
struct Envelope<'a> {
    #[serde(borrow, default, deserialize_with = "present")]
    jsonrpc: Option<Raw<'a>>,
    #[serde(borrow, default, deserialize_with = "present")]
    id: Option<Raw<'a>>,
    #[serde(borrow, default, deserialize_with = "present")]
    method: Option<Raw<'a>>,
    #[serde(borrow)]
    params: Option<Raw<'a>>,
    #[serde(borrow, default, deserialize_with = "present")]
    result: Option<Raw<'a>>,
    #[serde(borrow, default, deserialize_with = "present")]
    error: Option<Raw<'a>>,
}

impl<'a> Envelope<'a> {
    fn entry(self) -> Result<Entry<'a>, Rejected<'a>> {
        let id = self.id.and_then(Id::read);
        let outcome = self.error.map(Err).or(self.result.map(Ok));
        if let (None, Some(outcome)) = (self.method, outcome) {
            return Ok(Entry::Response(Response { id, outcome }));
        }
        if self.id.is_some() && id.is_none() {
            let message = format!(
                "Invalid request: id must be a number that a double holds or a string, of at most {REQUEST_ID_BYTES_MAX} bytes"
            );
            return Err(Rejected { id: None, error: Error::invalid_request(message) });
        }
        match self.call() {
            Ok((method, params)) => Ok(match id {
                Some(id) => Entry::Request(Request { id, method, params }),
                None => Entry::Notification { method, params },
            }),
            Err(message) => Err(Rejected { id, error: invalid(message) }),
        }
    }

    fn call(&self) -> Result<(Cow<'a, str>, Option<Raw<'a>>), &'static str> {
        if self.jsonrpc.and_then(string).as_deref() != Some("2.0") {
            return Err("jsonrpc must be \"2.0\"");
        }
        let method = self.method.ok_or("method is missing")?;
        let method = string(method).ok_or("method must be a string")?;
        match self.params {
            Some(params) if !params.get().starts_with(['{', '[']) => {
                Err("params must be an object or an array")
            }
            params => Ok((method, params)),
        }
    }
}

fn reject<'a>(message: impl fmt::Display) -> Entry<'a> {
    Entry::Rejected(Rejected { id: None, error: invalid(message) })
}

fn invalid(message: impl fmt::Display) -> Error {
    Error::invalid_request(format!("Invalid request: {message}"))
}

/// The elements of a batch: the first ones, and how many there are in all. What exceeds the bound is only counted.
struct Elements<'a> {
    first: Vec<Raw<'a>>,
    count: usize,
}

impl<'de> Deserialize<'de> for Elements<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(ElementsVisitor)
    }
}

struct ElementsVisitor;

impl<'de> Visitor<'de> for ElementsVisitor {
    type Value = Elements<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Self::Value, A::Error> {
        let mut first = Vec::new();
        while first.len() < BATCH_LENGTH_MAX {
            match elements.next_element()? {
                Some(element) => first.push(element),
                None => return Ok(Elements { count: first.len(), first }),
            }
        }
        let mut count = first.len();
        while elements.next_element::<IgnoredAny>()?.is_some() {
            count += 1;
        }
        Ok(Elements { first, count })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::Code;
    use super::*;

    fn single(json: &str) -> Entry<'_> {
        match Message::read(json.as_bytes()) {
            Ok(Message::Single(entry)) => entry,
            other => panic!("{json} gave {other:?}"),
        }
    }

    fn refused(bytes: &[u8]) -> Error {
        Message::read(bytes).expect_err("this should be refused")
    }

    #[test]
    fn requests_of_a_batch_are_counted() {
        let (request, notification) =
            (r#"{"jsonrpc":"2.0","id":1,"method":"a"}"#, r#"{"jsonrpc":"2.0","method":"a"}"#);
        for (message, count) in [
            (request.to_owned(), 1),
            (notification.to_owned(), 1),
            (format!(" \n[{request},{notification},{request}]"), 2),
            (format!("[{notification},1]"), 1),
            ("[]".to_owned(), 1),
            (format!("[{request},{request}"), 1),
            (format!("[{}]", vec![request; BATCH_LENGTH_MAX].join(",")), BATCH_LENGTH_MAX),
            // It is refused whole.
            (format!("[{}]", vec![request; BATCH_LENGTH_MAX + 1].join(",")), 1),
            (String::new(), 1),
        ] {
            assert_eq!(requests_in(message.as_bytes()), count, "{message}");
        }
    }

    #[test]
    fn requests_and_notifications() {
        let Entry::Request(request) =
            single(r#" {"jsonrpc":"2.0","id":"x","method":"a\/b","params":{"k":[1]}} "#)
        else {
            panic!("not a request");
        };
        assert_eq!((request.id.as_json(), &*request.method), (r#""x""#, "a/b"));
        assert_eq!(request.params.map(|params| params.get()), Some(r#"{"k":[1]}"#));

        let json = r#"{"jsonrpc":"2.0","method":"n","params":null,"else":true}"#;
        assert!(matches!(single(json), Entry::Notification { method, params: None } if method == "n"));
    }

    #[test]
    fn responses() {
        for json in [
            r#"{"jsonrpc":"2.0","id":1,"result":null}"#,
            r#"{"jsonrpc":"2.0","id":null,"error":{"code":1,"message":"m"}}"#,
            r#"{"result":{}}"#,
        ] {
            assert!(matches!(single(json), Entry::Response(_)), "{json}");
        }
    }

    #[test]
    fn what_is_no_request_is_rejected_with_its_id_where_it_has_one() {
        for (json, id, part) in [
            ("1", None, "not a number"),
            ("null", None, "not null"),
            (r#""text""#, None, "not a string"),
            ("{}", None, "jsonrpc must be"),
            (r#"{"jsonrpc":"2.0","id":1}"#, Some("1"), "method is missing"),
            (r#"{"jsonrpc":"2.0","id":1,"method":2}"#, Some("1"), "method must be"),
            (r#"{"jsonrpc":"2.0","id":1,"method":"\ud800"}"#, Some("1"), "method must be"),
            (r#"{"jsonrpc":"1.0","id":1,"method":"m"}"#, Some("1"), "jsonrpc must be"),
            (r#"{"jsonrpc":2.0,"id":1,"method":"m"}"#, Some("1"), "jsonrpc must be"),
            (r#"{"id":1,"method":"m"}"#, Some("1"), "jsonrpc must be"),
            (r#"{"jsonrpc":"2.0","id":1,"method":"m","params":3}"#, Some("1"), "params must be"),
            (r#"{"jsonrpc":"2.0","id":null,"method":"m"}"#, None, "id must be"),
            (r#"{"jsonrpc":"2.0","id":[],"method":"m"}"#, None, "id must be"),
            (r#"{"jsonrpc":"2.0","id":"\udc00","method":"m"}"#, None, "id must be"),
            (r#"{"jsonrpc":"2.0","id":1,"id":1,"method":"m"}"#, None, "twice"),
            (r#"{"jsonrpc":"2.0","id":1,"method":"m","method":"n"}"#, None, "twice"),
        ] {
            let Entry::Rejected(rejected) = single(json) else { panic!("{json} passed") };
            assert_eq!(rejected.id.as_ref().map(Id::as_json), id, "{json}");
            assert_eq!(rejected.error.code(), Code::InvalidRequest, "{json}");
            assert!(rejected.error.message().contains(part), "{json}: {}", rejected.error.message());
        }
    }

    #[test]
    fn what_is_not_json_is_a_parse_error() {
        for bytes in [
            &b""[..],
            b"  ",
            b"{",
            b"{]",
            b"hello",
            b"[1,",
            b"[1] x",
            b"{} {}",
            b"\xef\xbb\xbf{}",
            b"\"\xff\"",
            b"\xed\xa0\x80",
            b"{\"a\":\"\n\"}",
            b"GET / HTTP/1.1",
        ] {
            let error = refused(bytes);
            assert_eq!(error.code(), Code::Parse, "{bytes:?}: {}", error.message());
        }
    }

    #[test]
    fn batches() {
        let ping = r#"{"jsonrpc":"2.0","id":1,"method":"ping"}"#;
        let Ok(Message::Batch(entries)) = Message::read(b"\n[1, [], {}]") else { panic!("no batch") };
        assert_eq!(entries.len(), 3);
        assert!(entries.iter().all(|entry| matches!(entry, Entry::Rejected(_))));

        // An array must not pass for an object whose members it lists in order.
        let Ok(Message::Batch(entries)) = Message::read(br#"[["2.0",1,"ping",null,null,null]]"#) else {
            panic!("no batch");
        };
        assert!(matches!(entries.as_slice(), [Entry::Rejected(_)]));

        assert_eq!(refused(b"[]").code(), Code::InvalidRequest);
        let batch = |length: usize| format!("[{}]", vec![ping; length].join(","));
        assert!(Message::read(batch(BATCH_LENGTH_MAX).as_bytes()).is_ok());
        let error = refused(batch(BATCH_LENGTH_MAX + 1).as_bytes());
        assert!(error.message().starts_with("Batch too long: "), "{}", error.message());
    }

    #[test]
    fn size_and_depth() {
        let large = vec![b' '; MESSAGE_BYTES_MAX + 1];
        assert!(refused(&large).message().starts_with("Message too large: "));

        let deep = |open: &str, close: &str| format!("{}1{}", open.repeat(100_000), close.repeat(100_000));
        let params = deep(r#"{"a":["#, "]}");
        let message = format!(r#"{{"jsonrpc":"2.0","id":1,"method":"m","params":{params}}}"#);
        assert!(matches!(single(&message), Entry::Request(_)));
        assert!(matches!(Message::read(deep("[", "]").as_bytes()), Ok(Message::Batch(_))));
        assert_eq!(refused("[".repeat(100_000).as_bytes()).code(), Code::Parse);
    }

    proptest! {
        #[test]
        fn arbitrary_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            drop(Message::read(&bytes));
        }

        #[test]
        fn arbitrary_brackets_never_panic(text in r#"[\[\]{}",:\\u0-9a-f. \-]{0,60}"#) {
            drop(Message::read(text.as_bytes()));
        }
    }
}
