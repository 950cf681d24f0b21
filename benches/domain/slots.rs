//! The slots engine: a zone's day from its rows, what one cleaner's change does to it, and a
//! fortnight of many cleaners.

use std::hint::black_box;

use dispatch_hub::domain::{World, entity::Occupancy, slots};
use jiff::ToSpan;

use super::{
    Case, Run,
    company::{DATE, Extent, center, cleaner_id, company, opening},
};

pub const CASES: &[Case] = &[
    ("slots of a day", day),
    ("slots after one change", one_change),
    ("slots of a fortnight, 500 cleaners", fortnight),
];

fn day() -> Run {
    let world = company(Extent::SLOTS);
    let zone = world.zones[&center()].clone();
    Box::new(move || {
        black_box(slots::counts(&world, &zone, DATE));
    })
}

/// One of a cleaner's jobs of the day is gone.
fn freed(before: &World) -> World {
    let mut after = before.clone();
    let opening = opening(DATE);
    let own = |row: &&Occupancy| row.cleaner == cleaner_id(33) && row.busy.start >= opening;
    let row = before.occupancy.values().filter(own);
    let row = row.min_by_key(|row| row.busy).expect("a busy day").id;
    after.occupancy.remove(&row);
    after
}

fn one_change() -> Run {
    let before = company(Extent::HOLD);
    let after = freed(&before);
    assert!(!slots::difference(&before, &after).is_empty());
    Box::new(move || {
        black_box(slots::difference(&before, &after));
    })
}

fn fortnight() -> Run {
    let world = company(Extent {
        cleaners: 500,
        days_before: 1,
        days_after: 14,
        ..Extent::SLOTS
    });
    let zone = world.zones[&center()].clone();
    Box::new(move || {
        let dates = DATE.series(1.day()).take(14);
        black_box(slots::counts_of_dates(&world, &zone, dates));
    })
}
