//! The clocks guests see: the machine's, in coarse steps.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use wasmtime_wasi::{HostMonotonicClock, HostWallClock};

use crate::settings::CLOCK_STEP;

/// Time since the instance began.
pub(crate) struct Monotonic(Instant);

/// Time of day.
pub(crate) struct Wall;

impl Monotonic {
    pub(crate) fn start() -> Self {
        Self(Instant::now())
    }
}

// F52
impl HostMonotonicClock for Monotonic {
    fn resolution(&self) -> u64 {
        nanos(CLOCK_STEP)
    }

    fn now(&self) -> u64 {
        nanos(coarse(self.0.elapsed()))
    }
}

impl HostWallClock for Wall {
    fn resolution(&self) -> Duration {
        CLOCK_STEP
    }

    fn now(&self) -> Duration {
        coarse(SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default())
    }
}

fn coarse(time: Duration) -> Duration {
    let step = CLOCK_STEP.subsec_nanos();
    Duration::new(time.as_secs(), time.subsec_nanos() / step * step)
}

fn nanos(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    // F52
    #[test]
    fn time_goes_in_steps() {
        for (nanos, expected) in [(0, 0), (99_999, 0), (100_000, 100_000), (1_234_567_890, 1_234_500_000)] {
            assert_eq!(coarse(Duration::from_nanos(nanos)), Duration::from_nanos(expected));
        }
    }
}
