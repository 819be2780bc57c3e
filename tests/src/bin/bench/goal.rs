//! What a figure should be, and whether it is.

use std::fmt::Display;
use std::sync::atomic::{AtomicU32, Ordering};

static MISSED: AtomicU32 = AtomicU32::new(0);

/// The side of the bound a figure should be on.
#[derive(Clone, Copy)]
pub(crate) enum Side {
    Below,
    AtLeast,
}

/// Prints a figure beside its goal, and remembers a miss.
pub(crate) fn goal<T: PartialOrd + Display>(what: &str, figure: &T, side: Side, bound: &T) {
    let (met, word) = match side {
        Side::Below => (figure < bound, "<"),
        Side::AtLeast => (figure >= bound, ">="),
    };
    if !met {
        MISSED.fetch_add(1, Ordering::Relaxed);
    }
    println!("{} {what}: {figure:.2} (goal {word} {bound:.2})", if met { "met   " } else { "MISSED" });
}

/// How many goals were missed so far.
pub(crate) fn missed() -> u32 {
    MISSED.load(Ordering::Relaxed)
}

/// Milliseconds, for goals that are said in them.
pub(crate) fn millis(duration: std::time::Duration) -> f64 {
    duration.as_secs_f64() * 1e3
}
