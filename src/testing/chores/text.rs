//! Targets, commands and configurations.

use std::fmt::Write as _;
use std::hint::black_box;

use super::{Chore, placed};
use crate::config::{AlgorithmLists, Env, Overrides, Settings, SshConfig};
use crate::scout::command::{Command, Policy};
use crate::target::Target;
use crate::testing::scratch;

pub fn chores() -> Vec<Chore> {
    let mut chores = vec![
        targets(
            "target: mixed",
            &["web01:/etc/hosts", "hosts", "db:/var/log/postgresql.log", "h:/", "a.b.c:/x y"],
        ),
        targets("target: hosts", &["hosts"]),
        targets("target: 305 characters", &[LONG]),
        targets("target: none", &["no-path", "", ":/x", "h:/a/../b"]),
        targets("target: address of a view", &["scout://h%5F1/:docker/web/logs?lines=5&since=2h"]),
        Chore::new("command: read and written anew", || {
            let text = placed("find /var/log -name '*.log' -size +1k | sort -k2,2nr | head -n 20");
            move || {
                black_box(Command::parse(black_box(text), Policy::ReadOnly).expect("allowed").to_shell());
            }
        }),
        Chore::new("settings: nothing given", || {
            let env = Env::default();
            move || drop(black_box(Settings::load(&Overrides::default(), &env).expect("defaults")))
        }),
    ];
    for hosts in [100, 1_000, 10_000] {
        let parse = Chore::new(format!("ssh_config of {hosts} hosts: parse"), move || {
            let path = scratch::file(ssh_config(hosts).as_bytes());
            move || assert_eq!(black_box(load(&path)).hosts().len(), hosts)
        });
        let resolve = Chore::new(format!("ssh_config of {hosts} hosts: resolve all"), move || {
            let config = load(&scratch::file(ssh_config(hosts).as_bytes()));
            move || {
                for host in config.hosts() {
                    black_box(config.resolve(host).expect("nothing is wrong with it"));
                }
            }
        });
        let both = [parse, resolve];
        chores.extend(both.map(|chore| if hosts > 100 { chore.uncounted() } else { chore }));
    }
    chores
}

const LONG: &str = concat!(
    "web01:/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
);

/// Each of the texts in turn.
fn targets(name: &str, texts: &'static [&'static str]) -> Chore {
    Chore::new(name, || {
        let texts: Vec<&str> = texts.iter().copied().map(placed).collect();
        move || {
            for text in &texts {
                let _ = black_box(Target::parse(black_box(text)));
            }
        }
    })
}

fn load(path: &std::path::Path) -> SshConfig {
    SshConfig::load(Some(path), &Env::default(), AlgorithmLists::spoken()).expect("the file is there")
}

/// As people write them.
fn ssh_config(hosts: usize) -> String {
    (0..hosts).fold(String::new(), |mut text, n| {
        let _ = write!(
            text,
            "Host host{n:05}\n    HostName 10.{}.{}.{}\n    User admin\n    Port 22\n    IdentityFile ~/.ssh/id_ed25519\n\n",
            n / 65_536,
            n / 256 % 256,
            n % 256
        );
        text
    })
}
