//! Real configurations, and such as real ones might be: every host of every file in `tests/data/ssh_config`.

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use super::oracle::{defaults, differing, env, load, ours, theirs};

const DATA: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/ssh_config");

/// Hosts that no file may name, to see what wildcards say.
const STRANGERS: [&str; 5] = ["stranger", "db7.prod.example.com", "web-12", "Bastion", "x.internal"];

/// A copy of the files of a folder of the corpus. `Include` wants absolute paths, written as `$DIR`, and ssh wants files
/// that only their owner can write.
struct Corpus {
    dir: tempfile::TempDir,
}

impl Corpus {
    fn copy() -> Self {
        let dir = tempfile::tempdir().unwrap();
        for folder in ["", "inc", "inc/globs", "broken"] {
            let to = dir.path().join(folder);
            std::fs::create_dir_all(&to).unwrap();
            for file in files(&Path::new(DATA).join(folder)) {
                let text = std::fs::read_to_string(&file).unwrap();
                let copy = to.join(file.file_name().unwrap());
                std::fs::write(&copy, text.replace("$DIR", dir.path().to_str().unwrap())).unwrap();
                std::fs::set_permissions(&copy, Permissions::from_mode(0o600)).unwrap();
            }
        }
        Self { dir }
    }

    fn files(&self, folder: &str) -> Vec<PathBuf> {
        files(&self.dir.path().join(folder))
    }
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<_> = entries.filter(|path| path.is_file()).collect();
    files.sort();
    files
}

#[test]
fn every_host_of_every_file_resolves_as_ssh_resolves_it() {
    let (corpus, env, defaults, mut compared) = (Corpus::copy(), env(), defaults(), 0);
    let files = corpus.files("");
    for file in &files {
        let config = load(file, &env, &defaults);
        for host in config.hosts().iter().map(String::as_str).chain(STRANGERS) {
            let differing = differing(&ours(&config, host), &theirs(file, host));
            assert_eq!(differing, None, "{host} of {}", file.display());
            compared += 1;
        }
        let mut warnings = config.warnings().iter().map(ToString::to_string);
        let told = warnings.find(|warning| !warning.contains("knownhostscommand is not run"));
        assert_eq!(told, None, "{}", file.display());
    }
    assert!(files.len() >= 60, "{} files", files.len());
    assert!(compared >= 600, "{compared} hosts");
}

#[test]
fn what_ssh_refuses_costs_only_the_hosts_it_is_about() {
    let (corpus, env, defaults) = (Corpus::copy(), env(), defaults());
    let files = corpus.files("broken");
    for file in &files {
        let config = load(file, &env, &defaults);
        theirs(file, "bad").expect_err("ssh refuses the file");
        assert_eq!(config.resolve("good").unwrap().user, "fine", "{}", file.display());
        let error = config.resolve("bad").unwrap_err().to_string();
        let text = std::fs::read_to_string(file).unwrap();
        let comment = text.lines().position(|line| line.contains("# wrong")).unwrap();
        let place = format!("{}:{}: ", file.display(), comment + 2);
        assert!(error.starts_with(&place), "{error} should start with {place}");
    }
    assert!(files.len() >= 24, "{} files", files.len());
}
