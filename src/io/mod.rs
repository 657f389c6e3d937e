//! The outside world, and the only place that names the runtime (monoio: io_uring, or epoll where that is refused).
//!
//! [`runtime`] is the event loop of a core, [`cores`] starts them all, [`cpus`] keeps each on its processor, and [`mesh`] carries mail between cores; [`outside`] is what a fleet may ask of the world; `dial` makes a connection and
//! `connection` carries its bytes from then on, over the `stream` that `path` leads to: a socket (`connect` finds the
//! address that answers), a tunnel or a program (`proxy_command`); `terms` says how the client speaks, `host_key` to whom,
//! `credentials` what it logs in with: `keys` from `key_files`, which many dials read in `rounds`, and an `agent`, a `password`, whatever `secrets` gets;
//! `process` runs commands on this machine; [`stdio`] connects our own standard streams, [`http`] serves those
//! who come over the network; `children` are the programs that
//! these start; `blocking` does what would stop a core, and `resolver` looks up names there; [`condition`] runs the commands
//! of `Match exec`; [`stats`] is where a server tells its figures, [`usage`] what it takes of its machine, [`descriptors`]
//! how much of that it may, and [`memory`] gives back what it needs no more; [`watch`] reads
//! the configuration again; [`site`] plays a simulated fleet, with an [`alarm`] for what that takes; [`signals`] hears when all is to end.
//!
//! For those who measure: [`partner`] is a program that is spoken to, [`processes`] what others take of the machine, and
//! [`machine`] what that is.

mod agent;
pub mod alarm;
mod blocking;
mod children;
pub mod condition;
mod connect;
mod connection;
pub mod cores;
pub mod cpus;
mod credentials;
pub mod descriptors;
mod dial;
mod host_key;
pub mod http;
mod key_files;
mod keys;
pub mod machine;
pub mod memory;
pub mod mesh;
mod notes;
pub mod outside;
pub mod partner;
mod password;
mod path;
mod process;
pub mod processes;
mod proxy_command;
mod resolver;
mod rounds;
pub mod runtime;
mod secrets;
pub mod signals;
pub mod site;
mod socket;
pub mod stats;
pub mod stdio;
mod stream;
mod terms;
pub mod usage;
pub mod watch;

pub use outside::Outside;
