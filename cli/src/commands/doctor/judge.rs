//! What facts mean for what is wanted: pure.
//!
//! A finding is a problem only for what needs it: whoever writes no Python is told in passing that it is not there.

use std::ops::RangeInclusive;

use super::facts::{API_ADDR, Cgroup, Cluster, Facts, HOST_ADDR, UserNamespaces};

/// Ports of Services.
pub(super) const NODE_PORTS: RangeInclusive<u16> = 30_000..=32_767;
/// A listener for each Pod of a full host, and as many connections.
const OPEN_FILES_WANTED: u64 = 20_000;
/// Below this a small cluster's store, registry and compiled code soon fill the disk.
const DISK_FREE_WANTED_BYTES: u64 = 2 << 30;
/// Below this nothing begins: compiled code of one large component, and the store's spare room.
const DISK_FREE_NEEDED_BYTES: u64 = 256 << 20;
/// `CAP_NET_ADMIN`, capabilities(7).
const NET_ADMIN: u64 = 1 << 12;

/// What the machine is wanted for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Purpose {
    /// A cluster on it: `insula up`, `insula dev`, `insula server`, `insula join`.
    Cluster,
    /// Commands to a cluster that runs somewhere.
    Client,
    /// Components in Rust.
    Rust,
    /// Components in JavaScript.
    #[value(name = "javascript")]
    JavaScript,
    /// Components in Python.
    Python,
    /// Components in C.
    C,
    /// Components in Go.
    Go,
}

impl Purpose {
    /// What is asked for unless something else is named.
    pub(crate) const USUAL: [Self; 2] = [Self::Cluster, Self::Rust];
}

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Level {
    /// As it should be.
    Ok,
    /// Worth knowing: something is slower, weaker, or missing for what was not asked for.
    Note,
    /// What is asked for will not work.
    Problem,
}

impl Level {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Note => "note",
            Self::Problem => "problem",
        }
    }
}

/// One thing that was looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Finding {
    pub(super) about: &'static str,
    pub(super) level: Level,
    pub(super) says: String,
    /// The command, or the deed, that mends it.
    pub(super) mend: Option<String>,
}

/// Judges everything, in an order for reading.
pub(super) fn judge(facts: &Facts, asked: &[Purpose]) -> Vec<Finding> {
    let wanted = |purposes: &[Purpose]| purposes.iter().any(|purpose| asked.contains(purpose));
    // What is missing is a problem to those who need it, and a note to others.
    let need = |purposes: &[Purpose]| if wanted(purposes) { Level::Problem } else { Level::Note };
    let cluster = need(&[Purpose::Cluster]);
    vec![
        rust(facts, need(&[Purpose::Rust])),
        rust_target(facts, need(&[Purpose::Rust])),
        python(facts, need(&[Purpose::JavaScript, Purpose::Python, Purpose::C, Purpose::Go])),
        api_addr(facts, cluster),
        host_addr(facts),
        node_ports(facts),
        privileges(facts),
        user_namespaces(facts),
        seccomp(facts),
        cgroup(facts),
        kernel(facts),
        disk(facts, cluster),
        open_files(facts),
        cluster_of(facts, need(&[Purpose::Client])),
        containerd(facts),
    ]
}

fn ok(about: &'static str, says: impl Into<String>) -> Finding {
    Finding { about, level: Level::Ok, says: says.into(), mend: None }
}

fn note(about: &'static str, says: impl Into<String>) -> Finding {
    Finding { about, level: Level::Note, says: says.into(), mend: None }
}

fn bad(about: &'static str, level: Level, says: impl Into<String>, mend: impl Into<String>) -> Finding {
    Finding { about, level, says: says.into(), mend: Some(mend.into()) }
}

fn rust(facts: &Facts, level: Level) -> Finding {
    match &facts.rustc {
        Some(version) => ok("rust", version),
        None => bad("rust", level, "there is no rustc, which components in Rust need", "install it: https://rustup.rs"),
    }
}

fn rust_target(facts: &Facts, level: Level) -> Finding {
    if facts.has_rust_target {
        return ok("rust target", "wasm32-wasip2");
    }
    bad("rust target", level, "wasm32-wasip2 is not there", "rustup target add wasm32-wasip2")
}

