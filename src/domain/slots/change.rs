//! What a decision changes in the counts: per cleaner whose time, skills or zones differ the starts
//! that they had before and have not after, and the other way round.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{Timestamp, civil::Date};

use super::sheet::{Sheet, bits};
use crate::domain::{
    World,
    entity::{Cleaner, Occupancy, Shift, TimeRange, Zone},
    ids::{CleanerId, ServiceSlug, ZoneSlug},
    table::Changed,
    timetable::Timetable,
};

/// How far work that starts on a date may reach into the next.
const LONGEST_WORK_HOURS: i64 = 6;

/// A change of how many cleaners are free at a start.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Change {
    pub zone: ZoneSlug,
    pub date: Date,
    pub service: ServiceSlug,
    pub start: Timestamp,
    pub by: i32,
}

/// The change of free starts between two worlds, over the cleaners whose time, skills or zones
/// differ; over all cleaners for services and zones that differ.
pub fn difference(before: &World, after: &World) -> Vec<Change> {
    Touched::between(before, after).changes()
}

/// Whose free starts may differ between two worlds, and where.
pub struct Touched<'w> {
    before: Side<'w>,
    after: Side<'w>,
    other_terms: bool,
    cleaners: BTreeMap<CleanerId, BTreeSet<(&'w ZoneSlug, Date)>>,
}

struct Side<'w> {
    world: &'w World,
    timetable: Timetable<'w>,
}

/// What of a cleaner differs.
#[derive(Default)]
struct Differs {
    offer: bool,
    ranges: BTreeSet<TimeRange>,
}

impl<'w> Touched<'w> {
    pub fn between(before: &'w World, after: &'w World) -> Self {
        let side = |world| Side {
            world,
            timetable: Timetable::of(world),
        };
        let mut touched = Self {
            before: side(before),
            after: side(after),
            other_terms: before.services != after.services || before.zones != after.zones,
            cleaners: BTreeMap::new(),
        };
        for (id, differs) in who_differs(before, after) {
            let places = touched.places_of(id, &differs);
            touched.cleaners.insert(id, places);
        }
        if touched.other_terms {
            for id in before.cleaners.keys().chain(after.cleaners.keys()) {
                let places = touched.places_of(*id, &Differs::default());
                touched.cleaners.entry(*id).or_default().extend(places);
            }
        }
        touched
    }

    /// Those whose time, skills or zones differ, where the terms do not.
    pub fn cleaners(&self) -> impl Iterator<Item = CleanerId> {
        self.cleaners.keys().copied()
    }

    /// How many days of how many cleaners have to be looked at.
    pub fn cleaner_days(&self) -> usize {
        self.cleaners.values().map(BTreeSet::len).sum()
    }

    /// Zones and dates whose counts may differ.
    pub fn places(&self) -> BTreeSet<(ZoneSlug, Date)> {
        let places = self.cleaners.values().flatten();
        places
            .map(|(zone, date)| ((*zone).clone(), *date))
            .collect()
    }

    /// How the counts differ, by zone, date, service and start.
    pub fn changes(&self) -> Vec<Change> {
        let mut who: BTreeMap<(&ZoneSlug, Date), Vec<CleanerId>> = BTreeMap::new();
        for (id, places) in &self.cleaners {
            for place in places {
                who.entry(*place).or_default().push(*id);
            }
        }
        let mut changes = Vec::new();
        for ((zone, date), cleaners) in who {
            let mut counts = Counts::default();
            if self.other_terms {
                counts.add_side(&self.before, zone, date, &cleaners, -1);
                counts.add_side(&self.after, zone, date, &cleaners, 1);
            } else {
                counts.add_both(self, zone, date, &cleaners);
            }
            changes.extend(counts.changes(zone, date));
        }
        changes
    }

    /// Zones and dates where this cleaner's free starts may differ.
    fn places_of(&self, id: CleanerId, differs: &Differs) -> BTreeSet<(&'w ZoneSlug, Date)> {
        let sides = [&self.before, &self.after];
        let mut all = BTreeSet::new();
        let ranges = if differs.offer || self.other_terms {
            let shifts = sides.iter().flat_map(|side| side.timetable.shifts(id));
            all.extend(shifts.map(|shift| shift.during));
            &all
        } else {
            &differs.ranges
        };
        let cleaners = sides.iter().filter_map(|side| side.timetable.cleaner(id));
        let mut homes: BTreeSet<&ZoneSlug> = cleaners.flat_map(|cleaner| &cleaner.zones).collect();
        // Who has no shift in a zone is free for nothing there.
        homes.retain(|zone| {
            let mut shifts = sides.iter().flat_map(|side| side.timetable.shifts(id));
            shifts.any(|shift| shift.zone == **zone)
        });
        let mut places = BTreeSet::new();
        for slug in homes {
            for zone in sides.iter().filter_map(|side| side.world.zones.get(slug)) {
                for range in ranges {
                    let dates = dates_touched(zone, *range);
                    places.extend(dates.map(|date| (&zone.slug, date)));
                }
                if !self.other_terms {
                    break;
                }
            }
        }
        places
    }
}

