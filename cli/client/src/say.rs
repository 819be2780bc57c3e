//! Printing: results to standard output, everything else to standard error, colours on terminals alone.
//!
//! Unlike `println!`, it does not mind a reader that leaves: that is an error which ends the command quietly.

use std::io::{IsTerminal, Write};

use anyhow::Result;

/// The colours there are; each says one thing everywhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Colour {
    /// Errors, and what goes.
    Red,
    /// Success, and what comes.
    Green,
    /// Warnings, and what changes.
    Yellow,
    /// Places.
    Cyan,
    /// Headings.
    Bold,
}

impl Colour {
    const fn code(self) -> &'static str {
        match self {
            Self::Red => "31",
            Self::Green => "32",
            Self::Yellow => "33",
            Self::Cyan => "36",
            Self::Bold => "1",
        }
    }
}

/// Whether a stream may be coloured: it is a terminal, and `NO_COLOR` (no-color.org) is not set.
fn may_colour(is_terminal: bool) -> bool {
    let refused = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    let dumb = std::env::var_os("TERM").is_some_and(|value| value == "dumb");
    is_terminal && !refused && !dumb
}

fn paint(text: &str, colour: Colour, may: bool) -> String {
    if may { format!("\u{1b}[{}m{text}\u{1b}[0m", colour.code()) } else { text.to_owned() }
}

/// The text in a colour, if standard output shows colours.
#[must_use]
pub fn coloured(text: &str, colour: Colour) -> String {
    paint(text, colour, may_colour(std::io::stdout().is_terminal()))
}

/// Prints a line of the result.
///
/// # Errors
/// Standard output cannot be written.
pub fn line(text: impl AsRef<str>) -> Result<()> {
    lines([text])
}

/// Prints lines of the result.
///
/// # Errors
/// Standard output cannot be written.
pub fn lines<T: AsRef<str>>(lines: impl IntoIterator<Item = T>) -> Result<()> {
    let mut out = std::io::stdout().lock();
    for line in lines {
        writeln!(out, "{}", line.as_ref())?;
    }
    Ok(out.flush()?)
}

/// Prints a part of the result as it is.
///
/// # Errors
/// Standard output cannot be written.
pub fn raw(bytes: &[u8]) -> Result<()> {
    let mut out = std::io::stdout().lock();
    out.write_all(bytes)?;
    Ok(out.flush()?)
}

/// Prints a part of what a command in a container wrote to its standard error.
///
/// # Errors
/// Standard error cannot be written.
pub fn raw_error(bytes: &[u8]) -> Result<()> {
    Ok(std::io::stderr().lock().write_all(bytes)?)
}

/// Tells something that is no result.
pub fn note(text: impl AsRef<str>) {
    eprintln!("{}", text.as_ref());
}

/// Tells a warning, as the server sent it or of our own.
pub fn warning(text: &str) {
    let word = paint("warning:", Colour::Yellow, may_colour(std::io::stderr().is_terminal()));
    eprintln!("{word} {text}");
}

/// Tells why a command failed.
pub fn error(error: &anyhow::Error) {
    let word = paint("error:", Colour::Red, may_colour(std::io::stderr().is_terminal()));
    eprintln!("{word} {error:#}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_are_wrapped_around_and_left_out_where_they_are_not_wanted() {
        assert_eq!(paint("x", Colour::Red, true), "\u{1b}[31mx\u{1b}[0m");
        assert_eq!(paint("x", Colour::Red, false), "x");
        assert!(!may_colour(false));
    }
}
