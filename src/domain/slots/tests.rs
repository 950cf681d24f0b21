use std::collections::BTreeMap;

use jiff::{SignedDuration, civil};
use proptest::{collection::vec, prelude::*, sample::select};

use super::*;
use crate::domain::{
    entity::{Cause, Occupancy, OpeningHours, Shift, TimeRange},
    ids::{CleanerId, OccupancyId, ShiftId, TimeOffId},
    testing::{Town, at, clocks::DAYS, service, skills, zone, zone_slug},
};
use uuid::Uuid;

/// From which minute, how many, and whether in the zone.
type Worked = (i64, i64, bool);

/// Shifts, and quarters that are taken: from which, and how many; and what they are able to, as bits.
type Timesheet = (Vec<Worked>, Vec<(i64, i64)>, u8);

#[derive(Debug, Clone)]
struct Plan {
    time_zone: &'static str,
    date: civil::Date,
    hours: (u16, u16),
    services: Vec<Sold>,
    /// Per cleaner: shifts in the zone or another, and busy quarters, from an hour before midnight.
    cleaners: Vec<Timesheet>,
}

/// A service: minutes of work, of travel and between starts, its crew, and what it needs, as bits.
#[derive(Debug, Clone)]
struct Sold {
    duration: u16,
    buffer: u16,
    step: u16,
    crew: u8,
    needs: u8,
}

const ABLE_TO: [&str; 3] = ["deep", "windows", "work"];

fn named(bits: u8) -> Vec<&'static str> {
    let all = ABLE_TO.iter().enumerate();
    let some = all.filter(|(at, _)| bits >> at & 1 == 1);
    some.map(|(_, skill)| *skill).collect()
}

prop_compose! {
    fn sold()(
        duration in 15_u16..=360,
        buffer in 0_u16..=60,
        step in select(vec![15_u16, 30, 45, 60, 240]),
        crew in 1_u8..=4,
        needs in select(vec![0_u8, 0, 0, 1, 4, 5]),
    ) -> Sold {
        Sold { duration, buffer, step, crew, needs }
    }
}

prop_compose! {
    fn plan()(
        (time_zone, date) in select(&DAYS[..]),
        opens in select(vec![0_u16, 5, 8, 11]),
        closes in select(vec![14_u16, 18, 23, 24]),
        services in vec(sold(), 1..4),
        cleaners in vec((
            vec((-120_i64..1500, 15_i64..900, prop::bool::weighted(0.8)), 0..4),
            vec((-8_i64..110, 1_i64..20), 0..5),
            select(vec![7_u8, 7, 5, 2, 0]),
        ), 0..5),
    ) -> Plan {
        Plan { time_zone, date, hours: (opens * 60, closes * 60), services, cleaners }
    }
}

/// The plan as rows. Overlapping shifts and busy times are thinned out: the rows forbid them.
fn town_of(plan: &Plan) -> Town {
    let mut town = Town::new();
    let mut here = zone("here", plan.time_zone);
    let (opens, closes) = plan.hours;
    here.opening_hours = [Some(OpeningHours { opens, closes }); 7];
    let midnight = here.day(plan.date).expect("a day").midnight;
    town.open_zone(here);
    town.world.services.clear();
    for (number, sold) in plan.services.iter().enumerate() {
        let mut work = service(&format!("work-{number}"), sold.crew, &named(sold.needs));
        work.duration_minutes = sold.duration;
        work.travel_buffer_minutes = sold.buffer;
        work.slot_step_minutes = sold.step;
        town.offer(work);
    }
    let minute = |minutes: i64| midnight + SignedDuration::from_mins(minutes);
    for (shifts, busy, able) in &plan.cleaners {
        let cleaner = town.hire(&named(*able));
        town.world.cleaners.get_mut(&cleaner).expect("hired").zones =
            [zone_slug("here"), zone_slug("center")].into();
        for (from, length, in_here) in shifts {
            let during = TimeRange::new(minute(*from), minute(from + length)).expect("a range");
            let id = ShiftId(Uuid::from_u128(town.world.shifts.len() as u128));
            let zone = zone_slug(if *in_here { "here" } else { "center" });
            let mut others = town.world.shifts.values();
            if !others.any(|other| other.cleaner == cleaner && other.during.overlaps(&during)) {
                let local_date = plan.date;
                let shift = Shift {
                    id,
                    cleaner,
                    zone,
                    local_date,
                    during,
                    template: None,
                    version: 1,
                };
                town.world.shifts.insert(id, shift);
            }
        }
        for (from, length) in busy {
            let busy = TimeRange::new(minute(from * 15), minute((from + length) * 15));
            occupy(&mut town, cleaner, busy.expect("a range"));
        }
    }
    town
}

