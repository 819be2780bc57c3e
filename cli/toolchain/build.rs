//! Puts the templates, what they share and the SDK into the program, so that `insula new` needs no clone and no network.
//!
//! Everything is a table of names and texts; which of them a project gets is said in `src/template.rs`.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

fn main() -> io::Result<()> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut code = String::new();
    for (name, folder, parts) in [
        ("TEMPLATES", "sdk/templates", &["rust-http", "rust-job", "javascript", "python", "c", "go"][..]),
        ("SDK", "sdk", &["rust", "macros", "wit"]),
        ("WIT", "samples/languages/wit", &["deps"]),
        (
            "PINS",
            "samples/languages",
            &[
                "javascript/package.json",
                "javascript/package-lock.json",
                "javascript/requirements.txt",
                "python/requirements.txt",
                "c/requirements.txt",
                "go/requirements.txt",
            ],
        ),
    ] {
        let folder = root.join(folder);
        let mut files = Vec::new();
        for part in parts {
            println!("cargo::rerun-if-changed={}", folder.join(part).display());
            collect(&folder.join(part), &mut files)?;
        }
        files.sort();
        table(&mut code, name, &folder, &files)?;
    }
    let out = env::var_os("OUT_DIR").ok_or_else(|| io::Error::other("cargo sets OUT_DIR"))?;
    fs::write(Path::new(&out).join("embedded.rs"), code)
}

fn collect(path: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    if !path.is_dir() {
        files.push(path.to_owned());
        return Ok(());
    }
    for entry in fs::read_dir(path)? {
        let path = entry?.path();
        // What tools leave behind is no part of a template.
        if !path.ends_with("target") && !path.ends_with("Cargo.lock") {
            collect(&path, files)?;
        }
    }
    Ok(())
}

fn table(code: &mut String, name: &str, folder: &Path, files: &[PathBuf]) -> io::Result<()> {
    let mut rows = String::new();
    for file in files {
        let path = file.strip_prefix(folder).map_err(io::Error::other)?;
        let row = format!("    ({:?}, include_str!({:?})),", path, fs::canonicalize(file)?);
        writeln!(rows, "{row}").map_err(io::Error::other)?;
    }
    writeln!(code, "pub(crate) const {name}: &[(&str, &str)] = &[\n{rows}];").map_err(io::Error::other)
}
