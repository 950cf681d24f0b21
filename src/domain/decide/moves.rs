//! `booking.reschedule` → `{booking, job, starts_at}` and `job.move` → `{job, starts_at, status}`.
//!
//! A visit moves as one: the booking's start, its job's, and the crew's time. It keeps the price and
//! the policy it was sold with; its job keeps duration, travel and crew. Only before the crew
//! departs, and who had acknowledged has to again.
//!
//! Rescheduling is selling another slot: customers may until the hours before the start that they
//! were sold, capacity is found as for a hold (the visit's own time counting as free), and whoever
//! of the crew cannot come then leaves it. Moving is steering: anywhere from now on, but nobody is
//! left behind. Whoever sits must be able to come then, what is promised must stay promised.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::{
    Decision,
    bookings::{booking_of, check_policy, unfinished_job},
    crew::{self, Leaving, illegal, may_vacate, seat_for, vacate, way_for, way_past},
    draft::{Draft, check_version},
    holds::Slot,
};
use crate::domain::{
    Event, Objection, Rejection,
    command::{BookingReschedule, JobMove},
    contract::answer::{BookingMoved, JobMoved},
    entity::{BookingStatus, Cause, Cleaner, Job, JobStatus, Service, TimeRange},
    homing::{Preference, Promise},
    ids::{BookingId, CleanerId, JobId},
    limits::LIMITS,
    timetable::Timetable,
};

pub(super) fn reschedule(draft: Draft, command: &BookingReschedule) -> Result<Decision, Objection> {
    let booking = booking_of(&draft, command.booking)?;
    check_version(command.expected_version, booking.version)?;
    if booking.status != BookingStatus::Confirmed {
        let from = booking.status.as_str().to_owned();
        return Err(Rejection::IllegalTransition { from }.into());
    }
    let job = unfinished_job(&draft, booking.id).ok_or(Objection::NotFound)?;
    let job = draft.job(job)?;
    check_may_move(&draft, &job)?;
    check_policy(&draft, &booking)?;
    if command.start == booking.starts_at {
        return Ok(rescheduled(draft, booking.id, &job, command.start));
    }
    let slot = Slot {
        zone: draft.zone(&booking.zone)?,
        service: as_sold(draft.service(&booking.service)?, &job),
        start: command.start,
    };
    slot.check_start(draft.now)?;
    let mut without = draft.clone();
    without.free_all(draft.rows_of_job(job.id));
    let cause = Cause::Reserved {
        job: job.id,
        seat: 0,
    };
    slot.carriers(&without, cause, Some(booking.starts_at))?;
    for staying in who_can_come(&without, &job, command.start) {
        let mut attempt = draft.clone();
        if retime(
            &mut attempt,
            &job,
            command.start,
            &staying,
            Needed::EverySeat,
        )
        .is_ok()
        {
            return Ok(rescheduled(attempt, booking.id, &job, command.start));
        }
    }
    Err(slot.gone(&without, Some(booking.starts_at)))
}

fn rescheduled(draft: Draft, booking: BookingId, job: &Job, starts_at: Timestamp) -> Decision {
    draft.done(BookingMoved {
        booking,
        job: job.id,
        starts_at,
    })
}

pub(super) fn move_job(mut draft: Draft, command: &JobMove) -> Result<Decision, Objection> {
    draft.require_staff()?;
    let job = draft.job(command.job)?;
    check_version(command.expected_version, job.version)?;
    if command.start.is_none() && command.cleaner.is_none() {
        return Err(Objection::invalid("start", "say when, or who"));
    }
    let newcomer = newcomer(&draft, &job, command)?;
    let start = command.start.unwrap_or(job.starts_at);
    relocate(&mut draft, &job, start, newcomer)?;
    let job = draft.job(job.id)?;
    Ok(draft.done(JobMoved {
        job: job.id,
        starts_at: job.starts_at,
        status: job.status,
    }))
}

/// Whether the job could be moved to the start with this cleaner on the crew: `job.move` itself, on a
/// draft that is thrown away.
pub(super) fn try_move(
    draft: &Draft,
    job: &Job,
    start: Timestamp,
    cleaner: &Cleaner,
) -> Result<(), Objection> {
    let wish = JobMove {
        job: job.id,
        start: Some(start),
        cleaner: Some(cleaner.id),
        seat: None,
        expected_version: None,
    };
    move_job(draft.clone(), &wish).map(|_| ())
}

