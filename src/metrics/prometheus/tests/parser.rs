//! A parser of the text exposition format 0.0.4, stricter than Prometheus itself.

use std::collections::{BTreeMap, BTreeSet};

/// All samples of one name.
#[derive(Debug, Default)]
pub struct Family {
    pub kind: String,
    pub samples: Vec<Sample>,
}

#[derive(Debug, Clone)]
pub struct Sample {
    pub name: String,
    pub labels: BTreeMap<String, String>,
    pub value: f64,
}

pub type Page = BTreeMap<String, Family>;

/// # Errors
/// The line that is wrong.
pub fn parse(text: &str) -> Result<Page, String> {
    let text = text.strip_suffix('\n').ok_or("the last line has no end")?;
    let (mut page, mut current, mut seen) = (Page::new(), String::new(), BTreeSet::new());
    for line in text.split('\n') {
        let wrong = |what: &str| format!("{what}: {line}");
        if let Some(rest) = line.strip_prefix("# HELP ") {
            let (name, help) = rest.split_once(' ').ok_or_else(|| wrong("no help"))?;
            check_name(name).ok_or_else(|| wrong("no name"))?;
            unescaped(help, "\\n").ok_or_else(|| wrong("a wrong escape"))?;
            if page.insert(name.to_owned(), Family::default()).is_some() {
                return Err(wrong("a family twice"));
            }
            name.clone_into(&mut current);
        } else if let Some(rest) = line.strip_prefix("# TYPE ") {
            let (name, kind) = rest.split_once(' ').ok_or_else(|| wrong("no type"))?;
            let family = page.get_mut(name).filter(|family| family.kind.is_empty() && name == current);
            let is_kind = ["counter", "gauge", "histogram"].contains(&kind);
            let family = family.filter(|_| is_kind).ok_or_else(|| wrong("a type out of place"))?;
            kind.clone_into(&mut family.kind);
        } else {
            let sample = sample(line).ok_or_else(|| wrong("no sample"))?;
            if !seen.insert((sample.name.clone(), sample.labels.clone())) {
                return Err(wrong("a series twice"));
            }
            let family = page.get_mut(&current).ok_or_else(|| wrong("a sample of nothing"))?;
            let belongs = match family.kind.as_str() {
                "histogram" => ["_bucket", "_sum", "_count"]
                    .iter()
                    .any(|end| sample.name.strip_suffix(end) == Some(&current)),
                kind => !kind.is_empty() && sample.name == current,
            };
            if !belongs {
                return Err(wrong("a sample out of place"));
            }
            family.samples.push(sample);
        }
    }
    page.iter().try_for_each(|(name, family)| check(name, family))?;
    Ok(page)
}

fn check(name: &str, family: &Family) -> Result<(), String> {
    match family.kind.as_str() {
        "" => return Err(format!("{name} has no type")),
        "counter" if family.samples.iter().any(|sample| sample.value < 0.0) => {
            return Err(format!("{name} is less than nothing"));
        }
        "histogram" => {}
        _ => return Ok(()),
    }
    let mut series: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for sample in &family.samples {
        let mut labels = sample.labels.clone();
        let bound = labels.remove("le");
        series.entry(labels).or_default().push((sample, bound));
    }
    for parts in series.values() {
        check_series(name, parts).ok_or_else(|| format!("{name} is no histogram: {parts:?}"))?;
    }
    Ok(())
}

/// Buckets in order, the last one for everything; then the sum, then the count.
fn check_series(name: &str, parts: &[(&Sample, Option<String>)]) -> Option<()> {
    let [buckets @ .., (sum, None), (count, None)] = parts else { return None };
    let (mut below, mut least) = (f64::NEG_INFINITY, 0.0);
    for (bucket, bound) in buckets {
        let bound = number(bound.as_ref()?)?;
        let in_order = bound > below && bucket.value >= least && bucket.name == format!("{name}_bucket");
        (below, least) = in_order.then_some((bound, bucket.value))?;
    }
    let is_whole = below == f64::INFINITY && least == count.value;
    let named = sum.name == format!("{name}_sum") && count.name == format!("{name}_count");
    (is_whole && named).then_some(())
}

