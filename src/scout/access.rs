//! What a client may not do is refused on the core that it asked, before any host hears of it.

use crate::base::refusal::Reason;
use crate::base::{Error, Kind, Result};
use crate::config::{Access, Scope, Settings, SharedAccess, Transport};
use crate::fleet::{Caller, Claim, ClientId, LOCALHOST, Shards};

/// On whose behalf something is done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Client {
    pub id: ClientId,
    pub access: SharedAccess,
}

impl Client {
    /// Who started this process, and may do everything, whatever a server would let others do.
    pub fn ourselves() -> Self {
        Self { id: ClientId::OURSELVES, access: Access::only(Scope::ALL.to_vec(), None).into() }
    }
}

/// Whether a client may do a kind of work at all on this server. Over HTTP transfers are for those of whom the operator has
/// said so.
pub fn allows(settings: &Settings, access: &Access, scope: Scope) -> bool {
    access.has(scope) && (scope != Scope::Transfer || transfers(settings, access))
}

fn transfers(settings: &Settings, access: &Access) -> bool {
    settings.transport == Transport::Stdio || settings.http_transfers || access.names(Scope::Transfer)
}

/// The same.
///
/// Errors: `Forbidden`, with the scope that it lacks, or the setting.
pub fn require(shards: &Shards, access: &Access, scope: Scope) -> Result<()> {
    let allowed = match allows(&shards.own().settings(), access, scope) {
        true => Ok(()),
        false if access.has(scope) => {
            Err(Error::refused(Reason::Forbidden, Kind::Forbidden, TRANSFERS_ARE_OFF))
        }
        false => Err(Error::refused(Reason::Forbidden, Kind::Forbidden, lacks(scope))),
    };
    shards.own().recorder().count_refusal(&allowed);
    allowed
}

/// Whether a client may do a kind of work with files of this machine: the host [`LOCALHOST`] by another name.
///
/// Errors: as [`require`]; `Forbidden` where this machine is not among its hosts.
pub fn require_here(shards: &Shards, access: &Access, scope: Scope) -> Result<()> {
    require(shards, access, scope)?;
    let allowed = match access.includes(LOCALHOST) {
        true => Ok(()),
        false => Err(Error::refused(Reason::Forbidden, Kind::Forbidden, NOT_HERE)),
    };
    shards.own().recorder().count_refusal(&allowed);
    allowed
}

const NOT_HERE: &str =
    "Forbidden: files of the server's machine are for keys whose hosts include 'localhost'";
const TRANSFERS_ARE_OFF: &str = "Forbidden: transfers are off on this server; the setting http_transfers, or a key that \
                                 names the scope 'transfer', allows them";

/// What a client is told that lacks a scope.
pub fn lacks(scope: Scope) -> String {
    format!("Forbidden: this needs the scope '{}', which your key does not have", scope.name())
}

/// Has the owner of a host do work there, if the client may.
///
/// Errors: as [`require`]; those of [`Shards::on`]. A host that the client may not see is not known, and one that is not
/// known is told with the names of those that it may see, wherever that turns out.
pub async fn on<T, W, F>(
    shards: &Shards,
    access: &Access,
    scope: Scope,
    host: &str,
    claim: Claim,
    work: W,
) -> Result<T>
where
    T: Send + 'static,
    W: FnOnce(Caller) -> F + Send + 'static,
    F: Future<Output = Result<T>> + 'static,
{
    check(shards, access, scope, host)?;
    shards.on(host, claim, work).await.map_err(|error| seen(shards, access, host, error))
}

/// Whether a client may do a kind of work on a host.
///
/// Errors: as [`require`]; a host that the client may not see is not known.
pub fn check(shards: &Shards, access: &Access, scope: Scope, host: &str) -> Result<()> {
    require(shards, access, scope)?;
    if access.includes(host) { Ok(()) } else { Err(unknown(shards, access, host)) }
}

/// An error of a host as a client may read it.
pub fn seen(shards: &Shards, access: &Access, host: &str, error: Error) -> Error {
    match error.kind() {
        Kind::UnknownHost => unknown(shards, access, host),
        _ => error,
    }
}

fn unknown(shards: &Shards, access: &Access, host: &str) -> Error {
    shards.own().unknown_host(host, |name| access.includes(name))
}

#[cfg(test)]
mod tests {
    use std::rc::Rc;

    use futures_util::FutureExt;

    use super::super::{Request, scout};
    use super::*;
    use crate::fleet::Quotas;
    use crate::metrics::Counter;
    use crate::testing;

    fn shards() -> Rc<Shards> {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("config");
        std::fs::write(&path, "Host web1 web2 db1\n ProxyCommand none\n").unwrap();
        Shards::alone(testing::fleet_of(&path, &Quotas::alone(&testing::settings())))
    }

