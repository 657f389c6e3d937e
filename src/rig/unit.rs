//! Figures as people read them.

/// Microseconds with three digits or so, and a unit: `85 µs`, `1.25 ms`, `2.40 s`.
pub fn duration(microseconds: f64) -> String {
    match microseconds {
        us if us < 1_000.0 => format!("{} µs", three_digits(us)),
        us if us < 1_000_000.0 => format!("{} ms", three_digits(us / 1e3)),
        us => format!("{} s", three_digits(us / 1e6)),
    }
}

/// A number with three digits or so, its thousands apart: `85.2`, `1,250`, `17,500`.
pub fn count(number: f64) -> String {
    if number.abs() < 1_000.0 {
        return three_digits(number);
    }
    let digits = format!("{number:.0}");
    let (sign, digits) = digits.strip_prefix('-').map_or(("", digits.as_str()), |digits| ("-", digits));
    let mut grouped = String::with_capacity(digits.len() * 4 / 3 + 1);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place) % 3 == 0 {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    format!("{sign}{grouped}")
}

/// Bytes in units of a thousand: `8.90 MB`.
pub fn decimal_size(bytes: u64) -> String {
    let bytes = approximate(bytes);
    match bytes {
        b if b < 1e3 => format!("{b} B"),
        b if b < 1e6 => format!("{} kB", three_digits(b / 1e3)),
        b if b < 1e9 => format!("{} MB", three_digits(b / 1e6)),
        b => format!("{} GB", three_digits(b / 1e9)),
    }
}

/// A moment as people write it, in UTC: `2026-11-21 18:09`. `unix` are seconds since 1970.
pub fn time_of(unix: u64) -> String {
    let (days, seconds) = (unix / 86_400, unix % 86_400);
    let (year, month, day) = civil(days);
    format!("{year:04}-{month:02}-{day:02} {:02}:{:02}", seconds / 3_600, seconds / 60 % 60)
}

/// The date of a day since 1970, by the algorithm `civil_from_days` of Howard Hinnant, for years from then on.
fn civil(days: u64) -> (u64, u64, u64) {
    let shifted = days + 719_468;
    let (era, of_era) = (shifted / 146_097, shifted % 146_097);
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let from_march = (5 * of_year + 2) / 153;
    let day = of_year - (153 * from_march + 2) / 5 + 1;
    let month = if from_march < 10 { from_march + 3 } else { from_march - 9 };
    (year_of_era + era * 400 + u64::from(month <= 2), month, day)
}

/// As a number that can be divided: what is lost are digits that nobody sees.
#[allow(clippy::cast_precision_loss)]
pub(super) fn approximate(number: u64) -> f64 {
    number as f64
}

/// To three digits behind the point, which files need no more of.
pub(super) fn rounded(number: f64) -> f64 {
    (number * 1e3).round() / 1e3
}

fn three_digits(number: f64) -> String {
    match number.abs() {
        0.0 => "0".to_owned(),
        n if n < 9.995 => format!("{number:.2}"),
        n if n < 99.95 => format!("{number:.1}"),
        _ => format!("{number:.0}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_have_three_digits_and_a_unit() {
        let times = [0.0, 85.234, 99.96, 1_254.0, 25_000.0, 2_400_000.0, 90e6].map(duration);
        assert_eq!(times, ["0 µs", "85.2 µs", "100 µs", "1.25 ms", "25.0 ms", "2.40 s", "90.0 s"]);
        let counts = [0.5, 12.0, 999.0, 1_250.4, 17_500.0, 1_234_567.0, -1_200.0].map(count);
        assert_eq!(counts, ["0.50", "12.0", "999", "1,250", "17,500", "1,234,567", "-1,200"]);
        let sizes = [12, 1_500, 8_900_000, 2_000_000_000].map(decimal_size);
        assert_eq!(sizes, ["12 B", "1.50 kB", "8.90 MB", "2.00 GB"]);
    }

    #[test]
    fn days_have_dates() {
        for (unix, date) in [
            (0, "1970-01-01 00:00"),
            (951_782_400, "2000-02-29 00:00"),
            (1_709_251_199, "2024-02-29 23:59"),
            (1_795_284_540, "2026-11-21 18:09"),
        ] {
            assert_eq!(time_of(unix), date);
        }
    }
}
