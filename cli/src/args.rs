//! The command line: names, defaults and help of every command. Scripts rely on these names.

mod project;

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use clap::{Parser, Subcommand};
use client::{Place, Target};

pub(crate) use project::{Build, Dev, Doctor, Make, New, Run};

/// Kubernetes' job at WebAssembly's speed, in one program.
#[derive(Parser)]
#[command(name = "insula", version, propagate_version = true)]
pub(crate) struct Args {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Begin a project from a template.
    New(New),
    /// Make a component of a project.
    Build(Build),
    /// Serve a project while it is edited: a cluster in this process, built and swapped on save.
    Dev(Dev),
    /// Run a component without a cluster: a command once, a server until Ctrl-C.
    Run(Run),
    /// Tell whether this machine can do what is wanted of it, and how to mend what it cannot.
    Doctor(Doctor),
    /// Start a whole cluster on this machine: control plane and host in one process.
    Up(Up),
    /// Start a control plane alone.
    Server(Server),
    /// Join this machine to a cluster as a host.
    Join(Join),
    /// Manage join tokens.
    #[command(subcommand)]
    Token(TokenCommand),
    /// Push a component into the cluster's registry.
    Push(Push),
    /// Tell what a component imports, exports, holds and was made with.
    Inspect(Inspect),
    /// Make one component of several: the exports of plugs satisfy the imports of a socket.
    Compose(Compose),
    /// Deploy a component or an image, and wait until it is available.
    Deploy(Deploy),
    /// Show the cluster, its hosts and whether they answer.
    Status(Status),
    #[command(flatten)]
    Client(client::Verb),
    /// Compile a component from standard input to standard output; the control plane starts this itself.
    #[command(hide = true)]
    Compile(Compile),
    /// Run the guests of one isolated Pod; a host starts this itself.
    #[command(hide = true)]
    Worker,
}

impl Command {
    /// Whether this is a long-running role rather than a client's command.
    pub(crate) fn is_server(&self) -> bool {
        matches!(self, Self::Up(_) | Self::Server(_) | Self::Join(_))
    }

    /// Whether it listens for many: roles, and what is one beside other things.
    pub(crate) fn opens_many_files(&self) -> bool {
        self.is_server() || matches!(self, Self::Dev(_) | Self::Run(_))
    }
}

#[derive(Subcommand)]
pub(crate) enum TokenCommand {
    /// Make a one-use token and print the command that joins a host with it.
    Create(TokenCreate),
}

/// Pods of a lost host are replaced soon, and not before it has had the time to come back.
pub(crate) const UNREACHABLE_SECONDS_DEFAULT: u32 = 5;

/// What every control plane takes.
#[derive(clap::Args)]
pub(crate) struct ControlPlane {
    /// Where the cluster's state lives; made if it does not exist.
    #[arg(long, value_name = "DIR", env = "INSULA_DATA_DIR")]
    pub(crate) data_dir: Option<PathBuf>,
    /// Address of the Kubernetes API.
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:6443")]
    pub(crate) api_addr: SocketAddr,
    /// Where to write the administrator's kubeconfig; DATA-DIR/kubeconfig unless given.
    #[arg(long, value_name = "FILE")]
    pub(crate) kubeconfig: Option<PathBuf>,
    /// Addresses of Pods; every host gets a /18 of it.
    #[arg(long, value_name = "CIDR", default_value = scheduler::POD_CIDR)]
    pub(crate) pod_cidr: scheduler::Cidr,
    /// Addresses of Services.
    #[arg(long, value_name = "CIDR", default_value = scheduler::SERVICE_CIDR)]
    pub(crate) service_cidr: scheduler::Cidr,
    /// Seconds after which Pods of a host that is not ready are replaced.
    #[arg(long, value_name = "SECONDS", default_value_t = UNREACHABLE_SECONDS_DEFAULT)]
    pub(crate) unreachable_seconds: u32,
    /// File that says who did what, one JSON event a line, or `off`; DATA-DIR/audit.log unless given.
    #[arg(long, value_name = "FILE|off")]
    pub(crate) audit_log: Option<scheduler::AuditAt>,
    #[command(flatten)]
    pub(crate) backing: Backing,
}

