//! How users get in (RFC 4252): by public key.

use super::Server;
use crate::base::limits::{SSH_AUTH_REQUESTS_MAX, SSH_KEY_BYTES_MAX, SSH_TEXT_BYTES_MAX};
use crate::ssh::wire::{NameList, Reader, Write};
use crate::ssh::{Error, SignatureAlgorithm, hostkey, number};

const WHAT: &str = "login message";
const METHOD: &str = "publickey";

/// What becomes of a request to log in with a key.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Verdict<'a> {
    Right,
    Wrong,
    /// Nothing was signed yet, and it would be taken: its algorithm and the key.
    Welcome {
        algorithm: &'a str,
        blob: &'a [u8],
    },
}

impl Server {
    /// Accepts a service, of which there are two (RFC 4253 §10).
    pub(super) fn serve(&mut self, payload: &[u8]) -> Result<(), Error> {
        let mut reader = Reader::new(payload);
        reader.u8(WHAT)?;
        let service = reader.string(SSH_TEXT_BYTES_MAX, WHAT)?;
        self.send(|out| {
            out.push(number::SERVICE_ACCEPT);
            out.put_string(service);
        });
        Ok(())
    }

    pub(super) fn log_in(&mut self, payload: &[u8]) -> Result<(), Error> {
        let (method, reader) = method(payload)?;
        let verdict = match method {
            METHOD => self.judge(payload, reader, self.transport.terms.accepts.as_deref())?,
            // Asks for nothing but the methods (RFC 4252 §5.2).
            "none" => {
                self.refuse_login(METHOD, false);
                return Ok(());
            }
            _ => Verdict::Wrong,
        };
        match verdict {
            Verdict::Right => self.let_in(),
            Verdict::Welcome { algorithm, blob } => self.welcome(algorithm, blob),
            Verdict::Wrong => {
                self.tally.refused_logins += 1;
                self.refuse_login(METHOD, false);
                if self.tally.refused_logins >= SSH_AUTH_REQUESTS_MAX as usize {
                    self.disconnect("Too many authentication failures");
                }
            }
        }
        Ok(())
    }

    pub(crate) fn let_in(&mut self) {
        self.is_logged_in = true;
        self.tally.logins += 1;
        self.send(|out| out.push(number::USERAUTH_SUCCESS));
    }

    /// Says what could be tried next; `is_partial`: this was right, and not enough.
    pub(crate) fn refuse_login(&mut self, methods: &str, is_partial: bool) {
        self.send(|out| {
            out.push(number::USERAUTH_FAILURE);
            out.put_string(methods.as_bytes());
            out.put_bool(is_partial);
        });
    }

    /// The key would do (RFC 4252 §7).
    pub(crate) fn welcome(&mut self, algorithm: &str, blob: &[u8]) {
        self.send(|out| {
            out.push(number::USERAUTH_PK_OK);
            out.put_string(algorithm.as_bytes());
            out.put_string(blob);
        });
    }

    /// A request with a key, of which `reader` holds what stands behind the method. `accepts` is the one key that may
    /// log in, if there is one.
    pub(crate) fn judge<'a>(
        &self,
        payload: &[u8],
        mut reader: Reader<'a>,
        accepts: Option<&[u8]>,
    ) -> Result<Verdict<'a>, Error> {
        let is_signed = reader.bool(WHAT)?;
        let name = reader.text(SSH_TEXT_BYTES_MAX, WHAT)?;
        let blob = reader.string(SSH_KEY_BYTES_MAX, WHAT)?;
        let is_known = accepts.is_none_or(|accepted| accepted == blob);
        let terms = &self.transport.terms;
        let algorithm = SignatureAlgorithm::from_name(name)
            .filter(|algorithm| is_known && NameList(terms.signature_algorithms).contains(algorithm.name()));
        let Some(algorithm) = algorithm else { return Ok(Verdict::Wrong) };
        if !is_signed {
            return Ok(Verdict::Welcome { algorithm: name, blob });
        }
        let signature = reader.string(SSH_KEY_BYTES_MAX, WHAT)?;
        if !terms.verifies {
            return Ok(Verdict::Right);
        }
        // The request up to its signature, behind the session identifier.
        let signed = payload.len().checked_sub(size_of::<u32>() + signature.len() + reader.rest().len());
        let signed = signed.and_then(|end| payload.get(..end)).ok_or(Error::Truncated { what: WHAT })?;
        let mut data = Vec::with_capacity(signed.len() + 64);
        data.put_string(self.transport.session_id().map_or(&[], |id| &id[..]));
        data.extend_from_slice(signed);
        let is_right = hostkey::check(algorithm, blob, &data, signature).is_ok();
        Ok(if is_right { Verdict::Right } else { Verdict::Wrong })
    }
}

/// The method of a request, and what stands behind it.
pub(crate) fn method(payload: &[u8]) -> Result<(&str, Reader<'_>), Error> {
    let mut reader = Reader::new(payload);
    reader.u8(WHAT)?;
    let _user = reader.string(SSH_TEXT_BYTES_MAX, WHAT)?;
    let _service = reader.string(SSH_TEXT_BYTES_MAX, WHAT)?;
    let method = reader.text(SSH_TEXT_BYTES_MAX, WHAT)?;
    Ok((method, reader))
}
