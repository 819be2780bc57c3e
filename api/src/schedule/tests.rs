//! Patterns, zones, and clocks that change.

use proptest::prelude::*;

use super::*;

fn at(text: &str) -> Timestamp {
    text.parse().expect("a time")
}

/// The next times after `from`, as the zone's clocks show them.
fn next(pattern: &str, zone: &str, from: &str, count: usize) -> Vec<String> {
    let schedule = Schedule::parse(pattern, Some(zone)).expect("parses");
    let times = std::iter::successors(schedule.next_after(at(from)), |time| schedule.next_after(*time));
    times.take(count).map(|time| schedule.shown(time)).collect()
}

#[test]
fn patterns_mean_what_cron_means() {
    for (pattern, wanted) in [
        ("*/5 * * * *", "2026-03-01T00:05:00+00:00"),
        ("0 3 * * *", "2026-03-01T03:00:00+00:00"),
        ("0 0 1 * *", "2026-04-01T00:00:00+00:00"),
        ("0 0 13 * FRI", "2026-03-06T00:00:00+00:00"),
        ("15 10 ? * mon-fri", "2026-03-02T10:15:00+00:00"),
        ("0 0 * * 7", "2026-03-08T00:00:00+00:00"),
        ("5/20 * * * *", "2026-03-01T00:05:00+00:00"),
        ("0 0 29 2 *", "2028-02-29T00:00:00+00:00"),
        ("@hourly", "2026-03-01T01:00:00+00:00"),
        ("@midnight", "2026-03-02T00:00:00+00:00"),
    ] {
        assert_eq!(next(pattern, "UTC", "2026-03-01T00:00:00Z", 1), [wanted], "{pattern}");
        assert_eq!(check_pattern(pattern), Ok(()), "{pattern}");
    }
}

#[test]
fn what_is_no_pattern_is_refused_with_a_reason() {
    for bad in [
        "",
        "* * * *",
        "* * * * * *",
        "60 * * * *",
        "* 24 * * *",
        "* * 0 * *",
        "* * * 13 *",
        "* * * * 8",
        "x * * * *",
        "@every 5m",
        "@reboot",
        "TZ=UTC * * * * *",
        "CRON_TZ=Europe/Berlin * * * * *",
        "0 0 30 2 *",
        "*/0 * * * *",
        "5-1 * * * *",
    ] {
        assert!(check_pattern(bad).is_err(), "{bad:?}");
    }
    assert!(check_pattern(&"1,".repeat(PATTERN_LEN_MAX)).is_err());
    for bad in ["", "Local", "local", "Mars/Olympus", "+02:00", "../../etc/passwd"] {
        assert!(check_zone(bad).is_err(), "{bad:?}");
    }
    assert_eq!(check_zone("Europe/Berlin"), Ok(()));
    assert_eq!(check_zone("Etc/UTC"), Ok(()));
}

// C61: in Berlin, on 2026-03-29, 02:00 to 03:00 does not exist.
#[test]
fn a_skipped_daily_time_comes_right_after_the_gap() {
    let days = next("30 2 * * *", "Europe/Berlin", "2026-03-28T00:00:00Z", 3);
    assert_eq!(days, ["2026-03-28T02:30:00+01:00", "2026-03-29T03:00:00+02:00", "2026-03-30T02:30:00+02:00"]);
}

// C61: on 2026-10-25, 02:00 to 03:00 comes twice.
#[test]
fn a_repeated_daily_time_comes_once() {
    let days = next("30 2 * * *", "Europe/Berlin", "2026-10-24T12:00:00Z", 2);
    assert_eq!(days, ["2026-10-25T02:30:00+02:00", "2026-10-26T02:30:00+01:00"]);
}

// C61
#[test]
fn an_interval_is_kept_across_both_changes() {
    let spring = next("*/30 * * * *", "Europe/Berlin", "2026-03-29T00:15:00Z", 3);
    assert_eq!(spring, ["2026-03-29T01:30:00+01:00", "2026-03-29T03:00:00+02:00", "2026-03-29T03:30:00+02:00"]);
    let autumn = next("30 * * * *", "Europe/Berlin", "2026-10-25T00:00:00Z", 3);
    assert_eq!(autumn, ["2026-10-25T02:30:00+02:00", "2026-10-25T02:30:00+01:00", "2026-10-25T03:30:00+01:00"]);
}

// C61
#[test]
fn the_last_time_is_found_without_walking_through_all_missed_ones() {
    let schedule = Schedule::parse("* * * * *", None).expect("parses");
    assert_eq!(schedule.last_until(at("2026-03-01T00:00:30.5Z")), Some(at("2026-03-01T00:00:00Z")));
    assert_eq!(schedule.last_until(at("2026-03-01T00:01:00Z")), Some(at("2026-03-01T00:01:00Z")));
    let leap = Schedule::parse("0 0 29 2 *", None).expect("parses");
    assert_eq!(leap.last_until(at("2026-03-01T00:00:00Z")), Some(at("2024-02-29T00:00:00Z")));
}

fn patterns() -> impl Strategy<Value = String> {
    let minute = prop_oneof![Just("*".to_owned()), (0_u8..60).prop_map(|n| n.to_string()), Just("*/20".to_owned())];
    let hour = prop_oneof![Just("*".to_owned()), (0_u8..24).prop_map(|n| n.to_string()), Just("1-3".to_owned())];
    let day = prop_oneof![Just("*".to_owned()), (1_u8..29).prop_map(|n| n.to_string())];
    let week = prop_oneof![Just("*".to_owned()), (0_u8..7).prop_map(|n| n.to_string())];
    (minute, hour, day, week).prop_map(|(minute, hour, day, week)| format!("{minute} {hour} {day} * {week}"))
}

const ZONES: [&str; 6] =
    ["UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "America/Sao_Paulo", "Asia/Kathmandu"];

proptest! {
    // C61: looking back and looking ahead agree, in every zone and around every change of the clock.
    #[test]
    fn the_last_time_is_the_one_before_the_next(
        pattern in patterns(), zone in 0..ZONES.len(), hour in 0_i64..8760 * 30, second in -100_000_i64..100_000,
    ) {
        let schedule = Schedule::parse(&pattern, Some(ZONES[zone])).expect("parses");
        let any = Timestamp::from_second(946_684_800 + hour * 3600).expect("a time");
        let change = schedule.zone.following(any).next().map_or(any, |change| change.timestamp());
        let now = Timestamp::from_second(change.as_second() + second).expect("a time");
        let last = schedule.last_until(now).expect("has come before");
        let next = schedule.next_after(now).expect("comes");
        prop_assert!(last <= now && now < next, "{last} {now} {next}");
        prop_assert_eq!(schedule.next_after(last), Some(next));
        prop_assert_eq!(schedule.last_until(last), Some(last));
    }

    #[test]
    fn no_text_makes_the_parser_panic(pattern in "\\PC{0,40}", fields in "[0-9*/,?LW#+A-Z@ -]{0,30}") {
        prop_assert!(check_pattern(&pattern).map_or_else(|why| !why.is_empty(), |()| true));
        prop_assert!(check_pattern(&fields).map_or_else(|why| !why.is_empty(), |()| true));
    }
}
