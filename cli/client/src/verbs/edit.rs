//! `insula edit`: an object in one's editor; what was changed there is merged into the object.
//!
//! The merge patch holds only what was edited, so a status that changes meanwhile is no conflict, and it carries the
//! version that was edited, so that nobody else's change to the object is overwritten unseen.

use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow, bail};
use http::Method;
use serde_json::{Value, json};

use crate::choice::{Choice, Chosen};
use crate::client::MERGE_PATCH;
use crate::failure::Failures;
use crate::output::yaml;
use crate::place::Place;
use crate::report::Report;
use crate::session::Session;
use crate::value::{text, without_managed_fields};
use crate::{merge, say};

/// How often an object that the server refuses is given back to the editor.
const ROUNDS_MAX: usize = 10;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    place: Place,
    #[command(flatten)]
    choice: Choice,
    #[command(flatten)]
    report: Report,
}

pub(crate) async fn run(args: Args) -> Result<()> {
    let session = Session::open(&args.place).await?;
    let mut failures = Failures::default();
    for chosen in args.choice.resolve(&session).await? {
        failures.note(one(&session, &args.report, &chosen).await);
    }
    failures.end()
}

async fn one(session: &Session, report: &Report, chosen: &Chosen) -> Result<()> {
    let before = without_managed_fields(session.client.object(&chosen.path()).await?);
    let file = Scratch::new(&chosen.name)?;
    let mut shown = yaml::text(&before)?;
    let mut why = String::new();
    for _ in 0..ROUNDS_MAX {
        let edited = file.edit(&format!("{}{shown}", heading(&why)))?;
        if edited.trim().is_empty() {
            bail!("nothing was left in the editor; {} stays as it is", chosen.label());
        }
        let sent = match serde_saphyr::from_str::<Value>(&edited).map_err(|error| anyhow!("not YAML: {error}")) {
            Ok(object) => {
                let patch = merge::difference(&before, &object);
                if merge::is_empty(&patch) {
                    file.remove();
                    return say::line(format!("{} unchanged", chosen.label()));
                }
                send(session, report, chosen, &before, patch).await
            }
            Err(error) => Err(error),
        };
        match sent {
            Ok(after) => {
                file.remove();
                return report.tell(&chosen.resource, &after, "edited");
            }
            // Somebody who looks at the editor can mend it; a script cannot.
            Err(error) if std::io::stdin().is_terminal() => {
                (why, shown) = (format!("{error:#}"), edited);
            }
            Err(error) => return Err(error.context(format!("what was edited is in {}", file.path.display()))),
        }
    }
    bail!("not taken after {ROUNDS_MAX} rounds: {why}; what was edited is in {}", file.path.display())
}

async fn send(session: &Session, report: &Report, chosen: &Chosen, before: &Value, mut patch: Value) -> Result<Value> {
    // Unless the editor took it out, which says that the newest may be overwritten.
    if patch.pointer("/metadata/resourceVersion").is_none() {
        patch["metadata"]["resourceVersion"] = json!(text(before, "/metadata/resourceVersion"));
    }
    let path = format!("{}{}", chosen.path(), report.query("insula-edit"));
    session.client.call(Method::PATCH, &path, MERGE_PATCH, &patch).await
}

fn heading(why: &str) -> String {
    let mut lines = vec!["Lines that begin with # are left out. An empty file changes nothing.".to_owned()];
    lines.extend(why.lines().map(|line| format!("NOT TAKEN: {line}")));
    lines.into_iter().map(|line| format!("# {line}\n")).collect()
}

/// A file of one's own that an editor opens.
struct Scratch {
    path: PathBuf,
}

impl Scratch {
    fn new(name: &str) -> Result<Self> {
        let file = format!("insula-edit-{name}-{}.yaml", std::process::id());
        Ok(Self { path: std::env::temp_dir().join(file) })
    }

    /// Writes the text, opens the editor, and reads what it left, without lines of comment.
    fn edit(&self, text: &str) -> Result<String> {
        use std::os::unix::fs::OpenOptionsExt;
        // It may hold a Secret, and the directory is everybody's.
        drop(std::fs::remove_file(&self.path));
        let open = std::fs::File::options().write(true).create_new(true).mode(0o600).open(&self.path);
        let why = || format!("cannot write {}", self.path.display());
        open.with_context(why)?.write_all(text.as_bytes()).with_context(why)?;
        run_editor(&self.path)?;
        let edited =
            std::fs::read_to_string(&self.path).with_context(|| format!("cannot read {}", self.path.display()))?;
        Ok(edited.lines().filter(|line| !line.starts_with('#')).map(|line| format!("{line}\n")).collect())
    }

    fn remove(&self) {
        drop(std::fs::remove_file(&self.path));
    }
}

/// Runs `$KUBE_EDITOR`, `$VISUAL`, `$EDITOR` or vi; the variable may hold arguments.
fn run_editor(file: &Path) -> Result<()> {
    let wanted = ["KUBE_EDITOR", "VISUAL", "EDITOR"].iter().find_map(|name| std::env::var(name).ok());
    let editor = wanted.filter(|editor| !editor.trim().is_empty()).unwrap_or_else(|| "vi".to_owned());
    // By the shell, as git and kubectl do, so that quotes within the variable mean what they say.
    let status =
        std::process::Command::new("sh").arg("-c").arg(format!("{editor} \"$1\"")).arg("sh").arg(file).status();
    let status = status.with_context(|| format!("the editor {editor:?} does not start; name another in $EDITOR"))?;
    if !status.success() {
        bail!("the editor {editor:?} ended with {status}; nothing is changed");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_not_taken_is_told_in_the_editor() {
        assert_eq!(heading("a\nb").lines().count(), 3);
        assert!(heading("").lines().all(|line| line.starts_with('#')));
    }
}
