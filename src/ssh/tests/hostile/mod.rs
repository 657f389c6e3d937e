//! Servers that break the rules, each with the name of the error it gets, and what is let pass.
//!
//! | behaviour | answer | test |
//! |---|---|---|
//! | version string: longer than 255 bytes | `IdentTooLong` | `ident::lines_of_a_server` |
//! | version 1.x, `SSH-` without a version, NUL in it | `IdentVersion` | `ident::lines_of_a_server` |
//! | 1.99; a notice before it; cut anywhere | taken | `ident::lines_of_a_server` |
//! | another protocol, binary, lines without end, one line without end | `NotSsh` | `ident::lines_of_a_server` |
//! | nothing, or a byte now and then | waits: who dials has a timeout | `ident::silence_is_waited_for`, `bad_input` |
//! | packet lengths 0, 1, no multiple of the block, beyond 256 KiB, 2^32-1, any cipher | `PacketLength` | `packets::lengths` |
//! | 35,000 bytes, 256 KiB | taken | `packets::lengths` |
//! | padding below 4 or beyond the packet | `PacketPadding` | `packets::padding` |
//! | a packet without content | `PacketEmpty` | `packets::padding` |
//! | a flipped bit anywhere in a packet | `PacketIntegrity`, `PacketLength` | `packets::a_flipped_bit` |
//! | KEXINIT cut short, with names that are none, lists beyond 16 KiB | `Truncated`, `Malformed`, `TooLong` | `exchange::lists_of_algorithms` |
//! | nothing in common, empty lists, compression only | `NoCommonAlgorithm` | `exchange::lists_of_algorithms` |
//! | KEXINIT twice, NEWKEYS or a reply too early, anything else in between | `StrictKex`, `UnexpectedInKex` | `exchange::out_of_order` |
//! | strict: packets before KEXINIT or between (Terrapin) | `StrictKex` | `servers::every_violation_has_its_name` |
//! | reply cut short, fields beyond 16 KiB, bytes behind it | `Truncated`, `TooLong`, `Malformed` | `exchange::replies` |
//! | value of wrong length or small order | `KexValue` | `exchange::replies`, `servers` |
//! | host key of another type, malformed, weak; wrong signature | `HostKeyType`, `HostKeyMalformed`, `HostKeyWeak`, `HostSignature` | `exchange::replies`, `servers` |
//! | host certificates: malformed, of users, with unknown demands, signed by nobody or badly | `CertificateMalformed`, `CertificateKind`, `CertificateOption`, … | `tests::certificate` |
//! | another host key when keys are renewed | `HostKeyReplaced` | `rekey` |
//! | a wrong guess | skipped, once | `servers::a_wrong_guess_is_dropped_…` |
//! | key exchanges without end | `RekeyFlood` | `flood::exchanges` |
//! | an exchange that is not finished | `RekeyTimeout` | `rekey` |
//! | SERVICE_ACCEPT twice, for another service, late | `UnexpectedMessage`, `WrongService` | `login::out_of_order` |
//! | SUCCESS or FAILURE without being asked, twice, after login | `UnexpectedMessage` | `login::out_of_order` |
//! | messages of the connection before login, of login or a server's part after it | `UnexpectedMessage` | `login::out_of_order` |
//! | confirmation of a channel that was opened early, before SUCCESS | `UnexpectedMessage` | `login::a_confirmation_before_success` |
//! | what was started early: another number, a refusal, not understood | `EarlyStart` | `early` |
//! | an answer to it before its channel is confirmed | `ChannelState` | `early::an_answer_to_the_start_…` |
//! | FAILURE without end, partial success without end | `AuthRejected`, `AuthPartial` | `tests::login`, `tests::methods` |
//! | dialogues without end; more questions at once than anybody answers | `AuthRounds`, `TooManyPrompts` | `methods::endless_dialogues_…` |
//! | a password that has to be changed | `PasswordExpired` | `methods::an_expired_password_is_named` |
//! | banners: many, long | the first eight, cut at 8 KiB | `login::banners` |
//! | banners without end before login | `IdleMessages` | `flood::before_login` |
//! | a banner after login | `UnexpectedMessage` | `login::out_of_order` |
//! | EXT_INFO: more than 64 extensions, cut short, malformed | `TooLong`, `Truncated`, `Malformed` | `login::what_a_server_can` |
//! | IGNORE, DEBUG, UNIMPLEMENTED, EXT_INFO without end before login | `IdleMessages` | `flood::before_login` |
//! | the same after login | costs nothing | `flood::after_login` |
//! | requests without end and without reading | `Flooded` | `servers::a_peer_that_asks_…` |
//! | an answer nobody asked for | `UnexpectedReply` | `channels::connection` |
//! | channels opened by the server: X11, forwarded TCP, agent | refused | `channels::opened_by_the_server` |
//! | unknown messages after login | `UNIMPLEMENTED` | `channels::unknown_messages` |
//! | a channel nobody opened, or closed | `UnknownChannel` | `channels::after_close`, `channels::connection` |
//! | confirmation or refusal twice, anything before it | `ChannelState` | `channels::while_opening`, `channels::while_open` |
//! | largest packet 0 | `ChannelPacketZero` | `channels::largest_packets` |
//! | data or EOF after EOF | `ChannelState` | `channels::while_open` |
//! | more than the window, a packet beyond 32 KiB | `WindowExceeded`, `ChannelPacket` | `channels::while_open` |
//! | a window beyond 2^32-1 | `WindowOverflow` | `channels::while_open` |
//! | extended data of unknown kind | counted, dropped | `channels::unknown_kinds_of_data` |
//! | two exit statuses | the first counts | `channels::exits` |
//! | messages cut short | `Truncated` | `channels::cut_short` |
//! | the stream ends at any byte | `Closed` with its phase | `handshake::a_cut_at_every_byte_…` |

