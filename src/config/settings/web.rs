//! Rules of what a server needs to know of the network that it serves.

use super::hosts::Patterns;
use super::rule::Rule;
use crate::config::{Env, Network};

/// Ranges of addresses, separated by commas or spaces.
pub struct Networks;

impl Rule for Networks {
    type Value = Vec<Network>;

    fn parse(&self, text: &str, _: &Env) -> Result<Vec<Network>, String> {
        let network =
            |text| Network::parse(text).ok_or_else(|| self.refuse(text, "is no range of addresses"));
        words(text).map(network).collect()
    }

    fn expected(&self) -> String {
        "addresses and ranges such as 10.0.0.0/8, separated by commas".to_owned()
    }

    fn show(&self, value: &Vec<Network>) -> String {
        let networks: Vec<_> = value.iter().map(ToString::to_string).collect();
        if networks.is_empty() { "none".to_owned() } else { networks.join(",") }
    }
}

/// Patterns of origins, separated by commas or spaces.
pub struct OriginPatterns;

impl Rule for OriginPatterns {
    type Value = Patterns;

    fn parse(&self, text: &str, _: &Env) -> Result<Patterns, String> {
        let is_origin = |pattern: &&str| *pattern == "*" || pattern.contains("://");
        match words(text).find(|pattern| !is_origin(pattern)) {
            Some(other) => Err(self.refuse(other, "is no origin")),
            None => Ok(words(text).collect()),
        }
    }

    fn expected(&self) -> String {
        "origins such as https://app.example.com, with `*`, `?` and `!`, separated by commas".to_owned()
    }

    fn show(&self, value: &Patterns) -> String {
        value.to_string()
    }
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split([',', ' ']).filter(|word| !word.is_empty())
}
