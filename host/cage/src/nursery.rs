//! The thread that starts workers.
//!
//! A worker asks the kernel to end it when whoever started it ends, and the kernel means the thread: started by one of
//! a runtime's threads, which come and go, a worker would end with that. This one lasts as long as the process.

use std::io;
use std::sync::mpsc::{SendError, Sender, channel};
use std::sync::{Mutex, PoisonError};

use tokio::process::{Child, Command};
use tokio::runtime::Handle;
use tokio::sync::oneshot;

/// A program to be started, where its end is waited for, and who wants it.
type Job = (Command, Handle, oneshot::Sender<io::Result<Child>>);

/// Each keeper has at most one job in it. None until a worker is wanted, and after the thread could not be had.
static NURSERY: Mutex<Option<Sender<Job>>> = Mutex::new(None);

/// Starts a program, to be waited for on the caller's runtime.
pub(crate) async fn spawn(command: Command) -> io::Result<Child> {
    let (tell, told) = oneshot::channel();
    hand_over((command, Handle::current(), tell))?;
    told.await.map_err(|_| gone())?
}

/// Gives the thread a job; it is started if there is none, also where an earlier attempt failed.
fn hand_over(mut job: Job) -> io::Result<()> {
    let mut nursery = NURSERY.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(jobs) = &*nursery {
        match jobs.send(job) {
            Ok(()) => return Ok(()),
            Err(SendError(back)) => job = back,
        }
    }
    let jobs = open()?;
    jobs.send(job).map_err(|_| gone())?;
    *nursery = Some(jobs);
    Ok(())
}

fn gone() -> io::Error {
    io::Error::other("the thread that starts workers cannot be had")
}

fn open() -> io::Result<Sender<Job>> {
    let (jobs, waiting) = channel::<Job>();
    let work = move || {
        for (mut command, runtime, tell) in waiting {
            let _entered = runtime.enter();
            // Nobody waits any more: the child is dropped, and so ended.
            drop(tell.send(command.spawn()));
        }
    };
    let thread = std::thread::Builder::new().name("insula-cage".into()).spawn(work);
    thread.inspect_err(|error| tracing::error!(%error, "no thread to start workers")).map(|_| jobs)
}
