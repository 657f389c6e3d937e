//! Client and server in a box: both ends, a link that cuts the stream anywhere, virtual time.

mod channels;
mod handshake;
mod hostile;
mod identity;
mod login;
mod random;
mod rekey;
