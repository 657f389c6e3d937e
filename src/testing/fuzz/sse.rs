//! Event streams: what is written is what a reader hears who keeps to the HTML standard ("Server-sent events", §9.2.5 and
//! §9.2.6), whatever the fields hold and between whatever pulses, and a reader that begins anew at any event misses
//! nothing of those that follow.

use crate::base::time::Duration;
use crate::http::sse::{Event, PULSE};
use crate::testing::choices::Choices;

/// What a reader hands on.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Heard {
    event: String,
    data: String,
    /// What it would give back when it connects again.
    last_id: String,
    retry: Option<u64>,
}

/// For each event a byte that says which fields there are and whether a pulse follows, and the fields.
pub fn run(data: &[u8]) {
    let mut choices = Choices::new(data);
    let (mut stream, mut wanted) = (Vec::new(), Vec::new());
    let (mut last_id, mut retry) = (String::new(), None);
    while !choices.is_empty() {
        let which = choices.u8();
        let mut field = |bit: u8| (which & bit != 0).then(|| text(&mut choices));
        let (id, event, data) = (field(1), field(2), field(4));
        let wait = (which & 8 != 0).then(|| Duration::from_millis(u64::from(choices.u32())));
        let begun = stream.len();
        let written =
            Event { id: id.as_deref(), event: event.as_deref(), retry: wait, data: data.as_deref() };
        written.write(&mut stream);
        assert!(stream.ends_with(b"\n"), "an event ends with its last line");

        last_id = id.map_or(last_id, |id| one_line(&id));
        retry = wait.map(|wait| wait.as_millis() as u64).or(retry);
        if let Some(data) = data {
            let event = event.map(|event| one_line(&event)).filter(|event| !event.is_empty());
            let event = event.unwrap_or_else(|| "message".to_owned());
            let data = data.replace("\r\n", "\n").replace('\r', "\n");
            wanted.push(Heard { event, data, last_id: last_id.clone(), retry });
            let alone = hear(&stream[begun..]);
            assert_eq!(alone.len(), 1, "one event is one event");
            assert_eq!(alone[0].data, wanted[wanted.len() - 1].data);
        }
        if which & 16 != 0 {
            stream.extend_from_slice(PULSE);
        }
    }
    assert_eq!(hear(&stream), wanted);
}

/// A length and what it counts, as text.
fn text(choices: &mut Choices<'_>) -> String {
    let count = usize::from(choices.u8());
    String::from_utf8_lossy(choices.bytes(count)).into_owned()
}

/// Of a field that has no room for more: what would end it or make it void is left out.
fn one_line(text: &str) -> String {
    text.replace(['\r', '\n', '\0'], "")
}

/// What the standard has a reader hand on: written after its text, not after ours.
fn hear(stream: &[u8]) -> Vec<Heard> {
    let text = String::from_utf8_lossy(stream);
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    // All three ways to end a line are one. What follows the last one is no line.
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    let Some((lines, _)) = text.rsplit_once('\n') else { return Vec::new() };
    let mut heard = Vec::new();
    let (mut data, mut event, mut last_id, mut retry) = (String::new(), String::new(), String::new(), None);
    for line in lines.split('\n') {
        let (field, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "" if line.is_empty() => {
                let (mut data, event) = (std::mem::take(&mut data), std::mem::take(&mut event));
                if data.pop().is_some() {
                    let event = if event.is_empty() { "message".to_owned() } else { event };
                    heard.push(Heard { event, data, last_id: last_id.clone(), retry });
                }
            }
            "event" => event = value.to_owned(),
            "data" => {
                data.push_str(value);
                data.push('\n');
            }
            "id" if !value.contains('\0') => last_id = value.to_owned(),
            "retry" if value.bytes().all(|byte| byte.is_ascii_digit()) => {
                retry = value.parse().ok().or(retry)
            }
            // Comments among them.
            _ => {}
        }
    }
    heard
}