fn sample(line: &str) -> Option<Sample> {
    let end = line.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_' || c == ':'))?;
    let (name, mut rest) = line.split_at(end);
    check_name(name)?;
    let mut labels = BTreeMap::new();
    if let Some(inside) = rest.strip_prefix('{') {
        rest = inside;
        loop {
            let (label, after) = rest.split_once("=\"")?;
            check_name(label).filter(|()| !label.contains(':') && !label.starts_with("__"))?;
            let end = closing_quote(after)?;
            let value = unescaped(&after[..end], "\\n\"")?;
            if labels.insert(label.to_owned(), value).is_some() {
                return None;
            }
            rest = &after[end + 1..];
            match rest.strip_prefix(',') {
                Some(more) => rest = more,
                None => break,
            }
        }
        rest = rest.strip_prefix('}')?;
    }
    Some(Sample { name: name.to_owned(), labels, value: number(rest.strip_prefix(' ')?)? })
}

fn closing_quote(text: &str) -> Option<usize> {
    let mut is_escaped = false;
    text.char_indices().find_map(|(at, char)| {
        let ends = char == '"' && !is_escaped;
        is_escaped = char == '\\' && !is_escaped;
        ends.then_some(at)
    })
}

fn unescaped(text: &str, allowed: &str) -> Option<String> {
    let (mut plain, mut chars) = (String::new(), text.chars());
    while let Some(char) = chars.next() {
        plain.push(match char {
            '\\' => match chars.next().filter(|next| allowed.contains(*next))? {
                'n' => '\n',
                next => next,
            },
            '"' => allowed.contains('"').then_some(()).map_or(Some('"'), |()| None)?,
            char => char,
        });
    }
    Some(plain)
}

fn check_name(name: &str) -> Option<()> {
    let is_first = |c: char| c.is_ascii_alphabetic() || c == '_' || c == ':';
    let is_next = |c: char| is_first(c) || c.is_ascii_digit();
    (name.starts_with(is_first) && name.chars().all(is_next)).then_some(())
}

fn number(text: &str) -> Option<f64> {
    match text {
        "+Inf" => Some(f64::INFINITY),
        _ if text.starts_with(|c: char| c.is_ascii_digit() || c == '-') => text.parse().ok(),
        _ => None,
    }
}

#[test]
fn what_is_wrong_is_seen() {
    let good = "# HELP a b \\\\ \\n\n# TYPE a gauge\na{x=\"1\\\"\\\\\\n\",y=\"\"} 1\na -0.5\n";
    assert_eq!(parse(good).unwrap()["a"].samples[0].labels["x"], "1\"\\\n");
    let head = "# HELP a b\n# TYPE a counter\n";
    let histogram = "# HELP a b\n# TYPE a histogram\n";
    for wrong in [
        "",
        "a 1\n",
        "# HELP a b\na 1\n",
        "# TYPE a counter\n# HELP a b\n",
        "# HELP a b\n# TYPE a count\n",
        "# HELP a b\\t\n# TYPE a counter\n",
        &format!("{head}a 1"),
        &format!("{head}a 1\n\n"),
        &format!("{head}a -1\n"),
        &format!("{head}a 1\na 1\n"),
        &format!("{head}b 1\n"),
        &format!("{head}a{{}} 1\n"),
        &format!("{head}a{{x=\"1}} 1\n"),
        &format!("{head}a{{x=\"\\t\"}} 1\n"),
        &format!("{head}a{{x=\"1\",x=\"2\"}} 1\n"),
        &format!("{head}a{{1x=\"1\"}} 1\n"),
        &format!("{head}a  1\n"),
        &format!("{head}a one\n"),
        &format!("{head}{head}"),
        &format!("{histogram}a 1\n"),
        &format!("{histogram}a_sum 1\na_count 1\n"),
        &format!("{histogram}a_bucket{{le=\"1\"}} 1\na_sum 1\na_count 1\n"),
        &format!("{histogram}a_bucket{{le=\"1\"}} 2\na_bucket{{le=\"+Inf\"}} 1\na_sum 1\na_count 1\n"),
        &format!("{histogram}a_bucket{{le=\"+Inf\"}} 1\na_sum 1\na_count 2\n"),
        &format!("{histogram}a_bucket{{le=\"+Inf\"}} 1\na_count 1\n"),
    ] {
        assert!(parse(wrong).is_err(), "{wrong}");
    }
    parse(&format!("{histogram}a_bucket{{le=\"1\"}} 1\na_bucket{{le=\"+Inf\"}} 1\na_sum 1\na_count 1\n"))
        .unwrap();
}
