//! The policy against attempts to get around it; the quoting against real shells.

use super::*;
use crate::base::limits::COMMAND_STAGES_MAX;
use proptest::prelude::*;
use std::io::Write;
use std::process::{Command as Process, Stdio};

const NAMES: &str = "cat, df, diff, du, file, find, grep, head, ls, rg, sort, stat, tail, tree, uniq, wc";

fn parse(text: &str) -> Result<String, String> {
    match Command::parse(text, Policy::ReadOnly) {
        Ok(command) => Ok(String::from_utf8(command.to_shell()).unwrap()),
        Err(error) => {
            assert_eq!(error.kind(), Kind::CommandRefused, "{text}");
            Err(error.message().to_owned())
        }
    }
}

fn assert_refused(text: &str, message: &str) {
    assert_eq!(parse(text), Err(message.to_owned()), "{text}");
}

/// Refused because of this option, whatever the rest of the message.
fn assert_option(text: &str, option: &str) {
    let name = text.split(' ').find(|word| PROGRAMS_WITH_REFUSALS.contains(word)).unwrap();
    let message = parse(text).expect_err(text);
    assert!(message.starts_with(&format!("Option '{option}' of '{name}' not allowed")), "{text}: {message}");
}

const PROGRAMS_WITH_REFUSALS: [&str; 8] = ["df", "diff", "file", "find", "rg", "sort", "tail", "tree"];

#[test]
fn the_names_in_the_message_are_the_table() {
    let names: Vec<_> = table::PROGRAMS.iter().map(|program| program.name).collect();
    assert_eq!(names.join(", "), NAMES);
}

