//! The cleaners' time, indexed: who is on shift where, and what takes their time.
//!
//! Built from a [`World`] in one pass and read many times; it copies nothing. Two readings exist:
//! all rows as they stand (what channels publish), and the same without the rows of holds whose time
//! has run out (what decisions go by: such a hold is honoured no longer, swept or not).

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::{
    World,
    entity::{Cause, Cleaner, Hold, HoldStatus, Occupancy, Shift, TimeRange},
    ids::{CleanerId, ZoneSlug},
};

#[derive(Debug, Default)]
struct Row<'w> {
    /// By start.
    shifts: Vec<&'w Shift>,
    busy: Vec<&'w Occupancy>,
}

/// The roster's time.
#[derive(Debug)]
pub struct Timetable<'w> {
    cleaners: &'w BTreeMap<CleanerId, Cleaner>,
    rows: BTreeMap<CleanerId, Row<'w>>,
}

impl Hold {
    /// Whether it is still honoured.
    pub fn is_live(&self, now: Timestamp) -> bool {
        self.status == HoldStatus::Active && now < self.expires_at
    }

    /// Whether its time has run out without anybody having said so yet.
    pub fn has_lapsed(&self, now: Timestamp) -> bool {
        self.status == HoldStatus::Active && self.expires_at <= now
    }
}

impl<'w> Timetable<'w> {
    /// All rows as they stand.
    pub fn of(world: &'w World) -> Self {
        Self::with(world, |_| true)
    }

    /// Without the rows of holds that have lapsed by `now`.
    pub fn at(world: &'w World, now: Timestamp) -> Self {
        Self::with(world, |row| match row.cause {
            Cause::Hold { hold, .. } => !world
                .holds
                .get(&hold)
                .is_some_and(|hold| hold.has_lapsed(now)),
            Cause::Reserved { .. } | Cause::Assigned { .. } | Cause::TimeOff { .. } => true,
        })
    }

    fn with(world: &'w World, counts: impl Fn(&Occupancy) -> bool) -> Self {
        let mut rows: BTreeMap<CleanerId, Row<'w>> = BTreeMap::new();
        for shift in world.shifts.values() {
            rows.entry(shift.cleaner).or_default().shifts.push(shift);
        }
        for occupancy in world.occupancy.values().filter(|row| counts(row)) {
            rows.entry(occupancy.cleaner)
                .or_default()
                .busy
                .push(occupancy);
        }
        for row in rows.values_mut() {
            row.shifts.sort_by_key(|shift| shift.during);
            row.busy.sort_by_key(|occupancy| occupancy.busy);
        }
        Self {
            cleaners: &world.cleaners,
            rows,
        }
    }

    /// Everybody, by id.
    pub fn cleaners(&self) -> impl Iterator<Item = &'w Cleaner> + use<'w> {
        self.cleaners.values()
    }

    pub fn cleaner(&self, id: CleanerId) -> Option<&'w Cleaner> {
        self.cleaners.get(&id)
    }

    /// Shifts by start.
    pub fn shifts(&self, cleaner: CleanerId) -> &[&'w Shift] {
        self.rows.get(&cleaner).map_or(&[], |row| &row.shifts)
    }

    /// What takes the cleaner's time, by start.
    pub fn busy(&self, cleaner: CleanerId) -> &[&'w Occupancy] {
        self.rows.get(&cleaner).map_or(&[], |row| &row.busy)
    }

    /// Whether the cleaner's shifts in the zone cover the range; shifts that touch count as one.
    pub fn covers(&self, cleaner: CleanerId, zone: &ZoneSlug, range: TimeRange) -> bool {
        let mut reached = range.start;
        for shift in self.shifts(cleaner) {
            if shift.zone == *zone
                && let Some(whole) = shift.during.inward()
                && whole.start <= reached
            {
                reached = reached.max(whole.end);
            }
        }
        reached >= range.end
    }

    /// What of the cleaner's time the range would run into.
    pub fn clashes(&self, cleaner: CleanerId, range: TimeRange) -> Vec<&'w Occupancy> {
        self.busy(cleaner)
            .iter()
            .filter(|row| row.busy.overlaps(&range))
            .copied()
            .collect()
    }

    pub fn is_free(&self, cleaner: CleanerId, range: TimeRange) -> bool {
        !self
            .busy(cleaner)
            .iter()
            .any(|row| row.busy.overlaps(&range))
    }
}
