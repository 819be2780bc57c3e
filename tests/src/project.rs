//! Projects on this machine: `insula new`, `build`, `run` and `dev` without a network, with what `cargo xtask` has fetched.

use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use tempfile::TempDir;

use crate::paths;

/// A folder for projects, and the tools that build them.
#[derive(Debug)]
pub struct Workbench {
    dir: TempDir,
}

impl Workbench {
    /// An empty one.
    ///
    /// # Panics
    /// There is no room on the disk.
    #[must_use]
    pub fn new() -> Self {
        let dir = tempfile::Builder::new().prefix("insula-project-").tempdir().expect("a temporary directory");
        let tools = dir.path().join("tools");
        std::fs::create_dir(&tools).expect("a folder");
        let languages = paths::target_dir().join("languages");
        symlink(languages.join("cache"), tools.join("cache")).expect("a link");
        for language in ["javascript", "python", "c", "go"] {
            let folder = pinned(language).replace("==", "-");
            symlink(languages.join("tools").join(language), tools.join(folder)).expect("a link");
        }
        Self { dir }
    }

    /// A path of it.
    #[must_use]
    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// `insula` in this folder, with no network and nobody's configuration.
    #[must_use]
    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(paths::insula());
        command
            .args(args)
            .current_dir(self.dir.path())
            .env_remove("KUBECONFIG")
            .env("INSULA_TOOLS", self.path("tools"))
            .env("CARGO_NET_OFFLINE", "true")
            // Its crates are built once for all tests.
            .env("CARGO_TARGET_DIR", paths::target_dir().join("projects"))
            .env("RUST_BACKTRACE", "0")
            .stdin(Stdio::null());
        command
    }

    /// Runs it to its end.
    ///
    /// # Panics
    /// It does not start.
    #[must_use]
    pub fn insula(&self, args: &[&str]) -> Output {
        self.command(args).output().expect("insula starts")
    }

    /// Runs it to its end, which must be a success.
    ///
    /// # Panics
    /// It fails; what it said is shown.
    #[must_use]
    pub fn insula_ok(&self, args: &[&str]) -> String {
        let output = self.insula(args);
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        assert!(output.status.success(), "{args:?}:\n{}{}", text(&output.stdout), text(&output.stderr));
        text(&output.stdout)
    }

    /// Makes a project of a template, which needs no network to be built: what npm and cargo would fetch is there.
    ///
    /// # Panics
    /// It cannot be made.
    #[must_use]
    pub fn project(&self, template: &str, name: &str) -> PathBuf {
        let _next = self.insula_ok(&["new", name, "--template", template]);
        let dir = self.path(name);
        match template {
            "javascript" => {
                let modules = paths::target_dir().join("languages/src/node_modules");
                symlink(modules, dir.join("node_modules")).expect("a link");
            }
            // The versions that the guests of `samples` are built with are in cargo's own folders.
            "rust-http" | "rust-job" => {
                let lock = paths::root().join("samples/Cargo.lock");
                std::fs::copy(lock, dir.join("Cargo.lock")).expect("is copied");
            }
            _ => {}
        }
        dir
    }
}

impl Default for Workbench {
    fn default() -> Self {
        Self::new()
    }
}

/// The package that brings a language's tools, `NAME==VERSION`.
fn pinned(language: &str) -> String {
    let requirements: &Path = &paths::root().join("samples/languages").join(language).join("requirements.txt");
    let text = std::fs::read_to_string(requirements).expect("requirements.txt");
    let line = text.lines().find(|line| line.contains("==")).expect("a pinned package");
    line.trim_end_matches('\\').trim().to_owned()
}
