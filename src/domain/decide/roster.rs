//! People's time: `duty.set` → `{cleaner, duty}`, `shift.publish` → `{shift}`, `time_off.add` →
//! `{time_off, unassigned}`.
//!
//! Off duty while en route or on site is `active_job`; a break is not. A shift lies in a home zone of
//! its cleaner and belongs to the local date of its start.
//!
//! Time off takes the cleaner's time from jobs and promises. Without `force` it is refused as
//! `jobs_affected`, with the jobs that would lose this cleaner or be left at risk. With it they do:
//! assigned jobs are unassigned, promises are re-homed, and what nobody can take is at risk (a hold
//! just loses its row: it is honoured, its job will be at risk). Work under way is not stopped by
//! time off, forced or not: it is listed as `jobs_affected`. Time spent on finished jobs stays as it
//! was; the time off is what is left around it.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};

use super::{
    Decision,
    crew::{Leaving, may_vacate, vacate},
    draft::Draft,
    text,
};
use crate::domain::{
    Event, Objection, Rejection,
    command::{DutySet, ShiftPublish, TimeOffAdd},
    contract::answer::{DutyStands, ShiftWritten, TimeOffAdded},
    entity::{Cause, Duty, Occupancy, Shift, TimeOff, TimeRange},
    homing::{Preference, Promise},
    ids::{CleanerId, JobId, TimeOffId},
    limits::LIMITS,
};

pub(super) fn set_duty(mut draft: Draft, command: &DutySet) -> Result<Decision, Objection> {
    let id = match (draft.actor.cleaner(), command.cleaner) {
        (Some(own), Some(named)) if own != named => return Err(Objection::NotFound),
        (Some(own), _) => own,
        (None, named) => {
            draft.require_staff()?;
            named.ok_or_else(|| Objection::invalid("cleaner", "say whose"))?
        }
    };
    let cleaner = draft.cleaner(id)?;
    if command.duty == Duty::Off {
        let mut jobs = draft.world.jobs.values();
        let active = jobs.find(|job| job.status.is_under_way() && job.crew().any(|on| on == id));
        if let Some(job) = active {
            return Err(Rejection::ActiveJob { job: job.id }.into());
        }
    }
    if cleaner.duty != command.duty {
        draft.emit(Event::DutySet {
            cleaner: id,
            duty: command.duty,
        });
    }
    Ok(draft.done(DutyStands {
        cleaner: id,
        duty: command.duty,
    }))
}

pub(super) fn publish_shift(
    mut draft: Draft,
    command: &ShiftPublish,
) -> Result<Decision, Objection> {
    draft.require_staff()?;
    let cleaner = draft.cleaner(command.cleaner)?;
    let zone = draft.zone(&command.zone)?;
    if !cleaner.active {
        return Err(Objection::invalid("cleaner", "no longer active"));
    }
    if !cleaner.zones.contains(&zone.slug) {
        return Err(Objection::invalid("zone", "not a home zone of the cleaner"));
    }
    let during = planned(draft.now, command.start, command.end, LIMITS.shift)?;
    let mut shifts = draft.world.shifts.values();
    if shifts.any(|shift| shift.cleaner == cleaner.id && shift.during.overlaps(&during)) {
        return Err(Rejection::AlreadyExists.into());
    }
    let shift = Shift {
        id: draft.new_id(),
        cleaner: cleaner.id,
        local_date: zone.date_at(during.start),
        zone: zone.slug,
        during,
        version: 1,
    };
    let result = ShiftWritten { shift: shift.id };
    draft.emit(Event::ShiftPublished { shift });
    draft.secure();
    Ok(draft.done(result))
}

