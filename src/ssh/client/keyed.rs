//! A client whose host is trusted already, under keys that were agreed on elsewhere. For tests that are about what comes
//! after the key exchange: they take a tenth of the time.

use super::{Client, ClientConfig};
use crate::ssh::transport::Past;
use std::time::Instant;

impl Client {
    /// The login has begun.
    ///
    /// # Panics
    /// There is no way to log in.
    pub(crate) fn keyed(config: ClientConfig, now: Instant, past: Past) -> Self {
        let session_id = past.session_id;
        let client = Self::new(config, now);
        let mut client = Self { transport: client.transport.keyed(past), ..client };
        let begun = client.login.begin(session_id, &mut client.transport, &mut client.events);
        begun.expect("a way to log in");
        client
    }
}
