//! Replays what the fuzzers have collected, and what broke an invariant once.

use super::TARGETS;
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

#[test]
fn every_target_is_in_the_fuzzers_manifest() {
    let manifest = fs::read_to_string(corpus("").join("../Cargo.toml")).unwrap();
    for (target, _) in TARGETS {
        assert!(manifest.contains(&format!("name = \"{target}\"")), "{target}");
    }
    assert_eq!(manifest.matches("[[bin]]").count(), TARGETS.len());
}
