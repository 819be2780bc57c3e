//! What a Wasm workload may ask for beyond Kubernetes' fields: the annotations of `insula.dev`.

use std::time::Duration;

/// Handler of Pods whose guests share their host's process: what Pods without a RuntimeClass are given.
pub const CLASS_SHARED: &str = "wasm";
/// Handler of Pods whose guests run in a process of their own. There is a RuntimeClass of each name from the start.
pub const CLASS_ISOLATED: &str = "wasm-isolated";

/// Deadline of a request unless the workload asks for another.
pub const TIMEOUT_DEFAULT: Duration = Duration::from_secs(30);
/// Longest deadline a workload may ask for.
pub const TIMEOUT_MAX: Duration = Duration::from_secs(3600);
/// How long an idle reused instance is kept unless the workload says otherwise.
pub const IDLE_DEFAULT: Duration = Duration::from_secs(10);
/// Most requests one instance may serve.
pub const REUSE_REQUESTS_MAX: u32 = 1_000_000;
/// Most requests one instance may serve at once.
pub const REUSE_CONCURRENT_MAX: u32 = 1_000;

/// How instances are reused, from `insula.dev/reuse: "requests=N,concurrent=M,idle=S"`.
///
/// A fresh instance per request is `requests=1`, the default: isolation first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reuse {
    /// Requests an instance serves before it is dropped.
    pub requests_max: u32,
    /// Requests an instance serves at once; components of WASI 0.2 serve one, and so does one that is not reused.
    pub concurrent_max: u32,
    /// How long an idle instance is kept.
    pub idle: Duration,
}

impl Default for Reuse {
    fn default() -> Self {
        Self { requests_max: 1, concurrent_max: 1, idle: IDLE_DEFAULT }
    }
}

impl Reuse {
    /// Parses the annotation.
    ///
    /// # Errors
    /// A sentence that names the part and its range.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut reuse = Self::default();
        for part in text.split(',').map(str::trim) {
            let (key, value) = part.split_once('=').ok_or_else(|| format!("{part:?} is not of the form key=value"))?;
            match key {
                "requests" => reuse.requests_max = parse_count(key, value, REUSE_REQUESTS_MAX)?,
                "concurrent" => reuse.concurrent_max = parse_count(key, value, REUSE_CONCURRENT_MAX)?,
                "idle" => reuse.idle = parse_duration(value)?,
                "reset" => {
                    return Err(
                        "reset is not known; leave the annotation out, as a fresh instance is one whose memory \
                                is as the component's build left it"
                            .to_owned(),
                    );
                }
                _ => return Err(format!("{key:?} is not known; use requests, concurrent and idle")),
            }
        }
        Ok(reuse)
    }
}

fn parse_count(key: &str, value: &str, max: u32) -> Result<u32, String> {
    match value.parse() {
        Ok(count) if (1..=max).contains(&count) => Ok(count),
        _ => Err(format!("{key}={value:?} must be a number from 1 to {max}")),
    }
}

/// Parses `insula.dev/memory-limit`, in bytes.
///
/// # Errors
/// A sentence that shows the form.
pub fn parse_memory_limit(text: &str) -> Result<u64, String> {
    let bytes = crate::quantity::parse_bytes(text)?;
    let bytes = u64::try_from(bytes).ok().filter(|bytes| *bytes > 0);
    bytes.ok_or_else(|| format!("{text:?} must be more than 0 bytes, such as 512Mi or 2Gi"))
}

/// Parses `insula.dev/timeout`.
///
/// # Errors
/// A sentence that names the range.
pub fn parse_timeout(text: &str) -> Result<Duration, String> {
    let timeout = parse_duration(text)?;
    if timeout.is_zero() || timeout > TIMEOUT_MAX {
        return Err(format!("{text:?} must be more than 0 and at most {}s", TIMEOUT_MAX.as_secs()));
    }
    Ok(timeout)
}

/// Parses `250ms`, `30s`, `5m`, `1h`; a bare number is seconds.
///
/// # Errors
/// A sentence that shows the form.
pub fn parse_duration(text: &str) -> Result<Duration, String> {
    let at = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(at);
    let millis_per_unit: u64 = match unit {
        "ms" => 1,
        "s" | "" => 1000,
        "m" => 60_000,
        "h" => 3_600_000,
        _ => return Err(format!("{text:?} is not a duration such as 250ms, 30s, 5m or 1h")),
    };
    number
        .parse::<u64>()
        .ok()
        .and_then(|count| count.checked_mul(millis_per_unit))
        .map(Duration::from_millis)
        .ok_or_else(|| format!("{text:?} is not a duration such as 250ms, 30s, 5m or 1h"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reuse_reads_any_subset_of_its_parts() {
        let reuse = Reuse::parse("requests=100, idle=5s").expect("parses");
        assert_eq!(reuse, Reuse { requests_max: 100, concurrent_max: 1, idle: Duration::from_secs(5) });
        for bad in ["", "requests", "requests=0", "requests=x", "speed=9", "idle=5y", "requests=9,reset=true"] {
            assert!(Reuse::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn memory_limits_are_quantities_above_nothing() {
        assert_eq!(parse_memory_limit("2Gi"), Ok(2 << 30));
        for bad in ["0", "-1Gi", "much", ""] {
            assert!(parse_memory_limit(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn timeouts_are_bounded() {
        assert_eq!(parse_timeout("250ms"), Ok(Duration::from_millis(250)));
        for bad in ["0", "2h", "-1s", "forever", ""] {
            assert!(parse_timeout(bad).is_err(), "{bad}");
        }
    }
}
