//! The tool `read`: a file, or a part of it; or what a host's software says.

use std::num::NonZeroU64;
use std::rc::Rc;

use futures_util::FutureExt;
use serde_json::{Value, json};

use super::super::Options;
use super::{Arguments, Invalid, looks, one, structured};
use crate::fleet::Shards;
use crate::mcp::call::Call;
use crate::mcp::catalog::resources::address;
use crate::mcp::content::ToolOutput;
use crate::mcp::provider::Work;
use crate::rpc::Raw;
use crate::scout::decode::Encoding;
use crate::scout::read::{Part, Reading};
use crate::scout::{Action, Seen};
use crate::target::Target;

pub const NAME: &str = "read";

const ARGUMENTS: &[&str] = &["target", "offset", "length", "head", "tail", "lines", "encoding"];

pub fn start(
    shards: &Rc<Shards>,
    call: &Rc<Call>,
    arguments: Option<Raw<'_>>,
) -> Result<Work<ToolOutput>, Invalid> {
    let arguments = Arguments::read(arguments, ARGUMENTS)?;
    let target = arguments.required("target")?.into_owned();
    let part = part(&arguments)?;
    let reading = arguments.choice("encoding", &ENCODINGS)?.unwrap_or_default();
    let (shards, call) = (Rc::clone(shards), Rc::clone(call));
    let work = async move {
        let (host, path) = Target::place(&target)?;
        match one::ask(&shards, &call, &target, &host, Action::read(path, part, reading)?).await? {
            Seen::Read(excerpt) => {
                let uri = address(&host, &excerpt.path);
                looks::excerpt(excerpt, uri)
            }
            other => structured::seen(&other),
        }
    };
    Ok(work.boxed_local())
}

pub fn describe(_: &Options) -> Value {
    json!({
        "name": NAME,
        "description": "Read a file or a part of it, of any size: the last lines of a log, a page of bytes. Binary files come as base64, pictures as images. Also host://docker and the like.",
        "inputSchema": {
            "type": "object",
            "properties": {
                "target": { "type": "string", "description": "host:/path" },
                "head": { "type": "integer", "description": "first N lines" },
                "tail": { "type": "integer", "description": "last N lines" },
                "lines": { "type": "string", "description": "\"10-20\", \"10-\" or \"10\"" },
                "offset": { "type": "integer", "description": "bytes to skip; next_offset goes on" },
                "length": { "type": "integer", "description": "bytes" },
                "encoding": { "enum": ["utf-8", "utf-16le", "utf-16be", "latin-1", "base64"], "description": "default: guessed" },
            },
            "required": ["target"],
            "additionalProperties": false,
        },
        "outputSchema": structured::schema(&["part", "view"]),
        "annotations": structured::harmless("Read a file"),
    })
}

const ENCODINGS: [(&str, Reading); 5] = [
    ("utf-8", Reading::Text(Encoding::Utf8)),
    ("utf-16le", Reading::Text(Encoding::Utf16Le)),
    ("utf-16be", Reading::Text(Encoding::Utf16Be)),
    ("latin-1", Reading::Text(Encoding::Latin1)),
    ("base64", Reading::Bytes),
];

/// Which part is wanted.
fn part(arguments: &Arguments<'_>) -> Result<Part, Invalid> {
    let number = |name| {
        let number = arguments.number_within(name, 0..=i64::MAX)?;
        Ok(number.map(i64::unsigned_abs))
    };
    let (head, tail) = (number("head")?.map(Part::Head), number("tail")?.map(Part::Tail));
    let lines = arguments.text("lines")?.map(|text| lines(&text)).transpose()?;
    let (offset, length) = (number("offset")?, number("length")?);
    let bytes = (offset.is_some() || length.is_some())
        .then(|| Part::Bytes { offset: offset.unwrap_or_default(), length });
    let mut parts = [head, tail, lines, bytes].into_iter().flatten();
    match (parts.next(), parts.next()) {
        (_, Some(_)) => Err(Invalid("Give only one of head, tail, lines, and offset with length".to_owned())),
        (part, None) => Ok(part.unwrap_or(Part::WHOLE)),
    }
}

/// Reads `10-20`, `10-` and `10`.
fn lines(text: &str) -> Result<Part, Invalid> {
    let wrong = || Invalid("Argument 'lines' must be like 10-20, 10- or 10".to_owned());
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    let first: NonZeroU64 = first.trim().parse().map_err(|_| wrong())?;
    let last = match last.trim() {
        "" => u64::MAX,
        last => last.parse().map_err(|_| wrong())?,
    };
    if last < first.get() {
        return Err(wrong());
    }
    Ok(Part::Lines { first, last })
}

#[cfg(test)]
mod tests {
    use serde_json::value::RawValue;

    use super::*;

    fn read(json: &str) -> Result<Part, String> {
        let raw: Box<RawValue> = serde_json::from_str(json).expect(json);
        Arguments::read(Some(&raw), ARGUMENTS)
            .and_then(|arguments| part(&arguments))
            .map_err(|invalid| invalid.0)
    }

    #[test]
    fn parts_are_named_in_four_ways() {
        let line = |first, last| Ok(Part::Lines { first: NonZeroU64::new(first).unwrap(), last });
        assert_eq!(read("{}"), Ok(Part::WHOLE));
        assert_eq!(read(r#"{"head":5}"#), Ok(Part::Head(5)));
        assert_eq!(read(r#"{"tail":0}"#), Ok(Part::Tail(0)));
        assert_eq!(read(r#"{"length":9}"#), Ok(Part::Bytes { offset: 0, length: Some(9) }));
        assert_eq!(read(r#"{"offset":9}"#), Ok(Part::Bytes { offset: 9, length: None }));
        assert_eq!(read(r#"{"lines":"10-20"}"#), line(10, 20));
        assert_eq!(read(r#"{"lines":"10-"}"#), line(10, u64::MAX));
        assert_eq!(read(r#"{"lines":"10"}"#), line(10, 10));
        for wrong in [r#"{"lines":"0-2"}"#, r#"{"lines":"3-2"}"#, r#"{"lines":"x"}"#, r#"{"lines":"-5"}"#] {
            assert!(read(wrong).unwrap_err().contains("must be like 10-20"), "{wrong}");
        }
        let two = read(r#"{"head":1,"tail":1}"#);
        assert_eq!(two, Err("Give only one of head, tail, lines, and offset with length".to_owned()));
        assert_eq!(
            read(r#"{"offset":-1}"#),
            Err(format!("Argument 'offset' must be 0 to {}, not -1", i64::MAX))
        );
    }
}
