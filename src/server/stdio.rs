//! MCP over standard input and output: a JSON-RPC message a line.
//!
//! Requests run side by side and answers leave as they are ready. At the end of input, and when the server takes leave,
//! everything under way is finished first, unless nobody is left to read it.

use std::pin::pin;
use std::rc::Rc;

use futures_util::stream::SelectAll;
use futures_util::{FutureExt, StreamExt, select_biased};

use crate::base::{Error, Kind, Result};
use crate::io::stdio::{self, Line};
use crate::mcp::{Flow, Incoming, Outgoing, Session};
use crate::rpc;

use super::Drain;

/// Serves one client on the standard streams until it closes them, or the drain begins.
///
/// Errors: the streams cannot be served.
pub async fn serve_stdio(session: &Rc<Session>, drain: &Drain) -> Result<()> {
    let failed = |error| Error::new(Kind::Local, format!("Cannot serve the standard streams: {error}"));
    let output = stdio::Output::start().map_err(failed)?;
    let lines = stdio::lines().map_err(failed)?;
    let mut calls: SelectAll<Flow> = SelectAll::new();
    let mut notices = pin!(session.notices().fuse());
    let mut leave = pin!(drain.begun().fuse());
    let mut input_ended = false;
    loop {
        let reply = select_biased! {
            outgoing = hear(&mut calls).fuse() => outgoing.map(Outgoing::into_message),
            notice = notices.select_next_some() => Some(notice),
            () = leave => {
                input_ended = true;
                None
            }
            line = receive(&lines, input_ended).fuse() => match line {
                None => {
                    input_ended = true;
                    None
                }
                Some(line) => match handle(session, &line) {
                    Incoming::Nothing => None,
                    Incoming::Reply(reply) | Incoming::Refused(_, reply) => Some(reply),
                    Incoming::Call(call) => {
                        calls.push(call);
                        None
                    }
                },
            },
            () = desert(&output, input_ended).fuse() => return Ok(()),
        };
        if let Some(reply) = reply
            && output.send(reply).await.is_err()
        {
            // Nobody reads answers any more: what is under way is of no use to anyone.
            return Ok(());
        }
        if input_ended {
            session.hear_no_more();
            if calls.is_empty() {
                break;
            }
        }
    }
    output.finish().await;
    Ok(())
}

/// What one of the calls says next; `None` when the last of them has ended without a word, as those do that were taken
/// back.
async fn hear(calls: &mut SelectAll<Flow>) -> Option<Outgoing> {
    if calls.is_empty() {
        std::future::pending::<()>().await;
    }
    calls.next().await
}

/// The next line; `None` once, at the end of input, and nothing ever after.
async fn receive(lines: &async_channel::Receiver<Line>, ended: bool) -> Option<Line> {
    if ended {
        std::future::pending::<()>().await;
    }
    lines.recv().await.ok()
}

/// Waits until nobody reads answers any more. Before the end of input the client is there and may read when it likes.
async fn desert(output: &stdio::Output, ended: bool) {
    if !ended {
        std::future::pending::<()>().await;
    }
    output.deserted().await;
}

fn handle(session: &Session, line: &Line) -> Incoming {
    match line {
        Line::Text(text) if text.is_empty() => Incoming::Nothing,
        Line::Text(text) => session.handle(text, None),
        Line::TooLong => Incoming::Reply(rpc::failure(None, &rpc::Error::message_too_large())),
    }
}
