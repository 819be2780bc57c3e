//! Makes a component of a project.

use std::borrow::Cow;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crate::error::Error;
use crate::language::Language;
use crate::process::{Output, run};
use crate::recipe::{self, At, Pace};
use crate::tools;

/// A folder with the sources of one component.
#[derive(Clone, Debug)]
pub struct Project {
    /// The folder.
    pub dir: PathBuf,
    /// What it is called: the folder's name, made fit for a name of Kubernetes.
    pub name: String,
    /// What it is written in.
    pub language: Language,
}

/// A component that was made.
#[derive(Clone, Debug)]
pub struct Built {
    /// Where it lies: `target/NAME.wasm` of its project.
    pub path: PathBuf,
    /// It.
    pub wasm: Vec<u8>,
    /// How long the tools took.
    pub took: Duration,
}

impl Project {
    /// Looks at a folder; `language` says what is in it, if that is not to be found out.
    ///
    /// # Errors
    /// There is no such folder, or it could be no project or several.
    pub fn open(dir: &Path, language: Option<Language>) -> Result<Self, Error> {
        let dir = dir.canonicalize().map_err(Error::file(dir))?;
        let found = Language::of(&files(&dir)?);
        let language = match (language, found.as_slice()) {
            (Some(language), _) => language,
            (None, [language]) => *language,
            (None, []) => return Err(Error::NoProject { dir }),
            (None, _) => return Err(Error::SeveralProjects { dir, found }),
        };
        let name = name_of(&dir.file_name().unwrap_or_default().to_string_lossy());
        Ok(Self { dir, name, language })
    }
}

/// The files at the top of a folder, in order.
fn files(dir: &Path) -> Result<Vec<String>, Error> {
    let entries = std::fs::read_dir(dir).map_err(Error::file(dir))?;
    let mut names: Vec<String> =
        entries.flatten().map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    Ok(names)
}

/// Longest name of a Service.
const NAME_LEN_MAX: usize = 63;

/// A DNS label (RFC 1035) that is as near to a folder's name as one can be.
fn name_of(folder: &str) -> String {
    let fit = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' };
    let name: String = folder.chars().map(fit).collect();
    let name = name.trim_start_matches(|c: char| !c.is_ascii_lowercase());
    let name = name[..name.len().min(NAME_LEN_MAX)].trim_end_matches('-');
    if name.is_empty() { "app".to_owned() } else { name.to_owned() }
}

/// Makes the component; the tools that are fetched are kept in `tools`. What the tools say goes to standard error.
///
/// Dropping the future ends everything it has started.
///
/// # Errors
/// A tool is missing or fails, or makes no component.
pub async fn build(project: &Project, tools: &Path, pace: Pace) -> Result<Built, Error> {
    let begin = Instant::now();
    let (dir, language) = (&project.dir, project.language);
    needs(dir, language)?;
    let folder = tools::ensure(language, dir, tools).await?;
    let out = dir.join("target");
    std::fs::create_dir_all(&out).map_err(Error::file(&out))?;
    let path = out.join(format!("{}.wasm", project.name));
    let made = out.join(format!(".{}.wasm", project.name));
    let files = files(dir)?;
    let at = At { tools: &folder, cache: &tools.join("cache"), wasm: &made, files: &files };
    let step = recipe::of(language, at, pace);
    let made = match language {
        Language::Rust => only_component(&String::from_utf8_lossy(&run(&step, dir, Output::Read).await?))?,
        Language::JavaScript | Language::Go | Language::Python | Language::C => {
            run(&step, dir, Output::Shown).await?;
            made
        }
    };
    let module = std::fs::read(&made).map_err(Error::file(&made))?;
    let wasm = match component::adapt(&module)? {
        Cow::Borrowed(_) => module,
        Cow::Owned(component) => component,
    };
    write(&path, &wasm)?;
    if language != Language::Rust {
        std::fs::remove_file(&made).map_err(Error::file(&made))?;
    }
    Ok(Built { path, wasm, took: begin.elapsed() })
}

