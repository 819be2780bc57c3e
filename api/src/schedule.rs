//! When a CronJob runs: a cron pattern and a time zone.
//!
//! Patterns are those of cron(5): minute, hour, day of month, month, day of week, and `@hourly` and its
//! kin. If both days are restricted either may match. Seconds, years and `@every` are refused.
//!
//! Where a clock changes, a pattern with a fixed minute and hour (`30 2 * * *`) keeps its day: a time the
//! clock skips comes right after the gap, and a time the clock shows twice comes the first time. Any other
//! pattern (`*/15 * * * *`) keeps its interval: nothing is made up for what was skipped, and what is shown
//! twice comes twice. Kubernetes leaves out what is skipped, so a daily run may be missing there.
//!
//! Zones come from the copy of the IANA database in this program, not from the machine: a recorded
//! decision replays, and two servers agree. Without a zone a pattern is in UTC.

use croner::Cron;
use croner::parser::{CronParser, Seconds, Year};
use jiff::tz::{TimeZone, TimeZoneDatabase};
use jiff::{Timestamp, Zoned, civil};

/// Longest pattern: every number of every field, and some room.
const PATTERN_LEN_MAX: usize = 1024;

/// A cron pattern in a time zone.
#[derive(Debug, Clone)]
pub struct Schedule {
    cron: Cron,
    zone: TimeZone,
}

impl Schedule {
    /// Reads a pattern and the name of a zone; no name means UTC.
    ///
    /// # Errors
    /// As [`check_pattern`] and [`check_zone`].
    pub fn parse(pattern: &str, zone: Option<&str>) -> Result<Self, String> {
        let zone = zone.map_or(Ok(TimeZone::UTC), parse_zone)?;
        Ok(Self { cron: parse_pattern(pattern)?, zone })
    }

    /// The first time after `at`; `None` at the end of time.
    #[must_use]
    pub fn next_after(&self, at: Timestamp) -> Option<Timestamp> {
        self.cron.find_next_occurrence(&self.local(at), false).ok().map(|found| found.timestamp())
    }

    /// The last time that is not after `at`, however long ago; `None` before the beginning of time.
    #[must_use]
    pub fn last_until(&self, at: Timestamp) -> Option<Timestamp> {
        let found = self.cron.find_previous_occurrence(&self.local(at), true).ok().map(|found| found.timestamp());
        found.filter(|found| *found <= at)
    }

    /// A time as the zone's clocks show it, RFC 3339.
    #[must_use]
    pub fn shown(&self, at: Timestamp) -> String {
        at.display_with_offset(self.zone.to_offset(at)).to_string()
    }

    /// Patterns know whole seconds.
    fn local(&self, at: Timestamp) -> Zoned {
        Timestamp::from_second(at.as_second()).unwrap_or(at).to_zoned(self.zone.clone())
    }
}

/// Checks a cron pattern, also that it ever comes.
///
/// # Errors
/// A sentence about the part that is wrong.
pub fn check_pattern(pattern: &str) -> Result<(), String> {
    let cron = parse_pattern(pattern)?;
    // Patterns without a year repeat after 400 years; the search ends by itself long after that.
    match cron.find_next_occurrence(&civil::date(2000, 1, 1).at(0, 0, 0, 0), true) {
        Ok(_) => Ok(()),
        Err(_) => Err("names a day that never comes".to_owned()),
    }
}

/// Checks the name of a time zone.
///
/// # Errors
/// A sentence that says what a name looks like.
pub fn check_zone(name: &str) -> Result<(), String> {
    parse_zone(name).map(drop)
}

fn parse_pattern(pattern: &str) -> Result<Cron, String> {
    if pattern.len() > PATTERN_LEN_MAX {
        return Err(format!("has {} characters; the limit is {PATTERN_LEN_MAX}", pattern.len()));
    }
    if pattern.to_ascii_uppercase().contains("TZ=") {
        return Err("may not name a zone; use timeZone".to_owned());
    }
    let pattern = if pattern.trim().eq_ignore_ascii_case("@midnight") { "@daily" } else { pattern };
    let parser = CronParser::builder().seconds(Seconds::Disallowed).year(Year::Disallowed).sloppy_ranges(true).build();
    parser.parse(pattern).map_err(|why| format!("is not a cron pattern of five fields such as \"*/5 * * * *\": {why}"))
}

fn parse_zone(name: &str) -> Result<TimeZone, String> {
    if name.is_empty() || name.eq_ignore_ascii_case("local") {
        return Err("must be the name of a time zone, such as Etc/UTC or Europe/Berlin".to_owned());
    }
    TimeZoneDatabase::bundled()
        .get(name)
        .map_err(|_| format!("unknown time zone {name}; names are those of the IANA database, such as Europe/Berlin"))
}

#[cfg(test)]
mod tests;
