//! Which handle the server will give to the next file or directory it opens, so that requests on it can leave with the
//! OPEN in place of a round trip later.
//!
//! OpenSSH's sftp-server numbers its handles and gives the number in four bytes: the one that was freed last, or else
//! the next that was never given (`sftp-server.c`, `handle_new` and `handle_unused`). Requests are worked off in order,
//! so what it will give follows from what has been asked. Only a server that calls itself OpenSSH is predicted: others
//! may begin alike and go on otherwise. A prediction is verified by the reply; a server that once does otherwise is not
//! predicted again. What is sent on a predicted handle must be harmless on any other: READ is,
//! READDIR is where no other directory is open, CLOSE and WRITE never are.

use std::collections::VecDeque;

/// A handle as OpenSSH's server words it.
pub(super) type Guess = [u8; 4];

#[derive(Debug)]
pub(super) struct Handles {
    /// The server has done nothing yet that OpenSSH's does not.
    like_openssh: bool,
    /// As of the last reply.
    known: Table,
    /// As it will be once everything asked has gone as expected.
    expected: Table,
    /// What was asked and not answered, in order.
    asked: VecDeque<(u32, Change)>,
}

#[derive(Debug, Clone, Copy)]
enum Change {
    /// Something is opened, as is expected or not.
    Open {
        expected: bool,
    },
    Close(u32),
}

impl Handles {
    /// Nothing is predicted of a server that is not `like_openssh`.
    pub fn new(like_openssh: bool) -> Self {
        Self { like_openssh, known: Table::default(), expected: Table::default(), asked: VecDeque::new() }
    }

    /// The handle of what is opened next.
    pub fn predict(&self) -> Option<Guess> {
        self.like_openssh.then(|| self.expected.next().to_be_bytes())
    }

    /// Request `id` opens something; `expected` is whether that is likely to succeed.
    pub fn asked_open(&mut self, id: u32, expected: bool) {
        self.asked(id, Change::Open { expected });
    }

    pub fn asked_close(&mut self, id: u32, handle: &[u8]) {
        match handle.try_into() {
            Ok(number) => self.asked(id, Change::Close(u32::from_be_bytes(number))),
            Err(_) => self.give_up(),
        }
    }

    /// Request `id` was answered: with this handle, with another success, or with a failure.
    pub fn answered(&mut self, id: u32, answer: Answer<'_>) {
        if !self.like_openssh {
            return;
        }
        let Some((_, change)) = self.asked.pop_front().filter(|(first, _)| *first == id) else {
            return self.give_up();
        };
        let as_expected = match (change, answer) {
            (Change::Open { expected }, Answer::Handle(handle)) => {
                if handle != self.known.take().to_be_bytes() {
                    return self.give_up();
                }
                expected
            }
            (Change::Open { expected }, _) => !expected,
            (Change::Close(number), Answer::Success) => {
                self.known.give_back(number);
                true
            }
            (Change::Close(_), _) => return self.give_up(),
        };
        if !as_expected {
            self.expected.clone_from(&self.known);
            self.asked.iter().for_each(|(_, change)| self.expected.apply(*change));
        }
    }

    fn asked(&mut self, id: u32, change: Change) {
        if self.like_openssh {
            self.expected.apply(change);
            self.asked.push_back((id, change));
        }
    }

    fn give_up(&mut self) {
        *self = Self::new(false);
    }
}

/// A reply, as far as it concerns handles.
#[derive(Debug, Clone, Copy)]
pub(super) enum Answer<'a> {
    Handle(&'a [u8]),
    Success,
    Failure,
}

/// The server's table: the numbers given back, last one on top, and how many there ever were.
#[derive(Debug, Clone, Default)]
struct Table {
    free: Vec<u32>,
    count: u32,
}

impl Table {
    fn next(&self) -> u32 {
        self.free.last().copied().unwrap_or(self.count)
    }

    fn take(&mut self) -> u32 {
        self.free.pop().unwrap_or_else(|| {
            let next = self.count;
            self.count = next.wrapping_add(1);
            next
        })
    }

    fn give_back(&mut self, number: u32) {
        self.free.push(number);
    }

    fn apply(&mut self, change: Change) {
        match change {
            Change::Open { expected: true } => drop(self.take()),
            Change::Open { expected: false } => {}
            Change::Close(number) => self.give_back(number),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(handles: &Handles) -> Option<u32> {
        handles.predict().map(u32::from_be_bytes)
    }

    fn answer_handle(handles: &mut Handles, id: u32, number: u32) {
        handles.answered(id, Answer::Handle(&number.to_be_bytes()));
    }

    #[test]
    fn nothing_is_predicted_of_a_server_that_only_begins_like_openssh() {
        let mut handles = Handles::new(false);
        for id in 0..3 {
            handles.asked_open(id, true);
            answer_handle(&mut handles, id, id);
            assert_eq!(number(&handles), None);
        }
        assert_eq!(number(&Handles::new(true)), Some(0));
    }

    #[test]
    fn what_was_freed_last_is_given_first_even_before_it_is_free() {
        let mut handles = Handles::new(true);
        for id in 0..3 {
            handles.asked_open(id, true);
            answer_handle(&mut handles, id, id);
        }
        for (id, handle) in [(3, 0u32), (4, 2)] {
            handles.asked_close(id, &handle.to_be_bytes());
        }
        let mut given = Vec::new();
        for id in 5..8 {
            given.extend(number(&handles));
            handles.asked_open(id, true);
        }
        assert_eq!(given, [2, 0, 3]);
        handles.answered(3, Answer::Success);
        handles.answered(4, Answer::Success);
        answer_handle(&mut handles, 5, 2);
        assert_eq!(number(&handles), Some(4), "still as expected");
    }

    #[test]
    fn a_surprise_changes_what_is_expected_of_the_rest() {
        let mut handles = Handles::new(true);
        handles.asked_open(0, true);
        handles.asked_open(1, true);
        assert_eq!(number(&handles), Some(2));
        handles.answered(0, Answer::Failure);
        assert_eq!(number(&handles), Some(1), "the second one gets 0");
        answer_handle(&mut handles, 1, 0);
        handles.asked_open(2, false);
        assert_eq!(number(&handles), Some(1), "nobody expects it to be opened");
        answer_handle(&mut handles, 2, 1);
        assert_eq!(number(&handles), Some(2));
    }

    #[test]
    fn another_server_is_not_predicted() {
        let not_openssh: [fn(&mut Handles); 4] = [
            |handles| handles.answered(0, Answer::Handle(b"hx1")),
            |handles| handles.answered(0, Answer::Handle(&[0, 0, 0, 7])),
            |handles| handles.answered(1, Answer::Handle(&[0, 0, 0, 0])),
            |handles| handles.asked_close(2, b"hx1"),
        ];
        for other in not_openssh {
            let mut handles = Handles::new(true);
            handles.asked_open(0, true);
            handles.asked_open(1, true);
            other(&mut handles);
            assert_eq!(number(&handles), None);
            answer_handle(&mut handles, 1, 0);
            assert_eq!(number(&handles), None, "never again");
        }
    }
}
