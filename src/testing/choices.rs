//! Where a test's choices come from: the bytes of a fuzzer, or of a generator that a seed sets going. What has run
//! out is zero, so that every beginning of an input is an input.

/// Bytes, read from front to back as decisions.
#[derive(Debug, Clone)]
pub struct Choices<'a> {
    rest: &'a [u8],
}

impl<'a> Choices<'a> {
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    pub fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    pub fn u8(&mut self) -> u8 {
        let [byte] = self.array();
        byte
    }

    pub fn u16(&mut self) -> u16 {
        u16::from_be_bytes(self.array())
    }

    pub fn u32(&mut self) -> u32 {
        u32::from_be_bytes(self.array())
    }

    pub fn flag(&mut self) -> bool {
        self.u8() & 1 == 1
    }

    /// One of these. Panics when there is none.
    pub fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[usize::from(self.u8()) % from.len()]
    }

    /// So many bytes, or all there are.
    pub fn bytes(&mut self, count: usize) -> &'a [u8] {
        let (head, rest) = self.rest.split_at(count.min(self.rest.len()));
        self.rest = rest;
        head
    }

    /// A length in two bytes and what it counts.
    pub fn block(&mut self) -> &'a [u8] {
        let count = self.u16();
        self.bytes(usize::from(count))
    }

    /// Everything that is left.
    pub fn rest(&mut self) -> &'a [u8] {
        std::mem::take(&mut self.rest)
    }

    fn array<const N: usize>(&mut self) -> [u8; N] {
        let mut array = [0; N];
        let taken = self.bytes(N);
        array[..taken.len()].copy_from_slice(taken);
        array
    }
}

/// The state after `state` of a linear congruential generator (Knuth's MMIX). Its upper half looks random enough.
pub fn next(state: u64) -> u64 {
    state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407)
}

/// `count` bytes that look random, always the same for a seed.
pub fn noise(seed: u64, count: usize) -> Vec<u8> {
    // Seeds that follow one another would begin alike.
    let states =
        std::iter::successors(Some(next(next(seed ^ 0x9e37_79b9_7f4a_7c15))), |state| Some(next(*state)));
    states.map(|state| (state >> 56) as u8).take(count).collect()
}
