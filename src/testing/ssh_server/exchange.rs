//! Key exchanges, and how they are spoilt.

use super::{Misbehaviour, Server};
use crate::simulated::server::transport::client_value;
use crate::ssh::wire::Write;
use crate::ssh::{Error, number};
use crate::testing::ssh_server_kex::spoil;

impl Server {
    /// Starts a key exchange unless one is running.
    pub fn start_exchange(&mut self) {
        let guesses = self.misbehaves(Misbehaviour::WrongGuess);
        let is_first = self.transport.session_id().is_none();
        let (ignores, repeats) = (
            self.misbehaves(Misbehaviour::IgnoreFirst) && is_first,
            self.misbehaves(Misbehaviour::SecondKexinit),
        );
        let transport = &mut self.simulated.transport;
        if transport.is_changing_keys() {
            return;
        }
        let kexinit = transport.kexinit(guesses);
        if ignores {
            self.ignore();
        }
        let transport = &mut self.simulated.transport;
        transport.begin_exchange(kexinit.clone());
        if guesses {
            transport.seal(|out| out.extend_from_slice(&[number::KEX_ECDH_REPLY, 1, 2, 3]));
        }
        if repeats {
            transport.seal(|out| out.extend_from_slice(&kexinit));
        }
    }

    pub(super) fn exchange(&mut self, payload: &[u8]) -> Result<(), Error> {
        let transport = &mut self.simulated.transport;
        if transport.skips_guess() {
            return Ok(());
        }
        if self.config.misbehaviour == Some(Misbehaviour::ReplaceHostKey) && transport.session_id().is_some()
        {
            let (keys, public_keys) = self.config.keys();
            transport.keys = keys.into();
            self.public_keys = public_keys;
        }
        let client_value = client_value(payload)?;
        let mut half = transport.respond(client_value)?;
        if self.config.misbehaviour == Some(Misbehaviour::SmallOrder) {
            spoil(self.config.kex, &mut half.value);
        }
        let mut proof = transport.prove(client_value, &half)?;
        if self.config.misbehaviour == Some(Misbehaviour::WrongSignature) {
            *proof.signature.last_mut().expect("a signature is not empty") ^= 1;
        }
        if self.misbehaves(Misbehaviour::StrayIgnore) {
            self.ignore();
        }
        self.simulated.transport.conclude(&half, &proof)
    }

    fn ignore(&mut self) {
        self.simulated.transport.seal(|out| {
            out.push(number::IGNORE);
            out.put_string(b"");
        });
    }
}
