//! Messages held back during a key exchange (RFC 4253 §7.1), in one buffer: a peer may cause many that are tiny.

/// In the order in which they are to be sent.
#[derive(Default)]
pub(crate) struct Held {
    payloads: Vec<u8>,
    /// Where each payload ends.
    ends: Vec<usize>,
}

impl Held {
    pub fn push(&mut self, write: impl FnOnce(&mut Vec<u8>)) {
        write(&mut self.payloads);
        self.ends.push(self.payloads.len());
    }

    /// Memory they take.
    pub fn bytes(&self) -> usize {
        self.payloads.len() + size_of_val(self.ends.as_slice())
    }

    pub fn iter(&self) -> impl Iterator<Item = &[u8]> {
        let mut start = 0;
        self.ends.iter().map(move |end| {
            let payload = self.payloads.get(start..*end).unwrap_or_default();
            start = *end;
            payload
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn payloads_keep_their_order_and_bounds() {
        let mut held = Held::default();
        for payload in [&b"one"[..], b"", b"three"] {
            held.push(|out| out.extend_from_slice(payload));
        }
        assert_eq!(held.iter().collect::<Vec<_>>(), [&b"one"[..], b"", b"three"]);
        assert_eq!(held.bytes(), 8 + 3 * size_of::<usize>());
    }
}
