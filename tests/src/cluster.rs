//! Real processes: a cluster of `insula` programs in a temporary directory, killed when the test ends.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

use tempfile::TempDir;

use crate::client::Api;
use crate::slice::Slice;
use crate::{paths, returned};

/// How long all objects may take to be read.
const READ_WITHIN: Duration = Duration::from_secs(30);
/// How long a role may take to say that it is ready, on a busy machine.
const READY_WITHIN: Duration = Duration::from_secs(60);

/// One running `insula` process.
#[derive(Debug)]
pub struct Role {
    child: Child,
    log: PathBuf,
}

impl Role {
    /// Starts the program and waits for its `ready` line.
    ///
    /// # Panics
    /// It ends instead; its log is shown.
    #[must_use]
    pub fn start(log: PathBuf, args: &[String]) -> Self {
        let file = std::fs::File::options().create(true).append(true).open(&log).expect("a log file");
        let mut child = Command::new(paths::insula())
            .args(args)
            .env_remove("KUBECONFIG")
            .env("RUST_BACKTRACE", "0")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(file)
            .spawn()
            .expect("insula starts");
        let stdout = child.stdout.take().expect("stdout is piped");
        let role = Self { child, log };
        let (tell, told) = std::sync::mpsc::channel();
        std::thread::spawn(move || {
            let ready = BufReader::new(stdout).lines().map_while(Result::ok).any(|line| line.starts_with("ready"));
            // Whoever asked may have given up.
            let _heard = tell.send(ready);
        });
        let ready = told.recv_timeout(READY_WITHIN).unwrap_or(false);
        assert!(ready, "insula {args:?} did not come up:\n{}", role.log());
        role
    }

    /// The process id.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// `kill -9`, and waits until the process is gone.
    pub fn kill(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }

    /// What the process logged so far.
    #[must_use]
    pub fn log(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// Sends SIGTERM and returns whether the process ended well.
    pub fn terminate(&mut self) -> bool {
        let pid = rustix::process::Pid::from_child(&self.child);
        let asked = rustix::process::kill_process(pid, rustix::process::Signal::TERM).is_ok();
        asked && self.child.wait().is_ok_and(|status| status.success())
    }
}

impl Drop for Role {
    fn drop(&mut self) {
        self.kill();
        if std::thread::panicking() {
            eprint_log(&self.log());
        }
    }
}

#[expect(clippy::print_stderr, reason = "a failed test shows what the process said")]
fn eprint_log(log: &str) {
    let lines: Vec<&str> = log.lines().collect();
    eprintln!("--- the end of the log:\n{}", lines[lines.len().saturating_sub(40)..].join("\n"));
}

/// A cluster on addresses of its own.
#[derive(Debug)]
pub struct Cluster {
    /// The control plane, with a host in it after [`Cluster::up`].
    pub server: Role,
    /// Hosts that joined, by number.
    pub hosts: Vec<Role>,
    /// Its addresses.
    pub slice: Slice,
    args: Vec<String>,
    dir: TempDir,
}

const API_PORT: u16 = 6443;
const HOST_PORT: u16 = 6444;

impl Cluster {
    /// `insula up`.
    #[must_use]
    pub fn up() -> Self {
        Self::up_with(&[])
    }

    /// `insula up` with more arguments.
    #[must_use]
    pub fn up_with(more: &[&str]) -> Self {
        Self::start("up", &["--node-ip".to_owned()], more)
    }

    /// `insula server`, without hosts.
    #[must_use]
    pub fn server() -> Self {
        Self::start("server", &[], &[])
    }

    fn start(verb: &str, node: &[String], more: &[&str]) -> Self {
        let slice = Slice::take();
        let dir = tempfile::Builder::new().prefix("insula-test-").tempdir().expect("a temporary directory");
        let path = |name: &str| dir.path().join(name).display().to_string();
        let mut args = vec![verb.to_owned()];
        let mut option = |name: &str, value: String| args.extend([name.to_owned(), value]);
        option("--data-dir", path("server"));
        option("--kubeconfig", path("kubeconfig"));
        option("--api-addr", slice.server_addr(API_PORT).to_string());
        option("--host-addr", slice.server_addr(HOST_PORT).to_string());
        option("--pod-cidr", slice.pod_cidr());
        option("--service-cidr", slice.service_cidr());
        if !node.is_empty() {
            option("--node-ip", slice.node_ip(1).to_string());
            option("--name", "node-1".to_owned());
        }
        args.extend(more.iter().map(|&word| word.to_owned()));
        let server = Role::start(dir.path().join("server.log"), &args);
        Self { server, hosts: Vec::new(), slice, args, dir }
    }

