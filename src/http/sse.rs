//! Events of a stream (`text/event-stream`), as the HTML standard has them in "Server-sent events".

use crate::base::time::Duration;

/// A comment, which clients leave out: sent while there is nothing to say, it shows both sides that the other is there.
pub const PULSE: &[u8] = b":\n\n";

/// One event. Fields that are not there are not written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Event<'a> {
    /// What the client gives back when it connects again.
    pub id: Option<&'a str>,
    /// Its type; `message` when there is none.
    pub event: Option<&'a str>,
    /// How long to wait before connecting again.
    pub retry: Option<Duration>,
    /// Any text; each of its lines becomes a line of its own.
    pub data: Option<&'a str>,
}

impl Event<'_> {
    /// Adds the event to `out`, up to the empty line that ends it.
    pub fn write(&self, out: &mut Vec<u8>) {
        if let Some(id) = self.id {
            line(out, "id", id);
        }
        if let Some(event) = self.event {
            line(out, "event", event);
        }
        if let Some(retry) = self.retry {
            line(out, "retry", &retry.as_millis().to_string());
        }
        if let Some(data) = self.data {
            lines(data).for_each(|text| field(out, "data", text));
        }
        out.push(b'\n');
    }
}

/// Text as clients will put it together again: CR, LF and both together all end a line.
fn lines(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = Some(text);
    std::iter::from_fn(move || {
        let text = rest?;
        let Some(end) = memchr::memchr2(b'\r', b'\n', text.as_bytes()) else { return rest.take() };
        let (line, behind) = text.split_at(end);
        rest = behind.strip_prefix("\r\n").or_else(|| behind.get(1..));
        Some(line)
    })
}

/// A field of one line; what would end it, or have the client ignore it, is left out.
fn line(out: &mut Vec<u8>, name: &str, text: &str) {
    let kept: String = text.chars().filter(|char| !matches!(char, '\r' | '\n' | '\0')).collect();
    field(out, name, &kept);
}

fn field(out: &mut Vec<u8>, name: &str, text: &str) {
    for part in [name, ": ", text, "\n"] {
        out.extend_from_slice(part.as_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(event: Event<'_>) -> String {
        let mut out = Vec::new();
        event.write(&mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn every_line_of_the_data_is_one_of_the_event() {
        for (data, wire) in [
            ("", "data: \n\n"),
            ("{}", "data: {}\n\n"),
            (" a", "data:  a\n\n"),
            ("a\nb", "data: a\ndata: b\n\n"),
            ("a\r\nb\rc\n", "data: a\ndata: b\ndata: c\ndata: \n\n"),
            ("\n\r\n", "data: \ndata: \ndata: \n\n"),
            ("id: 1", "data: id: 1\n\n"),
        ] {
            assert_eq!(written(Event { data: Some(data), ..Event::default() }), wire);
        }
    }

    #[test]
    fn fields_are_one_line_each() {
        let event = Event {
            id: Some("1\n2\0"),
            event: Some("mes\r\nsage"),
            retry: Some(Duration::from_secs(3)),
            data: None,
        };
        assert_eq!(written(event), "id: 12\nevent: message\nretry: 3000\n\n");
    }
}