    /// What the operation says at once; nothing where it began to wait for a host.
    fn ask(access: &Access, target: &str, query: Option<&str>) -> Option<Result<String>> {
        let shards = shards();
        let request = Request { target: target.into(), query: query.map(Into::into), ..Request::default() };
        let answer = scout(&shards, &with(access), &request, &|_, _| ()).now_or_never();
        answer.map(|answer| answer.map(|answer| answer.text().into_owned()))
    }

    fn with(access: &Access) -> Client {
        Client { id: ClientId::STDIO, access: access.clone().into() }
    }

    fn refusal(access: &Access, target: &str, query: Option<&str>) -> (Kind, String) {
        let error = ask(access, target, query).expect("an answer at once").unwrap_err();
        (error.kind(), error.message().to_owned())
    }

    fn only(scopes: &[Scope]) -> Access {
        Access::only(scopes.to_vec(), Some(["web*"].into_iter().collect()))
    }

    #[test]
    fn a_scope_that_is_missing_is_named() {
        let missing = |name| {
            (
                Kind::Forbidden,
                format!("Forbidden: this needs the scope '{name}', which your key does not have"),
            )
        };
        let (reads, commands) = (only(&[Scope::Read]), only(&[Scope::Command]));
        assert_eq!(refusal(&reads, "web1:/", Some("ls")), missing("command"));
        assert_eq!(refusal(&commands, "web1:/", None), missing("read"));
        assert!(ask(&reads, "web1:/", None).is_none() && ask(&commands, "web1:/", Some("ls")).is_none());
        // Whether there is such a host is not told on the way.
        assert_eq!(refusal(&reads, "db1:/", Some("ls")), missing("command"));
    }

    #[test]
    fn a_host_that_may_not_be_seen_is_not_known() {
        let access = only(&Scope::ALL);
        for host in ["db1", "db2", "web3", "localhost"] {
            let message = format!("Unknown host '{host}'. Available: web1, web2");
            assert_eq!(refusal(&access, &format!("{host}:/"), None), (Kind::UnknownHost, message));
        }
        let (_, message) = refusal(&Access::all(), "db2:/", None);
        assert_eq!(message, "Unknown host 'db2'. Available: db1, localhost, web1, web2");
    }

    #[test]
    fn the_host_list_holds_what_may_be_seen() {
        let names = |access: &Access| {
            let list = ask(access, "hosts", None).expect("an answer at once").unwrap();
            ["web1", "web2", "db1", "localhost"].map(|name| list.contains(name))
        };
        assert_eq!(names(&only(&[Scope::Read])), [true, true, false, false]);
        assert_eq!(names(&Access::all()), [true; 4]);
        let none = Access::only(vec![Scope::Read], Some(["nothing"].into_iter().collect()));
        assert_eq!(ask(&none, "hosts", None).unwrap().unwrap(), "No SSH hosts configured.");
    }

    #[test]
    fn over_http_transfers_are_for_those_of_whom_it_was_said() {
        let mut settings = testing::settings();
        let said = Access::only(vec![Scope::Transfer], None);
        let allowed = |settings: &Settings| {
            [&Access::all(), &said, &only(&[Scope::Read])]
                .map(|access| allows(settings, access, Scope::Transfer))
        };
        assert_eq!(allowed(&settings), [true, true, false]);
        settings.transport = Transport::Http;
        assert_eq!(allowed(&settings), [false, true, false]);
        assert!(allows(&settings, &Access::all(), Scope::Command), "nothing else is");
        assert!(allows(&settings, &Client::ourselves().access, Scope::Transfer));
        settings.http_transfers = true;
        assert_eq!(allowed(&settings), [true, true, false]);
    }

    #[test]
    fn files_of_this_machine_are_for_those_whose_hosts_include_it() {
        let shards = shards();
        let here = |hosts: Option<&[&str]>| {
            let hosts = hosts.map(|hosts| hosts.iter().copied().collect());
            require_here(&shards, &Access::only(vec![Scope::Transfer], hosts), Scope::Transfer)
        };
        assert_eq!((here(None), here(Some(&["web*", "localhost"]))), (Ok(()), Ok(())));
        assert_eq!(here(Some(&["web*"])).unwrap_err().message(), NOT_HERE);
        assert_eq!(shards.own().snapshot().counter(Counter::Rejected(Reason::Forbidden)), 1);
    }

    #[test]
    fn refusals_are_counted() {
        let shards = shards();
        let request = Request { target: "web1:/".into(), ..Request::default() };
        let client = with(&only(&[Scope::Command]));
        let refused = scout(&shards, &client, &request, &|_, _| ()).now_or_never();
        assert_eq!(refused.unwrap().unwrap_err().reason(), Some(Reason::Forbidden));
        assert_eq!(shards.own().snapshot().counter(Counter::Rejected(Reason::Forbidden)), 1);
    }
}
