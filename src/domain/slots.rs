//! What can be booked: free starts, computed on day masks.
//!
//! Per cleaner, zone and local date one `u128` of 15-minute cells: shifts in that zone less what
//! takes the cleaner's time. Bit [`LEAD_CELLS`] is the first cell of the date; the bits before it
//! give a travel buffer room, the bits past the day's end give late work room. The starts at which
//! work of d cells fits are the AND of the mask shifted by 0‥d−1, in log2 d steps.
//!
//! Counts are independent of the clock, of lead times and of whether a service is on sale: readers
//! mask those. They include the rows of lapsed holds until somebody releases them.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{Timestamp, civil::Date};

use super::{
    World,
    calendar::{CELL_MINUTES, Day, cells_for},
    entity::{Cleaner, Service, TimeRange, Zone},
    ids::{CleanerId, ServiceSlug, ZoneSlug},
    timetable::Timetable,
};

/// Cells of a day's mask that lie before the day: an hour, the longest travel buffer.
pub const LEAD_CELLS: u32 = 4;

/// How far work that starts on a date may reach into the next.
const LONGEST_WORK_HOURS: i64 = 6;

/// How many cleaners are free at a start.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct FreeStart {
    pub service: ServiceSlug,
    pub start: Timestamp,
    pub cleaners: u32,
}

/// A change of how many cleaners are free at a start.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Change {
    pub zone: ZoneSlug,
    pub date: Date,
    pub service: ServiceSlug,
    pub start: Timestamp,
    pub by: i32,
}

/// Starts on `date` at which somebody is free, with how many, by service and time. The world must
/// hold the zone's roster around that date.
pub fn counts(world: &World, zone: &Zone, date: Date) -> Vec<FreeStart> {
    let Some(day) = zone.day(date) else {
        return Vec::new();
    };
    let timetable = Timetable::of(world);
    let mut found = Vec::new();
    for service in world.services.values() {
        let mut at: BTreeMap<u32, u32> = BTreeMap::new();
        let sold = sold_at(&day, service);
        for cleaner in timetable.cleaners() {
            for bit in bits(free_starts(&timetable, cleaner, zone, service, &day) & sold) {
                *at.entry(bit).or_default() += 1;
            }
        }
        found.extend(at.into_iter().map(|(bit, cleaners)| FreeStart {
            service: service.slug.clone(),
            start: start_of(&day, bit),
            cleaners,
        }));
    }
    found
}

/// How many cleaners are free for `service` at each start of the day, none included.
pub fn counts_of_service(
    timetable: &Timetable<'_>,
    zone: &Zone,
    service: &Service,
    day: &Day,
) -> Vec<(Timestamp, u32)> {
    let sold = sold_at(day, service);
    let masks: Vec<u128> = timetable
        .cleaners()
        .map(|cleaner| free_starts(timetable, cleaner, zone, service, day))
        .collect();
    bits(sold)
        .map(|bit| {
            let free = masks.iter().filter(|mask| *mask >> bit & 1 == 1).count();
            (start_of(day, bit), u32::try_from(free).unwrap_or(u32::MAX))
        })
        .collect()
}

/// Whether the service is sold at this start: on its step, and inside the opening hours.
pub fn is_sold_at(zone: &Zone, service: &Service, start: Timestamp) -> bool {
    zone.day_at(start).is_some_and(|day| {
        day.cell_beginning(start)
            .is_some_and(|cell| sold_at(&day, service) >> (cell + LEAD_CELLS) & 1 == 1)
    })
}

/// Zones and dates at which the free starts of cleaners may differ because of their time, skills or
/// zones, and of how many cleaners.
pub fn touched(before: &World, after: &World) -> BTreeMap<(ZoneSlug, Date), usize> {
    let (was, is) = (Timetable::of(before), Timetable::of(after));
    let everybody: BTreeSet<CleanerId> = before
        .cleaners
        .keys()
        .chain(after.cleaners.keys())
        .copied()
        .collect();
    let mut touched = BTreeMap::new();
    for id in everybody {
        for place in places_touched(&was, &is, id, false, [before, after]) {
            *touched.entry(place).or_default() += 1;
        }
    }
    touched
}

