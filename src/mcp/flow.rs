//! What a client gets to hear of a request: what work says on its way, then the answer.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use futures_util::future::LocalBoxFuture;
use futures_util::stream::{LocalBoxStream, Stream, StreamExt, once, select_all};
use futures_util::{FutureExt, future};

use super::calls;
use crate::base::limits::{BATCH_REPLY_BYTES_MAX, CALL_MESSAGES_MAX};
use crate::rpc::{self, Code, Id};

/// A message to the client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outgoing {
    /// More follows.
    Word(Vec<u8>),
    /// The last one.
    Answer(Vec<u8>),
    /// The same, where a transport with outcomes of its own is to show that the request failed: in the stateless era.
    Failure(Code, Vec<u8>),
}

impl Outgoing {
    /// Whichever it is.
    pub fn message(&self) -> &[u8] {
        let (Self::Word(message) | Self::Answer(message) | Self::Failure(_, message)) = self;
        message
    }

    pub fn into_message(self) -> Vec<u8> {
        let (Self::Word(message) | Self::Answer(message) | Self::Failure(_, message)) = self;
        message
    }
}

/// A request under way: it runs while it is polled, next to others; dropping it stops its work on the remote side. It
/// ends without an answer when the client took it back.
pub type Flow = LocalBoxStream<'static, Outgoing>;

/// What work has to say meanwhile. Work fills it while it is polled, so that nobody needs to be woken.
#[derive(Debug, Default)]
pub(super) struct Outbox {
    said: RefCell<Said>,
}

#[derive(Debug, Default)]
struct Said {
    messages: VecDeque<Vec<u8>>,
    /// The last there is to say of progress.
    progress: Option<Vec<u8>>,
}

impl Outbox {
    /// What is said faster than it is heard is lost.
    pub fn put(&self, message: Option<Vec<u8>>) -> bool {
        let mut said = self.said.borrow_mut();
        let has_room = said.messages.len() < CALL_MESSAGES_MAX;
        if has_room {
            said.messages.extend(message);
        }
        has_room
    }

    pub fn put_progress(&self, message: Option<Vec<u8>>) {
        self.said.borrow_mut().progress = message;
    }

    fn take(&self) -> Option<Vec<u8>> {
        let mut said = self.said.borrow_mut();
        said.messages.pop_front().or_else(|| said.progress.take())
    }
}

/// The flow of work that ends in an answer, or in none.
pub(super) fn flow(work: LocalBoxFuture<'static, Option<Outgoing>>, outbox: Rc<Outbox>) -> Flow {
    Working { work: Some(work), answer: None, outbox }.boxed_local()
}