mod channels;
mod early;
mod exchange;
mod flood;
mod ident;
mod login;
mod packets;
mod servers;

use crate::ssh::number;
use crate::ssh::wire::Write;
use crate::ssh::*;
use crate::testing::ssh_pair::{Link, Pair};
use crate::testing::ssh_server::ServerConfig;

/// A message: its number and what `write` appends.
fn message(number: u8, write: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
    let mut out = vec![number];
    write(&mut out);
    out
}

/// A message of one string.
fn text(number: u8, text: &str) -> Vec<u8> {
    message(number, |out| out.put_string(text.as_bytes()))
}

/// Nothing of the server has been heard but its version string.
fn greeted() -> Pair {
    let mut pair = Pair::new(ServerConfig::default(), Link::Whole);
    pair.server.swallow();
    pair.deliver(b"SSH-2.0-hostile\r\n");
    pair
}

/// The host is trusted, and the client waits for the answer to its login.
fn keyed() -> Pair {
    let mut pair = Pair::new(ServerConfig::default(), Link::Whole);
    while pair.client.phase() != Phase::Authentication {
        assert!(pair.round());
    }
    // What the server would answer is not heard.
    pair.client_output();
    pair.server.swallow();
    pair
}

fn ready() -> Pair {
    let mut pair = Pair::new(ServerConfig::default(), Link::Whole);
    pair.run();
    assert!(pair.client.is_ready());
    pair
}

/// Logged in, with a command that says nothing.
fn running() -> (Pair, ChannelId) {
    let mut pair = ready();
    let channel = pair.client.open_session().unwrap();
    pair.client.exec(channel, b"hang");
    pair.run();
    pair.events.clear();
    (pair, channel)
}

/// What becomes of a connection on which the server says these messages.
fn told<M: AsRef<[u8]>>(mut pair: Pair, messages: impl IntoIterator<Item = M>) -> Option<Error> {
    messages.into_iter().for_each(|message| pair.server.inject(message.as_ref()));
    pair.hear();
    if pair.error.is_some() {
        assert_eq!(pair.client.poll_timeout(), None);
        assert_eq!(pair.client.open_session(), Err(Error::AlreadyClosed));
    }
    pair.error
}
