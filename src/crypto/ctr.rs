//! AES in counter mode (NIST SP 800-38A §6.5), in place and without an end.

use super::Rejected;
use aes::cipher::{KeyIvInit, StreamCipher};
use aes::{Aes128Enc, Aes192Enc, Aes256Enc};
use ctr::Ctr128BE;

pub const BLOCK_BYTES: usize = 16;

/// One stream. Encrypting and decrypting are the same. The library wipes it when dropped.
pub struct AesCtr(Stream);

enum Stream {
    Aes128(Ctr128BE<Aes128Enc>),
    Aes192(Ctr128BE<Aes192Enc>),
    Aes256(Ctr128BE<Aes256Enc>),
}

impl AesCtr {
    /// AES-128, AES-192 or AES-256 by the key's length; `counter` is the first block that is encrypted.
    ///
    /// # Errors
    /// Any other length of either.
    pub fn new(key: &[u8], counter: &[u8]) -> Result<Self, Rejected> {
        let stream = match key.len() {
            16 => Ctr128BE::new_from_slices(key, counter).map(Stream::Aes128),
            24 => Ctr128BE::new_from_slices(key, counter).map(Stream::Aes192),
            _ => Ctr128BE::new_from_slices(key, counter).map(Stream::Aes256),
        };
        stream.map(Self).map_err(|_| Rejected)
    }

    /// Goes on where the last call stopped.
    pub fn apply(&mut self, bytes: &mut [u8]) {
        match &mut self.0 {
            Stream::Aes128(stream) => stream.apply_keystream(bytes),
            Stream::Aes192(stream) => stream.apply_keystream(bytes),
            Stream::Aes256(stream) => stream.apply_keystream(bytes),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes(hex: &str) -> Vec<u8> {
        (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect()
    }

    #[test]
    fn streams_as_in_sp_800_38a() {
        // §F.5: CTR-AES128, 192 and 256, the first two blocks.
        let counter = bytes("f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff");
        let text = bytes("6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51");
        for (key, expected) in [
            (
                "2b7e151628aed2a6abf7158809cf4f3c",
                "874d6191b620e3261bef6864990db6ce9806f66b7970fdff8617187bb9fffdff",
            ),
            (
                "8e73b0f7da0e6452c810f32b809079e562f8ead2522c6b7b",
                "1abc932417521ca24f2b0459fe7e6e0b090339ec0aa6faefd5ccc2c6f4ce8e94",
            ),
            (
                "603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4",
                "601ec313775789a5b7a7f504bbf3d228f443e3ca4d62b59aca84e990cacaf5c5",
            ),
        ] {
            for cut in 0..text.len() {
                let mut stream = AesCtr::new(&bytes(key), &counter).unwrap();
                let mut text = text.clone();
                let (head, tail) = text.split_at_mut(cut);
                stream.apply(head);
                stream.apply(tail);
                assert_eq!(text, bytes(expected), "{cut}");
            }
        }
    }

    #[test]
    fn the_counter_wraps() {
        let text = [0; 2 * BLOCK_BYTES];
        let (mut whole, mut second) = (text, [0; BLOCK_BYTES]);
        AesCtr::new(&[1; 16], &[0xff; BLOCK_BYTES]).unwrap().apply(&mut whole);
        AesCtr::new(&[1; 16], &[0; BLOCK_BYTES]).unwrap().apply(&mut second);
        assert_eq!(whole[BLOCK_BYTES..], second);
    }

    #[test]
    fn wrong_lengths_are_refused() {
        assert!(AesCtr::new(&[0; 17], &[0; BLOCK_BYTES]).is_err());
        assert!(AesCtr::new(&[0; 16], &[0; 12]).is_err());
    }
}
