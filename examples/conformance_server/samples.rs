//! The smallest picture and the shortest sound.

use scout_mcp::mcp::{Base64, Content};

/// One red pixel.
const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\x02\0\0\0\x90wS\xde\0\0\0\x0cIDATx\x9cc\xf8\xcf\xc0\
\0\0\x03\x01\x01\0\xc9\xfe\x92\xef\0\0\0\0IEND\xaeB`\x82";

/// Two samples of silence.
const WAV: &[u8] =
    b"RIFF(\0\0\0WAVEfmt \x10\0\0\0\x01\0\x01\0@\x1f\0\0\x80>\0\0\x02\0\x10\0data\x04\0\0\0\0\0\0\0";

pub const PNG_TYPE: &str = "image/png";

pub fn png() -> Base64 {
    Base64(PNG.to_vec())
}

pub fn image() -> Content {
    Content::Image { data: png(), mime_type: PNG_TYPE }
}

pub fn sound() -> Content {
    Content::Audio { data: Base64(WAV.to_vec()), mime_type: "audio/wav" }
}
