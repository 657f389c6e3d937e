//! Requests that leave before it is known what they meet: how many round trips that saves, and that whatever they meet
//! changes no result.

use super::*;

const MAX: LookMax = LookMax { file_bytes: 256 * 1024, entries: 1000, entries_bytes: BIG };

fn like_openssh() -> Knobs {
    Knobs { numbering: Numbering::OpenSsh, ..Knobs::default() }
}

/// Files `/a` and `/b`, a directory `/d` of 250 files, a link to it, and a FIFO.
fn tree(knobs: Knobs) -> Pair {
    let mut pair = Pair::new(knobs);
    pair.server.put_file("/a", bytes(1000));
    pair.server.put_file("/b", bytes(255 * 1024 + 500));
    pair.server.put("/d", Node::Directory);
    for n in 0..250 {
        pair.server.put_file(&format!("/d/{n:03}"), "x");
    }
    pair.server.put("/link", Node::Symlink(b"/d".to_vec()));
    pair.server.put("/fifo", Node::Fifo);
    pair
}

/// What a look finds, and how many round trips that took.
fn look(pair: &mut Pair, path: &str) -> (Result<Outcome, Failure>, usize) {
    let op = pair.client.look(path.as_bytes(), MAX, now()).unwrap();
    let before = pair.round_trips;
    loop {
        assert!(pair.exchange(), "no progress");
        if let Some((done, result)) = pair.client.poll_done() {
            assert_eq!(done, op);
            let round_trips = pair.round_trips - before;
            pair.settle();
            assert_eq!(pair.server.handles().0, 0, "every handle is closed");
            return (result, round_trips);
        }
    }
}

fn names(result: &Result<Outcome, Failure>) -> usize {
    match result {
        Ok(Outcome::List { entries, truncated: false }) => entries.len(),
        other => panic!("{other:?}"),
    }
}