fn occupy(town: &mut Town, cleaner: CleanerId, busy: TimeRange) {
    let id = OccupancyId(Uuid::from_u128(town.world.occupancy.len() as u128));
    let mut others = town.world.occupancy.values();
    if !others.any(|other| other.cleaner == cleaner && other.busy.overlaps(&busy)) {
        let cause = Cause::TimeOff {
            time_off: TimeOffId(id.0),
        };
        town.world.occupancy.insert(
            id,
            Occupancy {
                id,
                cleaner,
                busy,
                cause,
            },
        );
    }
}

/// Minute by minute, with nothing but wall clocks and rows.
fn naive_counts(
    world: &World,
    plan: &Plan,
    date: civil::Date,
) -> BTreeMap<(ServiceSlug, Timestamp), u32> {
    let zone = &world.zones[&zone_slug("here")];
    let rules = zone.rules();
    let minute = SignedDuration::from_mins(1);
    let Some(day) = zone.day(date) else {
        return BTreeMap::new();
    };
    let mut first = day.midnight;
    while rules.to_datetime(first - minute).date() == date {
        first -= minute;
    }
    let mut counts = BTreeMap::new();
    for work in world.services.values() {
        let mut start = first;
        while rules.to_datetime(start).date() == date {
            let open = (0..work.duration_minutes).all(|passed| {
                let wall = rules.to_datetime(start + minute * i32::from(passed));
                let minutes = u16::try_from(wall.hour()).expect("a clock") * 60
                    + u16::try_from(wall.minute()).expect("a clock");
                wall.date() == date && plan.hours.0 <= minutes && minutes < plan.hours.1
            });
            if open {
                let everybody = world.cleaners.keys();
                let free = everybody.filter(|id| naive_free(world, work, **id, start));
                let free = u32::try_from(free.count()).expect("few");
                if free > 0 {
                    counts.insert((work.slug.clone(), start), free);
                }
            }
            start += minute * i32::from(work.slot_step_minutes);
        }
    }
    counts
}

fn naive_free(world: &World, work: &Service, cleaner: CleanerId, start: Timestamp) -> bool {
    let minute = SignedDuration::from_mins(1);
    let quarter = |at: Timestamp| at.as_second().div_euclid(900);
    let row = &world.cleaners[&cleaner];
    if !row.active || !work.skills.is_subset(&row.skills) {
        return false;
    }
    let from = quarter(start - minute * i32::from(work.travel_buffer_minutes));
    let last = quarter(start + minute * i32::from(work.duration_minutes - 1));
    (from..=last).all(|quarter| {
        let minute_of = |minutes: i64| {
            Timestamp::from_second(quarter * 900 + minutes * 60).expect("in the calendar")
        };
        let on_shift = world.shifts.values().any(|shift| {
            shift.cleaner == cleaner
                && shift.zone == zone_slug("here")
                && (0..15).all(|passed| shift.during.contains_instant(minute_of(passed)))
        });
        let mut rows = world
            .occupancy
            .values()
            .filter(|row| row.cleaner == cleaner);
        on_shift
            && !rows.any(|row| (0..15).any(|passed| row.busy.contains_instant(minute_of(passed))))
    })
}

