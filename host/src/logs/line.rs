//! One line of a log: cut out of what a guest prints, made harmless, stamped, and read back.
//!
//! Pure. Control characters are written as `\x1b`, so that a guest can neither colour nor overwrite the
//! terminal of whoever reads its log (F49); bytes that are not UTF-8 become U+FFFD.

use std::fmt::Write;

use jiff::Timestamp;

/// Longest line; a longer one is cut in pieces, as containerd does.
pub(crate) const LINE_BYTES_MAX: usize = 16 << 10;

/// Cuts a stream of bytes into lines.
#[derive(Debug, Default)]
pub(crate) struct Splitter {
    partial: Vec<u8>,
}

impl Splitter {
    /// Takes bytes in and hands complete lines out, without their ends.
    pub(crate) fn push(&mut self, mut bytes: &[u8], mut line: impl FnMut(&[u8])) {
        while let Some(at) = bytes.iter().position(|c| *c == b'\n') {
            let (head, tail) = (&bytes[..at], &bytes[at + 1..]);
            if self.partial.is_empty() && head.len() <= LINE_BYTES_MAX {
                line(without_return(head));
            } else {
                self.extend(head, &mut line);
                line(without_return(&self.partial));
                self.partial.clear();
            }
            bytes = tail;
        }
        self.extend(bytes, &mut line);
    }

    fn extend(&mut self, mut bytes: &[u8], line: &mut impl FnMut(&[u8])) {
        while self.partial.len() + bytes.len() > LINE_BYTES_MAX {
            let (head, tail) = bytes.split_at(LINE_BYTES_MAX - self.partial.len());
            self.partial.extend_from_slice(head);
            line(&self.partial);
            self.partial.clear();
            bytes = tail;
        }
        self.partial.extend_from_slice(bytes);
    }

    /// Whether a line was begun and not ended.
    pub(crate) fn has_partial(&self) -> bool {
        !self.partial.is_empty()
    }

    /// Hands out a line that was not ended: the guest has fallen silent.
    pub(crate) fn flush(&mut self, line: impl FnOnce(&[u8])) {
        if self.has_partial() {
            line(without_return(&self.partial));
            self.partial = Vec::new();
        }
    }
}

fn without_return(line: &[u8]) -> &[u8] {
    line.strip_suffix(b"\r").unwrap_or(line)
}

/// Appends a line as it lies on disk.
pub(crate) fn stamp(out: &mut Vec<u8>, now: Timestamp, stream: &str, text: &[u8]) {
    let mut line = String::with_capacity(text.len() + 40);
    // Nine digits always, so that lines sort as text.
    let written = write!(line, "{now:.9} {stream} ");
    debug_assert!(written.is_ok(), "a String takes everything");
    for c in String::from_utf8_lossy(text).chars() {
        match c {
            '\t' => line.push('\t'),
            c if c.is_control() => {
                let written = write!(line, "\\x{:02x}", u32::from(c));
                debug_assert!(written.is_ok(), "a String takes everything");
            }
            c => line.push(c),
        }
    }
    line.push('\n');
    out.extend_from_slice(line.as_bytes());
}

/// A line read back.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Line<'a> {
    pub(crate) time: &'a str,
    pub(crate) text: &'a str,
}

impl<'a> Line<'a> {
    /// Reads a line without its end. What is not one of ours is all text.
    pub(crate) fn parse(line: &'a str) -> Self {
        let parts = line.split_once(' ').and_then(|(time, rest)| Some((time, rest.split_once(' ')?.1)));
        match parts {
            Some((time, text)) => Self { time, text },
            None => Self { time: "", text: line },
        }
    }

    /// Whether it was written at or after `since`.
    pub(crate) fn is_since(&self, since: Timestamp) -> bool {
        self.time.parse::<Timestamp>().is_ok_and(|time| time >= since)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(chunks: &[&[u8]]) -> (Vec<usize>, Vec<String>) {
        let (mut splitter, mut lines) = (Splitter::default(), Vec::new());
        for chunk in chunks {
            splitter.push(chunk, |line| lines.push(line.to_vec()));
        }
        splitter.flush(|line| lines.push(line.to_vec()));
        assert!(!splitter.has_partial());
        (lines.iter().map(Vec::len).collect(), lines.iter().map(|l| String::from_utf8_lossy(l).into_owned()).collect())
    }

    #[test]
    fn lines_are_put_together_from_chunks_and_long_ones_cut() {
        assert_eq!(split(&[b"one\ntwo\n"]).1, ["one", "two"]);
        assert_eq!(split(&[b"o", b"ne\r\n", b"\n", b"tw", b"o"]).1, ["one", "", "two"]);
        let long = vec![b'x'; LINE_BYTES_MAX * 2 + 5];
        assert_eq!(split(&[&long]).0, [LINE_BYTES_MAX, LINE_BYTES_MAX, 5]);
        assert_eq!(split(&[&long[..LINE_BYTES_MAX], b"\nx\n"]).0, [LINE_BYTES_MAX, 1]);
        assert_eq!(split(&[]).1, Vec::<String>::new());
    }

    // F49
    #[test]
    fn control_characters_are_made_harmless() {
        let mut out = Vec::new();
        let now = Timestamp::from_nanosecond(1_700_000_000_000_000_001).expect("in range");
        stamp(&mut out, now, "stdout", "a\t\x1b[31m\r\u{9b}ü".as_bytes());
        stamp(&mut out, now, "stderr", b"\xff");
        let text = String::from_utf8(out).expect("is UTF-8");
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines[0], "2023-11-14T22:13:20.000000001Z stdout a\t\\x1b[31m\\x0d\\x9bü");
        assert_eq!(Line::parse(lines[1]), Line { time: "2023-11-14T22:13:20.000000001Z", text: "\u{fffd}" });
        assert!(Line::parse(lines[1]).is_since(now));
        assert!(!Line::parse(lines[1]).is_since(Timestamp::from_second(1_700_000_001).expect("in range")));
        assert_eq!(Line::parse("odd").text, "odd");
    }
}
