//! Every everyday command of kubectl, with every kubectl there is: the transcript `tests/clients/kubectl/matrix.txt`.
//!
//! A cell that fails does not end the run: all of them are told at the end.

use std::path::{Path, PathBuf};
use std::process::Command;

use tests::{Cluster, paths};

const TRANSCRIPT: &str = include_str!("../../clients/kubectl/matrix.txt");

#[test]
fn kubectl_1_37_does_everything() {
    play((1, 37));
}

#[test]
fn kubectl_1_36_does_everything() {
    play((1, 36));
}

#[test]
fn kubectl_1_33_does_everything() {
    play((1, 33));
}

#[test]
fn kubectl_1_32_does_everything() {
    play((1, 32));
}

#[test]
fn kubectl_1_30_does_everything() {
    play((1, 30));
}

/// A title of the transcript, the oldest version it is for, and its commands.
#[derive(Debug, Default)]
struct Cell {
    title: String,
    since: (u32, u32),
    steps: Vec<Step>,
}

/// A command, how it must end, and what it must say.
#[derive(Debug)]
struct Step {
    command: String,
    succeeds: bool,
    says: Vec<String>,
    says_not: Vec<String>,
}

fn parse(transcript: &str) -> Vec<Cell> {
    let mut cells: Vec<Cell> = Vec::new();
    for line in transcript.lines() {
        let Some((mark, rest)) = line.split_once(' ') else { continue };
        if mark == "==" {
            cells.push(Cell { title: rest.to_owned(), ..Cell::default() });
            continue;
        }
        let Some(cell) = cells.last_mut() else { continue };
        match (mark, cell.steps.last_mut()) {
            ("$" | "$!", _) => cell.steps.push(Step {
                command: rest.to_owned(),
                succeeds: mark == "$",
                says: Vec::new(),
                says_not: Vec::new(),
            }),
            (">", Some(step)) => step.says.push(rest.to_owned()),
            ("<", Some(step)) => step.says_not.push(rest.to_owned()),
            ("~", None) => {
                let (major, minor) = rest.split_once('.').expect("MAJOR.MINOR");
                cell.since = (major.parse().expect("a number"), minor.parse().expect("a number"));
            }
            _ => panic!("{line:?}: what is this?"),
        }
    }
    cells
}

/// Plays the transcript with one version, if the machine has it; the two newest are fetched.
fn play(version: (u32, u32)) {
    let found = paths::kubectl_of(version.0, version.1);
    assert!(found.is_some() || version < (1, 36), "`cargo xtask clients` fetches it");
    let Some(kubectl) = found else { return };
    let cluster = Cluster::up();
    for (component, name) in [("hello02", "web:v1"), ("log", "web:v2"), ("job", "job:v1")] {
        cluster.push(component, name);
    }
    let namespace = format!("k{}{}", version.0, version.1);
    let stage = Stage::set(&cluster, &kubectl, &namespace);
    let cells = parse(TRANSCRIPT);
    let only = std::env::var("INSULA_CELL").unwrap_or_default();
    let mut failures = String::new();
    for cell in cells.iter().filter(|cell| version >= cell.since && cell.title.contains(&only)) {
        for step in &cell.steps {
            if let Err(why) = stage.run(step) {
                failures += &format!("\n== {}\n$ {}\n{why}\n", cell.title, step.command);
            }
        }
    }
    assert!(failures.is_empty(), "{failures}");
}

/// The folder commands run in, and their environment.
struct Stage {
    dir: PathBuf,
    namespace: String,
    kubeconfig: PathBuf,
    path: String,
}

impl Stage {
    fn set(cluster: &Cluster, kubectl: &Path, namespace: &str) -> Self {
        let dir = cluster.path("stage");
        let bin = dir.join("bin");
        std::fs::create_dir_all(&bin).expect("a folder");
        std::os::unix::fs::symlink(kubectl, bin.join("kubectl")).expect("a link");
        for entry in std::fs::read_dir(paths::root().join("tests/clients/kubectl")).expect("the folder is there") {
            let path = entry.expect("an entry").path();
            let text = std::fs::read_to_string(&path).expect("text");
            let is_script = path.extension().is_some_and(|extension| extension == "sh");
            let text = if is_script { text } else { text.replace("$NS", namespace) };
            std::fs::write(dir.join(path.file_name().expect("a name")), text).expect("writes");
        }
        let kubeconfig = dir.join("config");
        std::fs::copy(cluster.kubeconfig(), &kubeconfig).expect("copies");
        let path = format!("{}:{}", bin.display(), std::env::var("PATH").unwrap_or_default());
        let stage = Self { dir, namespace: namespace.to_owned(), kubeconfig, path };
        for command in [
            "kubectl create namespace $NS",
            "kubectl config set-context --current --namespace=$NS",
            "openssl req -x509 -newkey rsa:2048 -nodes -keyout tls.key -out tls.crt -subj /CN=x -days 30 2>/dev/null",
        ] {
            let (said, succeeded) = stage.shell(command);
            assert!(succeeded, "{command}: {said}");
        }
        stage
    }

    fn shell(&self, command: &str) -> (String, bool) {
        // Nothing here takes longer; what hangs is told like what fails.
        let output = Command::new("timeout")
            .args(["120", "sh", "-c", command])
            .current_dir(&self.dir)
            .env("PATH", &self.path)
            .env("KUBECONFIG", &self.kubeconfig)
            .env("NS", &self.namespace)
            .output()
            .expect("sh starts");
        let said = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
        (said, output.status.success())
    }

    fn run(&self, step: &Step) -> Result<(), String> {
        let (said, succeeded) = self.shell(&step.command);
        if succeeded != step.succeeds {
            return Err(format!("{said}(it {})", if succeeded { "succeeded" } else { "failed" }));
        }
        let expand = |text: &String| text.replace("$NS", &self.namespace);
        if let Some(missing) = step.says.iter().map(expand).find(|text| !said.contains(text.as_str())) {
            return Err(format!("{said}(without {missing:?})"));
        }
        match step.says_not.iter().map(expand).find(|text| said.contains(text.as_str())) {
            Some(found) => Err(format!("{said}(with {found:?})")),
            None => Ok(()),
        }
    }
}
