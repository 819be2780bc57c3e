//! Times and durations. Durations are written as Go writes them, `1h30m`; times are RFC 3339.

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp as Time, Zoned};

use super::super::{Fault, Value};
use super::Gives::Of;
use super::Sort::{Duration, Int, Text, Timestamp};
use super::{Function, member, misused};

pub(super) const FUNCTIONS: &[Function] = &[
    member("getFullYear", &[Timestamp], Of(Int), |args, _| part(args, |at| i64::from(at.year()))),
    member("getFullYear", &[Timestamp, Text], Of(Int), |args, _| part(args, |at| i64::from(at.year()))),
    member("getMonth", &[Timestamp], Of(Int), |args, _| part(args, |at| i64::from(at.month()) - 1)),
    member("getMonth", &[Timestamp, Text], Of(Int), |args, _| part(args, |at| i64::from(at.month()) - 1)),
    member("getDate", &[Timestamp], Of(Int), |args, _| part(args, |at| i64::from(at.day()))),
    member("getDate", &[Timestamp, Text], Of(Int), |args, _| part(args, |at| i64::from(at.day()))),
    member("getDayOfMonth", &[Timestamp], Of(Int), |args, _| part(args, |at| i64::from(at.day()) - 1)),
    member("getDayOfMonth", &[Timestamp, Text], Of(Int), |args, _| part(args, |at| i64::from(at.day()) - 1)),
    member("getDayOfWeek", &[Timestamp], Of(Int), |args, _| part(args, day_of_week)),
    member("getDayOfWeek", &[Timestamp, Text], Of(Int), |args, _| part(args, day_of_week)),
    member("getDayOfYear", &[Timestamp], Of(Int), |args, _| part(args, |at| i64::from(at.day_of_year()) - 1)),
    member("getDayOfYear", &[Timestamp, Text], Of(Int), |args, _| part(args, |at| i64::from(at.day_of_year()) - 1)),
    member("getHours", &[Timestamp], Of(Int), |args, _| part(args, |at| i64::from(at.hour()))),
    member("getHours", &[Timestamp, Text], Of(Int), |args, _| part(args, |at| i64::from(at.hour()))),
    member("getMinutes", &[Timestamp], Of(Int), |args, _| part(args, |at| i64::from(at.minute()))),
    member("getMinutes", &[Timestamp, Text], Of(Int), |args, _| part(args, |at| i64::from(at.minute()))),
    member("getSeconds", &[Timestamp], Of(Int), |args, _| part(args, |at| i64::from(at.second()))),
    member("getSeconds", &[Timestamp, Text], Of(Int), |args, _| part(args, |at| i64::from(at.second()))),
    member("getMilliseconds", &[Timestamp], Of(Int), |args, _| part(args, |at| i64::from(at.millisecond()))),
    member("getMilliseconds", &[Timestamp, Text], Of(Int), |args, _| part(args, |at| i64::from(at.millisecond()))),
    member("getHours", &[Duration], Of(Int), |args, _| whole(args, |d| d.as_secs() / 3600)),
    member("getMinutes", &[Duration], Of(Int), |args, _| whole(args, |d| d.as_secs() / 60)),
    member("getSeconds", &[Duration], Of(Int), |args, _| whole(args, |d| d.as_secs())),
    member("getMilliseconds", &[Duration], Of(Int), |args, _| whole(args, |d| i64::from(d.subsec_millis()))),
];

fn day_of_week(at: &Zoned) -> i64 {
    i64::from(at.weekday().to_sunday_zero_offset())
}

/// A part of a time, in UTC or in the zone that is named.
fn part<'a>(args: &[Value<'a>], read: fn(&Zoned) -> i64) -> Result<Value<'a>, Fault> {
    let (at, zone) = match args {
        [Value::Timestamp(at)] => (at, TimeZone::UTC),
        [Value::Timestamp(at), Value::Text(name)] => (at, zone(name)?),
        _ => return misused(),
    };
    Ok(Value::Int(read(&at.to_zoned(zone))))
}

