use jiff::{SignedDuration, civil, civil::date};
use proptest::{collection::vec, prelude::*, sample::select};
use uuid::Uuid;

use super::*;
use crate::domain::testing::{at, clocks::DAYS, zone, zone_slug};

fn template(week: Week) -> ShiftTemplate {
    ShiftTemplate {
        id: TemplateId(Uuid::from_u128(1)),
        cleaner: CleanerId(Uuid::from_u128(2)),
        zone: zone_slug("here"),
        week,
        valid_from: date(2000, 1, 1),
        valid_until: None,
        exceptions: BTreeMap::new(),
        planned_until: None,
        version: 1,
    }
}

fn every_day(hours: &[(u16, u16)]) -> ShiftTemplate {
    let hours = hours.iter();
    let hours: Vec<ShiftHours> = hours
        .map(|(starts, ends)| ShiftHours {
            starts: *starts,
            ends: *ends,
        })
        .collect();
    template(std::array::from_fn(|_| hours.clone()))
}

fn range(start: &str, end: &str) -> TimeRange {
    TimeRange::new(at(start), at(end)).expect("a range")
}

#[test]
fn wall_time_is_kept_and_instants_differ() {
    let berlin = zone("here", "Europe/Berlin");
    let template = every_day(&[(8 * 60, 16 * 60)]);
    for (day, start, end) in [
        (
            date(2026, 3, 28),
            "2026-03-28T07:00:00Z",
            "2026-03-28T15:00:00Z",
        ),
        (
            date(2026, 3, 29),
            "2026-03-29T06:00:00Z",
            "2026-03-29T14:00:00Z",
        ),
        (
            date(2026, 10, 25),
            "2026-10-25T07:00:00Z",
            "2026-10-25T15:00:00Z",
        ),
    ] {
        assert_eq!(
            template.shifts_on(&berlin, day),
            Some(vec![range(start, end)])
        );
    }
}

#[test]
fn a_night_shift_is_an_hour_shorter_or_longer_when_clocks_change_in_it() {
    let berlin = zone("here", "Europe/Berlin");
    let template = every_day(&[(22 * 60, 30 * 60)]);
    for (day, hours) in [
        (date(2026, 3, 27), 8),
        (date(2026, 3, 28), 7),
        (date(2026, 10, 24), 9),
    ] {
        let shifts = template.shifts_on(&berlin, day).expect("planned");
        let length = shifts[0].end.duration_since(shifts[0].start);
        assert_eq!(length, SignedDuration::from_hours(hours), "{day}");
    }
}

#[test]
fn an_hour_that_is_skipped_is_later_and_one_that_comes_twice_is_the_first() {
    let berlin = zone("here", "Europe/Berlin");
    // 02:30 to 10:00 on the night when 02:00 becomes 03:00, and when 03:00 becomes 02:00
    let template = every_day(&[(150, 600)]);
    let spring = template.shifts_on(&berlin, date(2026, 3, 29));
    assert_eq!(
        spring,
        Some(vec![range("2026-03-29T01:30:00Z", "2026-03-29T08:00:00Z")])
    );
    let autumn = template.shifts_on(&berlin, date(2026, 10, 25));
    assert_eq!(
        autumn,
        Some(vec![range("2026-10-25T00:30:00Z", "2026-10-25T09:00:00Z")])
    );
    // The first shift reaches an hour into the second, which gives way.
    let meeting = every_day(&[(60, 150), (180, 600)]);
    let spring = meeting.shifts_on(&berlin, date(2026, 3, 29));
    let met = vec![
        range("2026-03-29T00:00:00Z", "2026-03-29T01:30:00Z"),
        range("2026-03-29T01:30:00Z", "2026-03-29T08:00:00Z"),
    ];
    assert_eq!(spring, Some(met));
}

#[test]
fn a_date_that_was_skipped_whole_has_no_shifts_and_a_night_before_it_ends_in_time() {
    // Samoa went from the 29th to the 31st of December 2011.
    let apia = zone("here", "Pacific/Apia");
    let day = every_day(&[(9 * 60, 17 * 60)]);
    assert_eq!(day.shifts_on(&apia, date(2011, 12, 30)), Some(vec![]));
    let night = every_day(&[(22 * 60, 30 * 60)]);
    let shifts = night.shifts_on(&apia, date(2011, 12, 29)).expect("planned");
    assert_eq!(
        shifts[0].end.duration_since(shifts[0].start),
        SignedDuration::from_hours(8)
    );
}