#[test]
fn what_is_allowed_is_written_anew() {
    for (text, shell) in [
        ("ls -la /etc", "ls -la /etc"),
        ("  ls \t -la  ", "ls -la"),
        ("grep 'a b' \"c d\" e\\ f", "grep 'a b' 'c d' 'e f'"),
        ("cat it\\'s 'a!b' 'c\\d' ''", r"cat 'it'\''s' 'a'\!'b' 'c'\\'d' ''"),
        (r#"grep "a\"b\\c\d" x"#, r#"grep 'a"b'\\'c'\\'d' x"#),
        ("find . ! -name '*.rs' \\( -size +1k \\)", r"find . \! -name '*.rs' '(' -size +1k ')'"),
        ("fi\"\"nd . -name x#y", "find . -name 'x#y'"),
        (
            "tail -n 100 /var/log/syslog | grep -i error|wc -l",
            "tail -n 100 /var/log/syslog | grep -i error | wc -l",
        ),
        ("cat ~/x ~ ~root/'a b' ~/a\\ b ~a_b-1", "cat ~/x ~ ~root/'a b' ~/'a b' ~a_b-1"),
        ("cat '~/x' \\~ a~b ~\"\"/x ~'/x' --file=~/x", "cat '~/x' '~' 'a~b' '~/x' '~/x' '--file=~/x'"),
        ("cat =ls =a' b' a=b", "cat '='ls '=''a b' a=b"),
        ("grep é ю", "grep 'é' 'ю'"),
        ("sort -t '\t' -k2,2nr -u /etc/passwd", "sort -t '\t' -k2,2nr -u /etc/passwd"),
        ("uniq -c -f 1 -w10 --skip-chars 3 in", "uniq -c -f 1 -w10 --skip-chars 3 in"),
        ("sort -to -S1M --check x", "sort -to -S1M --check x"),
        ("tail -n +5 -c 10 -q x", "tail -n +5 -c 10 -q x"),
        ("rg -tzig --pretty -g 'z*' -- --pre", "rg -tzig --pretty -g 'z*' -- --pre"),
        ("rg -- --pre=x", "rg -- --pre=x"),
        ("diff -u -Ifoo_l a b", "diff -u -Ifoo_l a b"),
        ("file -m /a/Cz x", "file -m /a/Cz x"),
        ("df -h --si --total", "df -h --si --total"),
        ("tree -L 2 -aF --du --si -P '*.rs' /srv", "tree -L 2 -aF --du --si -P '*.rs' /srv"),
        ("grep -f patterns -o -z x", "grep -f patterns -o -z x"),
        ("wc --files0-from=-", "wc --files0-from=-"),
    ] {
        assert_eq!(parse(text), Ok(shell.to_owned()), "{text}");
    }
}

#[test]
fn the_originals_messages_are_kept() {
    let not_allowed = |name: &str| format!("Command '{name}' not allowed. Allowed commands: {NAMES}");
    for name in ["whoami", "/bin/cat", "./cat", "саt", "CAT", "cat\u{a0}x", "!"] {
        assert_refused(name, &not_allowed(name));
    }
    assert_refused("''", &not_allowed(""));
    assert_refused("~", &not_allowed("~"));
    assert_refused("~root/cat", &not_allowed("~root"));
    assert_refused("cat x | tee y", &not_allowed("tee"));
    assert_refused("", "Empty command");
    assert_refused(" \t\n", "Empty command");
    assert_refused("cat 'x", "Invalid command syntax: No closing quotation");
    assert_refused("cat \"x\\\"", "Invalid command syntax: No closing quotation");
    assert_refused("cat x\\", "Invalid command syntax: No escaped character");
    let long = "x".repeat(100);
    assert_refused(&long, &not_allowed(&format!("{}…", &long[..60])));
}

#[test]
fn the_rest_of_the_shell_is_refused_by_name() {
    let one = "run one command or pipeline at a time";
    let quote = "put it in single quotes to mean the character itself";
    for (text, message) in [
        ("cat a; rm b", format!("';' not allowed: {one}")),
        ("cat a & rm b", format!("'&' not allowed: {one}")),
        ("cat a && rm b", format!("'&&' not allowed: {one}")),
        ("cat a || rm b", format!("'||' not allowed: {one}")),
        ("cat a |& rm b", format!("'|&' not allowed: {one}")),
        ("cat a > b", format!("Redirection '>' not allowed: {quote}")),
        ("cat a 2>&1", format!("Redirection '>&' not allowed: {quote}")),
        ("cat a >>b", format!("Redirection '>>' not allowed: {quote}")),
        ("cat <a", format!("Redirection '<' not allowed: {quote}")),
        ("cat <<EOF", format!("Redirection '<<' not allowed: {quote}")),
        ("cat <(id)", format!("Redirection '<(' not allowed: {quote}")),
        ("cat $(id)", format!("Command substitution '$(' not allowed: {quote}")),
        ("cat \"a $(id)\"", format!("Command substitution '$(' not allowed: {quote}")),
        ("cat `id`", format!("Command substitution '`' not allowed: {quote}")),
        ("cat \"`id`\"", format!("Command substitution '`' not allowed: {quote}")),
        ("cat $HOME/x", format!("Variable '$HOME' not allowed: {quote}")),
        ("cat \"$HOME\"", format!("Variable '$HOME' not allowed: {quote}")),
        ("cat ${HOME}", format!("Variable '$' not allowed: {quote}")),
        ("cat $'\\x41'", format!("Variable '$' not allowed: {quote}")),
        ("(cat a)", format!("Subshell '(' not allowed: {quote}")),
        ("cat {a,b}", format!("Brace '{{' not allowed: {quote}")),
        ("cat *.rs", "Pattern character '*' not allowed: quote it, or use find -name".into()),
        ("cat a?", "Pattern character '?' not allowed: quote it, or use find -name".into()),
        ("cat [ab]", "Pattern character '[' not allowed: quote it, or use find -name".into()),
        ("cat a # b", format!("Comment '#' not allowed: {quote}")),
        ("cat a\nrm b", format!("Line break not allowed: {one}")),
        ("cat 'a\nb'", format!("Line break not allowed: {one}")),
        ("cat a\\\nb", format!("Line break not allowed: {one}")),
        ("cat a\0b", "NUL character not allowed".into()),
        ("cat 'a\u{1b}[2J'", "Control character U+001B not allowed".into()),
        ("cat a\u{85}b", "Control character U+0085 not allowed".into()),
        (
            "LD_PRELOAD=/tmp/x.so cat a",
            "Assignment 'LD_PRELOAD=/tmp/x.so' not allowed before a command".into(),
        ),
        ("cat a |", "Invalid command syntax: '|' needs a command on both sides".into()),
        ("| cat", "Invalid command syntax: '|' needs a command on both sides".into()),
        ("cat | | cat", "Invalid command syntax: '|' needs a command on both sides".into()),
        ("cat ~+/x", "'~+' not allowed: write ~ or ~user, or quote it".into()),
        ("cat ~1", "'~1' not allowed: write ~ or ~user, or quote it".into()),
    ] {
        assert_refused(text, &message);
    }
}

#[test]
fn options_that_write_or_run_are_refused_in_every_spelling() {
    for (text, option) in [
        ("find . -exec rm x \\;", "-exec"),
        ("find . '-ex''ec' rm", "-exec"),
        ("find . -name -delete", "-delete"),
        ("find . \"-de\"lete", "-delete"),
        ("find . -execdir id \\;", "-execdir"),
        ("find . -ok id \\;", "-ok"),
        ("find . -okdir id \\;", "-okdir"),
        ("find . -fprint x", "-fprint"),
        ("find . -fprint0 x", "-fprint0"),
        ("find . -fprintf x y", "-fprintf"),
        ("find . -fls x", "-fls"),
        ("find / -cpio /dev/rmt0", "-cpio"),
        ("find -- . -delete", "-delete"),
        ("cat x | find . -delete", "-delete"),
        ("sort -o x y", "-o"),
        ("sort y -ox", "-o"),
        ("sort -ro x", "-o"),
        ("sort -uox y", "-o"),
        ("sort -k1 -o x y", "-o"),
        ("sort -k -o x", "-o"),
        ("sort --output x", "--output"),
        ("sort --output=x", "--output"),
        ("sort --outp=x", "--output"),
        ("sort --o x", "--output"),
        ("sort '--ou''tput' x", "--output"),
        ("sort -t -- -o x y", "-o"),
        ("sort --random-source -- -o x y", "-o"),
        ("sort x -- -oy", "-o"),
        ("sort -T /tmp x", "-T"),
        ("sort -nT/tmp x", "-T"),
        ("sort --temp=/tmp x", "--temporary-directory"),
        ("sort --compress-program=sh x", "--compress-program"),
        ("sort --comp sh x", "--compress-program"),
        ("rg --pre sh x", "--pre"),
        ("rg --pre=sh x", "--pre"),
        ("rg -e x --pre-glob '*'", "--pre-glob"),
        ("rg -g -- --pre sh x", "--pre"),
        ("rg -z x", "-z"),
        ("rg -iz x", "-z"),
        ("rg --search-zip x", "--search-zip"),
        ("rg --hostname-bin=sh x", "--hostname-bin"),
        ("tree -o x", "-o"),
        ("tree -ao x", "-o"),
        ("tree -Po '*' x", "-o"),
        ("tree -L2o x", "-o"),
        ("tree -P -- -o x", "-o"),
        ("tree -R -L 1 -H .", "-R"),
        ("file -C -m x", "-C"),
        ("file -bC x", "-C"),
        ("file --comp x", "--compile"),
        ("file -z x", "-z"),
        ("file -Z x", "-Z"),
        ("file --uncompress-noreport x", "--uncompress-noreport"),
        ("file -p x", "-p"),
        ("file --no-sand x", "--no-sandbox"),
        ("diff -l a b", "-l"),
        ("diff -ul a b", "-l"),
        ("diff --pag a b", "--paginate"),
        ("df --sync", "--sync"),
        ("df --sy", "--sync"),
        ("tail -f x", "-f"),
        ("tail -F x", "-F"),
        ("tail -n5f x", "-f"),
        ("tail -5f x", "-f"),
        ("tail -10cf x", "-f"),
        ("tail +5f x", "-f"),
        ("tail --follow=name x", "--follow"),
        ("tail --fol x", "--follow"),
        ("tail --retry x", "--retry"),
        ("tail --pid=1 x", "--pid"),
    ] {
        assert_option(text, option);
    }
}

#[test]
fn a_refusal_says_why_and_where() {
    assert_refused("find . -delete", "Option '-delete' of 'find' not allowed: it deletes files");
    assert_refused(
        "sort --outp=x",
        "Option '--output' of 'sort' not allowed (in '--outp=x'): it writes files",
    );
    assert_refused("sort -ro x", "Option '-o' of 'sort' not allowed (in '-ro'): it writes files");
}

#[test]
fn uniq_never_gets_a_file_to_write() {
    let message = "Second file of 'uniq' not allowed: it would be overwritten; options go before the file";
    for text in [
        "uniq in out",
        "uniq - out",
        "uniq -c in out",
        "uniq -f 1 in out",
        "uniq -f1 1 out",
        "uniq -c 1 out",
        "uniq in -c out",
        // Files by these names on BSD.
        "uniq in -c",
        "uniq in --",
        "uniq in --skip-chars=1",
        "uniq -- -a -b",
        "uniq -c -- -a -b",
        "uniq -f -- in out",
        "uniq -s -f 1 out",
        "uniq ~/in ~/out",
        "uniq --skip-fields=1 1 out",
        "uniq --all-repeated in out",
        "uniq '' out",
    ] {
        assert_refused(text, message);
    }
    for text in ["uniq", "uniq in", "uniq -", "uniq -cd in", "uniq -cf 1 in", "uniq -- in"] {
        assert!(parse(text).is_ok(), "{text}");
    }
}

#[test]
fn any_text_passes_where_any_is_allowed() {
    let text = "a=1; echo \"$a\" > /tmp/x\nrm *";
    assert_eq!(Command::parse(text, Policy::Any).unwrap().to_shell(), text.as_bytes());
    let refusal = |text: &str| Command::parse(text, Policy::Any).unwrap_err();
    assert_eq!(refusal(" ").message(), "Empty command");
    assert_eq!(refusal("a\0b").message(), "NUL character not allowed");
    for policy in [Policy::Any, Policy::ReadOnly] {
        let error = Command::parse(&"x".repeat(COMMAND_BYTES_MAX + 1), policy).unwrap_err();
        assert_eq!(error.kind(), Kind::TooLarge);
        assert_eq!(error.message(), "Command too long: 65537 bytes, at most 65536");
    }
}

#[test]
fn a_pipeline_has_an_end() {
    let pipeline = |stages: usize| Command::parse(&vec!["ls"; stages].join("|"), Policy::ReadOnly);
    assert!(pipeline(COMMAND_STAGES_MAX).is_ok());
    let error = pipeline(COMMAND_STAGES_MAX + 1).unwrap_err();
    assert_eq!(error.kind(), Kind::CommandRefused);
    assert_eq!(error.message(), "A pipeline may have 100 commands at most");
}

/// The shells found here; `sh` always, the others where somebody installed them (`apt-get install zsh fish tcsh`).
fn shells() -> Vec<&'static str> {
    let found = ["bash", "zsh", "fish", "csh", "tcsh", "mksh", "ksh"].into_iter().filter(|shell| {
        std::env::split_paths(&std::env::var_os("PATH").unwrap()).any(|dir| dir.join(shell).exists())
    });
    std::iter::once("sh").chain(found).collect()
}

