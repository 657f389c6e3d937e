//! Projects of Docker Compose. What is known of one stands on its containers, so that stopped ones are found as well, and
//! neither the project's directory nor a version of Compose is needed to read its files.

use std::fmt::Write;

use super::containers::{Engine, last_line};
use super::json;
use super::name::Name;
use super::query::{Query, Since, Span};
use super::script::{Answer, Script};
use super::shown::{Media, Rows, Shown, heading};
use super::{Ask, address, missing};
use crate::base::{Error, Kind, Result};

/// A question to Compose.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Compose {
    List,
    /// The files that a project is made of.
    Files(Name),
    Logs(Name, Span),
}

impl Compose {
    pub fn files(project: &str) -> Result<Self> {
        Name::project(project).map(Self::Files)
    }

    pub fn logs(project: &str, query: &mut Query<'_>) -> Result<Self> {
        Ok(Self::Logs(Name::project(project)?, Span::read(query)?))
    }
}

impl Ask for Compose {
    fn script(&self) -> Script {
        match self {
            Self::List => Script::new(LIST),
            Self::Files(project) => Script::new(FILES).with(project),
            Self::Logs(project, span) => {
                Script::new(LOGS).with(project).with(span.lines).with(span.since(Since::for_containers))
            }
        }
    }

    fn read(&self, host: &str, answer: &Answer) -> Result<Shown> {
        match self {
            Self::List => list(host, answer),
            Self::Files(project) => {
                check(host, project, answer)?;
                files(host, project, answer)
            }
            Self::Logs(project, _) => {
                check(host, project, answer)?;
                let lines = answer.whole().1;
                match answer.is_success() {
                    true => Ok(Shown::log(answer, &lines)),
                    false => Err(Engine::Docker.trouble(host, last_line(&lines))),
                }
            }
        }
    }
}

/// Compose is a plugin of Docker, and was a program of its own. Docker says in many ways that it has no such plugin.
macro_rules! with_compose {
    ($script:literal) => {
        concat!(
            r#"
            if has docker && docker compose version >/dev/null 2>&1;
              then compose() { docker compose "$@"; };
            elif has docker-compose;
              then compose() { docker-compose "$@"; };
            else say no-compose; exit 0;
            fi;
            "#,
            $script
        )
    };
}

/// For what is asked about a project `$1`: whether there is one, as Compose itself prints nothing for one that is not.
/// `$found` has a line for each way in which its containers name its directory and files.
macro_rules! of_project {
    ($($script:tt)*) => {
        concat!(
            r#"
            need docker;
            l=com.docker.compose.project;
            f='{{.Label "'$l'.working_dir"}}:{{.Label "'$l'.config_files"}}';
            found=$(docker ps --all --filter "label=$l=$1" --format "$f") || { s=$?; say failed; exit $s; };
            [ "$found" ] || { say missing; exit 0; };
            "#,
            $($script)*
        )
    };
}

const LIST: &str = with_compose!("say ok; compose ls --all --format json");

/// A path may hold commas, which also stand between paths. Old versions tell paths as they were written, seen from the
/// project's directory. Marks of ours are kept out of what files hold.
const FILES: &str = of_project!(
    r#"
    say ok;
    show() {
      case $2 in /*) p=$2 ;; *) p=$1/$2 ;; esac;
      if [ -f "$p" ] && [ -r "$p" ]; then say "file $p"; tr -d '\001' <"$p"; else say "unreadable $p"; fi;
    };
    printf '%s\n' "$found" | sort -u | while IFS= read -r line; do
      d=${line%%:*}; c=${line#*:};
      if [ -f "$c" ]; then show "$d" "$c"; continue; fi;
      while [ "$c" ]; do
        show "$d" "${c%%,*}";
        case $c in *,*) c=${c#*,} ;; *) c= ;; esac;
      done;
    done
    "#
);

/// Compose would take a file of the directory it runs in for that of the project.
const LOGS: &str = of_project!(with_compose!(
    r#"cd /; say ok; compose --project-name "$1" logs --no-color --timestamps --tail "$2" ${3:+"--since=$3"} 2>&1"#
));

/// What is the same whatever was asked about a project.
fn check(host: &str, project: &Name, answer: &Answer) -> Result<()> {
    match answer.whole().0 {
        "absent" => Err(Engine::Docker.absent(host)),
        "no-compose" => Err(missing(format!("Docker Compose is not available on {host}"))),
        "failed" => Err(Engine::Docker.trouble(host, answer.complaint())),
        "missing" => {
            let list = address(host, "compose");
            let text = format!(
                "Compose project '{project}' not found on {host}. Use {list} to see available projects."
            );
            Err(missing(text))
        }
        _ => Ok(()),
    }
}

fn list(host: &str, answer: &Answer) -> Result<Shown> {
    let title = format!("Docker Compose Projects on {host}");
    if answer.whole().0 == "no-compose" {
        return Ok(Shown::of(answer, format!("# {title}\n\nDocker Compose is not available on this host.")));
    }
    if !answer.is_success() {
        return Err(Engine::Docker.trouble(host, answer.complaint()));
    }
    let objects = json::objects(&answer.whole().1)?;
    let projects = objects.iter().map(|object| {
        [["Name", "name"], ["Status", "status"], ["ConfigFiles", "configFiles"]]
            .map(|names| json::text(object, &names))
    });
    let projects: Vec<_> = projects.filter(|[name, ..]| !name.is_empty()).collect();
    let mut text = heading(&title);
    for [name, status, files] in &projects {
        let mark = if status.to_ascii_lowercase().contains("running") { '●' } else { '○' };
        let view = address(host, &format!("compose/{name}"));
        let logs = address(host, &format!("compose/{name}/logs"));
        // Writing to a String cannot fail.
        let _ = write!(
            text,
            "\n{mark} {name}\n    Status: {status}\n    Config: {files}\n    View:   {view}\n    Logs:   {logs}\n"
        );
    }
    if projects.is_empty() {
        text = format!("# {title}\n\nNo projects found (or Docker Compose not available).");
    }
    Ok(Shown::of(answer, text).with(Rows::new(["name", "status", "files"], projects)))
}

fn files(host: &str, project: &Name, answer: &Answer) -> Result<Shown> {
    let mut text = format!("# Compose: {project}@{host}\n");
    let mut unreadable = Vec::new();
    let mut has_content = false;
    for (mark, content) in answer.sections() {
        if let Some(path) = mark.strip_prefix("file ") {
            has_content = true;
            let _ = write!(text, "# File: {path}\n\n{}\n\n", content.trim_end_matches('\n'));
        } else if let Some(path) = mark.strip_prefix("unreadable ") {
            unreadable.push(path);
        }
    }
    if unreadable.is_empty() && !has_content {
        return Err(missing(format!(
            "The containers of '{project}' on {host} do not tell its compose files"
        )));
    }
    let complaint = format!("Cannot read compose file: {}", unreadable.join(", "));
    if !has_content {
        return Err(Error::new(Kind::NotFound, complaint));
    }
    if !unreadable.is_empty() {
        let _ = write!(text, "# {complaint}");
    }
    Ok(Shown { media: Media::Yaml, ..Shown::of(answer, text) })
}

#[cfg(test)]
mod tests;
