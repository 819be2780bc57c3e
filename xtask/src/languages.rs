//! Builds the guests that are not in Rust, each with the tools of its own language.
//!
//! A guest is a row: its language and its sources. A language is the commands that make a component of them. The commands run on a copy of the
//! sources, so that what tools leave behind never lies in the tree. A guest is built anew when its sources, its tools
//! or its commands change, and only then. There is no way around the pinned tools: what the machine has is not used.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use anyhow::{Context, Result};

use crate::packages::{self, stamp::Inputs};
use crate::process::{root, run, target_dir};

/// The folder with the WIT that guests of `wasi:http` are made for.
const WIT: &str = "wit";

struct Language {
    /// Also the folder in `samples/languages` with the pinned tools.
    name: &'static str,
    build: fn(&Workshop) -> Result<()>,
}

const JAVASCRIPT: Language = Language { name: "javascript", build: javascript };
const PYTHON: Language = Language { name: "python", build: python };
const C: Language = Language { name: "c", build: c };
const GO: Language = Language { name: "go", build: go };

/// One component in another language than Rust.
struct Guest {
    /// Of the `.wasm` file.
    name: &'static str,
    language: &'static Language,
    /// Its folder in `samples`.
    dir: &'static str,
    sources: &'static [&'static str],
}

const GUESTS: [Guest; 6] = [
    Guest {
        name: "javascript",
        language: &JAVASCRIPT,
        dir: "languages/javascript",
        sources: &["build.mjs", "hello.js"],
    },
    Guest { name: "python", language: &PYTHON, dir: "languages/python", sources: &["app.py"] },
    Guest { name: "c", language: &C, dir: "languages/c", sources: &["hello.c"] },
    Guest { name: "go", language: &GO, dir: "languages/go", sources: &["go.mod", "main.go"] },
    Guest { name: "shop_banner", language: &JAVASCRIPT, dir: "shop/banner", sources: &["build.mjs", "banner.js"] },
    Guest { name: "shop_reviews", language: &PYTHON, dir: "shop/reviews", sources: &["app.py"] },
];

/// Where one guest is built.
struct Workshop {
    /// The copy of its sources; the WIT lies beside it, and so do npm's packages.
    dir: PathBuf,
    /// The Python packages of its `requirements.txt`.
    packages: PathBuf,
    /// What its compiler keeps between builds.
    cache: PathBuf,
    /// The guest.
    wasm: PathBuf,
}

/// Builds every guest that is not up to date and returns the folder the `.wasm` files are in.
pub(crate) fn build() -> Result<PathBuf> {
    for guest in &GUESTS {
        let begin = Instant::now();
        let built = build_one(guest).with_context(|| format!("building {}, in {}", guest.name, guest.language.name))?;
        let bytes = std::fs::metadata(file(guest))?.len();
        let how = if built { format!("{} s", begin.elapsed().as_secs()) } else { "unchanged".to_owned() };
        println!("{}: {bytes} bytes, {how}", guest.name);
    }
    Ok(out())
}

fn out() -> PathBuf {
    target_dir().join("languages")
}

/// Where the Python packages of a language lie; JavaScript's bring Node.js.
pub(crate) fn tools(language: &str) -> PathBuf {
    out().join("tools").join(language)
}

fn file(guest: &Guest) -> PathBuf {
    out().join(format!("{}.wasm", guest.name))
}

