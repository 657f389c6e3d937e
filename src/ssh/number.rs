//! Message numbers (RFC 4250 §4.1), disconnect reasons (§4.2) and open-failure reasons (§4.3).

pub const DISCONNECT: u8 = 1;
pub const IGNORE: u8 = 2;
pub const UNIMPLEMENTED: u8 = 3;
pub const DEBUG: u8 = 4;
pub const SERVICE_REQUEST: u8 = 5;
pub const SERVICE_ACCEPT: u8 = 6;
pub const EXT_INFO: u8 = 7;
pub const KEXINIT: u8 = 20;
pub const NEWKEYS: u8 = 21;
/// RFC 5656 §7.1; KEXDH_INIT and KEXDH_REPLY of RFC 4253 §8 have the same numbers and the same shape.
pub const KEX_ECDH_INIT: u8 = 30;
pub const KEX_ECDH_REPLY: u8 = 31;
/// Last number that belongs to key exchange (RFC 4251 §7).
pub const KEX_LAST: u8 = 49;
pub const USERAUTH_REQUEST: u8 = 50;
pub const USERAUTH_FAILURE: u8 = 51;
pub const USERAUTH_SUCCESS: u8 = 52;
pub const USERAUTH_BANNER: u8 = 53;
/// The numbers from 60 mean something else in each method (RFC 4252 §6): RFC 4252 §7 and §8, RFC 4256 §5.
pub const USERAUTH_PK_OK: u8 = 60;
pub const USERAUTH_PASSWD_CHANGEREQ: u8 = 60;
pub const USERAUTH_INFO_REQUEST: u8 = 60;
pub const USERAUTH_INFO_RESPONSE: u8 = 61;
pub const GLOBAL_REQUEST: u8 = 80;
pub const REQUEST_SUCCESS: u8 = 81;
pub const REQUEST_FAILURE: u8 = 82;
pub const CHANNEL_OPEN: u8 = 90;
pub const CHANNEL_OPEN_CONFIRMATION: u8 = 91;
pub const CHANNEL_OPEN_FAILURE: u8 = 92;
pub const CHANNEL_WINDOW_ADJUST: u8 = 93;
pub const CHANNEL_DATA: u8 = 94;
pub const CHANNEL_EXTENDED_DATA: u8 = 95;
pub const CHANNEL_EOF: u8 = 96;
pub const CHANNEL_CLOSE: u8 = 97;
pub const CHANNEL_REQUEST: u8 = 98;
pub const CHANNEL_SUCCESS: u8 = 99;
pub const CHANNEL_FAILURE: u8 = 100;

/// RFC 4254 §5.2.
pub const EXTENDED_DATA_STDERR: u32 = 1;

pub const OPEN_ADMINISTRATIVELY_PROHIBITED: u32 = 1;
pub const OPEN_CONNECT_FAILED: u32 = 2;
pub const OPEN_UNKNOWN_CHANNEL_TYPE: u32 = 3;
pub const OPEN_RESOURCE_SHORTAGE: u32 = 4;

pub const REASON_PROTOCOL_ERROR: u32 = 2;
pub const REASON_KEY_EXCHANGE_FAILED: u32 = 3;
pub const REASON_MAC_ERROR: u32 = 5;
pub const REASON_HOST_KEY_NOT_VERIFIABLE: u32 = 9;
pub const REASON_BY_APPLICATION: u32 = 11;
pub const REASON_NO_MORE_AUTH_METHODS: u32 = 14;
