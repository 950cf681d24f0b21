use super::*;
use crate::domain::{
    Actor, Command,
    command::JobClaim,
    entity::BookingStatus,
    ids::BookingId,
    testing::{CLEANING, DISPATCHER, TEN, Town, at, service},
};

/// A job of ten o'clock, claimed, at half past eight.
fn claimed() -> (Town, CleanerId, BookingId, JobId) {
    let mut town = Town::new();
    let cleaner = town.cleaner(&[]);
    let (booking, job) = town.book(CLEANING, TEN);
    town.now = at("2026-06-01T08:30:00Z");
    town.accept(cleaner, &Command::ClaimJob(JobClaim { job }));
    (town, cleaner, booking, job)
}

fn commands(job: JobId) -> [(JobStatus, Command); 8] {
    [
        (
            JobStatus::Acknowledged,
            Command::AcknowledgeJob(JobAcknowledge { job }),
        ),
        (JobStatus::EnRoute, Command::DepartForJob(JobDepart { job })),
        (JobStatus::Arrived, Command::ArriveAtJob(JobArrive { job })),
        (JobStatus::InProgress, Command::StartJob(JobStart { job })),
        (JobStatus::Paused, Command::PauseJob(JobPause { job })),
        (JobStatus::InProgress, Command::ResumeJob(JobResume { job })),
        (
            JobStatus::Completed,
            Command::CompleteJob(JobComplete { job }),
        ),
        (
            JobStatus::Verified,
            Command::VerifyJob(JobVerify {
                job,
                expected_version: None,
            }),
        ),
    ]
}

#[test]
fn a_job_goes_along_the_arrows_and_its_booking_with_it() {
    let (mut town, cleaner, booking, job) = claimed();
    for (status, command) in commands(job) {
        let actor = if status == JobStatus::Verified {
            DISPATCHER
        } else {
            cleaner.into()
        };
        let result = town.accept(actor, &command);
        assert_eq!(result["status"], status.as_str());
        let expected = match status {
            JobStatus::InProgress | JobStatus::Paused => BookingStatus::InService,
            JobStatus::Completed => BookingStatus::Completed,
            JobStatus::Verified => BookingStatus::Closed,
            JobStatus::Unassigned
            | JobStatus::Assigned
            | JobStatus::Acknowledged
            | JobStatus::EnRoute
            | JobStatus::Arrived
            | JobStatus::Cancelled
            | JobStatus::NoAccess
            | JobStatus::CleanerNoShow => BookingStatus::Confirmed,
        };
        assert_eq!(town.world.bookings[&booking].status, expected, "{status:?}");
    }
    assert_eq!(town.job(job).times.len(), 9);
}

/// Invariant 8: from each status exactly the arrows.
#[test]
fn a_job_moves_along_no_other_arrow() {
    use JobStatus as S;
    let arrows = [
        (S::Assigned, vec![S::Acknowledged, S::EnRoute]),
        (S::Acknowledged, vec![S::EnRoute]),
        (S::EnRoute, vec![S::Arrived]),
        (S::Arrived, vec![S::InProgress]),
        (S::InProgress, vec![S::Paused, S::Completed]),
        (S::Paused, vec![S::InProgress, S::Completed]),
        (S::Completed, vec![S::Verified]),
        (S::Verified, vec![]),
        (S::Unassigned, vec![]),
        (S::Cancelled, vec![]),
        (S::NoAccess, vec![]),
        (S::CleanerNoShow, vec![S::EnRoute]),
    ];
    for (from, to) in arrows {
        for (status, command) in commands(JobId(uuid::Uuid::nil())) {
            let (mut town, _, booking, job) = claimed();
            put_in(&mut town, booking, job, from);
            let kind = command.kind();
            let (_, command) = commands(job)
                .into_iter()
                .find(|(_, command)| command.kind() == kind)
                .expect("the same commands");
            // to resume is not to start
            let starts = command.kind() == "job.start";
            let legal =
                to.contains(&status) && (status != S::InProgress || starts == (from == S::Arrived));
            let outcome = town.run(DISPATCHER, &command);
            assert_eq!(
                outcome.is_ok(),
                legal,
                "{} from {from:?}: {outcome:?}",
                command.kind()
            );
        }
    }
}

