//! `%` tokens, `${VARIABLES}` and `~` in values (ssh_config(5), TOKENS and ENVIRONMENT VARIABLES).

use std::path::PathBuf;

use crate::config::Env;

/// What the tokens stand for.
#[derive(Debug, Clone, Copy)]
pub struct Tokens<'a> {
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
}

/// A `HostName` value: `%h` is the name the user gave, `%%` a percent sign, nothing else is allowed.
///
/// # Errors
/// Names the token.
pub fn hostname(value: &str, alias: &str) -> Result<String, String> {
    percent(value, |token| (token == 'h').then(|| alias.to_owned()))
}

/// A path with tokens, variables and a leading `~`.
///
/// # Errors
/// Names the token, variable or user that does not exist.
pub fn path(value: &str, tokens: &Tokens<'_>, env: &Env) -> Result<PathBuf, String> {
    let tilde = env.expand_tilde(value).ok_or_else(|| format!("'{value}': there is no such user"))?;
    let value = tilde.to_str().ok_or_else(|| format!("'{value}': the home directory is not UTF-8"))?;
    let value = variables(value, env)?;
    let expanded = percent(&value, |token| {
        Some(match token {
            'd' => env.home.to_string_lossy().into_owned(),
            'h' => tokens.hostname.to_owned(),
            'k' => tokens.key_alias.to_owned(),
            'n' => tokens.alias.to_owned(),
            'p' => tokens.port.to_string(),
            'r' => tokens.user.to_owned(),
            'u' => env.user.clone(),
            _ => return None,
        })
    })?;
    Ok(PathBuf::from(expanded))
}

fn percent(value: &str, meaning: impl Fn(char) -> Option<String>) -> Result<String, String> {
    let mut expanded = String::with_capacity(value.len());
    let mut chars = value.chars();
    while let Some(c) = chars.next() {
        if c != '%' {
            expanded.push(c);
            continue;
        }
        match chars.next() {
            Some('%') => expanded.push('%'),
            Some(token) => match meaning(token) {
                Some(text) => expanded.push_str(&text),
                None => return Err(format!("'{value}': the token %{token} is not supported here")),
            },
            None => return Err(format!("'{value}' ends in a single %: write %% for a percent sign")),
        }
    }
    Ok(expanded)
}

fn variables(value: &str, env: &Env) -> Result<String, String> {
    let mut expanded = String::with_capacity(value.len());
    let mut rest = value;
    while let Some((before, after)) = rest.split_once("${") {
        let (name, after) = after.split_once('}').ok_or_else(|| format!("'{value}': ${{ without }}"))?;
        let text = env.vars.get(name).ok_or_else(|| format!("'{value}': the variable {name} is not set"))?;
        expanded.push_str(before);
        expanded.push_str(text);
        rest = after;
    }
    expanded.push_str(rest);
    Ok(expanded)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOKENS: Tokens<'_> =
        Tokens { hostname: "h.example", alias: "h", key_alias: "hk", user: "ann", port: 2222 };

    fn expand(value: &str) -> Result<String, String> {
        let vars = [("A".to_owned(), "a%%".to_owned())].into();
        let env = Env { home: "/home/me".into(), user: "me".into(), vars, ..Env::default() };
        path(value, &TOKENS, &env).map(|path| path.to_str().unwrap().to_owned())
    }

    #[test]
    fn tokens_variables_and_tilde() {
        assert_eq!(expand("~/%h_%n_%k_%r_%u_%p%%").unwrap(), "/home/me/h.example_h_hk_ann_me_2222%");
        assert_eq!(expand("%d/${A}").unwrap(), "/home/me/a%");
        assert_eq!(hostname("%h.example%%", "a").unwrap(), "a.example%");
    }

    #[test]
    fn what_cannot_be_expanded_is_named() {
        assert_eq!(expand("a%C").unwrap_err(), "'a%C': the token %C is not supported here");
        assert_eq!(expand("a%").unwrap_err(), "'a%' ends in a single %: write %% for a percent sign");
        assert_eq!(expand("${B}").unwrap_err(), "'${B}': the variable B is not set");
        assert_eq!(expand("~nobody/x").unwrap_err(), "'~nobody/x': there is no such user");
        assert!(hostname("%n", "a").is_err());
    }
}
