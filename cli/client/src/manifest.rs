//! Manifests: files, directories and standard input, YAML or JSON, many objects each.
//!
//! URLs are deliberately not fetched: whoever applies what a stranger serves should have seen it.

use std::io::Read;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use clap::ValueHint;
use serde_json::Value;

use crate::failure::{Failures, usage};
use crate::value::{items, name, text};

/// Largest manifest file.
const BYTES_MAX: u64 = 16 << 20;
/// Directories below a directory; a link that leads back up ends here.
const DEPTH_MAX: usize = 32;

/// The files of a command line.
#[derive(Clone, Debug, Default, clap::Args)]
pub(crate) struct Files {
    /// A YAML or JSON manifest, or a directory of them; `-` is standard input.
    #[arg(long, short, value_name = "FILE", value_delimiter = ',', value_hint = ValueHint::AnyPath)]
    pub(crate) filename: Vec<PathBuf>,
    /// Read directories below directories too.
    #[arg(long, short = 'R')]
    pub(crate) recursive: bool,
}

/// An object and where it was read.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Manifest {
    pub(crate) object: Value,
    /// `web.yaml, document 2`
    pub(crate) place: String,
}

impl Files {
    /// Whether none was given.
    pub(crate) const fn is_empty(&self) -> bool {
        self.filename.is_empty()
    }

    /// Reads all; every file that cannot be read is told of.
    pub(crate) fn read(&self) -> Result<Vec<Manifest>> {
        let mut failures = Failures::default();
        let mut found = Vec::new();
        for file in &self.filename {
            for path in failures.note(self.expand(file)).unwrap_or_default() {
                found.extend(failures.note(read(&path)).unwrap_or_default());
            }
        }
        failures.end()?;
        if found.is_empty() {
            bail!("there are no objects in what -f names");
        }
        Ok(found)
    }

    fn expand(&self, path: &Path) -> Result<Vec<PathBuf>> {
        let shown = path.to_string_lossy();
        if shown.starts_with("http://") || shown.starts_with("https://") {
            return Err(usage(format!(
                "{shown} is not fetched; look at it first: curl -fsSL {shown} > FILE, then -f FILE"
            )));
        }
        if !path.is_dir() {
            return Ok(vec![path.to_owned()]);
        }
        let found = below(path, if self.recursive { DEPTH_MAX } else { 0 })?;
        if found.is_empty() {
            bail!(
                "{shown} holds no .yaml, .yml or .json file{}",
                if self.recursive { "" } else { "; -R looks deeper" }
            );
        }
        Ok(found)
    }
}

/// Manifests of a directory, by name.
fn below(directory: &Path, depth: usize) -> Result<Vec<PathBuf>> {
    let why = || format!("cannot read {}", directory.display());
    let mut entries: Vec<PathBuf> = Vec::new();
    for entry in std::fs::read_dir(directory).with_context(why)? {
        entries.push(entry.with_context(why)?.path());
    }
    entries.sort();
    let mut found = Vec::new();
    for entry in entries {
        if entry.is_dir() {
            if depth > 0 {
                found.extend(below(&entry, depth - 1)?);
            }
        } else if entry.extension().is_some_and(|e| e == "yaml" || e == "yml" || e == "json") {
            found.push(entry);
        }
    }
    Ok(found)
}

fn read(path: &Path) -> Result<Vec<Manifest>> {
    let mut text = String::new();
    let source: Box<dyn Read> = if path == Path::new("-") {
        Box::new(std::io::stdin())
    } else {
        Box::new(std::fs::File::open(path).with_context(|| format!("cannot open {}", path.display()))?)
    };
    source.take(BYTES_MAX + 1).read_to_string(&mut text).with_context(|| format!("{}", path.display()))?;
    if text.len() as u64 > BYTES_MAX {
        bail!("{} has more than {} MiB; split it", path.display(), BYTES_MAX >> 20);
    }
    parse(&text, &path.display().to_string())
}

/// The objects of a text that was read from `file`; Lists are taken apart.
///
/// # Errors
/// It is neither YAML nor JSON, or holds what is no object.
pub fn objects(text: &str, file: &str) -> Result<Vec<Value>> {
    Ok(parse(text, file)?.into_iter().map(|manifest| manifest.object).collect())
}

/// Reads the documents of a text; Lists are taken apart.
pub(crate) fn parse(text: &str, file: &str) -> Result<Vec<Manifest>> {
    let documents: Vec<Value> =
        serde_saphyr::from_multiple(text).with_context(|| format!("{file} is neither YAML nor JSON"))?;
    let mut found = Vec::new();
    for (at, document) in documents.into_iter().enumerate().filter(|(_, document)| !document.is_null()) {
        let place = format!("{file}, document {}", at + 1);
        if is_list(&document) {
            found.extend(
                items(&document, "/items").map(|object| Manifest { object: object.clone(), place: place.clone() }),
            );
        } else {
            found.push(Manifest { object: document, place });
        }
    }
    found.iter().try_for_each(check)?;
    Ok(found)
}

fn is_list(document: &Value) -> bool {
    text(document, "/kind").ends_with("List") && document.get("items").is_some_and(Value::is_array)
}

/// Refuses what cannot be an object, before anything is sent.
fn check(manifest: &Manifest) -> Result<()> {
    let object = &manifest.object;
    let lacks = ["/apiVersion", "/kind"].into_iter().find(|pointer| text(object, pointer).is_empty());
    let lacks = lacks.or_else(|| {
        (name(object).is_empty() && text(object, "/metadata/generateName").is_empty()).then_some("/metadata/name")
    });
    match lacks {
        Some(pointer) => bail!("{}: {} is missing", manifest.place, pointer[1..].replace('/', ".")),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_and_lists_become_objects_with_their_places() {
        let text = "apiVersion: v1\nkind: A\nmetadata: {name: a}\n---\n---\n\
                    apiVersion: v1\nkind: List\nitems:\n- {apiVersion: v1, kind: B, metadata: {name: b}}\n\
                    - {apiVersion: v1, kind: C, metadata: {generateName: c-}}\n";
        let found = parse(text, "f.yaml").expect("parses");
        let shown: Vec<_> = found.iter().map(|m| (m.object["kind"].as_str().unwrap_or(""), m.place.as_str())).collect();
        assert_eq!(shown, [("A", "f.yaml, document 1"), ("B", "f.yaml, document 2"), ("C", "f.yaml, document 2")]);
    }

    #[test]
    fn what_is_no_object_is_refused_with_its_place() {
        for (text, wanted) in [
            ("kind: A\n", "f, document 1: apiVersion is missing"),
            ("a: 1\n---\n", "apiVersion is missing"),
            ("apiVersion: v1\nkind: A\n", "metadata.name is missing"),
            ("a: [", "neither YAML nor JSON"),
        ] {
            let error = format!("{:#}", parse(text, "f").expect_err(text));
            assert!(error.contains(wanted), "{error}");
        }
    }

    #[test]
    fn urls_are_not_fetched() {
        let files = Files { filename: vec!["https://example.org/a.yaml".into()], recursive: false };
        assert!(files.read().expect_err("refused").to_string().contains("curl"));
    }
}