fn put_in(town: &mut Town, booking: BookingId, job: JobId, status: JobStatus) {
    let row = town.world.jobs.get_mut(&job).expect("a job");
    row.status = status;
    let rest = town.world.bookings.get_mut(&booking).expect("a booking");
    rest.status = match status {
        JobStatus::InProgress | JobStatus::Paused => BookingStatus::InService,
        JobStatus::Completed => BookingStatus::Completed,
        JobStatus::Verified => BookingStatus::Closed,
        JobStatus::Cancelled => BookingStatus::Cancelled,
        JobStatus::NoAccess => BookingStatus::NotServed,
        JobStatus::Unassigned
        | JobStatus::Assigned
        | JobStatus::Acknowledged
        | JobStatus::EnRoute
        | JobStatus::Arrived
        | JobStatus::CleanerNoShow => BookingStatus::Confirmed,
    };
}

#[test]
fn departing_is_too_early_before_four_hours_ahead() {
    let (mut town, cleaner, _, job) = claimed();
    town.now = at("2026-06-01T05:59:59Z");
    let earliest = at("2026-06-01T06:00:00Z");
    let depart = Command::DepartForJob(JobDepart { job });
    assert_eq!(
        town.reject(cleaner, &depart),
        Rejection::TooEarly { earliest }
    );
    town.now = earliest;
    town.accept(cleaner, &depart);
}

/// Invariant 9.
#[test]
fn nobody_is_under_way_for_two_jobs() {
    let (mut town, cleaner, _, job) = claimed();
    let (_, next) = town.book(CLEANING, "2026-06-01T12:30:00Z");
    town.accept(cleaner, &Command::ClaimJob(JobClaim { job: next }));
    town.accept(cleaner, &Command::DepartForJob(JobDepart { job }));
    let depart = Command::DepartForJob(JobDepart { job: next });
    assert_eq!(
        town.reject(cleaner, &depart),
        Rejection::AnotherJobActive { job }
    );
}

#[test]
fn the_lead_moves_the_job_or_staff_do() {
    let mut town = Town::new();
    town.offer(service("pair", 2, &[]));
    let (lead, other, stranger) = (town.cleaner(&[]), town.cleaner(&[]), town.cleaner(&[]));
    let (booking, job) = town.book("pair", TEN);
    town.accept(lead, &Command::ClaimJob(JobClaim { job }));
    town.now += jiff::SignedDuration::from_secs(1);
    town.accept(other, &Command::ClaimJob(JobClaim { job }));
    let acknowledge = Command::AcknowledgeJob(JobAcknowledge { job });
    assert_eq!(town.reject(other, &acknowledge), Rejection::NotLead);
    assert_eq!(town.run(stranger, &acknowledge), Err(Objection::NotFound));
    let customer: Actor = town.world.bookings[&booking].customer.into();
    assert_eq!(town.run(customer, &acknowledge), Err(Objection::Forbidden));
    town.accept(DISPATCHER, &acknowledge);
}

#[test]
fn work_done_early_gives_the_rest_of_its_time_back() {
    let (mut town, cleaner, _, job) = claimed();
    for (_, command) in commands(job).into_iter().take(4) {
        town.accept(cleaner, &command);
    }
    town.now = at("2026-06-01T11:07:00Z");
    town.accept(cleaner, &Command::CompleteJob(JobComplete { job }));
    let row = town.world.occupancy.values().next().expect("time spent");
    assert_eq!(row.busy.end, at("2026-06-01T11:15:00Z"));
}

#[test]
fn work_done_before_its_time_began_takes_none() {
    let (mut town, cleaner, _, job) = claimed();
    for (_, command) in commands(job).into_iter().take(7) {
        town.accept(cleaner, &command);
    }
    assert!(town.world.occupancy.is_empty());
}

#[test]
fn nobody_at_the_door_is_a_booking_not_served() {
    let (mut town, cleaner, booking, job) = claimed();
    for (_, command) in commands(job).into_iter().take(3) {
        town.accept(cleaner, &command);
    }
    let note = Some("rang twice".to_owned());
    town.accept(cleaner, &Command::ReportNoAccess(JobNoAccess { job, note }));
    assert_eq!(town.job(job).status, JobStatus::NoAccess);
    assert_eq!(
        town.world.bookings[&booking].status,
        BookingStatus::NotServed
    );
}

#[test]
fn what_is_done_is_verified_by_staff_as_they_saw_it() {
    let (mut town, cleaner, _, job) = claimed();
    for (_, command) in commands(job).into_iter().take(7) {
        town.accept(cleaner, &command);
    }
    let verify = |expected_version| {
        Command::VerifyJob(JobVerify {
            job,
            expected_version,
        })
    };
    assert_eq!(town.run(cleaner, &verify(None)), Err(Objection::Forbidden));
    let current = town.job(job).version;
    assert_eq!(
        town.reject(DISPATCHER, &verify(Some(current - 1))),
        Rejection::StaleVersion { current }
    );
    town.accept(DISPATCHER, &verify(Some(current)));
}
