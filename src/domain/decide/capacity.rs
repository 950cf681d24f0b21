//! Taking, freeing and re-homing cleaners' time within a decision.
//!
//! The rows of a lapsed hold count as free; whoever takes such time says first that the hold has
//! expired, so that the database's constraint and the customer's screen agree. Whenever time is given
//! back, promises that have no row (of jobs at risk, and of holds that lost theirs) are placed again.

use uuid::Uuid;

use super::draft::Draft;
use crate::domain::{
    Event,
    entity::{Cause, Job, Occupancy, TimeRange},
    homing::{self, Preference, Promise},
    ids::{CleanerId, HoldId, JobId},
    timetable::{ByCleaner, ByWork, Timetable},
};

impl Job {
    /// What the job takes of each crew member's time.
    pub fn busy(&self) -> TimeRange {
        TimeRange::of_work(
            self.starts_at,
            self.travel_buffer_minutes,
            self.duration_minutes,
        )
        .expect("a job is made only within the calendar")
    }
}

impl Draft {
    pub(super) fn timetable(&self) -> Timetable<'_> {
        Timetable::at(&self.world, self.now)
    }

    pub(super) fn rows_of_hold(&self, hold: HoldId) -> Vec<Occupancy> {
        let mut rows = self.rows_behind(hold.0);
        rows.retain(|row| matches!(row.cause, Cause::Hold { .. }));
        rows
    }

    pub(super) fn rows_of_job(&self, job: JobId) -> Vec<Occupancy> {
        let mut rows = self.rows_behind(job.0);
        rows.retain(|row| match row.cause {
            Cause::Reserved { .. } | Cause::Assigned { .. } => true,
            Cause::Hold { .. } | Cause::TimeOff { .. } => false,
        });
        rows
    }

    fn rows_behind(&self, work: Uuid) -> Vec<Occupancy> {
        let rows = self.world.occupancy.group::<ByWork>(work);
        by_id(rows.copied().collect())
    }

    /// What takes the cleaner's time, of lapsed holds too.
    pub(super) fn rows_of_cleaner(&self, cleaner: CleanerId) -> Vec<Occupancy> {
        let rows = self.world.occupancy.group::<ByCleaner>(cleaner.0);
        by_id(rows.copied().collect())
    }

    /// Takes a cleaner's time, which is free or a lapsed hold's.
    pub(super) fn take(&mut self, cleaner: CleanerId, busy: TimeRange, cause: Cause) {
        self.expire_holds_in_the_way(cleaner, busy);
        let occupancy = Occupancy {
            id: self.new_id(),
            cleaner,
            busy,
            cause,
        };
        self.emit(Event::OccupancyTaken { occupancy });
    }

    pub(super) fn free(&mut self, occupancy: Occupancy) {
        self.emit(Event::OccupancyFreed { occupancy });
    }

    pub(super) fn free_all(&mut self, rows: impl IntoIterator<Item = Occupancy>) {
        for row in rows {
            self.free(row);
        }
    }

    /// Says of lapsed holds with a row there that they have expired.
    pub(super) fn expire_holds_in_the_way(&mut self, cleaner: CleanerId, busy: TimeRange) {
        let holds: Vec<HoldId> = self
            .rows_of_cleaner(cleaner)
            .iter()
            .filter(|row| row.busy.overlaps(&busy))
            .filter_map(|row| match row.cause {
                Cause::Hold { hold, .. } => self.world.holds.get(&hold),
                Cause::Reserved { .. } | Cause::Assigned { .. } | Cause::TimeOff { .. } => None,
            })
            .filter(|hold| hold.has_lapsed(self.now))
            .map(|hold| hold.id)
            .collect();
        for hold in holds {
            self.expire_hold(hold);
        }
    }

    pub(super) fn expire_hold(&mut self, hold: HoldId) {
        self.emit(Event::HoldExpired { hold });
        self.free_all(self.rows_of_hold(hold));
    }

    /// Gives a promise without a row a place, moving others where it must; whether it could.
    pub(super) fn place(&mut self, promise: Promise, preference: Preference) -> bool {
        let timetable = self.timetable();
        let Some(moves) = homing::path(&self.world, &timetable, promise, preference) else {
            return false;
        };
        self.free_all(moves.iter().filter_map(|step| step.leaves));
        for step in moves {
            self.take(step.to, step.promise.busy, step.promise.cause);
        }
        true
    }

    /// Places promises that have no row, as far as there is room, the earliest first.
    pub(super) fn secure(&mut self) {
        self.secure_where(|_| true);
    }

    /// The same, leaving one job as it is.
    pub(super) fn secure_but(&mut self, but: JobId) {
        self.secure_where(|job| job != but);
    }

    fn secure_where(&mut self, included: impl Fn(JobId) -> bool) {
        let mut bare = self.bare_holds();
        let at_risk = |job: &&Job| job.at_risk && included(job.id);
        for job in self.world.jobs.values().filter(at_risk) {
            bare.extend(self.bare_seats(job));
        }
        bare.retain(|promise| promise.busy.end > self.now);
        bare.sort_by_key(|promise| (promise.busy, promise.cause));
        for promise in bare {
            let cause = promise.cause;
            if self.place(promise, Preference::default())
                && let Cause::Reserved { job, .. } = cause
            {
                self.settle_risk(job);
            }
        }
    }

    /// Says whether a job is at risk, where that has changed.
    pub(super) fn settle_risk(&mut self, job: JobId) {
        let Some(row) = self.world.jobs.get(&job) else {
            return;
        };
        let bare = !self.bare_seats(row).is_empty();
        if bare && !row.at_risk {
            self.emit(Event::JobPutAtRisk { job });
        } else if !bare && row.at_risk {
            self.emit(Event::JobSecured { job });
        }
    }

    /// What a live job's unfilled seats promise without having a row.
    fn bare_seats(&self, job: &Job) -> Vec<Promise> {
        if !job.status.is_live() {
            return Vec::new();
        }
        let rows = self.rows_of_job(job.id);
        job.seats_by_number()
            .filter(|(_, cleaner)| cleaner.is_none())
            .map(|(seat, _)| Cause::Reserved { job: job.id, seat })
            .filter(|cause| !rows.iter().any(|row| row.cause == *cause))
            .filter_map(|cause| Promise::behind(&self.world, cause, job.busy()))
            .collect()
    }

    fn bare_holds(&self) -> Vec<Promise> {
        let mut bare = Vec::new();
        for hold in self
            .world
            .holds
            .values()
            .filter(|hold| hold.is_live(self.now))
        {
            let Some(service) = self.world.services.get(&hold.service) else {
                continue;
            };
            let rows = self.rows_of_hold(hold.id);
            let causes = (0..service.crew_size).map(|seat| Cause::Hold {
                hold: hold.id,
                seat,
            });
            let busy = TimeRange::of_work(
                hold.starts_at,
                service.travel_buffer_minutes,
                service.duration_minutes,
            );
            bare.extend(
                causes
                    .filter(|cause| !rows.iter().any(|row| row.cause == *cause))
                    .filter_map(|cause| Promise::behind(&self.world, cause, busy?)),
            );
        }
        bare
    }
}

fn by_id(mut rows: Vec<Occupancy>) -> Vec<Occupancy> {
    rows.sort_unstable_by_key(|row| row.id);
    rows
}
