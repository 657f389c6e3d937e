//! The statuses that a server of ours answers with (RFC 9110 §15).

macro_rules! statuses {
    ($($name:ident => $code:literal, $reason:literal;)*) => {
        impl Status {
            $(pub const $name: Self = Self($code);)*

            /// What people read behind the number.
            pub const fn reason(self) -> &'static str {
                match self.0 {
                    $($code => $reason,)*
                    _ => "",
                }
            }
        }
    };
}

/// The outcome of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Status(u16);

statuses! {
    OK => 200, "OK";
    ACCEPTED => 202, "Accepted";
    NO_CONTENT => 204, "No Content";
    NOT_MODIFIED => 304, "Not Modified";
    BAD_REQUEST => 400, "Bad Request";
    UNAUTHORIZED => 401, "Unauthorized";
    FORBIDDEN => 403, "Forbidden";
    NOT_FOUND => 404, "Not Found";
    METHOD_NOT_ALLOWED => 405, "Method Not Allowed";
    NOT_ACCEPTABLE => 406, "Not Acceptable";
    REQUEST_TIMEOUT => 408, "Request Timeout";
    CONFLICT => 409, "Conflict";
    LENGTH_REQUIRED => 411, "Length Required";
    CONTENT_TOO_LARGE => 413, "Content Too Large";
    URI_TOO_LONG => 414, "URI Too Long";
    UNSUPPORTED_MEDIA_TYPE => 415, "Unsupported Media Type";
    EXPECTATION_FAILED => 417, "Expectation Failed";
    TOO_MANY_REQUESTS => 429, "Too Many Requests";
    REQUEST_HEADER_FIELDS_TOO_LARGE => 431, "Request Header Fields Too Large";
    INTERNAL_SERVER_ERROR => 500, "Internal Server Error";
    NOT_IMPLEMENTED => 501, "Not Implemented";
    SERVICE_UNAVAILABLE => 503, "Service Unavailable";
    HTTP_VERSION_NOT_SUPPORTED => 505, "HTTP Version Not Supported";
}

impl Status {
    /// Three digits.
    pub const fn code(self) -> u16 {
        self.0
    }

    /// Answers with this status have no body, and say nothing of its length (RFC 9112 §6.3).
    pub const fn is_bodiless(self) -> bool {
        matches!(self, Self::NO_CONTENT | Self::NOT_MODIFIED)
    }
}
