//! For whom a proxy asks.
//!
//! Whoever asks can say that he asks for somebody else; only proxies that we trust are believed, and each of them only for
//! whom it heard from itself. So the way is followed backwards, from the peer on, as far as it leads from one of our proxies
//! to the next: the first address that is none of them is the one we are after.

use core::net::{IpAddr, SocketAddr};

use crate::config::Network;

/// The address a request comes from: the peer's, or the one that our proxies tell. What they pass on that cannot be read,
/// and two headers that do not say the same, may be forged: then it is the peer's.
///
/// `x_forwarded_for` and `forwarded` are the values of all headers of these names, in their order.
pub fn origin(peer: IpAddr, proxies: &[Network], x_forwarded_for: &[&[u8]], forwarded: &[&[u8]]) -> IpAddr {
    let told = match (x_forwarded_for.is_empty(), forwarded.is_empty()) {
        (true, true) => return peer,
        (false, true) => follow(peer, proxies, addresses(x_forwarded_for)),
        (true, false) => follow(peer, proxies, nodes(forwarded)),
        (false, false) => {
            let told = follow(peer, proxies, addresses(x_forwarded_for));
            told.filter(|told| follow(peer, proxies, nodes(forwarded)) == Some(*told))
        }
    };
    told.unwrap_or(peer)
}

/// `hops` come from the nearest to the farthest.
fn follow(peer: IpAddr, proxies: &[Network], hops: impl Iterator<Item = Option<IpAddr>>) -> Option<IpAddr> {
    let mut address = peer;
    for hop in hops {
        if !proxies.iter().any(|network| network.contains(address)) {
            break;
        }
        address = hop?;
    }
    Some(address)
}

