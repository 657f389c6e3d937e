//! The operating system's random numbers.

/// Fills `bytes`.
///
/// # Panics
/// When the system has no random source; nothing from outside can cause that, and nothing safe can follow it.
pub fn fill(bytes: &mut [u8]) {
    aws_lc_rs::rand::fill(bytes).expect("the system's random source works");
}

/// An array of random bytes.
pub fn array<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    fill(&mut bytes);
    bytes
}
