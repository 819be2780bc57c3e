//! Fetches the client libraries of other languages that the end-to-end tests speak through, pinned by hash.
//!
//! The sources in `tests/clients` name the packages. Node.js is the one that `languages` fetched.

use std::path::{Path, PathBuf};

use anyhow::Result;

use crate::process::root;
use crate::{languages, packages};

/// Fetches Python's libraries to `python` and npm's to `node`, below `dir`. `node.path` names the Node.js to run.
pub(crate) fn fetch(dir: &Path) -> Result<()> {
    packages::fetch(&dir.join("python"), &sources().join("python"))?;
    let (node, program) = npm(dir, "node")?;
    std::fs::write(node.join("node.path"), program.display().to_string())?;
    Ok(())
}

/// Fetches Cloudflare's workerd, a peer of the benchmarks, to `workerd` below `dir`, and returns its program.
pub(crate) fn workerd(dir: &Path) -> Result<PathBuf> {
    let (folder, _) = npm(dir, "workerd")?;
    let package = if cfg!(target_arch = "aarch64") { "workerd-linux-arm64" } else { "workerd-linux-64" };
    Ok(folder.join("node_modules/@cloudflare").join(package).join("bin/workerd"))
}

fn sources() -> PathBuf {
    root().join("tests/clients")
}

/// Fetches the npm packages of one of the sources; their folder, and the Node.js that runs them.
fn npm(dir: &Path, name: &str) -> Result<(PathBuf, PathBuf)> {
    let folder = dir.join(name);
    std::fs::create_dir_all(&folder)?;
    for file in ["package.json", "package-lock.json"] {
        std::fs::copy(sources().join(name).join(file), folder.join(file))?;
    }
    let tools = languages::tools("javascript");
    packages::fetch(&tools, &root().join("samples/languages/javascript"))?;
    let program = packages::npm(&tools, &folder)?;
    Ok((folder, program))
}
