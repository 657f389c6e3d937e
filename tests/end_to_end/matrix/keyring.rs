//! One key of every type for hosts and for users, with certificates: RSA keys are slow to make, so all servers share.

use tempfile::TempDir;

use crate::support::{Account, Authority, Key, KeyType};

/// The name under which all hosts are known (`HostKeyAlias`): what is certified is a name, not an address.
pub const HOST: &str = "matrix";

pub struct Keyring {
    pub authority: Authority,
    host_keys: Vec<(KeyType, Key)>,
    user_keys: Vec<(KeyType, Key)>,
    _dir: TempDir,
}

impl Keyring {
    pub fn new() -> Self {
        let dir = TempDir::with_prefix("keyring-").expect("a directory");
        let make = |role: &str| {
            let one = |key_type| {
                let key = Key::generate(&dir.path().join(format!("{role}_{key_type:?}")), key_type);
                (key_type, key)
            };
            KeyType::ALL.map(one).into()
        };
        let keyring = Self {
            authority: Authority::generate(&dir.path().join("authority")),
            host_keys: make("host"),
            user_keys: make("user"),
            _dir: dir,
        };
        for (_, key) in &keyring.host_keys {
            keyring.authority.certify_host(key, HOST);
        }
        for (_, key) in &keyring.user_keys {
            keyring.authority.certify_user(key, Account::USER);
        }
        keyring
    }

    pub fn host_key(&self, key_type: KeyType) -> &Key {
        find(&self.host_keys, key_type)
    }

    pub fn user_key(&self, key_type: KeyType) -> &Key {
        find(&self.user_keys, key_type)
    }

    /// Lets all user keys in, plain and certified.
    pub fn open(&self, account: &Account) {
        self.user_keys.iter().for_each(|(_, key)| account.authorize(key));
        account.trust(&self.authority);
    }
}

fn find(keys: &[(KeyType, Key)], key_type: KeyType) -> &Key {
    let found = keys.iter().find(|(of, _)| *of == key_type);
    &found.expect("a key of every type").1
}
