//! Sees to it that a language's tools are there: asks for those of the machine, fetches those that are pinned.

use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::error::Error;
use crate::language::Language;
use crate::pins::Pins;
use crate::process::{Output, probe, run};
use crate::recipe::{self, RUST_TARGET, Step};

/// Returns the folder of the language's tools, below `root`.
pub(crate) async fn ensure(language: Language, dir: &Path, root: &Path) -> Result<PathBuf, Error> {
    let Some(pins) = Pins::of(language) else {
        rust(dir).await?;
        return Ok(root.to_owned());
    };
    let tools = root.join(pins.folder());
    if !pins.marks().iter().all(|mark| tools.join(mark).is_dir()) {
        fetch(language, &pins, root, &tools).await?;
    }
    if language == Language::JavaScript {
        packages(dir, &tools).await?;
    }
    Ok(tools)
}

/// The machine's Rust, and whether it makes components.
async fn rust(dir: &Path) -> Result<(), Error> {
    let libraries = probe(&Step::new("rustc", &["--print", "target-libdir", "--target", RUST_TARGET]), dir).await;
    let needed_for = "components in Rust".to_owned();
    match libraries {
        Some(folder) if Path::new(&folder).is_dir() => Ok(()),
        Some(_) => Err(Error::NoTool {
            tool: format!("the target {RUST_TARGET} of Rust"),
            needed_for,
            mend: format!("`rustup target add {RUST_TARGET}` adds it"),
        }),
        None => Err(Error::NoTool {
            tool: format!("a Rust that knows the target {RUST_TARGET}"),
            needed_for,
            mend: "install Rust with rustup, https://rustup.rs, or bring it up to date with `rustup update`".to_owned(),
        }),
    }
}

/// Puts the pinned packages into a folder of their own: no virtual environment, because Debian's Python makes none
/// without one more package, and nothing of the machine's changes. They appear all at once or not at all.
async fn fetch(language: Language, pins: &Pins, root: &Path, tools: &Path) -> Result<(), Error> {
    std::fs::create_dir_all(root).map_err(Error::file(root))?;
    if probe(&Step::new("python3", &["-m", "pip", "--version"]), root).await.is_none() {
        return Err(Error::NoTool {
            tool: "python3 with pip".to_owned(),
            needed_for: format!("the tools for {}, which are packages of Python", language.title()),
            mend: "on Debian `apt-get install python3 python3-pip` adds it".to_owned(),
        });
    }
    let part = tempdir_beside(tools)?;
    let requirements = part.join("requirements.txt");
    std::fs::write(&requirements, pins.requirements).map_err(Error::file(&requirements))?;
    let mut pip = Step::new("python3", &["-m", "pip", "install", "--quiet", "--no-deps", "--only-binary=:all:"]);
    pip.args.extend(["--require-hashes", "--target"].map(Into::into));
    pip.args.extend([part.as_os_str(), "--requirement".as_ref(), requirements.as_os_str()].map(Into::into));
    // Root or not is all the same to a folder of our own.
    run(&pip.env("PIP_ROOT_USER_ACTION", "ignore"), root, Output::Shown).await.map_err(|error| Error::NoTool {
        tool: pins.folder(),
        needed_for: format!("components in {}", language.title()),
        mend: format!("pip must reach a package index that has it, and could not fetch it: {error}"),
    })?;
    if tools.exists() {
        std::fs::remove_dir_all(tools).map_err(Error::file(tools))?;
    }
    std::fs::rename(&part, tools).map_err(Error::file(tools))
}

/// An empty folder beside `tools`; one that was left there is cleared away.
fn tempdir_beside(tools: &Path) -> Result<PathBuf, Error> {
    let part = tools.with_added_extension("part");
    if part.exists() {
        std::fs::remove_dir_all(&part).map_err(Error::file(&part))?;
    }
    std::fs::create_dir_all(&part).map_err(Error::file(&part))?;
    Ok(part)
}

/// The npm packages that the project's lock file names.
async fn packages(dir: &Path, tools: &Path) -> Result<(), Error> {
    let path = dir.join("package-lock.json");
    let lock = std::fs::read(&path).ok().and_then(|lock| serde_json::from_slice::<Value>(&lock).ok());
    let Some(lock) = lock else {
        return Err(Error::Lacks { path, why: "it pins the npm packages; `npm install` makes it" });
    };
    if are_installed(&lock, |package| version(&dir.join(package).join("package.json"))) {
        return Ok(());
    }
    run(&recipe::npm(tools), dir, Output::Shown).await.map(drop)
}

fn version(package: &Path) -> Option<String> {
    let package: Value = serde_json::from_slice(&std::fs::read(package).ok()?).ok()?;
    package["version"].as_str().map(str::to_owned)
}

/// Whether the packages that the project itself names are there as the lock file has them. What these need came with
/// them.
fn are_installed(lock: &Value, version: impl Fn(&str) -> Option<String>) -> bool {
    let root = &lock["packages"][""];
    let named = ["dependencies", "devDependencies"].into_iter().filter_map(|kind| root[kind].as_object());
    named.flat_map(serde_json::Map::keys).all(|name| {
        let path = format!("node_modules/{name}");
        let wanted = lock["packages"][&path]["version"].as_str();
        wanted.is_some() && wanted == version(&path).as_deref()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn packages_are_installed_if_they_are_those_of_the_lock_file() {
        let lock = json!({ "packages": {
            "": { "devDependencies": { "a": "^1" } },
            "node_modules/a": { "version": "1.2.0" },
            "node_modules/b": { "version": "9.0.0" },
        } });
        let there = |found: Option<&'static str>| move |_: &str| found.map(str::to_owned);
        assert!(are_installed(&lock, there(Some("1.2.0"))));
        assert!(!are_installed(&lock, there(Some("1.1.0"))));
        assert!(!are_installed(&lock, there(None)));
        assert!(are_installed(&json!({}), there(None)), "a project may need none");
    }
}
