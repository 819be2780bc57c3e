//! Guests in other languages than Rust, made by their own tools: servers behind Services, commands as Pods.

use std::time::Duration;

use serde_json::{Value, json};
use tests::client::Api;
use tests::{Cluster, paths, within};

use crate::deploy::{answer, exposed};

const PODS: &str = "/api/v1/namespaces/default/pods";
/// A JavaScript engine or a Python interpreter is compiled in 10 to 20 s on two idle cores, in 50 s on busy ones; the
/// compiler's own bound is 120 s, and two may stand in line.
const COMPILED_WITHIN: Duration = Duration::from_secs(240);

fn push(cluster: &Cluster, language: &str) -> String {
    let image = format!("{language}:v1");
    let _pushed = cluster.insula_ok(&["push", &paths::language(language).display().to_string(), &image]);
    image
}

fn command(name: &str, image: &str, status: &str) -> Value {
    json!({
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": { "name": name },
        "spec": {
            "restartPolicy": "Never",
            "containers": [{
                "name": "main",
                "image": image,
                "command": ["hello"],
                "args": [status, "two"],
                "env": [{ "name": "NAME", "value": "Lucilia" }],
            }],
        },
    })
}

/// The phase and the exit code of a Pod that is over.
async fn end(api: &Api, name: &str) -> (String, u64) {
    let (status, _) = within(COMPILED_WITHIN, &format!("{name} is over"), || async {
        let status = api.get(&format!("{PODS}/{name}")).await.ok()?["status"].clone();
        matches!(status["phase"].as_str(), Some("Succeeded" | "Failed")).then_some(status)
    })
    .await;
    let code = status["containerStatuses"][0]["state"]["terminated"]["exitCode"].as_u64().expect("an exit code");
    (status["phase"].as_str().unwrap_or_default().to_owned(), code)
}

/// One cluster for all: most of the time is the compiler's, which works on the servers while the commands run.
#[tokio::test]
async fn guests_in_javascript_python_c_and_go_do_what_guests_in_rust_do() {
    let cluster = Cluster::up();
    let api = cluster.api().await;
    let commands = [("c", "C"), ("go", "Go")];
    for (language, _) in commands {
        let image = push(&cluster, language);
        for status in ["0", "7"] {
            let pod = command(&format!("{language}-{status}"), &image, status);
            api.create(PODS, &pod).await.expect("is created");
        }
    }

    let timeout = format!("{}s", COMPILED_WITHIN.as_secs());
    for (language, spoken) in [("javascript", "JavaScript"), ("python", "Python")] {
        let file = paths::language(language).display().to_string();
        let deploy = ["deploy", language, &file, "--expose", "--env", "NAME=Lucilia", "--timeout", &timeout];
        let addr = exposed(&cluster.insula_ok(&deploy));
        let said = format!("Hello Lucilia, from {spoken}! You asked for /a/b?c=d\n");
        // The second request has an instance of its own, too.
        for _ in 0..2 {
            assert_eq!(answer(addr, "/a/b?c=d").await, said);
        }
    }

    for (language, spoken) in commands {
        for (status, phase, code) in [("0", "Succeeded", 0), ("7", "Failed", 7)] {
            let name = format!("{language}-{status}");
            assert_eq!(end(&api, &name).await, (phase.to_owned(), code), "{name}");
            let said = format!("Hello Lucilia, from {spoken}!\nargument {status}\nargument two\n0 bytes of input\n");
            assert_eq!(cluster.insula_ok(&["logs", &name]), said, "{name}");
        }
    }
}
