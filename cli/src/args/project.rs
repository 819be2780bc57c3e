//! The command line of what authors do with a project on their own machine.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use client::Target;
use toolchain::{Language, template};

use super::{Form, key_value};
use crate::commands::doctor::Purpose;

#[derive(clap::Args)]
pub(crate) struct New {
    /// What the project is called: the name of its folder, its component and its Deployment.
    #[arg(required_unless_present = "list")]
    pub(crate) name: Option<String>,
    /// What it begins with.
    #[arg(long, short, value_name = "TEMPLATE", default_value = template::DEFAULT)]
    pub(crate) template: String,
    /// The folder; ./NAME unless given. Nothing in it is overwritten.
    #[arg(long, value_name = "DIR")]
    pub(crate) dir: Option<PathBuf>,
    /// The SDK for Rust, `sdk` of a clone of Insula; a copy is put into the project unless given.
    #[arg(long, value_name = "DIR")]
    pub(crate) sdk: Option<PathBuf>,
    /// List the templates.
    #[arg(long)]
    pub(crate) list: bool,
}

/// How components are made.
#[derive(clap::Args)]
pub(crate) struct Make {
    /// The project's language, if several are recognised: rust, javascript, python, c, go.
    #[arg(long, value_name = "LANGUAGE")]
    pub(crate) language: Option<Language>,
    /// Where pinned compilers are kept; ~/.cache/insula/tools unless given.
    #[arg(long, value_name = "DIR", env = "INSULA_TOOLS")]
    pub(crate) tools: Option<PathBuf>,
}

#[derive(clap::Args)]
pub(crate) struct Build {
    /// The project's folder.
    #[arg(value_name = "DIR", default_value = ".")]
    pub(crate) dir: PathBuf,
    #[command(flatten)]
    pub(crate) make: Make,
}

#[derive(clap::Args)]
pub(crate) struct Run {
    /// A component, or the folder of a project, which is built first.
    #[arg(value_name = "FILE.wasm|DIR")]
    pub(crate) source: PathBuf,
    /// Arguments of a command.
    #[arg(last = true, value_name = "ARGS")]
    pub(crate) args: Vec<String>,
    /// Its environment; nothing else of this one is handed on.
    #[arg(long = "env", value_name = "K=V", value_parser = key_value)]
    pub(crate) env: Vec<(String, String)>,
    /// A directory that it sees, and where: `./data:/data`, `./etc:/etc:ro`.
    #[arg(long = "dir", value_name = "HOST:GUEST[:ro]", value_parser = mount)]
    pub(crate) mounts: Vec<alone::Mount>,
    /// Where one that answers HTTP is served.
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8080")]
    pub(crate) listen: SocketAddr,
    /// Memory of all its instances together, as `limits.memory` of a Pod; each may have 256Mi unless given.
    #[arg(long, value_name = "BYTES", value_parser = bytes)]
    pub(crate) memory: Option<u64>,
    /// How long a request may take, as `insula.dev/timeout`, 30s unless given; of a command, the whole of it, without end
    /// unless given.
    #[arg(long, value_name = "DURATION", value_parser = client::time::parse)]
    pub(crate) timeout: Option<Duration>,
    #[command(flatten)]
    pub(crate) make: Make,
}

#[derive(clap::Args)]
pub(crate) struct Dev {
    /// The project's folder.
    #[arg(value_name = "DIR", default_value = ".")]
    pub(crate) dir: PathBuf,
    #[command(flatten)]
    pub(crate) make: Make,
    /// Where the cluster's state lives and stays; it is gone with this command unless given.
    #[arg(long, value_name = "DIR")]
    pub(crate) data_dir: Option<PathBuf>,
    /// Address of the Kubernetes API; a free port unless given.
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:0")]
    pub(crate) api_addr: SocketAddr,
    /// Where to write the administrator's kubeconfig, for `insula` and kubectl beside this.
    #[arg(long, value_name = "FILE")]
    pub(crate) kubeconfig: Option<PathBuf>,
    /// Where Services are reached.
    #[arg(long, value_name = "IP", default_value = "127.0.0.1")]
    pub(crate) node_ip: IpAddr,
    /// Addresses of Pods; others than those of `insula up`, so that both can run.
    #[arg(long, value_name = "CIDR", default_value = "127.32.0.0/16")]
    pub(crate) pod_cidr: scheduler::Cidr,
    /// Addresses of Services.
    #[arg(long, value_name = "CIDR", default_value = "127.33.0.0/16")]
    pub(crate) service_cidr: scheduler::Cidr,
}

#[derive(clap::Args)]
pub(crate) struct Doctor {
    #[command(flatten)]
    pub(crate) target: Target,
    /// What this machine is wanted for; cluster and rust unless given. What is missing for the others is a note.
    #[arg(value_name = "PURPOSE", value_enum)]
    pub(crate) purposes: Vec<Purpose>,
    /// How to print.
    #[arg(long, short, value_enum, default_value_t = Form::Text)]
    pub(crate) output: Form,
}

/// `HOST:GUEST`, `HOST:GUEST:ro`.
fn mount(text: &str) -> Result<alone::Mount, String> {
    let (text, access) = match text.strip_suffix(":ro") {
        Some(text) => (text, alone::Access::ReadOnly),
        None => (text, alone::Access::ReadWrite),
    };
    match text.rsplit_once(':') {
        Some((host, guest)) if !host.is_empty() && guest.starts_with('/') => {
            Ok(alone::Mount { host: host.into(), guest: guest.to_owned(), access })
        }
        _ => Err(format!("{text:?} is not of the form HOST:GUEST[:ro], with an absolute path GUEST")),
    }
}

/// A quantity of bytes, `64Mi`.
fn bytes(text: &str) -> Result<u64, String> {
    let bytes = api::quantity::parse_bytes(text)?;
    u64::try_from(bytes).ok().filter(|bytes| *bytes > 0).ok_or_else(|| format!("{text} is not more than nothing"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn directories_and_sizes_are_read() {
        let of = |text: &str| mount(text).map(|mount| (mount.host, mount.guest, mount.access));
        assert_eq!(of("./a:/b"), Ok(("./a".into(), "/b".to_owned(), alone::Access::ReadWrite)));
        assert_eq!(of("a:b:/c:ro"), Ok(("a:b".into(), "/c".to_owned(), alone::Access::ReadOnly)));
        for wrong in ["a", "a:b", ":/b", "a:/b:rw", "ro", ":ro"] {
            assert!(of(wrong).is_err(), "{wrong}");
        }
        assert_eq!(bytes("64Mi"), Ok(64 << 20));
        assert!(bytes("0").is_err() && bytes("-1").is_err() && bytes("x").is_err());
    }
}
