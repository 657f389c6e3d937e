//! A broadcast in the making: which places there are, and what they have said so far.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::rc::Rc;

use super::super::gather::Errand;
use super::super::look::Found;
use super::super::request::{Aim, Hosts};
use super::super::select::Selection;
use super::super::{Action, Client, Seen, access};
use super::{Answer, Broadcast, Form, Place};
use crate::base::limits::{PLACES_MAX, SECTIONS_MAX};
use crate::base::text::shown;
use crate::base::{Error, Fault, Kind, Result};
use crate::config::Groups;
use crate::fleet::Shards;

/// See the module's documentation.
pub struct Draft {
    places: Vec<Place>,
    /// The place of each errand.
    errands: Vec<usize>,
    answers: Vec<Answer>,
    /// Answers by what they say.
    known: HashMap<u64, Vec<usize>>,
    form: Form,
}

/// A place that nothing has been heard of yet.
const NOTHING: usize = usize::MAX;

impl Draft {
    /// The places of some aims, and what is to be done there.
    ///
    /// Errors: what the client may not do; a list that is a whole target is wrong; there are too many places.
    pub fn new(shards: &Shards, client: &Client, aims: &[Aim]) -> Result<(Self, Vec<Errand>)> {
        for aim in aims {
            access::require(shards, &client.access, aim.action.scope())?;
        }
        let (names, settings) = (shards.names_seen_by(&client.access), shards.own().settings());
        Self::among(&names, &settings.groups, aims)
    }

    /// The same where these hosts are all there are.
    pub(super) fn among(names: &[Rc<str>], groups: &Groups, aims: &[Aim]) -> Result<(Self, Vec<Errand>)> {
        let selection = Selection::new(names, groups);
        let mut draft = Self {
            places: Vec::new(),
            errands: Vec::new(),
            answers: Vec::new(),
            known: HashMap::new(),
            form: Form::of(aims),
        };
        let mut errands = Vec::new();
        for Aim { hosts, action } in aims {
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
            let asked = match draft.form {
                Form::Sections => action.clone(),
                Form::Groups => action.clone().nameless(),
            };
            for host in chosen {
                draft.add(&host, action);
                match names.binary_search(&host) {
                    Ok(_) => {
                        draft.errands.push(draft.places.len() - 1);
                        errands.push(Errand { host: host.as_ref().into(), action: asked.clone() });
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
        let Self { mut places, mut answers, form, .. } = self;
        answers.iter_mut().for_each(|answer| answer.places.sort_unstable());
        // However long each has taken, the order is the same.
        let rank = |answer: &Answer| {
            (answer.said.is_err(), std::cmp::Reverse(answer.places.len()), answer.places[0])
        };
        answers.sort_by_key(rank);
        for (nth, answer) in answers.iter().enumerate() {
            answer.places.iter().for_each(|place| places[*place].answer = nth);
        }
        Broadcast { places, answers, form }
    }

    fn add(&mut self, host: &str, action: &Action) {
        self.places.push(Place { host: host.into(), path: action.to_string().into(), answer: NOTHING });
    }

    fn keep_at(&mut self, place: usize, said: Result<Seen>) {
        let said = match self.form {
            Form::Sections => said,
            Form::Groups => said.map_err(|error| reason(&self.places[place].host, error)),
        };
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

impl Form {
    /// Places that were named one by one have a section each, unless there are many of one path.
    fn of(aims: &[Aim]) -> Self {
        let are_named = aims.iter().all(|aim| matches!(aim.hosts, Hosts::Named(_)));
        let are_alike = aims.iter().all(|aim| aim.action == aims[0].action);
        if are_named && (aims.len() <= SECTIONS_MAX || !are_alike) { Self::Sections } else { Self::Groups }
    }
}

/// A failure without the name of its host, which stands beside it: what is the same for many is told once. What is wrong
/// with the request holds words of its own.
fn reason(host: &str, error: Error) -> Error {
    if error.kind().fault() == Fault::Caller {
        return error;
    }
    let is_host = |word: &str| word.trim_end_matches([':', ',', ';', '.']) == host;
    let nameless = |word: &str| if is_host(word) { word.replacen(host, "it", 1) } else { word.to_owned() };
    let words: Vec<_> = error.message().split(' ').map(nameless).collect();
    Error::new(error.kind(), words.join(" "))
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