/// The same, answered without a draft where one look at the cleaner's time tells: they cannot, or
/// a crew of one needs nothing but their free time. `without` is everybody's time without the job.
pub(super) fn would_move(
    draft: &Draft,
    without: &Timetable<'_>,
    job: &Job,
    start: Timestamp,
    cleaner: &Cleaner,
) -> bool {
    let moved = Job {
        starts_at: start,
        ..job.clone()
    };
    let may = check_may_move(draft, job).is_ok() && check_new_start(draft, job, start).is_ok();
    if start != job.starts_at && !may {
        return false;
    }
    match way_past(draft, without, &moved, 0, cleaner, None) {
        Err(_) => false,
        Ok(displaced) if displaced.is_empty() && may && job.seats.len() == 1 => true,
        Ok(_) => try_move(draft, job, start, cleaner).is_ok(),
    }
}

/// Who is to join the crew, and on which seat; `None` where nobody is named who is not on it.
fn newcomer(
    draft: &Draft,
    job: &Job,
    command: &JobMove,
) -> Result<Option<(u8, Cleaner)>, Objection> {
    let seat = command.seat;
    if seat.is_some_and(|seat| usize::from(seat) >= job.seats.len()) {
        return Err(Objection::invalid("seat", "the crew is smaller"));
    }
    let Some(id) = command.cleaner else {
        return match seat {
            None => Ok(None),
            Some(_) => Err(Objection::invalid("cleaner", "say who is to have the seat")),
        };
    };
    let cleaner = draft.cleaner(id)?;
    if !cleaner.active {
        return Err(Objection::NotFound);
    }
    let own = job.seats_by_number().find(|(_, sits)| *sits == Some(id));
    match own {
        Some((own, _)) if seat.is_some_and(|seat| seat != own) => {
            Err(Rejection::AlreadyTaken.into())
        }
        Some(_) => Ok(None),
        None => {
            let seat = seat.unwrap_or_else(|| seat_for(draft, job, id));
            Ok(Some((seat, cleaner)))
        }
    }
}

/// The whole move: to another start, with somebody else on a seat, or both.
fn relocate(
    draft: &mut Draft,
    job: &Job,
    start: Timestamp,
    newcomer: Option<(u8, Cleaner)>,
) -> Result<(), Objection> {
    let to_be_saved = draft.can_be_saved(job);
    if !job.status.is_live() && !to_be_saved {
        return Err(illegal(job));
    }
    if let Some((seat, _)) = &newcomer {
        let taken = job.seats[usize::from(*seat)].is_some();
        if taken && !may_vacate(job.status) && !to_be_saved {
            return Err(illegal(job));
        }
    }
    if start == job.starts_at {
        return newcomer.map_or(Ok(()), |(seat, cleaner)| {
            crew::fill(draft, job, seat, &cleaner)
        });
    }
    check_may_move(draft, job)?;
    check_new_start(draft, job, start)?;
    if let Some((seat, cleaner)) = newcomer {
        crew::seat(draft, job, seat, cleaner.id);
    }
    let everybody = draft.job(job.id)?.crew().collect();
    retime(draft, job, start, &everybody, Needed::AsBefore)
}

/// Before the crew departs, or where it did not come; the time of work under way does not move.
fn check_may_move(draft: &Draft, job: &Job) -> Result<(), Objection> {
    match job.status {
        JobStatus::Unassigned | JobStatus::Assigned | JobStatus::Acknowledged => Ok(()),
        JobStatus::CleanerNoShow if draft.can_be_saved(job) => Ok(()),
        JobStatus::EnRoute
        | JobStatus::Arrived
        | JobStatus::InProgress
        | JobStatus::Paused
        | JobStatus::Completed
        | JobStatus::Verified
        | JobStatus::Cancelled
        | JobStatus::NoAccess
        | JobStatus::CleanerNoShow => Err(illegal(job)),
    }
}

/// A start that a dispatcher may choose: on a whole minute, not past, and not beyond all plans.
fn check_new_start(draft: &Draft, job: &Job, start: Timestamp) -> Result<(), Objection> {
    if start.as_nanosecond() % 60_000_000_000 != 0 {
        return Err(Objection::invalid("start", "not a whole minute"));
    }
    if start < draft.now {
        let earliest = draft.now;
        return Err(Rejection::LeadTime { earliest }.into());
    }
    let (buffer, duration) = (job.travel_buffer_minutes, job.duration_minutes);
    if start.duration_since(draft.now) > LIMITS.planning_horizon
        || TimeRange::of_work(start, buffer, duration).is_none()
    {
        return Err(Objection::invalid("start", "too far from now"));
    }
    Ok(())
}

