//! `%` tokens, `${VARIABLES}` and `~` in values (ssh_config(5), TOKENS and ENVIRONMENT VARIABLES).

use std::fmt::Write as _;
use std::path::PathBuf;

use crate::base::limits::SSH_CONFIG_HOST_NAME_BYTES_MAX;
use crate::base::text::shown;
use crate::config::Env;
use crate::crypto::hash::sha1;

/// What the tokens stand for.
#[derive(Debug, Clone, Copy)]
pub struct Tokens<'a> {
    pub env: &'a Env,
    /// `%h`: the host name to connect to.
    pub hostname: &'a str,
    /// `%n`: the name the user gave.
    pub alias: &'a str,
    /// `%k`: the name in known_hosts.
    pub key_alias: &'a str,
    /// `%r`: the remote user.
    pub user: &'a str,
    /// `%p`.
    pub port: u16,
    /// `%j`: the hop next to the host, or nothing.
    pub jump: &'a str,
}

/// A `HostName` value: `%h` is the name the user gave, `%%` a percent sign, nothing else is allowed.
///
/// # Errors
/// Names the token, or the value that comes to more than [`SSH_CONFIG_HOST_NAME_BYTES_MAX`].
pub fn hostname(value: &str, alias: &str) -> Result<String, String> {
    let name = expand(value, |token| (token == 'h').then(|| alias.to_owned()), None)?;
    match name.len() {
        0..=SSH_CONFIG_HOST_NAME_BYTES_MAX => Ok(name),
        bytes => Err(format!(
            "'{}' is {bytes} bytes long: at most {SSH_CONFIG_HOST_NAME_BYTES_MAX} are allowed",
            shown(value)
        )),
    }
}

/// A path with tokens, variables and a leading `~`.
///
/// # Errors
/// Names the token, variable or user that does not exist.
pub fn path(value: &str, tokens: &Tokens<'_>) -> Result<PathBuf, String> {
    let tilde = tokens.env.expand_tilde(value).ok_or_else(|| format!("'{value}': there is no such user"))?;
    let value = tilde.to_str().ok_or_else(|| format!("'{value}': the home directory is not UTF-8"))?;
    expand(value, |token| tokens.meaning(token), Some(tokens.env)).map(PathBuf::from)
}

/// A part of a `ProxyCommand` or `ProxyJump`; variables are for the shell.
///
/// # Errors
/// Names the token that does not exist.
pub fn proxy(value: &str, tokens: &Tokens<'_>) -> Result<String, String> {
    expand(value, |token| "hknpr".contains(token).then(|| tokens.meaning(token)).flatten(), None)
}

/// The command of a `Match exec`.
///
/// # Errors
/// Names the token that does not exist.
pub fn command(value: &str, tokens: &Tokens<'_>) -> Result<String, String> {
    expand(value, |token| tokens.meaning(token), None)
}

impl Tokens<'_> {
    fn meaning(&self, token: char) -> Option<String> {
        Some(match token {
            'C' => self.connection(),
            'L' => self.env.hostname.split('.').next().unwrap_or_default().to_owned(),
            'd' => self.env.home.to_string_lossy().into_owned(),
            'h' => self.hostname.to_owned(),
            'i' => self.env.uid.to_string(),
            'j' => self.jump.to_owned(),
            'k' => self.key_alias.to_owned(),
            'l' => self.env.hostname.clone(),
            'n' => self.alias.to_owned(),
            'p' => self.port.to_string(),
            'r' => self.user.to_owned(),
            'u' => self.env.user.clone(),
            _ => return None,
        })
    }

    /// `%C`: the hash of `%l%h%p%r%j`.
    fn connection(&self) -> String {
        let port = self.port.to_string();
        let parts = [&self.env.hostname, self.hostname, &port, self.user, self.jump];
        sha1(&parts.map(str::as_bytes)).iter().fold(String::new(), |mut hex, byte| {
            let _ = write!(hex, "{byte:02x}");
            hex
        })
    }
}

