//! One compilation in one child process.
//!
//! The child gets the artifact as its stdin and nothing else: no environment, no other file. Bounds are
//! the kernel's, so a compiler that is taken over cannot lift them.

use std::ffi::OsString;
use std::process::Stdio;
use std::time::Duration;

use bytes::Bytes;
use rustix::process::{Pid, Resource, Rlimit, prlimit, setpriority_process};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};
use tokio::process::{Child, ChildStdin, Command};

use super::{Error, Recipe};

/// Longest compilation: a component that bundles a JavaScript or Python engine takes about ten seconds.
const TIME_MAX: Duration = Duration::from_secs(120);
/// Most memory of a compilation; the largest real components need about one GiB.
const MEMORY_BYTES_MAX: u64 = 4 << 30;
/// Most machine code: ten times the largest components in use.
const CODE_BYTES_MAX: u64 = 512 << 20;
/// Priority of a compilation: it uses every core, and this server and the hosts beside it must be on time
/// meanwhile. A tenth of their share, not the least there is: on a busy machine that would hit the time bound.
const NICE: i32 = 10;
/// How much of the compiler's complaint is kept.
const COMPLAINT_BYTES_MAX: u64 = 16 << 10;

/// Compiles; returns the code.
pub(super) async fn compile(command: &[OsString], recipe: &Recipe) -> Result<Bytes, Error> {
    let broken = |what: &str, e: std::io::Error| Error::Broken(format!("{what}: {e}"));
    let (program, arguments) =
        command.split_first().ok_or_else(|| Error::Broken("no compiler is configured".to_owned()))?;
    let mut parts = Vec::new();
    for (name, wasm) in &recipe.linked {
        let bytes = std::fs::metadata(wasm).map_err(|e| broken(&wasm.display().to_string(), e))?.len();
        parts.push(format!("--part={name}={bytes}"));
    }
    let stdin = if parts.is_empty() {
        std::fs::File::open(&recipe.wasm).map_err(|e| broken(&recipe.wasm.display().to_string(), e))?.into()
    } else {
        Stdio::piped()
    };
    let mut child = Command::new(program)
        .args(arguments)
        .args(["--engine", &recipe.engine.version, "--target", &recipe.engine.target])
        .args(["--features", &recipe.engine.cpu_features.join(",")])
        .args(parts)
        .env_clear()
        .stdin(stdin)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .map_err(|e| broken(&program.to_string_lossy(), e))?;
    bound(&child)?;
    let feed = feed(child.stdin.take(), &recipe.linked);
    match tokio::time::timeout(TIME_MAX, async { tokio::join!(feed, finish(&mut child)).1 }).await {
        Ok(result) => result,
        Err(_) => Err(Error::Bound(format!("it took more than {} seconds", TIME_MAX.as_secs()))),
    }
}

/// Gives the child its parts, one after the other. What goes wrong with that, the child says.
async fn feed(stdin: Option<ChildStdin>, parts: &[(String, std::path::PathBuf)]) {
    let Some(mut stdin) = stdin else { return };
    for (_, path) in parts {
        let fed = async { stdin.write_all(&tokio::fs::read(path).await?).await };
        if let Err(error) = fed.await {
            tracing::debug!(path = %path.display(), %error, "the compiler did not take a part");
            return;
        }
    }
}

/// Private writable memory is what a bomb eats; address space that is only reserved costs nothing.
fn bound(child: &Child) -> Result<(), Error> {
    // A child that has already ended has no id and needs no bound.
    let Some(id) = child.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw) else { return Ok(()) };
    let seconds = TIME_MAX.as_secs() * u64::try_from(super::AT_ONCE).unwrap_or(1) * 8;
    for (resource, most) in [(Resource::Data, MEMORY_BYTES_MAX), (Resource::Cpu, seconds), (Resource::Core, 0)] {
        match prlimit(Some(id), resource, Rlimit { current: Some(most), maximum: Some(most) }) {
            Ok(_) | Err(rustix::io::Errno::SRCH) => {}
            Err(error) => return Err(Error::Broken(format!("its limits could not be set: {error}"))),
        }
    }
    // Threads it starts from here on inherit this. It is a courtesy to our neighbours, not a bound.
    if let Err(error) = setpriority_process(Some(id), NICE) {
        tracing::debug!(%error, "the compiler runs at our own priority");
    }
    Ok(())
}

async fn finish(child: &mut Child) -> Result<Bytes, Error> {
    let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
    let (code, complaint) = tokio::join!(read(stdout, CODE_BYTES_MAX), read(stderr, COMPLAINT_BYTES_MAX));
    let (code, complaint) = (code?, complaint?);
    if code.len() as u64 > CODE_BYTES_MAX {
        return Err(Error::Bound(format!("it made more than {CODE_BYTES_MAX} bytes of code")));
    }
    let status = child.wait().await.map_err(|e| Error::Broken(e.to_string()))?;
    let complaint = String::from_utf8_lossy(&complaint[..complaint.len().min(4 << 10)]).trim().to_owned();
    match status.code() {
        Some(0) if code.is_empty() => Err(Error::Broken("it made no code".to_owned())),
        Some(0) => Ok(code.into()),
        Some(_) => Err(Error::Refused(complaint)),
        None => Err(Error::Bound(format!("{status}; {complaint}"))),
    }
}

/// Reads to the end, or to one byte past the bound; the pipe then closes, which ends the writer.
async fn read(from: Option<impl AsyncRead + Unpin>, bytes_max: u64) -> Result<Vec<u8>, Error> {
    let mut bytes = Vec::new();
    if let Some(from) = from {
        from.take(bytes_max + 1).read_to_end(&mut bytes).await.map_err(|e| Error::Broken(e.to_string()))?;
    }
    Ok(bytes)
}
