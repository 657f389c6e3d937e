//! What a hostile server says beside or instead of what the obedient one would.

use super::Server;

impl Server {
    /// Sends `payload` at once and as it is, under the key in use: in any phase, whatever the rules say.
    pub fn inject(&mut self, payload: &[u8]) {
        self.sealer.seal(&mut self.out, |out| out.extend_from_slice(payload));
    }

    /// Sends bytes that are no packet.
    pub fn inject_raw(&mut self, bytes: &[u8]) {
        self.out.extend_from_slice(bytes);
    }

    /// Forgets what it was about to send.
    pub fn swallow(&mut self) {
        self.out.clear();
    }
}
