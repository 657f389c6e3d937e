//! Everything that may be wrong with a request before anybody looks at what it asks for.

use super::Status;

macro_rules! refusals {
    ($($(#[$doc:meta])* $name:ident => $status:ident, $label:literal, $text:literal;)*) => {
        /// Why a request was not taken. Closed, so that every outcome has a name in metrics and in tests.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Refusal { $($(#[$doc])* $name,)* }

        impl Refusal {
            /// Every refusal, in the order of their numbers.
            pub const ALL: &[Self] = &[$(Self::$name,)*];

            /// What the peer is answered with.
            pub const fn status(self) -> Status {
                match self { $(Self::$name => Status::$status,)* }
            }

            /// The name in metrics: lower case, words joined by `_`, stable.
            pub const fn label(self) -> &'static str {
                match self { $(Self::$name => $label,)* }
            }

            /// What the peer is told.
            pub const fn text(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }
        }
    };
}

refusals! {
    /// Not what RFC 9112 calls a request line and headers: folded lines, bare line ends, control characters, white space
    /// before a colon.
    Head => BAD_REQUEST, "head", "The request line or a header is malformed";
    /// Neither a path, nor a URL, nor `*` for OPTIONS.
    Target => BAD_REQUEST, "target", "The target is malformed";
    /// Missing, empty, repeated, or not the name of a host.
    Host => BAD_REQUEST, "host", "There must be one header Host that names a host";
    /// Repeated, or not a number.
    Length => BAD_REQUEST, "length", "Content-Length must be one number";
    /// Both a length and chunks, or chunks in HTTP/1.0: a sign of smuggling.
    Framing => BAD_REQUEST, "framing", "The end of the body is told in two ways";
    /// Chunks that are not the last coding, or twice.
    Coding => BAD_REQUEST, "coding", "Transfer-Encoding must end with chunked";
    /// A chunk's size or end, or a trailer.
    Chunk => BAD_REQUEST, "chunk", "A chunk or a trailer is malformed";
    /// The head took too long.
    HeadTime => REQUEST_TIMEOUT, "head_time", "The request took too long";
    /// The body came too slowly, or not at all.
    BodyTime => REQUEST_TIMEOUT, "body_time", "The body took too long";
    /// A method whose requests have a body, and nothing says how long it is.
    LengthMissing => LENGTH_REQUIRED, "length_missing", "Content-Length is missing";
    /// Longer than we take.
    Body => CONTENT_TOO_LARGE, "body", "The body is too large";
    /// Longer than we take.
    TargetLength => URI_TOO_LONG, "target_length", "The target is too long";
    /// Something other than `100-continue`.
    Expectation => EXPECTATION_FAILED, "expectation", "Only 100-continue may be expected";
    /// More bytes or fields than we take, be it before the body or behind it.
    HeadLength => REQUEST_HEADER_FIELDS_TOO_LARGE, "head_length", "The headers are too large or too many";
    /// CONNECT: this is no proxy.
    Method => NOT_IMPLEMENTED, "method", "This is not a proxy";
    /// A coding of the body that we do not know.
    UnknownCoding => NOT_IMPLEMENTED, "unknown_coding", "Only the transfer coding chunked is known";
    /// Connections of the process.
    Connections => SERVICE_UNAVAILABLE, "connections", "There are too many connections; try again";
    /// Bodies that all peers send at this moment hold as much as they may.
    Intake => SERVICE_UNAVAILABLE, "intake", "There are too many large requests; try again";
    /// Long answers that are made already and that nobody takes hold as much as they may.
    Outlet => SERVICE_UNAVAILABLE, "outlet", "There are too many long answers that nobody reads; try again";
    /// Neither HTTP/1.1 nor HTTP/1.0.
    Version => HTTP_VERSION_NOT_SUPPORTED, "version", "Only HTTP/1.1 and HTTP/1.0 are spoken here";
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn labels_are_unique() {
        let labels: HashSet<_> = Refusal::ALL.iter().map(|refusal| refusal.label()).collect();
        assert_eq!(labels.len(), Refusal::ALL.len());
        assert!(Refusal::ALL.iter().all(|refusal| refusal.status().code() >= 400));
    }
}
