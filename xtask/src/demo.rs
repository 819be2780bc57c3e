//! The main job: a cluster in a temporary directory that serves the sample application.
//!
//! It does what a user would do, with the `insula` binary alone: `up`, `push`, `apply`, then HTTP.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::channel;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};

use crate::guests;
use crate::process::{cargo, root, run, target_dir};

/// Where the demo listens; a second cluster on the same machine would use other addresses.
const API_ADDR: &str = "127.0.0.1:6443";
const WEB_ADDR: &str = "127.0.0.1:30080";
/// How long the cluster may take to come up, and the application to become available.
const READY_WITHIN: Duration = Duration::from_secs(60);
/// The page ends with it once all three components serve.
const LAST_LINE: &str = "satyricon            15.50 EUR";
const COMPONENTS: [&str; 3] = ["web", "catalog", "prices"];

/// Builds, starts, deploys and prints; with `check`, asks the URLs and exits.
pub(crate) fn run_demo(check: bool, dev: bool) -> Result<()> {
    let guests = guests::build()?;
    println!("building insula ({})...", if dev { "dev" } else { "release; this takes some minutes the first time" });
    // The suite has built the workspace in dev; one package alone would have other features, and build wasmtime anew.
    let what: &[&str] = if dev { &["--workspace"] } else { &["--package", "insula", "--release"] };
    run(cargo(&["build", "--locked"]).args(what))?;
    let insula = target_dir().join(if dev { "debug" } else { "release" }).join("insula");

    let mut dir = Scratch::new()?;
    let cluster = Cluster::start(&insula, &mut dir)?;
    for name in COMPONENTS {
        let file = guests.join(format!("shop_{name}.wasm"));
        run(cluster.insula("push", &[]).arg(file).arg(format!("shop/{name}:v1")))?;
    }
    run(cluster.insula("apply", &["-f"]).arg(root().join("samples/shop/shop.yaml")))?;
    let page = wait_for_page()?;

    println!("\nThe shop answers at http://{WEB_ADDR}/ :\n\n{page}");
    println!("kubeconfig: {}", cluster.kubeconfig.display());
    println!("try:  kubectl --kubeconfig {} get all -n shop", cluster.kubeconfig.display());
    println!("      curl -H 'staff-code: open-sesame' http://{WEB_ADDR}/");
    if check {
        return check_all(&cluster);
    }
    println!("\nThe cluster stays up until Ctrl-C.");
    cluster.wait()
}

fn check_all(cluster: &Cluster) -> Result<()> {
    let (status, page) = get("/", &[])?;
    ensure!(status == 200 && page.contains(LAST_LINE), "the page is wrong: {status}\n{page}");
    let (status, page) = get("/", &[("staff-code", "open-sesame")])?;
    ensure!(status == 200 && page.contains("satyricon            7.75 EUR"), "staff see no discount: {status}\n{page}");
    println!("GET / with the staff code:\n\n{page}");
    let (status, _) = get("/nothing", &[])?;
    ensure!(status == 404, "GET /nothing answers {status}, not 404");
    println!("GET /nothing: {status}");
    run(&mut cluster.insula("get", &["pods", "--namespace", "shop"]))?;
    run(&mut cluster.insula("status", &[]))?;
    println!("\ndemo: all as it should be");
    Ok(())
}

/// Asks until the page lists all prices.
fn wait_for_page() -> Result<String> {
    let deadline = Instant::now() + READY_WITHIN;
    loop {
        let seen = get("/", &[]);
        match seen {
            Ok((200, page)) if page.contains(LAST_LINE) => return Ok(page),
            seen if Instant::now() > deadline => bail!("the shop does not answer on http://{WEB_ADDR}/: {seen:?}"),
            _ => std::thread::sleep(Duration::from_millis(50)),
        }
    }
}

