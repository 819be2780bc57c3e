//! What `build.rs` has put into the program: names of files, and their texts.

include!(concat!(env!("OUT_DIR"), "/embedded.rs"));

/// The text of a file that is in the program.
pub(crate) fn text(files: &'static [(&'static str, &'static str)], name: &str) -> &'static str {
    files.iter().find(|(path, _)| *path == name).map_or("", |(_, text)| text)
}