fn data(result: &Result<Outcome, Failure>) -> &[u8] {
    match result {
        Ok(Outcome::Read { data, more: false, .. }) => data,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_directory_takes_one_round_trip_even_on_a_new_session() {
    let mut pair = tree(like_openssh());
    for path in ["/d", "/link", "/d"] {
        let (result, round_trips) = look(&mut pair, path);
        assert_eq!((names(&result), round_trips), (252, 1));
    }
}

#[test]
fn a_file_takes_two_round_trips_at_first_and_then_one() {
    let mut pair = tree(like_openssh());
    for (path, content) in [("/a", bytes(1000)), ("/b", bytes(255 * 1024 + 500))] {
        let (result, round_trips) = look(&mut pair, path);
        assert_eq!((data(&result), round_trips), (&content[..], 2));
        let (result, round_trips) = look(&mut pair, path);
        assert_eq!((data(&result), round_trips), (&content[..], 1));
    }
}

/// How many files the server was asked to open.
fn opens(pair: &Pair) -> usize {
    pair.server.requests().iter().filter(|kind| **kind == 3).count()
}

#[test]
fn what_took_the_place_of_a_listed_file_is_not_opened() {
    let mut pair = tree(like_openssh());
    assert_eq!(names(&look(&mut pair, "/d").0), 252);
    pair.server.put("/d/007", Node::Fifo);
    assert_eq!(look(&mut pair, "/d/007").0, Err(Failure::NotRegular(FileType::Fifo)));
    assert_eq!(opens(&pair), 0);
}

#[test]
fn what_took_the_place_of_a_file_read_long_ago_is_not_opened() {
    let mut pair = tree(like_openssh());
    assert_eq!(data(&look(&mut pair, "/a").0), bytes(1000));
    pair.server.put("/a", Node::Fifo);
    let later = now() + SFTP_KNOWN_FOR + Duration::from_secs(1);
    let op = pair.client.look(b"/a", MAX, later).unwrap();
    assert_eq!((pair.run(op), opens(&pair)), (Err(Failure::NotRegular(FileType::Fifo)), 1));
}

#[test]
fn nothing_is_guessed_of_a_server_that_only_begins_like_openssh() {
    let mut pair = tree(like_openssh());
    pair.client = Session::new(false, now());
    let round_trips = [3, 2, 2].map(|_| look(&mut pair, "/a").1);
    assert_eq!(round_trips, [3, 2, 2]);
}

#[test]
fn nothing_is_guessed_twice_of_a_server_that_numbers_otherwise() {
    let mut pair = tree(Knobs { numbering: Numbering::OpenSshUntil(0), ..Knobs::default() });
    assert_eq!(look(&mut pair, "/d").1, 2);
    // READDIRs on a wrong handle, the ones on the right handle, and no more wrong ones.
    let readdirs = |pair: &Pair| pair.server.requests().iter().filter(|kind| **kind == 12).count();
    assert_eq!(readdirs(&pair), SFTP_READDIRS_FIRST + SFTP_READDIRS_FIRST);
    let (result, round_trips) = look(&mut pair, "/d");
    assert_eq!((names(&result), round_trips), (252, 2));
    assert_eq!(readdirs(&pair), 3 * SFTP_READDIRS_FIRST);
    assert_eq!(look(&mut pair, "/a").1, 3);
    assert_eq!(look(&mut pair, "/a").1, 2);
}

#[test]
fn what_was_a_file_may_be_anything_now() {
    let mut pair = tree(like_openssh());
    assert_eq!(data(&look(&mut pair, "/a").0), bytes(1000));
    pair.server.put_file("/a", bytes(100_000));
    assert_eq!(data(&look(&mut pair, "/a").0), bytes(100_000));
    pair.server.put_file("/a", "short");
    assert_eq!(data(&look(&mut pair, "/a").0), b"short");
    pair.server.put("/a", Node::Symlink(b"/d".to_vec()));
    assert_eq!(names(&look(&mut pair, "/a").0), 252);
    pair.server.put_file("/a", "back");
    assert_eq!(data(&look(&mut pair, "/a").0), b"back");
    pair.server.put("/a", Node::Symlink(b"/nowhere".to_vec()));
    assert_eq!(look(&mut pair, "/a").0, Err(status(StatusCode::NoSuchFile, "No such file")));
}

#[test]
fn failures_are_those_of_reading_and_of_listing() {
    let mut pair = tree(like_openssh());
    pair.server.put_file("/secret", "x");
    pair.server.tree_mut().bar(b"/secret", Bar::Forbidden);
    assert_eq!(look(&mut pair, "/fifo"), (Err(Failure::NotRegular(FileType::Fifo)), 1));
    assert_eq!(look(&mut pair, "/none"), (Err(status(StatusCode::NoSuchFile, "No such file")), 1));
    let denied = Err(status(StatusCode::PermissionDenied, "Permission denied"));
    assert_eq!(look(&mut pair, "/secret"), (denied, 2));
}

/// One of several operations at once, by the path it is about.
#[derive(Debug, Clone, Copy)]
enum Ask {
    Look(&'static str),
    Read(&'static str),
    List(&'static str),
    Cancelled(&'static str),
}

fn ask() -> impl Strategy<Value = Ask> {
    let path = || proptest::sample::select(vec!["/a", "/b", "/d", "/e", "/link", "/fifo", "/none"]);
    prop_oneof![
        4 => path().prop_map(Ask::Look),
        1 => path().prop_map(Ask::Read),
        1 => path().prop_map(Ask::List),
        1 => path().prop_map(Ask::Cancelled),
    ]
}

/// Whether the result is what stands at the path.
fn is_right(ask: Ask, result: &Result<Outcome, Failure>) -> bool {
    match (ask, result) {
        (Ask::Look(path) | Ask::Read(path), Ok(Outcome::Read { data, more: false, .. })) => {
            *data
                == bytes(match path {
                    "/a" => 1000,
                    "/b" => 255 * 1024 + 500,
                    _ => return false,
                })
        }
        (Ask::Look(path) | Ask::List(path), Ok(Outcome::List { entries, truncated: false })) => {
            entries.len()
                == match path {
                    "/d" | "/link" => 252,
                    "/e" => 2,
                    _ => return false,
                }
        }
        (Ask::Look(path), Err(_)) => matches!(path, "/fifo" | "/none"),
        (Ask::Read(path), Err(_)) => !matches!(path, "/a" | "/b"),
        (Ask::List(path), Err(_)) => !matches!(path, "/d" | "/e" | "/link"),
        _ => false,
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn however_many_at_once_and_however_wrongly_guessed_every_result_is_right(
        waves in proptest::collection::vec(proptest::collection::vec(ask(), 1..20), 1..6),
        numbering in prop_oneof![
            3 => Just(Numbering::OpenSsh),
            2 => (0u32..20).prop_map(Numbering::OpenSshUntil),
            1 => Just(Numbering::Counting),
        ],
        like_openssh in any::<bool>(),
        shuffle in proptest::option::weighted(0.2, any::<u64>()),
        exchanges in 0usize..3,
        piece in 1usize..50_000,
    ) {
        let mut pair = tree(Knobs { numbering, shuffle, ..Knobs::default() });
        pair.server.put("/e", Node::Directory);
        pair.client = Session::new(like_openssh, now());
        pair.piece = piece;
        let mut asked = std::collections::HashMap::new();
        for wave in waves {
            for ask in wave {
                let op = match ask {
                    Ask::Look(path) | Ask::Cancelled(path) => pair.client.look(path.as_bytes(), MAX, now()),
                    Ask::Read(path) => pair.client.read(path.as_bytes(), 0, 1 << 20, now()),
                    Ask::List(path) => pair.client.list(path.as_bytes(), 1000, BIG),
                }.unwrap();
                asked.insert(op, ask);
            }
            // The next wave starts while this one is under way, and some of it is given up.
            for _ in 0..exchanges {
                pair.exchange();
            }
            for (op, ask) in &asked {
                if let Ask::Cancelled(_) = ask {
                    pair.client.cancel(*op);
                }
            }
        }
        for (op, result) in pair.settle() {
            let ask = asked.remove(&op).expect("each ends once");
            prop_assert!(is_right(ask, &result), "{ask:?}: {result:?}");
        }
        prop_assert!(asked.values().all(|ask| matches!(ask, Ask::Cancelled(_))), "{asked:?}");
        prop_assert_eq!(pair.server.handles().0, 0);
    }
}
