//! Scout MCP: look at many machines over SSH from any MCP client.
//!
//! # The way of a request
//!
//! ```text
//! bytes in -> server/stdio | io/http -> http -> server/access, server/http
//!          -> rpc -> mcp (session, catalog: tool, resource, prompt) -> scout (target)
//!          -> fleet/shards: the core that owns the host, here or by mail (io/mesh)
//!          -> scout (one operation) -> fleet (admission, pool: ready connection | dial)
//!          -> link: sftp | exec -> ssh -> one write
//!          ... the host works ...
//!          -> ssh -> operation result -> back to the core that was asked -> mcp content -> rpc -> bytes out
//! ```
//!
//! Reading the modules in that order is reading the program.
//!
//! # Cores
//!
//! A core is a thread that runs an event loop and owns a shard of the hosts: everything about a host (connections,
//! queues, what is known of it) lives on its owner and nowhere else, so no lock guards any of it. Who owns a host follows
//! from its address, or from that of the first jump host before it, so that all hosts behind one share its connection.
//! Any core may be asked. The bounds of the whole process are counts (`fleet/quota.rs`) that each core takes from.
//!
//! # Layers
//!
//! A layer imports only what stands above it in this table; `tests/tidy.rs` checks it.
//!
//! | module | holds | must not know |
//! |---|---|---|
//! | [`base`] | bounds, errors, the clock | anything else of ours |
//! | [`crypto`] | algorithms: libsodium, aws-lc | SSH |
//! | [`ssh`] | sans-IO SSH client: packets, key exchange, host keys, authentication, channels | sockets, clocks, fleets |
//! | [`sftp`] | sans-IO SFTP v3 client, pipelined | sockets, fleets |
//! | [`simulated`] | sans-IO SSH servers that play hosts: a fleet to measure with, and the other side of tests | sockets, clocks, fleets |
//! | [`rpc`] | JSON-RPC 2.0 framing | MCP |
//! | [`http`] | sans-IO HTTP/1.1, the server's side, and its event streams; how a client reads answers | sockets, JSON, MCP |
//! | [`config`] | settings, SSH client configuration, known_hosts | sockets |
//! | [`target`] | `host:/path` and `hosts` | everything but base |
//! | [`metrics`] | histograms, counters, and what is said of them | MCP, SSH |
//! | [`rig`] | what is measured of fleets and servers, and how it is told | sockets, SSH, MCP |
//! | [`fleet`] | hosts, pool, links: what one core knows of its machines, and which core that is | MCP, JSON |
//! | [`scout`] | what one can do on a host, a file per operation | MCP, JSON |
//! | [`mcp`] | what an agent sees: revisions, tools, resources, prompts, completion, progress, cancellation | transports, sockets |
//! | [`io`] | the only place that names the runtime: cores and their mail, connections, stdio, resolver, agent, processes | |
//! | [`server`], [`cli`] | wiring: boot, serve, subcommands | |
//! | `testing` | simulated links, small servers, virtual time; only in tests and behind the feature | |
//!
//! # Where to change what
//!
//! | to change | go to |
//! |---|---|
//! | a bound | `base/limits/`; a default that users may change is also a row of `config/settings/` |
//! | what an error means to a caller, to a retry, to a metric | the table in `base/error.rs` |
//! | an algorithm | `crypto/`, then `ssh/algorithm.rs` and `ssh/cipher.rs` or `ssh/kex/` |
//! | how one logs in | `ssh/auth/` for what is said, `io/credentials.rs` for keys and passwords |
//! | how often known_hosts and keys are read for many who dial | `io/rounds.rs` |
//! | what can be done on a host | an operation is a file of `scout/`; `scout/action.rs` gives it to all tools and resources |
//! | what the arguments of the tool `scout` mean | `scout/request.rs`; what they meant to scout_mcp, and the tests that hold it so: `docs/parity.md` |
//! | what is shown of containers, pools, logs, units, clusters | `scout/system/`, a file each; its addresses as templates: `mcp/catalog/resources/templates.rs` |
//! | which commands and options are allowed | `scout/command/table.rs` |
//! | the way to a host | `fleet/route.rs` (jump hosts), `fleet/pool.rs` (who shares what, who has to wait), `fleet/ramp.rs` (how many dial at once), `io/path.rs` (addresses, programs) |
//! | who may use a server over HTTP, how often and from where | `server/access/`; API keys: `config/keys.rs`; what a key may do: `config/access.rs`, and where that is asked: `scout/access.rs` |
//! | how much of a server one client may have | connections: `io/http/roll.rs`; sessions: `server/http/sessions.rs`; places that are watched: `mcp/catalog/watches.rs`; bodies and long answers: `http/intake.rs`, `http/outlet.rs` |
//! | what cores say to each other | `fleet/shards.rs` for what, `io/mesh.rs` for how |
//! | what is read again while serving, and when | `server/configuration.rs`, `io/watch.rs`; what then becomes of connections: `fleet/directory.rs`, the pool's `retire` |
//! | when memory goes back to the system | `io/memory.rs` for what lies free, `Link::rests` for what a connection holds |
//! | how a server ends | `server/drain.rs`; over HTTP `server/http/listen.rs`, `server/http/under_way.rs`; `io/signals.rs` for who asks it to |
//! | who is asked whether he is there, and who stays connected | `fleet/health/`, `fleet/presence.rs` |
//! | how remote commands are ended | `fleet/leash.rs` |
//! | how commands share a shell on the host, and which may | `fleet/kept_shell.rs` for what is said, `fleet/link/shells.rs` for who gets one |
//! | how simulated hosts behave | `simulated/`: `plan.rs` for what can be set, `server.rs` for what they say; `io/site.rs` puts them on the network |
//! | what is counted and measured | `metrics/names.rs`, and the place where it happens; what Prometheus reads of it: `metrics/prometheus.rs` |
//! | when a server counts as alive, and as ready | `server/health.rs` |
//! | what HTTP requests become of MCP, sessions, paths | `server/http/` |
//! | which revisions of MCP there are, and what differs | `mcp/revision.rs`, `mcp/session.rs` |
//! | which HTTP requests are refused, and how | `http/refusal.rs`, `http/framing.rs`, and the table `tests/http_verdicts/table.rs` |
//! | what `bench` measures, and what it makes of it | `rig/`; how it asks a server or our own fleet: `cli/bench/`, over HTTP: `io/http/client.rs`, and whom it believes there: `io/http/trust.rs` |
//! | what agents see of a tool | `mcp/catalog/tools/`, then `UPDATE_GOLDEN=1 cargo test --test mcp_surface` |
//! | what else agents are offered | `mcp/catalog/`: `resources/`, `prompts/` (a file each), `completion` |
//! | which hosts a list such as `web*,@db` means | `config/groups.rs` for groups, `scout/select.rs` for the rest |
//! | how many hosts are asked at once, and how that is told | `scout/gather.rs`, then `scout/broadcast/` and `scout/batch.rs` |
//! | which part of a file is read, how files are found, searched and compared | `scout/read/`, `scout/find.rs`, `scout/search/`, `scout/diff/` |
//! | what a script of ours may rely on, whatever the login shell | `scout/script.rs`, tried in `scout/tests/shells.rs` |
//! | how files are transferred, and which of this machine may be | `scout/transfer/` |
//! | which small pieces of work are timed, and their instructions counted | `testing/chores/`, `benches/micro.rs`, `benches/instructions/`; the counts to hold: `scripts/instructions` |
//! | how places are watched | `scout/watch.rs` for what is looked at, `fleet/sights.rs` for who shares the looks |

pub mod base;
pub mod cli;
pub mod config;
pub mod crypto;
pub mod fleet;
pub mod http;
pub mod io;
pub mod mcp;
pub mod metrics;
pub mod rig;
pub mod rpc;
pub mod scout;
pub mod server;
pub mod sftp;
pub mod simulated;
pub mod ssh;
pub mod target;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