#[test]
fn exceptions_and_validity_go_before_the_week() {
    let berlin = zone("here", "Europe/Berlin");
    let mut template = every_day(&[(8 * 60, 16 * 60)]);
    template.valid_from = date(2026, 6, 2);
    template.valid_until = Some(date(2026, 6, 5));
    let hours = vec![ShiftHours {
        starts: 600,
        ends: 660,
    }];
    template.exceptions = [
        (date(2026, 6, 3), TemplateException::Hours { hours }),
        (date(2026, 6, 4), TemplateException::ByHand),
        (date(2026, 6, 5), TemplateException::Hours { hours: vec![] }),
    ]
    .into();
    let on = |day| {
        template
            .shifts_on(&berlin, date(2026, 6, day))
            .map(|shifts| shifts.len())
    };
    assert_eq!(
        [1, 2, 3, 4, 5, 6].map(on),
        [Some(0), Some(1), Some(1), None, Some(0), Some(0)]
    );
    assert_eq!(template.next_date(), Some(date(2026, 6, 2)));
    template.planned_until = Some(date(2026, 6, 5));
    assert_eq!(template.next_date(), None);
}

#[test]
fn weeks_that_make_no_sense_have_a_fault() {
    let week = |hours: &[(usize, u16, u16)]| {
        let mut week: Week = Default::default();
        for (day, starts, ends) in hours {
            week[*day].push(ShiftHours {
                starts: *starts,
                ends: *ends,
            });
        }
        fault_of_week(&week).is_some()
    };
    assert!(!week(&[]));
    assert!(!week(&[(0, 0, 960), (0, 960, 1440), (1, 0, 60)]));
    assert!(!week(&[(6, 1320, 1800), (0, 360, 600)]));
    assert!(week(&[(0, 600, 600)]));
    assert!(week(&[(0, 1440, 1500)]));
    assert!(week(&[(0, 0, 961)]));
    assert!(week(&[(0, 0, 600), (0, 599, 700)]));
    assert!(week(&[(0, 1320, 1800), (1, 359, 600)]));
    assert!(week(&[(6, 1320, 1800), (0, 359, 600)]));
    assert!(week(&[(0, 0, 10), (0, 20, 30), (0, 40, 50), (0, 60, 70)]));
}

fn some_week() -> impl Strategy<Value = Week> {
    let hours = (0_u16..1440, 15_u16..=960).prop_map(|(starts, length)| ShiftHours {
        starts,
        ends: starts + length,
    });
    prop::array::uniform7(vec(hours, 0..=3)).prop_map(|mut week| {
        // Thinned out until it makes sense.
        while fault_of_week(&week).is_some() {
            let longest = week.iter_mut().max_by_key(|hours| hours.len());
            let _ = longest.expect("seven days").pop();
        }
        week
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    /// Around every change of clocks: in order, apart, on their date, and by the clock on the wall
    /// wherever that shows the hour at all.
    #[test]
    fn shifts_keep_to_the_clock_on_the_wall(
        (time_zone, changed) in select(&DAYS[..]),
        week in some_week(),
    ) {
        let zone = zone("here", time_zone);
        let rules = zone.rules();
        let template = template(week);
        for offset in -1..=1 {
            let date = changed + jiff::Span::new().days(offset);
            let shifts = template.shifts_on(&zone, date).expect("planned");
            let weekday = usize::try_from(date.weekday().to_monday_zero_offset()).expect("small");
            let hours = &template.week[weekday];
            prop_assert!(shifts.len() <= hours.len());
            for pair in shifts.windows(2) {
                prop_assert!(pair[0].end <= pair[1].start);
            }
            for shift in &shifts {
                prop_assert_eq!(zone.date_at(shift.start), date);
            }
            let ordinary = (-1..=2).all(|day| {
                zone.day(date + jiff::Span::new().days(day)).is_some_and(|day| day.cells == 96)
            });
            let on_the_wall: Vec<(civil::DateTime, civil::DateTime)> = shifts
                .iter()
                .map(|shift| (rules.to_datetime(shift.start), rules.to_datetime(shift.end)))
                .collect();
            let mut wanted: Vec<(civil::DateTime, civil::DateTime)> = hours
                .iter()
                .map(|hours| {
                    let wall = |minutes: u16| {
                        date.to_datetime(civil::Time::midnight()) + i64::from(minutes).minutes()
                    };
                    (wall(hours.starts), wall(hours.ends))
                })
                .collect();
            wanted.sort();
            if ordinary {
                prop_assert_eq!(on_the_wall, wanted);
            }
        }
    }
}
