//! The host's side of the transport (RFC 4253): packets, and the exchanges of keys that the client and we begin. Must
//! not know what is said once keys are there.

use std::ops::Range;
use std::sync::Arc;

use super::Terms;
use crate::base::limits::{SSH_HELD_BYTES_MAX, SSH_IDENT_BYTES_MAX, SSH_KEY_BYTES_MAX, SSH_TEXT_BYTES_MAX};
use crate::crypto::random;
use crate::simulated::exchange::respond;
use crate::simulated::keys::HostKey;
use crate::ssh::cipher::{PacketKey, Protection};
use crate::ssh::kex::derive::{ExchangeHash, KeySource, Sender, Transcript};
use crate::ssh::kex::share::SharedSecret;
use crate::ssh::negotiate::{self, PeerInit};
use crate::ssh::packet::{Opener, Sealer};
use crate::ssh::wire::{NameList, Reader, Write};
use crate::ssh::{Cipher, Error, KexAlgorithm, Mac, number};

const WHAT: &str = "key exchange message";
/// A client's half of an exchange that it has not begun.
const MISPLACED: Error = Error::UnexpectedInKex { number: number::KEX_ECDH_INIT };

/// One connection's packets and keys.
pub(crate) struct Transport {
    pub terms: Arc<Terms>,
    pub keys: Arc<[HostKey]>,
    pub tally: Exchanges,
    client_ident: Option<Vec<u8>>,
    /// Our KEXINIT of the exchange that is under way.
    kexinit: Option<Vec<u8>>,
    /// The client's.
    client: Option<ClientInit>,
    session_id: Option<ExchangeHash>,
    /// The client said so in its first KEXINIT (OpenSSH PROTOCOL §1.9), and we do.
    is_strict: bool,
    /// The client's key from its NEWKEYS on.
    incoming: Option<PacketKey>,
    opener: Opener,
    sealer: Sealer,
    pub out: Vec<u8>,
    /// What must not be said during an exchange.
    held: Vec<Vec<u8>>,
    held_bytes: usize,
}

/// Key exchanges so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Exchanges {
    pub done: usize,
    /// Guesses of the client (RFC 4253 §7.1).
    pub right_guesses: usize,
    pub wrong_guesses: usize,
}

/// What comes of the client's KEXINIT.
struct ClientInit {
    payload: Vec<u8>,
    kex: KexAlgorithm,
    /// Which of our keys.
    key: usize,
    to_client: Protection,
    to_server: Protection,
    wants_extensions: bool,
    /// Its next packet is a wrong guess.
    skips: bool,
    /// The exchange that it began is under way.
    is_current: bool,
}

/// Our half of an exchange.
pub(crate) struct Half {
    pub value: Vec<u8>,
    secret: SharedSecret,
}

/// What proves that it is us who said that half.
pub(crate) struct Proof {
    pub signature: Vec<u8>,
    hash: ExchangeHash,
}

impl Transport {
    /// It has said its version and nothing else.
    pub fn new(terms: Arc<Terms>, keys: Arc<[HostKey]>) -> Self {
        let out = [terms.ident.as_bytes(), b"\r\n"].concat();
        Self {
            terms,
            keys,
            tally: Exchanges::default(),
            client_ident: None,
            kexinit: None,
            client: None,
            session_id: None,
            is_strict: false,
            incoming: None,
            opener: Opener::default(),
            sealer: Sealer::default(),
            out,
            held: Vec::new(),
            held_bytes: 0,
        }
    }

    pub fn session_id(&self) -> Option<&ExchangeHash> {
        self.session_id.as_ref()
    }

    /// Whether nothing but an exchange may be said now.
    pub fn is_exchanging(&self) -> bool {
        self.kexinit.is_some()
    }

    // --- packets

