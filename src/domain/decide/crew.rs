//! `job.claim` and `job.assign` → `{job, seat, cleaner}`, `job.unassign` and `job.withdraw` →
//! `{job, status}`.
//!
//! Filling a seat takes the cleaner's time as `assigned`; promises in the way are re-homed, the
//! seat's former cleaner first, or the command is an `overlap`. Invariant 7: a seat has one winner.
//! An open seat may be filled until the job is over; a seat is given to another, or vacated, only
//! before the crew departs, or when it did not come (see [`watch`](super::watch)). The lead is who sits longest: where the lead changes, the job is
//! `assigned` again, because the new one has acknowledged nothing; an empty crew is `unassigned`.
//!
//! Vacating: a seat's time stays reserved with the one unassigned, who is as good for it as anyone
//! (the job keeps its place without moving anybody). Who withdraws says that they cannot do it, so
//! their time is not considered then; a job for which nobody else is left is at risk. Nothing
//! remembers a withdrawal: time given back later may carry the job again, theirs included.
//! `job.unassign` without a seat empties the whole crew. Withdrawing is each crew member's own.

use super::{
    Decision,
    draft::{Draft, check_version},
    text,
};
use crate::domain::{
    Event, Objection, Rejection,
    command::{JobAssign, JobClaim, JobUnassign, JobWithdraw},
    contract::answer::{JobStands, SeatFilled},
    entity::{Cause, Cleaner, Job, JobStatus, Occupancy, Seat},
    homing::{Preference, Promise},
    ids::{CleanerId, JobId},
    limits::LIMITS,
    timetable::Timetable,
};

pub(super) fn claim(mut draft: Draft, command: &JobClaim) -> Result<Decision, Objection> {
    let own = draft.actor.cleaner().ok_or(Objection::Forbidden)?;
    let cleaner = draft.cleaner(own)?;
    let job = draft.job(command.job)?;
    let on_board = cleaner.active && cleaner.zones.contains(&job.zone);
    if !on_board {
        return Err(Objection::NotFound);
    }
    let seat = match job.status {
        JobStatus::Cancelled | JobStatus::NoAccess | JobStatus::CleanerNoShow => {
            return Err(illegal(&job));
        }
        JobStatus::Completed | JobStatus::Verified => return Err(Rejection::AlreadyTaken.into()),
        JobStatus::Unassigned
        | JobStatus::Assigned
        | JobStatus::Acknowledged
        | JobStatus::EnRoute
        | JobStatus::Arrived
        | JobStatus::InProgress
        | JobStatus::Paused => open_seat_for(&draft, &job, own).ok_or(Rejection::AlreadyTaken)?,
    };
    if job.busy().end <= draft.now {
        return Err(illegal(&job));
    }
    fill(&mut draft, &job, seat, &cleaner)?;
    Ok(draft.done(SeatFilled {
        job: job.id,
        seat,
        cleaner: own,
    }))
}

pub(super) fn assign(mut draft: Draft, command: &JobAssign) -> Result<Decision, Objection> {
    draft.require_staff()?;
    let job = draft.job(command.job)?;
    let cleaner = draft.cleaner(command.cleaner)?;
    check_version(command.expected_version, job.version)?;
    if !cleaner.active {
        return Err(Objection::NotFound);
    }
    let seat = match command.seat {
        Some(seat) if usize::from(seat) < job.seats.len() => seat,
        Some(_) => return Err(Objection::invalid("seat", "the crew is smaller")),
        None => seat_for(&draft, &job, cleaner.id),
    };
    let taken = job.seats[usize::from(seat)].is_some();
    let open = job.status.is_live() && (!taken || may_vacate(job.status));
    if !open && !draft.can_be_saved(&job) {
        return Err(illegal(&job));
    }
    fill(&mut draft, &job, seat, &cleaner)?;
    Ok(draft.done(SeatFilled {
        job: job.id,
        seat,
        cleaner: cleaner.id,
    }))
}

pub(super) fn unassign(mut draft: Draft, command: &JobUnassign) -> Result<Decision, Objection> {
    draft.require_staff()?;
    let job = draft.job(command.job)?;
    check_version(command.expected_version, job.version)?;
    if command
        .seat
        .is_some_and(|seat| usize::from(seat) >= job.seats.len())
    {
        return Err(Objection::invalid("seat", "the crew is smaller"));
    }
    let filled: Vec<(u8, CleanerId)> = job
        .seats_by_number()
        .filter(|(seat, _)| command.seat.is_none_or(|only| only == *seat))
        .filter_map(|(seat, cleaner)| Some((seat, cleaner?)))
        .collect();
    if filled.is_empty() || !(may_vacate(job.status) || draft.can_be_saved(&job)) {
        return Err(illegal(&job));
    }
    for (seat, cleaner) in filled {
        let promise = vacate(&mut draft, job.id, seat, Leaving::Unassigned);
        let stay = Preference {
            first: Some(cleaner),
            never: None,
        };
        if let Some(promise) = promise {
            draft.place(promise, stay);
        }
    }
    draft.settle_risk(job.id);
    draft.secure();
    let status = draft.job(job.id)?.status;
    Ok(draft.done(JobStands {
        job: job.id,
        status,
    }))
}

