use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;

use super::*;
use crate::config::Scope;

const KEY: &str = "0123456789abcdef-one";
const OTHER: &str = "0123456789abcdef-two";

fn secret(text: &str) -> Secret {
    Secret::new(text.to_owned().into())
}

fn given(text: &str) -> Result<Keys> {
    KeySource::new(Some(&secret(text)), None)?.unwrap().load()
}

/// Keys of a file that only its owner can read.
fn of_file(text: &str) -> Result<Keys> {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("keys.toml");
    fs::write(&path, text).unwrap();
    fs::set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
    let keys = KeySource::new(None, Some(path.clone()))?.unwrap().load();
    keys.map_err(|error| Error::new(error.kind(), error.message().replace(path.to_str().unwrap(), "FILE")))
}

fn hex(key: &str) -> String {
    sha256(&[key.as_bytes()]).iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn without_keys_nobody_is_asked() {
    assert!(KeySource::new(None, None).unwrap().is_none());
    assert!(given(" ,\n, ").unwrap().is_empty());
}

#[test]
fn keys_of_the_environment_may_do_everything() {
    let keys = given(&format!(" {KEY} ,\n{OTHER}\n")).unwrap();
    for key in [KEY, OTHER] {
        assert_eq!(*keys.find(key.as_bytes()).unwrap().access, Access::all());
    }
    for other in [&b""[..], &KEY.as_bytes()[1..], b"0123456789abcdef-onf", hex(KEY).as_bytes()] {
        assert!(keys.find(other).is_none());
    }
}

#[test]
fn keys_of_a_file_may_do_what_it_says() {
    let text = format!(
        "[[key]]\nname = 'ci'\nkey = '{KEY}'\nscopes = ['read', 'command']\nhosts = ['web*', '!web9']\n\
         [[key]]\nsha256 = '{}'\n",
        hex(OTHER).to_uppercase()
    );
    let keys = of_file(&text).unwrap();
    let one = keys.find(KEY.as_bytes()).unwrap();
    assert_eq!(Scope::ALL.map(|scope| one.access.has(scope)), [true, true, false]);
    assert_eq!(["web1", "web9", "db1"].map(|host| one.access.includes(host)), [true, false, false]);
    assert_eq!(*keys.find(OTHER.as_bytes()).unwrap().access, Access::all());
}

#[test]
fn both_places_are_one_list() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("keys.toml");
    let source = KeySource::new(Some(&secret(KEY)), Some(path.clone())).unwrap().unwrap();
    assert!(source.load().unwrap_err().message().ends_with("keys.toml: there is no such file"));
    fs::write(&path, format!("key = [{{ key = '{OTHER}' }}]")).unwrap();
    fs::set_permissions(&path, Permissions::from_mode(0o644)).unwrap();
    assert!(source.load().unwrap_err().message().contains("chmod 600"));
    fs::set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
    assert_eq!(source.load().unwrap().0.len(), 2);
    // What was removed is gone, and what the environment says stays.
    fs::write(&path, "").unwrap();
    let keys = source.load().unwrap();
    assert!(keys.find(OTHER.as_bytes()).is_none() && keys.find(KEY.as_bytes()).is_some());
}

#[test]
fn a_key_is_shown_by_its_hash() {
    let keys = of_file(&format!("[[key]]\nname = 'ci'\nkey = '{KEY}'\n")).unwrap();
    let key = keys.find(KEY.as_bytes()).unwrap();
    let digits = &hex(KEY)[..8];
    assert_eq!(key.to_string(), format!("key {digits} (ci)"));
    assert_eq!(KeyHash::of(KEY.as_bytes()).to_string(), format!("key {digits}"));
    assert_eq!(format!("{:016x}", key.number()), hex(KEY)[..16]);
    let shown = format!("{keys:?}");
    assert!(!shown.contains(&hex(KEY)[8..]) && !shown.contains(KEY), "{shown}");
}

#[test]
fn what_nobody_should_use_is_refused_and_not_shown() {
    let weak = "is weak or no key: expected 16 to 1024 letters";
    for (text, reason) in [
        ("short-secret".to_owned(), format!("SCOUT_API_KEYS: key 1 {weak}")),
        (format!("{KEY},with space in secret"), format!("SCOUT_API_KEYS: key 2 {weak}")),
        (format!("secret{}", "é".repeat(9)), format!("SCOUT_API_KEYS: key 1 {weak}")),
        ("secret".repeat(1_000), format!("SCOUT_API_KEYS: key 1 {weak}")),
        (format!("{KEY},{KEY}"), "SCOUT_API_KEYS: key 2 is there twice".to_owned()),
    ] {
        let error = given(&text).unwrap_err();
        assert_eq!(error.kind(), Kind::InvalidArgument);
        assert!(error.message().starts_with(&reason), "{error}");
        assert!(!error.message().contains("secret") && !error.message().contains(KEY), "{error}");
    }
}

#[test]
fn what_is_wrong_in_a_file_is_told_without_its_content() {
    let line = "is wrong: expected tables [[key]] with key or sha256, and with name, scopes, hosts";
    for (text, reason) in [
        ("[[key]]\nkey = 12345678901234567\n", format!("FILE: line 2 {line}")),
        ("[[key]]\nkye = 'secret-secret-secret'\n", format!("FILE: line 2 {line}")),
        ("secret-secret-secret\n", format!("FILE: line 1 {line}")),
        ("[[key]]\nname = 'ci'\n", "FILE: key 1 (ci) has both key and sha256, or neither".into()),
        ("[[key]]\nkey = 'secret'\n", "FILE: key 1 is weak or no key".into()),
        ("[[key]]\nname = \"a\\nb\"\nkey = 'x'\n", "FILE: key 1 has a name that is none".into()),
        ("[[key]]\nsha256 = 'secret'\n", "FILE: key 1 has a sha256 that is not 64 digits".into()),
        ("[[key]]\nkey = 'secret-secret-secret'\nscopes = []\n", "FILE: key 1 has scopes that".into()),
        (
            "[[key]]\nkey = 'secret-secret-secret'\nscopes = ['secret']\n",
            "FILE: key 1 has scopes that".into(),
        ),
        ("[[key]]\nkey = 'secret-secret-secret'\nhosts = []\n", "FILE: key 1 has no hosts".into()),
        ("key = 'secret-secret-secret'\n", format!("FILE: line 1 {line}")),
    ] {
        let error = of_file(text).unwrap_err();
        assert!(error.message().starts_with(&reason), "{error}");
        assert!(!error.message().contains("secret") && !error.message().contains("123"), "{error}");
    }
}

#[test]
fn there_are_not_more_keys_than_may_be() {
    let many = |count| (0..count).map(|n| format!("0123456789abcdef{n}")).collect::<Vec<_>>().join("\n");
    assert_eq!(given(&many(API_KEYS_MAX)).unwrap().0.len(), API_KEYS_MAX);
    let error = given(&many(API_KEYS_MAX + 1)).unwrap_err();
    assert!(error.message().contains("key 1001 is one too many"), "{error}");
}
