use std::collections::HashSet;

use super::*;

struct Setup {
    dir: tempfile::TempDir,
    env: Env,
}

impl Setup {
    fn new(vars: &[(&str, &str)]) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let vars = vars.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let env = Env { home: dir.path().into(), user: "me".into(), vars, ..Env::default() };
        Self { dir, env }
    }

    fn with_file(self, text: &str) -> Self {
        let path = self.dir.path().join(".config/scout-mcp");
        std::fs::create_dir_all(&path).unwrap();
        std::fs::write(path.join("settings.toml"), text).unwrap();
        self
    }

    fn load(&self) -> Result<Settings> {
        Settings::load(&Overrides::default(), &self.env)
    }
}

fn refusal(setup: &Setup) -> String {
    let error = setup.load().unwrap_err();
    assert_eq!(error.kind(), Kind::InvalidArgument);
    error.message().replace(setup.dir.path().to_str().unwrap(), "~")
}

#[test]
fn nothing_given_means_the_defaults_of_the_table() {
    let settings = Setup::new(&[]).load().unwrap();
    assert_eq!(settings.max_file_size, 1024 * 1024);
    assert_eq!(settings.command_timeout, Duration::from_secs(30));
    assert_eq!(settings.slow_threshold_ms, Duration::from_secs(1));
    assert_eq!((settings.ssh_config, settings.allow_any_command), (None, false));
}

#[test]
fn flags_win_over_variables_over_older_variables_over_the_file() {
    let file =
        "command_timeout = 1\nidle_timeout = \"2m\"\nmax_file_size = \"1MiB\"\nallow_any_command = true\n";
    let vars =
        [("MCP_CAT_COMMAND_TIMEOUT", "3"), ("MCP_CAT_IDLE_TIMEOUT", "4"), ("SCOUT_IDLE_TIMEOUT", "500ms")];
    let setup = Setup::new(&vars).with_file(file);
    let overrides = Overrides { max_file_size: Some("2K".into()), ..Overrides::default() };
    let settings = Settings::load(&overrides, &setup.env).unwrap();
    assert_eq!(settings.command_timeout, Duration::from_secs(3));
    assert_eq!(settings.idle_timeout, Duration::from_millis(500));
    assert_eq!(settings.max_file_size, 2048);
    assert!(settings.allow_any_command);
}

#[test]
fn a_value_that_is_not_allowed_is_refused_with_what_is() {
    for (name, value, message) in [
        (
            "SCOUT_COMMAND_TIMEOUT",
            "5x",
            "'5x' is not a duration: expected seconds from 1 to 3600, or with a unit as 500ms, 30s, 2m",
        ),
        (
            "SCOUT_COMMAND_TIMEOUT",
            "0",
            "'0' is not a duration: expected seconds from 1 to 3600, or with a unit as 500ms, 30s, 2m",
        ),
        (
            "MCP_CAT_COMMAND_TIMEOUT",
            "61m",
            "'61m' is not a duration: expected seconds from 1 to 3600, or with a unit as 500ms, 30s, 2m",
        ),
        (
            "SCOUT_MAX_FILE_SIZE",
            "-1",
            "'-1' is not a size: expected bytes from 1 to 268435456, or with a unit as 512K, 1M, 1MiB",
        ),
        (
            "SCOUT_MAX_FILE_SIZE",
            "99999999999G",
            "'99999999999G' is not a size: expected bytes from 1 to 268435456, or with a unit as 512K, 1M, 1MiB",
        ),
        ("SCOUT_MAX_POOL_SIZE", "many", "'many' is not a number: expected a number from 1 to 100000"),
        ("SCOUT_ALLOW_ANY_COMMAND", "perhaps", "'perhaps' is neither yes nor no: expected true or false"),
        (
            "SCOUT_LOG_LEVEL",
            "loud",
            "'loud' is not a log level: expected off, error, warn, info, debug or trace",
        ),
        ("SCOUT_SSH_CONFIG", "~nobody-here/x", "'~nobody-here/x': there is no such user"),
        (
            "SCOUT_KNOWN_HOSTS",
            "None",
            "'None' would turn off the check of host keys, which is always done: expected a path; `~` is the home directory",
        ),
    ] {
        assert_eq!(refusal(&Setup::new(&[(name, value)])), format!("{name}: {message}"));
    }
}

#[test]
fn a_refusal_can_be_shown() {
    let message = refusal(&Setup::new(&[("SCOUT_MAX_QUEUE", &format!("\u{1b}[2J{}", "9".repeat(1_000)))]));
    assert!(message.starts_with("SCOUT_MAX_QUEUE: '\\x1b[2J999"), "{message}");
    assert!(message.len() < 300, "{message}");
    let message = refusal(&Setup::new(&[]).with_file(&format!("\"\\u001b{}\" = 1\n", "x".repeat(10_000))));
    assert!(!message.contains('\u{1b}') && message.len() < 3_000, "{message}");
}