/// What stands between the commas of all values, from the last to the first. In quotes there may be commas as well, but
/// none that a node's name has: what is cut in two there cannot be read.
fn elements<'a>(values: &'a [&'a [u8]]) -> impl Iterator<Item = Option<&'a str>> {
    let parts = values.iter().rev().flat_map(|value| value.rsplit(|byte| *byte == b','));
    parts.map(|part| str::from_utf8(part.trim_ascii()).ok())
}

/// Those of `X-Forwarded-For`.
fn addresses<'a>(values: &'a [&'a [u8]]) -> impl Iterator<Item = Option<IpAddr>> {
    elements(values).map(|element| address(element?))
}

/// Those of `Forwarded` (RFC 7239 §4): each element is one hop and has one `for`.
fn nodes<'a>(values: &'a [&'a [u8]]) -> impl Iterator<Item = Option<IpAddr>> {
    elements(values).map(|element| {
        let mut pairs = element?.split(';').map(|pair| pair.trim().split_once('=').unwrap_or_default());
        let (_, node) = pairs.find(|(name, _)| name.eq_ignore_ascii_case("for"))?;
        if pairs.any(|(name, _)| name.eq_ignore_ascii_case("for")) {
            return None;
        }
        let quoted = node.strip_prefix('"').and_then(|node| node.strip_suffix('"'));
        address(quoted.unwrap_or(node))
    })
}

/// An address, in brackets or not, with or without a port. `unknown` and names that proxies make up are none.
fn address(text: &str) -> Option<IpAddr> {
    let bracketed = || text.strip_prefix('[')?.strip_suffix(']')?.parse().ok().map(IpAddr::V6);
    let with_port = || text.parse::<SocketAddr>().ok().map(|address| address.ip());
    let address = text.parse().ok().or_else(bracketed).or_else(with_port)?;
    Some(address.to_canonical())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn from(peer: &str, x_forwarded_for: &[&str], forwarded: &[&str]) -> String {
        let proxies = ["10.0.0.0/8", "2001:db8::/32"].map(|network| Network::parse(network).unwrap());
        let peer = peer.parse().unwrap();
        origin(peer, &proxies, &bytes(x_forwarded_for), &bytes(forwarded)).to_string()
    }

    fn bytes<'a>(values: &[&'a str]) -> Vec<&'a [u8]> {
        values.iter().map(|value| value.as_bytes()).collect()
    }

    #[test]
    fn strangers_are_not_believed() {
        assert_eq!(from("203.0.113.9", &["192.0.2.1"], &[]), "203.0.113.9");
        assert_eq!(from("203.0.113.9", &["10.0.0.1, 192.0.2.1"], &["for=192.0.2.1"]), "203.0.113.9");
        assert_eq!(from("203.0.113.9", &[], &[]), "203.0.113.9");
    }

    #[test]
    fn the_last_address_that_is_none_of_our_proxies_counts() {
        for (values, address) in [
            (&["192.0.2.1"][..], "192.0.2.1"),
            (&["198.51.100.7, 192.0.2.1"], "192.0.2.1"),
            (&["198.51.100.7", "192.0.2.1"], "192.0.2.1"),
            (&["198.51.100.7, 192.0.2.1, 10.3.0.4"], "192.0.2.1"),
            (&["192.0.2.1", "10.3.0.4 ,\t10.3.0.5"], "192.0.2.1"),
            (&["10.1.1.1, 10.3.0.4"], "10.1.1.1"),
            (&["192.0.2.1:4711"], "192.0.2.1"),
            (&["[2001:db9::1]:4711, 2001:db8::7"], "2001:db9::1"),
            (&["[2001:db9::1]"], "2001:db9::1"),
            (&["::ffff:192.0.2.1"], "192.0.2.1"),
            // What stands before the one we are after may be anything.
            (&["<script>, 192.0.2.1"], "192.0.2.1"),
        ] {
            assert_eq!(from("10.0.0.1", values, &[]), address, "{values:?}");
        }
    }

    #[test]
    fn what_cannot_be_read_leads_to_the_peer() {
        for value in [
            "",
            " ",
            "unknown",
            "_hidden",
            "192.0.2.1,",
            "192.0.2",
            "192.0.2.1 192.0.2.2",
            "\u{e9}",
            "localhost",
            "192.0.2.1:x",
            "192.0.2.1, evil, 10.0.0.2",
            "0xC0000201",
            "192.0.2.01",
        ] {
            assert_eq!(from("10.0.0.1", &[value], &[]), "10.0.0.1", "{value}");
        }
    }

    #[test]
    fn the_standard_header_says_the_same() {
        for (values, address) in [
            (&["for=192.0.2.1"][..], "192.0.2.1"),
            (&["For=\"192.0.2.1:80\";proto=https;by=10.0.0.1"], "192.0.2.1"),
            (&["for=198.51.100.7, proto=http; for=192.0.2.1", "for=\"[2001:db8::5]:1\""], "192.0.2.1"),
            (&["for=\"[2001:db9::1]\""], "2001:db9::1"),
            (&["for=unknown"], "10.0.0.1"),
            (&["for=_x"], "10.0.0.1"),
            (&["proto=https"], "10.0.0.1"),
            (&["for=192.0.2.1;for=192.0.2.2"], "10.0.0.1"),
            (&["for=\"192.0.2.1"], "10.0.0.1"),
            (&["for = 192.0.2.1"], "10.0.0.1"),
        ] {
            assert_eq!(from("10.0.0.1", &[], values), address, "{values:?}");
        }
    }

    #[test]
    fn of_two_headers_that_differ_one_is_forged() {
        assert_eq!(from("10.0.0.1", &["192.0.2.1"], &["for=192.0.2.1"]), "192.0.2.1");
        assert_eq!(from("10.0.0.1", &["192.0.2.1"], &["for=192.0.2.2"]), "10.0.0.1");
        assert_eq!(from("10.0.0.1", &["192.0.2.1"], &["nonsense"]), "10.0.0.1");
    }

    proptest! {
        /// Whatever a client writes stands before what our proxy adds.
        #[test]
        fn nothing_that_a_client_sends_changes_who_he_is(forged in "[ -~]{0,60}") {
            prop_assert_eq!(from("10.0.0.1", &[&forged, "192.0.2.1"], &[]), "192.0.2.1");
            prop_assert_eq!(from("10.0.0.1", &[&format!("{forged}, 192.0.2.1")], &[]), "192.0.2.1");
        }
    }
}
