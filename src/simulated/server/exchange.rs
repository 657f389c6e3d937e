//! The server's side of one key exchange.

#[cfg(any(test, feature = "testing"))]
use super::hosts;
use super::{Misbehaviour, Server};
use crate::simulated::keys::{respond, spoil};
use crate::ssh::Error;
use crate::ssh::cipher::Protection;
use crate::ssh::kex::derive::{ExchangeHash, KeySource, Sender, Transcript};
use crate::ssh::negotiate::PeerInit;
use crate::ssh::number;
use crate::ssh::wire::Write;

impl Server {
    pub(super) fn exchange(&mut self, client_value: &[u8]) -> Result<(), Error> {
        let ours = self.kexinit.take().ok_or(Error::UnexpectedInKex { number: number::KEX_ECDH_INIT })?;
        #[cfg(any(test, feature = "testing"))]
        if self.misbehaves(Misbehaviour::ReplaceHostKey) && self.session_id.is_some() {
            self.hosts = hosts(&self.config);
        }
        let kex = self.config.kex;
        let (mut server_value, secret) = respond(kex, client_value)?;
        if self.misbehaves(Misbehaviour::SmallOrder) {
            spoil(kex, &mut server_value);
        }
        let host = self.host()?;
        let transcript = Transcript {
            client_ident: self.client_ident.as_deref().unwrap_or_default(),
            server_ident: self.config.ident.as_bytes(),
            client_kexinit: &self.client_kexinit,
            server_kexinit: &ours,
            host_key: &self.hosts[host].presented,
            client_value,
            server_value: &server_value,
        };
        let hash = transcript.hash(kex.hash(), &secret);
        let is_first = self.session_id.is_none();
        let session_id = *self.session_id.get_or_insert(hash);
        self.reply(host, &server_value, &hash);
        let source =
            KeySource { algorithm: kex.hash(), secret: &secret, hash: &hash, session_id: &session_id };
        let protection = Protection { cipher: self.config.cipher, mac: Some(self.config.mac) };
        self.incoming = Some(source.packet_key(Sender::Client, protection)?);
        let outgoing = source.packet_key(Sender::Server, protection)?;
        self.sealer.seal(&mut self.out, |out| out.push(number::NEWKEYS));
        self.sealer.direction.install(outgoing, self.config.is_strict);
        self.exchanges += 1;
        if is_first {
            self.announce();
        }
        for payload in std::mem::take(&mut self.held) {
            self.send(|out| out.extend_from_slice(&payload));
        }
        Ok(())
    }

    /// A client's guess counts when its first choices are ours (RFC 4253 §7.1).
    pub(super) fn judge_guess(&mut self) -> Result<(), Error> {
        let client = PeerInit::read(&self.client_kexinit)?;
        let is_right = client.kex.first() == Some(self.config.kex.name())
            && client.host_keys.first() == Some(self.hosts[0].algorithm.name());
        self.skips = client.guesses && !is_right;
        self.right_guesses += usize::from(client.guesses && is_right);
        self.wrong_guesses += usize::from(self.skips);
        Ok(())
    }

    /// The first host key of the client's choices that we have.
    fn host(&self) -> Result<usize, Error> {
        let client = PeerInit::read(&self.client_kexinit)?;
        let index = |name: &str| self.hosts.iter().position(|host| host.algorithm.name() == name);
        client.host_keys.iter().find_map(index).ok_or(Error::HostKeyRejected)
    }

    fn reply(&mut self, host: usize, server_value: &[u8], hash: &ExchangeHash) {
        let mut signature = self.hosts[host].secret.sign(hash);
        if self.misbehaves(Misbehaviour::WrongSignature) {
            *signature.last_mut().expect("a signature is not empty") ^= 1;
        }
        if self.misbehaves(Misbehaviour::StrayIgnore) {
            self.ignore();
        }
        let presented = &self.hosts[host].presented;
        self.sealer.seal(&mut self.out, |out| {
            out.push(number::KEX_ECDH_REPLY);
            out.put_string(presented);
            out.put_string(server_value);
            out.put_string(&signature);
        });
    }

    pub(super) fn announce(&mut self) {
        let algorithms = self.config.signature_algorithms;
        self.send(|out| {
            out.push(number::EXT_INFO);
            out.put_u32(1);
            out.put_string(b"server-sig-algs");
            out.put_string(algorithms.as_bytes());
        });
    }
}
