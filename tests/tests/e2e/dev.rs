//! `insula dev` as an author uses it: a project is edited while it is asked, broken, mended, and left.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use tests::project::Workbench;
use tests::slice::Slice;
use tests::{Load, load, within};

/// The first build compiles the SDK, and on a machine that never did so all that it needs.
const FIRST_WITHIN: Duration = Duration::from_secs(240);
/// A change is compiled, and on a busy machine of two cores that takes a while.
const CHANGE_WITHIN: Duration = Duration::from_secs(60);
/// From a built component to an answer, in seconds, where load, cluster and compilers share two cores.
const SERVED_WITHIN: f64 = 20.0;

/// A running `insula dev`.
struct Dev {
    child: Child,
    printed: Arc<Mutex<String>>,
    errors: PathBuf,
    _slice: Slice,
}

impl Dev {
    fn start(bench: &Workbench, project: &str) -> Self {
        let (slice, errors) = (Slice::take(), bench.path("errors"));
        let temporary = bench.path("tmp");
        std::fs::create_dir_all(&temporary).expect("a folder");
        let (node, api) = (slice.node_ip(1).to_string(), slice.server_addr(6443).to_string());
        let (pods, services) = (slice.pod_cidr(), slice.service_cidr());
        let kubeconfig = bench.path("kubeconfig").display().to_string();
        let args = ["dev", project, "--node-ip", &node, "--api-addr", &api, "--pod-cidr", &pods];
        let args = [&args[..], &["--service-cidr", &services, "--kubeconfig", &kubeconfig]].concat();
        let mut child = bench
            .command(&args)
            .env("TMPDIR", temporary)
            .stdout(Stdio::piped())
            .stderr(std::fs::File::create(&errors).expect("a file"))
            .spawn()
            .expect("insula starts");
        let printed = Arc::new(Mutex::new(String::new()));
        let (stdout, copy) = (child.stdout.take().expect("is piped"), Arc::clone(&printed));
        std::thread::spawn(move || {
            for line in BufReader::new(stdout).lines().map_while(Result::ok) {
                copy.lock().expect("nobody panics").push_str(&format!("{line}\n"));
            }
        });
        Self { child, printed, errors, _slice: slice }
    }

    fn printed(&self) -> String {
        self.printed.lock().expect("nobody panics").clone()
    }

    fn errors(&self) -> String {
        std::fs::read_to_string(&self.errors).unwrap_or_default()
    }

    /// The lines that tell of what is served, once there are so many.
    async fn served(&self, count: usize, deadline: Duration) -> Vec<String> {
        let look = async || {
            let printed = self.printed();
            let served: Vec<String> =
                printed.lines().filter(|line| line.starts_with("served ")).map(str::to_owned).collect();
            (served.len() >= count).then_some(served)
        };
        within(deadline, &format!("{count} times served"), look).await.0
    }

    /// Ctrl-C; whether it ended well.
    fn interrupt(&mut self) -> bool {
        let asked = kill_process(Pid::from_child(&self.child), Signal::INT).is_ok();
        asked && self.child.wait().is_ok_and(|status| status.success())
    }
}

impl Drop for Dev {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
        if std::thread::panicking() {
            show(&format!("--- it printed:\n{}\n--- its errors:\n{}", self.printed(), self.errors()));
        }
    }
}

#[expect(clippy::print_stderr, reason = "a failed test shows what the process said")]
fn show(text: &str) {
    eprintln!("{text}");
}

/// Replaces a text in a file as editors do: the new file is written beside it and renamed.
fn edit(file: &Path, from: &str, to: &str) {
    let text = std::fs::read_to_string(file).expect("is there");
    assert!(text.contains(from), "{from:?} is in {}", file.display());
    let beside = file.with_extension("new~");
    std::fs::write(&beside, text.replace(from, to)).expect("is written");
    std::fs::rename(beside, file).expect("is renamed");
}

async fn answers(addr: SocketAddr, wanted: &str) -> Duration {
    let look = async || load::get(addr, "/Lucilia").await.ok().filter(|(.., body)| body == wanted);
    within(CHANGE_WITHIN, &format!("the answer {wanted:?}"), look).await.1
}