pub(super) fn withdraw(mut draft: Draft, command: &JobWithdraw) -> Result<Decision, Objection> {
    let job = draft.job(command.job)?;
    let cleaner = who_withdraws(&draft, &job, command.cleaner)?;
    let reason = text::optional("reason", command.reason.as_deref(), LIMITS.note)?;
    let seat = job
        .seats_by_number()
        .find(|(_, sits)| *sits == Some(cleaner))
        .map(|(seat, _)| seat)
        .ok_or(Objection::NotFound)?;
    if !may_vacate(job.status) && !draft.can_be_saved(&job) {
        return Err(illegal(&job));
    }
    let elsewhere = Preference {
        first: None,
        never: Some(cleaner),
    };
    if let Some(promise) = vacate(&mut draft, job.id, seat, Leaving::Withdrawn { reason }) {
        draft.place(promise, elsewhere);
    }
    draft.settle_risk(job.id);
    draft.secure_but(job.id);
    let status = draft.job(job.id)?.status;
    Ok(draft.done(JobStands {
        job: job.id,
        status,
    }))
}

fn who_withdraws(
    draft: &Draft,
    job: &Job,
    named: Option<CleanerId>,
) -> Result<CleanerId, Objection> {
    let cleaner = match draft.actor.cleaner() {
        Some(own) if named.is_some_and(|named| named != own) => None,
        Some(own) => Some(own),
        None => {
            draft.require_staff()?;
            match named.or(job.lead()) {
                None => return Err(illegal(job)),
                somebody => somebody,
            }
        }
    };
    cleaner
        .filter(|cleaner| job.crew().any(|sits| sits == *cleaner))
        .ok_or(Objection::NotFound)
}

/// Gives the seat to the cleaner, re-homing what is in the way.
pub(super) fn fill(
    draft: &mut Draft,
    job: &Job,
    seat: u8,
    cleaner: &Cleaner,
) -> Result<(), Objection> {
    if job.crew().any(|sits| sits == cleaner.id) {
        return Err(Rejection::AlreadyTaken.into());
    }
    let own = row_of_seat(draft, job.id, seat);
    let displaced = way_for(draft, job, seat, cleaner, own)?;
    draft.free_all(own);
    draft.free_all(displaced.iter().map(|(row, _)| *row));
    self::seat(draft, job, seat, cleaner.id);
    let assigned = Cause::Assigned { job: job.id, seat };
    draft.take(cleaner.id, job.busy(), assigned);
    let former = Preference {
        first: own.map(|row| row.cleaner),
        never: None,
    };
    for (_, promise) in displaced {
        if !draft.place(promise, former) {
            return Err(Rejection::Overlap { with: None }.into());
        }
    }
    draft.settle_risk(job.id);
    draft.secure();
    Ok(())
}

/// States that the cleaner has the seat.
pub(super) fn seat(draft: &mut Draft, job: &Job, seat: u8, cleaner: CleanerId) {
    let mut after = job.clone();
    let filled_at = draft.now;
    let place = &mut after.seats[usize::from(seat)];
    let before = place.replace(Seat { cleaner, filled_at });
    draft.emit(Event::JobAssigned {
        job: job.id,
        seat,
        cleaner,
        instead_of: before.map(|sits| sits.cleaner),
        status: status_with_crew(job, &after),
        at: filled_at,
    });
}

/// Whether the cleaner can have the seat of the job at its time, the seat's own row aside; what
/// has to make way for it.
pub(super) fn way_for(
    draft: &Draft,
    job: &Job,
    seat: u8,
    cleaner: &Cleaner,
    own: Option<Occupancy>,
) -> Result<Vec<(Occupancy, Promise)>, Objection> {
    way_past(draft, &draft.timetable(), job, seat, cleaner, own)
}

/// The same in a timetable at hand.
pub(super) fn way_past(
    draft: &Draft,
    timetable: &Timetable<'_>,
    job: &Job,
    seat: u8,
    cleaner: &Cleaner,
    own: Option<Occupancy>,
) -> Result<Vec<(Occupancy, Promise)>, Objection> {
    let assigned = Cause::Assigned { job: job.id, seat };
    let promise = Promise::behind(&draft.world, assigned, job.busy());
    let promise = promise.ok_or(Objection::NotFound)?;
    if let Some(obstacle) = promise.obstacle(timetable, cleaner) {
        return Err(obstacle.into());
    }
    check_one_job_under_way(draft, job, cleaner.id)?;
    displaced_by(draft, timetable, cleaner.id, &promise, own)
}

