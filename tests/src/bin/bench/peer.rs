//! The peer: `wasmtime serve`, as it comes in its release.

use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};

use tests::paths;

/// `wasmtime serve`, the peer.
pub(crate) struct Peer {
    pub(crate) addr: SocketAddr,
    process: Child,
}

impl Peer {
    /// Pagemap scan with pages kept resident is what helps most here.
    pub(crate) const BEST: [&'static str; 3] =
        ["-Opooling-allocator=y", "-Opooling-pagemap-scan=y", "-Opooling-memory-keep-resident=1048576"];

    pub(crate) fn start(addr: SocketAddr, flags: &[&str]) -> Self {
        let program = std::env::var_os("INSULA_PEER_WASMTIME").expect("INSULA_PEER_WASMTIME names the peer");
        let mut command = Command::new(program);
        command.args(["serve", "-Scli"]).args(flags).arg("--addr").arg(addr.to_string()).arg(paths::guest("hello02"));
        println!("peer: {command:?}");
        let process = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("the peer starts");
        Self { addr, process }
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        drop(self.process.kill());
        drop(self.process.wait());
    }
}
