//! What this machine is: read once at start, told in every Hello.

use std::fs;

use protocol::v1::Capacity;

/// Facts about the Node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Facts {
    /// Changes with each boot: what ran before it does not run any more (C33).
    pub(crate) boot_id: String,
    pub(crate) kernel_version: String,
    pub(crate) os_image: String,
    pub(crate) cpu_millis: u64,
    pub(crate) memory_bytes: u64,
}

impl Facts {
    /// Reads them. What the system does not tell stays empty.
    pub(crate) fn observe() -> Self {
        let read = |path: &str| fs::read_to_string(path).unwrap_or_default();
        let cpus = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        let memory = memory_total(&read("/proc/meminfo"));
        let limit = read("/sys/fs/cgroup/memory.max").trim().parse().unwrap_or(u64::MAX);
        Self {
            boot_id: read("/proc/sys/kernel/random/boot_id").trim().to_owned(),
            kernel_version: rustix::system::uname().release().to_string_lossy().into_owned(),
            os_image: os_image(&read("/etc/os-release")),
            cpu_millis: cpus as u64 * 1000,
            memory_bytes: memory.min(limit),
        }
    }

    pub(crate) fn capacity(&self, pods_max: u32) -> Capacity {
        Capacity { cpu_millis: self.cpu_millis, memory_bytes: self.memory_bytes, pods: pods_max }
    }
}

/// `MemTotal` of `/proc/meminfo` in bytes.
fn memory_total(meminfo: &str) -> u64 {
    let kib = meminfo.lines().find_map(|line| line.strip_prefix("MemTotal:")?.trim().strip_suffix("kB"));
    kib.and_then(|kib| kib.trim().parse::<u64>().ok()).unwrap_or(0) * 1024
}

/// `PRETTY_NAME` of `/etc/os-release`.
fn os_image(release: &str) -> String {
    let name = release.lines().find_map(|line| line.strip_prefix("PRETTY_NAME="));
    name.map(|name| name.trim_matches('"').to_owned()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn system_files_are_understood() {
        assert_eq!(memory_total("MemTotal:       16384 kB\nMemFree: 1 kB\n"), 16 << 20);
        assert_eq!(memory_total("nonsense"), 0);
        assert_eq!(os_image("ID=x\nPRETTY_NAME=\"Some Linux 12\"\n"), "Some Linux 12");
        assert!(!Facts::observe().boot_id.is_empty());
    }
}
