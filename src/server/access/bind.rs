//! Whether a server may listen where it is told to.

use core::net::IpAddr;

use crate::base::{Error, Kind, Result};

/// Other machines reach what does not listen on a loopback address, and would act with our SSH keys.
///
/// # Errors
/// [`Kind::InvalidArgument`] when anybody there could, and nobody has said that this is meant.
pub fn check(address: IpAddr, has_keys: bool, allow_unauthenticated: bool) -> Result<()> {
    if has_keys || allow_unauthenticated || is_local(address) {
        return Ok(());
    }
    let message = format!(
        "Refusing to serve HTTP on {address} without API keys: whoever reaches it could use your SSH keys. Set \
         SCOUT_API_KEYS or SCOUT_API_KEYS_FILE, listen on 127.0.0.1, or allow it with --allow-unauthenticated"
    );
    Err(Error::new(Kind::InvalidArgument, message))
}

/// Whether only this machine reaches an address, in whichever family it is written.
pub(super) fn is_local(address: IpAddr) -> bool {
    address.to_canonical().is_loopback()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn others_are_served_with_keys_or_on_purpose() {
        for (address, has_keys, is_allowed, is_taken) in [
            ("127.0.0.1", false, false, true),
            ("127.0.0.53", false, false, true),
            ("::1", false, false, true),
            ("::ffff:127.0.0.1", false, false, true),
            ("0.0.0.0", false, false, false),
            ("::", false, false, false),
            ("10.0.0.1", false, false, false),
            ("10.0.0.1", true, false, true),
            ("0.0.0.0", false, true, true),
        ] {
            let checked = check(address.parse().unwrap(), has_keys, is_allowed);
            assert_eq!(checked.is_ok(), is_taken, "{address} {has_keys} {is_allowed}");
            if let Err(error) = checked {
                assert!(error.message().contains(address) && error.message().contains("SCOUT_API_KEYS"));
            }
        }
    }
}
