//! The command line under the cursor, as the shell passes it after `--`.

use std::path::PathBuf;

use crate::target::Target;

/// What a completer must know of it.
#[derive(Debug, Default)]
pub(super) struct Line {
    pub(super) target: Target,
    pub(super) namespace: Option<String>,
    /// Words after the verb that are no flags, without the one under the cursor.
    pub(super) words: Vec<String>,
}

/// Flags whose value is the next word; what else begins with a dash stands alone or carries its value.
const WITH_VALUE: [&str; 22] = [
    "-n",
    "--namespace",
    "--context",
    "--kubeconfig",
    "--request-timeout",
    "-l",
    "--selector",
    "--field-selector",
    "-o",
    "--output",
    "-f",
    "--filename",
    "--sort-by",
    "-L",
    "--label-columns",
    "-c",
    "--container",
    "-p",
    "--patch",
    "--for",
    "--timeout",
    "--dry-run",
];
/// Verbs of two words.
const NESTED: [&str; 6] = ["rollout", "set", "auth", "config", "create", "top"];

impl Line {
    /// Of the process that the shell started.
    pub(super) fn of_environment() -> Self {
        let words = std::env::args_os().map(|word| word.to_string_lossy().into_owned());
        let line: Vec<String> = words.skip_while(|word| word != "--").skip(1).collect();
        let at = std::env::var("_CLAP_COMPLETE_INDEX").ok().and_then(|at| at.parse::<usize>().ok());
        let at = at.unwrap_or_else(|| line.len().saturating_sub(1)).min(line.len());
        Self::parse(&line[..at])
    }

    /// The words before the cursor, the program's name first.
    fn parse(words: &[String]) -> Self {
        let mut line = Self::default();
        let mut words = words.iter().skip(1);
        while let Some(word) = words.next() {
            if !word.starts_with('-') {
                line.words.push(word.clone());
                continue;
            }
            let (flag, value) = match word.split_once('=') {
                Some((flag, value)) => (flag, Some(value.to_owned())),
                None if WITH_VALUE.contains(&word.as_str()) => (word.as_str(), words.next().cloned()),
                None => (word.as_str(), None),
            };
            match flag {
                "-n" | "--namespace" => line.namespace = value,
                "--context" => line.target.context = value,
                "--kubeconfig" => line.target.kubeconfig = value.map(PathBuf::from),
                _ => {}
            }
        }
        let verbs = if line.words.first().is_some_and(|verb| NESTED.contains(&verb.as_str())) { 2 } else { 1 };
        line.words.drain(..verbs.min(line.words.len()));
        line
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Line {
        Line::parse(&text.split(' ').map(str::to_owned).collect::<Vec<_>>())
    }

    #[test]
    fn the_cluster_and_the_words_are_found_among_flags() {
        let line = parse("insula -n shop get --context=c pods -o wide --watch web --kubeconfig k");
        assert_eq!(line.words, ["pods", "web"]);
        assert_eq!((line.namespace.as_deref(), line.target.context.as_deref()), (Some("shop"), Some("c")));
        assert_eq!(line.target.kubeconfig, Some(PathBuf::from("k")));
        assert_eq!(parse("insula rollout status deploy").words, ["deploy"]);
        assert!(parse("insula get").words.is_empty() && parse("insula").words.is_empty());
    }
}
