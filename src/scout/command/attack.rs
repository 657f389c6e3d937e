//! Random arguments, made of what is dangerous, for the real programs of this machine: whatever the policy admits
//! leaves a directory as it was. (A program that is not installed proves nothing, and fails nothing.)

use super::{Command, Policy};
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;
use std::process::{Command as Process, Stdio};

/// Arguments that write, run or wait; that take values; and that fit in between.
const ARGUMENTS: [(&str, &str); 8] = [
    (
        "sort",
        "-o -k -t -S -T -- --outp --output=out --co=./run -ro -to -kout out in -c -u -z 1 -k1 -S1M -1o +1 -o=out \
         --random-source --files0-from --parallel --key --temp=. - --compress-p ./run",
    ),
    (
        "uniq",
        "-c -f -s -w -- --skip-f --skip-fields --skip-chars=1 in out 1 -1 +1 -cf -f1 -D --all-repeated --group \
         --check-chars - -d -z -i -u --skip-c -f-c",
    ),
    (
        "tree",
        "-o out -P -I -L -H -T -- in . -a -Po -L1 1 -R -aR --charset --filelimit --timefmt --sort --hintro -J \
         --output -La -HR --fromfile -L2R --out",
    ),
    (
        "file",
        "-C -m in out magic -- -F -e -f -P --comp --magic-file -bC -mC -z --magic -FC --sep -PC -c -p -0",
    ),
    (
        "find",
        ". -exec -name *.x -fprint out -delete -- -o ( ) ! -true -files0-from in -path -D -O3 -printf %p -newer \
         -fls exec touch ; + --delete -empty -quit -ls -H -L",
    ),
    (
        "diff",
        "in in2 -l -u -U -D -- -ul -Ul --paginate --pag --pa -x -I -F -L --label -W --to-file -y --ifdef 1 -r . \
         -xl",
    ),
    (
        "rg",
        "a in --pre ./run -- -g -e --pre-glob -z -iz -gz --no-pre --pre=./run -t --type-add -f -r --files -A 1 -C \
         --hostname-bin=./run -tz --max-depth --sort path --pretty",
    ),
    (
        "tail",
        "in -f -F -n -c -s -- +5f -5f -5cf -n5 -c5 --foll --follow --retry --pid 1 -nf -cf -sf -q +5 -5 -1bf \
         --max-unchanged-stats -z",
    ),
];

fn command() -> impl Strategy<Value = String> {
    prop::sample::select(ARGUMENTS.to_vec()).prop_flat_map(|(name, words)| {
        let words: Vec<_> = words.split_whitespace().collect();
        let arguments = prop::collection::vec(prop::sample::select(words), 1..6);
        arguments.prop_map(move |arguments| format!("{name} '{}'", arguments.join("' '")))
    })
}

/// Names, contents and times of a directory's files.
fn snapshot(directory: &Path) -> BTreeMap<String, (Vec<u8>, i64, i64)> {
    let entries = std::fs::read_dir(directory).unwrap().map(|entry| {
        let entry = entry.unwrap();
        let metadata = entry.metadata().unwrap();
        let content = std::fs::read(entry.path()).unwrap();
        (entry.file_name().into_string().unwrap(), (content, metadata.mtime(), metadata.mtime_nsec()))
    });
    entries.collect()
}

fn fill(directory: &Path) {
    for (name, content) in [("in", "a\nb\na\n"), ("in2", "a\nc\n"), ("magic", "0 string x y\n"), ("--", "in")]
    {
        std::fs::write(directory.join(name), content).unwrap();
    }
    std::fs::write(directory.join("run"), "#!/bin/sh\ntouch ran\ncat\n").unwrap();
    std::fs::set_permissions(directory.join("run"), std::fs::Permissions::from_mode(0o755)).unwrap();
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn what_is_admitted_changes_nothing(
        commands in prop::collection::vec(command(), 60),
        posix in any::<bool>(),
    ) {
        let mut script = String::new();
        for command in &commands {
            if let Ok(command) = Command::parse(command, Policy::ReadOnly) {
                script.push_str(&String::from_utf8(command.to_shell()).unwrap());
                script.push('\n');
            }
        }
        let directory = tempfile::tempdir().unwrap();
        fill(directory.path());
        let before = snapshot(directory.path());
        let mut shell = Process::new("timeout");
        shell.args(["20", "sh", "-c", &script]).current_dir(directory.path());
        if posix {
            shell.env("POSIXLY_CORRECT", "1");
        }
        let silent = shell.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        prop_assert_ne!(silent.status().unwrap().code(), Some(124), "a command does not end: {}", script);
        prop_assert_eq!(snapshot(directory.path()), before, "{}", script);
    }
}
