//! Jobs and CronJobs.

use anyhow::{Result, bail};
use serde_json::{Value, json};

use super::deployment::container;
use super::{Making, make};
use crate::containers::object_of;
use crate::failure::usage;
use crate::session::Session;
use crate::value::{name, text};

#[derive(Debug, clap::Args)]
pub(super) struct Job {
    #[command(flatten)]
    making: Making,
    /// Its name.
    name: String,
    /// The image, or component.
    #[arg(long, value_name = "IMAGE", required_unless_present = "from")]
    image: Option<String>,
    /// Run a CronJob now: cronjob/NAME.
    #[arg(long, value_name = "cronjob/NAME", conflicts_with = "image")]
    from: Option<String>,
    /// The command, instead of the image's own.
    #[arg(last = true, value_name = "COMMAND")]
    command: Vec<String>,
}

#[derive(Debug, clap::Args)]
pub(super) struct CronJob {
    #[command(flatten)]
    making: Making,
    /// Its name.
    name: String,
    /// The image, or component.
    #[arg(long, value_name = "IMAGE")]
    image: String,
    /// When: "*/5 * * * *"
    #[arg(long, value_name = "PATTERN")]
    schedule: String,
    /// What becomes of a container that fails: OnFailure or Never.
    #[arg(long, value_name = "POLICY", default_value = "OnFailure")]
    restart: String,
    /// The command, instead of the image's own.
    #[arg(last = true, value_name = "COMMAND")]
    command: Vec<String>,
}

/// The template of a Pod that runs a command once.
fn template(own: &str, image: &str, command: &[String], restart: &str) -> Value {
    let mut one = container(image);
    one["name"] = json!(own);
    if !command.is_empty() {
        one["command"] = json!(command);
    }
    json!({ "spec": { "containers": [one], "restartPolicy": restart } })
}

fn job(own: &str, metadata: Value, spec: &Value) -> Value {
    let mut metadata = metadata;
    metadata["name"] = json!(own);
    json!({ "apiVersion": "batch/v1", "kind": "Job", "metadata": metadata, "spec": spec })
}

impl Job {
    pub(super) async fn run(self) -> Result<()> {
        let object = match (&self.from, &self.image) {
            (Some(from), _) => {
                let session = Session::open(&self.making.place).await?;
                let (resource, cron_job) = object_of(&session, from).await?;
                if resource.kind != "CronJob" {
                    bail!("--from takes cronjob/NAME, not a {}", resource.kind);
                }
                of_cron_job(&self.name, &cron_job)
            }
            (None, Some(image)) => {
                let template = template(&self.name, image, &self.command, "Never");
                job(&self.name, json!({}), &json!({ "template": template }))
            }
            (None, None) => return Err(usage("give --image or --from")),
        };
        make(&self.making, object).await
    }
}

/// What a CronJob would run, run by hand.
fn of_cron_job(own: &str, cron_job: &Value) -> Value {
    let template = &cron_job["spec"]["jobTemplate"];
    let owner = json!([{
        "apiVersion": "batch/v1", "kind": "CronJob", "name": name(cron_job), "uid": text(cron_job, "/metadata/uid"),
        "controller": true,
    }]);
    let mut metadata = json!({ "ownerReferences": owner });
    for member in ["labels", "annotations"] {
        if let Some(all) = template.pointer(&format!("/metadata/{member}")) {
            metadata[member] = all.clone();
        }
    }
    if !metadata["annotations"].is_object() {
        metadata["annotations"] = json!({});
    }
    metadata["annotations"]["cronjob.kubernetes.io/instantiate"] = json!("manual");
    job(own, metadata, &template["spec"])
}

impl CronJob {
    pub(super) fn object(self) -> (Making, Value) {
        let template = template(&self.name, &self.image, &self.command, &self.restart);
        let job = json!({ "metadata": { "name": self.name }, "spec": { "template": template } });
        let object = json!({
            "apiVersion": "batch/v1", "kind": "CronJob", "metadata": { "name": self.name },
            "spec": { "schedule": self.schedule, "jobTemplate": job },
        });
        (self.making, object)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cron_job_is_run_by_hand_as_it_would_be_by_the_clock() {
        let cron_job = json!({
            "metadata": { "name": "c", "uid": "u" },
            "spec": { "jobTemplate": { "metadata": { "labels": { "a": "b" } }, "spec": { "template": 1 } } },
        });
        let job = of_cron_job("now", &cron_job);
        assert_eq!(job["metadata"]["labels"], json!({ "a": "b" }));
        assert_eq!(job["metadata"]["ownerReferences"][0]["uid"], "u");
        assert_eq!(job["metadata"]["annotations"]["cronjob.kubernetes.io/instantiate"], "manual");
        assert_eq!((&job["spec"], &job["metadata"]["name"]), (&json!({ "template": 1 }), &json!("now")));
    }
}