/// The promises that have to make way for an assignment; rows that never move are an objection.
fn displaced_by(
    draft: &Draft,
    timetable: &Timetable<'_>,
    cleaner: CleanerId,
    promise: &Promise,
    own: Option<Occupancy>,
) -> Result<Vec<(Occupancy, Promise)>, Objection> {
    let mut displaced = Vec::new();
    for row in timetable.clashes(cleaner, promise.busy) {
        if own.is_some_and(|own| own.id == row.id) {
            continue;
        }
        if matches!(row.cause, Cause::TimeOff { .. }) {
            return Err(Rejection::TimeOff.into());
        }
        let overlap = Rejection::Overlap {
            with: Some(row.busy),
        };
        if !row.cause.is_movable() {
            return Err(overlap.into());
        }
        let promise = Promise::behind(&draft.world, row.cause, row.busy).ok_or(overlap)?;
        displaced.push((*row, promise));
    }
    Ok(displaced)
}

/// Invariant 9, for who joins a crew that has departed.
fn check_one_job_under_way(draft: &Draft, job: &Job, cleaner: CleanerId) -> Result<(), Objection> {
    if job.status.is_under_way()
        && let Some(other) = draft.job_under_way(cleaner, job.id)
    {
        return Err(Rejection::AnotherJobActive { job: other }.into());
    }
    Ok(())
}

/// How somebody leaves a seat.
pub(super) enum Leaving {
    Unassigned,
    Withdrawn { reason: Option<String> },
}

/// Empties a filled seat and frees its row; what is promised still has to be placed.
pub(super) fn vacate(draft: &mut Draft, job: JobId, seat: u8, leaving: Leaving) -> Option<Promise> {
    let before = draft.world.jobs.get(&job)?.clone();
    let cleaner = before
        .seats
        .get(usize::from(seat))
        .copied()
        .flatten()?
        .cleaner;
    let mut after = before.clone();
    after.seats[usize::from(seat)] = None;
    let status = status_with_crew(&before, &after);
    let at = draft.now;
    draft.emit(match leaving {
        Leaving::Unassigned => Event::JobUnassigned {
            job,
            seat,
            cleaner,
            status,
            at,
        },
        Leaving::Withdrawn { reason } => Event::JobWithdrawn {
            job,
            seat,
            cleaner,
            reason,
            status,
            at,
        },
    });
    draft.free_all(row_of_seat(draft, job, seat));
    Promise::behind(&draft.world, Cause::Reserved { job, seat }, before.busy())
}

/// The status that a job has once its crew has changed.
fn status_with_crew(before: &Job, after: &Job) -> JobStatus {
    if before.status.is_under_way() {
        return before.status;
    }
    match after.lead() {
        None => JobStatus::Unassigned,
        Some(lead) if before.lead() == Some(lead) => before.status,
        Some(_) => JobStatus::Assigned,
    }
}

/// The seat that an assignment means: an open one, or the first. Where the crew did not come it is
/// the lead's, who answers for that.
pub(super) fn seat_for(draft: &Draft, job: &Job, cleaner: CleanerId) -> u8 {
    let leads = |(_, sits): &(u8, Option<CleanerId>)| sits.is_some() && *sits == job.lead();
    let open = if job.status == JobStatus::CleanerNoShow {
        job.seats_by_number().find(leads).map(|(seat, _)| seat)
    } else {
        open_seat_for(draft, job, cleaner)
    };
    open.unwrap_or(0)
}

/// A seat reserved on the cleaner; else one without any row; else the first open one.
fn open_seat_for(draft: &Draft, job: &Job, cleaner: CleanerId) -> Option<u8> {
    let mut open: Vec<u8> = job
        .seats_by_number()
        .filter(|(_, sits)| sits.is_none())
        .map(|(seat, _)| seat)
        .collect();
    open.sort_by_key(|seat| match row_of_seat(draft, job.id, *seat) {
        Some(row) if row.cleaner == cleaner => 0,
        None => 1,
        Some(_) => 2,
    });
    open.first().copied()
}

fn row_of_seat(draft: &Draft, job: JobId, seat: u8) -> Option<Occupancy> {
    let rows = draft.rows_of_job(job);
    rows.into_iter().find(|row| match row.cause {
        Cause::Reserved { seat: of, .. } | Cause::Assigned { seat: of, .. } => of == seat,
        Cause::Hold { .. } | Cause::TimeOff { .. } => false,
    })
}

/// Before the crew departs.
pub(super) fn may_vacate(status: JobStatus) -> bool {
    matches!(status, JobStatus::Assigned | JobStatus::Acknowledged)
}

pub(super) fn illegal(job: &Job) -> Objection {
    let from = job.status.as_str().to_owned();
    Rejection::IllegalTransition { from }.into()
}

#[cfg(test)]
mod tests;
