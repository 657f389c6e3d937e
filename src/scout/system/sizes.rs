//! Sizes in bytes as people read them.

const UNITS: [&str; 7] = ["", "K", "M", "G", "T", "P", "E"];

/// As `zfs` writes them: at most five characters, `1.50T`.
pub fn human(bytes: u64) -> String {
    let index = (0..UNITS.len()).rev().find(|index| bytes >> (10 * index) > 0).unwrap_or_default();
    let (unit, name) = (1_u64 << (10 * index), UNITS[index]);
    if bytes.is_multiple_of(unit) {
        return format!("{}{name}", bytes / unit);
    }
    let value = bytes as f64 / unit as f64;
    let written = [2, 1].map(|digits| format!("{value:.digits$}{name}"));
    written.into_iter().find(|text| text.len() <= 5).unwrap_or_else(|| format!("{value:.0}{name}"))
}

/// A number of bytes that a program wrote; what is none is left as it is.
pub fn human_of(text: &str) -> String {
    text.parse().map_or_else(|_| text.to_owned(), human)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_zfs_writes_them() {
        for (bytes, text) in [
            (0, "0"),
            (1023, "1023"),
            (1024, "1K"),
            (1536, "1.50K"),
            (98_304, "96K"),
            (9_961_472_000_000, "9.06T"),
            (107_374_182_401, "100G"),
            (10_200_547_328, "9.50G"),
            (u64::MAX, "16.0E"),
        ] {
            assert_eq!(human(bytes), text, "{bytes}");
        }
        assert_eq!((human_of("-"), human_of("2048")), ("-".to_owned(), "2K".to_owned()));
    }
}
