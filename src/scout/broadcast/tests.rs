use std::rc::Rc;

use proptest::prelude::*;

use super::*;
use crate::base::limits::SECTIONS_MAX;
use crate::base::{Error, Kind};
use crate::config::Groups;
use crate::scout::Request;
use crate::scout::look::Found;
use crate::scout::read::Content;
use crate::scout::request::Plan;
use crate::scout::run::{End, Output};

fn names(count: usize) -> Vec<Rc<str>> {
    let mut names: Vec<Rc<str>> = (0..count).map(|n| format!("h{n}").into()).collect();
    names.sort_unstable();
    names
}

/// What becomes of some targets among hosts `h0`, `h1`, …, each of which says something.
fn broadcast(targets: &[&str], hosts: usize, say: impl Fn(&str) -> Result<Seen>) -> Broadcast {
    let mut request = Request::default();
    match targets {
        [target] if target.contains('*') => request.target = (*target).to_owned(),
        targets => request.targets = targets.iter().map(|target| (*target).to_owned()).collect(),
    }
    let Ok(Plan::Many(aims)) = request.plan() else { panic!("{targets:?} are many") };
    let (mut draft, errands) = Draft::among(&names(hosts), &Groups::default(), &aims).unwrap();
    // Whoever is asked last answers first.
    for (nth, errand) in errands.iter().enumerate().rev() {
        draft.keep(nth, say(&errand.host));
    }
    let mut broadcast = draft.finish();
    for nth in 1..broadcast.answers.len() {
        if broadcast.form == Form::Groups {
            broadcast.answers[nth].difference = broadcast.difference(nth);
        }
    }
    broadcast
}

fn file(text: &str) -> Result<Seen> {
    let content = Content { data: text.into(), truncated: false, limit: 1_000, size: None };
    Ok(Seen::Found(Found::File(content)))
}

fn ran(stdout: &str, stderr: &str, code: u32) -> Result<Seen> {
    Ok(Seen::Ran(Output { stdout: stdout.into(), stderr: stderr.into(), end: End::Code(code) }))
}

fn lines(changed: usize) -> String {
    (0..30).map(|n| if n == changed { "another\n".to_owned() } else { format!("line {n}\n") }).collect()
}

#[test]
fn places_that_are_named_have_a_section_each() {
    let told = broadcast(&["h1:/x", "zz:/y", "h0:/x", "h2:/x", "h1:/x"], 3, |host| match host {
        "h1" => file("one\n"),
        "h0" => Err(Error::new(Kind::NotFound, "Path not found: /x")),
        _ => Err(Error::new(Kind::Unreachable, "Cannot connect to h2: Connection refused")),
    });
    let expected = format!(
        "═══ h1:/x {ten}{forty}\none\n\n\n\
         ═══ zz:/y [FAILED] {forty}\nError: Unknown host: zz\n\n\
         ═══ h0:/x [FAILED] {forty}\nError: Path not found: /x\n\n\
         ═══ h2:/x [FAILED] {forty}\nError: Cannot connect to h2: Connection refused\n\n\
         ═══ h1:/x {ten}{forty}\none\n\n\n\
         ─── 2/5 hosts succeeded ───",
        ten = "═".repeat(10),
        forty = "═".repeat(40),
    );
    assert_eq!(told.text(), expected);
    assert_eq!((told.succeeded(), told.size()), (2, 4), "what is said twice is held once");
}

#[test]
fn an_exit_code_is_no_failure_and_drops_nothing() {
    let aims = |code, stderr: &'static str| {
        let mut request = Request { targets: vec!["h0:/x".into()], ..Request::default() };
        request.query = Some("grep x y".into());
        let Ok(Plan::Many(aims)) = request.plan() else { panic!("it is many") };
        let (mut draft, _) = Draft::among(&names(1), &Groups::default(), &aims).unwrap();
        draft.keep(0, ran("found\n", stderr, code));
        draft.finish().text()
    };
    let heading = format!("═══ h0:/x {}\n", "═".repeat(50));
    let footer = "\n\n─── 1/1 hosts succeeded ───";
    assert_eq!(aims(0, ""), format!("{heading}found{footer}"));
    assert_eq!(
        aims(2, "no such file\n"),
        format!("{heading}found\n---\nErrors:\nno such file\nExit code: 2{footer}")
    );
    assert_eq!(aims(1, ""), format!("{heading}found\nExit code: 1{footer}"));
}

#[test]
fn what_hosts_of_a_list_agree_on_is_told_once() {
    let told = broadcast(&["h*:/x"], 6, |host| match host {
        "h2" => file(&lines(7)),
        "h4" | "h5" => {
            Err(Error::new(Kind::Unreachable, format!("Cannot connect to {host}: Connection refused")))
        }
        _ => file(&lines(99)),
    });
    let expected = format!(
        "3 hosts agree, 1 differ, 2 failed\n\n\
         ═══ h0, h1, h3 {}\n{}\n\n\
         ═══ h2 {}\n--- h0:/x\n+++ h2:/x\n@@ -5,7 +5,7 @@\n line 4\n line 5\n line 6\n-line 7\n+another\n line 8\n line 9\n line 10\n\n\
         ✗ h4, h5: Cannot connect to it: Connection refused",
        "═".repeat(45),
        lines(99).trim_end(),
        "═".repeat(53),
    );
    assert_eq!(told.text(), expected);
}

