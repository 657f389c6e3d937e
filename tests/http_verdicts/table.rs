//! The table.

/// What comes, and what both answer. Behind the last answer the input is at its end.
pub struct Case {
    pub bytes: &'static str,
    pub ours: &'static [u16],
    pub hyper: &'static [u16],
    /// Why ours is another, where it is.
    pub why: &'static str,
}

const fn same(bytes: &'static str, both: &'static [u16]) -> Case {
    Case { bytes, ours: both, hyper: both, why: "" }
}

const fn differ(bytes: &'static str, ours: &'static [u16], hyper: &'static [u16], why: &'static str) -> Case {
    Case { bytes, ours, hyper, why }
}

const WORDLESS: &str = "hyper closes without a word";
const BOUND: &str = "hyper has no bound for bodies, or finds the number itself too large";
const CONTROL: &str = "an extension is text";
const LENGTH: &str = "who forgot the length is told, and not taken to have sent nothing";
const TWICE: &str = "nobody honest tells a length twice";
const FRAMING: &str = "two ways to find the end are how requests are smuggled (RFC 9112 §11.2)";
const CODING: &str = "hyper leaves other codings, and chunks in chunks, to its service";
const EAGER: &str = "hyper sees the end of the input before it asks for the body";
const EXPECTATION: &str = "RFC 9110 §10.1.1 allows a refusal; whoever expects something else is better told";
const HOST: &str = "hyper leaves the host to its service; RFC 9112 §3.2 wants these refused";
const TARGET: &str = "hyper leaves the target's form to its service";
const BARE: &str = "lines end with CR LF; who else has read a bare LF otherwise is not known";
const VERSION: &str = "the status for this is 505";

