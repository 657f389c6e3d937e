//! What a file holds, by its name and by its content.

/// Whether bytes are to be read as text.
pub fn is_text(bytes: &[u8]) -> bool {
    memchr::memchr(0, bytes).is_none() && std::str::from_utf8(bytes).is_ok()
}

/// The MIME type of a file that holds text.
pub fn of_text(path: &str) -> &'static str {
    named(path).filter(|name| says_text(name)).unwrap_or("text/plain")
}

/// The MIME type of a file that does not.
pub fn of_bytes(path: &str) -> &'static str {
    named(path).filter(|name| !says_text(name)).unwrap_or("application/octet-stream")
}

/// The MIME type of a picture that clients show, by its first bytes.
pub fn of_image(bytes: &[u8]) -> Option<&'static str> {
    match bytes {
        [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1A, b'\n', ..] => Some("image/png"),
        [0xFF, 0xD8, 0xFF, ..] => Some("image/jpeg"),
        [b'G', b'I', b'F', b'8', b'7' | b'9', b'a', ..] => Some("image/gif"),
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => Some("image/webp"),
        _ => None,
    }
}

fn named(path: &str) -> Option<&'static str> {
    mime_guess::from_path(path).first_raw()
}

fn says_text(name: &str) -> bool {
    const APPLICATIONS: [&str; 8] = ["json", "xml", "javascript", "toml", "x-sh", "x-yaml", "x-sql", "sql"];
    name.starts_with("text/")
        || name.ends_with("+json")
        || name.ends_with("+xml")
        || name.strip_prefix("application/").is_some_and(|name| APPLICATIONS.contains(&name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_content_decides_and_the_name_says_more() {
        for (path, text, bytes) in [
            ("/etc/hosts", "text/plain", "application/octet-stream"),
            ("/a/index.html", "text/html", "application/octet-stream"),
            ("/a/b.json", "application/json", "application/octet-stream"),
            ("/a/b.svg", "image/svg+xml", "application/octet-stream"),
            ("/a/B.PNG", "text/plain", "image/png"),
            // Not a video.
            ("/a/b.ts", "text/plain", "video/vnd.dlna.mpeg-tts"),
            ("/a/b.tar.gz", "text/plain", "application/gzip"),
            ("/a.png/b", "text/plain", "application/octet-stream"),
            ("~", "text/plain", "application/octet-stream"),
        ] {
            assert_eq!((of_text(path), of_bytes(path)), (text, bytes), "{path}");
        }
        assert_eq!(of_image(b"\x89PNG\r\n\x1a\n\0"), Some("image/png"));
        assert_eq!(of_image(b"RIFF1234WEBPVP8 "), Some("image/webp"));
        assert_eq!(of_image(b"\x89PNG"), None);
        assert!(is_text(b"") && is_text("\u{e9}".as_bytes()));
        assert!(!is_text(b"a\0b") && !is_text(b"\xff"));
    }
}
