//! Whatever changes in whichever table, looking at what it concerns tells the same as looking at
//! everything.

use jiff::{SignedDuration, ToSpan};
use proptest::{collection::vec, prelude::*};
use uuid::Uuid;

use super::company::{ANNA, add_template, company, now, slug};
use crate::{
    audience::Difference,
    domain::{
        Table, World,
        alert::{Alert, AlertKind, AlertLevel, AlertStatus},
        entity::{HoldStatus, JobStatus, TimeRange},
        ids::AlertId,
    },
};

/// Which table, which of its rows, how, and by which other row.
type Step = (u8, usize, u8, usize);

const TABLES: u8 = 13;

fn nth<K: Ord + Copy, V>(rows: &Table<K, V>, nth: usize) -> Option<K> {
    rows.keys().nth(nth % rows.len().max(1)).copied()
}

/// Removes the row, or changes it.
fn edit<K: Ord + Copy, V: Clone>(
    rows: &mut Table<K, V>,
    at: usize,
    how: u8,
    edit: impl FnOnce(&mut V),
) {
    let Some(id) = nth(rows, at) else { return };
    if how == 0 {
        rows.remove(&id);
    } else if let Some(row) = rows.get_mut(&id) {
        edit(row);
    }
}

fn later(range: TimeRange, hours: i64) -> TimeRange {
    let by = SignedDuration::from_hours(hours);
    TimeRange::new(range.start + by, range.end + by).expect("as long as it was")
}

fn change(world: &mut World, (table, at, how, other): Step) {
    match table {
        0 => edit(&mut world.customers, at, how, |row| {
            row.name = Some(format!("Name {other}"));
        }),
        1 => {
            let Some(owner) = nth(&world.customers, other) else {
                return;
            };
            edit(&mut world.properties, at, how, |row| match how {
                1 => row.address = format!("Street {other}"),
                2 => row.lon += 1.0,
                _ => row.customer = owner,
            });
        }
        2 => edit(&mut world.holds, at, how, |row| match how {
            1 => row.status = HoldStatus::Released,
            2 => row.status = HoldStatus::Active,
            _ => row.expires_at = now() + 3.minutes(),
        }),
        3 => booking(world, at, how, other),
        4 => job(world, at, how, other),
        5 => alert(world, at, how, other),
        6 => edit(&mut world.cleaners, at, how, |row| match how {
            1 => row.name = format!("Name {other}"),
            2 => row.zones = [slug("north")].into(),
            _ => row.active = !row.active,
        }),
        7 => shift(world, at, how, other),
        8 => {
            let Some(owner) = nth(&world.cleaners, other) else {
                return;
            };
            edit(&mut world.time_off, at, how, |row| match how {
                1 => row.during = later(row.during, 9),
                2 => row.cleaner = owner,
                _ => row.version += 1,
            });
        }
        9 => edit(&mut world.templates, at, how, |row| row.version += 1),
        10 => edit(&mut world.occupancy, at, how, |row| {
            row.busy = later(row.busy, 1);
        }),
        11 => {
            let zone = world.zones.get_mut(&slug("center")).expect("there");
            match how {
                0 | 1 => zone.time_zone = "America/New_York".to_owned(),
                _ => zone.name = format!("Name {other}"),
            }
        }
        _ => {
            let service = world.services.get_mut(&slug("deep")).expect("there");
            service.duration_minutes = 60 * (1 + u16::from(how));
        }
    }
}

fn booking(world: &mut World, at: usize, how: u8, other: usize) {
    let Some(customer) = nth(&world.customers, other) else {
        return;
    };
    let Some(property) = nth(&world.properties, other) else {
        return;
    };
    edit(&mut world.bookings, at, how, |row| match how {
        1 => row.customer = customer,
        2 => row.property = property,
        _ => row.version += 1,
    });
}

fn job(world: &mut World, at: usize, how: u8, other: usize) {
    let Some(cleaner) = nth(&world.cleaners, other) else {
        return;
    };
    let Some(booking) = nth(&world.bookings, other) else {
        return;
    };
    edit(&mut world.jobs, at, how, |row| match how {
        1 => row.local_date = row.local_date.tomorrow().expect("in the calendar"),
        2 => {
            let north = other.is_multiple_of(2);
            row.zone = slug(if north { "north" } else { "center" });
        }
        3 => row.status = JobStatus::Cancelled,
        4 => row.booking = booking,
        5 => row.seats.iter_mut().for_each(|seat| *seat = None),
        _ => row
            .seats
            .iter_mut()
            .flatten()
            .for_each(|seat| seat.cleaner = cleaner),
    });
}

fn alert(world: &mut World, at: usize, how: u8, other: usize) {
    if how < 3 {
        let Some(job) = nth(&world.jobs, at) else {
            return;
        };
        let row = Alert {
            id: AlertId(Uuid::from_u128(0xF00 + other as u128)),
            job,
            about: AlertKind::Late,
            level: AlertLevel::Warning,
            status: AlertStatus::Open,
            raised_at: now(),
            snoozed_until: None,
            handled_by: None,
            version: 1,
        };
        world.alerts.insert(row.id, row);
    } else {
        edit(&mut world.alerts, at, how - 3, |row| {
            row.status = AlertStatus::Resolved;
        });
    }
}

fn shift(world: &mut World, at: usize, how: u8, other: usize) {
    let Some(owner) = nth(&world.cleaners, other) else {
        return;
    };
    edit(&mut world.shifts, at, how, |row| match how {
        1 => row.during = later(row.during, 11),
        2 => row.cleaner = owner,
        3 => row.zone = slug("north"),
        _ => row.version += 1,
    });
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    vec((0..TABLES, 0_usize..20, 0_u8..7, 0_usize..20), 0..5)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn what_is_concerned_differs_as_everything_does(
        first in steps(),
        second in steps(),
        loaded: bool,
        apart: bool,
    ) {
        let mut before = company();
        add_template(&mut before, ANNA);
        for step in first {
            change(&mut before, step);
        }
        if loaded {
            before = before.settled();
        }
        let mut after = before.clone();
        for step in second {
            change(&mut after, step);
        }
        if apart {
            after = after.settled();
        }
        prop_assert_eq!(
            Difference::between(&before, &after),
            Difference::of_everything(&before, &after)
        );
    }
}