/// The service with what of it was sold with the job.
fn as_sold(service: Service, job: &Job) -> Service {
    Service {
        duration_minutes: job.duration_minutes,
        travel_buffer_minutes: job.travel_buffer_minutes,
        crew_size: u8::try_from(job.seats.len()).expect("a crew has at most four"),
        ..service
    }
}

/// Of the crew, first all who can come at another start if promises make way for them, then those
/// who are free then as things stand, for whom there is room in any case.
fn who_can_come(without: &Draft, job: &Job, start: Timestamp) -> Vec<BTreeSet<CleanerId>> {
    let moved = Job {
        starts_at: start,
        ..job.clone()
    };
    let (mut able, mut free) = (BTreeSet::new(), BTreeSet::new());
    for (seat, cleaner) in job.seats_by_number() {
        let cleaner = cleaner.and_then(|id| without.world.cleaners.get(&id));
        let Some(cleaner) = cleaner else { continue };
        if let Ok(displaced) = way_for(without, &moved, seat, cleaner, None) {
            able.insert(cleaner.id);
            if displaced.is_empty() {
                free.insert(cleaner.id);
            }
        }
    }
    if able == free {
        vec![free]
    } else {
        vec![able, free]
    }
}

/// Which open seats must have reserved time after a move, or there is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Needed {
    EverySeat,
    /// Those that had it before.
    AsBefore,
}

/// Moves the job and its booking to another start, and whoever of the crew is `staying` with it;
/// the others leave it.
fn retime(
    draft: &mut Draft,
    job: &Job,
    start: Timestamp,
    staying: &BTreeSet<CleanerId>,
    needed: Needed,
) -> Result<(), Objection> {
    let rows = draft.rows_of_job(job.id);
    let carriers: BTreeMap<u8, CleanerId> = rows
        .iter()
        .filter_map(|row| Some((row.cause.seat()?, row.cleaner)))
        .collect();
    draft.free_all(rows);
    for (seat, cleaner) in draft.job(job.id)?.seats_by_number() {
        if cleaner.is_some_and(|cleaner| !staying.contains(&cleaner)) {
            vacate(draft, job.id, seat, Leaving::Unassigned);
        }
    }
    state_new_start(draft, job.id, start)?;
    let displaced = take_for_crew(draft, job.id)?;
    for (seat, promise) in displaced {
        let first = carriers.get(&seat).copied();
        if !draft.place(promise, Preference { first, never: None }) {
            return Err(Rejection::Overlap { with: None }.into());
        }
    }
    let job = draft.job(job.id)?;
    for (seat, _) in job
        .seats_by_number()
        .filter(|(_, cleaner)| cleaner.is_none())
    {
        let cause = Cause::Reserved { job: job.id, seat };
        let promise = Promise::behind(&draft.world, cause, job.busy());
        let promise = promise.ok_or(Objection::NotFound)?;
        let first = carriers.get(&seat).copied();
        let placed = draft.place(promise, Preference { first, never: None });
        if !placed && (needed == Needed::EverySeat || first.is_some()) {
            return Err(Rejection::Overlap { with: None }.into());
        }
    }
    draft.settle_risk(job.id);
    draft.secure();
    Ok(())
}

fn state_new_start(draft: &mut Draft, job: JobId, starts_at: Timestamp) -> Result<(), Objection> {
    let job = draft.job(job)?;
    let local_date = draft.zone(&job.zone)?.date_at(starts_at);
    let at = draft.now;
    draft.emit(Event::BookingRescheduled {
        booking: job.booking,
        starts_at,
        local_date,
        at,
    });
    draft.emit(Event::JobMoved {
        job: job.id,
        starts_at,
        local_date,
        status: if job.crew().next().is_none() {
            JobStatus::Unassigned
        } else {
            JobStatus::Assigned
        },
        at,
    });
    Ok(())
}

/// Takes the time of everybody on the crew; the promises that made way for it, by seat.
fn take_for_crew(draft: &mut Draft, job: JobId) -> Result<Vec<(u8, Promise)>, Objection> {
    let job = draft.job(job)?;
    let mut displaced = Vec::new();
    for (seat, cleaner) in job.seats_by_number() {
        let Some(cleaner) = cleaner else { continue };
        let cleaner = draft.cleaner(cleaner)?;
        let in_the_way = way_for(draft, &job, seat, &cleaner, None)?;
        draft.free_all(in_the_way.iter().map(|(row, _)| *row));
        let assigned = Cause::Assigned { job: job.id, seat };
        draft.take(cleaner.id, job.busy(), assigned);
        displaced.extend(in_the_way.into_iter().map(|(_, promise)| (seat, promise)));
    }
    Ok(displaced)
}

#[cfg(test)]
mod tests;
