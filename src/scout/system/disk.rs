//! File systems and block devices of a machine.

use super::Ask;
use super::script::{Answer, Script};
use super::shown::{Rows, Shown, parts};
use crate::base::Result;

/// The question.
#[derive(Debug, Clone, Copy)]
pub struct Disk;

/// A network file system whose server is gone holds up `df`: what the kernel alone can say comes first, and is shown even
/// when `df` has to be ended.
const SCRIPT: &str = r#"
say 'Block devices'; lsblk -o NAME,SIZE,TYPE,FSTYPE,MOUNTPOINT 2>/dev/null || cat /proc/partitions;
say Mounts;
grep -E '^[^ ]+ /[^ ]* (ext|xfs|btrfs|zfs|nfs|cifs|smb|fuse|overlay|vfat|ntfs|f2fs|9p|virtiofs|tmpfs)' /proc/mounts
  2>/dev/null || mount;
say 'File systems (KiB)'; df -kP;
say Inodes; df -iP 2>/dev/null || df -i;
exit 0
"#;

impl Ask for Disk {
    fn script(&self) -> Script {
        Script::new(SCRIPT)
    }

    fn is_in_parts(&self) -> bool {
        true
    }

    fn read(&self, host: &str, answer: &Answer) -> Result<Shown> {
        let sections = answer.sections();
        let df = sections.get(2).map(|(_, text)| text.as_ref()).unwrap_or_default();
        let systems: Vec<_> = df.lines().filter_map(file_system).collect();
        let text = parts(&format!("Disks of {host}"), &sections);
        let columns = ["device", "size_kib", "used_kib", "available_kib", "used", "mount"];
        Ok(Shown::of(answer, text).with(Rows::new(columns, systems)))
    }
}

/// A line of `df -kP`: names, which may hold blanks, around three numbers and a share.
fn file_system(line: &str) -> Option<[String; 6]> {
    let words: Vec<&str> = line.split_whitespace().collect();
    let is_number = |word: &&str| word.bytes().all(|byte| byte.is_ascii_digit());
    let at = words.windows(4).position(|four| {
        let [figures @ .., share] = four else { return false };
        figures.iter().all(is_number) && (*share == "-" || share.ends_with('%'))
    })?;
    let [size, used, available, share] = words.get(at..at + 4)?.try_into().ok()?;
    let (device, mount) = (words[..at].join(" "), words[at + 4..].join(" "));
    Some([device, size.to_owned(), used.to_owned(), available.to_owned(), share.to_owned(), mount])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn file_systems_are_read_whatever_their_names() {
        for (line, cells) in [
            (
                "/dev/sda1        103081248 45064012  52737972      47% /",
                ["/dev/sda1", "103081248", "45064012", "52737972", "47%", "/"],
            ),
            (
                "//nas/My Files 10 3 7 30% /mnt/my files",
                ["//nas/My Files", "10", "3", "7", "30%", "/mnt/my files"],
            ),
            ("none 0 0 0 - /sys/x", ["none", "0", "0", "0", "-", "/sys/x"]),
        ] {
            assert_eq!(file_system(line), Some(cells.map(str::to_owned)), "{line}");
        }
        for line in ["Filesystem 1024-blocks Used Available Capacity Mounted on", "", "1 2 3 4"] {
            assert_eq!(file_system(line), None, "{line}");
        }
    }

    #[test]
    fn what_came_before_a_share_that_hangs_is_shown() {
        let text = "Block devices\nNAME SIZE\nsda 100G\n\u{1}scout Mounts\nnas:/x /mnt nfs4 rw 0 0\n\u{1}scout File systems (KiB)\n";
        let shown = Disk.read("web1", &Answer::cut(text)).unwrap();
        assert!(
            shown.text.contains("## Block devices\n\nNAME SIZE\nsda 100G\n\n## Mounts\n\nnas:/x"),
            "{}",
            shown.text
        );
        assert!(
            shown.text.contains("## File systems (KiB)\n\n(nothing)\n\n[truncated at "),
            "{}",
            shown.text
        );
    }
}
