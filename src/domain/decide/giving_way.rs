//! What becomes of a cleaner's work when the time for it is taken from them: by time off, or by a
//! shift that is shorter, elsewhere or gone.
//!
//! Without force it is refused as `jobs_affected`, with the jobs that would lose this cleaner or be
//! left at risk. With it they do: assigned jobs are unassigned, promises are re-homed, and what
//! nobody can take is at risk (a hold just loses its row: it is honoured, its job will be at risk).
//! Work under way is not stopped, forced or not: it is listed as `jobs_affected`. Time spent on
//! finished jobs stays as it was.

use std::collections::BTreeSet;

use super::{
    crew::{Leaving, may_vacate, vacate},
    draft::Draft,
};
use crate::domain::{
    Objection, Rejection, World,
    entity::{Cause, Occupancy, TimeRange},
    homing::{Preference, Promise},
    ids::{CleanerId, JobId},
    timetable::Timetable,
};

/// Whether work that is in the way is asked about, or has to go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Force {
    Ask,
    Insist,
}

impl From<Option<bool>> for Force {
    fn from(force: Option<bool>) -> Self {
        if force == Some(true) {
            Self::Insist
        } else {
            Self::Ask
        }
    }
}

/// Work that has lost its cleaner and is to be placed again.
pub(super) struct Released {
    promises: Vec<Promise>,
    unassigned: BTreeSet<JobId>,
}

impl Draft {
    /// Takes the work behind these rows from whoever carries it.
    pub(super) fn release(
        &mut self,
        rows: &[Occupancy],
        force: Force,
    ) -> Result<Released, Objection> {
        let (losing, stuck) = self.assigned_among(rows);
        let jobs: Vec<JobId> = match force {
            Force::Insist => stuck.into_iter().collect(),
            Force::Ask => {
                let losing = losing.iter().map(|(job, _)| *job);
                stuck.into_iter().chain(losing).collect()
            }
        };
        if !jobs.is_empty() {
            return Err(Rejection::JobsAffected { jobs }.into());
        }
        let mut promises = Vec::new();
        for (job, seat) in &losing {
            promises.extend(vacate(self, *job, *seat, Leaving::Unassigned));
        }
        for row in rows.iter().filter(|row| row.cause.is_movable()) {
            self.free(*row);
            promises.extend(Promise::behind(&self.world, row.cause, row.busy));
        }
        promises.sort_by_key(|promise| (promise.busy, promise.cause));
        Ok(Released {
            promises,
            unassigned: losing.into_iter().map(|(job, _)| job).collect(),
        })
    }

    /// Finds the released work other cleaners; gives the jobs that were unassigned.
    pub(super) fn place_again(
        &mut self,
        released: Released,
        force: Force,
    ) -> Result<BTreeSet<JobId>, Objection> {
        let at_risk = self.place_all(released.promises);
        if force == Force::Ask && !at_risk.is_empty() {
            let jobs = at_risk.into_iter().collect();
            return Err(Rejection::JobsAffected { jobs }.into());
        }
        self.secure();
        Ok(released.unassigned)
    }

    /// Seats that can be vacated, and jobs that cannot be stopped.
    fn assigned_among(&self, rows: &[Occupancy]) -> (BTreeSet<(JobId, u8)>, BTreeSet<JobId>) {
        let (mut losing, mut stuck) = (BTreeSet::new(), BTreeSet::new());
        for row in rows {
            let Cause::Assigned { job, seat } = row.cause else {
                continue;
            };
            match self.world.jobs.get(&job).map(|job| job.status) {
                Some(status) if may_vacate(status) => {
                    losing.insert((job, seat));
                }
                Some(status) if status.is_live() => {
                    stuck.insert(job);
                }
                Some(_) | None => {}
            }
        }
        (losing, stuck)
    }

    /// Gives promises without a row a place; the jobs of those that found none are at risk, and
    /// returned.
    fn place_all(&mut self, promises: Vec<Promise>) -> BTreeSet<JobId> {
        let mut left = BTreeSet::new();
        let mut touched = BTreeSet::new();
        for promise in promises {
            let cause = promise.cause;
            let placed = self.place(promise, Preference::default());
            if let Cause::Reserved { job, .. } = cause {
                touched.insert(job);
                if !placed {
                    left.insert(job);
                }
            }
        }
        for job in touched {
            self.settle_risk(job);
        }
        left
    }

    pub(super) fn rows_in(&self, cleaner: CleanerId, range: TimeRange) -> Vec<Occupancy> {
        let mut rows = self.rows_of_cleaner(cleaner);
        rows.retain(|row| row.busy.overlaps(&range));
        rows
    }

    /// What the cleaner carries that their shifts covered in `before` and cover no longer.
    pub(super) fn uncovered_since(&self, before: &World, cleaner: CleanerId) -> Vec<Occupancy> {
        let (was, is) = (Timetable::of(before), Timetable::of(&self.world));
        let mut rows = self.rows_of_cleaner(cleaner);
        rows.retain(|row| {
            Promise::behind(&self.world, row.cause, row.busy).is_some_and(|promise| {
                was.covers(cleaner, &promise.zone, row.busy)
                    && !is.covers(cleaner, &promise.zone, row.busy)
            })
        });
        rows
    }
}