pub(super) fn add_time_off(mut draft: Draft, command: &TimeOffAdd) -> Result<Decision, Objection> {
    draft.require_staff()?;
    let cleaner = draft.cleaner(command.cleaner)?.id;
    let during = planned(draft.now, command.start, command.end, LIMITS.time_off)?;
    let reason = text::optional("reason", command.reason.as_deref(), LIMITS.note)?;
    let mut known = draft.world.time_off.values();
    if known.any(|other| other.cleaner == cleaner && other.during.overlaps(&during)) {
        return Err(Rejection::AlreadyExists.into());
    }
    let forced = command.force == Some(true);
    draft.expire_holds_in_the_way(cleaner, during.outward());
    let (losing, stuck) = assigned_jobs(&draft, cleaner, during);
    if !stuck.is_empty() || (!forced && !losing.is_empty()) {
        let jobs = if forced {
            stuck.into_iter().collect()
        } else {
            let losing = losing.into_iter().map(|(job, _)| job);
            stuck.into_iter().chain(losing).collect()
        };
        return Err(Rejection::JobsAffected { jobs }.into());
    }
    let promises = make_room(&mut draft, cleaner, during, &losing);
    let time_off: TimeOffId = draft.new_id();
    draft.emit(Event::TimeOffAdded {
        time_off: TimeOff {
            id: time_off,
            cleaner,
            during,
            reason: reason.unwrap_or_default(),
            version: 1,
        },
    });
    for rest in left_of(&draft, cleaner, during.outward()) {
        draft.take(cleaner, rest, Cause::TimeOff { time_off });
    }
    let at_risk = draft.place_all(promises);
    if !forced && !at_risk.is_empty() {
        let jobs = at_risk.into_iter().collect();
        return Err(Rejection::JobsAffected { jobs }.into());
    }
    draft.secure();
    let unassigned: BTreeSet<JobId> = losing.into_iter().map(|(job, _)| job).collect();
    Ok(draft.done(TimeOffAdded {
        time_off,
        unassigned,
    }))
}

impl Draft {
    /// Gives promises without a row a place; the jobs of those that found none are at risk, and
    /// returned.
    pub(super) fn place_all(&mut self, promises: Vec<Promise>) -> BTreeSet<JobId> {
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
}

/// Seats of this cleaner in the range that can be vacated, and jobs that cannot be stopped.
fn assigned_jobs(
    draft: &Draft,
    cleaner: CleanerId,
    during: TimeRange,
) -> (BTreeSet<(JobId, u8)>, BTreeSet<JobId>) {
    let (mut losing, mut stuck) = (BTreeSet::new(), BTreeSet::new());
    for row in rows_in(draft, cleaner, during.outward()) {
        let Cause::Assigned { job, seat } = row.cause else {
            continue;
        };
        match draft.world.jobs.get(&job).map(|job| job.status) {
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

/// Vacates the seats and frees the promises in the range; what is to be placed again.
fn make_room(
    draft: &mut Draft,
    cleaner: CleanerId,
    during: TimeRange,
    losing: &BTreeSet<(JobId, u8)>,
) -> Vec<Promise> {
    let mut promises = Vec::new();
    for (job, seat) in losing {
        promises.extend(vacate(draft, *job, *seat, Leaving::Unassigned));
    }
    for row in rows_in(draft, cleaner, during.outward()) {
        if row.cause.is_movable() {
            draft.free(row);
            promises.extend(Promise::behind(&draft.world, row.cause, row.busy));
        }
    }
    promises.sort_by_key(|promise| (promise.busy, promise.cause));
    promises
}

fn rows_in(draft: &Draft, cleaner: CleanerId, range: TimeRange) -> Vec<Occupancy> {
    let rows = draft.world.occupancy.values();
    rows.filter(|row| row.cleaner == cleaner && row.busy.overlaps(&range))
        .copied()
        .collect()
}

fn left_of(draft: &Draft, cleaner: CleanerId, range: TimeRange) -> Vec<TimeRange> {
    let mut left = vec![range];
    for row in rows_in(draft, cleaner, range) {
        left = left
            .into_iter()
            .flat_map(|piece| piece.without(row.busy))
            .collect();
    }
    left
}

/// A range that people plan: not empty, not too long, not too far away.
fn planned(
    now: Timestamp,
    start: Timestamp,
    end: Timestamp,
    longest: SignedDuration,
) -> Result<TimeRange, Objection> {
    let range = TimeRange::new(start, end)
        .ok_or_else(|| Objection::invalid("end", "must be after the start"))?;
    if start.duration_since(now).abs() > LIMITS.planning_horizon {
        return Err(Objection::invalid("start", "too far from now"));
    }
    if end.duration_since(start) > longest {
        let hours = longest.as_hours();
        return Err(Objection::invalid("end", format!("at most {hours} hours")));
    }
    Ok(range)
}

#[cfg(test)]
mod tests;
