//! `insula run`: a component in the sandbox, without a cluster.

use std::path::Path;
use std::time::Duration;

use alone::{Alone, Config, Failure};
use anyhow::{Context, Result, bail};
use client::failure::Told;
use client::say;
use toolchain::Pace;

use super::admit::{Kind, admit, kind};
use super::build::{INTERRUPTED, make};
use super::role;
use crate::args;

/// What a Pod's status tells of a trap, and of whatever else ends a guest: as of a process that SIGABRT has ended.
const ABORTED: u8 = 134;
/// As of one that SIGKILL has ended, for want of memory.
const KILLED: u8 = 137;
/// As timeout(1) tells that time is over.
const LATE: u8 = 124;

pub(crate) async fn run(args: args::Run) -> Result<()> {
    let (name, wasm) = component(&args).await?;
    let kind = kind(&admit(&name, &wasm)?);
    let config = Config {
        args: [vec![name.clone()], args.args].concat(),
        env: args.env,
        mounts: args.mounts,
        memory_bytes_max: args.memory,
        timeout: args.timeout,
    };
    match kind {
        Some(Kind::Server) => {
            let alone = start(wasm, config, alone::Kind::Server).await?;
            serve(&alone, args.listen).await
        }
        Some(Kind::Command) => {
            let alone = start(wasm, config, alone::Kind::Command).await?;
            to_its_end(&alone, args.timeout).await
        }
        Some(Kind::Receiver) | None => {
            bail!("{name} takes messages, which a cluster brings: deploy it, or try `insula dev`")
        }
    }
}

/// The component, and what it is called: of a file as it is, of a folder what is built there.
async fn component(args: &args::Run) -> Result<(String, Vec<u8>)> {
    let source = &args.source;
    let stem = |path: &Path| path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    if source.is_dir() {
        let built = make(source, &args.make, Pace::Thorough).await?;
        return Ok((stem(&built.path), built.wasm));
    }
    let wasm = std::fs::read(source).with_context(|| format!("cannot read {}", source.display()))?;
    Ok((stem(source), wasm))
}

/// Compiling takes a while, and an interrupt is heard meanwhile.
async fn start(wasm: Vec<u8>, config: Config, kind: alone::Kind) -> Result<Alone> {
    let started = tokio::task::spawn_blocking(move || Alone::start(&wasm, config, kind));
    tokio::select! {
        started = started => Ok(started.context("the compiler ended")??),
        asked = role::stop_asked() => {
            asked?;
            Err(Told(INTERRUPTED).into())
        }
    }
}

async fn serve(alone: &Alone, listen: std::net::SocketAddr) -> Result<()> {
    let bound = tokio::net::TcpListener::bind(listen).await;
    let listener = bound.with_context(|| format!("cannot listen on {listen}; give another address with --listen"))?;
    say::line(format!("http://{}/ until Ctrl-C", listener.local_addr()?))?;
    let stop = async { drop(role::stop_asked().await) };
    Ok(alone.serve(listener, stop).await?)
}

/// Runs a command, and ends this program with its status.
async fn to_its_end(alone: &Alone, timeout: Option<Duration>) -> Result<()> {
    let late = async {
        match timeout {
            Some(timeout) => {
                tokio::time::sleep(timeout).await;
                timeout
            }
            None => std::future::pending().await,
        }
    };
    tokio::select! {
        ended = alone.run() => match ended {
            Ok(0) => Ok(()),
            // As a shell sees it: the lowest eight bits.
            Ok(status) => Err(Told(status.to_le_bytes()[0]).into()),
            // Why is told already, with where.
            Err(Failure::Memory { .. }) => Err(Told(KILLED).into()),
            Err(_) => Err(Told(ABORTED).into()),
        },
        timeout = late => {
            say::note(format!("it did not end within {timeout:?}"));
            Err(Told(LATE).into())
        }
        asked = role::stop_asked() => {
            asked?;
            Err(Told(INTERRUPTED).into())
        }
    }
}