/// What a shell prints for a script, in a home directory of its own.
fn output(shell: &str, script: &[u8]) -> Vec<u8> {
    let mut process = Process::new(shell);
    process.arg("-c").arg(String::from_utf8(script.to_vec()).unwrap());
    run(process, b"")
}

fn run(mut process: Process, input: &[u8]) -> Vec<u8> {
    process.env_clear().env("PATH", "/usr/bin:/bin").env("HOME", "/home/a b").env("LC_ALL", "C.UTF-8");
    let mut child =
        process.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(input).unwrap();
    child.wait_with_output().unwrap().stdout
}

const TRICKY: [&str; 25] = [
    "a:b@c,d+e=f-g_h.i/j",
    "",
    " ",
    "'",
    "''",
    "\\",
    "\\\\",
    "!",
    "!!",
    "a!b'c\\d",
    "\"",
    "$HOME",
    "`id`",
    "~",
    "=ls",
    "%self",
    "^a^b",
    "{a,b}",
    "*",
    "[a]",
    "#x",
    "-n",
    "é\u{1f600}",
    "a\tb",
    "\\n\\'",
];

#[test]
fn every_shell_reads_a_quoted_word_as_it_was() {
    let words: Vec<_> = TRICKY.iter().flat_map(|a| TRICKY.iter().map(move |b| format!("{a}{b}"))).collect();
    for shell in shells() {
        // Old csh has short lines.
        for words in words.chunks(64) {
            let mut script = b"printf '%s\\0'".to_vec();
            for word in words {
                script.push(b' ');
                script.extend(quote(word.as_bytes()));
            }
            let expected: String = words.iter().map(|word| format!("{word}\0")).collect();
            assert_eq!(String::from_utf8(output(shell, &script)).unwrap(), expected, "{shell}");
        }
    }
}