    /// Where the payload of the next packet is; `None` when it has not arrived.
    pub fn open(&mut self, arrived: &mut Arrived) -> Result<Option<Range<usize>>, Error> {
        if self.client_ident.is_none() && !self.take_ident(arrived)? {
            return Ok(None);
        }
        let start = arrived.done;
        let Some(opened) = self.opener.open(arrived.rest_mut())? else { return Ok(None) };
        arrived.done += opened.bytes;
        Ok(Some(start + opened.payload.start..start + opened.payload.end))
    }

    fn take_ident(&mut self, arrived: &mut Arrived) -> Result<bool, Error> {
        let end = memchr::memchr(b'\n', arrived.rest_mut());
        if end.unwrap_or(arrived.bytes.len()) > SSH_IDENT_BYTES_MAX {
            return Err(Error::IdentTooLong);
        }
        let Some(end) = end else { return Ok(false) };
        let line = arrived.rest_mut().get(..end).unwrap_or_default().trim_ascii_end().to_vec();
        if !line.starts_with(b"SSH-2.0-") {
            let text = String::from_utf8_lossy(&line).chars().take(SSH_TEXT_BYTES_MAX).collect();
            return Err(Error::NotSsh { text });
        }
        self.client_ident = Some(line);
        arrived.done += end + 1;
        Ok(true)
    }

    /// Takes over what is to be written to the client.
    pub fn poll_transmit(&mut self, out: &mut Vec<u8>) {
        match out.is_empty() {
            true => std::mem::swap(out, &mut self.out),
            false => out.append(&mut self.out),
        }
    }

    pub fn has_output(&self) -> bool {
        !self.out.is_empty()
    }

    /// Says something, or holds it back while an exchange is under way.
    pub fn send(&mut self, write: impl FnOnce(&mut Vec<u8>)) {
        if self.kexinit.is_none() {
            return self.seal(write);
        }
        let mut payload = Vec::new();
        write(&mut payload);
        self.held_bytes += payload.len();
        self.held.push(payload);
    }

    /// Says something whatever is under way.
    pub fn seal(&mut self, write: impl FnOnce(&mut Vec<u8>)) {
        self.sealer.seal(&mut self.out, write);
    }

    // --- exchanges

    /// Starts an exchange unless one is under way.
    pub fn start_exchange(&mut self) {
        if !self.is_changing_keys() {
            let kexinit = self.kexinit(false);
            self.begin_exchange(kexinit);
        }
    }

    /// From the first KEXINIT to the client's NEWKEYS.
    pub fn is_changing_keys(&self) -> bool {
        self.kexinit.is_some() || self.incoming.is_some()
    }

    /// The payload of our KEXINIT. `guesses`: a packet follows that is meant for our first choices.
    pub fn kexinit(&self, guesses: bool) -> Vec<u8> {
        let terms = &self.terms;
        let mut out = vec![number::KEXINIT];
        out.extend_from_slice(&random::array::<16>());
        let strict = terms.is_strict.then_some(negotiate::STRICT_SERVER);
        out.put_name_list(terms.kex.iter().map(|kex| kex.name()).chain(strict));
        out.put_name_list(self.keys.iter().map(|key| key.algorithm.name()));
        negotiate::put_symmetric(&mut out, &terms.ciphers, &terms.macs, guesses);
        out
    }

    pub fn begin_exchange(&mut self, kexinit: Vec<u8>) {
        self.seal(|out| out.extend_from_slice(&kexinit));
        self.kexinit = Some(kexinit);
    }

