//! What is said while something is waited for: a line that changes on a terminal, a line a change elsewhere.

use std::cell::RefCell;
use std::time::Duration;

use indicatif::ProgressBar;

const SPIN_EVERY: Duration = Duration::from_millis(100);

/// How the wait goes, and why it takes so long.
pub struct Progress {
    bar: ProgressBar,
    said: RefCell<(String, String)>,
}

impl Progress {
    /// Begins to wait.
    #[must_use]
    pub fn start() -> Self {
        let bar = ProgressBar::new_spinner();
        bar.enable_steady_tick(SPIN_EVERY);
        Self { bar, said: RefCell::default() }
    }

    /// How far it has come.
    pub fn state(&self, text: impl Into<String>) {
        let (_, why) = self.said.borrow().clone();
        self.say(text.into(), why);
    }

    /// What it waits for.
    pub fn why(&self, text: impl Into<String>) {
        let (state, _) = self.said.borrow().clone();
        self.say(state, text.into());
    }

    /// Ends; the line goes from the terminal.
    pub fn done(&self) {
        self.bar.finish_and_clear();
    }

    fn say(&self, state: String, why: String) {
        let line = match (state.as_str(), why.as_str()) {
            (state, "") => state.to_owned(),
            ("", why) => why.to_owned(),
            (state, why) => format!("{state}; {why}"),
        };
        if self.said.replace((state.clone(), why.clone())) == (state, why) {
            return;
        }
        if self.bar.is_hidden() { eprintln!("{line}") } else { self.bar.set_message(line) }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.done();
    }
}
