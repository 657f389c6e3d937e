//! Message authentication codes outside of packets.

use aws_lc_rs::hmac;

/// HMAC-SHA1 (RFC 2104): only for hashed names in known_hosts, where the file format asks for it.
pub fn hmac_sha1(key: &[u8], data: &[u8]) -> [u8; 20] {
    let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, key), data);
    let mut mac = [0; 20];
    for (to, from) in mac.iter_mut().zip(tag.as_ref()) {
        *to = *from;
    }
    mac
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 2202 §3, test case 2.
    #[test]
    fn rfc_2202() {
        let expected = [
            0xef, 0xfc, 0xdf, 0x6a, 0xe5, 0xeb, 0x2f, 0xa2, 0xd2, 0x74, 0x16, 0xd5, 0xf1, 0x84, 0xdf, 0x9c,
            0x25, 0x9a, 0x7c, 0x79,
        ];
        assert_eq!(hmac_sha1(b"Jefe", b"what do ya want for nothing?"), expected);
    }
}