#[test]
fn what_is_wrong_in_the_file_is_named_with_its_place() {
    let refused = |text: &str| refusal(&Setup::new(&[]).with_file(text));
    let file = "~/.config/scout-mcp/settings.toml";
    assert!(
        refused("log_level = 'info'\nno_such = 1\n")
            .starts_with(&format!("{file}:2: unknown field `no_such`"))
    );
    assert!(refused("a b\n").starts_with(&format!("{file}:1: ")));
    assert!(refused("max_queue = -5\n").starts_with(&format!("{file}: max_queue: '-5' is not a number")));
    assert!(
        refused("max_queue = 0\n").starts_with(&format!("{file}: max_queue: ")),
        "nobody could wait for a login"
    );
    assert!(refused("max_queue = [1]\n").ends_with("is a list or a table: expected a single value"));
}

#[test]
fn patterns_name_hosts() {
    let setup = Setup::new(&[("SCOUT_WARM_HOSTS", "web*, db1,!web9")]);
    let warm = setup.load().unwrap().warm_hosts;
    let included = ["web1", "web9", "db1", "db2"].map(|host| warm.include(host));
    assert_eq!(included, [true, false, true, false]);
    assert!(Setup::new(&[]).load().unwrap().warm_hosts.is_empty());
}

#[test]
fn an_allowlist_wins_outright() {
    let admitted = |vars: &[(&str, &str)]| {
        let settings = Setup::new(vars).load().unwrap();
        ["web1", "web9", "db1"].map(|host| settings.admits(host))
    };
    assert_eq!(admitted(&[]), [true; 3]);
    assert_eq!(admitted(&[("SCOUT_BLOCKLIST", "web9,d*")]), [true, false, false]);
    assert_eq!(admitted(&[("SCOUT_ALLOWLIST", "web*,!web9")]), [true, false, false]);
    assert_eq!(admitted(&[("SCOUT_ALLOWLIST", "web*"), ("SCOUT_BLOCKLIST", "web9")]), [true, true, false]);
}

#[test]
fn groups_are_lists_of_a_table_or_of_a_line() {
    let file = "[groups]\nweb = ['web*', '!web9']\nall = '@web, db1'\n";
    let groups = Setup::new(&[]).with_file(file).load().unwrap().groups;
    assert_eq!(groups.to_string(), "all=@web,db1; web=web*,!web9");
    let line = Setup::new(&[("SCOUT_GROUPS", "all=@web,db1; web=web*,!web9")]);
    assert_eq!(line.load().unwrap().groups, groups);

    let refused = |text: &str| refusal(&Setup::new(&[]).with_file(text));
    let place = "~/.config/scout-mcp/settings.toml: groups:";
    let expected = "expected lists such as `web=web*,!web9; all=@web,db1`";
    assert_eq!(
        refused("[groups]\na = ['@b']\nb = ['@a']\n"),
        format!("{place} @a contains itself: @a has @b has @a: {expected}")
    );
    for text in ["[groups]\na = 1\n", "[groups]\na = ['x;b=y']\n", "[groups.a]\nb = 'c'\n"] {
        assert_eq!(refused(text), format!("{place} is a list or a table: expected a single value"), "{text}");
    }
}

#[test]
fn networks_and_origins_are_checked() {
    let load = |name, value| Setup::new(&[(name, value)]).load();
    let proxies = load("SCOUT_TRUSTED_PROXIES", "10.0.0.0/8, 192.0.2.7").unwrap().trusted_proxies;
    assert_eq!(proxies, ["10.0.0.0/8", "192.0.2.7"].map(|text| Network::parse(text).unwrap()));
    let origins = load("SCOUT_ALLOWED_ORIGINS", "https://*.example.com http://a.lan:81").unwrap();
    assert!(origins.allowed_origins.include("https://x.example.com"));
    for (name, value, message) in [
        (
            "SCOUT_TRUSTED_PROXIES",
            "10.0.0.0/8,10.0.0.1/8",
            "'10.0.0.1/8' is no range of addresses: expected addresses and ranges such as 10.0.0.0/8, separated by commas",
        ),
        (
            "SCOUT_ALLOWED_ORIGINS",
            "example.com",
            "'example.com' is no origin: expected origins such as https://app.example.com, with `*`, `?` and `!`, separated by commas",
        ),
        ("SCOUT_RATE_LIMIT_BURST", "0", "'0' is not a number: expected a number from 1 to 1000000"),
    ] {
        assert_eq!(refusal(&Setup::new(&[(name, value)])), format!("{name}: {message}"));
    }
}

