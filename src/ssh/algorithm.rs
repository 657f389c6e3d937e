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
    /// Message authentication, for the ciphers that do not authenticate by themselves.
    Mac {
        /// OpenSSH PROTOCOL §1.5: over what is encrypted, so that nothing is decrypted that is not authentic.
        HmacSha256Etm => "hmac-sha2-256-etm@openssh.com",
        HmacSha512Etm => "hmac-sha2-512-etm@openssh.com",
        /// RFC 6668
        HmacSha256 => "hmac-sha2-256",
        HmacSha512 => "hmac-sha2-512",
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

/// What a host proves itself with: a key, or a certificate for one (OpenSSH PROTOCOL.certkeys).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum HostKeyAlgorithm {
    Certified(SignatureAlgorithm),
    Plain(SignatureAlgorithm),
}

impl HostKeyAlgorithm {
    /// Most preferred first.
    pub fn all() -> impl Iterator<Item = Self> {
        let signatures = || SignatureAlgorithm::ALL.iter().copied();
        signatures().map(Self::Certified).chain(signatures().map(Self::Plain))
    }

    /// The name on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Plain(signature) => signature.name(),
            Self::Certified(signature) => match signature {
                SignatureAlgorithm::Ed25519 => "ssh-ed25519-cert-v01@openssh.com",
                SignatureAlgorithm::EcdsaP256 => "ecdsa-sha2-nistp256-cert-v01@openssh.com",
                SignatureAlgorithm::EcdsaP384 => "ecdsa-sha2-nistp384-cert-v01@openssh.com",
                SignatureAlgorithm::EcdsaP521 => "ecdsa-sha2-nistp521-cert-v01@openssh.com",
                SignatureAlgorithm::RsaSha512 => "rsa-sha2-512-cert-v01@openssh.com",
                SignatureAlgorithm::RsaSha256 => "rsa-sha2-256-cert-v01@openssh.com",
            },
        }
    }

    pub fn from_name(name: &str) -> Option<Self> {
        Self::all().find(|algorithm| algorithm.name() == name)
    }

    /// How the host signs the key exchange.
    pub const fn signature(self) -> SignatureAlgorithm {
        match self {
            Self::Certified(signature) | Self::Plain(signature) => signature,
        }
    }

    pub const fn is_certified(self) -> bool {
        matches!(self, Self::Certified(_))
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

    /// The type name inside the blob of a certificate for such a key.
    pub const fn certificate_type(self) -> &'static str {
        match self {
            Self::RsaSha512 | Self::RsaSha256 => "ssh-rsa-cert-v01@openssh.com",
            _ => HostKeyAlgorithm::Certified(self).name(),
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
