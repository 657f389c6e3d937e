//! MCP over standard input and output: a JSON-RPC message a line.
//!
//! Requests run side by side and answers leave as they are ready. At the end of input everything under way is
//! finished first.

use futures_util::future::LocalBoxFuture;
use futures_util::stream::FuturesUnordered;
use futures_util::{FutureExt, StreamExt, select_biased};

use crate::base::{Error, Kind, Result};
use crate::io::stdio::{self, Line};
use crate::mcp::{Incoming, Session};
use crate::rpc;

/// Serves one client on the standard streams until it closes them.
///
/// Errors: the streams cannot be served.
pub async fn serve_stdio(session: &Session) -> Result<()> {
    let failed = |error| Error::new(Kind::Local, format!("Cannot serve the standard streams: {error}"));
    let output = stdio::Output::start().map_err(failed)?;
    let lines = stdio::lines().map_err(failed)?;
    let mut calls: FuturesUnordered<LocalBoxFuture<'static, Option<Vec<u8>>>> = FuturesUnordered::new();
    let mut input_ended = false;
    loop {
        let reply = select_biased! {
            reply = calls.select_next_some() => reply,
            line = receive(&lines, input_ended).fuse() => match line {
                None => {
                    input_ended = true;
                    None
                }
                Some(line) => match handle(session, &line) {
                    Incoming::Nothing => None,
                    Incoming::Reply(reply) => Some(reply),
                    Incoming::Call(call) => {
                        calls.push(call);
                        None
                    }
                },
            },
        };
        if let Some(reply) = reply
            && output.send(reply).await.is_err()
        {
            // Nobody reads answers any more: what is under way is of no use to anyone.
            return Ok(());
        }
        if input_ended && calls.is_empty() {
            break;
        }
    }
    output.finish().await;
    Ok(())
}

/// The next line; `None` once, at the end of input, and nothing ever after.
async fn receive(lines: &async_channel::Receiver<Line>, ended: bool) -> Option<Line> {
    if ended {
        std::future::pending::<()>().await;
    }
    lines.recv().await.ok()
}

fn handle(session: &Session, line: &Line) -> Incoming {
    match line {
        Line::Text(text) if text.is_empty() => Incoming::Nothing,
        Line::Text(text) => session.handle(text),
        Line::TooLong => Incoming::Reply(rpc::failure(None, &rpc::Error::message_too_large())),
    }
}