#[test]
fn settings_are_taken_over_but_for_those_that_need_a_restart() {
    let load = |text: &str| Setup::new(&[]).with_file(text).load().unwrap();
    let mut settings = load("command_timeout = 5\nmax_queue = 10\ncores = 2\n");
    let kept = settings.adopt(load("command_timeout = 6\nmax_queue = 11\ncores = 2\n"));
    assert_eq!(kept, ["max_queue"]);
    assert_eq!((settings.command_timeout, settings.max_queue), (Duration::from_secs(6), 10));
    let restart = table().into_iter().filter(|row| row.needs_restart).map(|row| row.name);
    let restart: Vec<_> = restart.collect();
    assert!(restart.contains(&"allow_any_command"), "it is told to clients: {restart:?}");
}

#[test]
fn a_file_that_is_asked_for_must_exist() {
    let setup = Setup::new(&[("SCOUT_SETTINGS", "~/gone.toml")]);
    assert_eq!(refusal(&setup), "~/gone.toml: cannot be read: No such file or directory");
    let setup = Setup::new(&[("SCOUT_SETTINGS", "~/my.toml")]);
    std::fs::write(setup.dir.path().join("my.toml"), "max_queue = 1\nssh_config = '~/c'\n").unwrap();
    let settings = setup.load().unwrap();
    assert_eq!((settings.max_queue, settings.ssh_config), (1, Some(setup.dir.path().join("c"))));
}

#[test]
fn secrets_come_from_one_place_and_are_not_shown() {
    let password = Secret::new("open sesame".to_owned().into());
    let mut setup = Setup::new(&[("SCOUT_PASSPHRASE_COMMAND", "pass show key")]);
    setup.env.secrets.insert("SCOUT_SSH_PASSWORD", password.clone());
    let settings = setup.load().unwrap();
    assert_eq!(settings.password_source(), Some(SecretSource::Given(password)));
    assert_eq!(settings.passphrase_source(), Some(SecretSource::Command("pass show key".into())));
    assert!(!format!("{settings:?}").contains("sesame"));

    let file = setup.with_file("ssh_password_file = '~/word'\n");
    let source = file.load().unwrap().password_source();
    assert_eq!(source, Some(SecretSource::File(file.dir.path().join("word"))));
    assert!(refusal(&Setup::new(&[]).with_file("ssh_password = 'x'\n")).contains("unknown field"));
}

#[test]
fn a_bad_flag_is_named_as_a_flag() {
    let overrides = Overrides { connect_timeout: Some("soon".into()), ..Overrides::default() };
    let error = Settings::load(&overrides, &Setup::new(&[]).env).unwrap_err();
    assert!(error.message().starts_with("--connect-timeout: 'soon' is not a duration"));
}

#[test]
fn folders_are_absolute() {
    let roots = |text: &str| {
        let loaded = Setup::new(&[("SCOUT_TRANSFER_ROOTS", text)]).load();
        loaded.map(|settings| settings.transfer_roots).map_err(|error| error.message().to_owned())
    };
    let paths = |paths: &[&str]| Ok(Some(paths.iter().map(PathBuf::from).collect()));
    assert_eq!(roots("/srv, /tmp/x"), paths(&["/srv", "/tmp/x"]));
    assert_eq!(roots("none"), paths(&[]));
    let wrong = "SCOUT_TRANSFER_ROOTS: 'srv' is no absolute path: expected absolute paths, `~` is the home directory, \
                 separated by commas; or `none`";
    assert_eq!(roots("srv"), Err(wrong.to_owned()));
}

#[test]
fn the_table_is_complete_and_its_defaults_are_allowed() {
    let table = table();
    let names: HashSet<_> = table.iter().map(|row| row.name).collect();
    assert_eq!(names.len(), table.len());
    for row in &table {
        assert!(!row.doc.is_empty() && !row.default.is_empty() && !row.expected.is_empty(), "{row:?}");
        // Defaults that are no value (they name files, or none) stand outside of the rules.
        if row.default != "none" && !matches!(row.name, "ssh_config" | "known_hosts" | "transfer_roots") {
            let given = Setup::new(&[(row.env.as_str(), row.default.as_str())]).load().unwrap();
            assert_eq!(given, Setup::new(&[]).load().unwrap(), "{}", row.name);
        }
    }
    let older: Vec<_> = table.into_iter().filter_map(|row| row.older_env).collect();
    assert_eq!(older, ["MCP_CAT_MAX_FILE_SIZE", "MCP_CAT_COMMAND_TIMEOUT", "MCP_CAT_IDLE_TIMEOUT"]);
}