    /// A message of the transport. False when it is none.
    ///
    /// # Errors
    /// It is malformed, or out of place; we have nothing in common.
    pub fn handle(&mut self, message: u8, payload: &[u8]) -> Result<bool, Error> {
        if self.held_bytes > SSH_HELD_BYTES_MAX {
            return Err(Error::Flooded);
        }
        match message {
            number::KEXINIT => {
                self.start_exchange();
                self.client = Some(self.read(payload)?);
            }
            number::KEX_ECDH_INIT if self.skips_guess() => {}
            number::KEX_ECDH_INIT => self.exchange(client_value(payload)?)?,
            number::NEWKEYS => {
                let key = self.incoming.take().ok_or(Error::UnexpectedInKex { number: message })?;
                self.opener.direction.install(key, self.is_strict);
            }
            // The client has said that nothing else follows (RFC 4253 §7.1).
            _ if self.client().is_ok() && message > number::DEBUG => {
                return Err(Error::UnexpectedInKex { number: message });
            }
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// What the client has said in the exchange that is under way.
    fn client(&self) -> Result<&ClientInit, Error> {
        self.client.as_ref().filter(|client| client.is_current).ok_or(MISPLACED)
    }

    /// Whether the packet that has come is a guess that was wrong. That is so once.
    pub fn skips_guess(&mut self) -> bool {
        self.client.as_mut().is_some_and(|client| std::mem::take(&mut client.skips))
    }

    /// What both sides have in common: of each list the first of the client's that is among ours.
    fn read(&mut self, payload: &[u8]) -> Result<ClientInit, Error> {
        let peer = PeerInit::read(payload)?;
        let terms = &self.terms;
        let kex = choose("key exchange method", peer.kex, &terms.kex, |kex| kex.name())?;
        let key = choose("host key algorithm", peer.host_keys, &self.keys, |key| key.algorithm.name())?;
        let protection = |ciphers, macs| {
            let cipher: &Cipher = choose("cipher", ciphers, &terms.ciphers, |cipher| cipher.name())?;
            let mac = match cipher.needs_mac() {
                true => Some(*choose("MAC", macs, &terms.macs, |mac: &Mac| mac.name())?),
                false => None,
            };
            Ok(Protection { cipher: *cipher, mac })
        };
        let first_key = self.keys.first().map(|key| key.algorithm.name());
        let is_right = peer.kex.first() == terms.kex.first().map(|kex| kex.name())
            && peer.host_keys.first() == first_key;
        let skips = peer.guesses && !is_right;
        let position = self.keys.iter().position(|ours| ours.algorithm == key.algorithm);
        let read = ClientInit {
            kex: *kex,
            key: position.unwrap_or_default(),
            to_client: protection(peer.ciphers_to_client, peer.macs_to_client)?,
            to_server: protection(peer.ciphers_to_server, peer.macs_to_server)?,
            wants_extensions: peer.kex.contains(negotiate::EXT_INFO_CLIENT),
            skips,
            is_current: true,
            payload: payload.to_vec(),
        };
        if self.session_id.is_none() {
            self.is_strict = terms.is_strict && peer.kex.contains(negotiate::STRICT_CLIENT);
        }
        self.tally.right_guesses += usize::from(peer.guesses && is_right);
        self.tally.wrong_guesses += usize::from(skips);
        Ok(read)
    }

    fn exchange(&mut self, client_value: &[u8]) -> Result<(), Error> {
        let half = self.respond(client_value)?;
        let proof = self.prove(client_value, &half)?;
        self.conclude(&half, &proof)
    }

    /// Our half, for the client's.
    pub fn respond(&self, client_value: &[u8]) -> Result<Half, Error> {
        let client = self.client()?;
        let (value, secret) = respond(client.kex, client_value)?;
        Ok(Half { value, secret })
    }

    /// Signs what was said.
    pub fn prove(&self, client_value: &[u8], half: &Half) -> Result<Proof, Error> {
        let client = self.client()?;
        let key = self.keys.get(client.key).ok_or(Error::HostKeyRejected)?;
        let transcript = Transcript {
            client_ident: self.client_ident.as_deref().unwrap_or_default(),
            server_ident: self.terms.ident.as_bytes(),
            client_kexinit: &client.payload,
            server_kexinit: self.kexinit.as_deref().unwrap_or_default(),
            host_key: &key.presented,
            client_value,
            server_value: &half.value,
        };
        let hash = transcript.hash(client.kex.hash(), &half.secret);
        Ok(Proof { signature: key.sign(&hash), hash })
    }

    /// Says our half, and speaks under the new key from then on.
    pub fn conclude(&mut self, half: &Half, proof: &Proof) -> Result<(), Error> {
        let client = self.client.as_mut().ok_or(MISPLACED)?;
        client.is_current = false;
        let presented = &self.keys.get(client.key).ok_or(Error::HostKeyRejected)?.presented;
        self.sealer.seal(&mut self.out, |out| {
            out.push(number::KEX_ECDH_REPLY);
            out.put_string(presented);
            out.put_string(&half.value);
            out.put_string(&proof.signature);
        });
        let is_first = self.session_id.is_none();
        let session_id = *self.session_id.get_or_insert(proof.hash);
        let source = KeySource {
            algorithm: client.kex.hash(),
            secret: &half.secret,
            hash: &proof.hash,
            session_id: &session_id,
        };
        self.incoming = Some(source.packet_key(Sender::Client, client.to_server)?);
        let outgoing = source.packet_key(Sender::Server, client.to_client)?;
        let announces = is_first && client.wants_extensions;
        self.seal(|out| out.push(number::NEWKEYS));
        self.sealer.direction.install(outgoing, self.is_strict);
        self.kexinit = None;
        self.tally.done += 1;
        if announces {
            self.announce();
        }
        self.held_bytes = 0;
        for payload in std::mem::take(&mut self.held) {
            self.seal(|out| out.extend_from_slice(&payload));
        }
        Ok(())
    }

    /// As if the first exchange were done, with these keys, and nothing said since.
    #[cfg(any(test, feature = "testing"))]
    pub fn begin_keyed(
        &mut self,
        client_ident: &str,
        session_id: ExchangeHash,
        incoming: PacketKey,
        outgoing: PacketKey,
    ) {
        self.client_ident = Some(client_ident.as_bytes().to_vec());
        (self.session_id, self.is_strict, self.kexinit) = (Some(session_id), true, None);
        self.opener.direction.install(incoming, true);
        self.sealer.direction.install(outgoing, true);
        self.out.clear();
        self.announce();
    }

    /// Which signatures we take (RFC 8308 §3.1).
    fn announce(&mut self) {
        let algorithms = self.terms.signature_algorithms;
        self.seal(|out| {
            out.push(number::EXT_INFO);
            out.put_u32(1);
            out.put_string(b"server-sig-algs");
            out.put_string(algorithms.as_bytes());
        });
    }
}

/// What has arrived of the client's stream. Packets are decrypted where they lie.
#[derive(Default)]
pub(crate) struct Arrived {
    pub bytes: Vec<u8>,
    /// How much of it has been handled.
    done: usize,
}

impl Arrived {
    fn rest_mut(&mut self) -> &mut [u8] {
        self.bytes.get_mut(self.done..).unwrap_or_default()
    }

    /// Forgets what has been handled.
    pub fn settle(&mut self) {
        self.bytes.drain(..self.done.min(self.bytes.len()));
        self.done = 0;
    }
}

/// The client's half of an exchange, in its message.
pub(crate) fn client_value(payload: &[u8]) -> Result<&[u8], Error> {
    let mut reader = Reader::new(payload);
    reader.u8(WHAT)?;
    reader.string(SSH_KEY_BYTES_MAX, WHAT)
}

fn choose<'a, T>(
    kind: &'static str,
    theirs: NameList<'_>,
    ours: &'a [T],
    name: impl Fn(&T) -> &'static str,
) -> Result<&'a T, Error> {
    let found = theirs.iter().find_map(|wanted| ours.iter().find(|own| name(own) == wanted));
    found.ok_or_else(|| Error::NoCommonAlgorithm {
        kind,
        theirs: theirs.0.chars().take(SSH_TEXT_BYTES_MAX).collect(),
        ours: ours.iter().map(&name).collect::<Vec<_>>().join(","),
    })
}
