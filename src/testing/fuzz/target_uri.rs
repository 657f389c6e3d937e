//! What callers point at: any text is a target whose parts stand in it, or an error that can be shown.

use super::check_shown;
use crate::base::limits::{HOST_NAME_BYTES_MAX, PATH_BYTES_MAX};
use crate::scout::system::View;
use crate::target::Target;

pub fn run(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    match Target::parse(&text) {
        Ok(Target::Hosts) => assert!(text.trim().eq_ignore_ascii_case("hosts")),
        Ok(Target::Path { host, path }) => {
            if let Some(Err(error)) = View::at(&path) {
                check_shown(error.message(), 1_000);
            }
            let (host, path) = (host.as_str(), path.as_str());
            // The address of a view is written anew.
            let is_view = text.trim().starts_with("scout://") && path.starts_with("//");
            assert!((1..=HOST_NAME_BYTES_MAX).contains(&host.len()) && (is_view || text.contains(host)));
            assert!((1..=PATH_BYTES_MAX).contains(&path.len()) && (is_view || text.ends_with(path)));
            assert!(!path.contains('\0') && path.split('/').all(|part| part != ".."));
            // What was taken apart is the same when put together; a host whose name is the scheme of ours needs brackets.
            let is_bracketed = host.contains(':') || host == "scout";
            let whole = if is_bracketed { format!("[{host}]:{path}") } else { format!("{host}:{path}") };
            assert_eq!(Target::parse(&whole), Target::parse(&text));
        }
        Err(error) => check_shown(error.message(), 1_000),
    }
}
