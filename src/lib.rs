//! Scout MCP: look at many machines over SSH from any MCP client.
//!
//! # The way of a request
//!
//! ```text
//! bytes in -> server/stdio -> rpc -> mcp (session, tool) -> scout (target, admission, one operation)
//!          -> fleet (pool: ready connection | dial) -> link: sftp | exec -> ssh -> one write
//!          ... the host works ...
//!          -> ssh -> operation result -> mcp content -> rpc -> bytes out
//! ```
//!
//! Reading the modules in that order is reading the program.
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
//! | [`rpc`] | JSON-RPC 2.0 framing | MCP |
//! | [`config`] | settings, SSH client configuration, known_hosts | sockets |
//! | [`target`] | `host:/path` and `hosts` | everything but base |
//! | [`metrics`] | histograms, counters, and what is said of them | MCP, SSH |
//! | [`fleet`] | hosts, pool, links: what one core knows of its machines | MCP, JSON |
//! | [`scout`] | what one can do on a host, a file per operation | MCP, JSON |
//! | [`mcp`] | what an agent sees: revisions, tools, cancellation | transports, sockets |
//! | [`io`] | the only place that names the runtime: connections, stdio, resolver, agent, processes | |
//! | [`server`], [`cli`] | wiring: boot, serve, subcommands | |
//! | `testing` | simulated links, small servers, virtual time; only in tests and behind the feature | |
//!
//! # Where to change what
//!
//! | to change | go to |
//! |---|---|
//! | a bound | `base/limits.rs`; a default that users may change is also a row of `config/settings/` |
//! | what an error means to a caller, to a retry, to a metric | the table in `base/error.rs` |
//! | an algorithm | `crypto/`, then `ssh/algorithm.rs` and `ssh/cipher.rs` or `ssh/kex/` |
//! | how one logs in | `ssh/auth/` for what is said, `io/credentials.rs` for keys and passwords |
//! | which commands and options are allowed | `scout/command/table.rs` |
//! | the way to a host | `fleet/route.rs` (jump hosts), `fleet/pool.rs` (who shares what), `io/path.rs` (addresses, programs) |
//! | how remote commands are ended | `fleet/leash.rs` |
//! | what is counted and measured | `metrics/names.rs`, and the place where it happens |
//! | what agents see of a tool | `mcp/tools/`, then `UPDATE_GOLDEN=1 cargo test --test mcp_surface` |

pub mod base;
pub mod cli;
pub mod config;
pub mod crypto;
pub mod fleet;
pub mod io;
pub mod mcp;
pub mod metrics;
pub mod rpc;
pub mod scout;
pub mod server;
pub mod sftp;
pub mod ssh;
pub mod target;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
