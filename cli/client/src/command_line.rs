//! What is done to the words of a command line before clap reads them.
//!
//! People write flags before the verb, `insula -n shop get pods`, as kubectl lets them. Here every verb has its own flags
//! (`up --kubeconfig` writes a file, `get --kubeconfig` reads one), so flags that come first are moved behind the verb.

use std::ffi::OsString;

/// Flags of a place that take a value; the short ones too.
const WITH_VALUE: [&str; 5] = ["-n", "--namespace", "--context", "--kubeconfig", "--request-timeout"];

/// The words with leading flags moved: before `--` if there is one, else to the end.
#[must_use]
pub fn flags_behind_the_verb(words: Vec<OsString>) -> Vec<OsString> {
    let leading = leading(&words);
    // Without a verb there is nothing to move them behind.
    if leading == 0 || leading + 1 >= words.len() {
        return words;
    }
    let mut words = words;
    let flags: Vec<OsString> = words.drain(1..=leading).collect();
    let at = words.iter().position(|word| word == "--").unwrap_or(words.len());
    words.splice(at..at, flags);
    words
}

/// How many words after the program's name are flags of a place and their values.
fn leading(words: &[OsString]) -> usize {
    let mut count = 0;
    loop {
        let word = words.get(1 + count).map(|word| word.to_string_lossy()).unwrap_or_default();
        let flag = word.split('=').next().unwrap_or_default();
        let is_place = WITH_VALUE.contains(&flag) || flag == "-v" || flag == "--v";
        let attached = word.starts_with("-n") && !word.starts_with("--") && word.len() > 2;
        count += match (is_place || attached, WITH_VALUE.contains(&&*word)) {
            (false, _) => return count.min(words.len() - 1),
            (true, true) => 2,
            (true, false) => 1,
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_of_the_place_may_come_first() {
        for (line, wanted) in [
            ("insula get pods", "insula get pods"),
            ("insula -n shop get pods", "insula get pods -n shop"),
            ("insula --context=a -nshop -v=6 exec p -- ls -l", "insula exec p --context=a -nshop -v=6 -- ls -l"),
            ("insula --kubeconfig f rollout status deploy/a", "insula rollout status deploy/a --kubeconfig f"),
            ("insula --version", "insula --version"),
            ("insula -n shop", "insula -n shop"),
            ("insula -n", "insula -n"),
            ("insula", "insula"),
            ("insula up --kubeconfig f", "insula up --kubeconfig f"),
        ] {
            let words = line.split(' ').map(OsString::from).collect();
            let moved: Vec<String> =
                flags_behind_the_verb(words).into_iter().map(|word| word.to_string_lossy().into_owned()).collect();
            assert_eq!(moved.join(" "), wanted);
        }
    }
}
