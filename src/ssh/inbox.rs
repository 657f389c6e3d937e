//! Bytes of the peer that have not been handled. Packets are decrypted where they lie.

/// Above this the unhandled rest is moved to the front.
const GAP_BYTES_MAX: usize = 64 * 1024;

#[derive(Default)]
pub(crate) struct Inbox {
    buffer: Vec<u8>,
    handled: usize,
}

impl Inbox {
    pub fn push(&mut self, bytes: &[u8]) {
        if self.handled > GAP_BYTES_MAX {
            self.buffer.drain(..self.handled);
            self.handled = 0;
        }
        self.buffer.extend_from_slice(bytes);
    }

    pub fn bytes(&self) -> &[u8] {
        self.buffer.get(self.handled..).unwrap_or_default()
    }

    pub fn bytes_mut(&mut self) -> &mut [u8] {
        self.buffer.get_mut(self.handled..).unwrap_or_default()
    }

    pub fn consume(&mut self, count: usize) {
        self.handled = self.handled.saturating_add(count).min(self.buffer.len());
        if self.handled == self.buffer.len() {
            self.buffer.clear();
            self.handled = 0;
        }
    }

    /// Gives unused memory back.
    pub fn trim(&mut self) {
        self.buffer.shrink_to_fit();
    }
}