/// `Europe/Rome`, or `-08:00`.
fn zone(name: &str) -> Result<TimeZone, Fault> {
    let unknown = || Fault::new(format!("unknown time zone {name:.40?}"));
    if let Some((hours, minutes)) = name.split_once(':') {
        let hours: i32 = hours.parse().map_err(|_| unknown())?;
        let minutes: i32 = minutes.parse().map_err(|_| unknown())?;
        let sign = if name.starts_with('-') { -1 } else { 1 };
        let seconds = hours.checked_mul(3600).zip(minutes.checked_mul(60 * sign)).and_then(|(h, m)| h.checked_add(m));
        let offset = seconds.and_then(|seconds| jiff::tz::Offset::from_seconds(seconds).ok());
        return offset.map(TimeZone::fixed).ok_or_else(unknown);
    }
    TimeZone::get(name).map_err(|_| unknown())
}

fn whole<'a>(args: &[Value<'a>], read: fn(&SignedDuration) -> i64) -> Result<Value<'a>, Fault> {
    let [Value::Duration(duration)] = args else { return misused() };
    Ok(Value::Int(read(duration)))
}

/// A time of RFC 3339, or a date, which begins at midnight.
pub(crate) fn parse_time(text: &str) -> Option<Time> {
    text.parse().ok().or_else(|| {
        let date: jiff::civil::Date = text.parse().ok()?;
        Some(date.to_zoned(TimeZone::UTC).ok()?.timestamp())
    })
}

/// Go's units, in nanoseconds.
const UNITS: [(&str, i128); 8] = [
    ("ns", 1),
    ("us", 1_000),
    ("µs", 1_000),
    ("μs", 1_000),
    ("ms", 1_000_000),
    ("s", 1_000_000_000),
    ("m", 60_000_000_000),
    ("h", 3_600_000_000_000),
];

/// A duration as Go writes it.
pub(crate) fn parse_duration(text: &str) -> Option<SignedDuration> {
    let (sign, mut rest) = match text.strip_prefix('-') {
        Some(rest) => (-1, rest),
        None => (1, text.strip_prefix('+').unwrap_or(text)),
    };
    if rest == "0" {
        return Some(SignedDuration::ZERO);
    }
    let mut total: i128 = 0;
    while !rest.is_empty() {
        let end = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let (number, after) = rest.split_at(end);
        let unit_end = after.find(|c: char| c.is_ascii_digit() || c == '.').unwrap_or(after.len());
        let (unit, after) = after.split_at(unit_end);
        let (_, nanos) = UNITS.iter().find(|(name, _)| *name == unit)?;
        total = total.checked_add(scaled(number, *nanos)?)?;
        rest = after;
    }
    (!text.is_empty() && text != "-" && text != "+").then_some(())?;
    // Go's durations are 64 bits of nanoseconds.
    i64::try_from(sign * total).ok().map(SignedDuration::from_nanos)
}

/// Most digits of a number; Go's durations have no more.
const DIGITS_MAX: usize = 18;

/// `1.5` of a unit, in nanoseconds.
fn scaled(number: &str, nanos: i128) -> Option<i128> {
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    if whole.len() + fraction.len() == 0 || whole.len() > DIGITS_MAX || fraction.contains('.') {
        return None;
    }
    let fraction = &fraction[..fraction.len().min(DIGITS_MAX)];
    let parse = |digits: &str| if digits.is_empty() { Some(0) } else { digits.parse::<i128>().ok() };
    let scale = 10_i128.pow(u32::try_from(fraction.len()).ok()?);
    Some(parse(whole)? * nanos + parse(fraction)? * nanos / scale)
}

/// A duration as CEL writes it: seconds.
pub(super) fn duration_text(duration: SignedDuration) -> String {
    let nanos = duration.subsec_nanos().unsigned_abs();
    let sign = if duration.is_negative() { "-" } else { "" };
    let seconds = duration.as_secs().unsigned_abs();
    if nanos == 0 {
        return format!("{sign}{seconds}s");
    }
    format!("{sign}{seconds}.{}s", format!("{nanos:09}").trim_end_matches('0'))
}
