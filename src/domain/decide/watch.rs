//! `job.watch` (the timer's) → `{job, next}`, `job.no_show` → `{job, status}`; and what every
//! decision does about the alerts of the jobs that it touches.
//!
//! A crew that never set out has not come once the start and a grace have passed: the job becomes
//! `cleaner_no_show`. Staff may say so from the start on, of a crew that vanished on its way too.
//! The crew keeps its seats and its time, so that nobody is promised somebody who is missing; what
//! was reserved for open seats is given back. The booking stays confirmed, because the visit can
//! still be saved: given to another (`assigned`), taken from who did not come (`unassigned`), or the
//! crew comes after all (`en_route`); or it is cancelled. At the end of its time nothing can be
//! saved any more, and the booking is `not_served`.

use jiff::Timestamp;

use super::{Decision, crew::illegal, draft::Draft};
use crate::domain::{
    Event, Objection, Rejection, Role,
    alert::{self, Alert, AlertKind, AlertLevel, AlertStatus},
    command::{JobNoShow, JobWatch},
    contract::answer::{JobStands, JobWatched},
    entity::{BookingStatus, Cause, Job, JobStatus},
    ids::JobId,
};

/// What has become due about a job by the mere passing of time, and when to look again.
pub(super) fn watch(mut draft: Draft, command: &JobWatch) -> Result<Decision, Objection> {
    if draft.actor.role != Role::System {
        return Err(Objection::Forbidden);
    }
    let job = draft.job(command.job)?;
    let now = draft.now;
    let has_come = |at: Option<Timestamp>| at.is_some_and(|at| at <= now);
    if has_come(alert::missed_at(&job, &draft.thresholds)) {
        miss(&mut draft, &job);
    }
    let job = draft.job(command.job)?;
    if has_come(alert::given_up_at(&draft.world, &job)) {
        let (booking, at) = (job.booking, now);
        draft.emit(Event::BookingNotServed { booking, at });
    }
    draft.tell(job.id);
    let next = draft
        .world
        .jobs
        .get(&job.id)
        .and_then(|job| alert::next_watch(&draft.world, job, &draft.thresholds));
    Ok(draft.done(JobWatched { job: job.id, next }))
}

pub(super) fn no_show(mut draft: Draft, command: &JobNoShow) -> Result<Decision, Objection> {
    draft.require_staff()?;
    let job = draft.job(command.job)?;
    let awaited = [
        JobStatus::Assigned,
        JobStatus::Acknowledged,
        JobStatus::EnRoute,
    ];
    if !awaited.contains(&job.status) {
        return Err(illegal(&job));
    }
    if draft.now < job.starts_at {
        let earliest = job.starts_at;
        return Err(Rejection::TooEarly { earliest }.into());
    }
    miss(&mut draft, &job);
    let (job, status) = (job.id, draft.job(job.id)?.status);
    Ok(draft.done(JobStands { job, status }))
}

fn miss(draft: &mut Draft, job: &Job) {
    let at = draft.now;
    draft.emit(Event::JobMissed { job: job.id, at });
    let reserved: Vec<_> = draft
        .rows_of_job(job.id)
        .into_iter()
        .filter(|row| matches!(row.cause, Cause::Reserved { .. }))
        .collect();
    draft.free_all(reserved);
    draft.secure();
}

impl Draft {
    /// Whether a visit that nobody came for may still take place.
    pub(super) fn can_be_saved(&self, job: &Job) -> bool {
        let booking = self.world.bookings.get(&job.booking);
        job.status == JobStatus::CleanerNoShow
            && booking.is_some_and(|booking| booking.status == BookingStatus::Confirmed)
    }

    /// Brings the alerts of a job in line with its state and the clock.
    pub(super) fn tell(&mut self, job: JobId) {
        let Some(row) = self.world.jobs.get(&job) else {
            return;
        };
        let standing = alert::standing(row, &self.thresholds, self.now);
        for about in AlertKind::ALL {
            let known = self.world.alert_of(job, about).cloned();
            match (known, standing.get(&about)) {
                (None, None) => {}
                (None, Some(level)) => self.raise(job, about, *level, None),
                (Some(known), None) => self.clear(&known),
                (Some(known), Some(level)) => {
                    if is_to_be_raised_anew(&known, *level, self.now) {
                        self.raise(job, about, *level, Some(&known));
                    }
                }
            }
        }
    }

    fn raise(&mut self, job: JobId, about: AlertKind, level: AlertLevel, known: Option<&Alert>) {
        let alert = Alert {
            id: known.map_or_else(|| self.new_id(), |known| known.id),
            job,
            about,
            level,
            status: AlertStatus::Open,
            raised_at: self.now,
            snoozed_until: None,
            handled_by: None,
            version: known.map_or(1, |known| known.version + 1),
        };
        self.emit(Event::AlertRaised { alert });
    }

    fn clear(&mut self, known: &Alert) {
        if !known.is_over() {
            let (alert, by, at) = (known.id, None, self.now);
            self.emit(Event::AlertResolved { alert, by, at });
        }
    }
}

/// What has been dealt with stays so until it gets worse; a snooze is left in peace until it ends.
fn is_to_be_raised_anew(known: &Alert, level: AlertLevel, now: Timestamp) -> bool {
    match known.status {
        AlertStatus::Open | AlertStatus::Acknowledged => known.level < level,
        AlertStatus::Snoozed => known.snoozed_until.is_none_or(|until| until <= now),
        AlertStatus::Resolved => known.is_over() || known.level < level,
    }
}

#[cfg(test)]
mod tests;