/// Where what guests keep and say lies.
#[derive(Default, clap::Args)]
pub(crate) struct Backing {
    /// Where guests' key-value buckets lie: `embedded` is the data directory, else a Redis. URLs with passwords are
    /// better given in the environment, where other users of this machine do not see them.
    #[arg(
        long,
        value_name = "embedded|redis://HOST:PORT",
        default_value = "embedded",
        env = "INSULA_KEYVALUE",
        hide_env_values = true
    )]
    pub(crate) keyvalue: scheduler::KeyValueAt,
    /// What carries guests' messages: `embedded` is the control plane, else a NATS.
    #[arg(
        long,
        value_name = "embedded|nats://HOST:PORT",
        default_value = "embedded",
        env = "INSULA_MESSAGES",
        hide_env_values = true
    )]
    pub(crate) messages: scheduler::MessagesAt,
    /// Directory of guests' blobs; DATA-DIR/blobs unless given.
    #[arg(long, value_name = "DIR")]
    pub(crate) blobs: Option<scheduler::BlobsAt>,
}

#[derive(clap::Args)]
pub(crate) struct Up {
    #[command(flatten)]
    pub(crate) control_plane: ControlPlane,
    /// Address that hosts join at; without it the cluster has this machine alone.
    #[arg(long, value_name = "ADDR")]
    pub(crate) host_addr: Option<SocketAddr>,
    #[command(flatten)]
    pub(crate) node: Node,
}

#[derive(clap::Args)]
pub(crate) struct Server {
    #[command(flatten)]
    pub(crate) control_plane: ControlPlane,
    /// Address that hosts join at.
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:6444")]
    pub(crate) host_addr: SocketAddr,
}

/// What every host takes.
#[derive(clap::Args)]
pub(crate) struct Node {
    /// Name of the Node; the machine's host name unless given.
    #[arg(long, value_name = "NAME")]
    pub(crate) name: Option<String>,
    /// Labels of the Node.
    #[arg(long, value_name = "K=V,...", value_delimiter = ',', value_parser = key_value)]
    pub(crate) labels: Vec<(String, String)>,
    /// Address of the Node: NodePorts and the proxy between hosts listen on it. Unless given: 127.0.0.1 for `up`, and
    /// for `join` the address from which this machine reaches the control plane.
    #[arg(long, value_name = "IP")]
    pub(crate) node_ip: Option<IpAddr>,
}

#[derive(clap::Args)]
pub(crate) struct Join {
    /// The token that `insula token create` printed; not needed once the host has joined.
    #[arg(env = "INSULA_JOIN_TOKEN", hide_env_values = true)]
    pub(crate) token: Option<String>,
    /// Address of the control plane for hosts.
    #[arg(long, value_name = "ADDR")]
    pub(crate) server: String,
    /// Where the host's state lives; made if it does not exist.
    #[arg(long, value_name = "DIR", env = "INSULA_DATA_DIR")]
    pub(crate) data_dir: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) node: Node,
}

#[derive(clap::Args)]
pub(crate) struct TokenCreate {
    #[command(flatten)]
    pub(crate) target: Target,
    /// How long the token may be used.
    #[arg(long, default_value = "10m", value_parser = client::time::parse)]
    pub(crate) ttl: Duration,
}

#[derive(clap::Args)]
pub(crate) struct Push {
    #[command(flatten)]
    pub(crate) target: Target,
    /// The component.
    #[arg(value_name = "FILE.wasm")]
    pub(crate) file: PathBuf,
    /// Name and tag in the cluster's registry, `shop/web:v1`.
    #[arg(value_name = "NAME:TAG")]
    pub(crate) reference: String,
}

#[derive(clap::Args)]
pub(crate) struct Inspect {
    #[command(flatten)]
    pub(crate) target: Target,
    /// A file, or an image of the cluster's registry.
    #[arg(value_name = "FILE.wasm|IMAGE")]
    pub(crate) source: String,
    /// How to print.
    #[arg(long, short, value_enum, default_value_t = Form::Text)]
    pub(crate) output: Form,
    /// Print the imports and exports with their types, as WIT.
    #[arg(long)]
    pub(crate) wit: bool,
}

/// How `inspect` prints.
#[derive(Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Form {
    /// For people.
    Text,
    /// For programs: the fields that docs/compatibility.md names.
    Json,
}

#[derive(clap::Args)]
pub(crate) struct Compose {
    /// The component whose imports are to be satisfied, and whose exports the result has.
    #[arg(value_name = "SOCKET.wasm")]
    pub(crate) socket: PathBuf,
    /// A component whose exports satisfy imports; may be given several times.
    #[arg(long = "plug", value_name = "PLUG.wasm", required = true)]
    pub(crate) plugs: Vec<PathBuf>,
    /// Where to write the result.
    #[arg(long, short, value_name = "OUT.wasm")]
    pub(crate) output: PathBuf,
}

