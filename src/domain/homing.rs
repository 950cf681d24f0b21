//! Who carries a promise of capacity.
//!
//! A hold or a booked job without its people reserves concrete cleaners' time, but it promises
//! capacity, not a person: such a row may move. New promises go to the least flexible cleaner who is
//! free: with the fewest skills, then the fewest zones, then the least free time on the shifts around
//! it, then by id; so those who can do more stay free for more.
//!
//! A promise that has lost its place is placed again by a breadth-first search for the shortest
//! path of moves: onto a free cleaner, else onto one whose single promise in the way can be placed
//! in turn, four moves at most. Assigned work and time off never move.

use std::{
    collections::{BTreeMap, BTreeSet},
    rc::Rc,
};

use jiff::SignedDuration;

use super::{
    Rejection, World,
    entity::{Cause, Cleaner, Occupancy, TimeRange},
    ids::{CleanerId, OccupancyId, SkillSlug, ZoneSlug},
    limits::LIMITS,
    timetable::Timetable,
};

/// Capacity promised, and what it takes to keep it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Promise {
    pub cause: Cause,
    pub zone: ZoneSlug,
    pub skills: BTreeSet<SkillSlug>,
    pub busy: TimeRange,
}

/// One step of a path: a promise goes to a cleaner, leaving the row it had.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Move {
    pub promise: Promise,
    pub leaves: Option<Occupancy>,
    pub to: CleanerId,
}

/// Whom a promise should go to first, and whom not at all.
#[derive(Debug, Clone, Copy, Default)]
pub struct Preference {
    pub first: Option<CleanerId>,
    pub never: Option<CleanerId>,
}

impl Promise {
    /// What it takes to keep the promise behind a cause; `None` where it is no promise, or what it
    /// is about was not loaded.
    pub fn behind(world: &World, cause: Cause, busy: TimeRange) -> Option<Self> {
        let (zone, service) = match cause {
            Cause::Hold { hold, .. } => {
                let hold = world.holds.get(&hold)?;
                (&hold.zone, &hold.service)
            }
            Cause::Reserved { job, .. } | Cause::Assigned { job, .. } => {
                let job = world.jobs.get(&job)?;
                (&job.zone, &job.service)
            }
            Cause::TimeOff { .. } => return None,
        };
        Some(Self {
            cause,
            zone: zone.clone(),
            skills: world.services.get(service)?.skills.clone(),
            busy,
        })
    }

    /// Why a cleaner could not keep it even on an empty day.
    pub fn obstacle(&self, timetable: &Timetable<'_>, cleaner: &Cleaner) -> Option<Rejection> {
        let missing: Vec<String> = self
            .skills
            .difference(&cleaner.skills)
            .map(ToString::to_string)
            .collect();
        if !missing.is_empty() {
            return Some(Rejection::SkillMissing { missing });
        }
        (!self.is_in_shift(timetable, cleaner)).then_some(Rejection::OutsideShift)
    }

    /// Whether there is no [`obstacle`](Self::obstacle).
    fn could_be_kept_by(&self, timetable: &Timetable<'_>, cleaner: &Cleaner) -> bool {
        self.skills.is_subset(&cleaner.skills) && self.is_in_shift(timetable, cleaner)
    }

    fn is_in_shift(&self, timetable: &Timetable<'_>, cleaner: &Cleaner) -> bool {
        cleaner.active
            && cleaner.zones.contains(&self.zone)
            && timetable.covers(cleaner.id, &self.zone, self.busy)
    }
}

/// Cleaners who could keep the promise on an empty day, least flexible first.
pub fn eligible<'w>(timetable: &Timetable<'w>, promise: &Promise) -> Vec<&'w Cleaner> {
    let able = timetable
        .cleaners()
        .filter(|cleaner| promise.could_be_kept_by(timetable, cleaner));
    least_flexible_first(timetable, promise, able.collect())
}

fn least_flexible_first<'w>(
    timetable: &Timetable<'w>,
    promise: &Promise,
    mut cleaners: Vec<&'w Cleaner>,
) -> Vec<&'w Cleaner> {
    cleaners.sort_by_cached_key(|cleaner| flexibility(timetable, cleaner, promise.busy));
    cleaners
}

/// `seats` different cleaners who are free for the promise; `None` where there are not so many.
pub fn choose(
    timetable: &Timetable<'_>,
    promise: &Promise,
    seats: usize,
) -> Option<Vec<CleanerId>> {
    let free: Vec<&Cleaner> = timetable
        .cleaners()
        .filter(|cleaner| promise.could_be_kept_by(timetable, cleaner))
        .filter(|cleaner| timetable.is_free(cleaner.id, promise.busy))
        .collect();
    if free.len() < seats {
        return None;
    }
    let chosen = least_flexible_first(timetable, promise, free).into_iter();
    Some(chosen.map(|cleaner| cleaner.id).take(seats).collect())
}

/// The shortest path of moves that gives the promise a place, the promise's own move first; `None`
/// where there is none of at most four.
pub fn path(
    world: &World,
    timetable: &Timetable<'_>,
    promise: Promise,
    preference: Preference,
) -> Option<Vec<Move>> {
    let mut search = Search {
        world,
        timetable,
        steps: vec![Step {
            promise,
            leaves: None,
            parent: None,
            depth: 1,
        }],
        seen: BTreeSet::new(),
        rosters: BTreeMap::new(),
    };
    let mut next = 0;
    while next < search.steps.len() {
        if let Some(home) = search.expand(next, preference) {
            return Some(search.trace(next, home));
        }
        next += 1;
    }
    None
}