/// The change of free starts between two worlds, over the cleaners whose time, skills or zones
/// differ; over all cleaners for services and zones that differ.
pub fn difference(before: &World, after: &World) -> Vec<Change> {
    let (was, is) = (Timetable::of(before), Timetable::of(after));
    let terms_changed = before.services != after.services || before.zones != after.zones;
    let mut changes: BTreeMap<(ZoneSlug, Date, ServiceSlug, Timestamp), i32> = BTreeMap::new();
    let everybody: BTreeSet<CleanerId> = before
        .cleaners
        .keys()
        .chain(after.cleaners.keys())
        .copied()
        .collect();
    for id in everybody {
        let (old, new) = (was.cleaner(id), is.cleaner(id));
        for (zone, date) in places_touched(&was, &is, id, terms_changed, [before, after]) {
            let sides = [(&was, before, old, -1), (&is, after, new, 1)];
            for (timetable, world, cleaner, by) in sides {
                let Some(cleaner) = cleaner else { continue };
                for (service, start) in contribution(timetable, world, cleaner, &zone, date) {
                    *changes
                        .entry((zone.clone(), date, service, start))
                        .or_default() += by;
                }
            }
        }
    }
    changes
        .into_iter()
        .filter(|(_, by)| *by != 0)
        .map(|((zone, date, service, start), by)| Change {
            zone,
            date,
            service,
            start,
            by,
        })
        .collect()
}

/// Zones and dates where this cleaner's free starts may differ.
fn places_touched(
    was: &Timetable<'_>,
    is: &Timetable<'_>,
    id: CleanerId,
    terms_changed: bool,
    worlds: [&World; 2],
) -> BTreeSet<(ZoneSlug, Date)> {
    let offers = |cleaner: Option<&Cleaner>| {
        cleaner.map(|row| (row.active, row.skills.clone(), row.zones.clone()))
    };
    let (old, new) = (was.cleaner(id), is.cleaner(id));
    let ranges = if terms_changed || offers(old) != offers(new) {
        let shifts = was.shifts(id).iter().chain(is.shifts(id));
        shifts.map(|shift| shift.during).collect()
    } else {
        ranges_changed(was, is, id)
    };
    let zones: BTreeSet<&ZoneSlug> = [old, new]
        .into_iter()
        .flatten()
        .flat_map(|cleaner| &cleaner.zones)
        .collect();
    let mut places = BTreeSet::new();
    for slug in zones {
        for zone in worlds.iter().filter_map(|world| world.zones.get(slug)) {
            for range in &ranges {
                places.extend(dates_touched(zone, *range).map(|date| (slug.clone(), date)));
            }
        }
    }
    places
}

fn ranges_changed(was: &Timetable<'_>, is: &Timetable<'_>, id: CleanerId) -> BTreeSet<TimeRange> {
    let on = |timetable: &Timetable<'_>| -> BTreeSet<(TimeRange, ZoneSlug)> {
        let shifts = timetable.shifts(id).iter();
        shifts.map(|s| (s.during, s.zone.clone())).collect()
    };
    let busy = |timetable: &Timetable<'_>| -> BTreeSet<TimeRange> {
        timetable.busy(id).iter().map(|row| row.busy).collect()
    };
    let mut ranges: BTreeSet<TimeRange> =
        busy(was).symmetric_difference(&busy(is)).copied().collect();
    ranges.extend(
        on(was)
            .symmetric_difference(&on(is))
            .map(|(range, _)| *range),
    );
    ranges
}

/// Dates with a start whose buffer and work may meet the range.
fn dates_touched(zone: &Zone, range: TimeRange) -> impl Iterator<Item = Date> {
    let hours = |count: i64| jiff::SignedDuration::from_hours(count);
    let first = range.start.saturating_sub(hours(LONGEST_WORK_HOURS));
    let last = range.end.saturating_add(hours(1));
    let first = zone.date_at(first.unwrap_or(range.start));
    let last = zone.date_at(last.unwrap_or(range.end));
    first
        .series(jiff::Span::new().days(1))
        .take_while(move |date| *date <= last)
}

