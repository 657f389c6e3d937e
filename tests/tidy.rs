//! The architecture, as a test: which layer may name which, and which words belong to which place; and that figures are told
//! with a command that there is.

#![allow(clippy::unwrap_used)]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// The layers from the bottom up, as in `src/lib.rs`. A layer imports only what stands before it.
const LAYERS: &[&str] = &[
    "base",
    "crypto",
    "ssh",
    "sftp",
    "simulated",
    "rpc",
    "http",
    "config",
    "target",
    "metrics",
    "rig",
    "fleet",
    "scout",
    "mcp",
    "io",
    "server",
    "cli",
];

/// Words, and the only places (prefixes of paths under `src/`) that may use them.
const RESERVED: &[(&str, &[&str])] = &[
    ("monoio", &["io/"]),
    ("thrussh_libsodium", &["crypto/"]),
    ("aws_lc_rs", &["crypto/"]),
    ("ssh_key::", &["ssh/", "config/"]),
    ("ssh2_config", &["config/"]),
    // What programs on hosts print is read where it is known, and nowhere else in `scout/`; a measurement is one document.
    ("serde_json", &["rpc/", "metrics/", "mcp/", "cli/", "rig/results.rs", "scout/system/json.rs"]),
    ("clap", &["cli/"]),
    ("Instant::now", &["base/time.rs"]),
    ("time::now", &["base/", "io/", "cli/bench/"]),
    ("SystemTime", &["base/time.rs"]),
    ("unix_now()", &["base/", "io/", "cli/bench/"]),
    // Refusals have a reason by which they are counted.
    ("new(Kind::Busy", &[]),
    ("new(Kind::CircuitOpen", &[]),
    ("unsafe ", &["io/socket.rs", "io/memory.rs"]),
    ("println!", &[]),
    ("print!", &[]),
    ("stdout()", &["cli/output.rs", "io/stdio.rs"]),
    ("std::net::", &["io/"]),
    ("std::process::Command", &["io/"]),
    // Everything that we start goes without our secrets.
    ("Command::new", &["io/children.rs"]),
    ("thread::", &["io/"]),
    // Nothing that is read from outside leads to a connection without encryption.
    ("Cipher::None", &["ssh/", "io/site.rs"]),
    ("without_protection", &["ssh/offer.rs", "io/terms.rs"]),
    ("Outside::bare", &["cli/bench/"]),
];

/// One core owns what lives here: a lock would only hide a mistake.
const LOCK_FREE: &[&str] = &["ssh/", "sftp/", "http/", "metrics/", "fleet/", "scout/"];
const LOCKS: &[&str] = &["Mutex", "RwLock", "Atomic", "Arc<"];

/// A file's path under `src/` and the code in it that ships: neither comments nor unit tests.
struct Source {
    path: String,
    code: Vec<String>,
}

