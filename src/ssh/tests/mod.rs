//! Client and server in a box: both ends, a link that cuts the stream anywhere, virtual time.

mod certificate;
mod channels;
mod early;
mod guess;
mod handshake;
mod hostile;
mod identity;
mod login;
mod methods;
mod random;
mod rekey;
mod simulation;
