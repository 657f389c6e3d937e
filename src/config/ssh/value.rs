//! Values of directives: flags, numbers, times, sizes and choices, as OpenSSH reads them.

use std::time::Duration;

use crate::base::limits::KNOWN_HOSTS_FILES_MAX;

/// The only argument of a line.
pub fn single<'a>(keyword: &str, args: &'a [String]) -> Result<&'a str, String> {
    match args {
        [] => Err(format!("{keyword} has no value")),
        [value] if value.is_empty() => Err(format!("{keyword} has an empty value")),
        [value] => Ok(value),
        [_, more, ..] => Err(format!("{keyword} takes one value: unexpected '{more}'")),
    }
}

/// `yes` or `no`.
pub fn flag(keyword: &str, value: &str) -> Result<bool, String> {
    choice(keyword, value, &[("yes", true), ("no", false), ("true", true), ("false", false)])
}

/// One of several words, in any case. Later spellings of the same value are allowed, but not named in errors.
pub fn choice<T: Copy + PartialEq>(keyword: &str, value: &str, choices: &[(&str, T)]) -> Result<T, String> {
    let found = choices.iter().find(|(name, _)| name.eq_ignore_ascii_case(value));
    found.map(|(_, choice)| *choice).ok_or_else(|| {
        let mut names: Vec<&str> = Vec::new();
        for (at, (name, choice)) in choices.iter().enumerate() {
            if choices.iter().take(at).all(|(_, other)| other != choice) {
                names.push(name);
            }
        }
        let last = names.pop().unwrap_or_default();
        format!("{keyword} '{value}': expected {} or {last}", names.join(", "))
    })
}

/// A number from 0 to `i32::MAX`.
pub fn count(keyword: &str, value: &str) -> Result<u32, String> {
    let number = value.parse().ok().filter(|&n: &u32| i32::try_from(n).is_ok());
    number.ok_or_else(|| format!("{keyword} '{value}' is not a number: expected 0 to {}", i32::MAX))
}

/// Seconds, or a sum of parts as `1h30m` (sshd_config(5), TIME FORMATS). `none` is no value: as in ssh, a later line
/// may still set one.
pub fn time(keyword: &str, value: &str) -> Result<Option<Duration>, String> {
    if value == "none" {
        return Ok(None);
    }
    seconds(value)
        .filter(|&total| i32::try_from(total).is_ok())
        .map(|total| Some(Duration::from_secs(total)))
        .ok_or_else(|| format!("{keyword} '{value}' is not a time: expected seconds, 1m30s or none"))
}

/// Files, of which `none` is none.
pub fn files(keyword: &str, args: Vec<String>) -> Result<Vec<String>, String> {
    if args.len() > KNOWN_HOSTS_FILES_MAX {
        return Err(format!(
            "{keyword} names {} files: at most {KNOWN_HOSTS_FILES_MAX} are allowed",
            args.len()
        ));
    }
    list(keyword, args)
}

/// Words, of which `none` is none and has to stand alone.
pub fn list(keyword: &str, args: Vec<String>) -> Result<Vec<String>, String> {
    if args.iter().any(String::is_empty) {
        return Err(format!("{keyword} has an empty value"));
    }
    match args.iter().any(|arg| arg.eq_ignore_ascii_case("none")) {
        true if args.len() > 1 => Err(format!("{keyword}: 'none' must stand alone")),
        true => Ok(Vec::new()),
        false => Ok(args),
    }
}

/// When to change keys (ssh_config(5), RekeyLimit): bytes, where 0 leaves it to the cipher, and a time.
pub fn rekey_limit(args: &[String]) -> Result<(u64, Option<Duration>), String> {
    let (size, interval) = match args {
        [size] => (size, None),
        [size, interval] => (size, time("rekeylimit", interval)?),
        [] => return Err("rekeylimit has no value".to_owned()),
        [_, _, more, ..] => return Err(format!("rekeylimit takes a size and a time: unexpected '{more}'")),
    };
    let bytes = if size == "default" { Some(0) } else { scaled(size) };
    match bytes.filter(|&bytes| bytes == 0 || bytes >= REKEY_BYTES_MIN) {
        Some(bytes) => Ok((bytes, interval)),
        None => {
            Err(format!("rekeylimit '{size}': expected default, or {REKEY_BYTES_MIN} bytes and more, as 1G"))
        }
    }
}

/// OpenSSH's own bound.
const REKEY_BYTES_MIN: u64 = 16;

/// A number with a suffix of powers of 1024, as `scan_scaled` of BSD: `1.5G`.
fn scaled(text: &str) -> Option<u64> {
    let (number, power) = match text.char_indices().next_back()? {
        (_, last) if last.is_ascii_digit() => (text, 0),
        (at, unit) => (text.get(..at)?, "BKMGTPE".find(unit.to_ascii_uppercase())?),
    };
    let factor = 1_u64.checked_shl(u32::try_from(10 * power).ok()?)?;
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    if whole.is_empty() && fraction.is_empty() || !fraction.bytes().all(|digit| digit.is_ascii_digit()) {
        return None;
    }
    let whole: u64 = if whole.is_empty() { 0 } else { whole.parse().ok()? };
    let part = fraction.bytes().rev().fold(0.0, |part, digit| (part + f64::from(digit - b'0')) / 10.0);
    #[allow(clippy::cast_precision_loss, clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    let part = (part * factor as f64) as u64;
    let bytes = whole.checked_mul(factor)?.checked_add(part)?;
    i64::try_from(bytes).is_ok().then_some(bytes)
}

fn seconds(value: &str) -> Option<u64> {
    let mut total = 0_u64;
    let mut rest = value;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
        let (number, unit) = rest.split_at(digits);
        let factor = match unit.chars().next().map(|c| c.to_ascii_lowercase()) {
            None | Some('s') => 1,
            Some('m') => 60,
            Some('h') => 3_600,
            Some('d') => 86_400,
            Some('w') => 604_800,
            Some(_) => return None,
        };
        total = total.checked_add(number.parse::<u64>().ok()?.checked_mul(factor)?)?;
        rest = unit.get(1..).unwrap_or("");
    }
    if value.is_empty() { None } else { Some(total) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_and_times_of_a_rekey_limit() {
        let limit = |text: &str| {
            let args: Vec<String> = text.split_whitespace().map(str::to_owned).collect();
            rekey_limit(&args)
        };
        for (text, bytes, interval) in [
            ("default none", 0, None),
            ("default", 0, None),
            ("16", 16, None),
            ("1G 1h", 1 << 30, Some(3_600)),
            ("1.5k", 1_536, None),
            ("512M 0", 512 << 20, Some(0)),
            ("4g none", 4 << 30, None),
        ] {
            assert_eq!(limit(text), Ok((bytes, interval.map(Duration::from_secs))), "{text}");
        }
        for text in ["", "15", "x", "1X", "-1", "1G x", "1G 1h 1h", "9999999999G", ".", "1e3"] {
            assert!(limit(text).is_err(), "{text}");
        }
    }

    #[test]
    fn choices_are_named_once() {
        assert_eq!(flag("k", "maybe").unwrap_err(), "k 'maybe': expected yes or no");
        assert_eq!(flag("k", "TRUE"), Ok(true));
    }
}