#[test]
fn every_shell_finds_the_homes() {
    for shell in shells() {
        let script = b"printf '%s\\0' ".iter().copied().chain(quote_path(b"~"));
        let script =
            script.chain(*b" ").chain(quote_path(b"~/a b")).chain(*b" ").chain(quote_path(b"~root/x"));
        let read = output(shell, &script.collect::<Vec<_>>());
        assert_eq!(String::from_utf8(read).unwrap(), "/home/a b\0/home/a b/a b\0/root/x\0", "{shell}");
    }
}

fn any(text: &str) -> Command {
    Command::parse(text, Policy::Any).unwrap()
}

#[test]
fn every_shell_enters_the_directory() {
    let root = tempfile::tempdir().unwrap();
    for name in ["plain", "it's! a\\b c", "-n"] {
        let directory = root.path().join(name);
        std::fs::create_dir(&directory).unwrap();
        std::fs::write(directory.join("file"), name).unwrap();
        let absolute = directory.to_str().unwrap().as_bytes();
        let read_only = Command::parse("cat file | cat", Policy::ReadOnly).unwrap();
        let relative = any(&String::from_utf8(read_only.to_shell_in(name.as_bytes())).unwrap());
        for shell in shells() {
            let read = output(shell, &read_only.to_shell_in(absolute));
            assert_eq!(String::from_utf8(read).unwrap(), name, "{shell}");
            let read = output(shell, &relative.to_shell_in(root.path().to_str().unwrap().as_bytes()));
            assert_eq!(String::from_utf8(read).unwrap(), name, "{shell}");
            let list = any("cat file; echo 'a  b' \"c  d\" e\\'f | cat && false || echo g");
            let read = output(shell, &list.to_shell_in(absolute));
            assert_eq!(String::from_utf8(read).unwrap(), format!("{name}a  b c  d e'f\ng\n"), "{shell}");
        }
    }
}

