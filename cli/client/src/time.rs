//! Durations and ages, as Kubernetes' clients read and write them.

use std::time::Duration;

use jiff::Timestamp;

/// Parses a duration as Go does, `90s`, `1m30s`, `500ms`, `1.5h`; a bare number is seconds.
///
/// # Errors
/// A sentence that shows the form.
pub fn parse(text: &str) -> Result<Duration, String> {
    let wrong = || format!("{text:?} is not a duration such as 30s, 1m30s or 500ms");
    let mut rest = text;
    let mut seconds = 0.0_f64;
    while !rest.is_empty() {
        let at = rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len());
        let (number, tail) = rest.split_at(at);
        let end = tail.find(|c: char| c.is_ascii_digit()).unwrap_or(tail.len());
        let (unit, tail) = tail.split_at(end);
        let number: f64 = number.parse().map_err(|_| wrong())?;
        seconds += number * seconds_per(unit).ok_or_else(wrong)?;
        rest = tail;
    }
    if text.is_empty() {
        return Err(wrong());
    }
    Duration::try_from_secs_f64(seconds).map_err(|_| wrong())
}

fn seconds_per(unit: &str) -> Option<f64> {
    Some(match unit {
        "ns" => 1e-9,
        "us" | "µs" => 1e-6,
        "ms" => 1e-3,
        "s" | "" => 1.0,
        "m" => 60.0,
        "h" => 3600.0,
        "d" => 86400.0,
        _ => return None,
    })
}

/// How long ago, in the coarse form of kubectl's AGE column: two units at most.
#[must_use]
pub fn age(seconds: i64) -> String {
    let seconds = seconds.max(0);
    let (minutes, hours, days) = (seconds / 60, seconds / 3600, seconds / 86400);
    let with = |whole: i64, unit: &str, rest: i64, small: &str| match rest {
        0 => format!("{whole}{unit}"),
        rest => format!("{whole}{unit}{rest}{small}"),
    };
    match seconds {
        0..120 => format!("{seconds}s"),
        120..600 => with(minutes, "m", seconds % 60, "s"),
        600..10_800 => format!("{minutes}m"),
        10_800..28_800 => with(hours, "h", minutes % 60, "m"),
        28_800..172_800 => format!("{hours}h"),
        172_800..691_200 => with(days, "d", hours % 24, "h"),
        691_200..63_072_000 => format!("{days}d"),
        63_072_000..252_288_000 => with(days / 365, "y", days % 365, "d"),
        _ => format!("{}y", days / 365),
    }
}

/// The age of a moment in RFC 3339; `<unknown>` if it is none.
#[must_use]
pub fn since(moment: &str, now: Timestamp) -> String {
    match moment.parse::<Timestamp>() {
        Ok(then) => age(now.as_second() - then.as_second()),
        Err(_) => "<unknown>".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read_as_go_reads_them() {
        for (text, millis) in [
            ("30s", 30_000),
            ("1m30s", 90_000),
            ("500ms", 500),
            ("1.5h", 5_400_000),
            ("5", 5000),
            ("0", 0),
            ("1d", 86_400_000),
        ] {
            assert_eq!(parse(text).expect(text).as_millis(), millis, "{text}");
        }
        for text in ["", "s", "5y", "-1s", "1.2.3s", "1e400h", "five"] {
            assert!(parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn ages_have_two_units_at_most() {
        for (seconds, text) in [
            (-5, "0s"),
            (119, "119s"),
            (120, "2m"),
            (125, "2m5s"),
            (601, "10m"),
            (10_860, "3h1m"),
            (90_000, "25h"),
            (180_000, "2d2h"),
            (864_000, "10d"),
            (64_000_000, "2y10d"),
            (400_000_000, "12y"),
        ] {
            assert_eq!(age(seconds), text, "{seconds}");
        }
        assert_eq!(since("yesterday", Timestamp::UNIX_EPOCH), "<unknown>");
        assert_eq!(since("1970-01-01T00:00:00Z", "1970-01-01T00:00:07Z".parse().expect("a time")), "7s");
    }
}
