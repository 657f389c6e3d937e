//! JSON-RPC, HTTP requests, event streams.

use std::hint::black_box;
use std::rc::Rc;

use super::{Chore, placed};
use crate::base::time::now;
use crate::http::sse::Event;
use crate::http::{Connection, Intake, Step, Terms};
use crate::rpc::Message;

const CALL: &str = r#"{"jsonrpc":"2.0","id":17,"method":"tools/call","params":{"name":"scout","arguments":{"target":"web01:/var/log/nginx/access.log","may_cache":true},"_meta":{"progressToken":"t-17"}}}"#;

pub fn chores() -> Vec<Chore> {
    let batch = format!("[{}]", vec![CALL; 50].join(","));
    vec![
        rpc("rpc: a call", CALL.to_owned()),
        rpc("rpc: a batch of 50", batch),
        rpc("rpc: no JSON", CALL.replace('}', "]")),
        http("http: a call", post("Content-Length: ", CALL)),
        http("http: a call in chunks", chunked(CALL)),
        http("http: a request of a browser", BROWSER.to_owned()),
        Chore::new("sse: an event", || {
            let mut out = Vec::new();
            let data = placed(CALL);
            move || {
                out.clear();
                Event { id: Some("5_17"), event: Some("message"), data: Some(data), ..Event::default() }
                    .write(&mut out);
                black_box(&out);
            }
        })
        .of_bytes(CALL.len()),
    ]
}

const BROWSER: &str = "GET /metrics?name=scout HTTP/1.1\r\nHost: 127.0.0.1:8000\r\nConnection: keep-alive\r\n\
    User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Safari/537.36\r\n\
    Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8\r\nAccept-Encoding: gzip, deflate, br\r\n\
    Accept-Language: en-US,en;q=0.9\r\nSec-Fetch-Dest: document\r\nSec-Fetch-Mode: navigate\r\n\
    Cookie: a=0123456789abcdef; b=0123456789abcdef\r\nCache-Control: max-age=0\r\n\r\n";

const HEAD: &str = "POST /mcp HTTP/1.1\r\nHost: 127.0.0.1:8000\r\nAccept: application/json, text/event-stream\r\n\
    Content-Type: application/json\r\nMcp-Protocol-Version: 2025-11-25\r\nMcp-Session-Id: 0123456789abcdef\r\n\
    Authorization: Bearer 0123456789abcdef0123456789abcdef\r\n";

fn post(framing: &str, body: &str) -> String {
    format!("{HEAD}{framing}{}\r\n\r\n{body}", body.len())
}

fn chunked(body: &str) -> String {
    let (first, second) = body.split_at(body.len() / 2);
    let chunk = |text: &str| format!("{:x}\r\n{text}\r\n", text.len());
    format!("{HEAD}Transfer-Encoding: chunked\r\n\r\n{}{}0\r\n\r\n", chunk(first), chunk(second))
}

fn rpc(name: &str, message: String) -> Chore {
    let bytes = message.len();
    Chore::new(name, move || {
        let message = message.clone();
        move || drop(black_box(Message::read(black_box(message.as_bytes()))))
    })
    .of_bytes(bytes)
}

/// On a connection of its own, as far as the request is given out.
fn http(name: &str, stream: String) -> Chore {
    let bytes = stream.len();
    Chore::new(name, move || {
        let (stream, now) = (stream.clone(), now());
        let intake = Rc::new(Intake::new(Terms { body_bytes_max: 1 << 20, ..Terms::default() }));
        move || {
            let mut connection = Connection::new(Rc::clone(&intake), now);
            connection.handle_input(black_box(stream.as_bytes()), now);
            assert!(matches!(black_box(connection.poll(now)), Step::Request(_)));
        }
    })
    .of_bytes(bytes)
}