fn counted(world: &World, date: civil::Date) -> BTreeMap<(Timestamp, ServiceSlug), i64> {
    let zone = &world.zones[&zone_slug("here")];
    counts(world, zone, date)
        .into_iter()
        .map(|free| ((free.start, free.service), i64::from(free.cleaners)))
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn masks_count_what_a_walk_through_the_minutes_counts(plan in plan(), loaded: bool) {
        let mut world = town_of(&plan).world;
        if loaded {
            world = world.settled();
        }
        let zone = &world.zones[&zone_slug("here")];
        let yesterday = plan.date.yesterday().expect("in the calendar");
        let dates = yesterday.series(jiff::Span::new().days(1)).take(3);
        let timetable = Timetable::of(&world);
        for (date, found) in counts_of_dates(&world, zone, dates) {
            let walked = naive_counts(&world, &plan, date);
            let counted: BTreeMap<_, _> = found
                .into_iter()
                .map(|free| ((free.service, free.start), free.cleaners))
                .collect();
            prop_assert_eq!(&counted, &walked);
            let day = zone.day(date).expect("it was counted");
            for work in world.services.values() {
                for (start, free) in counts_of_service(&timetable, zone, work, &day) {
                    let walked = walked.get(&(work.slug.clone(), start)).copied();
                    prop_assert_eq!(free, walked.unwrap_or(0));
                    prop_assert!(is_sold_at(zone, work, start));
                }
            }
        }
    }

    #[test]
    fn counts_before_and_the_difference_give_counts_after(
        plan in plan(),
        changes in vec((0_usize..4, 0_u8..5, -8_i64..110, 1_i64..20), 1..4),
        loaded: bool,
    ) {
        let mut before = town_of(&plan);
        if loaded {
            before.world = before.world.settled();
        }
        let mut after = before.clone();
        for (cleaner, change, from, length) in changes {
            let Some(id) = after.world.cleaners.keys().nth(cleaner).copied() else { continue };
            let midnight = after.world.zones[&zone_slug("here")].day(plan.date).expect("a day").midnight;
            let quarter = |count: i64| midnight + SignedDuration::from_mins(15 * count);
            match change {
                0 => after.world.cleaners.get_mut(&id).expect("hired").active = false,
                1 => after.world.cleaners.get_mut(&id).expect("hired").skills = skills(&[]),
                2 => after.world.occupancy.retain(|_, row| row.cleaner != id),
                3 => after.world.shifts.retain(|_, shift| shift.cleaner != id),
                _ => occupy(
                    &mut after,
                    id,
                    TimeRange::new(quarter(from), quarter(from + length)).expect("a range"),
                ),
            }
        }
        let changes = difference(&before.world, &after.world);
        for offset in -1..=1 {
            let date = plan.date + jiff::Span::new().days(offset);
            let mut sum = counted(&before.world, date);
            for change in changes.iter().filter(|c| c.date == date && c.zone == zone_slug("here")) {
                *sum.entry((change.start, change.service.clone())).or_default() += i64::from(change.by);
            }
            sum.retain(|_, count| *count != 0);
            prop_assert_eq!(sum, counted(&after.world, date));
        }
    }

    #[test]
    fn runs_are_found_in_steps_as_by_looking_at_each_cell(mask: u128, cells in 1_u32..=29) {
        let looked: u128 = (0..128_u32)
            .filter(|from| (*from..from + cells).all(|bit| bit < 128 && mask >> bit & 1 == 1))
            .fold(0, |found, bit| found | 1 << bit);
        prop_assert_eq!(sheet::longer(mask, &mut 1, cells), looked);
    }
}

#[test]
fn late_work_reaches_past_midnight_on_the_longest_day() {
    let mut town = Town::new();
    let mut work = service("work", 1, &[]);
    (work.duration_minutes, work.slot_step_minutes) = (15, 15);
    town.world.services.clear();
    town.offer(work);
    let date = civil::date(2026, 10, 25);
    let cleaner = town.hire(&[]);
    town.shift(
        cleaner,
        at("2026-10-24T12:00:00Z"),
        at("2026-10-26T12:00:00Z"),
    );
    let found = counts(&town.world, &town.world.zones[&zone_slug("center")], date);
    // 25 hours of quarters, each with its travel buffer
    assert_eq!(found.len(), 100);
}

#[test]
fn a_change_of_a_service_is_published_for_everybody() {
    let mut town = Town::new();
    town.cleaner(&[]);
    let mut after = town.world.clone();
    for service in after.services.values_mut() {
        service.duration_minutes = 360;
    }
    let changes = difference(&town.world, &after);
    assert!(!changes.is_empty());
    assert!(changes.iter().all(|change| change.by == -1));
}
