//! Fetches the client libraries of other languages that the end-to-end tests speak through, pinned by hash.
//!
//! The sources in `tests/clients` name the packages. Node.js is the one that `languages` fetched.

use std::path::Path;

use anyhow::Result;

use crate::process::root;
use crate::{languages, packages};

/// Fetches Python's libraries to `python` and npm's to `node`, below `dir`. `node.path` names the Node.js to run.
pub(crate) fn fetch(dir: &Path) -> Result<()> {
    let sources = root().join("tests/clients");
    packages::fetch(&dir.join("python"), &sources.join("python"))?;
    let node = dir.join("node");
    std::fs::create_dir_all(&node)?;
    for file in ["package.json", "package-lock.json"] {
        std::fs::copy(sources.join("node").join(file), node.join(file))?;
    }
    let tools = languages::tools("javascript");
    packages::fetch(&tools, &root().join("samples/languages/javascript"))?;
    let program = packages::npm(&tools, &node)?;
    std::fs::write(node.join("node.path"), program.display().to_string())?;
    Ok(())
}
