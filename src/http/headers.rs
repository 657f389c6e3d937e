//! The headers of a request, as they came: one text, and where in it names and values stand.

use std::fmt;

use crate::base::limits::HTTP_HEAD_BYTES_MAX;

/// See the module's documentation.
#[derive(Clone, PartialEq, Eq)]
pub struct Headers {
    text: Box<[u8]>,
    fields: Box<[Field]>,
}

/// Where a name and its value stand in the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Field {
    pub(super) name: Span,
    pub(super) value: Span,
}

/// From where to where. A head is short enough for small numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Span {
    from: u16,
    to: u16,
}

const _: () = assert!(HTTP_HEAD_BYTES_MAX <= u16::MAX as usize);

impl Span {
    /// Where `part` stands in `whole`, of which it is a slice; nothing when it is none.
    pub(super) fn of(part: &[u8], whole: &[u8]) -> Self {
        let from = (part.as_ptr() as usize).wrapping_sub(whole.as_ptr() as usize);
        let to = from.wrapping_add(part.len());
        match (u16::try_from(from), u16::try_from(to)) {
            (Ok(from), Ok(to)) if usize::from(to) <= whole.len() => Self { from, to },
            _ => Self::default(),
        }
    }

    pub(super) fn in_text(self, text: &[u8]) -> &[u8] {
        text.get(usize::from(self.from)..usize::from(self.to)).unwrap_or_default()
    }
}

impl Headers {
    pub(super) fn new(text: &[u8], fields: Vec<Field>) -> Self {
        Self { text: text.into(), fields: fields.into_boxed_slice() }
    }

    /// The value of the first header of this name, whatever the case of its letters.
    pub fn get(&self, name: &str) -> Option<&[u8]> {
        self.all(name).next()
    }

    /// The same where it is text.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.get(name).and_then(|value| str::from_utf8(value).ok())
    }

    /// The values of all headers of this name.
    pub fn all(&self, name: &str) -> impl Iterator<Item = &[u8]> {
        // Compared as bytes: a request is asked for a dozen names, and has as many.
        let is_it = |field: &&Field| field.name.in_text(&self.text).eq_ignore_ascii_case(name.as_bytes());
        self.fields.iter().filter(is_it).map(|field| field.value.in_text(&self.text))
    }

    /// Names and values in the order in which they came.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &[u8])> {
        // Names are letters and a few signs: httparse has seen to that.
        let text = |span: Span| str::from_utf8(span.in_text(&self.text)).unwrap_or_default();
        self.fields.iter().map(move |field| (text(field.name), field.value.in_text(&self.text)))
    }

    pub(super) fn part(&self, span: Span) -> &[u8] {
        span.in_text(&self.text)
    }
}

/// Values may be secrets: only the names.
impl fmt::Debug for Headers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter().map(|(name, _)| name)).finish()
    }
}
