use std::fs;
use std::time::Duration;

use super::*;
use crate::base::limits::SSH_CONFIG_FILE_BYTES_MAX;
use crate::base::time;

/// A home directory with an SSH configuration.
struct Home {
    dir: tempfile::TempDir,
    env: Env,
}

impl Home {
    fn new(files: &[(&str, &[u8])]) -> Self {
        // A name that would be a pattern if it were taken for one.
        let dir = tempfile::Builder::new().prefix("home[1]*").tempdir().unwrap();
        fs::create_dir(dir.path().join(".ssh")).unwrap();
        for (name, text) in files {
            fs::write(dir.path().join(".ssh").join(name), text).unwrap();
        }
        let env = Env { home: dir.path().into(), user: "me".into(), ..Env::default() };
        Self { dir, env }
    }

    fn path(&self, name: &str) -> std::path::PathBuf {
        self.dir.path().join(".ssh").join(name)
    }

    fn load(&self) -> SshConfig {
        SshConfig::load(Some(&self.path("config")), &self.env, AlgorithmLists::spoken()).unwrap()
    }
}

/// Nothing may be run.
fn never() -> Exec {
    Exec(|command| panic!("{command} was run"))
}

fn config(text: &str) -> SshConfig {
    Home::new(&[("config", text.as_bytes())]).load()
}

fn refusal(config: &SshConfig, host: &str) -> String {
    let error = config.resolve(host).unwrap_err();
    assert_eq!(error.kind(), Kind::HostConfig);
    let (_, message) = error.message().split_once("/.ssh/").unwrap();
    message.to_owned()
}

#[test]
fn hosts_are_the_plain_names_in_order_without_repetition() {
    let config = config("Host b a *.x !c\nHost a d\nHost e !e\nHost -o \"f g\"\nHost *\n");
    assert_eq!(config.hosts(), ["b", "a", "d"]);
}

#[test]
fn a_match_block_we_do_not_evaluate_is_skipped_with_a_warning() {
    let config =
        config("Host a\n User ann\nMatch exec true\n Port 1\n Bogus x\n Include y\nHost b\n Port 2\n");
    assert_eq!(config.resolve("a").unwrap().port, 22);
    assert_eq!(config.resolve("b").unwrap().port, 2);
    let warnings: Vec<_> = config.warnings().iter().map(ToString::to_string).collect();
    assert_eq!(warnings.len(), 1);
    assert!(warnings[0].contains("config:3: 'Match exec' would run a command"), "{warnings:?}");
}

#[test]
fn an_unreadable_header_leaks_nothing_into_the_host_above() {
    let config = config("Host a\n User ann\nHost \"b\n User eve\n Port 7\nHost\n Port 8\n");
    let a = config.resolve("a").unwrap();
    assert_eq!((a.user.as_str(), a.port), ("ann", 22));
    assert_eq!(config.warnings().len(), 2);
    assert_eq!(config.hosts(), ["a"]);
}

#[test]
fn a_broken_line_costs_every_host_it_counts_for_and_no_other() {
    let config = config("Host a b\n Port x\nHost *.x\n Bogus 1\nHost c\n User ann\n");
    let message = "config:2: port 'x' is not a port: expected a number from 1 to 65535";
    assert_eq!(refusal(&config, "a"), message);
    assert_eq!(refusal(&config, "b"), message);
    assert!(refusal(&config, "h.x").starts_with("config:4: bad configuration option 'bogus'"));
    assert_eq!(config.resolve("c").unwrap().user, "ann");
    assert_eq!(config.warnings().len(), 2);
}

#[test]
fn bytes_that_are_no_text_cost_only_their_block() {
    let home = Home::new(&[(
        "config",
        b"# \xff is fine here\nHost a\n User \xff\nHost b\n Port 2\nHost c\n User a\0b\n",
    )]);
    let config = home.load();
    assert_eq!(refusal(&config, "a"), "config:3: the line is not UTF-8");
    assert!(refusal(&config, "c").starts_with("config:7: the line has a NUL"));
    assert_eq!(config.resolve("b").unwrap().port, 2);
}

