//! The algorithms we speak, by their names on the wire, in our order of preference.

use crate::crypto::dh::Group;
use crate::crypto::hash::Sha2;
use crate::crypto::mac::HmacHash;
use crate::crypto::{self, Curve, RsaHash};

macro_rules! names {
    (
        $(#[$doc:meta])* $type:ident { $($(#[$variant_doc:meta])* $variant:ident => $name:literal,)* }
        $(unlisted { $($(#[$hidden_doc:meta])* $hidden:ident => $hidden_name:literal,)* })?
    ) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum $type { $($(#[$variant_doc])* $variant,)* $($($(#[$hidden_doc])* $hidden,)*)? }

        impl $type {
            /// Most preferred first, as OpenSSH has them.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The name on the wire.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* $($(Self::$hidden => $hidden_name,)*)? }
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
        /// RFC 5656
        EcdhP256 => "ecdh-sha2-nistp256",
        EcdhP384 => "ecdh-sha2-nistp384",
        EcdhP521 => "ecdh-sha2-nistp521",
        /// RFC 8268
        Group16Sha512 => "diffie-hellman-group16-sha512",
        Group18Sha512 => "diffie-hellman-group18-sha512",
        Group14Sha256 => "diffie-hellman-group14-sha256",
    }
}

/// What the two sides of a key exchange send each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KexMethod {
    X25519,
    /// ML-KEM-768 beside X25519.
    Hybrid,
    Ecdh(Curve),
    Group(Group),
}

impl KexAlgorithm {
    pub const fn method(self) -> KexMethod {
        match self {
            Self::MlKem768X25519 => KexMethod::Hybrid,
            Self::Curve25519 | Self::Curve25519LibSsh => KexMethod::X25519,
            Self::EcdhP256 => KexMethod::Ecdh(Curve::P256),
            Self::EcdhP384 => KexMethod::Ecdh(Curve::P384),
            Self::EcdhP521 => KexMethod::Ecdh(Curve::P521),
            Self::Group16Sha512 => KexMethod::Group(Group::Bits4096),
            Self::Group18Sha512 => KexMethod::Group(Group::Bits8192),
            Self::Group14Sha256 => KexMethod::Group(Group::Bits2048),
        }
    }

    /// The hash of the exchange and of the keys that come out of it.
    pub const fn hash(self) -> Sha2 {
        match self {
            Self::MlKem768X25519
            | Self::Curve25519
            | Self::Curve25519LibSsh
            | Self::EcdhP256
            | Self::Group14Sha256 => Sha2::Sha256,
            Self::EcdhP384 => Sha2::Sha384,
            Self::EcdhP521 | Self::Group16Sha512 | Self::Group18Sha512 => Sha2::Sha512,
        }
    }
}

names! {
    /// Ciphers. Those that authenticate too come first, and of them AES where the processor has it.
    Cipher {
        ChaCha20Poly1305 => "chacha20-poly1305@openssh.com",
        /// RFC 5647
        Aes128Gcm => "aes128-gcm@openssh.com",
        Aes256Gcm => "aes256-gcm@openssh.com",
        /// RFC 4344
        Aes128Ctr => "aes128-ctr",
        Aes192Ctr => "aes192-ctr",
        Aes256Ctr => "aes256-ctr",
    }
    unlisted {
        /// Nothing is encrypted and nothing authenticated (RFC 4253 §6.3): for counting what everything else costs. In no
        /// list and known by no name, so that neither a configuration nor a server can ask for it: only
        /// [`Offer::without_protection`](super::offer::Offer::without_protection) offers it.
        None => "none",
    }
}

impl Cipher {
    /// All of them in the order that suits this processor: AES-GCM is ten times faster than ChaCha20 with instructions
    /// for it, and slower without.
    pub fn preferred() -> Vec<Self> {
        let mut ciphers = Self::ALL.to_vec();
        if crypto::has_fast_aes() {
            ciphers.sort_by_key(|cipher| !matches!(cipher, Self::Aes128Gcm | Self::Aes256Gcm));
        }
        ciphers
    }

    /// Whether packets are authenticated by a MAC: not where the cipher does it itself, whatever MAC was named (OpenSSH
    /// PROTOCOL §1.6), nor where nothing is protected.
    pub const fn needs_mac(self) -> bool {
        matches!(self, Self::Aes128Ctr | Self::Aes192Ctr | Self::Aes256Ctr)
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

impl Mac {
    pub const fn hash(self) -> HmacHash {
        match self {
            Self::HmacSha256Etm | Self::HmacSha256 => HmacHash::Sha256,
            Self::HmacSha512Etm | Self::HmacSha512 => HmacHash::Sha512,
        }
    }

    /// Whether it covers what is encrypted rather than what is not.
    pub const fn is_etm(self) -> bool {
        matches!(self, Self::HmacSha256Etm | Self::HmacSha512Etm)
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
