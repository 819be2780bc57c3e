//! What authors do without a cluster, and with one: every template is made, built, deployed and answers.

use std::io::{BufRead, BufReader, Write};
use std::process::{Output, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use tests::client::Api;
use tests::project::Workbench;
use tests::{Cluster, load, paths, within};

use crate::deploy::answer;

/// An interpreter is compiled in 10 to 20 s on two idle cores, and two stand in line with other tests.
const COMPILED_WITHIN: Duration = Duration::from_secs(240);

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn printed(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[test]
fn new_refuses_what_it_cannot_make_and_overwrites_nothing() {
    let bench = Workbench::new();
    let list = bench.insula_ok(&["new", "--list"]);
    for template in ["rust-http", "rust-job", "javascript", "python", "c", "go"] {
        assert!(list.lines().any(|line| line.starts_with(template)), "{list}");
    }
    let next = bench.insula_ok(&["new", "greeter", "--template", "c"]);
    assert!(next.contains("cd greeter\n") && next.contains("insula dev\n"), "{next}");
    let source = bench.path("greeter/main.c");
    std::fs::write(&source, "mine").expect("is written");
    for (args, wanted) in [
        (&["new", "greeter"][..], "not empty"),
        (&["new", "other", "--dir", "greeter"], "not empty"),
        (&["new", "other", "--template", "cobol"], "there are rust-http, rust-job"),
        (&["new", "Not_A_Name"], "DNS-1035"),
        (&["new", "other", "--sdk", "greeter"], "rust/Cargo.toml"),
        (&["build", "tools"], "insula new NAME"),
        (&["build", "nowhere"], "nowhere"),
    ] {
        let refused = bench.insula(args);
        assert_eq!(refused.status.code(), Some(1), "{args:?}: {}", said(&refused));
        assert!(said(&refused).contains(wanted), "{args:?}: {}", said(&refused));
    }
    assert_eq!(std::fs::read_to_string(&source).expect("is there"), "mine");
    assert!(!bench.path("other").exists(), "what is refused leaves nothing");
}

// F50
#[test]
fn what_tools_say_reaches_the_author_and_what_hosts_do_not_grant_is_refused() {
    let bench = Workbench::new();
    let dir = bench.project("c", "broken");
    std::fs::write(dir.join("main.c"), "int main(void) { return missing; }\n").expect("is written");
    let failed = bench.insula(&["build", "broken"]);
    assert_eq!(failed.status.code(), Some(1));
    assert!(said(&failed).contains("main.c:1") && said(&failed).contains("zig cc"), "{}", said(&failed));
    assert!(!dir.join("target/broken.wasm").exists());
    // The same words as at the cluster's registry.
    let socket = paths::guest("seller").display().to_string();
    let refused = bench.insula(&["run", &socket]);
    assert!(said(&refused).contains("hosts of this cluster do not grant"), "{}", said(&refused));
}

#[test]
fn run_gives_a_command_what_it_asks_for_and_ends_as_it_does() {
    let bench = Workbench::new();
    let job = paths::guest("job").display().to_string();
    let run = |more: &[&str]| bench.insula(&[&["run", job.as_str()], more].concat());
    std::fs::create_dir(bench.path("data")).expect("a folder");
    std::fs::write(bench.path("data/word"), "salve\n").expect("is written");
    for (more, code, out, err) in [
        (&["--", "one", "--two"][..], 0, "one\n--two\n", ""),
        (&["--", "exit", "3"], 3, "", ""),
        (&["--", "trap"], 134, "", "as asked"),
        (&["--timeout", "300ms", "--", "spin"], 124, "", "did not end"),
        (&["--env", "A=b", "--", "env", "A"], 0, "b\n", ""),
        (&["--", "env", "HOME"], 1, "", "NotPresent"),
        (&["--dir", "data:/in:ro", "--", "cat", "/in/word"], 0, "salve\n", ""),
        (&["--dir", "data:/in:ro", "--", "write", "/in/new", "x"], 1, "", "error"),
        (&["--dir", "data:/in", "--", "write", "/in/new", "x"], 0, "", ""),
        (&["--dir", "data:/in:ro", "--", "cat", "/in/../../etc/passwd"], 1, "", "error"),
        (&["--dir", "nowhere:/in", "--", "ls", "/in"], 1, "", "nowhere is no directory"),
        (&["--memory", "64Ki", "--", "one"], 137, "", "no memory"),
    ] {
        let output = run(more);
        assert_eq!(output.status.code(), Some(code), "{more:?}: {}", said(&output));
        assert_eq!(printed(&output), out, "{more:?}");
        assert!(said(&output).to_lowercase().contains(&err.to_lowercase()), "{more:?}: {}", said(&output));
    }
    assert_eq!(std::fs::read_to_string(bench.path("data/new")).expect("was written"), "x");
    let traced = said(&run(&["--", "trap"]));
    assert!(traced.contains("  at "), "the backtrace is told: {traced}");
}

/// A module for preview 1, which reads what it is given, in bytes.
#[test]
fn run_hands_standard_input_on() {
    let bench = Workbench::new();
    let c = paths::language("c").display().to_string();
    let mut child = bench
        .command(&["run", &c, "--env", "NAME=Lucilia", "--", "0"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("insula starts");
    child.stdin.take().expect("is piped").write_all(&[0, 255, b'\n', 7]).expect("is written");
    let output = child.wait_with_output().expect("it ends");
    assert_eq!(printed(&output), "Hello Lucilia, from C!\nargument 0\n4 bytes of input\n");
}

#[tokio::test]
async fn run_serves_until_it_is_told_to_stop() {
    let bench = Workbench::new();
    let echo = paths::guest("echo").display().to_string();
    let mut child = bench
        .command(&["run", &echo, "--env", "GREETING=salve", "--listen", "127.0.0.1:0"])
        .stdout(Stdio::piped())
        .spawn()
        .expect("insula starts");
    let mut line = String::new();
    BufReader::new(child.stdout.take().expect("is piped")).read_line(&mut line).expect("a line");
    let addr = line.trim_start_matches("http://").split('/').next().expect("an address").parse().expect("an address");
    assert!(answer(addr, "/env").await.contains("GREETING=salve"));
    kill_process(Pid::from_child(&child), Signal::INT).expect("is there");
    assert!(child.wait().expect("it ends").success());
    assert!(load::get(addr, "/env").await.is_err(), "nothing listens after the end");
}

/// The address of a Service's first port on the node.
async fn node_port(cluster: &Cluster, api: &Api, name: &str) -> std::net::SocketAddr {
    let service = api.get(&format!("/api/v1/namespaces/default/services/{name}")).await.expect("is there");
    let port = service["spec"]["ports"][0]["nodePort"].as_u64().expect("a node port");
    std::net::SocketAddr::new(cluster.slice.node_ip(1), u16::try_from(port).expect("a port"))
}

fn deployed(bench: &Workbench, cluster: &Cluster, template: &str) {
    let dir = bench.project(template, template);
    let built = bench.insula_ok(&["build", template]);
    let file = dir.join(format!("target/{template}.wasm"));
    assert!(built.starts_with(&format!("{template}/target/{template}.wasm, ")), "{built}");
    let _pushed = cluster.insula_ok(&["push", &file.display().to_string(), &format!("{template}:dev")]);
    let _applied = cluster.insula_ok(&["apply", "-f", &dir.join("deploy.yaml").display().to_string()]);
}

async fn greets(cluster: &Cluster, api: &Api, template: &str) {
    let addr = node_port(cluster, api, template).await;
    let asked = async || load::get(addr, "/Lucilia").await.ok().filter(|(status, ..)| *status == 200);
    let ((.., body), _) = within(COMPILED_WITHIN, &format!("{template} answers"), asked).await;
    assert_eq!(body, "Salve, Lucilia!\n", "{template}");
}

async fn ends(cluster: &Cluster, api: &Api, template: &str) {
    let path = format!("/apis/batch/v1/namespaces/default/jobs/{template}");
    let succeeded = async || (api.get(&path).await.ok()?["status"]["succeeded"] == 1).then_some(());
    within(COMPILED_WITHIN, &format!("the Job {template} succeeds"), succeeded).await;
    assert_eq!(
        cluster.insula_ok(&["logs", &format!("job/{template}")]),
        "Salve, salve!\nSalve, munde!\n",
        "{template}"
    );
}

#[tokio::test]
async fn templates_in_rust_are_made_built_deployed_and_answer() {
    let (bench, cluster) = (Workbench::new(), Cluster::up());
    let api = cluster.api().await;
    deployed(&bench, &cluster, "rust-http");
    deployed(&bench, &cluster, "rust-job");
    greets(&cluster, &api, "rust-http").await;
    ends(&cluster, &api, "rust-job").await;
    // The same without a cluster, of what lies in the folder.
    let told = bench.insula(&["run", "rust-job", "--env", "GREETING=Vale", "--", "a"]);
    assert_eq!(printed(&told), "Vale, a!\n", "{}", said(&told));
    assert_eq!(bench.insula(&["run", "rust-job/target/rust-job.wasm"]).status.code(), Some(2));
}

#[tokio::test]
async fn templates_in_other_languages_are_made_built_deployed_and_answer() {
    let (bench, cluster) = (Workbench::new(), Cluster::up());
    let api = cluster.api().await;
    for template in ["javascript", "python", "c", "go"] {
        deployed(&bench, &cluster, template);
    }
    for template in ["c", "go"] {
        ends(&cluster, &api, template).await;
    }
    for template in ["javascript", "python"] {
        greets(&cluster, &api, template).await;
    }
}

#[test]
fn doctor_tells_and_its_exit_code_says_whether_what_is_asked_for_will_work() {
    let bench = Workbench::new();
    // No kubeconfig: a problem to a client, and to nobody else.
    let home = bench.path("home");
    std::fs::create_dir(&home).expect("a folder");
    let doctor = |args: &[&str]| {
        let mut command = bench.command(&[&["doctor", "-o", "json"], args].concat());
        command.env("HOME", &home).output().expect("insula starts")
    };
    let output = doctor(&["client"]);
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    let told: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let findings = told["findings"].as_array().expect("a list");
    let of = |about: &str| findings.iter().find(|one| one["about"] == about).expect("is told").clone();
    assert_eq!(of("cluster")["level"], "problem");
    assert!(of("cluster")["mend"].as_str().is_some_and(|mend| mend.contains("insula up")));
    assert_eq!(of("containerd")["level"], "ok");
    // The suite has built guests in all languages, so this machine can.
    let output = doctor(&["javascript", "python", "c", "go"]);
    assert_eq!(output.status.code(), Some(0), "{}", printed(&output));
}