/// One answer to the entries of a batch, when all of them have theirs.
pub(super) fn batch(replies: Vec<Vec<u8>>, flows: Vec<(Id<'static>, Flow)>) -> Flow {
    let answers = Rc::new(RefCell::new(Answers { bytes: replies.iter().map(Vec::len).sum(), replies }));
    let words = flows.into_iter().map(|(id, flow)| {
        let answers = Rc::clone(&answers);
        let words = flow.filter_map(move |outgoing| {
            future::ready(match outgoing {
                Outgoing::Word(_) => Some(outgoing),
                Outgoing::Answer(answer) | Outgoing::Failure(_, answer) => {
                    answers.borrow_mut().put(&id, answer);
                    None
                }
            })
        });
        words.boxed_local()
    });
    let words = select_all(words);
    let answer = once(async move { rpc::join(std::mem::take(&mut answers.borrow_mut().replies)) });
    words.chain(answer.filter_map(future::ready).map(Outgoing::Answer)).boxed_local()
}

/// Those of a batch that are there.
struct Answers {
    replies: Vec<Vec<u8>>,
    bytes: usize,
}

impl Answers {
    /// What there is no room for is lost, which is said in its place.
    fn put(&mut self, id: &Id<'_>, answer: Vec<u8>) {
        let has_room = self.replies.is_empty() || self.bytes + answer.len() <= BATCH_REPLY_BYTES_MAX;
        let reply = if has_room {
            answer
        } else {
            let message =
                "Server busy: the answers of this batch are too long together, ask for fewer at once";
            rpc::failure(Some(id), &calls::busy(message.to_owned()))
        };
        self.bytes += reply.len();
        self.replies.push(reply);
    }
}

struct Working {
    work: Option<LocalBoxFuture<'static, Option<Outgoing>>>,
    answer: Option<Outgoing>,
    outbox: Rc<Outbox>,
}

impl Stream for Working {
    type Item = Outgoing;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Outgoing>> {
        if let Some(work) = &mut self.work
            && let Poll::Ready(answer) = work.poll_unpin(cx)
        {
            self.work = None;
            self.answer = answer;
        }
        if let Some(word) = self.outbox.take() {
            return Poll::Ready(Some(Outgoing::Word(word)));
        }
        match self.work {
            Some(_) => Poll::Pending,
            None => Poll::Ready(self.answer.take()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn heard(flow: &mut Flow) -> Vec<String> {
        let mut heard = Vec::new();
        while let Some(Some(outgoing)) = flow.next().now_or_never() {
            heard.push(match outgoing {
                Outgoing::Word(bytes) => format!("word {}", String::from_utf8_lossy(&bytes)),
                Outgoing::Answer(bytes) => format!("answer {}", String::from_utf8_lossy(&bytes)),
                Outgoing::Failure(_, bytes) => panic!("failed: {}", String::from_utf8_lossy(&bytes)),
            });
        }
        heard
    }

    fn said(text: &str) -> Option<Vec<u8>> {
        Some(text.as_bytes().to_vec())
    }

    #[test]
    fn words_come_before_the_answer_and_only_the_last_progress_is_told() {
        let outbox = Rc::new(Outbox::default());
        let (speaker, (sender, receiver)) = (Rc::clone(&outbox), async_channel::bounded::<()>(1));
        let work = async move {
            speaker.put_progress(said("1"));
            speaker.put_progress(said("2"));
            speaker.put(said("a"));
            receiver.recv().await.ok();
            speaker.put_progress(said("3"));
            said("done").map(Outgoing::Answer)
        };
        let mut flow = flow(work.boxed_local(), outbox);
        assert_eq!(heard(&mut flow), ["word a", "word 2"]);
        sender.try_send(()).unwrap();
        assert_eq!(heard(&mut flow), ["word 3", "answer done"]);
    }

    #[test]
    fn what_nobody_hears_is_bounded() {
        let outbox = Rc::new(Outbox::default());
        let put = (0..2 * CALL_MESSAGES_MAX).filter(|_| outbox.put(said("x"))).count();
        assert_eq!(put, CALL_MESSAGES_MAX);
        let mut flow = flow(async { None }.boxed_local(), outbox);
        assert_eq!(heard(&mut flow).len(), CALL_MESSAGES_MAX);
    }

    fn id() -> Id<'static> {
        let raw: Box<serde_json::value::RawValue> = serde_json::from_str("7").expect("JSON");
        Id::read(&raw).map(Id::into_owned).expect("an id")
    }

    #[test]
    fn what_a_batch_holds_back_is_bounded() {
        let flow_of = |bytes| {
            let answer = Outgoing::Answer(vec![b'1'; bytes]);
            (id(), flow(async { Some(answer) }.boxed_local(), Rc::default()))
        };
        let answer = |flows| match super::batch(Vec::new(), flows).next().now_or_never() {
            Some(Some(Outgoing::Answer(answer))) => answer,
            other => panic!("{other:?}"),
        };
        let half = BATCH_REPLY_BYTES_MAX / 2;
        assert_eq!(answer(vec![flow_of(2 * BATCH_REPLY_BYTES_MAX)]).len(), 2 * BATCH_REPLY_BYTES_MAX + 2);
        assert_eq!(answer(vec![flow_of(half), flow_of(half)]).len(), 2 * half + 3);
        let cut = answer(vec![flow_of(half), flow_of(half), flow_of(half)]);
        assert!(cut.len() < 2 * half + 300, "{}", cut.len());
        let last = String::from_utf8_lossy(&cut[cut.len() - 200..]);
        assert!(last.contains(r#""id":7,"error":{"code":-32000"#), "{last}");
    }

    #[test]
    fn a_batch_has_one_answer_behind_all_words() {
        let speak = |word: &str, answer: Option<&str>| {
            let outbox = Rc::new(Outbox::default());
            outbox.put(said(word));
            let answer = answer.and_then(said).map(Outgoing::Answer);
            flow(async { answer }.boxed_local(), outbox)
        };
        let flows = [speak("a", Some("1")), speak("b", None), speak("c", Some("2"))];
        let flows = flows.into_iter().map(|flow| (id(), flow)).collect();
        let heard = heard(&mut batch(vec![b"0".to_vec()], flows));
        assert_eq!(heard.len(), 4);
        assert!(heard[3].starts_with("answer [0,"), "{heard:?}");
        assert_eq!(super::batch(Vec::new(), Vec::new()).next().now_or_never(), Some(None));
    }
}
