//! `insula top`: what Nodes and Pods use (`metrics.k8s.io`).

use anyhow::{Result, anyhow};
use serde_json::Value;

use crate::list::{self, Filter};
use crate::output::table::Grid;
use crate::place::Place;
use crate::query::Query;
use crate::session::Session;
use crate::value::{items, name, plain, text};
use crate::{Refusal, say};

/// Whose use.
#[derive(Debug, clap::Subcommand)]
#[expect(private_interfaces, reason = "flags are each verb's own affair")]
pub(crate) enum Args {
    /// What Nodes use, and the share of what they have.
    #[command(visible_alias = "nodes", alias = "no")]
    Node(TopArgs),
    /// What Pods use.
    #[command(visible_alias = "pods", alias = "po")]
    Pod(TopArgs),
}

#[derive(Debug, clap::Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of the command line")]
struct TopArgs {
    #[command(flatten)]
    place: Place,
    /// Only this one.
    name: Option<String>,
    #[command(flatten)]
    filter: Filter,
    /// In every namespace.
    #[arg(long, short = 'A')]
    all_namespaces: bool,
    /// Each container for itself.
    #[arg(long)]
    containers: bool,
    /// The sum of all at the end.
    #[arg(long)]
    sum: bool,
    /// Most first: cpu or memory.
    #[arg(long, value_name = "cpu|memory", value_parser = ["cpu", "memory"])]
    sort_by: Option<String>,
    /// Leave the line of headings out.
    #[arg(long)]
    no_headers: bool,
}

/// A line: who, and how much.
struct Use {
    who: Vec<String>,
    cpu_millis: i64,
    memory_bytes: i64,
}

pub(crate) async fn run(args: Args) -> Result<()> {
    match args {
        Args::Node(args) => nodes(args).await,
        Args::Pod(args) => pods(args).await,
    }
}

async fn metrics(session: &Session, args: &TopArgs, kind: &str) -> Result<Vec<Value>> {
    let namespace = (kind == "pods" && !args.all_namespaces).then_some(session.namespace.as_str());
    let resource = session.kinds.find(&format!("{kind}.metrics.k8s.io"));
    let resource = resource.map_err(|_| anyhow!("this cluster serves no metrics (metrics.k8s.io)"))?;
    let found = match &args.name {
        Some(name) => session.client.object(&resource.path(namespace, name)).await.map(|object| vec![object]),
        None => list::objects(&session.client, &resource.collection(namespace), &args.filter.query()).await,
    };
    found.map_err(|error| match Refusal::is_not_found(&error) {
        true => error.context("there are no metrics yet; they come some seconds after a start"),
        false => error,
    })
}

/// Thousandths of a core, and bytes.
fn usage(object: &Value) -> (i64, i64) {
    let of = |name: &str| object.pointer("/usage").and_then(|usage| usage.get(name)).map(plain).unwrap_or_default();
    (cpu_millis(&of("cpu")), api::quantity::parse_bytes(&of("memory")).unwrap_or(0))
}

/// Metrics count in billionths, which quantities of requests do not.
fn cpu_millis(text: &str) -> i64 {
    let scaled = |suffix: char, per_milli: i64| {
        text.strip_suffix(suffix)
            .and_then(|n| n.parse::<i64>().ok())
            .map(|n| n.saturating_add(per_milli - 1) / per_milli)
    };
    scaled('n', 1_000_000)
        .or_else(|| scaled('u', 1000))
        .unwrap_or_else(|| api::quantity::parse_millis(text).unwrap_or(0))
}

