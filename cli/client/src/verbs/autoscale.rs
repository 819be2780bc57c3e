//! `insula autoscale`: makes a HorizontalPodAutoscaler for something that has replicas.

use anyhow::{Result, bail};
use http::Method;
use serde_json::{Value, json};

use crate::choice::{Choice, Chosen};
use crate::client::JSON;
use crate::failure::{Failures, usage};
use crate::place::Place;
use crate::report::Report;
use crate::session::Session;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    place: Place,
    #[command(flatten)]
    choice: Choice,
    #[command(flatten)]
    report: Report,
    /// As few replicas as there may be; 1 unless given.
    #[arg(long, value_name = "COUNT")]
    min: Option<u32>,
    /// As many as there may be.
    #[arg(long, value_name = "COUNT", required = true)]
    max: u32,
    /// The use of CPU to keep to: 70% of what is requested, or 500m for each Pod.
    #[arg(long, value_name = "USE")]
    cpu: Option<String>,
    /// The same for memory.
    #[arg(long, value_name = "USE")]
    memory: Option<String>,
    /// The use of CPU in percent of what is requested.
    #[arg(long, value_name = "PERCENT", conflicts_with = "cpu", hide = true)]
    cpu_percent: Option<u32>,
    /// The name; the scaled object's unless given.
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
}

pub(crate) async fn run(args: Args) -> Result<()> {
    if args.min.unwrap_or(1) > args.max {
        return Err(usage("--min is above --max"));
    }
    let metrics = metrics(&args)?;
    let session = Session::open(&args.place).await?;
    let autoscalers = session.kinds.find("horizontalpodautoscalers.v2.autoscaling")?.clone();
    let mut failures = Failures::default();
    for chosen in args.choice.resolve(&session).await? {
        let made = async {
            if !chosen.resource.subresources.iter().any(|sub| sub == "scale") {
                bail!("{} cannot be scaled: its kind has no replicas", chosen.label());
            }
            session.client.object(&chosen.path()).await?;
            let object = autoscaler(&args, &chosen, &metrics);
            let path = format!(
                "{}{}",
                autoscalers.collection(chosen.namespace.as_deref()),
                args.report.query("insula-autoscale")
            );
            let made = session.client.call(Method::POST, &path, JSON, &object).await?;
            args.report.tell(&autoscalers, &made, "autoscaled")
        };
        failures.note(made.await);
    }
    failures.end()
}

fn metrics(args: &Args) -> Result<Vec<Value>> {
    let percent = args.cpu_percent.map(|percent| format!("{percent}%"));
    let wanted = [("cpu", args.cpu.as_ref().or(percent.as_ref())), ("memory", args.memory.as_ref())];
    let wanted = wanted.into_iter().filter_map(|(resource, wanted)| Some((resource, wanted?)));
    let metric = |(resource, wanted): (&str, &String)| {
        let target = match wanted.strip_suffix('%') {
            Some(percent) => {
                let Ok(percent) = percent.parse::<u32>() else {
                    return Err(usage(format!("{wanted:?} is no percentage such as 70%")));
                };
                json!({ "type": "Utilization", "averageUtilization": percent })
            }
            None => {
                api::quantity::parse_millis(wanted).map_err(usage)?;
                json!({ "type": "AverageValue", "averageValue": wanted })
            }
        };
        Ok(json!({ "type": "Resource", "resource": { "name": resource, "target": target } }))
    };
    wanted.map(metric).collect()
}

fn autoscaler(args: &Args, chosen: &Chosen, metrics: &[Value]) -> Value {
    let target = json!({
        "apiVersion": chosen.resource.api_version(), "kind": chosen.resource.kind, "name": chosen.name,
    });
    let mut spec = json!({ "scaleTargetRef": target, "minReplicas": args.min.unwrap_or(1), "maxReplicas": args.max });
    if !metrics.is_empty() {
        spec["metrics"] = json!(metrics);
    }
    let name = args.name.as_ref().unwrap_or(&chosen.name);
    json!({
        "apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler", "metadata": { "name": name }, "spec": spec,
    })
}
