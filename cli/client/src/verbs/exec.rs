//! `insula exec`, `attach` and `cp`: a command in a container, its own streams, and its files.
//!
//! A WebAssembly component has no processes and no shell, so the cluster refuses all three for it and says what to do
//! instead; containers that have them are another matter. Terminals (`-t`) are not made: a command's streams are joined
//! to this process' as they are.

use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow, bail};
use clap_complete::{ArgValueCandidates, ArgValueCompleter};

use crate::failure::{Told, usage};
use crate::place::Place;
use crate::query::Query;
use crate::session::Session;
use crate::value::name;
use crate::{channels, complete, containers, say};

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    place: Place,
    /// A Pod, or TYPE/NAME of what runs Pods.
    #[arg(value_name = "POD | TYPE/NAME", add = ArgValueCompleter::new(complete::pods))]
    pod: String,
    /// The container; the first unless given.
    #[arg(long, short, value_name = "NAME", add = ArgValueCandidates::new(complete::containers))]
    container: Option<String>,
    /// Pass this process' input on.
    #[arg(long, short = 'i')]
    stdin: bool,
    /// Make a terminal: refused.
    #[arg(long, short = 't')]
    tty: bool,
    /// The command, after `--`.
    #[arg(last = true, value_name = "COMMAND")]
    command: Vec<String>,
}

#[derive(Debug, clap::Args)]
pub(crate) struct CopyArgs {
    #[command(flatten)]
    place: Place,
    /// A file or folder here, or POD:PATH.
    from: String,
    /// The folder it goes into, here or as POD:PATH.
    to: String,
    /// The container; the first unless given.
    #[arg(long, short, value_name = "NAME")]
    container: Option<String>,
}

/// Which of the two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Exec,
    Attach,
}

pub(crate) async fn run(args: Args, kind: Kind) -> Result<()> {
    if args.tty {
        return Err(usage("terminals are not made here; leave -t out"));
    }
    if (kind == Kind::Exec) == args.command.is_empty() {
        return Err(usage(match kind {
            Kind::Exec => "which command? `insula exec POD -- COMMAND ARGS`",
            Kind::Attach => "attach joins what runs already; `insula exec POD -- COMMAND` starts a command",
        }));
    }
    let session = Session::open(&args.place).await?;
    let pod = pod(&session, &args.pod).await?;
    let query = query(args.container.as_deref(), args.stdin);
    let query = args.command.iter().fold(query, |query, word| query.with("command", word));
    let sub = if kind == Kind::Exec { "exec" } else { "attach" };
    let path = format!("/api/v1/namespaces/{}/pods/{pod}/{sub}{query}", session.namespace);
    let connection = session.client.connect(&path).await?;
    match channels::run(connection, args.stdin.then(tokio::io::stdin), say::raw).await? {
        0 => Ok(()),
        code => Err(Told(code).into()),
    }
}

async fn pod(session: &Session, word: &str) -> Result<String> {
    let pods = containers::pods_of(session, word).await?;
    let first = pods.first().ok_or_else(|| anyhow!("{word} has no Pods"))?;
    Ok(name(first).to_owned())
}

fn query(container: Option<&str>, stdin: bool) -> Query {
    Query::default()
        .with_some("container", container)
        .with_if(stdin, "stdin", true)
        .with("stdout", true)
        .with("stderr", true)
}

/// One end of a copy.
#[derive(Debug, PartialEq, Eq)]
enum End {
    Here(PathBuf),
    There { pod: String, path: String },
}

impl End {
    fn parse(text: &str) -> Self {
        match text.split_once(':') {
            Some((pod, path)) if !pod.contains('/') && !pod.is_empty() => {
                Self::There { pod: pod.to_owned(), path: path.to_owned() }
            }
            _ => Self::Here(PathBuf::from(text)),
        }
    }
}

/// Copies by `tar` in the container, as kubectl does.
pub(crate) async fn copy(args: CopyArgs) -> Result<()> {
    let session = Session::open(&args.place).await?;
    let container = args.container.as_deref();
    match (End::parse(&args.from), End::parse(&args.to)) {
        (End::Here(from), End::There { pod, path }) => upload(&session, container, &from, &pod, &path).await,
        (End::There { pod, path }, End::Here(to)) => download(&session, container, &pod, &path, &to).await,
        _ => Err(usage("one of the two is POD:PATH, the other a path here")),
    }
}

async fn upload(session: &Session, container: Option<&str>, from: &Path, own: &str, to: &str) -> Result<()> {
    let (folder, file) = split(from)?;
    let connection = tar(session, container, own, true, &["tar", "xmf", "-", "-C", to]).await?;
    let mut packing = tokio::process::Command::new("tar")
        .args(["cf", "-", "-C"])
        .args([&folder, &file])
        .stdout(std::process::Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .context("tar does not start here")?;
    let archive = packing.stdout.take();
    finished(channels::run(connection, archive, say::raw).await?, own)
}

async fn download(session: &Session, container: Option<&str>, own: &str, from: &str, to: &Path) -> Result<()> {
    if !to.is_dir() {
        return Err(usage(format!("{} is no folder; what is copied goes into one", to.display())));
    }
    let (folder, file) = split(Path::new(from))?;
    let folder = folder.to_string_lossy().into_owned();
    let file = file.to_string_lossy().into_owned();
    let connection = tar(session, container, own, false, &["tar", "cf", "-", "-C", &folder, &file]).await?;
    let mut unpacking = std::process::Command::new("tar")
        .args(["xf", "-", "-C"])
        .arg(to)
        .stdin(std::process::Stdio::piped())
        .spawn()
        .context("tar does not start here")?;
    let mut archive = unpacking.stdin.take().context("tar takes no input")?;
    let code = channels::run(connection, None::<tokio::io::Empty>, |bytes| Ok(archive.write_all(bytes)?)).await?;
    drop(archive);
    let unpacked = unpacking.wait().context("tar")?;
    if !unpacked.success() {
        bail!("tar ended with {unpacked}");
    }
    finished(code, own)
}

/// The folder and the name in it.
fn split(path: &Path) -> Result<(PathBuf, PathBuf)> {
    let name = path.file_name().ok_or_else(|| usage(format!("{} names no file", path.display())))?;
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    Ok((folder.to_owned(), PathBuf::from(name)))
}

async fn tar(
    session: &Session,
    container: Option<&str>,
    own: &str,
    stdin: bool,
    command: &[&str],
) -> Result<kube::client::Connection> {
    let query = command.iter().fold(query(container, stdin), |query, word| query.with("command", word));
    session.client.connect(&format!("/api/v1/namespaces/{}/pods/{own}/exec{query}", session.namespace)).await
}

fn finished(code: u8, own: &str) -> Result<()> {
    if code != 0 {
        bail!("tar in pod/{own} ended with code {code}");
    }
    say::note("copied");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_end_of_a_copy_is_here_or_there() {
        let there = |pod: &str, path: &str| End::There { pod: pod.to_owned(), path: path.to_owned() };
        assert_eq!(End::parse("web:/tmp/a"), there("web", "/tmp/a"));
        assert_eq!(End::parse("./a:b"), End::Here("./a:b".into()));
        assert_eq!(End::parse("/a"), End::Here("/a".into()));
    }
}
