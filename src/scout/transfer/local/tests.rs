//! Files of this machine under the name that they have while they are written.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};

use super::*;

const SOURCE: &str = "h1:/a";

fn open(dir: &Path) -> Result<Unfinished> {
    let directory = File::open(dir).unwrap().into();
    Unfinished::open(directory, "a".into(), "a".into(), Some(&SOURCE.to_owned()))
}

fn head() -> Head {
    let (name, label) = ("a".to_owned(), SOURCE.to_owned());
    Head { name, label, size: 3, mode: 0o644, modified: None }
}

#[test]
fn a_file_is_written_by_one() {
    let dir = tempfile::tempdir().unwrap();
    let mut one = open(dir.path()).unwrap();
    one.file.write_all_at(b"one", 0).unwrap();
    let other = open(dir.path()).map(drop).unwrap_err();
    assert_eq!(other.message(), "a is being written by another transfer");
    one.put_in_place(&head(), false).unwrap();
    // What stands at its target is not what the next one writes to.
    let next = open(dir.path()).unwrap();
    next.file.set_len(0).unwrap();
    assert_eq!(fs::read(dir.path().join("a")).unwrap(), b"one");
}

#[test]
fn what_was_replaced_meanwhile_is_not_put_in_place() {
    let dir = tempfile::tempdir().unwrap();
    let mut one = open(dir.path()).unwrap();
    let other = dir.path().join(&one.unfinished_name);
    fs::remove_file(&other).unwrap();
    fs::write(&other, "other").unwrap();
    let text = one.put_in_place(&head(), true).unwrap_err().message().to_owned();
    assert!(text.starts_with("a is not written: "), "{text}");
    drop(one);
    assert!(!dir.path().join("a").exists() && fs::read(&other).unwrap() == b"other");
}

#[test]
fn what_others_may_have_put_there_is_not_gone_on_with() {
    let dir = tempfile::tempdir().unwrap();
    let (left, foreign) = (dir.path().join(names::lasting("a", SOURCE)), dir.path().join("foreign"));
    let put = |mode: u32| {
        fs::write(&foreign, "foreign").unwrap();
        fs::set_permissions(&foreign, fs::Permissions::from_mode(mode)).unwrap();
    };
    let is_gone_on_with = || {
        let opened = open(dir.path()).unwrap();
        let stat = opened.file.metadata().unwrap();
        assert_eq!((stat.nlink(), stat.mode() & 0o7777), (1, 0o600));
        stat.len() > 0
    };
    put(0o600);
    fs::rename(&foreign, &left).unwrap();
    assert!(is_gone_on_with(), "it is as a transfer leaves it");
    put(0o644);
    fs::rename(&foreign, &left).unwrap();
    assert!(!is_gone_on_with(), "others can read it");
    put(0o600);
    fs::remove_file(&left).unwrap();
    fs::hard_link(&foreign, &left).unwrap();
    assert!(!is_gone_on_with(), "it has another name");
    fs::remove_file(&left).unwrap();
    symlink(&foreign, &left).unwrap();
    assert!(!is_gone_on_with(), "it is a link");
    assert_eq!(fs::read(&foreign).unwrap(), b"foreign");
}

#[test]
fn what_is_longer_than_the_source_is_begun_anew() {
    let dir = tempfile::tempdir().unwrap();
    let one = open(dir.path()).unwrap();
    one.file.write_all_at(b"four", 0).unwrap();
    assert_eq!(one.partial(4).unwrap().len, 4);
    assert_eq!(one.partial(3).unwrap(), Partial::NONE);
    assert_eq!(one.file.metadata().unwrap().len(), 0);
}

#[test]
fn a_file_that_may_not_be_looked_at_is_not_one_that_is_missing() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("file"), "").unwrap();
    let roots = Roots::Below(vec![dir.path().to_owned()]);
    let below = |name: &str| is_file(&dir.path().join(name).display().to_string(), &roots);
    assert_eq!((below("file"), below("none"), below("")), (Ok(true), Ok(false), Ok(false)));
    assert_eq!(below("../up").unwrap_err().kind(), Kind::InvalidArgument);
    let outside = is_file("/etc/passwd", &roots).unwrap_err();
    assert!(outside.message().starts_with("Forbidden: /etc/passwd is not below "), "{outside}");
}