#[test]
fn includes_are_relative_to_the_ssh_directory_and_may_be_absent() {
    let home = Home::new(&[
        ("config", b"Include conf_*\nInclude nowhere\nHost a\n Include only_a\n Port 3\n"),
        ("conf_1", b"Host one\n Port 1\n"),
        ("conf_2", b"Host two\n Port 2\n"),
        ("only_a", b"User ann\nHost a\n ConnectTimeout 5\nHost z\n User zoe\n"),
    ]);
    let config = home.load();
    assert_eq!(config.hosts(), ["one", "two", "a"]);
    let a = config.resolve("a").unwrap();
    assert_eq!((a.user.as_str(), a.port, a.connect_timeout), ("ann", 3, Some(Duration::from_secs(5))));
    assert_eq!(config.resolve("two").unwrap().port, 2);
    assert_eq!(config.resolve("z").unwrap().user, "me");
    assert!(config.warnings().is_empty());
}

#[test]
fn an_include_that_cannot_be_read_or_never_ends_is_an_error_of_its_block() {
    let home =
        Home::new(&[("config", b"Host a\n Include ../.ssh\nHost b\n Include loop\nHost c\n Port 2\n")]);
    fs::write(home.path("loop"), "Include loop\nInclude loop\n").unwrap();
    let config = home.load();
    assert!(refusal(&config, "a").contains("config:2: include"));
    assert!(refusal(&config, "b").contains("nested deeper than 16 files"), "{}", refusal(&config, "b"));
    assert_eq!(config.resolve("c").unwrap().port, 2);
}

#[test]
fn files_that_cannot_be_read_are_named() {
    let home = Home::new(&[]);
    let load = |path: &Path| {
        SshConfig::load(Some(path), &home.env, AlgorithmLists::spoken()).map(|_| ()).unwrap_err()
    };
    let missing = load(&home.path("config"));
    assert_eq!(missing.kind(), Kind::Local);
    assert!(missing.message().ends_with(".ssh/config: No such file or directory"), "{missing}");
    assert!(load(home.dir.path()).message().ends_with(": is a directory"));
    let large = fs::File::create(home.path("large")).unwrap();
    large.set_len(SSH_CONFIG_FILE_BYTES_MAX + 1).unwrap();
    assert!(load(&home.path("large")).message().ends_with("large: larger than 16 MiB"));
    assert!(
        SshConfig::load(Some(Path::new("/dev/null")), &home.env, AlgorithmLists::spoken())
            .unwrap()
            .hosts()
            .is_empty()
    );
}

#[test]
fn without_a_path_a_missing_file_means_no_hosts() {
    let config = SshConfig::load(None, &Home::new(&[]).env, AlgorithmLists::spoken()).unwrap();
    assert!(config.hosts().is_empty());
    assert_eq!(config.resolve("x").unwrap().hostname, "x");
}

#[test]
fn agents() {
    let mut home = Home::new(&[("config", b"Host n\n IdentityAgent none\nHost v\n IdentityAgent $AGENT\nHost w\n IdentityAgent $GONE\nHost p\n IdentityAgent ~/s\n")]);
    home.env.vars =
        [("SSH_AUTH_SOCK", "/run/a"), ("AGENT", "/run/b")].map(|(k, v)| (k.into(), v.into())).into();
    let config = home.load();
    let agent = |host| config.resolve(host).unwrap().identity_agent;
    assert_eq!(agent("n"), None);
    assert_eq!(agent("w"), None);
    assert_eq!(agent("v").unwrap(), Path::new("/run/b"));
    assert_eq!(agent("p").unwrap(), home.dir.path().join("s"));
    assert_eq!(agent("default").unwrap(), Path::new("/run/a"));
}

#[test]
fn identity_files_are_expanded_and_bounded() {
    let many = "IdentityFile ~/%h\n".to_owned()
        + &(0..100).map(|i| format!("IdentityFile {i}\n")).collect::<String>();
    let home =
        Home::new(&[("config", b"Host a\n HostName h.x\n IdentityFile ~/.ssh/%h\n IdentityFile none\n")]);
    assert_eq!(home.load().resolve("a").unwrap().identity_files, [home.path("h.x")]);
    assert!(refusal(&config(&many), "a").contains("config:101: more than 100 identity files"));
}

