//! What the process of an isolated container uses, as the system tells it. The worker itself is not asked: after an
//! escape it would say what it liked.

use std::sync::atomic::{AtomicU32, Ordering};

use cage::News;

use crate::machine;
use crate::runner::Reading;

/// The process that runs at the moment; 0 is none.
#[derive(Debug, Default)]
pub(super) struct Process(AtomicU32);

impl Process {
    pub(super) fn happened(&self, news: &News) {
        let pid = match news {
            News::Up { pid, .. } => *pid,
            News::Crashed { .. } => 0,
        };
        self.0.store(pid, Ordering::Relaxed);
    }

    /// What it uses; nothing while there is none. Its computing is counted anew with every process.
    pub(super) fn measure(&self) -> Reading {
        let pid = self.0.load(Ordering::Relaxed);
        let used = (pid > 0).then(|| machine::process(&pid.to_string())).flatten().unwrap_or_default();
        // A process that computes nothing keeps its memory.
        Reading { cpu: used.cpu, memory_bytes: used.memory_bytes, may_shrink: false }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_is_measured_while_it_is_there() {
        let process = Process::default();
        assert_eq!(process.measure(), Reading::default());
        process.happened(&News::Up { pid: std::process::id(), walls: String::new(), took: std::time::Duration::ZERO });
        assert!(process.measure().memory_bytes > 0);
        let pause = cage::Pause::For(std::time::Duration::ZERO);
        process.happened(&News::Crashed { why: "gone".into(), pause });
        assert_eq!(process.measure(), Reading::default());
    }
}
