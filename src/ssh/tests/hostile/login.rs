use super::*;
use crate::base::limits::{
    SSH_BANNER_BYTES_MAX, SSH_BANNERS_MAX, SSH_EXTENSIONS_MAX, SSH_NAME_LIST_BYTES_MAX, SSH_TEXT_BYTES_MAX,
};

fn accept(service: &str) -> Vec<u8> {
    text(number::SERVICE_ACCEPT, service)
}

fn banner(content: &str) -> Vec<u8> {
    message(number::USERAUTH_BANNER, |out| {
        out.put_string(content.as_bytes());
        out.put_string(b"");
    })
}

fn extensions(count: u32, named: &[(&str, &str)]) -> Vec<u8> {
    message(number::EXT_INFO, |out| {
        out.put_u32(count);
        for (name, value) in named {
            out.put_string(name.as_bytes());
            out.put_string(value.as_bytes());
        }
    })
}

#[test]
fn out_of_order() {
    let unexpected = |number, phase| Some(Error::UnexpectedMessage { number, phase });
    let served = || accept("ssh-userauth");
    let failure = message(number::USERAUTH_FAILURE, |out| {
        out.put_name_list(["publickey"]);
        out.put_bool(false);
    });
    let success = vec![number::USERAUTH_SUCCESS];
    use Phase::{Authentication, Connected};
    assert_eq!(told(keyed(), [accept("ssh-connection")]), Some(Error::WrongService));
    assert_eq!(told(keyed(), [served(), served()]), unexpected(6, Authentication));
    for early in [success.clone(), failure.clone()] {
        assert_eq!(told(keyed(), [early.clone()]), unexpected(early[0], Authentication));
    }
    // Logged in; what follows belongs to a login that is over.
    assert_eq!(told(keyed(), [served(), success.clone()]), None);
    for late in [success.clone(), failure, served(), banner("late")] {
        assert_eq!(told(keyed(), [served(), success.clone(), late.clone()]), unexpected(late[0], Connected));
        assert_eq!(told(ready(), [late.clone()]), unexpected(late[0], Connected));
    }
    // What only a client says, and what belongs behind the login.
    for number in [number::SERVICE_REQUEST, number::USERAUTH_REQUEST] {
        assert_eq!(told(keyed(), [served(), vec![number]]), unexpected(number, Authentication));
        assert_eq!(told(ready(), [vec![number]]), unexpected(number, Connected));
    }
    // Answers to methods that are not under way.
    for number in 54..number::GLOBAL_REQUEST {
        assert_eq!(told(keyed(), [served(), vec![number]]), unexpected(number, Authentication));
        assert_eq!(told(ready(), [vec![number]]), unexpected(number, Connected));
    }
    for number in (number::GLOBAL_REQUEST..=number::REQUEST_FAILURE)
        .chain(number::CHANNEL_OPEN..=100)
        .chain([8, 79, 192])
    {
        assert_eq!(told(keyed(), [served(), vec![number]]), unexpected(number, Authentication));
    }
}

#[test]
fn a_confirmation_before_success() {
    let change = |config: &mut ClientConfig| config.haste = Haste::Open;
    let mut pair = Pair::with(ServerConfig::default(), Link::Whole, 1, change);
    let channel = pair.client.open_session().unwrap();
    while pair.client.phase() != Phase::Authentication {
        assert!(pair.round());
    }
    pair.client_output();
    pair.server.swallow();
    let number = number::CHANNEL_OPEN_CONFIRMATION;
    let confirmation =
        message(number, |out| [channel.0, 0, 1000, 1000].iter().for_each(|field| out.put_u32(*field)));
    let error = Error::UnexpectedMessage { number, phase: Phase::Authentication };
    assert_eq!(told(pair, [accept("ssh-userauth"), confirmation]), Some(error));
}

#[test]
fn banners() {
    let mut pair = keyed();
    let long = "l".repeat(200_000);
    for at in 0..2 * SSH_BANNERS_MAX {
        pair.server.inject(&banner(if at == 0 { &long } else { "\x1b]0;title\x07" }));
    }
    pair.hear();
    assert_eq!(pair.error, None);
    let banners: Vec<_> = pair
        .events
        .iter()
        .map(|event| if let Event::Banner(text) = event { text.as_str() } else { panic!("{event:?}") })
        .collect();
    assert_eq!(banners.len(), SSH_BANNERS_MAX as usize);
    assert_eq!(banners[0], &long[..SSH_BANNER_BYTES_MAX]);
    assert_eq!(banners[1], ".]0;title.");
}

#[test]
fn what_a_server_can() {
    const WHAT: &str = "EXT_INFO";
    let truncated = Some(Error::Truncated { what: WHAT });
    let too_long = |max| Some(Error::TooLong { what: WHAT, max });
    let long = |count| "x".repeat(count + 1);
    assert_eq!(told(keyed(), [extensions(1, &[("server-sig-algs", "ssh-ed25519")])]), None);
    assert_eq!(told(keyed(), [extensions(0, &[])]), None);
    assert_eq!(told(keyed(), [extensions(1, &[("no-flow-control", "\0\x7f")])]), None);
    assert_eq!(told(keyed(), [extensions(1, &[])]), truncated);
    assert_eq!(told(keyed(), [&extensions(1, &[])[..3]]), truncated);
    assert_eq!(told(keyed(), [extensions(2, &[("a", "b")])]), truncated);
    assert_eq!(told(keyed(), [extensions(u32::MAX, &[("a", "b")])]), too_long(SSH_EXTENSIONS_MAX as usize));
    let name = long(SSH_TEXT_BYTES_MAX);
    assert_eq!(told(keyed(), [extensions(1, &[(&name, "")])]), too_long(SSH_TEXT_BYTES_MAX));
    let value = long(SSH_NAME_LIST_BYTES_MAX);
    assert_eq!(told(keyed(), [extensions(1, &[("a", &value)])]), too_long(SSH_NAME_LIST_BYTES_MAX));
    let malformed = extensions(1, &[("server-sig-algs", "a\nb")]);
    assert_eq!(told(keyed(), [malformed]), Some(Error::Malformed { what: WHAT }));
}
