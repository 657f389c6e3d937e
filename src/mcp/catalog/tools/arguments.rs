//! Reads the arguments of a tool call by name, and says precisely what is wrong with them: a model corrects itself by
//! these texts.

use std::borrow::Cow;
use std::fmt;
use std::ops::RangeInclusive;

use serde::de::{Deserializer, IgnoredAny, MapAccess, Visitor};

use crate::base::text::shown;
use crate::rpc::{Raw, string, type_name};

/// What is wrong with the arguments, as a sentence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invalid(pub String);

/// The arguments a tool knows. Unknown ones have been refused.
#[derive(Debug)]
pub struct Arguments<'a>(Vec<Slot<'a>>);

/// A name, and its value if there is one.
type Slot<'a> = (&'static str, Option<Raw<'a>>);

impl<'a> Arguments<'a> {
    /// Takes apart an object whose members are called as `names` says. No object is an empty one.
    pub fn read(object: Option<Raw<'a>>, names: &[&'static str]) -> Result<Self, Invalid> {
        let slots = names.iter().map(|name| (*name, None)).collect();
        let Some(object) = object else { return Ok(Self(slots)) };
        let members = Members { slots, fault: None };
        let members = serde_json::Deserializer::from_str(object.get())
            .deserialize_map(members)
            .map_err(|_| Invalid("Arguments must be an object with valid Unicode names".to_owned()))?;
        match members.fault {
            Some(fault) => Err(fault),
            None => Ok(Self(members.slots)),
        }
    }

    /// The text of an argument; `None` when it is absent or `null`.
    pub fn text(&self, name: &str) -> Result<Option<Cow<'a, str>>, Invalid> {
        let Some(value) = self.value(name) else { return Ok(None) };
        match (string(value), type_name(value)) {
            (Some(text), _) => Ok(Some(text)),
            (None, "null") => Ok(None),
            (None, "a string") => Err(Invalid(format!("Argument '{name}' is not valid Unicode"))),
            (None, other) => Err(Invalid(format!("Argument '{name}' must be a string, not {other}"))),
        }
    }

    /// The text of an argument that means nothing when it is empty: some clients fill in all there are.
    pub fn filled(&self, name: &str) -> Result<Option<String>, Invalid> {
        Ok(self.text(name)?.filter(|text| !text.is_empty()).map(Cow::into_owned))
    }

    /// The text of an argument that must be there.
    pub fn required(&self, name: &str) -> Result<Cow<'a, str>, Invalid> {
        self.text(name)?.ok_or_else(|| Invalid(format!("Argument '{name}' is missing")))
    }

    /// A whole number; `None` when it is absent or `null`.
    pub fn number(&self, name: &str) -> Result<Option<i64>, Invalid> {
        self.number_within(name, i64::MIN..=i64::MAX)
    }

    /// A whole number between two others, which both are allowed.
    pub fn number_within(&self, name: &str, range: RangeInclusive<i64>) -> Result<Option<i64>, Invalid> {
        let Some(value) = self.value(name) else { return Ok(None) };
        let number = match type_name(value) {
            "a number" => whole(value.get()),
            "null" => return Ok(None),
            other => return Err(Invalid(format!("Argument '{name}' must be a number, not {other}"))),
        };
        let number = number.ok_or_else(|| Invalid(format!("Argument '{name}' must be a whole number")))?;
        match i64::try_from(number) {
            Ok(number) if range.contains(&number) => Ok(Some(number)),
            _ => {
                let ((low, high), found) = (range.into_inner(), shown(value.get()));
                Err(Invalid(format!("Argument '{name}' must be {low} to {high}, not {found}")))
            }
        }
    }

    /// A number of things, in a range of its own.
    pub fn count(&self, name: &str, range: RangeInclusive<usize>) -> Result<Option<usize>, Invalid> {
        let bound = |count| i64::try_from(count).unwrap_or(i64::MAX);
        let number = self.number_within(name, bound(*range.start())..=bound(*range.end()))?;
        Ok(number.and_then(|number| usize::try_from(number).ok()))
    }

    /// One of some words, by what it stands for; `None` when it is absent or `null`.
    pub fn choice<T: Copy>(&self, name: &str, words: &[(&str, T)]) -> Result<Option<T>, Invalid> {
        let Some(text) = self.text(name)? else { return Ok(None) };
        let Some((_, value)) = words.iter().find(|(word, _)| *word == text) else {
            let known: Vec<_> = words.iter().map(|(word, _)| *word).collect();
            return Err(Invalid(format!("Argument '{name}' must be one of {}", known.join(", "))));
        };
        Ok(Some(*value))
    }

    /// Yes or no; `None` when it is absent or `null`.
    pub fn flag(&self, name: &str) -> Result<Option<bool>, Invalid> {
        let Some(value) = self.value(name) else { return Ok(None) };
        match (value.get(), type_name(value)) {
            ("true", _) => Ok(Some(true)),
            ("false", _) => Ok(Some(false)),
            (_, "null") => Ok(None),
            (_, other) => Err(Invalid(format!("Argument '{name}' must be true or false, not {other}"))),
        }
    }

    /// Texts; none when it is absent or `null`.
    pub fn texts(&self, name: &str) -> Result<Vec<Cow<'a, str>>, Invalid> {
        let invalid = |value| {
            Invalid(format!("Argument '{name}' must be an array of strings; it holds {}", type_name(value)))
        };
        let values = self.values(name)?.into_iter().flatten();
        values.map(|value| string(value).ok_or_else(|| invalid(value))).collect()
    }

    /// The elements of an array; `None` when it is absent or `null`.
    pub fn values(&self, name: &str) -> Result<Option<Vec<Raw<'a>>>, Invalid> {
        let Some(value) = self.value(name) else { return Ok(None) };
        match (type_name(value), serde_json::from_str(value.get())) {
            ("an array", Ok(values)) => Ok(Some(values)),
            ("null", _) => Ok(None),
            (other, _) => Err(Invalid(format!("Argument '{name}' must be an array, not {other}"))),
        }
    }

    fn value(&self, name: &str) -> Option<Raw<'a>> {
        self.0.iter().find(|(known, _)| *known == name)?.1
    }
}