/// `served     after 0.31 s http://127.0.0.1:30123/`
fn seconds(served: &str) -> f64 {
    served.split_whitespace().nth(2).and_then(|word| word.parse().ok()).expect("a time")
}

// C45
#[tokio::test]
async fn an_edit_is_served_without_a_failed_request_and_a_broken_one_leaves_the_old_served() {
    let bench = Workbench::new();
    let source = bench.project("rust-http", "greeter").join("src/lib.rs");
    let mut dev = Dev::start(&bench, "greeter");
    let served = dev.served(1, FIRST_WITHIN).await;
    let url = served[0].split_whitespace().find_map(|word| word.strip_prefix("http://")).expect("a URL");
    let addr: SocketAddr = url.trim_end_matches('/').parse().expect("an address");
    answers(addr, "Salve, Lucilia!\n").await;

    // Two workers, because a third would send what the template does not take.
    let load = Load { addrs: vec![addr], path: "/Lucilia".to_owned(), keep_alive: 1, fresh: 1 }.start();
    edit(&source, "{name}!", "{name}!!");
    answers(addr, "Salve, Lucilia!!\n").await;
    let served = dev.served(2, CHANGE_WITHIN).await;
    assert!(seconds(&served[1]) < SERVED_WITHIN, "{served:?}");

    edit(&source, "format!(", "format!?(");
    within(CHANGE_WITHIN, "the compiler's words are shown", async || {
        dev.errors().contains("could not compile `greeter`").then_some(())
    })
    .await;
    within(CHANGE_WITHIN, "what failed is told", async || dev.errors().contains("cargo build").then_some(())).await;
    answers(addr, "Salve, Lucilia!!\n").await;

    // The newest change wins: of two in a row the last is served, whatever became of the first.
    edit(&source, "format!?(", "format!(");
    edit(&source, "{name}!!", "{name}!!!");
    answers(addr, "Salve, Lucilia!!!\n").await;
    // The manifest is a source too.
    let count = dev.served(3, CHANGE_WITHIN).await.len();
    edit(&bench.path("greeter/deploy.yaml"), "value: Salve", "value: Vale");
    answers(addr, "Vale, Lucilia!!!\n").await;
    dev.served(count + 1, CHANGE_WITHIN).await;

    let report = load.finish().await;
    assert!(report.failed.is_empty(), "{:?} of {} requests", report.failed, report.ok);
    assert!(report.ok > 500, "too little traffic to tell: {}", report.ok);

    let begin = Instant::now();
    assert!(dev.interrupt(), "it ends well:\n{}", dev.errors());
    assert!(begin.elapsed() < Duration::from_secs(20), "it ends soon");
    let left: Vec<_> = std::fs::read_dir(bench.path("tmp")).expect("a folder").flatten().collect();
    assert!(left.is_empty(), "it leaves nothing behind: {left:?}");
    assert!(load::get(addr, "/").await.is_err(), "nothing listens after the end");
}

/// A command runs anew for each change, and what it prints is shown.
#[tokio::test]
async fn a_command_runs_anew_for_each_change_and_its_lines_are_shown() {
    let bench = Workbench::new();
    let source = bench.project("c", "greeter").join("main.c");
    let mut dev = Dev::start(&bench, "greeter");
    let shown = async |line: &str| {
        let look = async || dev.printed().lines().any(|one| one.starts_with("[greeter-") && one.ends_with(line));
        within(FIRST_WITHIN, line, async || look().await.then_some(())).await;
    };
    shown("] Salve, munde!").await;
    edit(&source, "%s, %s!", "%s, %s?");
    shown("] Salve, munde?").await;
    // An interrupt ends a build too, with all that it has started.
    edit(&source, "int main", "#include \"none.h\"\nint main");
    within(CHANGE_WITHIN, "it fails", async || dev.errors().contains("none.h").then_some(())).await;
    assert!(dev.interrupt(), "it ends well:\n{}", dev.errors());
}
