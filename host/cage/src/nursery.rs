//! The thread that starts workers.
//!
//! A worker asks the kernel to end it when whoever started it ends, and the kernel means the thread: started by one of
//! a runtime's threads, which come and go, a worker would end with that. This one lasts as long as the process.

use std::io;
use std::sync::OnceLock;
use std::sync::mpsc::{Sender, channel};

use tokio::process::{Child, Command};
use tokio::runtime::Handle;
use tokio::sync::oneshot;

/// A program to be started, where its end is waited for, and who wants it.
type Job = (Command, Handle, oneshot::Sender<io::Result<Child>>);

/// Each keeper has at most one job in it.
static NURSERY: OnceLock<Option<Sender<Job>>> = OnceLock::new();

/// Starts a program, to be waited for on the caller's runtime.
pub(crate) async fn spawn(command: Command) -> io::Result<Child> {
    let gone = || io::Error::other("the thread that starts workers cannot be had");
    let nursery = NURSERY.get_or_init(open).as_ref().ok_or_else(gone)?;
    let (tell, told) = oneshot::channel();
    nursery.send((command, Handle::current(), tell)).map_err(|_| gone())?;
    told.await.map_err(|_| gone())?
}

fn open() -> Option<Sender<Job>> {
    let (jobs, waiting) = channel::<Job>();
    let work = move || {
        for (mut command, runtime, tell) in waiting {
            let _entered = runtime.enter();
            // Nobody waits any more: the child is dropped, and so ended.
            drop(tell.send(command.spawn()));
        }
    };
    let thread = std::thread::Builder::new().name("insula-cage".into()).spawn(work);
    thread.inspect_err(|error| tracing::error!(%error, "no thread to start workers")).ok().map(|_| jobs)
}