#[test]
fn nothing_runs_where_the_directory_cannot_be_entered() {
    let pipeline = Command::parse("find /etc -maxdepth 0 | cat", Policy::ReadOnly).unwrap();
    for shell in shells() {
        for command in [&pipeline, &any("echo a; echo b"), &any("false || echo a"), &any("false | echo a")] {
            assert_eq!(output(shell, &command.to_shell_in(b"/nowhere")), b"", "{shell}: {command:?}");
        }
    }
}

#[test]
fn paths_keep_their_meaning() {
    for (path, shell) in [
        ("/a b", "'/a b'"),
        ("~", "~"),
        ("~/a b", "~/'a b'"),
        ("~root/x", "~root/x"),
        ("~Root/x", "'~Root/x'"),
        ("-rf", "./-rf"),
        ("-r f", "./'-r f'"),
        ("", "''"),
    ] {
        assert_eq!(String::from_utf8(quote_path(path.as_bytes())).unwrap(), shell, "{path}");
    }
    let ls = Command::parse("ls", Policy::ReadOnly).unwrap();
    let cd = |path: &str| String::from_utf8(ls.to_shell_in(path.as_bytes())).unwrap();
    assert_eq!(cd("/srv"), "cd /srv && ls");
    assert_eq!(cd("~/x"), "cd ~/x && ls");
    assert_eq!(cd("-"), "cd ./- && ls");
    assert_eq!(cd(".git"), "cd ./.git && ls");
    assert_eq!(cd("~+"), "cd ./'~+' && ls");
}

/// Texts from the pieces that matter to a shell.
fn arguments() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        4 => prop::sample::select(vec![
            " ", "'", "\"", "\\", "~", "/", "=", "-", "a", "b c", "''", "\"\"", "\\\\", "\\'", "\\\"", "\\$", "!",
            "~/", "~root", "%", "^", "]", ",", "a=~/b", ":~", "x#", "\t", "é", "+", "@", "'~'", " ~", "\\~",
        ]).prop_map(str::to_owned),
        1 => "[ -~]",
    ];
    prop::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat())
}

/// The words as the test's shells would see them.
fn expected(words: &[Word]) -> String {
    let users = std::fs::read_to_string("/etc/passwd").unwrap();
    let home = |user: &str| match user {
        "" => Some("/home/a b".to_owned()),
        _ => {
            let mut users = users.lines().map(|line| line.split(':').collect::<Vec<_>>());
            users.find(|fields| fields[0] == user).map(|fields| fields[5].to_owned())
        }
    };
    words.iter().map(|word| format!("{}\0", word.in_homes(home))).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// Whatever is accepted, a shell reads our rendering, and the caller's own text too, as the words we parsed.
    #[test]
    fn a_shell_reads_what_we_read(texts in prop::collection::vec(arguments(), 200)) {
        let (mut script, mut wanted) = (String::new(), String::new());
        for text in texts {
            let Ok(stages) = lexer::stages(&format!("cat {text}")) else { continue };
            let Ok(command) = Command::parse(&format!("cat {text}"), Policy::ReadOnly) else { continue };
            let rendered = String::from_utf8(command.to_shell()).unwrap();
            let [words] = &stages[..] else { continue };
            for arguments in [rendered.strip_prefix("cat").unwrap(), &format!(" {text}")] {
                // A first argument of its own: printf would take `--` for an option.
                script.push_str(&format!("printf '%s\\0' : {arguments}\n"));
                wanted.push_str(":\0");
                wanted.push_str(&expected(&words[1..]));
            }
        }
        let read = run(Process::new("sh"), script.as_bytes());
        prop_assert!(!wanted.is_empty());
        prop_assert_eq!(String::from_utf8(read).unwrap(), wanted);
    }

    #[test]
    fn no_text_panics(text in ".{0,60}") {
        let _ = Command::parse(&text, Policy::ReadOnly);
    }
}
