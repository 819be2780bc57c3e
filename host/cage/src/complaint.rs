//! What a worker says on standard error: the last of it is kept, to be told with its end.

use std::sync::{Arc, Mutex, PoisonError};

use tokio::io::{AsyncRead, AsyncReadExt as _};

use crate::limits::COMPLAINT_BYTES_MAX;

/// The last words. Clones are the same.
#[derive(Debug, Clone, Default)]
pub(crate) struct Complaint(Arc<Mutex<Vec<u8>>>);

impl Complaint {
    /// Listens to the end.
    pub(crate) async fn listen(self, mut from: impl AsyncRead + Unpin) {
        let mut piece = [0; 1024];
        while let Ok(read @ 1..) = from.read(&mut piece).await {
            let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            kept.extend_from_slice(&piece[..read]);
            let surplus = kept.len().saturating_sub(COMPLAINT_BYTES_MAX);
            kept.drain(..surplus);
        }
    }

    /// On one line; nothing if nothing was said. Control characters of the worker's choosing do not reach logs.
    pub(crate) fn line(&self) -> Option<String> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let text: String =
            String::from_utf8_lossy(&kept).chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        Some(text.split_whitespace().collect::<Vec<_>>().join(" ")).filter(|line| !line.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_last_words_are_kept_on_one_line() {
        let complaint = Complaint::default();
        assert_eq!(complaint.line(), None);
        let long = format!("{}\nthread 'main' panicked:\n\x1b[31mboom\n", "x".repeat(COMPLAINT_BYTES_MAX * 2));
        complaint.clone().listen(long.as_bytes()).await;
        let line = complaint.line().expect("something");
        assert!(line.ends_with("xx thread 'main' panicked: [31mboom") && line.len() <= COMPLAINT_BYTES_MAX, "{line}");
    }
}