/// A promise in search of a place.
struct Step {
    promise: Promise,
    /// The row it has to leave: on the cleaner to whom the parent's promise goes.
    leaves: Option<Occupancy>,
    parent: Option<usize>,
    /// How many moves the path has once this promise is placed.
    depth: usize,
}

struct Search<'s> {
    world: &'s World,
    timetable: &'s Timetable<'s>,
    steps: Vec<Step>,
    seen: BTreeSet<OccupancyId>,
    /// By what is asked of them: many promises ask the same.
    rosters: BTreeMap<Asked, Rc<[Candidate]>>,
}

/// Where, when and with which skills.
type Asked = (ZoneSlug, TimeRange, BTreeSet<SkillSlug>);

/// Somebody who could keep a promise on an empty day.
#[derive(Clone, Copy)]
struct Candidate {
    id: CleanerId,
    free: bool,
}

impl Search<'_> {
    /// A free cleaner for the step's promise; else queues the promises that could make way.
    fn expand(&mut self, index: usize, preference: Preference) -> Option<CleanerId> {
        let busy = self.steps[index].promise.busy;
        let on_path = self.cleaners_on_path(index);
        let never = preference.never.filter(|_| index == 0);
        let may = |id: CleanerId| !on_path.contains(&id) && never != Some(id);
        let roster = self.roster(index);
        let candidates = roster.iter().filter(|candidate| may(candidate.id));
        let first = preference.first.filter(|_| index == 0);
        let mut free = candidates.clone().filter(|candidate| candidate.free);
        let preferred = free.clone().find(|candidate| first == Some(candidate.id));
        if let Some(home) = preferred.or_else(|| free.next()) {
            return Some(home.id);
        }
        if self.steps[index].depth < LIMITS.moves {
            let preferred = candidates.clone().filter(|other| first == Some(other.id));
            let others = candidates.filter(|other| first != Some(other.id));
            for candidate in preferred.chain(others) {
                self.queue_what_is_in_the_way(index, candidate.id, busy);
            }
        }
        None
    }

    /// Who could keep the step's promise, least flexible first.
    fn roster(&mut self, index: usize) -> Rc<[Candidate]> {
        let promise = &self.steps[index].promise;
        let asked = (promise.zone.clone(), promise.busy, promise.skills.clone());
        let timetable = self.timetable;
        let roster = self.rosters.entry(asked).or_insert_with(|| {
            let eligible = eligible(timetable, promise).into_iter();
            let candidates = eligible.map(|cleaner| Candidate {
                id: cleaner.id,
                free: timetable.is_free(cleaner.id, promise.busy),
            });
            candidates.collect()
        });
        Rc::clone(roster)
    }

    fn queue_what_is_in_the_way(&mut self, index: usize, cleaner: CleanerId, busy: TimeRange) {
        let clashes = self.timetable.clashes(cleaner, busy);
        let [row] = clashes.as_slice() else { return };
        if !row.cause.is_movable() || !self.seen.insert(row.id) {
            return;
        }
        if let Some(promise) = Promise::behind(self.world, row.cause, row.busy) {
            self.steps.push(Step {
                promise,
                leaves: Some(**row),
                parent: Some(index),
                depth: self.steps[index].depth + 1,
            });
        }
    }

    fn cleaners_on_path(&self, index: usize) -> Vec<CleanerId> {
        let mut cleaners = Vec::new();
        let mut at = Some(index);
        while let Some(step) = at.map(|index| &self.steps[index]) {
            cleaners.extend(step.leaves.map(|row| row.cleaner));
            at = step.parent;
        }
        cleaners
    }

    fn trace(&self, last: usize, home: CleanerId) -> Vec<Move> {
        let (mut moves, mut to, mut at) = (Vec::new(), home, Some(last));
        while let Some(step) = at.map(|index| &self.steps[index]) {
            moves.push(Move {
                promise: step.promise.clone(),
                leaves: step.leaves,
                to,
            });
            to = step.leaves.map_or(to, |row| row.cleaner);
            at = step.parent;
        }
        moves.reverse();
        moves
    }
}

/// The less a cleaner can be used otherwise, the less this is.
fn flexibility(
    timetable: &Timetable<'_>,
    cleaner: &Cleaner,
    busy: TimeRange,
) -> (usize, usize, i64, CleanerId) {
    (
        cleaner.skills.len(),
        cleaner.zones.len(),
        free_seconds_around(timetable, cleaner.id, busy),
        cleaner.id,
    )
}

/// Time on the shifts that begin or end within half a day of the range, less what is taken of it.
fn free_seconds_around(timetable: &Timetable<'_>, cleaner: CleanerId, busy: TimeRange) -> i64 {
    let half_a_day = SignedDuration::from_hours(12);
    let around = TimeRange {
        start: busy.start.saturating_sub(half_a_day).unwrap_or(busy.start),
        end: busy.end.saturating_add(half_a_day).unwrap_or(busy.end),
    };
    let seconds = |range: TimeRange| range.end.as_second() - range.start.as_second();
    let shared = |a: TimeRange, b: TimeRange| {
        TimeRange::new(a.start.max(b.start), a.end.min(b.end)).map_or(0, seconds)
    };
    let mut free = 0;
    for shift in timetable.shifts(cleaner) {
        if shift.during.overlaps(&around) {
            free += seconds(shift.during);
            let taken = timetable.busy(cleaner);
            free -= taken.map(|row| shared(row.busy, shift.during)).sum::<i64>();
        }
    }
    free
}

#[cfg(test)]
mod tests;