pub const TABLE: &[Case] = &[
    // --- good ones ---
    same("GET / HTTP/1.1\r\nHost: a\r\n\r\n", &[200]),
    same("GET /a/b?c=d&e HTTP/1.1\r\nHost: a.example:8000\r\nAccept: */*\r\n\r\n", &[200]),
    same("GET / HTTP/1.1\r\nhOST:a\r\n\r\n", &[200]),
    same("GET / HTTP/1.1\r\nHost:  \t a \t \r\n\r\n", &[200]),
    same("GET / HTTP/1.1\r\nHost: [::1]:8000\r\n\r\n", &[200]),
    same("GET / HTTP/1.0\r\n\r\n", &[200]),
    same("GET / HTTP/1.0\r\nHost: a\r\nConnection: keep-alive\r\n\r\nGET / HTTP/1.0\r\n\r\n", &[200, 200]),
    same("GET / HTTP/1.0\r\n\r\nGET / HTTP/1.0\r\n\r\n", &[200]),
    same("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", &[200]),
    same("GET / HTTP/1.1\r\nHost: a\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", &[200, 200]),
    same("HEAD / HTTP/1.1\r\nHost: a\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", &[200, 200]),
    same("OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", &[200]),
    same("GET http://b.example/x HTTP/1.1\r\nHost: a\r\n\r\n", &[200]),
    same("PROPFIND / HTTP/1.1\r\nHost: a\r\n\r\n", &[200]),
    same("\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", &[200]),
    same("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n", &[200]),
    same(
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabcGET / HTTP/1.1\r\nHost: a\r\n\r\n",
        &[200, 200],
    ),
    same("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 003\r\n\r\nabc", &[200]),
    same("GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc", &[200]),
    same(
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n",
        &[200, 200],
    ),
    same("GET / HTTP/1.1\r\nHost: a\r\nX: \u{e9}\r\n\r\n", &[200]),
    same("GET / HTTP/1.1\r\nHost: a\r\nX:\r\nY: \r\n\r\n", &[200]),
    same("GET / HTTP/1.1\r\nHost: a\r\nUpgrade: h2c\r\nConnection: upgrade\r\n\r\n", &[200]),
    // --- chunks ---
    same("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n", &[200]),
    same(
        "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: CHUNKED\r\n\r\n0\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n",
        &[200, 200],
    ),
    same(
        "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3;a=b;c=\"d\"\r\nabc\r\n0;e\r\n\r\n",
        &[200],
    ),
    same(
        "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nA: b\r\nC: d\r\n\r\n",
        &[200],
    ),
    same(
        "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0003\r\nabc\r\n000\r\n\r\n",
        &[200],
    ),
    same("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3 \r\nabc\r\n0\r\n\r\n", &[200]),
    differ("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n", &[400], &[], WORDLESS),
    differ("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n\r\n", &[400], &[], WORDLESS),
    differ(
        "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n-3\r\nabc\r\n0\r\n\r\n",
        &[400],
        &[],
        WORDLESS,
    ),
    differ(
        "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n+3\r\nabc\r\n0\r\n\r\n",
        &[400],
        &[],
        WORDLESS,
    ),
    differ(
        "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0x3\r\nabc\r\n0\r\n\r\n",
        &[400],
        &[],
        WORDLESS,
    ),
    differ(
        "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n",
        &[413],
        &[],
        BOUND,
    ),
    differ(
        "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nffffffff\r\n",
        &[413],
        &[],
        BOUND,
    ),
    differ(
        "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\nabc\r\n0\r\n\r\n",
        &[400],
        &[],
        WORDLESS,
    ),
    differ(
        "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\n0\r\n\r\n",
        &[400],
        &[],
        WORDLESS,
    ),
    differ(
        "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabcd\r\n0\r\n\r\n",
        &[400],
        &[],
        WORDLESS,
    ),
    differ(
        "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3;a\nabc\r\n0\r\n\r\n",
        &[400],
        &[],
        WORDLESS,
    ),
    differ(
        "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3;\0\r\nabc\r\n0\r\n\r\n",
        &[400],
        &[200],
        CONTROL,
    ),
    differ(
        "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nA : b\r\n\r\n",
        &[400],
        &[],
        WORDLESS,
    ),
    differ(
        "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nA: b\n\r\n",
        &[400],
        &[],
        WORDLESS,
    ),
    same("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n", &[]),
    // --- where the body ends ---
    differ("POST / HTTP/1.1\r\nHost: a\r\n\r\n", &[411], &[200], LENGTH),
    differ("PUT / HTTP/1.0\r\nHost: a\r\n\r\n", &[411], &[200], LENGTH),
    differ(
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nContent-Length: 3\r\n\r\nabc",
        &[400],
        &[200],
        TWICE,
    ),
    same("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3, 3\r\n\r\nabc", &[400]),
    same("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd", &[400]),
    same("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: +3\r\n\r\nabc", &[400]),
    same("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: -3\r\n\r\nabc", &[400]),
    same("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3 3\r\n\r\nabc", &[400]),
    same("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0x3\r\n\r\nabc", &[400]),
    same("POST / HTTP/1.1\r\nHost: a\r\nContent-Length:\r\n\r\n", &[400]),
    differ(
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999999999999\r\n\r\n",
        &[413],
        &[400],
        BOUND,
    ),
    differ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4194305\r\n\r\n", &[413], &[], BOUND),
    differ(
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        &[400],
        &[200],
        FRAMING,
    ),
    differ(
        "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n0\r\n\r\n",
        &[400],
        &[200],
        FRAMING,
    ),
    same("POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", &[400]),
    same("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\nabc", &[400]),
    same("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: identity\r\n\r\nabc", &[400]),
    differ(
        "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
        &[501],
        &[200],
        CODING,
    ),
    differ(
        "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        &[501],
        &[200],
        CODING,
    ),
    same("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked, gzip\r\n\r\n0\r\n\r\n", &[400]),
    differ(
        "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n",
        &[400],
        &[200],
        CODING,
    ),
    same("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: \r\n\r\n0\r\n\r\n", &[400]),
    same("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n", &[400]),
    same("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding : chunked\r\n\r\n0\r\n\r\n", &[400]),
    // --- expectations ---
    same("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\nabc", &[100, 200]),
    differ(
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nExpect: 100-Continue\r\n\r\n",
        &[100],
        &[],
        EAGER,
    ),
    same("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\nExpect: 100-continue\r\n\r\n", &[200]),
    same("POST / HTTP/1.0\r\nHost: a\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\nabc", &[200]),
    differ(
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nExpect: tea\r\n\r\nabc",
        &[417],
        &[200],
        EXPECTATION,
    ),
    differ(
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4194305\r\nExpect: 100-continue\r\n\r\n",
        &[413],
        &[],
        BOUND,
    ),
    // --- hosts and targets ---
    differ("GET / HTTP/1.1\r\n\r\n", &[400], &[200], HOST),
    differ("GET / HTTP/1.1\r\nHost:\r\n\r\n", &[400], &[200], HOST),
    differ("GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", &[400], &[200], HOST),
    differ("GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", &[400], &[200], HOST),
    differ("GET / HTTP/1.1\r\nHost: u@a\r\n\r\n", &[400], &[200], HOST),
    differ("GET / HTTP/1.1\r\nHost: a, b\r\n\r\n", &[400], &[200], HOST),
    differ("CONNECT a:443 HTTP/1.1\r\nHost: a\r\n\r\n", &[501], &[200], TARGET),
    differ("GET a HTTP/1.1\r\nHost: a\r\n\r\n", &[400], &[200], TARGET),
    differ("GET * HTTP/1.1\r\nHost: a\r\n\r\n", &[400], &[200], TARGET),
    differ("GET /#a HTTP/1.1\r\nHost: a\r\n\r\n", &[400], &[200], TARGET),
    differ("GET /\u{e9} HTTP/1.1\r\nHost: a\r\n\r\n", &[400], &[200], TARGET),
    differ("GET ftp://a/ HTTP/1.1\r\nHost: a\r\n\r\n", &[400], &[200], TARGET),
    same("GET http:///x HTTP/1.1\r\nHost: a\r\n\r\n", &[400]),
    // --- malformed heads ---
    differ("GET / HTTP/1.1\nHost: a\n\n", &[400], &[200], BARE),
    differ("GET / HTTP/1.1\r\nHost: a\n\r\n", &[400], &[200], BARE),
    differ("GET / HTTP/1.1\r\nHost: a\r\n\n", &[400], &[200], BARE),
    differ("\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", &[400], &[200], BARE),
    same("GET / HTTP/1.1\r\nHost: a\r\nX: a\rb\r\n\r\n", &[400]),
    same("GET / HTTP/1.1\r\nHost: a\r\nX: a\0b\r\n\r\n", &[400]),
    same("GET / HTTP/1.1\r\nHost: a\r\nX: a\x7fb\r\n\r\n", &[400]),
    same("GET / HTTP/1.1\r\nHost: a\r\nX: a\r\n b\r\n\r\n", &[400]),
    same("GET / HTTP/1.1\r\n Host: a\r\n\r\n", &[400]),
    same("GET / HTTP/1.1\r\nHost : a\r\n\r\n", &[400]),
    same("GET / HTTP/1.1\r\nHost: a\r\n: b\r\n\r\n", &[400]),
    same("GET / HTTP/1.1\r\nHost: a\r\nX\r\n\r\n", &[400]),
    same("GET / HTTP/1.1\r\nHost: a\r\nX(: b\r\n\r\n", &[400]),
    same("GET / HTTP/1.1\r\nHost: a\r\n\u{e9}: b\r\n\r\n", &[400]),
    same("GET  / HTTP/1.1\r\nHost: a\r\n\r\n", &[400]),
    same("GET / HTTP/1.1 \r\nHost: a\r\n\r\n", &[400]),
    same(" GET / HTTP/1.1\r\nHost: a\r\n\r\n", &[400]),
    same("GET /a b HTTP/1.1\r\nHost: a\r\n\r\n", &[400]),
    same("GET\t/ HTTP/1.1\r\nHost: a\r\n\r\n", &[400]),
    same("G(T / HTTP/1.1\r\nHost: a\r\n\r\n", &[400]),
    same("GET /\r\n\r\n", &[400]),
    same("GET / http/1.1\r\nHost: a\r\n\r\n", &[400]),
    same("GET / HTTP/1\r\nHost: a\r\n\r\n", &[400]),
    same("\x16\x03\x01\x02\0\x01\0\x01\x7c", &[400]),
    differ("GET / HTTP/1.2\r\nHost: a\r\n\r\n", &[505], &[400], VERSION),
    differ("GET / HTTP/2.0\r\nHost: a\r\n\r\n", &[505], &[400], VERSION),
    differ("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", &[505], &[], VERSION),
    // --- unfinished ---
    same("", &[]),
    same("GET / HTTP/1.1\r\nHost: a\r\n", &[]),
    same("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nab", &[]),
];