/// One pass, as ssh does it: what a variable or a token stands for is not looked into again. Without `env` variables are
/// left as they are.
fn expand(
    value: &str,
    meaning: impl Fn(char) -> Option<String>,
    env: Option<&Env>,
) -> Result<String, String> {
    let mut expanded = String::with_capacity(value.len());
    let mut rest = value;
    while let Some(at) = rest.find(['%', '$']) {
        let (before, after) = rest.split_at(at);
        expanded.push_str(before);
        rest = match (after.strip_prefix("${"), env) {
            (Some(inner), Some(env)) => {
                let (name, after) =
                    inner.split_once('}').ok_or_else(|| format!("'{value}': ${{ without }}"))?;
                let text = env.vars.get(name);
                expanded.push_str(text.ok_or_else(|| format!("'{value}': the variable {name} is not set"))?);
                after
            }
            _ => {
                let mut chars = after.chars();
                match chars.next() {
                    Some('%') => expanded.push_str(&percent(value, chars.next(), &meaning)?),
                    other => expanded.extend(other),
                }
                chars.as_str()
            }
        };
    }
    expanded.push_str(rest);
    Ok(expanded)
}

fn percent(
    value: &str,
    token: Option<char>,
    meaning: impl Fn(char) -> Option<String>,
) -> Result<String, String> {
    match token {
        Some('%') => Ok("%".to_owned()),
        Some(token) => {
            meaning(token).ok_or_else(|| format!("'{value}': the token %{token} is not supported here"))
        }
        None => Err(format!("'{value}' ends in a single %: write %% for a percent sign")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_name_has_a_bound() {
        let alias = "a".repeat(64);
        assert_eq!(hostname(&"%h".repeat(16), &alias), Ok("a".repeat(SSH_CONFIG_HOST_NAME_BYTES_MAX)));
        let refused = hostname(&"%h".repeat(17), &alias).unwrap_err();
        assert!(refused.ends_with("is 1088 bytes long: at most 1024 are allowed"), "{refused}");
    }

    fn with_tokens<T>(use_them: impl FnOnce(&Tokens<'_>) -> T) -> T {
        let env = Env {
            home: "/home/me".into(),
            user: "me".into(),
            uid: 1000,
            hostname: "box.example".into(),
            vars: [("A".to_owned(), "a%%".to_owned())].into(),
            ..Env::default()
        };
        use_them(&Tokens {
            env: &env,
            hostname: "h.example",
            alias: "h",
            key_alias: "hk",
            user: "ann",
            port: 2222,
            jump: "",
        })
    }

    fn expand(value: &str) -> Result<String, String> {
        with_tokens(|tokens| path(value, tokens)).map(|path| path.to_str().unwrap().to_owned())
    }

    #[test]
    fn tokens_variables_and_tilde() {
        assert_eq!(expand("~/%h_%n_%k_%r_%u_%p%%").unwrap(), "/home/me/h.example_h_hk_ann_me_2222%");
        assert_eq!(expand("%d/${A}").unwrap(), "/home/me/a%%");
        assert_eq!(expand("$A %i %l %L%j").unwrap(), "$A 1000 box.example box");
        assert_eq!(hostname("%h.example%%", "a").unwrap(), "a.example%");
        // printf 'box.exampleh.example2222ann' | sha1sum
        assert_eq!(expand("%C").unwrap(), "08abfd77067c3e46da420a90f296802994a7c09f");
    }

    #[test]
    fn a_proxy_command_leaves_variables_to_the_shell() {
        let proxy = |value: &str| with_tokens(|tokens| proxy(value, tokens));
        assert_eq!(proxy("nc ${X} $Y %h %p %r@%n %k 5%%").unwrap(), "nc ${X} $Y h.example 2222 ann@h hk 5%");
        assert_eq!(proxy("%u").unwrap_err(), "'%u': the token %u is not supported here");
    }

    #[test]
    fn what_cannot_be_expanded_is_named() {
        assert_eq!(expand("a%T").unwrap_err(), "'a%T': the token %T is not supported here");
        assert_eq!(expand("a%").unwrap_err(), "'a%' ends in a single %: write %% for a percent sign");
        assert_eq!(expand("${B}").unwrap_err(), "'${B}': the variable B is not set");
        assert_eq!(expand("${B").unwrap_err(), "'${B': ${ without }");
        assert_eq!(expand("~nobody/x").unwrap_err(), "'~nobody/x': there is no such user");
        assert!(hostname("%n", "a").is_err());
    }
}
