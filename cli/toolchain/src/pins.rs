//! The tools of each language, pinned: packages of Python with their hashes, which bring compilers and Node.js. Pure.
//!
//! They are the ones that the suite builds `samples/languages` with.

use crate::embedded;
use crate::language::Language;

/// The packages that a language's tools come in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Pins {
    /// What pip is given.
    pub(crate) requirements: &'static str,
    packages: Vec<(String, String)>,
}

impl Pins {
    /// The pins of a language; Rust's tools are the machine's.
    pub(crate) fn of(language: Language) -> Option<Self> {
        let requirements = embedded::text(embedded::PINS, &format!("{}/requirements.txt", language.name()));
        let packages = packages(requirements);
        (!packages.is_empty()).then_some(Self { requirements, packages })
    }

    /// The folder they are kept in, so that other versions are kept in another.
    pub(crate) fn folder(&self) -> String {
        let names: Vec<String> = self.packages.iter().map(|(name, version)| format!("{name}-{version}")).collect();
        names.join("_")
    }

    /// What pip leaves in a folder for each package that is whole (PEP 376, PEP 427).
    pub(crate) fn marks(&self) -> Vec<String> {
        let mark = |(name, version): &(String, String)| format!("{}-{version}.dist-info", name.replace('-', "_"));
        self.packages.iter().map(mark).collect()
    }
}

/// The names and versions of a file for pip: `NAME==VERSION \`, each followed by its hashes.
fn packages(requirements: &str) -> Vec<(String, String)> {
    let pinned = requirements.lines().filter_map(|line| line.trim_end_matches('\\').trim().split_once("=="));
    pinned.map(|(name, version)| (name.to_owned(), version.to_owned())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_language_but_rust_has_tools_of_one_version() {
        for language in Language::ALL {
            let Some(pins) = Pins::of(language) else {
                assert_eq!(language, Language::Rust);
                continue;
            };
            assert!(pins.requirements.contains("--hash=sha256:"), "{language:?}");
            assert_eq!(pins.marks().len(), 1, "{language:?}");
        }
    }

    #[test]
    fn packages_are_kept_by_name_and_version_and_known_by_what_pip_leaves() {
        let requirements = "# comment\na-b==1.2 \\\n    --hash=sha256:00 \\\n    --hash=sha256:01\nc==3\n";
        let pins = Pins { requirements, packages: packages(requirements) };
        assert_eq!(pins.folder(), "a-b-1.2_c-3");
        assert_eq!(pins.marks(), ["a_b-1.2.dist-info", "c-3.dist-info"]);
    }
}
