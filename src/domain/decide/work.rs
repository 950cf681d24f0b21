//! The work itself: `job.acknowledge`, `depart`, `arrive`, `start`, `pause`, `resume`, `complete`,
//! `no_access` and `verify` → `{job, status}`.
//!
//! The lead moves the job, or staff on their behalf; to others on the crew it is `not_lead`, to
//! everybody else the job does not exist. Departing is possible from four hours before the start and
//! for one job at a time (invariant 9, which then holds until that job is over, for the whole crew).
//! The booking follows: `in_service` with the start, `completed`, or `not_served` where nobody let
//! the crew in. What is done staff may find well done: the job is `verified`, its booking `closed`.
//! Work that ends early gives the rest of its time back, from the next quarter on.

use super::{
    Decision,
    crew::illegal,
    draft::{Draft, check_version},
    text,
};
use crate::domain::{
    Event, Objection, Rejection,
    calendar::round_up,
    command::{
        JobAcknowledge, JobArrive, JobComplete, JobDepart, JobNoAccess, JobPause, JobResume,
        JobStart, JobVerify,
    },
    contract::answer::JobStands,
    entity::{Cause, Job, JobStatus, TimeRange},
    ids::{CleanerId, JobId},
    limits::LIMITS,
};

pub(super) fn acknowledge(draft: Draft, command: &JobAcknowledge) -> Result<Decision, Objection> {
    let job = led_job(&draft, command.job, &[JobStatus::Assigned])?;
    let at = draft.now;
    Ok(moved(
        draft,
        Event::JobAcknowledged { job: job.id, at },
        job.id,
    ))
}

pub(super) fn depart(mut draft: Draft, command: &JobDepart) -> Result<Decision, Objection> {
    let from = [
        JobStatus::Assigned,
        JobStatus::Acknowledged,
        JobStatus::CleanerNoShow,
    ];
    let job = led_job(&draft, command.job, &from)?;
    let given_up = job.status == JobStatus::CleanerNoShow && !draft.can_be_saved(&job);
    if given_up {
        return Err(illegal(&job));
    }
    let earliest = job.starts_at.saturating_sub(LIMITS.depart_ahead);
    if let Ok(earliest) = earliest
        && draft.now < earliest
    {
        return Err(Rejection::TooEarly { earliest }.into());
    }
    let mut others = job.crew().filter_map(|on| draft.job_under_way(on, job.id));
    if let Some(other) = others.next() {
        return Err(Rejection::AnotherJobActive { job: other }.into());
    }
    drop(others);
    let at = draft.now;
    draft.emit(Event::JobDeparted { job: job.id, at });
    if job.status == JobStatus::CleanerNoShow {
        // It comes after all, and its open seats have lost what was reserved for them.
        draft.settle_risk(job.id);
        draft.secure();
    }
    Ok(status_of(draft, job.id))
}

pub(super) fn arrive(draft: Draft, command: &JobArrive) -> Result<Decision, Objection> {
    let job = led_job(&draft, command.job, &[JobStatus::EnRoute])?;
    let at = draft.now;
    Ok(moved(draft, Event::JobArrived { job: job.id, at }, job.id))
}

pub(super) fn start(mut draft: Draft, command: &JobStart) -> Result<Decision, Objection> {
    let job = led_job(&draft, command.job, &[JobStatus::Arrived])?;
    let at = draft.now;
    draft.emit(Event::BookingBegun {
        booking: job.booking,
        at,
    });
    Ok(moved(draft, Event::JobStarted { job: job.id, at }, job.id))
}

pub(super) fn pause(draft: Draft, command: &JobPause) -> Result<Decision, Objection> {
    let job = led_job(&draft, command.job, &[JobStatus::InProgress])?;
    let at = draft.now;
    Ok(moved(draft, Event::JobPaused { job: job.id, at }, job.id))
}

pub(super) fn resume(draft: Draft, command: &JobResume) -> Result<Decision, Objection> {
    let job = led_job(&draft, command.job, &[JobStatus::Paused])?;
    let at = draft.now;
    Ok(moved(draft, Event::JobResumed { job: job.id, at }, job.id))
}

pub(super) fn complete(mut draft: Draft, command: &JobComplete) -> Result<Decision, Objection> {
    let from = [JobStatus::InProgress, JobStatus::Paused];
    let job = led_job(&draft, command.job, &from)?;
    let at = draft.now;
    draft.emit(Event::BookingCompleted {
        booking: job.booking,
        at,
    });
    draft.emit(Event::JobCompleted { job: job.id, at });
    give_back_the_rest(&mut draft, job.id);
    Ok(status_of(draft, job.id))
}

pub(super) fn no_access(mut draft: Draft, command: &JobNoAccess) -> Result<Decision, Objection> {
    let note = text::optional("note", command.note.as_deref(), LIMITS.note)?;
    let job = led_job(&draft, command.job, &[JobStatus::Arrived])?;
    let at = draft.now;
    draft.emit(Event::BookingNotServed {
        booking: job.booking,
        at,
    });
    draft.emit(Event::JobNotAccessed {
        job: job.id,
        note,
        at,
    });
    give_back_the_rest(&mut draft, job.id);
    Ok(status_of(draft, job.id))
}

pub(super) fn verify(mut draft: Draft, command: &JobVerify) -> Result<Decision, Objection> {
    draft.require_staff()?;
    let job = draft.job(command.job)?;
    check_version(command.expected_version, job.version)?;
    if job.status != JobStatus::Completed {
        return Err(illegal(&job));
    }
    let at = draft.now;
    draft.emit(Event::BookingClosed {
        booking: job.booking,
        at,
    });
    Ok(moved(draft, Event::JobVerified { job: job.id, at }, job.id))
}

impl Draft {
    /// The job, other than `but`, for which the cleaner is en route or on site.
    pub(super) fn job_under_way(&self, cleaner: CleanerId, but: JobId) -> Option<JobId> {
        let mut jobs = self.world.jobs.values();
        jobs.find(|job| {
            job.id != but && job.status.is_under_way() && job.crew().any(|on| on == cleaner)
        })
        .map(|job| job.id)
    }
}

/// The job, if the actor may move it and it is in one of these states.
fn led_job(draft: &Draft, id: JobId, from: &[JobStatus]) -> Result<Job, Objection> {
    let job = draft.job(id)?;
    if let Some(own) = draft.actor.cleaner() {
        if !job.crew().any(|on| on == own) {
            return Err(Objection::NotFound);
        }
        if job.lead() != Some(own) {
            return Err(Rejection::NotLead.into());
        }
    } else {
        draft.require_staff()?;
    }
    if !from.contains(&job.status) {
        return Err(illegal(&job));
    }
    Ok(job)
}

fn moved(mut draft: Draft, event: Event, job: JobId) -> Decision {
    draft.emit(event);
    status_of(draft, job)
}

fn status_of(draft: Draft, job: JobId) -> Decision {
    let status = draft.world.jobs[&job].status;
    draft.done(JobStands { job, status })
}

/// Shortens the crew's rows to what was used, and frees those of seats that stayed empty.
fn give_back_the_rest(draft: &mut Draft, job: JobId) {
    let used_until = round_up(draft.now);
    for row in draft.rows_of_job(job) {
        let assigned = matches!(row.cause, Cause::Assigned { .. });
        if assigned && row.busy.end <= used_until {
            continue;
        }
        draft.free(row);
        if assigned && let Some(used) = TimeRange::new(row.busy.start, used_until) {
            draft.take(row.cleaner, used, row.cause);
        }
    }
    draft.secure();
}

#[cfg(test)]
mod tests;
