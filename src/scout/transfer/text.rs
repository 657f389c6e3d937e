//! What people and agents read of a transfer.

use super::{Transferred, Way};
use crate::base::text::on_one_line;

impl Transferred {
    /// What was transferred from where to where, as it was asked, and how much that is.
    pub fn text(&self) -> String {
        // Names of files forge no lines.
        let [from, to] = [&self.from, &self.to].map(|place| on_one_line(place, usize::MAX));
        let what = match self.way {
            Way::Up => format!("✓ Uploaded {from} → {to}"),
            Way::Down => format!("✓ Downloaded {from} → {to}"),
            Way::Across => format!("✓ Streamed {from} → {to} (remote-to-remote)"),
        };
        format!("{what}\n  Size: {}", size(self.size))
    }

    /// The same, and what is known of it besides.
    pub fn long_text(&self) -> String {
        let mut text = self.text();
        let resumed = match self.resumed_at {
            0 => String::new(),
            bytes => format!(", behind the {} that were there", size(bytes)),
        };
        text += &format!("\n  SHA-256: {}{resumed} (compared by {})", self.sha256, self.checked_by);
        for note in self.notes() {
            text += &format!("\n  {note}.");
        }
        text
    }

    /// What is unusual.
    pub fn notes(&self) -> Vec<&'static str> {
        let changed = self.is_changed.then_some("The source was changed while it was read");
        let bare = (!self.keeps_attributes).then_some("Mode and time of the source could not be set");
        changed.into_iter().chain(bare).collect()
    }
}

/// With two decimals of the largest unit that fits.
pub fn size(bytes: u64) -> String {
    const UNITS: [&str; 4] = ["KB", "MB", "GB", "TB"];
    if bytes < 1024 {
        return format!("{bytes} B");
    }
    let mut size = bytes as f64 / 1024.0;
    let mut unit = 0;
    while size >= 1024.0 && unit + 1 < UNITS.len() {
        size /= 1024.0;
        unit += 1;
    }
    format!("{size:.2} {}", UNITS[unit])
}

#[cfg(test)]
mod tests {
    use super::super::By;
    use super::*;

    fn transferred(way: Way) -> Transferred {
        Transferred {
            way,
            from: "/tmp/a".into(),
            to: "h1:/tmp/a".into(),
            size: 1239,
            resumed_at: 0,
            sha256: "9f86".into(),
            checked_by: By::Program("sha256sum"),
            is_changed: false,
            keeps_attributes: true,
        }
    }

    #[test]
    fn texts() {
        assert_eq!(transferred(Way::Up).text(), "✓ Uploaded /tmp/a → h1:/tmp/a\n  Size: 1.21 KB");
        assert_eq!(transferred(Way::Down).text(), "✓ Downloaded /tmp/a → h1:/tmp/a\n  Size: 1.21 KB");
        let across = "✓ Streamed /tmp/a → h1:/tmp/a (remote-to-remote)\n  Size: 1.21 KB";
        assert_eq!(transferred(Way::Across).text(), across);
        let long = Transferred {
            resumed_at: 512,
            checked_by: By::ReadBack,
            is_changed: true,
            keeps_attributes: false,
            ..transferred(Way::Up)
        };
        assert_eq!(
            long.long_text(),
            "✓ Uploaded /tmp/a → h1:/tmp/a\n  Size: 1.21 KB\n  SHA-256: 9f86, behind the 512 B that were there \
             (compared by reading it back)\n  The source was changed while it was read.\n  Mode and time of the source \
             could not be set."
        );
    }

    #[test]
    fn names_forge_no_lines() {
        let forged = Transferred { to: "h1:/tmp/a\n  Size: 9 B".into(), ..transferred(Way::Up) };
        let text = "✓ Uploaded /tmp/a → h1:/tmp/a\\n  Size: 9 B\n  Size: 1.21 KB";
        assert_eq!(forged.text(), text);
        let error = super::super::exists(&forged.to);
        assert!(error.message().starts_with("h1:/tmp/a\\n  Size: 9 B exists already"), "{error}");
    }

    #[test]
    fn sizes() {
        for (bytes, text) in [
            (0, "0 B"),
            (1023, "1023 B"),
            (1024, "1.00 KB"),
            (5 << 20, "5.00 MB"),
            (1 << 30, "1.00 GB"),
            (1 << 52, "4096.00 TB"),
        ] {
            assert_eq!(size(bytes), text);
        }
    }
}