#[derive(clap::Args)]
pub(crate) struct Deploy {
    #[command(flatten)]
    pub(crate) place: Place,
    /// Name of the Deployment, and of the Service with --expose.
    pub(crate) name: String,
    /// A component's file, which is pushed first, or an image the cluster can resolve.
    #[arg(value_name = "FILE.wasm|IMAGE")]
    pub(crate) source: String,
    /// How many replicas; kept as they are on an update unless given.
    #[arg(long)]
    pub(crate) replicas: Option<u32>,
    /// The port the workload answers on, and the Service's.
    #[arg(long, default_value_t = 8080)]
    pub(crate) port: u16,
    /// Make a NodePort Service of the same name.
    #[arg(long)]
    pub(crate) expose: bool,
    /// Environment of the workload.
    #[arg(long = "env", value_name = "K=V", value_parser = key_value)]
    pub(crate) env: Vec<(String, String)>,
    /// How long to wait until it is available.
    #[arg(long, default_value = "2m", value_parser = client::time::parse)]
    pub(crate) timeout: Duration,
}

#[derive(clap::Args)]
pub(crate) struct Status {
    #[command(flatten)]
    pub(crate) target: Target,
}

#[derive(clap::Args)]
pub(crate) struct Compile {
    /// Engine version the code is for; refused if it is not this program's.
    #[arg(long)]
    pub(crate) engine: String,
    /// Target triple.
    #[arg(long)]
    pub(crate) target: String,
    /// Processor features the code may use.
    #[arg(long, value_delimiter = ',')]
    pub(crate) features: Vec<String>,
    /// A component on standard input, and its length; several, one after the other, are linked.
    #[arg(long, value_name = "NAME=BYTES", value_parser = crate::commands::compile::part)]
    pub(crate) part: Vec<(String, usize)>,
}

fn key_value(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((key, value)) if !key.is_empty() => Ok((key.to_owned(), value.to_owned())),
        _ => Err(format!("{text:?} is not of the form KEY=VALUE")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_sound() {
        Args::command().debug_assert();
    }

    #[test]
    fn documented_command_lines_parse() {
        for line in [
            "insula up",
            "insula up --data-dir d --api-addr 127.0.0.1:7000 --kubeconfig k --node-ip 127.0.0.2",
            "insula server --data-dir d --api-addr 127.0.0.1:7000 --host-addr 127.0.0.1:7001",
            "insula up --keyvalue redis://127.0.0.1:6379 --messages nats://127.0.0.1:4222 --blobs /srv/blobs",
            "insula token create --ttl 10m",
            "insula join T --server 127.0.0.1:7001 --data-dir d --name n --labels a=b,c=d --node-ip 127.0.0.2",
            "insula join --server 127.0.0.1:7001 --data-dir d",
            "insula push f.wasm shop/web:v1",
            "insula inspect f.wasm",
            "insula inspect shop/web:v1 -o json --wit --kubeconfig k",
            "insula compose web.wasm --plug stock.wasm --plug prices.wasm -o whole.wasm",
            "insula deploy web f.wasm --replicas 3 --port 80 --expose --env A=b --env C=d",
            "insula get pods,svc -n shop -l app=web -o wide",
            "insula get deploy/web -o jsonpath={.spec.replicas}",
            "insula logs web-1 -f --tail=5",
            "insula apply -f a.yaml,b.yaml -R --force-conflicts --dry-run=server",
            "insula plan -f -",
            "insula delete pod a b --wait=false --grace-period=0 --force",
            "insula status",
            "insula new greeter --template python --dir here",
            "insula new --list",
            "insula build",
            "insula build dir --language c --tools t",
            "insula run f.wasm --env A=b --dir d:/d:ro --memory 64Mi --timeout 5s -- --flag two",
            "insula run . --listen 127.0.0.1:0",
            "insula doctor rust go -o json",
            "insula dev",
            "insula dev dir --data-dir d --api-addr 127.0.0.1:7000 --node-ip 127.0.0.2",
        ] {
            assert!(Args::try_parse_from(line.split(' ')).is_ok(), "{line}");
        }
        for line in [
            "insula deploy web f.wasm --env novalue",
            "insula up --blobs s3://bucket",
            "insula inspect f.wasm -o yaml",
            "insula compose web.wasm -o whole.wasm",
            "insula compose web.wasm --plug stock.wasm",
            "insula new",
            "insula run f.wasm two",
            "insula run f.wasm --dir d",
            "insula doctor cobol",
        ] {
            assert!(Args::try_parse_from(line.split(' ')).is_err(), "{line}");
        }
    }
}