/// One `GET` over a connection of its own; the demo needs no HTTP library for that.
fn get(path: &str, headers: &[(&str, &str)]) -> Result<(u16, String)> {
    let mut stream = TcpStream::connect(WEB_ADDR)?;
    stream.set_read_timeout(Some(Duration::from_secs(30)))?;
    let extra: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    write!(stream, "GET {path} HTTP/1.0\r\nhost: {WEB_ADDR}\r\n{extra}\r\n")?;
    let mut text = String::new();
    stream.read_to_string(&mut text)?;
    let status = text.split_whitespace().nth(1).and_then(|code| code.parse().ok()).context("no status line")?;
    let body = text.split_once("\r\n\r\n").map_or("", |(_, body)| body).to_owned();
    Ok((status, body))
}

/// What is done when the demo has ended, however it ended: first the server, then the directory, are made to go.
/// It reads the two from its input, which lasts as long as the demo.
const JANITOR: &str = r#"read -r dir; read -r server; cat >/dev/null
if [ "$server" ]; then kill "$server"; while kill -0 "$server"; do sleep 0.1; done; fi
rm -rf "$dir""#;

/// A temporary directory that goes when the demo ends, also by Ctrl-C or a signal, which this program does not catch.
struct Scratch {
    path: PathBuf,
    janitor: Child,
}

impl Scratch {
    fn new() -> Result<Self> {
        let path = std::env::temp_dir().join(format!("insula-demo-{}", std::process::id()));
        std::fs::create_dir(&path).with_context(|| format!("cannot create {}", path.display()))?;
        let janitor = Command::new("sh")
            .args(["-c", JANITOR])
            // Ctrl-C is for the foreground's group, and this one is needed after it.
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()?;
        let mut scratch = Self { path, janitor };
        scratch.tell(&scratch.path.display().to_string())?;
        Ok(scratch)
    }

    fn tell(&mut self, line: &str) -> Result<()> {
        let input = self.janitor.stdin.as_mut().context("the janitor's input is piped")?;
        Ok(writeln!(input, "{line}")?)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        drop(self.janitor.stdin.take());
        drop(self.janitor.wait());
    }
}

/// A running `insula up`; killed when dropped.
struct Cluster {
    binary: PathBuf,
    kubeconfig: PathBuf,
    server: Child,
}

impl Cluster {
    fn start(binary: &Path, scratch: &mut Scratch) -> Result<Self> {
        let dir = scratch.path.clone();
        let kubeconfig = dir.join("kubeconfig");
        let mut server = Command::new(binary)
            .args(["up", "--api-addr", API_ADDR, "--data-dir"])
            .arg(dir.join("data"))
            .arg("--kubeconfig")
            .arg(&kubeconfig)
            .stdout(Stdio::piped())
            .stderr(std::fs::File::create(dir.join("log"))?)
            .spawn()
            .with_context(|| format!("cannot start {}", binary.display()))?;
        scratch.tell(&server.id().to_string())?;
        let stdout = server.stdout.take().context("stdout is piped")?;
        let (tell, told) = channel();
        std::thread::spawn(move || {
            let ready = BufReader::new(stdout).lines().map_while(Result::ok).any(|line| line.starts_with("ready"));
            let _heard = tell.send(ready);
        });
        let ready = told.recv_timeout(READY_WITHIN).unwrap_or(false);
        let cluster = Self { binary: binary.to_path_buf(), kubeconfig, server };
        if !ready {
            let log = std::fs::read_to_string(dir.join("log")).unwrap_or_default();
            bail!("`insula up` did not come up:\n{log}");
        }
        Ok(cluster)
    }

    fn insula(&self, verb: &str, args: &[&str]) -> Command {
        let mut command = Command::new(&self.binary);
        command.arg(verb).arg("--kubeconfig").arg(&self.kubeconfig).args(args);
        command
    }

    /// Waits for the server to end. Ctrl-C ends this program as well; the janitor cleans up.
    fn wait(mut self) -> Result<()> {
        let status = self.server.wait()?;
        ensure!(status.success(), "insula up ended: {status}");
        Ok(())
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        drop(self.server.kill());
        drop(self.server.wait());
    }
}
