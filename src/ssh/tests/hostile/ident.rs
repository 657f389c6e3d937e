use super::*;
use crate::base::limits::{SSH_PREAMBLE_LINE_BYTES_MAX, SSH_PREAMBLE_LINES_MAX};
use std::time::Duration;

/// What becomes of a connection that starts like this.
fn heard(bytes: &[u8], link: Link) -> Option<Error> {
    let mut pair = Pair::new(ServerConfig::default(), link);
    pair.deliver(bytes);
    pair.error
}

fn not_ssh(text: &str) -> Option<Error> {
    Some(Error::NotSsh { text: text.to_owned() })
}

fn version(ident: &str) -> Option<Error> {
    Some(Error::IdentVersion { ident: ident.to_owned() })
}

#[test]
fn lines_of_a_server() {
    let long = |count| [&b"SSH-2.0-"[..], &vec![b'x'; count], b"\r\n"].concat();
    let endless = vec![b'y'; SSH_PREAMBLE_LINE_BYTES_MAX + 1];
    let cases: [(&[u8], Option<Error>); 16] = [
        (b"SSH-2.0-x\r\n", None),
        (b"SSH-2.0-\n", None),
        (b"SSH-1.99-both\r\n", None),
        (&long(255 - 2 - 8), None),
        (b"notice\r\n\r\nSSH-2.0-x\r\n", None),
        (&long(255 - 2 - 8 + 1), Some(Error::IdentTooLong)),
        (&long(300_000), Some(Error::IdentTooLong)),
        (b"SSH-1.5-old\r\n", version("SSH-1.5-old")),
        (b"SSH-3.0-new\r\n", version("SSH-3.0-new")),
        (b"SSH-\x1b[2J\r\n", version("SSH-.[2J")),
        (b"SSH-2.0-a\0b\r\n", not_ssh("SSH-2.0-a.b.")),
        (b"\x16\x03\x01\0\x01", not_ssh(".....")),
        (b"HTTP/1.1 400 Bad Request\r\n", not_ssh("HTTP/1.1 400 Bad Request")),
        (&endless, not_ssh(&"y".repeat(80))),
        (&b"z\r\n".repeat(SSH_PREAMBLE_LINES_MAX + 1), not_ssh("z")),
        (&b"\n".repeat(SSH_PREAMBLE_LINES_MAX + 1), not_ssh("")),
    ];
    for (bytes, error) in cases {
        for link in [Link::Whole, Link::Bytes, Link::Random(3)] {
            let got = heard(bytes, link);
            // Cut early, the error shows what had come by then.
            match (&got, &error) {
                (Some(Error::NotSsh { text }), Some(Error::NotSsh { text: whole })) => {
                    assert!(whole.starts_with(text.as_str()), "{text:?} of {whole:?} {link:?}");
                }
                _ => assert_eq!(got, error, "{:?} {link:?}", String::from_utf8_lossy(bytes)),
            }
        }
    }
}

#[test]
fn silence_is_waited_for() {
    let mut pair = Pair::new(ServerConfig::default(), Link::Whole);
    for byte in b"SSH-2.0-slow" {
        pair.advance(Duration::from_secs(60));
        pair.deliver(&[*byte]);
        assert_eq!(pair.error, None);
        // Nothing is due before login: how long that may take is for those who dial to say.
        assert_eq!(pair.client.poll_timeout(), None);
    }
    assert_eq!(pair.client.handle_eof(), Err(Error::Closed { phase: Phase::Ident }));
}