/// Reads a number of JSON that is whole, be it written `1`, `1.0` or `1e0`, as JSON Schema has it. One beyond all bounds is
/// the bound.
fn whole(text: &str) -> Option<i128> {
    text.parse().ok().or_else(|| {
        let number: f64 = text.parse().ok()?;
        (number.is_infinite() || number.fract() == 0.0).then_some(number as i128)
    })
}

/// Collects the known members; remembers the first fault instead of failing, as serde's errors lose their text.
struct Members<'a> {
    slots: Vec<Slot<'a>>,
    fault: Option<Invalid>,
}

impl<'de> Visitor<'de> for Members<'de> {
    type Value = Self;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<Self, A::Error> {
        while let Some(name) = map.next_key::<Name<'de>>()? {
            match self.slots.iter_mut().find(|(known, _)| *known == name.0) {
                Some((_, slot)) => {
                    if slot.replace(map.next_value()?).is_some() {
                        self.fault
                            .get_or_insert_with(|| Invalid(format!("Argument '{}' appears twice", name.0)));
                    }
                }
                None => {
                    map.next_value::<IgnoredAny>()?;
                    self.fault.get_or_insert_with(|| unknown(&name.0, &self.slots));
                }
            }
        }
        Ok(self)
    }
}

/// A member's name, borrowed where it has no escapes.
#[derive(serde::Deserialize)]
struct Name<'a>(#[serde(borrow)] Cow<'a, str>);

