//! A Kubernetes cluster as `kubectl` on a host sees it: tables and descriptions, which hold no values of secrets.

use std::fmt::Write;

use super::containers::last_line;
use super::name::Name;
use super::query::{Query, Since, Span};
use super::script::{Answer, Script};
use super::shown::{Shown, parts};
use super::{Ask, address, missing, table, trouble};
use crate::base::{Error, Result};

/// A question to a cluster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kubernetes {
    Overview,
    List { namespace: Name, kind: Name },
    Object { namespace: Name, kind: Name, name: Name },
    Logs { namespace: Name, pod: Name, span: Span },
}

impl Kubernetes {
    pub fn list(namespace: &str, kind: &str) -> Result<Self> {
        Ok(Self::List { namespace: name_of_space(namespace)?, kind: Name::kubernetes("kind", kind)? })
    }

    pub fn object(namespace: &str, kind: &str, name: &str) -> Result<Self> {
        Ok(Self::Object {
            namespace: name_of_space(namespace)?,
            kind: Name::kubernetes("kind", kind)?,
            name: Name::kubernetes("resource", name)?,
        })
    }

    pub fn logs(namespace: &str, pod: &str, query: &mut Query<'_>) -> Result<Self> {
        Ok(Self::Logs {
            namespace: name_of_space(namespace)?,
            pod: Name::kubernetes("pod", pod)?,
            span: Span::read(query)?,
        })
    }
}

fn name_of_space(text: &str) -> Result<Name> {
    Name::kubernetes("namespace", text)
}

impl Ask for Kubernetes {
    fn script(&self) -> Script {
        match self {
            Self::Overview => Script::new(OVERVIEW),
            Self::List { namespace, kind } => Script::new(LIST).with(namespace).with(kind),
            Self::Object { namespace, kind, name } => {
                Script::new(OBJECT).with(namespace).with(kind).with(name)
            }
            Self::Logs { namespace, pod, span } => {
                let since = span.since(Since::for_kubectl);
                Script::new(LOGS).with(namespace).with(pod).with(span.lines).with(since)
            }
        }
    }

    fn is_in_parts(&self) -> bool {
        *self == Self::Overview
    }

    fn read(&self, host: &str, answer: &Answer) -> Result<Shown> {
        if answer.is_absent() {
            return self.absent(host, answer);
        }
        let (_, output) = answer.whole();
        match self {
            Self::Logs { .. } if !answer.is_success() => Err(self.failed(host, last_line(&output))),
            Self::Logs { .. } => Ok(Shown::log(answer, &output)),
            Self::Overview => overview(host, answer),
            Self::List { .. } | Self::Object { .. } if !answer.is_success() => {
                Err(self.failed(host, answer.complaint()))
            }
            Self::List { namespace, kind } => {
                let text = match output.trim() {
                    "" => format!("No {kind} found in namespace '{namespace}' on {host}."),
                    table => table.to_owned(),
                };
                Ok(Shown::of(answer, text).with(table::aligned(&output)))
            }
            Self::Object { .. } => Ok(Shown::of(answer, output)),
        }
    }
}

impl Kubernetes {
    fn absent(&self, host: &str, answer: &Answer) -> Result<Shown> {
        match self {
            Self::Overview => Ok(Shown::of(
                answer,
                format!("# Kubernetes on {host}\n\nkubectl is not available on this host."),
            )),
            _ => Err(missing(format!("kubectl is not available on {host}"))),
        }
    }

    fn failed(&self, host: &str, said: &str) -> Error {
        let is_missing = said.contains("(NotFound)");
        let (namespace, what, kind) = match self {
            Self::Logs { namespace, pod, .. } if is_missing => (namespace, format!("Pod '{pod}'"), "pods"),
            Self::Object { namespace, kind, name } if is_missing => {
                (namespace, format!("'{kind}/{name}'"), kind.as_str())
            }
            _ if said.contains("doesn't have a resource type") => {
                return missing(format!("{said} (on {host})"));
            }
            _ => return trouble(&format!("Kubernetes error on {host}"), said),
        };
        let list = address(host, &format!("k8s/{namespace}/{kind}"));
        missing(format!(
            "{what} not found in namespace '{namespace}' on {host}. Use {list} to see what there is."
        ))
    }
}

/// K3s and MicroK8s bring a `kubectl` of their own, and some install it under no other name. An API server that does not
/// answer is not waited for as long as kubectl would.
macro_rules! with_kubectl {
    ($script:literal) => {
        concat!(
            r#"
            if has kubectl; then k=kubectl;
            elif has k3s; then k='k3s kubectl';
            elif has microk8s; then k='microk8s kubectl';
            else say absent; exit 0;
            fi;
            k="$k --request-timeout=15s"; say ok;
            "#,
            $script
        )
    };
}

/// Whatever of it the user may not see, or an old version does not know, is left out.
const OVERVIEW: &str = with_kubectl!(
    r#"
    say Namespaces; $k get namespaces || exit;
    say Nodes; $k get nodes -o wide 2>/dev/null;
    say 'Pods that are not well';
    $k get pods -A --field-selector=status.phase!=Running,status.phase!=Succeeded 2>/dev/null;
    exit 0
    "#
);

const LIST: &str = with_kubectl!(r#"exec $k get "$2" -n "$1" -o wide"#);

/// Of a secret, `describe` tells the names and lengths of its values.
const OBJECT: &str = with_kubectl!(r#"exec $k describe "$2" "$3" -n "$1""#);

const LOGS: &str = with_kubectl!(
    r#"exec $k logs "$2" -n "$1" --all-containers --prefix --timestamps "--tail=$3" ${4:+"$4"} 2>&1"#
);

fn overview(host: &str, answer: &Answer) -> Result<Shown> {
    if !answer.is_success() {
        return Err(trouble(&format!("Kubernetes error on {host}"), answer.complaint()));
    }
    let sections = answer.sections();
    let mut text = parts(&format!("Kubernetes on {host}"), sections.get(1..).unwrap_or_default());
    let lists = address(host, "k8s/NAMESPACE/KIND");
    // Writing to a String cannot fail.
    let _ = write!(text, "\nLists: {lists}, such as {}", address(host, "k8s/default/pods"));
    let namespaces = sections.get(1).map(|(_, table)| table::aligned(table)).unwrap_or_default();
    Ok(Shown::of(answer, text).with(namespaces))
}

#[cfg(test)]
mod tests;
