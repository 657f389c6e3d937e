//! The algorithms we speak, by their names on the wire, in our order of preference.

use crate::crypto::{Curve, RsaHash};

macro_rules! names {
    ($(#[$doc:meta])* $type:ident { $($(#[$variant_doc:meta])* $variant:ident => $name:literal,)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum $type { $($(#[$variant_doc])* $variant,)* }

        impl $type {
            /// Most preferred first.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The name on the wire.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            pub fn from_name(name: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|algorithm| algorithm.name() == name)
            }
        }
    };
}

names! {
    /// Key exchange methods.
    KexAlgorithm {
        /// draft-ietf-sshm-mlkem-hybrid-kex
        MlKem768X25519 => "mlkem768x25519-sha256",
        /// RFC 8731
        Curve25519 => "curve25519-sha256",
        Curve25519LibSsh => "curve25519-sha256@libssh.org",
    }
}

names! {
    /// Ciphers that authenticate too. AES first: ten times faster where the processor has it.
    Cipher {
        Aes128Gcm => "aes128-gcm@openssh.com",
        Aes256Gcm => "aes256-gcm@openssh.com",
        ChaCha20Poly1305 => "chacha20-poly1305@openssh.com",
    }
}

names! {
    /// Signatures of hosts and users that we can verify and make.
    SignatureAlgorithm {
        /// RFC 8709
        Ed25519 => "ssh-ed25519",
        /// RFC 5656
        EcdsaP256 => "ecdsa-sha2-nistp256",
        EcdsaP384 => "ecdsa-sha2-nistp384",
        EcdsaP521 => "ecdsa-sha2-nistp521",
        /// RFC 8332
        RsaSha512 => "rsa-sha2-512",
        RsaSha256 => "rsa-sha2-256",
    }
}

/// How a signature is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scheme {
    Ed25519,
    Ecdsa(Curve),
    Rsa(RsaHash),
}

impl SignatureAlgorithm {
    /// The type name inside the key's blob. RSA keys have one type and several signatures (RFC 8332 §3).
    pub const fn key_type(self) -> &'static str {
        match self {
            Self::RsaSha512 | Self::RsaSha256 => "ssh-rsa",
            _ => self.name(),
        }
    }

    pub const fn scheme(self) -> Scheme {
        match self {
            Self::Ed25519 => Scheme::Ed25519,
            Self::EcdsaP256 => Scheme::Ecdsa(Curve::P256),
            Self::EcdsaP384 => Scheme::Ecdsa(Curve::P384),
            Self::EcdsaP521 => Scheme::Ecdsa(Curve::P521),
            Self::RsaSha512 => Scheme::Rsa(RsaHash::Sha512),
            Self::RsaSha256 => Scheme::Rsa(RsaHash::Sha256),
        }
    }
}

/// The curve's name inside ECDSA blobs (RFC 5656 §10.1).
pub const fn curve_name(curve: Curve) -> &'static str {
    match curve {
        Curve::P256 => "nistp256",
        Curve::P384 => "nistp384",
        Curve::P521 => "nistp521",
    }
}