async fn nodes(args: TopArgs) -> Result<()> {
    let session = Session::open(&args.place).await?;
    let metrics = metrics(&session, &args, "nodes").await?;
    let nodes = list::objects(&session.client, "/api/v1/nodes", &Query::default()).await?;
    let mut uses: Vec<Use> = metrics.iter().map(|one| of(vec![name(one).to_owned()], one)).collect();
    sort(&args, &mut uses);
    let mut grid = Grid::new(["NAME", "CPU(cores)", "CPU(%)", "MEMORY(bytes)", "MEMORY(%)"]);
    grid.rows = uses
        .into_iter()
        .map(|one| {
            let node = nodes.iter().find(|node| one.who.first().is_some_and(|who| who == name(node)));
            let all = |resource: &str| {
                let quantity = node?.pointer("/status/allocatable")?.get(resource).map(plain)?;
                api::quantity::parse_millis(&quantity).ok()
            };
            let share = |part: i64, whole: Option<i64>| match whole {
                Some(whole) if whole > 0 => format!("{}%", part.saturating_mul(100) / whole),
                _ => "<unknown>".to_owned(),
            };
            let (cpu, memory) =
                (share(one.cpu_millis, all("cpu")), share(one.memory_bytes, all("memory").map(|m| m / 1000)));
            vec![one.who.join(" "), cpu_text(one.cpu_millis), cpu, memory_text(one.memory_bytes), memory]
        })
        .collect();
    say::lines(grid.lines(!args.no_headers))
}

async fn pods(args: TopArgs) -> Result<()> {
    let session = Session::open(&args.place).await?;
    let metrics = metrics(&session, &args, "pods").await?;
    if metrics.is_empty() {
        say::note("No resources found");
        return Ok(());
    }
    let mut uses: Vec<Use> = metrics.iter().flat_map(|pod| of_pod(&args, pod)).collect();
    sort(&args, &mut uses);
    let mut grid = Grid::new(["CPU(cores)", "MEMORY(bytes)"]);
    let before = [("NAMESPACE", args.all_namespaces), ("POD", args.containers), ("NAME", true)];
    let heading = before.into_iter().filter(|(_, shown)| *shown).map(|(name, _)| name.to_owned());
    grid.heading.splice(0..0, heading);
    let (cpu, memory) =
        uses.iter().fold((0, 0), |(cpu, memory), one| (cpu + one.cpu_millis, memory + one.memory_bytes));
    let row = |mut who: Vec<String>, cpu: i64, memory: i64| {
        who.extend([cpu_text(cpu), memory_text(memory)]);
        who
    };
    let columns = grid.heading.len() - 2;
    grid.rows = uses.into_iter().map(|one| row(one.who, one.cpu_millis, one.memory_bytes)).collect();
    if args.sum {
        let mut who = vec![String::new(); columns];
        who.iter_mut().take(1).for_each(|first| "TOTAL".clone_into(first));
        grid.rows.push(row(who, cpu, memory));
    }
    say::lines(grid.lines(!args.no_headers))
}

fn of(who: Vec<String>, object: &Value) -> Use {
    let (cpu_millis, memory_bytes) = usage(object);
    Use { who, cpu_millis, memory_bytes }
}

fn of_pod(args: &TopArgs, pod: &Value) -> Vec<Use> {
    let mut who = vec![name(pod).to_owned()];
    if args.all_namespaces {
        who.insert(0, text(pod, "/metadata/namespace").to_owned());
    }
    let each = items(pod, "/containers").map(|container| {
        let mut who = who.clone();
        who.push(text(container, "/name").to_owned());
        of(who, container)
    });
    if args.containers {
        return each.collect();
    }
    let sum = |sum: Use, one: Use| Use {
        cpu_millis: sum.cpu_millis + one.cpu_millis,
        memory_bytes: sum.memory_bytes + one.memory_bytes,
        ..sum
    };
    vec![each.fold(Use { who: who.clone(), cpu_millis: 0, memory_bytes: 0 }, sum)]
}

fn sort(args: &TopArgs, uses: &mut [Use]) {
    match args.sort_by.as_deref() {
        Some("cpu") => uses.sort_by_key(|one| std::cmp::Reverse(one.cpu_millis)),
        Some(_) => uses.sort_by_key(|one| std::cmp::Reverse(one.memory_bytes)),
        None => uses.sort_by(|a, b| a.who.cmp(&b.who)),
    }
}

fn cpu_text(millis: i64) -> String {
    format!("{millis}m")
}

fn memory_text(bytes: i64) -> String {
    format!("{}Mi", bytes / (1 << 20))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn metrics_count_in_billionths() {
        for (text, millis) in [("1500000n", 2), ("2000u", 2), ("3m", 3), ("1", 1000), ("0", 0), ("", 0)] {
            assert_eq!(cpu_millis(text), millis, "{text}");
        }
        assert_eq!(usage(&json!({"usage": {"cpu": "5m", "memory": "2048Ki"}})), (5, 2 << 20));
    }
}