    /// Starts the control plane again, as it was.
    pub fn restart_server(&mut self) {
        self.server = Role::start(self.dir.path().join("server.log"), &self.args);
    }

    /// Joins one more host, named `node-N` from 2, and returns its index.
    pub fn join(&mut self) -> usize {
        let index = self.hosts.len();
        self.hosts.push(self.start_host(index));
        index
    }

    /// Starts the host of that index again; it has joined and needs no token.
    pub fn restart_host(&mut self, index: usize) {
        self.hosts[index] = self.start_host(index);
    }

    fn start_host(&self, index: usize) -> Role {
        let number = u8::try_from(index).expect("few hosts") + 2;
        let dir = self.dir.path().join(format!("host-{number}"));
        let mut args = vec!["join".to_owned()];
        if !dir.exists() {
            args.push(self.join_token());
        }
        let mut option = |name: &str, value: String| args.extend([name.to_owned(), value]);
        option("--server", self.slice.server_addr(HOST_PORT).to_string());
        option("--data-dir", dir.display().to_string());
        option("--name", format!("node-{number}"));
        option("--node-ip", self.slice.node_ip(number).to_string());
        Role::start(self.dir.path().join(format!("host-{number}.log")), &args)
    }

    /// A fresh join token.
    #[must_use]
    pub fn join_token(&self) -> String {
        let line = self.insula_ok(&["token", "create"]);
        line.split_whitespace().nth(2).expect("`insula join TOKEN ...`").to_owned()
    }

    /// The administrator's kubeconfig.
    #[must_use]
    pub fn kubeconfig(&self) -> PathBuf {
        self.dir.path().join("kubeconfig")
    }

    /// A file of the cluster's temporary directory.
    #[must_use]
    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// The Kubernetes API.
    pub async fn api(&self) -> Api {
        Api::new(&self.kubeconfig()).await
    }

    /// The address hosts dial.
    #[must_use]
    pub fn host_addr(&self) -> SocketAddr {
        self.slice.server_addr(HOST_PORT)
    }

    /// Runs a client command of `insula`.
    #[must_use]
    pub fn insula(&self, args: &[&str]) -> Output {
        run(&paths::insula(), &self.kubeconfig(), args)
    }

    /// Runs a client command of `insula` that must succeed.
    #[must_use]
    pub fn insula_ok(&self, args: &[&str]) -> String {
        ok("insula", args, &self.insula(args))
    }

    /// Runs kubectl.
    #[must_use]
    pub fn kubectl(&self, kubectl: &Path, args: &[&str]) -> Output {
        run(kubectl, &self.kubeconfig(), args)
    }

    /// Runs kubectl, which must succeed.
    #[must_use]
    pub fn kubectl_ok(&self, kubectl: &Path, args: &[&str]) -> String {
        ok("kubectl", args, &self.kubectl(kubectl, args))
    }

    /// Pushes a guest.
    pub fn push(&self, guest: &str, reference: &str) {
        let file = paths::guest(guest).display().to_string();
        let _pushed = self.insula_ok(&["push", &file, reference]);
    }
}

/// What a test leaves behind is read once more, while the server lives, where somebody wants to judge it.
impl Drop for Cluster {
    fn drop(&mut self) {
        let lives = self.server.child.try_wait().is_ok_and(|ended| ended.is_none());
        if returned::folder().is_none() || !lives || std::thread::panicking() {
            return;
        }
        let kubeconfig = self.kubeconfig();
        // A test may run inside of a runtime, in which nothing may block: a thread has one of its own.
        let thread = std::thread::Builder::new().name(std::thread::current().name().unwrap_or_default().to_owned());
        let read = thread.spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
            let reading = async { Api::new(&kubeconfig).await.read_everything().await };
            runtime.block_on(async { tokio::time::timeout(READ_WITHIN, reading).await })
        });
        let read = read.expect("a thread").join();
        assert!(matches!(read, Ok(Ok(Ok(())))), "what the test left behind cannot be read: {read:?}");
    }
}

fn run(program: &Path, kubeconfig: &Path, args: &[&str]) -> Output {
    let output = Command::new(program)
        .args(args)
        .env("KUBECONFIG", kubeconfig)
        .env("HOME", kubeconfig.parent().expect("a folder"))
        .stdin(Stdio::null())
        .output()
        .unwrap_or_else(|error| panic!("{} does not start: {error}", program.display()));
    returned::note(&args.join(" "), &String::from_utf8_lossy(&output.stdout));
    output
}

fn ok(program: &str, args: &[&str], output: &Output) -> String {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(output.status.success(), "{program} {args:?} failed:\n{}{}", text(&output.stdout), text(&output.stderr));
    text(&output.stdout)
}