fn python(facts: &Facts, level: Level) -> Finding {
    let why = "it brings the pinned tools of JavaScript, Python, C and Go (Node.js, componentize-py, zig, go; what the \
               machine has of these is not used)";
    match (&facts.python, &facts.pip) {
        (Some(python), Some(_)) => ok("python", format!("{python} with pip: {why}")),
        (Some(python), None) => {
            bad("python", level, format!("{python} without pip: {why}"), "apt-get install python3-pip")
        }
        (None, _) => bad("python", level, format!("there is none: {why}"), "apt-get install python3 python3-pip"),
    }
}

fn api_addr(facts: &Facts, level: Level) -> Finding {
    match (facts.api_addr_is_free, &facts.cluster) {
        (true, _) => ok("api address", format!("{API_ADDR} is free, for the API and the registry")),
        (false, Cluster::Answers { .. }) => note("api address", format!("{API_ADDR} is taken, and a cluster answers")),
        (false, Cluster::None | Cluster::Silent(_)) => bad(
            "api address",
            level,
            format!("something listens on {API_ADDR}, where the API and the registry would"),
            "insula up --api-addr 127.0.0.1:7443; `ss -ltnp` tells who it is",
        ),
    }
}

fn host_addr(facts: &Facts) -> Finding {
    if facts.host_addr_is_free {
        return ok("host address", format!("{HOST_ADDR} is free, for hosts that join"));
    }
    let mend = "insula server --host-addr 127.0.0.1:7444";
    bad("host address", Level::Note, format!("{HOST_ADDR} is taken; only `insula server` listens there"), mend)
}

fn node_ports(facts: &Facts) -> Finding {
    let (first, last) = (NODE_PORTS.start(), NODE_PORTS.end());
    if let Some((low, high)) = facts.ephemeral_ports
        && low <= *last
        && high >= *first
    {
        let says = format!("outgoing connections take ports from {low} on, and Services theirs from {first} to {last}");
        return bad("node ports", Level::Note, says, "sysctl -w net.ipv4.ip_local_port_range='32768 60999'");
    }
    match facts.node_ports_taken {
        0 => ok("node ports", format!("{first} to {last} are free, for Services")),
        taken => note("node ports", format!("{taken} of {first} to {last} are listened on; Services are given others")),
    }
}

fn privileges(facts: &Facts) -> Finding {
    let who = if facts.is_root { "root" } else { "an ordinary user" };
    let says = if facts.capabilities & NET_ADMIN == 0 {
        format!(
            "{who} without CAP_NET_ADMIN, which nothing needs: Pods have addresses of 127/8, for this machine alone"
        )
    } else {
        format!("{who} with CAP_NET_ADMIN, which nothing needs")
    };
    ok("privileges", says)
}

fn user_namespaces(facts: &Facts) -> Finding {
    let weaker = "workers of class wasm-isolated have one wall less";
    let (why, mend) = match facts.user_namespaces {
        UserNamespaces::Yes => return ok("user namespaces", "allowed, for workers of class wasm-isolated"),
        UserNamespaces::None => ("there are none", "sysctl -w user.max_user_namespaces=10000"),
        UserNamespaces::RootOnly | UserNamespaces::Profiled if facts.is_root => {
            return ok("user namespaces", "allowed to root, for workers of class wasm-isolated");
        }
        UserNamespaces::RootOnly => ("only root has them", "sysctl -w kernel.unprivileged_userns_clone=1"),
        UserNamespaces::Profiled => {
            ("AppArmor keeps them from us", "sysctl -w kernel.apparmor_restrict_unprivileged_userns=0")
        }
    };
    bad("user namespaces", Level::Note, format!("{why}: {weaker}"), mend)
}

fn seccomp(facts: &Facts) -> Finding {
    if facts.has_seccomp {
        return ok("seccomp", "there, for workers of class wasm-isolated");
    }
    let says = "the kernel has none: Pods of class wasm-isolated do not start, all others do";
    bad("seccomp", Level::Note, says, "boot a kernel with CONFIG_SECCOMP_FILTER")
}

