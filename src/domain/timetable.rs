//! The cleaners' time, indexed: who is on shift where, and what takes their time.
//!
//! Reads a [`World`]; it copies nothing. What was loaded is indexed once for all copies of a world, so
//! making a timetable costs what a decision has changed so far. Two readings exist: all rows as they
//! stand (what channels publish), and the same without the rows of holds whose time has run out (what
//! decisions go by: such a hold is honoured no longer, swept or not).

use std::collections::BTreeMap;

use jiff::Timestamp;
use uuid::Uuid;

use super::{
    World,
    entity::{Cause, Cleaner, Hold, HoldStatus, Occupancy, Shift, TimeOff, TimeRange},
    ids::{CleanerId, ZoneSlug},
    table::Grouping,
};

/// The rows of one cleaner.
pub enum ByCleaner {}

impl Grouping<Shift> for ByCleaner {
    const INDEX: usize = 0;

    fn group(row: &Shift) -> Uuid {
        row.cleaner.0
    }
}

impl Grouping<Occupancy> for ByCleaner {
    const INDEX: usize = 0;

    fn group(row: &Occupancy) -> Uuid {
        row.cleaner.0
    }
}

impl Grouping<TimeOff> for ByCleaner {
    const INDEX: usize = 0;

    fn group(row: &TimeOff) -> Uuid {
        row.cleaner.0
    }
}

/// What takes time for one hold, job or time off.
pub enum ByWork {}

impl Grouping<Occupancy> for ByWork {
    const INDEX: usize = 1;

    fn group(row: &Occupancy) -> Uuid {
        match row.cause {
            Cause::Hold { hold, .. } => hold.0,
            Cause::Reserved { job, .. } | Cause::Assigned { job, .. } => job.0,
            Cause::TimeOff { time_off } => time_off.0,
        }
    }
}

/// The roster's time.
#[derive(Debug)]
pub struct Timetable<'w> {
    world: &'w World,
    /// Holds that have lapsed by then take no time.
    now: Option<Timestamp>,
    /// Of what has changed since the load.
    shifts: BTreeMap<CleanerId, Vec<&'w Shift>>,
    busy: BTreeMap<CleanerId, Vec<&'w Occupancy>>,
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
        Self::with(world, None)
    }

    /// Without the rows of holds that have lapsed by `now`.
    pub fn at(world: &'w World, now: Timestamp) -> Self {
        Self::with(world, Some(now))
    }

    fn with(world: &'w World, now: Option<Timestamp>) -> Self {
        let mut shifts: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for shift in world.shifts.changed_since_load() {
            shifts.entry(shift.cleaner).or_default().push(shift);
        }
        let mut busy: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for row in world.occupancy.changed_since_load() {
            busy.entry(row.cleaner).or_default().push(row);
        }
        Self {
            world,
            now,
            shifts,
            busy,
        }
    }

    /// Everybody, by id.
    pub fn cleaners(&self) -> impl Iterator<Item = &'w Cleaner> + use<'w> {
        self.world.cleaners.values()
    }

    pub fn cleaner(&self, id: CleanerId) -> Option<&'w Cleaner> {
        self.world.cleaners.get(&id)
    }

    /// The cleaner's shifts.
    pub fn shifts(&self, cleaner: CleanerId) -> impl Iterator<Item = &'w Shift> {
        let since = self.shifts.get(&cleaner).into_iter().flatten().copied();
        let loaded = self.world.shifts.group_as_loaded::<ByCleaner>(cleaner.0);
        loaded.chain(since)
    }

    /// What takes the cleaner's time.
    pub fn busy(&self, cleaner: CleanerId) -> impl Iterator<Item = &'w Occupancy> {
        let since = self.busy.get(&cleaner).into_iter().flatten().copied();
        let loaded = self.world.occupancy.group_as_loaded::<ByCleaner>(cleaner.0);
        loaded.chain(since).filter(|row| self.counts(row))
    }

    fn counts(&self, row: &Occupancy) -> bool {
        match (self.now, row.cause) {
            (Some(now), Cause::Hold { hold, .. }) => !self
                .world
                .holds
                .get(&hold)
                .is_some_and(|hold| hold.has_lapsed(now)),
            (None, Cause::Hold { .. })
            | (_, Cause::Reserved { .. } | Cause::Assigned { .. } | Cause::TimeOff { .. }) => true,
        }
    }

    /// Whether the cleaner's shifts in the zone cover the range; shifts that touch count as one.
    pub fn covers(&self, cleaner: CleanerId, zone: &ZoneSlug, range: TimeRange) -> bool {
        let mut within: Vec<TimeRange> = Vec::new();
        for shift in self.shifts(cleaner) {
            if shift.zone == *zone
                && shift.during.overlaps(&range)
                && let Some(whole) = shift.during.inward()
            {
                if whole.contains(&range) {
                    return true;
                }
                within.push(whole);
            }
        }
        within.sort_unstable();
        let mut reached = range.start;
        for whole in within {
            if whole.start <= reached {
                reached = reached.max(whole.end);
            }
        }
        reached >= range.end
    }

    /// What of the cleaner's time the range would run into, by start.
    pub fn clashes(&self, cleaner: CleanerId, range: TimeRange) -> Vec<&'w Occupancy> {
        let busy = self.busy(cleaner);
        let mut clashes: Vec<_> = busy.filter(|row| row.busy.overlaps(&range)).collect();
        clashes.sort_by_key(|row| row.busy);
        clashes
    }

    pub fn is_free(&self, cleaner: CleanerId, range: TimeRange) -> bool {
        !self.busy(cleaner).any(|row| row.busy.overlaps(&range))
    }
}
