//! Small pieces of work, each of one layer and without any input or output: what `benches/micro.rs` times, and whose
//! instructions `benches/instructions/` counts. The tests do each of them once.

mod fleet;
mod messages;
mod sftp;
mod ssh;
mod text;

/// One piece of work.
pub struct Chore {
    pub name: String,
    /// What it goes through, where that is what its time depends on.
    pub bytes: Option<u64>,
    /// Its instructions are counted: they are the same every time, as it neither encrypts nor draws random numbers, and not
    /// too many.
    pub is_counted: bool,
    prepare: Box<dyn Fn() -> Work>,
}

/// Does it once more.
pub type Work = Box<dyn FnMut()>;

impl Chore {
    fn new<W: FnMut() + 'static>(name: impl Into<String>, prepare: impl Fn() -> W + 'static) -> Self {
        Self {
            name: name.into(),
            bytes: None,
            is_counted: true,
            prepare: Box::new(move || Box::new(prepare())),
        }
    }

    fn of_bytes(self, bytes: usize) -> Self {
        Self { bytes: Some(bytes as u64), ..self }
    }

    fn uncounted(self) -> Self {
        Self { is_counted: false, ..self }
    }

    /// Makes everything ready.
    pub fn prepare(&self) -> Work {
        (self.prepare)()
    }
}

/// All of them, layer by layer.
pub fn all() -> Vec<Chore> {
    [text::chores(), messages::chores(), ssh::chores(), sftp::chores(), fleet::chores()]
        .into_iter()
        .flatten()
        .collect()
}

/// The one of this name. Panics when there is none.
pub fn named(name: &str) -> Chore {
    all().into_iter().find(|chore| chore.name == name).unwrap_or_else(|| panic!("no chore is called {name}"))
}

/// A copy of the text that begins at a multiple of 64, for good: searches that take 32 bytes at a time need as many steps
/// for it in every build, wherever the compiler puts its constants.
fn placed(text: &str) -> &'static str {
    const LINE: usize = 64;
    let mut bytes = Vec::<u8>::with_capacity(LINE + text.len());
    let start = bytes.as_ptr().align_offset(LINE);
    bytes.resize(start, b' ');
    bytes.extend_from_slice(text.as_bytes());
    let (_, placed) = str::from_utf8(bytes.leak()).expect("spaces and a text").split_at(start);
    placed
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn texts_begin_at_a_multiple_of_64() {
        for text in ["", "a", "hosts", "web01:/etc/hosts"] {
            let placed = placed(text);
            assert_eq!((placed, placed.as_ptr().addr() % 64), (text, 0));
        }
    }

    #[test]
    fn each_can_be_done_more_than_once() {
        let mut names = HashSet::new();
        for chore in all() {
            assert!(names.insert(chore.name.clone()), "two are called {}", chore.name);
            let mut work = chore.prepare();
            work();
            work();
        }
    }
}
