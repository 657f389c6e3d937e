//! Ranges of addresses, as in `10.0.0.0/8`.

use core::net::{IpAddr, Ipv6Addr};
use std::fmt;

/// All addresses that begin with the same bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Network {
    /// IPv4 as it is mapped into IPv6 (RFC 4291 §2.5.5.2), so that both are one kind.
    base: u128,
    mask: u128,
}

impl Network {
    /// An address, or one with the number of bits that count; `None` for anything else, and where bits are set that do not
    /// count: that is a slip of the pen.
    pub fn parse(text: &str) -> Option<Self> {
        let (address, prefix) = match text.split_once('/') {
            Some((address, prefix)) => (address, Some(prefix)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().ok()?;
        let bits: u32 = if address.is_ipv4() { 32 } else { 128 };
        let prefix = match prefix {
            Some(prefix) if prefix.bytes().all(|byte| byte.is_ascii_digit()) => prefix.parse().ok()?,
            Some(_) => return None,
            None => bits,
        };
        let free = bits.checked_sub(prefix)?;
        let (base, mask) = (number(address), u128::MAX.checked_shl(free).unwrap_or(0));
        (base & !mask == 0).then_some(Self { base, mask })
    }

    pub fn contains(&self, address: IpAddr) -> bool {
        number(address) & self.mask == self.base
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let base = Ipv6Addr::from_bits(self.base);
        match (base.to_ipv4_mapped(), self.mask.count_ones().checked_sub(96)) {
            (Some(base), Some(prefix)) => write!(f, "{base}/{prefix}"),
            _ => write!(f, "{base}/{}", self.mask.count_ones()),
        }
    }
}

fn number(address: IpAddr) -> u128 {
    let address = match address {
        IpAddr::V4(address) => address.to_ipv6_mapped(),
        IpAddr::V6(address) => address,
    };
    Ipv6Addr::to_bits(address)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn contains(network: &str, address: &str) -> bool {
        Network::parse(network).unwrap().contains(address.parse().unwrap())
    }

    #[test]
    fn the_first_bits_decide() {
        assert!(contains("10.0.0.0/8", "10.255.0.1") && !contains("10.0.0.0/8", "11.0.0.0"));
        assert!(contains("192.0.2.7", "192.0.2.7") && !contains("192.0.2.7", "192.0.2.6"));
        assert!(contains("0.0.0.0/0", "203.0.113.9") && !contains("0.0.0.0/0", "2001:db8::1"));
        assert!(contains("2001:db8::/32", "2001:db8:1::1") && !contains("2001:db8::/32", "2001:db9::"));
        assert!(contains("::/0", "2001:db8::1") && contains("::1", "::1"));
        assert!(contains("10.0.0.0/8", "::ffff:10.1.2.3"), "the same address in another coat");
    }

    #[test]
    fn they_are_shown_as_they_are_written() {
        for text in ["10.0.0.0/8", "0.0.0.0/0", "192.0.2.7/32", "2001:db8::/32", "::/0"] {
            assert_eq!(Network::parse(text).unwrap().to_string(), text);
        }
    }

    #[test]
    fn what_is_no_network() {
        for text in
            ["", "10", "10.0.0.0/33", "10.0.0.1/8", "10.0.0.0/", "10.0.0.0/+8", "::/129", "::1/0x", "a/8"]
        {
            assert_eq!(Network::parse(text), None, "{text}");
        }
    }
}