#[test]
fn a_known_hosts_flag_wins_over_the_host_and_the_setting_over_the_default_only() {
    let home = Home::new(&[("config", b"Host a\n UserKnownHostsFile /a\n GlobalKnownHostsFile /g\n")]);
    let files = |wins: bool, host: &str| {
        let overrides = crate::config::Overrides::default();
        let settings = Settings::load(&overrides, &home.env).unwrap();
        let settings = Settings {
            ssh_config: Some(home.path("config")),
            known_hosts: Some("/k".into()),
            known_hosts_wins: wins,
            ..settings
        };
        let config = SshConfig::load_for(&settings, &home.env, AlgorithmLists::spoken(), never()).unwrap();
        let files = config.resolve(host).unwrap().known_hosts_files();
        files.iter().map(|file| file.display().to_string()).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(files(true, "a"), "/k");
    assert_eq!(files(true, "b"), "/k");
    assert_eq!(files(false, "a"), "/a /g");
    assert_eq!(files(false, "b"), "/k /etc/ssh/ssh_known_hosts /etc/ssh/ssh_known_hosts2");
}

#[test]
fn a_key_alias_is_looked_up_without_a_port() {
    let config = config("Port 2222\nHost a\n HostKeyAlias Key\n");
    assert_eq!(config.resolve("a").unwrap().known_as(), ("key", 22));
    assert_eq!(config.resolve("b").unwrap().known_as(), ("b", 2222));
}

fn with_exec(text: &str, exec: Exec) -> SshConfig {
    let home = Home::new(&[("config", text.as_bytes())]);
    let config =
        SshConfig::load_with(Some(&home.path("config")), &home.env, AlgorithmLists::spoken(), Some(exec));
    config.unwrap()
}

#[test]
fn commands_of_match_run_only_when_it_is_allowed_and_needed() {
    let text = "Host a\n User ann\nMatch user ann exec \"is %n %r\"\n Port 7\n";
    let config = with_exec(text, Exec(|command| command == "is a ann"));
    assert!(config.warnings().is_empty());
    assert_eq!(config.resolve("a").unwrap().port, 7);
    assert_eq!(with_exec(text, never()).resolve("b").unwrap().port, 22);
}

#[test]
fn a_match_nobody_can_decide_is_an_error_of_the_hosts_that_come_to_it() {
    let config = config("Host a\n User ann\nMatch user ann localnetwork 10.0.0.0/8\n Port 1\n");
    assert_eq!(refusal(&config, "a"), "config:3: 'Match localnetwork' is not supported");
    assert_eq!(config.resolve("b").unwrap().port, 22);
}

#[test]
fn tags_are_matched() {
    let config = config("Host a\n Tag work\nMatch tagged w*\n Port 7\n");
    assert_eq!(config.resolve("a").unwrap().port, 7);
    assert_eq!(config.resolve("b").unwrap().port, 22);
}

#[test]
fn what_a_hop_says_wins_as_on_a_command_line() {
    let text = "Host gate\n HostName gate.x\n User ann\n Port 7\nMatch user bob\n ConnectTimeout 3\n\
                Host far\n HostName far.x\n User eve\n ProxyJump bob@gate:8,%r@%h:%p,last\n";
    let config = config(&text.replace(":%p", ""));
    let Proxy::Jump(hops) = config.resolve("far").unwrap().proxy else { panic!("it jumps") };
    let hop = |user: Option<&str>, host: &str, port| Jump {
        user: user.map(str::to_owned),
        host: host.to_owned(),
        port,
    };
    assert_eq!(
        hops,
        [hop(Some("bob"), "gate", Some(8)), hop(Some("eve"), "far.x", None), hop(None, "last", None)]
    );
    let gate = config.resolve_jump(&hops[0]).unwrap();
    assert_eq!((gate.hostname.as_str(), gate.user.as_str(), gate.port), ("gate.x", "bob", 8));
    assert_eq!(gate.connect_timeout, Some(Duration::from_secs(3)));
    let gate = config.resolve_jump(&hop(None, "gate", None)).unwrap();
    assert_eq!((gate.user.as_str(), gate.port, gate.connect_timeout), ("ann", 7, None));
}

#[test]
fn a_host_does_not_jump_through_itself() {
    let config = config("Host *.x\n ProxyJump gate.x\nHost *.y\n ProxyJump gate.y:2222\n");
    assert_eq!(
        refusal(&config, "gate.x"),
        "config:2: proxyjump 'gate.x': the host would jump through itself"
    );
    assert!(config.resolve("web.x").is_ok() && config.resolve("gate.y").is_ok());
}

#[test]
fn a_proxy_command_has_its_tokens_expanded() {
    let config = config("Host a\n HostName a.x\n User ann\n ProxyCommand nc \"%h\" %p ${VAR} # 100%%\n");
    let command = "nc \"a.x\" 22 ${VAR} # 100%".to_owned();
    assert_eq!(config.resolve("a").unwrap().proxy, Proxy::Command(command));
    assert_eq!(config.resolve("b").unwrap().proxy, Proxy::None);
}

#[test]
fn methods_are_those_preferred_and_not_turned_off() {
    use crate::ssh::Method::{KeyboardInteractive, Password, PublicKey};
    let config = config(
        "Host a\n PreferredAuthentications password,gssapi-with-mic,publickey\nHost b\n PasswordAuthentication no\n\
         Host c\n PubkeyAuthentication no\n ChallengeResponseAuthentication no\n",
    );
    let methods = |host| config.resolve(host).unwrap().methods;
    assert_eq!(methods("a"), [Password, PublicKey]);
    assert_eq!(methods("b"), [PublicKey, KeyboardInteractive]);
    assert_eq!(methods("c"), [Password]);
    assert_eq!(methods("d"), [PublicKey, KeyboardInteractive, Password]);
}

#[test]
fn variables_of_our_environment_are_sent_by_pattern() {
    let mut home = Home::new(&[("config", b"SendEnv LC_* LANG X?\nSendEnv -LANG\nSetEnv A=1 B=\n")]);
    home.env.vars = [("LC_B", "b"), ("LC_A", "a"), ("LANG", "C"), ("XY", "z"), ("XYZ", "no")]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into();
    let host = home.load().resolve("h").unwrap();
    let pairs =
        |list: &[(&str, &str)]| list.iter().map(|&(n, v)| (n.to_owned(), v.to_owned())).collect::<Vec<_>>();
    assert_eq!(host.send_env, pairs(&[("LC_A", "a"), ("LC_B", "b"), ("XY", "z")]));
    assert_eq!(host.set_env, pairs(&[("A", "1"), ("B", "")]));
}

#[test]
fn a_name_that_only_the_dns_knows_is_an_error() {
    let config = config(
        "CanonicalDomains corp.example\nHost web\n CanonicalizeHostname yes\nHost a.b.c\n CanonicalizeHostname yes\n\
         Match canonical\n Port 7\n",
    );
    assert!(
        refusal(&config, "web")
            .starts_with("config:3: canonicalizehostname: 'web' would have to be looked up")
    );
    assert_eq!(config.resolve("a.b.c").unwrap().port, 7);
    assert_eq!(config.resolve("db").unwrap().port, 22);
}

#[test]
fn a_command_for_host_keys_is_not_run_and_said_so() {
    let config = config("Host a\n KnownHostsCommand /bin/keys %H\nHost b\n KnownHostsCommand none\n");
    assert_eq!(config.resolve("a").unwrap().known_hosts_command.as_deref(), Some("/bin/keys %H"));
    assert_eq!(config.resolve("b").unwrap().known_hosts_command, None);
    let warnings: Vec<_> = config.warnings().iter().map(|warning| warning.line).collect();
    assert_eq!(warnings, [2]);
    let warning = config.warnings()[0].to_string();
    assert!(warning.ends_with("are taken even where it would revoke their keys"), "{warning}");
}

/// The figure is 10 ms for 1,000 hosts in a release build; this only notices when it is no longer linear.
#[test]
fn what_is_said_of_a_line_fits_a_terminal() {
    let text = format!("\u{1b}]0;title\u{7} x\nHost a\n{} x\n", "k".repeat(100_000));
    let config = config(&text);
    let warnings = config.warnings().iter().map(ToString::to_string);
    for said in warnings.chain([config.resolve("a").unwrap_err().message().to_owned()]) {
        assert!(said.len() < 2_000, "{} bytes", said.len());
        assert!(!said.contains(char::is_control), "{said:?}");
    }
    assert_eq!(config.warnings().len(), 2);
}

#[test]
fn ten_thousand_hosts_resolve_in_linear_time() {
    let mut text = String::new();
    for i in 0..10_000 {
        text +=
            &format!("Host host-{i}\n HostName 10.{}.{}.{}\n User u{i}\n", i >> 16, (i >> 8) & 255, i & 255);
    }
    let config = config(&(text + "Host host-* !host-7\n Port 2222\nHost *\n ConnectTimeout 5\n"));
    let start = time::now();
    let right = config.hosts().iter().filter(|host| config.resolve(host).unwrap().port == 2222).count();
    let took = start.elapsed();
    assert_eq!((config.hosts().len(), right), (10_000, 9_999));
    assert!(took < Duration::from_secs(5), "{took:?}");
}
