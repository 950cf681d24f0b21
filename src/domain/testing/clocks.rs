//! Days on which clocks change: every transition of zones that differ in all that zones can differ
//! in, and some days without.

use std::sync::LazyLock;

use jiff::civil::{Date, date};

use crate::domain::calendar::time_zone;

/// Changes of an hour, half an hour and two; at midnight, before it and after it; south and north;
/// odd offsets; around Ramadan; none at all.
pub(crate) const TIME_ZONES: [&str; 20] = [
    "Europe/Berlin",
    "Europe/London",
    "America/New_York",
    "America/St_Johns",
    "America/Havana",
    "America/Santiago",
    "America/Nuuk",
    "America/Asuncion",
    "Pacific/Chatham",
    "Pacific/Apia",
    "Pacific/Easter",
    "Australia/Lord_Howe",
    "Australia/Eucla",
    "Antarctica/Troll",
    "Africa/Cairo",
    "Africa/Casablanca",
    "Asia/Beirut",
    "Asia/Jerusalem",
    "Asia/Kathmandu",
    "Asia/Almaty",
];

const YEARS: std::ops::RangeInclusive<i16> = 2024..=2030;

/// Every transition's date of the years, the days around it, and a midsummer day.
pub(crate) static DAYS: LazyLock<Vec<(&'static str, Date)>> = LazyLock::new(|| {
    let mut days = Vec::new();
    for name in TIME_ZONES {
        let rules = time_zone(name).expect("known");
        let begin = date(*YEARS.start(), 1, 1).to_zoned(rules.clone());
        let begin = begin.expect("in the calendar").timestamp();
        days.push((name, date(2026, 6, 1)));
        for transition in rules.following(begin) {
            let changed = rules.to_datetime(transition.timestamp()).date();
            if changed.year() > *YEARS.end() {
                break;
            }
            days.push((name, changed.yesterday().expect("in the calendar")));
            days.push((name, changed));
            days.push((name, changed.tomorrow().expect("in the calendar")));
        }
    }
    days
});

#[test]
fn the_list_of_days_has_the_changes_that_are_known() {
    for day in [
        ("Europe/Berlin", date(2027, 3, 28)),
        ("Australia/Lord_Howe", date(2030, 4, 7)),
        ("Africa/Cairo", date(2024, 4, 26)),
        ("Asia/Almaty", date(2024, 3, 1)),
    ] {
        assert!(DAYS.contains(&day), "{day:?}");
    }
    assert!(DAYS.len() > 500, "{}", DAYS.len());
}