/// Returns whether there was anything to do.
fn build_one(guest: &Guest) -> Result<bool> {
    let samples = root().join("samples");
    let (pins, sources) = (samples.join("languages").join(guest.language.name), samples.join(guest.dir));
    // npm's packages are the same for all guests of a language.
    let locks: &[&str] =
        if guest.language.name == JAVASCRIPT.name { &["package.json", "package-lock.json"] } else { &[] };
    let mut inputs = Inputs::new();
    // The commands are in this file.
    inputs.text(include_str!("languages.rs"));
    inputs.file(&pins.join(packages::REQUIREMENTS))?;
    for lock in locks {
        inputs.file(&pins.join(lock))?;
    }
    for source in guest.sources {
        inputs.file(&sources.join(source))?;
    }
    inputs.folder(&samples.join("languages").join(WIT))?;
    let stamp = out().join(format!("{}.stamp", guest.name));
    if inputs.made(&stamp) && file(guest).is_file() {
        return Ok(false);
    }

    let tools = tools(guest.language.name);
    packages::fetch(&tools, &pins)?;
    let copies = out().join("src");
    let at = Workshop {
        dir: copies.join(guest.name),
        packages: tools,
        cache: out().join("cache"),
        wasm: copies.join(format!("{}.wasm", guest.name)),
    };
    std::fs::create_dir_all(&at.dir)?;
    for lock in locks {
        std::fs::copy(pins.join(lock), copies.join(lock))?;
    }
    for source in guest.sources {
        std::fs::copy(sources.join(source), at.dir.join(source))?;
    }
    copy_folder(&samples.join("languages").join(WIT), &copies.join(WIT))?;
    (guest.language.build)(&at)?;
    std::fs::rename(&at.wasm, file(guest))?;
    inputs.write(&stamp)?;
    Ok(true)
}

/// Makes `to` the same as `from`.
fn copy_folder(from: &Path, to: &Path) -> Result<()> {
    if to.exists() {
        std::fs::remove_dir_all(to)?;
    }
    std::fs::create_dir_all(to)?;
    for entry in std::fs::read_dir(from)? {
        let path = entry?.path();
        let copy = to.join(path.file_name().context("an entry of a folder has a name")?);
        if path.is_dir() {
            copy_folder(&path, &copy)?;
        } else {
            std::fs::copy(&path, &copy)?;
        }
    }
    Ok(())
}

impl Workshop {
    fn command(&self, program: impl AsRef<std::ffi::OsStr>) -> Command {
        let mut command = Command::new(program);
        command.current_dir(&self.dir);
        command
    }
}

/// An engine and the source's state after its start, as one component.
fn javascript(at: &Workshop) -> Result<()> {
    let shared = at.dir.parent().context("guests are built side by side")?;
    let node = packages::npm(&at.packages, shared)?;
    run(at.command(node).arg("build.mjs").arg(&at.wasm))
}

/// An interpreter and the module's state after its import, as one component.
fn python(at: &Workshop) -> Result<()> {
    let mut componentize = at.command("python3");
    componentize.arg(at.packages.join("bin/componentize-py")).env("PYTHONPATH", &at.packages);
    run(componentize.args(["-d", "../wit", "-w", "hello", "componentize", "app", "-o"]).arg(&at.wasm))
}

/// A module for preview 1, which Insula makes a component of.
fn c(at: &Workshop) -> Result<()> {
    let cache = at.cache.join("zig");
    let mut cc = at.command(at.packages.join("ziglang/zig"));
    cc.env("ZIG_GLOBAL_CACHE_DIR", &cache).env("ZIG_LOCAL_CACHE_DIR", &cache);
    cc.args(["cc", "--target=wasm32-wasi", "-Os", "-s", "-Wall", "-Wextra", "-Werror", "-o"]);
    run(cc.arg(&at.wasm).arg("hello.c"))
}

/// A module for preview 1, which Insula makes a component of.
fn go(at: &Workshop) -> Result<()> {
    let mut go = at.command(at.packages.join("go/bin/go"));
    go.env("GOOS", "wasip1").env("GOARCH", "wasm").env("GOCACHE", at.cache.join("go"));
    // Nothing of the machine's own Go, and no other toolchain than this one.
    go.env("GOENV", "off").env("GOFLAGS", "").env("GOWORK", "off").env("GOTOOLCHAIN", "local").env("GOPROXY", "off");
    go.env_remove("GOROOT");
    go.args(["build", "-trimpath", "-buildvcs=false", "-ldflags=-s -w", "-o"]);
    run(go.arg(&at.wasm).arg("."))
}
