//! What a connection needs to know before it starts.

use super::haste::Haste;
use crate::base::limits::{
    KEEPALIVE_INTERVAL_DEFAULT, KEEPALIVE_MISSED_MAX, SSH_PASSWORD_PROMPTS_DEFAULT, SSH_WINDOW_BYTES,
};
use crate::ssh::auth::{Method, PublicIdentity};
use crate::ssh::offer::{Guess, Offer};
use crate::ssh::timer::{Keepalive, Rekey};

/// See the module's documentation.
#[derive(Debug, Clone)]
pub struct ClientConfig {
    pub user: String,
    /// Ways to log in, most preferred first.
    pub methods: Vec<Method>,
    /// Likeliest first; each is tried with a signature at once.
    pub identities: Vec<PublicIdentity>,
    /// How often a password is asked for, and how many dialogues are begun (`NumberOfPasswordPrompts`).
    pub password_prompts: u32,
    /// What is sent in the write of the first identity's signature, as if it were accepted. A server may hang up for it,
    /// and has to be dialled again with less.
    pub haste: Haste,
    pub offer: Offer,
    /// `None`: a silent peer is never asked.
    pub keepalive: Option<Keepalive>,
    /// Bytes each channel may have received and not consumed.
    pub window_bytes: u32,
    pub rekey: Rekey,
    /// What [`Client::preferences`](super::Client::preferences) said of this server before. Ignored where the offer
    /// does not hold both, and where the host would then show a key of a type that is not known of it.
    pub guess: Option<Guess>,
}

impl ClientConfig {
    /// Defaults for everything else, and no identities.
    pub fn new(user: impl Into<String>) -> Self {
        Self {
            user: user.into(),
            methods: Method::ALL.to_vec(),
            identities: Vec::new(),
            password_prompts: SSH_PASSWORD_PROMPTS_DEFAULT,
            haste: Haste::None,
            offer: Offer::default(),
            keepalive: Some(Keepalive {
                interval: KEEPALIVE_INTERVAL_DEFAULT,
                missed_max: KEEPALIVE_MISSED_MAX,
            }),
            window_bytes: SSH_WINDOW_BYTES,
            rekey: Rekey::default(),
            guess: None,
        }
    }
}