/// Cleaners of whom there is something that their free starts follow from, and that differs.
fn who_differs(before: &World, after: &World) -> BTreeMap<CleanerId, Differs> {
    let mut who: BTreeMap<CleanerId, Differs> = BTreeMap::new();
    let offer = |cleaner: Option<&Cleaner>| {
        cleaner.map(|row| (row.active, row.skills.clone(), row.zones.clone()))
    };
    for row in after.cleaners.since(&before.cleaners) {
        if offer(row.before) != offer(row.after) {
            who.entry(*row.id).or_default().offer = true;
        }
    }
    let shifts = after.shifts.since(&before.shifts);
    let on = |row: &Shift| (row.cleaner, row.during, row.zone.clone());
    for (cleaner, during, _) in unmatched(&shifts, on) {
        who.entry(cleaner).or_default().ranges.insert(during);
    }
    let busy = after.occupancy.since(&before.occupancy);
    let taken = |row: &Occupancy| (row.cleaner, row.busy);
    for (cleaner, busy) in unmatched(&busy, taken) {
        who.entry(cleaner).or_default().ranges.insert(busy);
    }
    who
}

/// What only one side has: a row that another takes over from, as a booking from its hold, changes
/// nothing.
fn unmatched<K, V, T: Ord>(rows: &[Changed<'_, K, V>], of: impl Fn(&V) -> T) -> Vec<T> {
    let before: BTreeSet<T> = rows.iter().filter_map(|row| row.before).map(&of).collect();
    let after: BTreeSet<T> = rows.iter().filter_map(|row| row.after).map(&of).collect();
    let (kept, mut unmatched): (Vec<T>, Vec<T>) =
        before.into_iter().partition(|was| after.contains(was));
    let new = after
        .into_iter()
        .filter(|is| kept.binary_search(is).is_err());
    unmatched.extend(new);
    unmatched
}

/// Dates with a start whose buffer and work may meet the range.
fn dates_touched(zone: &Zone, range: TimeRange) -> impl Iterator<Item = Date> {
    let rules = zone.rules();
    let hours = |count: i64| jiff::SignedDuration::from_hours(count);
    let first = range.start.saturating_sub(hours(LONGEST_WORK_HOURS));
    let last = range.end.saturating_add(hours(1));
    let date_at = |at: Timestamp| rules.to_datetime(at).date();
    let first = date_at(first.unwrap_or(range.start));
    let last = date_at(last.unwrap_or(range.end));
    first
        .series(jiff::Span::new().days(1))
        .take_while(move |date| *date <= last)
}

/// Changes at one zone and date.
#[derive(Default)]
struct Counts<'w>(BTreeMap<(&'w ServiceSlug, Timestamp), i32>);

impl<'w> Counts<'w> {
    /// What cleaners contribute on one side.
    fn add_side(
        &mut self,
        side: &Side<'w>,
        zone: &ZoneSlug,
        date: Date,
        cleaners: &[CleanerId],
        by: i32,
    ) {
        let Some(sheet) = side.sheet(zone, date) else {
            return;
        };
        for id in cleaners {
            for (sale, starts) in side.starts(&sheet, *id) {
                self.add(&sheet, sale, starts, by);
            }
        }
    }

    /// What cleaners contribute more and less, under the same terms.
    fn add_both(
        &mut self,
        sides: &Touched<'w>,
        zone: &ZoneSlug,
        date: Date,
        cleaners: &[CleanerId],
    ) {
        let Some(sheet) = sides.after.sheet(zone, date) else {
            return;
        };
        for id in cleaners {
            let mut masks = vec![(0, 0); sheet.sales.len()];
            for (sale, starts) in sides.before.starts(&sheet, *id) {
                masks[sale].0 = starts;
            }
            for (sale, starts) in sides.after.starts(&sheet, *id) {
                masks[sale].1 = starts;
            }
            for (sale, (was, is)) in masks.into_iter().enumerate() {
                self.add(&sheet, sale, was & !is, -1);
                self.add(&sheet, sale, is & !was, 1);
            }
        }
    }

    fn add(&mut self, sheet: &Sheet<'w>, sale: usize, starts: u128, by: i32) {
        let service = &sheet.sales[sale].service.slug;
        for bit in bits(starts) {
            *self.0.entry((service, sheet.start(bit))).or_default() += by;
        }
    }

    fn changes(self, zone: &ZoneSlug, date: Date) -> impl Iterator<Item = Change> {
        let changes = self.0.into_iter().filter(|(_, by)| *by != 0);
        changes.map(move |((service, start), by)| Change {
            zone: zone.clone(),
            date,
            service: service.clone(),
            start,
            by,
        })
    }
}

impl<'w> Side<'w> {
    fn sheet(&self, zone: &ZoneSlug, date: Date) -> Option<Sheet<'w>> {
        let zone = self.world.zones.get(zone)?;
        let day = zone.day(date)?;
        Some(Sheet::of(zone, &day, self.world.services.values()))
    }

    /// Of each sale, the starts at which this cleaner is free for it.
    fn starts(&self, sheet: &Sheet<'_>, id: CleanerId) -> Vec<(usize, u128)> {
        let mut found = Vec::new();
        let cleaner = self.timetable.cleaner(id);
        let able = cleaner.and_then(|row| Some((row, sheet.offer(row)?)));
        if let Some((cleaner, offer)) = able {
            let free = sheet.free(self.timetable.shifts(id), self.timetable.busy(id));
            sheet.starts(free, offer, cleaner, |sale, starts| {
                found.push((sale, starts));
            });
        }
        found
    }
}