fn unknown(name: &str, slots: &[Slot<'_>]) -> Invalid {
    let known: Vec<_> = slots.iter().map(|(known, _)| *known).collect();
    Invalid(format!("Unknown argument '{}'. Known arguments: {}", shown(name), known.join(", ")))
}

#[cfg(test)]
mod tests {
    use serde_json::value::RawValue;

    use super::*;

    const NAMES: &[&str] = &["a", "b"];

    fn read(json: &str) -> Result<[Option<String>; 2], String> {
        let raw: Box<RawValue> = serde_json::from_str(json).expect(json);
        let text =
            |arguments: &Arguments<'_>, name| arguments.text(name).map(|text| text.map(Cow::into_owned));
        Arguments::read(Some(&raw), NAMES)
            .and_then(|arguments| Ok([text(&arguments, "a")?, text(&arguments, "b")?]))
            .map_err(|invalid| invalid.0)
    }

    #[test]
    fn texts_and_absences() {
        let some = |text: &str| Some(text.to_owned());
        assert_eq!(read("{}"), Ok([None, None]));
        assert_eq!(read(r#"{"b":null}"#), Ok([None, None]));
        assert_eq!(read(r#"{"b":"","\u0061":"x\ny"}"#), Ok([some("x\ny"), some("")]));
    }

    #[test]
    fn what_is_required_must_be_there() {
        let raw: Box<RawValue> = serde_json::from_str(r#"{"a":"x","b":null}"#).unwrap();
        let arguments = Arguments::read(Some(&raw), NAMES).unwrap();
        assert_eq!(arguments.required("a").unwrap(), "x");
        assert_eq!(arguments.required("b"), Err(Invalid("Argument 'b' is missing".into())));
    }

    #[test]
    fn numbers_are_whole_and_within_their_bounds() {
        let number = |json: &str| {
            let raw: Box<RawValue> = serde_json::from_str(json).expect(json);
            let arguments = Arguments::read(Some(&raw), NAMES).unwrap();
            let choice = arguments.choice("b", &[("one", 1), ("two", 2)]).map_err(|invalid| invalid.0);
            (arguments.count("a", 1..=10).map_err(|invalid| invalid.0), choice)
        };
        assert_eq!(number(r#"{"a":7,"b":"two"}"#), (Ok(Some(7)), Ok(Some(2))));
        assert_eq!(number(r#"{"a":null}"#), (Ok(None), Ok(None)));
        let wrong = |json: &str, text: &str| assert_eq!(number(json).0, Err(text.to_owned()), "{json}");
        for whole in [r#"{"a":7.0}"#, r#"{"a":7e0}"#, r#"{"a":0.7E+1}"#] {
            assert_eq!(number(whole).0, Ok(Some(7)), "{whole}");
        }
        for beyond in
            ["0", "11", "-1", "-1.0", "9223372036854775808", "18446744073709551616", "1e40", "-1e999"]
        {
            wrong(&format!(r#"{{"a":{beyond}}}"#), &format!("Argument 'a' must be 1 to 10, not {beyond}"));
        }
        let digits = format!(r#"{{"a":{}}}"#, "9".repeat(1_000));
        assert!(number(&digits).0.unwrap_err().len() < 200);
        wrong(r#"{"a":1.5}"#, "Argument 'a' must be a whole number");
        wrong(r#"{"a":"1"}"#, "Argument 'a' must be a number, not a string");
        assert_eq!(number(r#"{"b":"x"}"#).1, Err("Argument 'b' must be one of one, two".to_owned()));
    }

    #[test]
    fn flags_are_true_or_false_and_nothing_else() {
        let flag = |json: &str| {
            let raw: Box<RawValue> = serde_json::from_str(json).expect(json);
            Arguments::read(Some(&raw), NAMES)
                .and_then(|arguments| arguments.flag("a"))
                .map_err(|invalid| invalid.0)
        };
        assert_eq!(flag("{}"), Ok(None));
        assert_eq!(flag(r#"{"a":null}"#), Ok(None));
        assert_eq!(flag(r#"{"a": true}"#), Ok(Some(true)));
        assert_eq!(flag(r#"{"a":false}"#), Ok(Some(false)));
        for (json, found) in [(r#"{"a":"true"}"#, "a string"), (r#"{"a":1}"#, "a number")] {
            assert_eq!(flag(json), Err(format!("Argument 'a' must be true or false, not {found}")));
        }
    }

    #[test]
    fn arrays_hold_what_they_should() {
        let texts = |json: &str| {
            let raw: Box<RawValue> = serde_json::from_str(json).expect(json);
            Arguments::read(Some(&raw), NAMES)
                .and_then(|arguments| Ok(arguments.texts("a")?.into_iter().map(Cow::into_owned).collect()))
                .map_err(|invalid| invalid.0)
        };
        assert_eq!(texts("{}"), Ok(Vec::<String>::new()));
        assert_eq!(texts(r#"{"a":null}"#), Ok(Vec::new()));
        assert_eq!(texts(r#"{"a":["x", "\n"]}"#), Ok(vec!["x".to_owned(), "\n".to_owned()]));
        for (json, fault) in [
            (r#"{"a":"x"}"#, "Argument 'a' must be an array, not a string"),
            (r#"{"a":["x",1]}"#, "Argument 'a' must be an array of strings; it holds a number"),
        ] {
            assert_eq!(texts(json), Err(fault.to_owned()));
        }
    }

    #[test]
    fn faults_have_names() {
        for (json, fault) in [
            (r#"{"a":1}"#, "Argument 'a' must be a string, not a number"),
            (r#"{"b":["x"]}"#, "Argument 'b' must be a string, not an array"),
            (r#"{"b":{}}"#, "Argument 'b' must be a string, not an object"),
            (r#"{"a":false}"#, "Argument 'a' must be a string, not a boolean"),
            (r#"{"a":"\ud800"}"#, "Argument 'a' is not valid Unicode"),
            (r#"{"a":"x","a":"y"}"#, "Argument 'a' appears twice"),
            (r#"{"c\n":[[1]],"d":2,"a":1}"#, "Unknown argument 'c\\n'. Known arguments: a, b"),
            (r#"{"\ud800":1}"#, "Arguments must be an object with valid Unicode names"),
            ("[]", "Arguments must be an object with valid Unicode names"),
        ] {
            assert_eq!(read(json), Err(fault.to_owned()), "{json}");
        }
    }
}
