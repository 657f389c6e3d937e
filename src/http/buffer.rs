//! Bytes that have come and are not used yet: put in behind, taken from the front, never moved for each taking.

/// See the module's documentation.
#[derive(Debug, Default)]
pub(super) struct Buffer {
    bytes: Vec<u8>,
    taken: usize,
}

impl Buffer {
    pub(super) fn put(&mut self, bytes: &[u8]) {
        // Moved when at least as much has been taken as is moved.
        if self.taken >= self.bytes.len() - self.taken {
            self.bytes.drain(..self.taken);
            self.taken = 0;
        }
        self.bytes.extend_from_slice(bytes);
    }

    pub(super) fn rest(&self) -> &[u8] {
        self.bytes.get(self.taken..).unwrap_or_default()
    }

    pub(super) fn len(&self) -> usize {
        self.bytes.len() - self.taken
    }

    pub(super) fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Takes so many bytes, or all there are. Empty, it holds no memory.
    pub(super) fn take(&mut self, count: usize) {
        self.taken += count.min(self.len());
        if self.is_empty() {
            *self = Self::default();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_put_in_comes_out_in_order() {
        let mut buffer = Buffer::default();
        buffer.put(b"abcdef");
        buffer.take(2);
        buffer.put(b"gh");
        assert_eq!(buffer.rest(), b"cdefgh");
        buffer.take(4);
        buffer.put(b"i");
        assert_eq!((buffer.rest(), buffer.len()), (&b"ghi"[..], 3));
        buffer.take(9);
        assert!(buffer.is_empty());
        assert_eq!(buffer.bytes.capacity(), 0);
    }
}
