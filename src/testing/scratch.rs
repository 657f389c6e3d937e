//! Places for the parsers that read files, and for programs that must find nothing.

use std::cell::OnceCell;
use std::path::PathBuf;

thread_local! {
    static FOLDER: OnceCell<Folder> = const { OnceCell::new() };
}

/// Removed when its thread ends.
struct Folder(PathBuf);

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// Writes `content` to a file of this thread; the same one every time.
pub fn file(content: &[u8]) -> PathBuf {
    let path = own("input");
    std::fs::write(&path, content).expect("room in the temporary directory");
    path
}

/// A folder of this thread, empty as long as nobody puts something there; the same one every time.
pub fn folder() -> PathBuf {
    let path = own("empty");
    std::fs::create_dir_all(&path).expect("room in the temporary directory");
    path
}

fn own(name: &str) -> PathBuf {
    FOLDER.with(|folder| {
        let folder = folder.get_or_init(|| {
            let thread = format!("{:?}", std::thread::current().id());
            let number: String = thread.chars().filter(char::is_ascii_digit).collect();
            let path = std::env::temp_dir().join(format!("scout-fuzz-{}-{number}", std::process::id()));
            std::fs::create_dir_all(&path).expect("room in the temporary directory");
            Folder(path)
        });
        folder.0.join(name)
    })
}
