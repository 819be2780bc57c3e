//! Templates: what a new project begins with.

use std::path::Path;

use crate::embedded::{PINS, SDK, TEMPLATES, WIT, text};
use crate::error::Error;
use crate::language::Language;

/// The template that is taken unless another is named.
pub const DEFAULT: &str = "rust-http";

/// Where the copy of the SDK lies in a project.
const SDK_FOLDER: &str = "vendor/insula-sdk";

/// The SDK's crates inherit from a workspace, which beside their copy is this one.
const SDK_WORKSPACE: &str = "# The SDK, as it came with the program `insula`.\n\
    [workspace]\nresolver = \"3\"\nmembers = [\"rust\", \"macros\"]\n\n[workspace.package]\nversion = \"0.1.0\"\n\
    edition = \"2024\"\nrust-version = \"1.95\"\nlicense = \"Apache-2.0\"\npublish = false\n\n[workspace.lints.rust]\n";

/// What tools leave behind.
const GITIGNORE: &str = "/target\n/node_modules\n__pycache__\n";

/// What a new project begins with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Template {
    /// Its name.
    pub name: &'static str,
    language: Language,
}

/// All of them.
pub const ALL: [Template; 6] = [
    Template { name: DEFAULT, language: Language::Rust },
    Template { name: "rust-job", language: Language::Rust },
    Template { name: "javascript", language: Language::JavaScript },
    Template { name: "python", language: Language::Python },
    Template { name: "c", language: Language::C },
    Template { name: "go", language: Language::Go },
];

/// The template of that name.
///
/// # Errors
/// There is none.
pub fn find(name: &str) -> Result<Template, Error> {
    ALL.into_iter()
        .find(|template| template.name == name)
        .ok_or_else(|| Error::NoTemplate { name: name.to_owned(), known: ALL.map(|template| template.name).join(", ") })
}

impl Template {
    /// One line about it.
    #[must_use]
    pub fn about(&self) -> &'static str {
        let manifest = text(TEMPLATES, &format!("{}/deploy.yaml", self.name));
        manifest.lines().next().unwrap_or_default().trim_start_matches("# ")
    }

    /// The files of a project called `name`, by their paths. A project in Rust takes the SDK from `sdk` if it is given, a
    /// folder with `rust`, `macros` and `wit` in it, else it gets a copy.
    #[must_use]
    pub fn files(&self, name: &str, sdk: Option<&Path>) -> Vec<(String, String)> {
        let sdk_folder = sdk.map_or_else(|| SDK_FOLDER.to_owned(), |sdk| sdk.display().to_string());
        let filled = |text: &str| text.replace("{{name}}", name).replace("{{sdk}}", &sdk_folder);
        let own = TEMPLATES.iter().filter_map(|(path, text)| {
            let path = path.strip_prefix(self.name)?.strip_prefix('/')?;
            Some((path.to_owned(), filled(text)))
        });
        let mut files: Vec<(String, String)> = own.collect();
        files.push((".gitignore".to_owned(), GITIGNORE.to_owned()));
        match self.language {
            Language::Rust if sdk.is_none() => {
                files.push((format!("{SDK_FOLDER}/Cargo.toml"), SDK_WORKSPACE.to_owned()));
                files.extend(below(SDK_FOLDER, SDK));
            }
            Language::JavaScript => {
                files.extend(below("wit", WIT));
                for file in ["package.json", "package-lock.json"] {
                    let text = text(PINS, &format!("javascript/{file}"));
                    let text = text.replace("\"name\": \"hello\"", &format!("\"name\": \"{name}\""));
                    files.push((file.to_owned(), text.replace("build.mjs hello", &format!("build.mjs target/{name}"))));
                }
            }
            Language::Python => files.extend(below("wit", WIT)),
            Language::Rust | Language::C | Language::Go => {}
        }
        files
    }

    /// Makes the project in `dir`, which is made if it does not exist.
    ///
    /// # Errors
    /// There is something in it already, or it cannot be written.
    pub fn write(&self, name: &str, dir: &Path, sdk: Option<&Path>) -> Result<(), Error> {
        std::fs::create_dir_all(dir).map_err(Error::file(dir))?;
        if std::fs::read_dir(dir).map_err(Error::file(dir))?.next().is_some() {
            return Err(Error::NotEmpty { dir: dir.to_owned() });
        }
        for (path, text) in self.files(name, sdk) {
            let path = dir.join(path);
            let folder = path.parent().unwrap_or(dir);
            std::fs::create_dir_all(folder).map_err(Error::file(folder))?;
            std::fs::write(&path, text).map_err(Error::file(&path))?;
        }
        Ok(())
    }
}

fn below(folder: &str, files: &[(&str, &str)]) -> Vec<(String, String)> {
    files.iter().map(|(path, text)| (format!("{folder}/{path}"), (*text).to_owned())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_template_is_whole_and_its_language_is_recognised() {
        for template in ALL {
            let files = template.files("greeter", None);
            let top: Vec<String> = files.iter().map(|(path, _)| path.clone()).filter(|p| !p.contains('/')).collect();
            assert_eq!(Language::of(&top), [template.language], "{}: {top:?}", template.name);
            assert!(top.contains(&"deploy.yaml".to_owned()), "{}", template.name);
            assert!(!template.about().is_empty(), "{}", template.name);
            let own = files.iter().filter(|(path, _)| !path.starts_with("vendor/"));
            for (path, text) in own {
                assert!(!text.contains("{{"), "{}: {path} is filled in", template.name);
            }
        }
    }

    #[test]
    fn the_sdk_is_a_copy_unless_another_is_given() {
        let rust = find(DEFAULT).expect("there is one");
        let has = |files: &[(String, String)], path: &str| files.iter().any(|(file, _)| file == path);
        let manifest = |files: &[(String, String)]| {
            files.iter().find(|(file, _)| file == "Cargo.toml").map(|(_, text)| text.clone()).unwrap_or_default()
        };
        let copied = rust.files("greeter", None);
        for file in ["Cargo.toml", "rust/Cargo.toml", "rust/src/lib.rs", "macros/src/lib.rs", "wit/world.wit"] {
            assert!(has(&copied, &format!("{SDK_FOLDER}/{file}")), "{file}");
        }
        let named = rust.files("greeter", Some(Path::new("/clone/sdk")));
        assert!(!has(&named, "vendor/insula-sdk/Cargo.toml"));
        assert!(manifest(&copied).contains("\"vendor/insula-sdk/rust\""));
        assert!(manifest(&named).contains("\"/clone/sdk/rust\""));
    }

    #[test]
    fn nothing_is_overwritten_and_nothing_unknown_is_made() {
        let dir = tempfile::tempdir().expect("a directory");
        let c = find("c").expect("there is one");
        c.write("greeter", dir.path(), None).expect("an empty directory will do");
        assert!(matches!(c.write("greeter", dir.path(), None), Err(Error::NotEmpty { .. })));
        let unknown = find("cobol").expect_err("is unknown").to_string();
        assert!(unknown.contains("cobol") && unknown.contains("rust-http") && unknown.contains("go"), "{unknown}");
    }
}