fn contribution(
    timetable: &Timetable<'_>,
    world: &World,
    cleaner: &Cleaner,
    zone: &ZoneSlug,
    date: Date,
) -> Vec<(ServiceSlug, Timestamp)> {
    let Some(zone) = world.zones.get(zone) else {
        return Vec::new();
    };
    let Some(day) = zone.day(date) else {
        return Vec::new();
    };
    let mut starts = Vec::new();
    for service in world.services.values() {
        let free = free_starts(timetable, cleaner, zone, service, &day) & sold_at(&day, service);
        starts.extend(bits(free).map(|bit| (service.slug.clone(), start_of(&day, bit))));
    }
    starts
}

/// Cells of the day at which this cleaner could start this work, sold then or not.
fn free_starts(
    timetable: &Timetable<'_>,
    cleaner: &Cleaner,
    zone: &Zone,
    service: &Service,
    day: &Day,
) -> u128 {
    if !cleaner.active
        || !cleaner.zones.contains(&zone.slug)
        || !service.skills.is_subset(&cleaner.skills)
    {
        return 0;
    }
    let buffer = cells_for(service.travel_buffer_minutes);
    let cells = buffer + cells_for(service.duration_minutes);
    fits(free_mask(timetable, cleaner, zone, day), cells)
        .checked_shl(buffer)
        .unwrap_or(0)
}

/// The cleaner's free cells around the day, in this zone.
fn free_mask(timetable: &Timetable<'_>, cleaner: &Cleaner, zone: &Zone, day: &Day) -> u128 {
    let mut free = 0;
    for shift in timetable.shifts(cleaner.id) {
        if shift.zone == zone.slug
            && let Some(whole) = shift.during.inward()
        {
            free |= cells_of(day, whole);
        }
    }
    for row in timetable.busy(cleaner.id) {
        free &= !cells_of(day, row.busy.outward());
    }
    free
}

/// Cells of the day's mask inside a range that lies on the grid.
fn cells_of(day: &Day, range: TimeRange) -> u128 {
    let cell_seconds = i64::from(CELL_MINUTES) * 60;
    let origin = day.midnight.as_second() - i64::from(LEAD_CELLS) * cell_seconds;
    let cell = |at: Timestamp| ((at.as_second() - origin) / cell_seconds).clamp(0, 128);
    let below = |cell: i64| -> u128 {
        let cells = u32::try_from(cell).expect("clamped to 0 to 128");
        1_u128.checked_shl(cells).map_or(u128::MAX, |bit| bit - 1)
    };
    below(cell(range.end)) & !below(cell(range.start))
}

/// Cells from which on `cells` cells in a row are set.
fn fits(mask: u128, cells: u32) -> u128 {
    let (mut fitting, mut length) = (mask, 1);
    while length < cells {
        let step = length.min(cells - length);
        fitting &= fitting.checked_shr(step).unwrap_or(0);
        length += step;
    }
    fitting
}

/// Starts at which the service is sold: every step since midnight, from opening on, done by closing.
fn sold_at(day: &Day, service: &Service) -> u128 {
    let Some(open) = day.open else {
        return 0;
    };
    let work = jiff::SignedDuration::from_mins(i64::from(service.duration_minutes));
    let step = cells_for(service.slot_step_minutes).max(1);
    let mut starts = 0;
    for cell in (0..day.cells).step_by(step as usize) {
        let start = start_of(day, cell + LEAD_CELLS);
        if open.start <= start && start.checked_add(work).is_ok_and(|end| end <= open.end) {
            starts |= 1_u128.checked_shl(cell + LEAD_CELLS).unwrap_or(0);
        }
    }
    starts
}

fn start_of(day: &Day, bit: u32) -> Timestamp {
    day.instant(bit.cast_signed() - LEAD_CELLS.cast_signed())
}

fn bits(mut mask: u128) -> impl Iterator<Item = u32> {
    std::iter::from_fn(move || {
        let bit = (mask != 0).then(|| mask.trailing_zeros())?;
        mask &= mask - 1;
        Some(bit)
    })
}

#[cfg(test)]
mod tests;
