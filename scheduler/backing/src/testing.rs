//! Real servers for tests: started on a free port of this machine, ended with the test.

use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// Longest wait for anything; a loaded machine is slow, a broken test should not be.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// A server of another project.
pub(crate) struct Foreign {
    program: &'static str,
    arguments: Vec<String>,
    child: Child,
    pub(crate) port: u16,
    /// What it writes goes here.
    _dir: tempfile::TempDir,
}

impl Drop for Foreign {
    fn drop(&mut self) {
        self.kill();
    }
}

impl Foreign {
    /// Redis, keeping nothing.
    pub(crate) fn redis() -> Option<Self> {
        Self::start("redis-server", |port| {
            ["--port", port, "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"].map(str::to_owned).to_vec()
        })
    }

    /// NATS.
    pub(crate) fn nats() -> Option<Self> {
        Self::start("nats-server", |port| ["-a", "127.0.0.1", "-p", port].map(str::to_owned).to_vec())
    }

    /// `None`, said aloud, where the program is not installed; `.ci/run` installs it.
    fn start(program: &'static str, arguments: impl FnOnce(&str) -> Vec<String>) -> Option<Self> {
        let port = free_port();
        let arguments = arguments(&port.to_string());
        let dir = tempfile::tempdir().expect("a folder");
        let child = match spawn(program, &arguments, dir.path()) {
            Ok(child) => child,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                println!("SKIPPED: {program} is not installed; apt-get install {program}");
                return None;
            }
            Err(error) => panic!("{program} does not start: {error}"),
        };
        let server = Self { program, arguments, child, port, _dir: dir };
        server.wait();
        Some(server)
    }

    /// Ends it, as a crash does.
    pub(crate) fn kill(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }

    /// Starts it again on the same port.
    pub(crate) fn restart(&mut self) {
        self.kill();
        self.child = spawn(self.program, &self.arguments, self._dir.path()).expect("starts again");
        self.wait();
    }

    fn wait(&self) {
        let deadline = std::time::Instant::now() + PATIENCE;
        while std::net::TcpStream::connect(("127.0.0.1", self.port)).is_err() {
            assert!(std::time::Instant::now() < deadline, "{} never listened", self.program);
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

fn spawn(program: &str, arguments: &[String], dir: &std::path::Path) -> std::io::Result<Child> {
    let mut command = Command::new(program);
    command.args(arguments).current_dir(dir).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command.spawn()
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a free port").port()
}

/// Asks until the answer is there.
pub(crate) async fn eventually<T, F: Future<Output = Option<T>>>(what: &str, mut ask: impl FnMut() -> F) -> T {
    let deadline = tokio::time::Instant::now() + PATIENCE;
    loop {
        if let Some(answer) = ask().await {
            return answer;
        }
        assert!(tokio::time::Instant::now() < deadline, "never came: {what}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}
