//! The peers, as they come in their releases. Each run prints the whole command line.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use tests::paths;

/// A server of somebody else's, which ends with this value.
pub(crate) struct Peer {
    pub(crate) addr: SocketAddr,
    process: Child,
}

/// What helps `wasmtime serve` most here: pagemap scan with pages kept resident.
pub(crate) const WASMTIME_BEST: [&str; 3] =
    ["-Opooling-allocator=y", "-Opooling-pagemap-scan=y", "-Opooling-memory-keep-resident=1048576"];

impl Peer {
    /// `wasmtime serve` with hello.
    pub(crate) fn wasmtime(addr: SocketAddr, flags: &[&str]) -> Self {
        let mut command = Command::new(fetched("INSULA_PEER_WASMTIME"));
        command.args(["serve", "-Scli"]).args(flags).arg("--addr").arg(addr.to_string()).arg(paths::guest("hello02"));
        Self::start(addr, command)
    }

    /// workerd with the hello of `tests/clients/workerd`; `dir` takes its configuration.
    pub(crate) fn workerd(addr: SocketAddr, dir: &Path) -> Self {
        let worker = paths::root().join("tests/clients/workerd/hello.js");
        std::fs::copy(worker, dir.join("hello.js")).expect("copies the worker");
        let config = format!(
            "using Workerd = import \"/workerd/workerd.capnp\";\n\
             const config :Workerd.Config = (\n\
             services = [(name = \"main\", worker = (serviceWorkerScript = embed \"hello.js\", \
             compatibilityDate = \"2026-11-01\"))],\n\
             sockets = [(name = \"http\", address = \"{addr}\", http = (), service = \"main\")]);\n"
        );
        let file = dir.join("workerd.capnp");
        std::fs::write(&file, config).expect("writes the configuration");
        let mut command = Command::new(fetched("INSULA_PEER_WORKERD"));
        command.arg("serve").arg(file);
        Self::start(addr, command)
    }

    /// nginx, one worker for each core, which answers from memory; `dir` takes its configuration.
    pub(crate) fn nginx(addr: SocketAddr, dir: &Path) -> Self {
        let dir = dir.display();
        let config = format!(
            "worker_processes auto; daemon off; pid {dir}/nginx.pid; error_log stderr crit; events {{}}\n\
             http {{ access_log off; keepalive_requests 1000000000; client_body_temp_path {dir}/body;\n\
             server {{ listen {addr} reuseport; location / {{ return 200 \"hello\\n\"; }} }} }}\n"
        );
        let file = format!("{dir}/nginx.conf");
        std::fs::write(&file, config).expect("writes the configuration");
        let mut command = Command::new("nginx");
        command.args(["-p", &dir.to_string(), "-c", &file]);
        Self::start(addr, command)
    }

    /// etcd with the durability it comes with.
    pub(crate) fn etcd(addr: SocketAddr, dir: &Path) -> Self {
        let (client, peer) = (format!("http://{addr}"), format!("http://{}:{}", addr.ip(), addr.port() + 1));
        let mut command = Command::new("etcd");
        command.arg("--data-dir").arg(dir);
        command.args(["--listen-client-urls", &client, "--advertise-client-urls", &client]);
        command.args(["--listen-peer-urls", &peer, "--initial-advertise-peer-urls", &peer]);
        command.args(["--initial-cluster", &format!("default={peer}")]);
        Self::start(addr, command)
    }

    fn start(addr: SocketAddr, mut command: Command) -> Self {
        println!("peer: {command:?}");
        let process = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn();
        Self {
            addr,
            process: process.expect("the peer starts; Debian has nginx in nginx-light and etcd in etcd-server"),
        }
    }
}

/// A program that `cargo xtask bench` fetches.
fn fetched(variable: &str) -> PathBuf {
    std::env::var_os(variable).map(PathBuf::from).expect("the variable names the peer's program")
}

impl Drop for Peer {
    /// By SIGTERM, so that one with workers ends them, too.
    fn drop(&mut self) {
        let pid = rustix::process::Pid::from_child(&self.process);
        let told = rustix::process::kill_process(pid, rustix::process::Signal::TERM);
        debug_assert!(told.is_ok(), "it is not waited for yet");
        drop(self.process.wait());
    }
}