fn cgroup(facts: &Facts) -> Finding {
    match facts.cgroup {
        Cgroup::V2 => ok("cgroup", "version 2; components are bounded by the sandbox and need none"),
        Cgroup::V1 => note("cgroup", "version 1; components are bounded by the sandbox and need none"),
        Cgroup::None => note("cgroup", "none is mounted; components are bounded by the sandbox and need none"),
    }
}

fn kernel(facts: &Facts) -> Finding {
    let kernel = &facts.kernel;
    if facts.scans_pages {
        return ok("kernel", format!("{kernel} tells which pages a guest has written; userfaultfd is not used"));
    }
    let says = format!("{kernel} cannot scan pages (PAGEMAP_SCAN): fresh instances cost about twice as much");
    bad("kernel", Level::Note, says, "run Linux 6.7 or newer")
}

fn disk(facts: &Facts, level: Level) -> Finding {
    let Some(free) = facts.disk_free_bytes else {
        return note("disk", format!("the file system of {} does not tell what is free", facts.data_dir));
    };
    let says = format!("{} MiB are free for {}", free >> 20, facts.data_dir);
    let mend = "make room, or `insula up --data-dir DIR` on another disk";
    match free {
        0..DISK_FREE_NEEDED_BYTES => bad("disk", level, says, mend),
        DISK_FREE_NEEDED_BYTES..DISK_FREE_WANTED_BYTES => bad("disk", Level::Note, says, mend),
        _ => ok("disk", says),
    }
}

fn open_files(facts: &Facts) -> Finding {
    match facts.open_files_max {
        Some(most) if most < OPEN_FILES_WANTED => bad(
            "open files",
            Level::Note,
            format!(
                "at most {most}; every Pod listens on an address of its own, and a full host wants {OPEN_FILES_WANTED}"
            ),
            format!("`* hard nofile {OPEN_FILES_WANTED}` in /etc/security/limits.conf, and log in again"),
        ),
        Some(most) => ok("open files", format!("up to {most}")),
        None => ok("open files", "without limit"),
    }
}

fn cluster_of(facts: &Facts, level: Level) -> Finding {
    let own = env!("CARGO_PKG_VERSION");
    match &facts.cluster {
        Cluster::None => bad("cluster", level, "no kubeconfig names one", "insula up, or --kubeconfig FILE"),
        Cluster::Silent(why) => bad("cluster", level, format!("the kubeconfig's does not answer: {why}"), "insula up"),
        Cluster::Answers { version, connected, hosts } if version == own => {
            let says = format!("answers, version {version}, {connected} of {hosts} hosts connected");
            if connected == hosts { ok("cluster", says) } else { note("cluster", says) }
        }
        Cluster::Answers { version, .. } => bad(
            "cluster",
            Level::Note,
            format!("answers, version {version}, and this program is {own}"),
            "use the same release on both sides",
        ),
    }
}

