//! The languages there are, and what a folder is recognised by. Pure.

/// A language that projects are written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Language {
    /// `Cargo.toml`
    Rust,
    /// `package.json`
    JavaScript,
    /// `go.mod`
    Go,
    /// `app.py`
    Python,
    /// `*.c`
    C,
}

impl Language {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Rust, Self::JavaScript, Self::Go, Self::Python, Self::C];

    /// As on the command line.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Rust => "rust",
            Self::JavaScript => "javascript",
            Self::Go => "go",
            Self::Python => "python",
            Self::C => "c",
        }
    }

    /// As people write it.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::Rust => "Rust",
            Self::JavaScript => "JavaScript",
            Self::Go => "Go",
            Self::Python => "Python",
            Self::C => "C",
        }
    }

    /// Whether a file of that name at the top of a folder says that it is a project in this language.
    fn is_told_by(self, file: &str) -> bool {
        match self {
            Self::Rust => file == "Cargo.toml",
            Self::JavaScript => file == "package.json",
            Self::Go => file == "go.mod",
            Self::Python => file == "app.py",
            Self::C => file.ends_with(".c"),
        }
    }

    /// The languages of a folder with these files at its top.
    pub(crate) fn of(files: &[String]) -> Vec<Self> {
        Self::ALL.into_iter().filter(|language| files.iter().any(|file| language.is_told_by(file))).collect()
    }
}

impl std::str::FromStr for Language {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let known = Self::ALL.map(Self::name).join(", ");
        Self::ALL
            .into_iter()
            .find(|language| language.name() == text)
            .ok_or_else(|| format!("{text:?} is no language here; there are {known}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_known_by_its_files() {
        for (files, wanted) in [
            (&["Cargo.toml", "src"][..], &[Language::Rust][..]),
            (&["package.json", "app.js"], &[Language::JavaScript]),
            (&["go.mod", "main.go"], &[Language::Go]),
            (&["app.py", "wit"], &[Language::Python]),
            (&["README.md", "main.c"], &[Language::C]),
            (&["Cargo.toml", "shim.c"], &[Language::Rust, Language::C]),
            (&["README.md", "c", "app.pyc"], &[]),
        ] {
            let files: Vec<String> = files.iter().map(ToString::to_string).collect();
            assert_eq!(Language::of(&files), wanted, "{files:?}");
        }
        assert_eq!("go".parse(), Ok(Language::Go));
        assert!("cobol".parse::<Language>().is_err_and(|why| why.contains("python")));
    }
}
