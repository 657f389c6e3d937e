//! Responses (JSON-RPC 2.0 §5), and what we say unasked (§4), written straight into bytes.

use serde::Serialize;

use super::{Error, Id};

/// A successful response. A result that is JSON already goes out as it is: pass it as a `RawValue`.
pub fn success<T: Serialize + ?Sized>(id: &Id<'_>, result: &T) -> Vec<u8> {
    long_success(id, result, 0)
}

/// The same, with room for `bytes` of the result from the beginning.
pub fn long_success<T: Serialize + ?Sized>(id: &Id<'_>, result: &T, bytes: usize) -> Vec<u8> {
    let parts = [r#"{"jsonrpc":"2.0","id":"#, id.as_json(), r#","result":"#];
    write_in(Vec::with_capacity(REPLY_BYTES + bytes), &parts, result)
        .unwrap_or_else(|| failure(Some(id), &Error::internal("Internal error")))
}

/// An error response; without an id when the request's could not be read.
pub fn failure(id: Option<&Id<'_>>, error: &Error) -> Vec<u8> {
    // An error is text, a number and raw JSON, which can always be written.
    let id = id.map_or("null", Id::as_json);
    write(&[r#"{"jsonrpc":"2.0","id":"#, id, r#","error":"#], error).unwrap_or_default()
}

/// A message that nobody answers (§4.1); `None` when the parameters cannot be written.
pub fn notification<T: Serialize + ?Sized>(method: &str, params: &T) -> Option<Vec<u8>> {
    write(&[r#"{"jsonrpc":"2.0","method":""#, method, r#"","params":"#], params)
}

/// A request of ours; `None` when the parameters cannot be written. Neither `id`, a text, nor `method` needs escapes.
pub fn request<T: Serialize + ?Sized>(id: &str, method: &str, params: &T) -> Option<Vec<u8>> {
    write(&[r#"{"jsonrpc":"2.0","id":""#, id, r#"","method":""#, method, r#"","params":"#], params)
}

/// The response to a batch (§6): every reply there is, in one array; nothing when there is none.
pub fn join(replies: impl IntoIterator<Item = Vec<u8>>) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    for reply in replies {
        bytes.push(if bytes.is_empty() { b'[' } else { b',' });
        bytes.extend_from_slice(&reply);
    }
    if bytes.is_empty() {
        return None;
    }
    bytes.push(b']');
    Some(bytes)
}

/// Room for a small result, so that most replies are one allocation.
const REPLY_BYTES: usize = 512;

/// An object that begins with `parts` and ends with `value` as its last member.
fn write<T: Serialize + ?Sized>(parts: &[&str], value: &T) -> Option<Vec<u8>> {
    write_in(Vec::with_capacity(REPLY_BYTES), parts, value)
}

fn write_in<T: Serialize + ?Sized>(mut bytes: Vec<u8>, parts: &[&str], value: &T) -> Option<Vec<u8>> {
    for part in parts {
        bytes.extend_from_slice(part.as_bytes());
    }
    serde_json::to_writer(&mut bytes, value).ok()?;
    bytes.push(b'}');
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use serde_json::value::RawValue;

    use super::*;

    fn raw(json: &str) -> Box<RawValue> {
        serde_json::from_str(json).expect(json)
    }

    #[test]
    fn exact_bytes() {
        let written = raw(r#""\u0061""#);
        let id = Id::read(&written).expect("an id");
        assert_eq!(success(&id, &*raw("{}")), br#"{"jsonrpc":"2.0","id":"\u0061","result":{}}"#);
        assert_eq!(
            failure(Some(&id), &Error::method_not_found("a\nb")),
            br#"{"jsonrpc":"2.0","id":"\u0061","error":{"code":-32601,"message":"Method not found: a\\nb"}}"#,
        );
        assert_eq!(
            failure(None, &Error::invalid_params("no").with_data(&["x"])),
            br#"{"jsonrpc":"2.0","id":null,"error":{"code":-32602,"message":"no","data":["x"]}}"#,
        );
    }

    #[test]
    fn words_of_our_own() {
        assert_eq!(
            notification("a/b", &*raw("[1]")).as_deref(),
            Some(&br#"{"jsonrpc":"2.0","method":"a/b","params":[1]}"#[..])
        );
        assert_eq!(
            request("x-1", "a/b", &*raw("{}")).as_deref(),
            Some(&br#"{"jsonrpc":"2.0","id":"x-1","method":"a/b","params":{}}"#[..])
        );
    }

    #[test]
    fn joined() {
        assert_eq!(join([]), None);
        assert_eq!(join([b"1".to_vec()]).as_deref(), Some(&b"[1]"[..]));
        assert_eq!(join([b"1".to_vec(), b"{}".to_vec()]).as_deref(), Some(&b"[1,{}]"[..]));
    }
}
