//! Why there is no project, or no component.

use std::path::{Path, PathBuf};

use crate::language::Language;

/// Why there is no project, or no component. Each says how to mend it.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is no template of that name.
    #[error("there is no template {name:?}; there are {known}")]
    NoTemplate {
        /// What was asked for.
        name: String,
        /// What there is.
        known: String,
    },
    /// The folder of a new project has something in it.
    #[error(
        "{} is not empty, and nothing in it is overwritten; give another name, or another folder with --dir", dir.display()
    )]
    NotEmpty {
        /// The folder.
        dir: PathBuf,
    },
    /// No language is recognised.
    #[error(
        "{} holds no project: there is neither Cargo.toml, package.json, go.mod, app.py nor a file *.c in it; \
         `insula new NAME` makes one", dir.display()
    )]
    NoProject {
        /// The folder.
        dir: PathBuf,
    },
    /// Several languages are recognised.
    #[error("{} could be a project in {}; say which with --language", dir.display(), listed(found))]
    SeveralProjects {
        /// The folder.
        dir: PathBuf,
        /// What it could be.
        found: Vec<Language>,
    },
    /// A file that the language's tools need is missing.
    #[error("{} is missing: {why}", path.display())]
    Lacks {
        /// The file.
        path: PathBuf,
        /// What it is for, and how to come by one.
        why: &'static str,
    },
    /// A tool is not there.
    #[error("{tool} is missing, which is needed for {needed_for}; {mend}")]
    NoTool {
        /// The tool.
        tool: String,
        /// What for.
        needed_for: String,
        /// The command that brings it.
        mend: String,
    },
    /// A tool failed; it has said why.
    #[error("`{command}` failed ({status}); what it said stands above")]
    Failed {
        /// The command line.
        command: String,
        /// Its exit status.
        status: String,
    },
    /// The tools ran, and there is not exactly one component.
    #[error("{0}")]
    NoComponent(String),
    /// What came out is no component, and none can be made of it.
    #[error("what the tools made cannot be used: {0}")]
    Artifact(#[from] component::Error),
    /// A file cannot be read or written.
    #[error("{}: {error}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// What happened.
        error: std::io::Error,
    },
}

impl Error {
    /// For `map_err` on what was done to a file.
    pub(crate) fn file(path: &Path) -> impl FnOnce(std::io::Error) -> Self {
        move |error| Self::File { path: path.to_owned(), error }
    }
}

fn listed(languages: &[Language]) -> String {
    languages.iter().map(|language| language.title()).collect::<Vec<_>>().join(" or ")
}
