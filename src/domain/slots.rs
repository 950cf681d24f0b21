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
    ids::{CleanerId, ServiceSlug},
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
    let counted = counts_of_dates(world, zone, std::iter::once(date));
    counted.into_iter().flat_map(|(_, free)| free).collect()
}

/// The same on several dates, in one pass through the rows.
pub fn counts_of_dates(
    world: &World,
    zone: &Zone,
    dates: impl Iterator<Item = Date>,
) -> Vec<(Date, Vec<FreeStart>)> {
    let days = dates.filter_map(|date| zone.day(date));
    let sheets: Vec<Sheet<'_>> = days
        .map(|day| Sheet::of(zone, &day, world.services.values()))
        .collect();
    let team = team(world, &sheets);
    let counted = (0..).zip(&sheets).map(|(nth, sheet)| {
        let mut tallies: Vec<Tally> = sheet.sales.iter().map(|_| Tally::default()).collect();
        for member in &team.members {
            let free = team.days[member.days + nth].free();
            sheet.starts(free, member.offer, member.cleaner, |sale, starts| {
                tallies[sale].add(starts);
            });
        }
        (sheet.date, free_starts(sheet, &tallies))
    });
    counted.collect()
}

fn free_starts(sheet: &Sheet<'_>, tallies: &[Tally]) -> Vec<FreeStart> {
    let mut found = Vec::new();
    for (sale, tally) in sheet.sales.iter().zip(tallies) {
        found.extend(tally.counts().map(|(bit, cleaners)| FreeStart {
            service: sale.service.slug.clone(),
            start: sheet.start(bit),
            cleaners,
        }));
    }
    found
}

/// Everybody who is at work in a zone.
struct Team<'w> {
    members: Vec<Member<'w>>,
    /// Of each member, as many as there are sheets.
    days: Vec<CleanerDay>,
}

struct Member<'w> {
    cleaner: &'w Cleaner,
    offer: u128,
    /// Where their days begin.
    days: usize,
}

#[derive(Clone, Copy, Default)]
struct CleanerDay {
    on: u128,
    taken: u128,
}

impl CleanerDay {
    fn free(self) -> u128 {
        self.on & !self.taken
    }
}

/// In one pass through all rows. The sheets are of one zone.
fn team<'w>(world: &'w World, sheets: &[Sheet<'_>]) -> Team<'w> {
    let mut members = Vec::new();
    let mut places: HashMap<u128, usize, BuildHasherDefault<IdHasher>> = HashMap::default();
    if let Some(sheet) = sheets.first() {
        world.cleaners.values().for_each(|cleaner| {
            if let Some(offer) = sheet.offer(cleaner) {
                let days = members.len() * sheets.len();
                places.insert(cleaner.id.0.as_u128(), days);
                members.push(Member {
                    cleaner,
                    offer,
                    days,
                });
            }
        });
    }
    let mut days = vec![CleanerDay::default(); members.len() * sheets.len()];
    let days_of = |cleaner: CleanerId| places.get(&cleaner.0.as_u128()).copied();
    world.shifts.values().for_each(|shift| {
        for (nth, sheet) in sheets.iter().enumerate() {
            let cells = sheet.worked(shift);
            if cells != 0
                && let Some(first) = days_of(shift.cleaner)
            {
                days[first + nth].on |= cells;
            }
        }
    });
    world.occupancy.values().for_each(|row| {
        for (nth, sheet) in sheets.iter().enumerate() {
            let cells = sheet.taken(row.busy);
            if cells != 0
                && let Some(first) = days_of(row.cleaner)
            {
                days[first + nth].taken |= cells;
            }
        }
    });
    Team { members, days }
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
