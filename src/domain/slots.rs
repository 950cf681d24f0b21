//! What can be booked: free starts, computed on day masks.
//!
//! Per cleaner, zone and local date one `u128` of 15-minute cells: shifts in that zone less what
//! takes the cleaner's time. Bit [`LEAD_CELLS`] is the first cell of the date; the bits before it
//! give a travel buffer room, the bits past the day's end give late work room. The starts at which
//! work of d cells fits are the AND of the mask shifted by 0‥d−1, in log2 d steps; how many cleaners
//! are free at a start is a sum of masks, so the change of one cleaner is that of theirs.
//!
//! Counts are independent of the clock, of lead times and of whether a service is on sale: readers
//! mask those. They include the rows of lapsed holds until somebody releases them.

mod change;
mod sheet;

use std::{collections::HashMap, hash::BuildHasherDefault};

use jiff::{Timestamp, civil::Date};

use self::sheet::{Sheet, Tally, bits, sold_at};
use super::{
    World,
    calendar::Day,
    entity::{Cleaner, Service, Zone},
    ids::ServiceSlug,
    table::IdHasher,
    timetable::Timetable,
};

pub use change::{Change, Touched, difference};

/// Cells of a day's mask that lie before the day: an hour, the longest travel buffer.
pub const LEAD_CELLS: u32 = 4;

/// How many cleaners are free at a start.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct FreeStart {
    pub service: ServiceSlug,
    pub start: Timestamp,
    pub cleaners: u32,
}

/// Starts on `date` at which somebody is free, with how many, by service and time. The world must
/// hold the zone's roster around that date.
pub fn counts(world: &World, zone: &Zone, date: Date) -> Vec<FreeStart> {
    let Some(day) = zone.day(date) else {
        return Vec::new();
    };
    let sheet = Sheet::of(zone, &day, world.services.values());
    let mut tallies: Vec<Tally> = sheet.sales.iter().map(|_| Tally::default()).collect();
    for at_work in everybody(world, &sheet) {
        let free = at_work.on & !at_work.taken;
        sheet.starts(free, at_work.offer, at_work.cleaner, |sale, starts| {
            tallies[sale].add(starts);
        });
    }
    let mut found = Vec::new();
    for (sale, tally) in sheet.sales.iter().zip(&tallies) {
        found.extend(tally.counts().map(|(bit, cleaners)| FreeStart {
            service: sale.service.slug.clone(),
            start: sheet.start(bit),
            cleaners,
        }));
    }
    found
}

/// A cleaner's day.
struct AtWork<'w> {
    cleaner: &'w Cleaner,
    offer: u128,
    on: u128,
    taken: u128,
}

/// Everybody who is at work in the zone, in one pass through all rows.
fn everybody<'w>(world: &'w World, sheet: &Sheet<'_>) -> Vec<AtWork<'w>> {
    let mut team: Vec<AtWork<'w>> = Vec::new();
    let mut places: HashMap<u128, usize, BuildHasherDefault<IdHasher>> = HashMap::default();
    for cleaner in world.cleaners.values() {
        if let Some(offer) = sheet.offer(cleaner) {
            places.insert(cleaner.id.0.as_u128(), team.len());
            team.push(AtWork {
                cleaner,
                offer,
                on: 0,
                taken: 0,
            });
        }
    }
    for shift in world.shifts.values() {
        let cells = sheet.worked(shift);
        if cells != 0
            && let Some(place) = places.get(&shift.cleaner.0.as_u128())
        {
            team[*place].on |= cells;
        }
    }
    for row in world.occupancy.values() {
        let cells = sheet.taken(row.busy);
        if cells != 0
            && let Some(place) = places.get(&row.cleaner.0.as_u128())
        {
            team[*place].taken |= cells;
        }
    }
    team
}

/// How many cleaners are free for `service` at each start of the day, none included.
pub fn counts_of_service(
    timetable: &Timetable<'_>,
    zone: &Zone,
    service: &Service,
    day: &Day,
) -> Vec<(Timestamp, u32)> {
    let sheet = Sheet::of(zone, day, std::iter::once(service));
    let mut tally = Tally::default();
    for cleaner in timetable.cleaners() {
        if let Some(offer) = sheet.offer(cleaner) {
            let free = sheet.free(timetable.shifts(cleaner.id), timetable.busy(cleaner.id));
            sheet.starts(free, offer, cleaner, |_, starts| tally.add(starts));
        }
    }
    bits(sold_at(day, service))
        .map(|bit| (sheet.start(bit), tally.count(bit)))
        .collect()
}

/// Whether the service is sold at this start: on its step, and inside the opening hours.
pub fn is_sold_at(zone: &Zone, service: &Service, start: Timestamp) -> bool {
    zone.day_at(start).is_some_and(|day| {
        day.cell_beginning(start)
            .is_some_and(|cell| sold_at(&day, service) >> (cell + LEAD_CELLS) & 1 == 1)
    })
}

#[cfg(test)]
mod tests;
