//! What has become of the demo's jobs by now: acknowledged, on the way, at work, done. Each job
//! has its own times, which follow from its id; a job that a person has taken in hand is only
//! finished when they have left it lying past its end.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use super::{
    dice::Dice,
    people::company_actor,
    stage::{Stage, Staged},
};
use crate::domain::{
    Command, Role, World,
    command::{
        BookingCancel, JobAcknowledge, JobArrive, JobAssign, JobComplete, JobDepart, JobNoAccess,
        JobResume, JobStart,
    },
    entity::{Cause, Job, JobStatus, TimeRange},
    ids::{CleanerId, CustomerId, JobId},
};

/// Whose jobs move by themselves.
pub(super) struct Cast<'a> {
    pub(super) is_customer: &'a dyn Fn(CustomerId) -> bool,
    /// Kept for people, who do their own work.
    pub(super) is_visitor: &'a dyn Fn(CleanerId) -> bool,
}

/// How long work that a person left lying stays so.
const PATIENCE: SignedDuration = SignedDuration::from_mins(30);
/// How long before its start an unassigned job gets whoever was promised.
const LAST_CALL: SignedDuration = SignedDuration::from_mins(45);

/// Moves every job of the demo on the stage to where it would be by `now`, one step at a time in
/// the order of their times: the end of one job lets its crew set out for the next.
pub(super) fn catch_up(stage: &mut Stage, cast: &Cast<'_>, now: Timestamp) {
    let times: BTreeMap<JobId, Times> = stage
        .world
        .jobs
        .values()
        .filter(|job| job.status.is_live() && is_ours(&stage.world, job, cast))
        .map(|job| (job.id, Times::of(job)))
        .collect();
    loop {
        let mut steps: Vec<Staged> = times
            .iter()
            .filter_map(|(id, times)| Some((stage.world.jobs.get(id)?, times)))
            .flat_map(|(job, times)| next_steps(&stage.world, job, times, cast, now))
            .filter(|step| step.at <= now)
            .collect();
        steps.sort_by_key(|step| step.at);
        if !steps.into_iter().any(|step| stage.run(step)) {
            return;
        }
    }
}

fn is_ours(world: &World, job: &Job, cast: &Cast<'_>) -> bool {
    world
        .bookings
        .get(&job.booking)
        .is_some_and(|booking| (cast.is_customer)(booking.customer))
}

/// What happens next to a job, in order of preference, each with its time.
fn next_steps(
    world: &World,
    job: &Job,
    times: &Times,
    cast: &Cast<'_>,
    now: Timestamp,
) -> Vec<Staged> {
    if job.crew().any(|cleaner| (cast.is_visitor)(cleaner)) && now < times.end + PATIENCE {
        return Vec::new();
    }
    let id = job.id;
    let step = |at: Timestamp, command: Command| {
        let last = job.times.values().max().copied().unwrap_or(at);
        let label = format!("{} {id}", command.kind());
        Staged::new(
            at.max(last),
            company_actor(Role::Dispatcher),
            label,
            command,
        )
    };
    match job.status {
        JobStatus::Unassigned => last_call(world, job, times)
            .map(|(at, command)| step(at, command))
            .collect(),
        JobStatus::Assigned if now < times.departed => {
            vec![step(
                times.acknowledged,
                Command::AcknowledgeJob(JobAcknowledge { job: id }),
            )]
        }
        JobStatus::Assigned | JobStatus::Acknowledged => {
            vec![step(
                times.departed,
                Command::DepartForJob(JobDepart { job: id }),
            )]
        }
        JobStatus::EnRoute => vec![step(
            times.arrived,
            Command::ArriveAtJob(JobArrive { job: id }),
        )],
        JobStatus::Arrived if times.nobody_opens => {
            let note = Some("Nobody opens, nobody answers.".to_owned());
            let command = Command::ReportNoAccess(JobNoAccess { job: id, note });
            vec![step(times.given_up, command)]
        }
        JobStatus::Arrived => vec![step(times.started, Command::StartJob(JobStart { job: id }))],
        JobStatus::InProgress => {
            vec![step(
                times.completed,
                Command::CompleteJob(JobComplete { job: id }),
            )]
        }
        JobStatus::Paused => vec![step(
            times.completed,
            Command::ResumeJob(JobResume { job: id }),
        )],
        JobStatus::Completed
        | JobStatus::Verified
        | JobStatus::Cancelled
        | JobStatus::NoAccess
        | JobStatus::CleanerNoShow => Vec::new(),
    }
}

/// A job that nobody has claimed goes to those who were promised for it, or is called off.
fn last_call(
    world: &World,
    job: &Job,
    times: &Times,
) -> impl Iterator<Item = (Timestamp, Command)> + use<> {
    let at = job.starts_at - LAST_CALL;
    let id = job.id;
    let promised = world.occupancy.values().find_map(|row| match row.cause {
        Cause::Reserved { job, seat } if job == id => Some((row.cleaner, seat)),
        Cause::Reserved { .. }
        | Cause::Hold { .. }
        | Cause::Assigned { .. }
        | Cause::TimeOff { .. } => None,
    });
    let assign = promised.map(|(cleaner, seat)| {
        let command = JobAssign {
            job: id,
            cleaner,
            seat: Some(seat),
            expected_version: None,
        };
        (at, Command::AssignJob(command))
    });
    let cancel = Command::CancelBooking(BookingCancel {
        booking: job.booking,
        reason: Some("Nobody was free.".to_owned()),
        expected_version: None,
    });
    assign.into_iter().chain([(times.end, cancel)])
}

/// When things happen to a job, if they happen by themselves.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Times {
    pub(super) acknowledged: Timestamp,
    pub(super) departed: Timestamp,
    pub(super) arrived: Timestamp,
    pub(super) started: Timestamp,
    pub(super) given_up: Timestamp,
    pub(super) completed: Timestamp,
    end: Timestamp,
    pub(super) nobody_opens: bool,
}

impl Times {
    fn of(job: &Job) -> Self {
        Self::of_visit(job.id, job.starts_at, job.busy())
    }

    pub(super) fn of_visit(id: JobId, start: Timestamp, busy: TimeRange) -> Self {
        let mut dice = Dice::of(&format!("times {id}"));
        let mut minutes = |least, most| SignedDuration::from_mins(dice.between(least, most));
        let end = busy.end;
        let acknowledged = start - minutes(60, 240);
        let (waiting, early, way) = (minutes(1, 4), minutes(1, 6), minutes(3, 5));
        let (preparing, knocking) = (minutes(0, 4), minutes(10, 14));
        let completed = end - minutes(2, 9);
        let behind = minutes(8, 18);
        let nobody_opens = dice.percent(3);
        // Now and then somebody sets out late, so that there is something to be told of.
        let behind = if dice.percent(8) {
            behind
        } else {
            SignedDuration::ZERO
        };
        let departed = busy.start + waiting + behind;
        let arrived = (start - early).max(departed + way);
        Self {
            acknowledged,
            departed,
            arrived,
            started: start.max(arrived) + preparing,
            given_up: start.max(arrived) + knocking,
            completed,
            end,
            nobody_opens,
        }
    }
}
