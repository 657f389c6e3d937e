//! Replays what the fuzzers have collected, and what broke an invariant once.

use super::TARGETS;
use super::command_policy::{self, Shell};
use super::seeds::seeds;
use std::fs;
use std::panic::catch_unwind;
use std::path::{Path, PathBuf};

fn corpus(target: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(target)
}

/// `UPDATE_GOLDEN=1` writes them anew.
#[test]
fn seeds_are_in_the_corpora() {
    for (target, _) in TARGETS {
        for (number, seed) in seeds(target).into_iter().enumerate() {
            let file = corpus(target).join(format!("seed-{number:02}"));
            if std::env::var_os("UPDATE_GOLDEN").is_some() {
                fs::create_dir_all(corpus(target)).unwrap();
                fs::write(&file, &seed).unwrap();
            }
            assert!(fs::read(&file).ok() == Some(seed), "{} is not what it should be", file.display());
        }
    }
}

#[test]
fn corpora_replay() {
    for (target, run) in TARGETS {
        let mut files: Vec<_> =
            fs::read_dir(corpus(target)).unwrap().map(|file| file.unwrap().path()).collect();
        assert!(!files.is_empty(), "{target} has no corpus");
        files.sort();
        for file in files {
            let input = fs::read(&file).unwrap();
            assert!(catch_unwind(|| run(&input)).is_ok(), "{} {}", target, file.display());
        }
    }
}

/// Those of them that are installed; `sh`, whichever it is, has replayed the same above.
#[test]
fn posix_shells_agree_about_commands() {
    for shell in [&["dash"][..], &["bash", "--posix"], &["busybox", "sh"]] {
        let path = std::env::var_os("PATH").unwrap();
        if !std::env::split_paths(&path).any(|folder| folder.join(shell[0]).exists()) {
            continue;
        }
        let mut shell = Shell::start(shell);
        for input in fs::read_dir(corpus("command_policy")).unwrap() {
            command_policy::run_in(&mut shell, &fs::read(input.unwrap().path()).unwrap());
        }
    }
}

#[test]
fn every_target_is_in_the_fuzzers_manifest() {
    let manifest = fs::read_to_string(corpus("").join("../Cargo.toml")).unwrap();
    for (target, _) in TARGETS {
        assert!(manifest.contains(&format!("name = \"{target}\"")), "{target}");
    }
    assert_eq!(manifest.matches("[[bin]]").count(), TARGETS.len());
}

/// A hunk's old lines stand where its file is: `git apply` will find them.
#[test]
fn every_target_has_a_bug_to_find() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for (target, _) in TARGETS {
        let patch = fs::read_to_string(root.join(format!("fuzz/seeded/{target}.patch"))).unwrap();
        let (head, hunks) = patch.split_once("\n@@").unwrap();
        let (shows, file) = head.split_once("\n+++ b/").unwrap();
        assert!(shows.starts_with("Shows: "), "{target}: how is it told from another bug?");
        let text = fs::read_to_string(root.join(file)).unwrap();
        for hunk in hunks.split("\n@@") {
            let old = hunk.lines().skip(1).filter(|line| !line.starts_with('+'));
            let old: String = old.map(|line| format!("{}\n", &line[1..])).collect();
            assert!(text.contains(&old), "{target}: {file} has changed");
        }
    }
}
