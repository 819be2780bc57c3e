//! ConfigMaps and Secrets of files and literals.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use clap::ValueHint;
use serde_json::{Map, Value, json};

use super::Making;
use crate::failure::usage;

/// Where the data comes from.
#[derive(Debug, clap::Args)]
struct Sources {
    /// A key and its value.
    #[arg(long, value_name = "KEY=VALUE", value_parser = crate::words::key_value)]
    from_literal: Vec<(String, String)>,
    /// A file under its own name or another, or every file of a directory.
    #[arg(long, value_name = "[KEY=]PATH", value_hint = ValueHint::AnyPath)]
    from_file: Vec<String>,
    /// A file of KEY=VALUE lines.
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    from_env_file: Vec<PathBuf>,
}

impl Sources {
    /// Keys and bytes; the same key twice is a mistake.
    fn read(&self) -> Result<Vec<(String, Vec<u8>)>> {
        let mut found: Vec<(String, Vec<u8>)> = Vec::new();
        found.extend(self.from_literal.iter().map(|(key, value)| (key.clone(), value.clone().into_bytes())));
        for source in &self.from_file {
            found.extend(files(source)?);
        }
        for file in &self.from_env_file {
            let text = std::fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
            found.extend(variables(&text).with_context(|| file.display().to_string())?);
        }
        let mut keys: Vec<&str> = found.iter().map(|(key, _)| key.as_str()).collect();
        keys.sort_unstable();
        match keys.windows(2).find(|pair| pair[0] == pair[1]) {
            Some(pair) => Err(usage(format!("the key {:?} is given twice", pair[0]))),
            None => Ok(found),
        }
    }
}

fn files(source: &str) -> Result<Vec<(String, Vec<u8>)>> {
    let (key, path) = match source.split_once('=') {
        Some((key, path)) => (Some(key.to_owned()), Path::new(path)),
        None => (None, Path::new(source)),
    };
    let own = |path: &Path| path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let read = |path: &Path| std::fs::read(path).with_context(|| format!("cannot read {}", path.display()));
    if !path.is_dir() {
        return Ok(vec![(key.unwrap_or_else(|| own(path)), read(path)?)]);
    }
    if key.is_some() {
        return Err(usage(format!("{} is a directory, whose files have names of their own", path.display())));
    }
    let mut found = Vec::new();
    for entry in std::fs::read_dir(path).with_context(|| format!("cannot read {}", path.display()))? {
        let path = entry?.path();
        if path.is_file() {
            found.push((own(&path), read(&path)?));
        }
    }
    found.sort();
    Ok(found)
}

/// Lines of `KEY=VALUE`; empty ones and comments are left out.
fn variables(text: &str) -> Result<Vec<(String, Vec<u8>)>> {
    let lines =
        text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty() && !line.trim_start().starts_with('#'));
    lines
        .map(|(at, line)| match line.split_once('=') {
            Some((key, value)) => Ok((key.trim().to_owned(), value.as_bytes().to_vec())),
            None => Err(anyhow!("line {} is not of the form KEY=VALUE", at + 1)),
        })
        .collect()
}

#[derive(Debug, clap::Args)]
pub(super) struct ConfigMap {
    #[command(flatten)]
    making: Making,
    /// Its name.
    name: String,
    #[command(flatten)]
    sources: Sources,
}

impl ConfigMap {
    pub(super) fn object(self) -> Result<(Making, Value)> {
        let (mut data, mut binary) = (Map::new(), Map::new());
        for (key, bytes) in self.sources.read()? {
            match String::from_utf8(bytes) {
                Ok(text) => drop(data.insert(key, json!(text))),
                Err(error) => drop(binary.insert(key, json!(STANDARD.encode(error.as_bytes())))),
            }
        }
        let mut object = json!({ "apiVersion": "v1", "kind": "ConfigMap", "metadata": { "name": self.name } });
        for (member, all) in [("data", data), ("binaryData", binary)] {
            if !all.is_empty() {
                object[member] = Value::Object(all);
            }
        }
        Ok((self.making, object))
    }
}

/// What a Secret is for.
#[derive(Debug, clap::Subcommand)]
pub(super) enum Secret {
    /// Of files and literals.
    Generic(Generic),
    /// A certificate and its key.
    Tls(Tls),
}

#[derive(Debug, clap::Args)]
pub(super) struct Generic {
    #[command(flatten)]
    making: Making,
    /// Its name.
    name: String,
    #[command(flatten)]
    sources: Sources,
    /// Its type.
    #[arg(long, value_name = "TYPE", default_value = "Opaque")]
    r#type: String,
}

#[derive(Debug, clap::Args)]
pub(super) struct Tls {
    #[command(flatten)]
    making: Making,
    /// Its name.
    name: String,
    /// The certificate, PEM.
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    cert: PathBuf,
    /// Its private key, PEM.
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    key: PathBuf,
}

impl Secret {
    pub(super) fn object(self) -> Result<(Making, Value)> {
        match self {
            Self::Generic(args) => Ok((args.making, secret(&args.name, &args.r#type, args.sources.read()?))),
            Self::Tls(args) => {
                let read = |path: &Path| std::fs::read(path).with_context(|| format!("cannot read {}", path.display()));
                let data = vec![("tls.crt".to_owned(), read(&args.cert)?), ("tls.key".to_owned(), read(&args.key)?)];
                Ok((args.making, secret(&args.name, "kubernetes.io/tls", data)))
            }
        }
    }
}

fn secret(name: &str, kind: &str, data: Vec<(String, Vec<u8>)>) -> Value {
    let data: Map<String, Value> = data.into_iter().map(|(key, bytes)| (key, json!(STANDARD.encode(bytes)))).collect();
    json!({ "apiVersion": "v1", "kind": "Secret", "metadata": { "name": name }, "type": kind, "data": data })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_variables_are_read() {
        let found = variables("# a comment\nA=b\n\n C = d=e\n").expect("reads");
        assert_eq!(found, [("A".to_owned(), b"b".to_vec()), ("C".to_owned(), b" d=e".to_vec())]);
        assert!(variables("A").expect_err("no").to_string().contains("line 1"));
    }

    #[test]
    fn a_key_is_given_once() {
        let literal = |key: &str| (key.to_owned(), "v".to_owned());
        let sources = |literals| Sources { from_literal: literals, from_file: Vec::new(), from_env_file: Vec::new() };
        assert_eq!(sources(vec![literal("a"), literal("b")]).read().expect("reads").len(), 2);
        assert!(sources(vec![literal("a"), literal("a")]).read().is_err());
        assert_eq!(secret("s", "Opaque", vec![("a".to_owned(), b"v".to_vec())])["data"]["a"], "dg==");
    }
}