#[test]
fn layers_import_only_what_is_above_them() {
    let mut wrong = Vec::new();
    for source in sources() {
        let Some(own) = rank(layer(&source.path)) else { continue };
        let code = source.code.join("\n");
        for (at, _) in code.match_indices("crate::") {
            let number = code[..at].matches('\n').count() + 1;
            for name in imported(&code[at + "crate::".len()..]) {
                if rank(name).is_some_and(|other| other > own) {
                    wrong.push(format!("src/{}:{number}: names {name}", source.path));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "against the layer table of src/lib.rs:\n{}", wrong.join("\n"));
}

#[test]
fn words_stay_where_they_belong() {
    let mut wrong = Vec::new();
    for source in sources().iter().filter(|source| layer(&source.path) != "testing") {
        for (word, places) in RESERVED {
            if !places.iter().any(|place| source.path.starts_with(place)) {
                wrong.extend(uses(source, word));
            }
        }
        if LOCK_FREE.iter().any(|place| source.path.starts_with(place)) {
            wrong.extend(LOCKS.iter().flat_map(|word| uses(source, word)));
        }
    }
    assert!(wrong.is_empty(), "words in places that must not know them:\n{}", wrong.join("\n"));
}

#[test]
fn every_layer_is_in_the_map() {
    let map = fs::read_to_string(root().join("lib.rs")).unwrap();
    for layer in LAYERS {
        assert!(map.contains(&format!("[`{layer}`]")), "src/lib.rs does not explain {layer}");
        assert!(map.contains(&format!("pub mod {layer};")), "src/lib.rs does not hold {layer}");
    }
}

#[test]
fn every_file_says_what_it_is_for() {
    let silent: Vec<_> = rust_files(&root())
        .into_iter()
        .filter(|path| !is_test(&path.to_string_lossy()))
        .filter(|path| !fs::read_to_string(path).unwrap().starts_with("//! "))
        .collect();
    assert!(silent.is_empty(), "files without a head: {silent:?}");
}

#[test]
fn figures_come_with_commands_that_can_be_run() {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    let figures = fs::read_to_string(package.join("PERF.md")).unwrap();
    let commands: Vec<_> = figures.lines().filter_map(|line| line.strip_prefix("    ")).collect();

    let manifest: toml::Table = fs::read_to_string(package.join("Cargo.toml")).unwrap().parse().unwrap();
    let benches: BTreeSet<_> =
        manifest["bench"].as_array().unwrap().iter().map(|bench| bench["name"].as_str().unwrap()).collect();
    let told: BTreeSet<_> = commands
        .iter()
        .filter_map(|command| command.split_once("cargo bench --bench "))
        .map(|(_, bench)| first_word(bench))
        .collect();
    assert_eq!(told, benches, "PERF.md and Cargo.toml know other benches");

    let scripts = commands
        .iter()
        .flat_map(|command| command.split(' '))
        .filter(|word| ["benches/", "scripts/"].iter().any(|folder| word.starts_with(folder)));
    let gone: Vec<_> = scripts.filter(|script| !package.join(script).exists()).collect();
    assert!(gone.is_empty(), "PERF.md calls what is not there: {gone:?}");
}

fn uses(source: &Source, word: &str) -> Vec<String> {
    let lines = source.code.iter().enumerate();
    let hits = lines.filter(|(_, line)| line.match_indices(word).any(|(at, _)| starts_word(line, at)));
    hits.map(|(number, _)| format!("src/{}:{}: {word}", source.path, number + 1)).collect()
}

fn starts_word(line: &str, at: usize) -> bool {
    !line[..at].ends_with(|before: char| before.is_alphanumeric() || before == '_')
}

/// The modules that stand right behind `crate::`: one, or those of a list in braces.
fn imported(path: &str) -> Vec<&str> {
    let Some(list) = path.strip_prefix('{') else { return vec![first_word(path)] };
    let mut depth = 0;
    let parts = list.split(|char| {
        match char {
            '{' => depth += 1,
            '}' => depth -= 1,
            _ => {}
        }
        depth < 0 || (depth == 0 && char == ',')
    });
    // What follows the closing brace is split off as well, and begins with no module's name.
    parts.map(|part| first_word(part.trim_start())).take_while(|name| !name.is_empty()).collect()
}

fn first_word(text: &str) -> &str {
    text.split(|char: char| !char.is_alphanumeric() && char != '_').next().unwrap_or_default()
}

fn layer(path: &str) -> &str {
    path.split(['/', '.']).next().unwrap_or_default()
}

fn rank(layer: &str) -> Option<usize> {
    LAYERS.iter().position(|known| *known == layer)
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

fn sources() -> Vec<Source> {
    let root = root();
    rust_files(&root)
        .into_iter()
        .map(|file| {
            let text = fs::read_to_string(&file).unwrap();
            let path = file.strip_prefix(&root).unwrap().to_string_lossy().into_owned();
            Source { path, code: shipped(&text) }
        })
        .filter(|source| !is_test(&source.path))
        .collect()
}

fn is_test(path: &str) -> bool {
    path.ends_with("tests.rs") || path.contains("/tests/")
}

/// The lines before the unit tests, comments blanked.
fn shipped(text: &str) -> Vec<String> {
    let before_tests = text.split("#[cfg(test)]\nmod tests").next().unwrap_or_default();
    let code = before_tests.lines().map(|line| match line.trim_start().starts_with("//") {
        true => String::new(),
        false => line.split(" // ").next().unwrap_or_default().to_owned(),
    });
    code.collect()
}

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(rust_files(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
    found.sort();
    found
}

#[test]
fn lists_of_imports_are_seen() {
    assert_eq!(imported("base::Error;\nuse x"), ["base"]);
    assert_eq!(
        imported("{sftp, ssh::{self, Client},\n    io::Outside,\n};\nuse y, z"),
        ["sftp", "ssh", "io"]
    );
}
