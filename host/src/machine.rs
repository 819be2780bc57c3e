//! What the machine and this process use, as the system tells it.
//!
//! The machine is what the Node's capacity says ([`crate::facts`]): with a bound of a control group on memory it is
//! that group, otherwise all of it. Memory in use is what cannot be had without taking it from somebody, as `kubectl
//! top` has it: file caches do not count.

use std::fs;
use std::time::Duration;

/// Ticks of a second in `/proc`: the same on every architecture that Linux still runs on (`USER_HZ`).
const TICKS: u64 = 100;

/// What something uses: computing time since some beginning, and memory now.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Used {
    pub(crate) cpu: Duration,
    pub(crate) memory_bytes: u64,
}

/// The machine; what the system does not tell is zero.
pub(crate) fn machine() -> Used {
    let read = |path: &str| fs::read_to_string(path).unwrap_or_default();
    let group = |name: &str| read(&format!("/sys/fs/cgroup/{name}"));
    let memory_bytes = match group("memory.max").trim().parse::<u64>() {
        Ok(_) => group_memory(&group("memory.current"), &group("memory.stat")),
        Err(_) => memory_in_use(&read("/proc/meminfo")),
    };
    let is_bounded = group("cpu.max").split_whitespace().next().is_some_and(|quota| quota != "max");
    let cpu = if is_bounded { group_cpu(&group("cpu.stat")) } else { busy(&read("/proc/stat")) };
    Used { cpu, memory_bytes }
}

/// A process by its number, or `self`; none if it is gone.
pub(crate) fn process(id: &str) -> Option<Used> {
    let read = |name: &str| fs::read_to_string(format!("/proc/{id}/{name}")).ok();
    let cpu = ticks_of_process(&read("stat")?)?;
    Some(Used { cpu: ticks(cpu), memory_bytes: kib(&read("status")?, "VmRSS:")? * 1024 })
}

fn ticks(count: u64) -> Duration {
    Duration::from_millis(count.saturating_mul(1000 / TICKS))
}

/// The first line of `/proc/stat`, without the time that nobody computed (idle, iowait) or that was somebody else's
/// (steal; guest time is in user time already).
fn busy(stat: &str) -> Duration {
    let numbers = stat.lines().next().and_then(|line| line.strip_prefix("cpu ")).unwrap_or_default();
    let numbers = numbers.split_whitespace().filter_map(|number| number.parse::<u64>().ok());
    let busy = numbers.take(7).enumerate().filter(|(at, _)| !matches!(at, 3 | 4)).map(|(_, number)| number);
    ticks(busy.sum())
}

/// `utime` and `stime` of `/proc/PID/stat`. The name before them is in brackets, and may hold any.
fn ticks_of_process(stat: &str) -> Option<u64> {
    let mut fields = stat.rsplit_once(')')?.1.split_whitespace().skip(11);
    Some(fields.next()?.parse::<u64>().ok()? + fields.next()?.parse::<u64>().ok()?)
}

/// A value of a file of lines of a name and a number of KiB.
fn kib(file: &str, name: &str) -> Option<u64> {
    let line = file.lines().find_map(|line| line.strip_prefix(name));
    line?.trim().strip_suffix("kB")?.trim().parse().ok()
}

fn memory_in_use(meminfo: &str) -> u64 {
    let kib = |name: &str| kib(meminfo, name).unwrap_or(0);
    kib("MemTotal:").saturating_sub(kib("MemAvailable:")) * 1024
}

fn group_memory(current: &str, stat: &str) -> u64 {
    let current: u64 = current.trim().parse().unwrap_or(0);
    current.saturating_sub(value(stat, "inactive_file"))
}

fn group_cpu(stat: &str) -> Duration {
    Duration::from_micros(value(stat, "usage_usec"))
}

/// A value of a file of lines of a name and a number.
fn value(stat: &str, name: &str) -> u64 {
    let line = stat.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    line.and_then(|number| number.trim().parse().ok()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn system_files_are_understood() {
        let stat = "cpu  100 1 50 9000 800 4 5 70 30 0\ncpu0 1 1 1 1 1 1 1 1 1 1\n";
        assert_eq!(busy(stat), Duration::from_millis(1600));
        assert_eq!(busy("nonsense"), Duration::ZERO);
        let stat = "42 (a) b (c) S 1 42 42 0 -1 4194560 1 2 3 4 250 50 0 0 20 0 9 0 100 1 1";
        assert_eq!(ticks_of_process(stat), Some(300));
        assert_eq!(ticks_of_process("42 (a"), None);
        assert_eq!(kib("VmPeak:\t 9 kB\nVmRSS:\t    7 kB\n", "VmRSS:"), Some(7));
        assert_eq!(memory_in_use("MemTotal: 16384 kB\nMemFree: 1 kB\nMemAvailable: 6144 kB\n"), 10 << 20);
        assert_eq!(group_memory("1000\n", "anon 300\ninactive_file 400\n"), 600);
        assert_eq!(group_cpu("usage_usec 1500\nuser_usec 1\n"), Duration::from_micros(1500));
    }

    #[test]
    fn this_process_and_machine_use_something() {
        let (machine, process) = (machine(), process("self").expect("is there"));
        assert!(machine.cpu > Duration::ZERO && machine.memory_bytes > 0);
        assert!(process.memory_bytes > 1 << 20);
        assert_eq!(super::process("no such process"), None);
    }
}
