//! The header `Date` (RFC 9110 §5.6.7), made once a second.

const DAYS: [&[u8; 3]; 7] = [b"Thu", b"Fri", b"Sat", b"Sun", b"Mon", b"Tue", b"Wed"];
const MONTHS: [&[u8; 3]; 12] =
    [b"Jan", b"Feb", b"Mar", b"Apr", b"May", b"Jun", b"Jul", b"Aug", b"Sep", b"Oct", b"Nov", b"Dec"];

/// A second and what it is called.
#[derive(Debug, Clone, Copy)]
pub struct Date {
    unix: u64,
    text: [u8; 29],
}

impl Date {
    /// Seconds since 1970.
    pub fn at(unix: u64) -> Self {
        let (days, time) = (unix / 86_400, unix % 86_400);
        let (year, month, day) = civil(days);
        let mut text = *b"Thu, 01 Jan 1970 00:00:00 GMT";
        text[..3].copy_from_slice(DAYS[(days % 7) as usize]);
        put_two(&mut text[5..7], day);
        text[8..11].copy_from_slice(MONTHS[(month - 1) as usize]);
        put_two(&mut text[12..14], year / 100);
        put_two(&mut text[14..16], year);
        put_two(&mut text[17..19], time / 3600);
        put_two(&mut text[20..22], time / 60 % 60);
        put_two(&mut text[23..25], time % 60);
        Self { unix, text }
    }

    /// The same when it is still that second.
    #[must_use]
    pub fn renewed(self, unix: u64) -> Self {
        if unix == self.unix { self } else { Self::at(unix) }
    }

    pub(super) fn text(&self) -> &[u8] {
        &self.text
    }
}

/// Year, month and day of a day since 1970, in the calendar of all centuries: years are counted from March, so that the
/// day that some of them have more is their last (Howard Hinnant, "chrono-compatible low-level date algorithms").
fn civil(days: u64) -> (u64, u64, u64) {
    let days = days + 719_468;
    let (era, day_of_era) = (days / 146_097, days % 146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * from_march + 2) / 5 + 1;
    let month = if from_march < 10 { from_march + 3 } else { from_march - 9 };
    (era * 400 + year_of_era + u64::from(month <= 2), month, day)
}

/// The last two digits.
fn put_two(into: &mut [u8], number: u64) {
    let digit = |number: u64| b'0' + (number % 10) as u8;
    into.copy_from_slice(&[digit(number / 10), digit(number)]);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_have_their_names() {
        for (unix, name) in [
            (0, "Thu, 01 Jan 1970 00:00:00 GMT"),
            (784_111_777, "Sun, 06 Nov 1994 08:49:37 GMT"),
            (951_782_399, "Mon, 28 Feb 2000 23:59:59 GMT"),
            (951_782_400, "Tue, 29 Feb 2000 00:00:00 GMT"),
            (1_735_689_599, "Tue, 31 Dec 2024 23:59:59 GMT"),
            (4_107_542_400, "Mon, 01 Mar 2100 00:00:00 GMT"),
        ] {
            let date = Date::at(0).renewed(unix);
            assert_eq!(str::from_utf8(date.text()).unwrap(), name);
        }
    }
}