/// What the tools would miss, told before they say it less clearly.
fn needs(dir: &Path, language: Language) -> Result<(), Error> {
    let (name, why) = match language {
        Language::JavaScript => {
            ("build.mjs", "it says how a component is made of the sources; `insula new --template javascript` has one")
        }
        Language::Python => {
            ("wit", "its world says what the component exports and imports; `insula new --template python` has one")
        }
        Language::Rust | Language::Go | Language::C => return Ok(()),
    };
    let path = dir.join(name);
    if path.exists() { Ok(()) } else { Err(Error::Lacks { path, why }) }
}

/// Readers see the old component or the new one.
fn write(path: &Path, wasm: &[u8]) -> Result<(), Error> {
    let part = path.with_added_extension("part");
    std::fs::write(&part, wasm).map_err(Error::file(&part))?;
    std::fs::rename(&part, path).map_err(Error::file(path))
}

/// The one component among the messages of a build by cargo.
fn only_component(messages: &str) -> Result<PathBuf, Error> {
    let messages = messages.lines().filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok());
    let artifacts = messages.filter(|message| message["reason"] == "compiler-artifact");
    let files = artifacts.flat_map(|artifact| artifact["filenames"].as_array().cloned().unwrap_or_default());
    let wasm = |file: serde_json::Value| file.as_str().filter(|name| name.ends_with(".wasm")).map(PathBuf::from);
    let mut found: Vec<PathBuf> = files.filter_map(wasm).collect();
    match (found.pop(), found.as_slice()) {
        (Some(component), []) => Ok(component),
        (None, _) => Err(Error::NoComponent(
            "cargo made no component: a library needs `crate-type = [\"cdylib\"]` in its [lib]".to_owned(),
        )),
        (Some(last), others) => Err(Error::NoComponent(format!(
            "cargo made {} components, among them {}; build in the folder of the one that is meant",
            others.len() + 1,
            last.display()
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_fit_for_kubernetes() {
        for (folder, wanted) in [
            ("greeter", "greeter"),
            ("My_App.v2", "my-app-v2"),
            ("2024-shop-", "shop"),
            ("", "app"),
            ("...", "app"),
            ("grüße", "gr--e"),
            (&"x".repeat(80), &"x".repeat(63)),
        ] {
            assert_eq!(name_of(folder), wanted);
        }
    }

    #[test]
    fn the_component_is_the_one_wasm_file_that_cargo_tells_of() {
        let messages = "{\"reason\":\"compiler-artifact\",\"filenames\":[\"/t/dep.rlib\"]}\n\
                        {\"reason\":\"compiler-artifact\",\"filenames\":[\"/t/own.wasm\"]}\n\
                        {\"reason\":\"build-finished\",\"success\":true}\n";
        assert_eq!(only_component(messages).expect("one"), PathBuf::from("/t/own.wasm"));
        assert!(only_component("").is_err_and(|why| why.to_string().contains("cdylib")));
        assert!(only_component(&messages.repeat(2)).is_err_and(|why| why.to_string().contains("2 components")));
    }

    #[test]
    fn a_folder_is_a_project_in_one_language() {
        let dir = tempfile::tempdir().expect("a directory");
        let open = |language| Project::open(dir.path(), language);
        assert!(matches!(open(None), Err(Error::NoProject { .. })));
        std::fs::write(dir.path().join("main.c"), "").expect("is written");
        assert_eq!(open(None).expect("one language").language, Language::C);
        std::fs::write(dir.path().join("go.mod"), "").expect("is written");
        let several = open(None).expect_err("two languages").to_string();
        assert!(several.contains("Go or C") && several.contains("--language"), "{several}");
        assert_eq!(open(Some(Language::Go)).expect("as said").language, Language::Go);
    }
}
