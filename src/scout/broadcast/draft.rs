//! A broadcast in the making: which places there are, and what they have said so far.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};

use super::super::gather::Errand;
use super::super::look::Found;
use super::super::request::{Aim, Hosts};
use super::super::select::Selection;
use super::super::{Action, Client, Seen, access};
use super::{Answer, Broadcast, Form, Place};
use crate::base::limits::{PLACES_MAX, SECTIONS_MAX};
use crate::base::text::shown;
use crate::base::{Error, Kind, Result};
use crate::fleet::Shards;

/// See the module's documentation.
pub struct Draft {
    places: Vec<Place>,
    /// The place of each errand.
    errands: Vec<usize>,
    answers: Vec<Answer>,
    /// Answers by what they say.
    known: HashMap<u64, Vec<usize>>,
    /// Hosts were named by a list.
    has_list: bool,
}

/// A place that nothing has been heard of yet.
const NOTHING: usize = usize::MAX;

impl Draft {
    /// The places of some aims, and what is to be done there.
    ///
    /// Errors: what the client may not do; a list that is a whole target is wrong; there are too many places.
    pub fn new(shards: &Shards, client: &Client, aims: &[Aim]) -> Result<(Self, Vec<Errand>)> {
        let (names, settings) = (shards.names_seen_by(&client.access), shards.own().settings());
        let selection = Selection::new(&names, &settings.groups);
        let mut draft = Self {
            places: Vec::new(),
            errands: Vec::new(),
            answers: Vec::new(),
            known: HashMap::new(),
            has_list: false,
        };
        let mut errands = Vec::new();
        for Aim { hosts, action } in aims {
            access::require(shards, &client.access, action.scope())?;
            draft.has_list |= !matches!(hosts, Hosts::Named(_));
            let chosen = match hosts {
                Hosts::Named(name) => vec![name.as_str().into()],
                Hosts::List(list) => selection.hosts(list)?,
                Hosts::ListAmongOthers(list) => match selection.hosts(list) {
                    Ok(hosts) => hosts,
                    Err(error) => {
                        draft.add(&shown(list), action);
                        draft.keep_at(draft.places.len() - 1, Err(error));
                        continue;
                    }
                },
            };
            if draft.places.len() + chosen.len() > PLACES_MAX {
                return Err(Error::new(Kind::TooLarge, format!("More than {PLACES_MAX} places at once")));
            }
            for host in chosen {
                draft.add(&host, action);
                match names.binary_search(&host) {
                    Ok(_) => {
                        draft.errands.push(draft.places.len() - 1);
                        errands.push(Errand { host: host.as_ref().into(), action: action.clone() });
                    }
                    Err(_) => draft.keep_at(draft.places.len() - 1, Err(unknown(&host))),
                }
            }
        }
        Ok((draft, errands))
    }

    /// Takes what came of an errand.
    pub fn keep(&mut self, errand: usize, said: Result<Seen>) {
        self.keep_at(self.errands[errand], said);
    }

    /// All have said something.
    pub fn finish(mut self) -> Broadcast {
        let lost = || Err(Error::new(Kind::Internal, "nobody answered for a host"));
        let silent = self.places.iter().enumerate().filter(|(_, place)| place.answer == NOTHING);
        for place in silent.map(|(place, _)| place).collect::<Vec<_>>() {
            self.keep_at(place, lost());
        }
        let Self { mut places, mut answers, has_list, .. } = self;
        answers.iter_mut().for_each(|answer| answer.places.sort_unstable());
        // However long each has taken, the order is the same.
        let rank = |answer: &Answer| {
            (answer.said.is_err(), std::cmp::Reverse(answer.places.len()), answer.places[0])
        };
        answers.sort_by_key(rank);
        for (nth, answer) in answers.iter().enumerate() {
            answer.places.iter().for_each(|place| places[*place].answer = nth);
        }
        let mut broadcast = Broadcast { places, answers, form: Form::Sections };
        let are_alike = broadcast.places.len() > SECTIONS_MAX && broadcast.common_path().is_some();
        if has_list || are_alike {
            broadcast.form = Form::Groups;
        }
        broadcast
    }

    fn add(&mut self, host: &str, action: &Action) {
        self.places.push(Place { host: host.into(), path: action.to_string().into(), answer: NOTHING });
    }

    fn keep_at(&mut self, place: usize, said: Result<Seen>) {
        let said = said.map_err(|error| reason(&self.places[place].host, error));
        let hash = hash(&said);
        let alike = self.known.entry(hash).or_default();
        let known = alike.iter().copied().find(|answer| is_same(&self.answers[*answer].said, &said));
        let answer = known.unwrap_or_else(|| {
            alike.push(self.answers.len());
            self.answers.push(Answer { said, places: Vec::new(), difference: None });
            self.answers.len() - 1
        });
        self.answers[answer].places.push(place);
        self.places[place].answer = answer;
    }
}

fn unknown(host: &str) -> Error {
    Error::new(Kind::UnknownHost, format!("Unknown host: {host}"))
}

/// A failure without the name of its host, which stands beside it: what is the same for many is told once.
fn reason(host: &str, error: Error) -> Error {
    let connecting = format!("Cannot connect to {host}: ");
    match error.message().strip_prefix(connecting.as_str()) {
        Some(cause) => Error::new(error.kind(), format!("Cannot connect: {cause}")),
        None => error,
    }
}

/// Content is compared byte by byte: texts show all that is no UTF-8 as the same character.
fn is_same(one: &Result<Seen>, other: &Result<Seen>) -> bool {
    match (one, other) {
        (Ok(Seen::Found(Found::File(one))), Ok(Seen::Found(Found::File(other)))) => one == other,
        (Ok(Seen::Ran(one)), Ok(Seen::Ran(other))) => one == other,
        (Ok(one), Ok(other)) => {
            std::mem::discriminant(one) == std::mem::discriminant(other) && one.text() == other.text()
        }
        (Err(one), Err(other)) => one == other,
        _ => false,
    }
}

fn hash(said: &Result<Seen>) -> u64 {
    let mut hasher = DefaultHasher::new();
    match said {
        Ok(Seen::Found(Found::File(content))) => content.data.hash(&mut hasher),
        Ok(Seen::Ran(output)) => (&output.stdout, &output.stderr).hash(&mut hasher),
        Ok(seen) => seen.text().hash(&mut hasher),
        Err(error) => error.message().hash(&mut hasher),
    }
    hasher.finish()
}