fn containerd(facts: &Facts) -> Finding {
    let there = if facts.has_containerd { "is there" } else { "is not there" };
    ok("containerd", format!("{there}, and is not needed: containers are not run yet"))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A machine on which nothing is amiss.
    fn sound() -> Facts {
        Facts {
            rustc: Some("rustc 1.95.0".to_owned()),
            has_rust_target: true,
            python: Some("Python 3.13".to_owned()),
            pip: Some("pip 25".to_owned()),
            api_addr_is_free: true,
            host_addr_is_free: true,
            ephemeral_ports: Some((32_768, 60_999)),
            has_seccomp: true,
            kernel: "6.18.0".to_owned(),
            scans_pages: true,
            disk_free_bytes: Some(100 << 30),
            open_files_max: Some(1 << 20),
            cluster: Cluster::Answers { version: env!("CARGO_PKG_VERSION").to_owned(), connected: 1, hosts: 1 },
            ..Facts::default()
        }
    }

    #[test]
    fn a_sound_machine_is_told_so() {
        for finding in judge(&sound(), &Purpose::USUAL) {
            assert_eq!((finding.level, &finding.mend), (Level::Ok, &None), "{finding:?}");
        }
    }

    /// What is changed, what for, which finding becomes how bad, and a word of the mending.
    type Row = (fn(&mut Facts), &'static [Purpose], &'static str, Level, &'static str);

    #[test]
    fn each_fact_is_a_problem_to_those_alone_who_need_it() {
        use Purpose::{C, Client, Cluster as Here, Go, JavaScript, Python, Rust};
        let silent = |facts: &mut Facts| facts.cluster = Cluster::Silent("refused".to_owned());
        let rows: &[Row] = &[
            (|f| f.rustc = None, &[Rust], "rust", Level::Problem, "rustup.rs"),
            (|f| f.rustc = None, &[Python], "rust", Level::Note, "rustup.rs"),
            (|f| f.has_rust_target = false, &[Rust], "rust target", Level::Problem, "rustup target add"),
            (|f| f.pip = None, &[Rust, Here], "python", Level::Note, "python3-pip"),
            (|f| f.pip = None, &[C], "python", Level::Problem, "python3-pip"),
            (|f| f.python = None, &[Go], "python", Level::Problem, "apt-get install python3 "),
            (|f| f.python = None, &[JavaScript], "python", Level::Problem, "apt-get install python3 "),
            (|f| f.api_addr_is_free = false, &[Here], "api address", Level::Note, ""),
            (
                |f| (f.api_addr_is_free, f.cluster) = (false, Cluster::None),
                &[Here],
                "api address",
                Level::Problem,
                "--api-addr",
            ),
            (|f| (f.api_addr_is_free, f.cluster) = (false, Cluster::None), &[Rust], "api address", Level::Note, "ss"),
            (|f| f.host_addr_is_free = false, &[Here], "host address", Level::Note, "--host-addr"),
            (|f| f.node_ports_taken = 2, &[Here], "node ports", Level::Note, ""),
            (|f| f.ephemeral_ports = Some((1_024, 60_999)), &[Here], "node ports", Level::Note, "ip_local_port_range"),
            (|f| f.user_namespaces = UserNamespaces::None, &[Here], "user namespaces", Level::Note, "max_user"),
            (|f| f.user_namespaces = UserNamespaces::Profiled, &[Here], "user namespaces", Level::Note, "apparmor"),
            (
                |f| (f.user_namespaces, f.is_root) = (UserNamespaces::RootOnly, true),
                &[Here],
                "user namespaces",
                Level::Ok,
                "",
            ),
            (|f| f.has_seccomp = false, &[Here], "seccomp", Level::Note, "CONFIG_SECCOMP"),
            (|f| f.cgroup = Cgroup::None, &[Here], "cgroup", Level::Note, ""),
            (|f| f.scans_pages = false, &[Here], "kernel", Level::Note, "6.7"),
            (|f| f.disk_free_bytes = Some(1 << 30), &[Here], "disk", Level::Note, "--data-dir"),
            (|f| f.disk_free_bytes = Some(1 << 20), &[Here], "disk", Level::Problem, "--data-dir"),
            (|f| f.disk_free_bytes = Some(1 << 20), &[Client], "disk", Level::Note, "--data-dir"),
            (|f| f.open_files_max = Some(1_024), &[Here], "open files", Level::Note, "nofile 20000"),
            (|f| f.open_files_max = None, &[Here], "open files", Level::Ok, ""),
            (|f| f.cluster = Cluster::None, &[Here, Rust], "cluster", Level::Note, "insula up"),
            (silent, &[Client], "cluster", Level::Problem, "insula up"),
            (
                |f| f.cluster = Cluster::Answers { version: "9.0".to_owned(), connected: 1, hosts: 1 },
                &[Client],
                "cluster",
                Level::Note,
                "same release",
            ),
        ];
        for (at, (change, asked, about, level, mend)) in rows.iter().enumerate() {
            let mut facts = sound();
            change(&mut facts);
            let findings = judge(&facts, asked);
            let found = findings.iter().find(|finding| finding.about == *about).expect("is judged");
            assert_eq!(found.level, *level, "row {at}: {found:?}");
            assert_eq!(found.mend.is_some(), !mend.is_empty(), "row {at}: {found:?}");
            assert!(found.mend.as_deref().unwrap_or_default().contains(mend), "row {at}: {found:?}");
            // One fact has one consequence.
            let others = findings.iter().filter(|finding| finding.about != *about && finding.level == Level::Problem);
            assert_eq!(others.count(), 0, "row {at}");
        }
    }
}