#[test]
fn how_many_agree_is_said_in_few_words() {
    let summary = |say: &dyn Fn(&str) -> Result<Seen>| {
        let text = broadcast(&["h*:/x"], 3, say).text();
        text.lines().next().unwrap_or_default().to_owned()
    };
    let gone = || Err(Error::new(Kind::NotFound, "Path not found: /x"));
    assert_eq!(summary(&|_| file("x")), "3 hosts agree");
    assert_eq!(summary(&file), "3 hosts, all different");
    assert_eq!(summary(&|host| if host == "h1" { file("x") } else { gone() }), "1 host answered, 2 failed");
    assert_eq!(summary(&|host| if host == "h1" { gone() } else { file("x") }), "2 hosts agree, 1 failed");
    assert_eq!(summary(&|_| gone()), "3 hosts failed");
    let text = broadcast(&["h*:/x", "h0:/y"], 2, |_| file("x")).text();
    assert!(text.starts_with("3 places agree\n\n═══ h0:/x, h1:/x, h0:/y ═"), "{text}");
}

#[test]
fn many_of_one_path_are_told_as_groups_and_few_as_sections() {
    let targets: Vec<String> = (0..=SECTIONS_MAX).map(|n| format!("h{n}:/x")).collect();
    let targets: Vec<&str> = targets.iter().map(String::as_str).collect();
    assert_eq!(broadcast(&targets, 20, file).form, Form::Groups);
    assert_eq!(broadcast(&targets[1..], 20, file).form, Form::Sections);
    let different = [&targets[..], &["h0:/y"]].concat();
    assert_eq!(broadcast(&different, 20, file).form, Form::Sections);
    assert_eq!(broadcast(&["h0:/x", "h1*:/x"], 20, file).form, Form::Groups);
}

#[test]
fn a_list_that_is_wrong_is_one_failure_among_others() {
    let told = broadcast(&["h0:/x", "zz*:/x", "@gone:/x"], 1, |_| file("x"));
    assert_eq!(told.succeeded(), 1);
    let text = told.text();
    assert!(text.contains("✗ zz*: No host matches 'zz*'. Available: h0"), "{text}");
    assert!(text.contains("✗ @gone: Unknown group '@gone'. There are no groups"), "{text}");
}

#[test]
fn bytes_that_are_shown_alike_are_not_alike() {
    let bytes = |byte: u8| {
        let content = Content { data: vec![byte], truncated: false, limit: 10, size: None };
        Ok(Seen::Found(Found::File(content)))
    };
    let told = broadcast(&["h*:/x"], 2, |host| if host == "h0" { bytes(0xFE) } else { bytes(0xFF) });
    assert_eq!(told.answers.len(), 2);
}

proptest! {
    /// However hosts answer, each stands once beside what it said, and nothing that was said is missing.
    #[test]
    fn no_host_and_no_output_is_lost(said in prop::collection::vec((0..4_u8, 0..3_u8), 1..40)) {
        let answer = |host: &str| {
            let (kind, what) = said[host[1..].parse::<usize>().unwrap()];
            match kind {
                0 => file(&format!("file {what}")),
                1 => ran(&format!("output {what}"), "", u32::from(what)),
                2 => Err(Error::new(Kind::NotFound, format!("Path not found: /{what}"))),
                _ => Err(Error::new(Kind::Unreachable, format!("Cannot connect to {host}: {what}"))),
            }
        };
        let told = broadcast(&["h*:/x"], said.len(), answer);
        let mut seen: Vec<usize> = told.answers.iter().flat_map(|answer| answer.places.clone()).collect();
        seen.sort_unstable();
        prop_assert_eq!(seen, (0..said.len()).collect::<Vec<_>>());
        for (nth, place) in told.places.iter().enumerate() {
            let answer = &told.answers[place.answer];
            prop_assert!(answer.places.contains(&nth));
            let (kind, what) = said[place.host[1..].parse::<usize>().unwrap()];
            let expected = match kind {
                0 => format!("file {what}"),
                1 if what == 0 => "output 0".to_owned(),
                1 => format!("output {what}\n[exit code: {what}]"),
                2 => format!("Path not found: /{what}"),
                _ => format!("Cannot connect to it: {what}"),
            };
            let found = match &answer.said {
                Ok(seen) => seen.text().into_owned(),
                Err(error) => error.message().to_owned(),
            };
            prop_assert_eq!(&found, &expected);
        }
        let different: std::collections::HashSet<_> = said.iter().collect();
        prop_assert_eq!(told.answers.len(), different.len());
        let text = told.text();
        for place in &told.places {
            let named = text.split([' ', ',', ':', '\n']).filter(|word| **word == *place.host).count();
            prop_assert!(named >= 1, "{} in {}", place.host, text);
        }
    }
}
