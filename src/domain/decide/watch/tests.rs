use super::*;
use crate::domain::{
    Actor, Command, Rejection,
    alert::Thresholds,
    command::{BookingCancel, JobAssign, JobClaim, JobDepart, JobUnassign, TimeOffAdd},
    ids::{BookingId, CleanerId},
    testing::{CLEANING, DISPATCHER, MANAGER, TEN, Town, at, service},
};

/// A job of ten o'clock (the way there from half past nine), claimed by the first of two cleaners.
fn claimed() -> (Town, [CleanerId; 2], BookingId, JobId) {
    let mut town = Town::new();
    let crew = [town.cleaner(&[]), town.cleaner(&[])];
    let (booking, job) = town.book(CLEANING, TEN);
    town.accept(crew[0], &Command::ClaimJob(JobClaim { job }));
    (town, crew, booking, job)
}

fn look(town: &mut Town, job: JobId, when: &str) -> serde_json::Value {
    town.now = at(when);
    town.accept(Actor::SYSTEM, &Command::WatchJob(JobWatch { job }))
}

fn unresolved(town: &Town) -> Vec<AlertKind> {
    let alerts = town.world.alerts.values();
    let mut about: Vec<_> = alerts
        .filter(|alert| !alert.is_resolved())
        .map(|alert| alert.about)
        .collect();
    about.sort();
    about
}

fn assign(job: JobId, cleaner: CleanerId) -> Command {
    Command::AssignJob(JobAssign {
        job,
        cleaner,
        seat: None,
        expected_version: None,
    })
}

/// The job half an hour after its start, with nobody there.
fn missed() -> (Town, [CleanerId; 2], BookingId, JobId) {
    let (mut town, crew, booking, job) = claimed();
    look(&mut town, job, "2026-06-01T10:30:00Z");
    assert_eq!(town.job(job).status, JobStatus::CleanerNoShow);
    (town, crew, booking, job)
}

#[test]
fn a_crew_that_does_not_move_is_told_of_step_by_step() {
    let (mut town, _, booking, job) = claimed();
    let told = |town: &Town| unresolved(town);
    for (when, next, about) in [
        ("09:34:59", Some("09:35:00"), vec![]),
        ("09:35:00", Some("10:05:00"), vec![AlertKind::Late]),
        ("10:05:00", Some("10:30:00"), vec![AlertKind::NoCheckIn]),
        ("10:30:00", Some("12:00:00"), vec![AlertKind::NoShow]),
        ("12:00:00", None, vec![AlertKind::NoShow]),
    ] {
        let result = look(&mut town, job, &format!("2026-06-01T{when}Z"));
        let next = next.map(|next| format!("2026-06-01T{next}Z"));
        assert_eq!(result["next"].as_str(), next.as_deref(), "{when}");
        assert_eq!(told(&town), about, "{when}");
    }
    assert_eq!(
        town.world.bookings[&booking].status,
        BookingStatus::NotServed
    );
    let never: Vec<_> = town.world.alerts.values().map(|alert| alert.job).collect();
    assert_eq!(never, [job; 3], "one alert per job and kind");
}

#[test]
fn a_crew_that_sets_out_is_not_late_but_is_awaited() {
    let (mut town, [cleaner, _], _, job) = claimed();
    look(&mut town, job, "2026-06-01T09:40:00Z");
    town.accept(cleaner, &Command::DepartForJob(JobDepart { job }));
    assert_eq!(unresolved(&town), []);
    let result = look(&mut town, job, "2026-06-01T10:10:00Z");
    assert_eq!(unresolved(&town), [AlertKind::NoCheckIn]);
    assert_eq!(result["next"], serde_json::Value::Null, "it is on its way");
    assert_eq!(town.job(job).status, JobStatus::EnRoute);
}

#[test]
fn only_the_system_watches_and_only_staff_report() {
    let (mut town, [cleaner, _], _, job) = claimed();
    town.now = at("2026-06-01T11:00:00Z");
    let watch = Command::WatchJob(JobWatch { job });
    assert_eq!(town.run(DISPATCHER, &watch), Err(Objection::Forbidden));
    let report = Command::ReportNoShow(JobNoShow { job });
    assert_eq!(town.run(cleaner, &report), Err(Objection::Forbidden));
}

#[test]
fn a_dispatcher_says_so_from_the_start_on_of_who_vanished_on_the_way_too() {
    let (mut town, [cleaner, _], _, job) = claimed();
    let report = Command::ReportNoShow(JobNoShow { job });
    town.now = at("2026-06-01T09:59:59Z");
    let earliest = at(TEN);
    assert_eq!(
        town.reject(DISPATCHER, &report),
        Rejection::TooEarly { earliest }
    );
    town.accept(cleaner, &Command::DepartForJob(JobDepart { job }));
    town.now = earliest;
    let result = town.accept(DISPATCHER, &report);
    assert_eq!(result["status"], "cleaner_no_show");
    assert_eq!(unresolved(&town), [AlertKind::NoShow]);
    let from = "cleaner_no_show".to_owned();
    assert_eq!(
        town.reject(DISPATCHER, &report),
        Rejection::IllegalTransition { from }
    );
}

#[test]
fn who_did_not_come_keeps_their_time_and_the_booking_stands() {
    let (town, [absent, _], booking, job) = missed();
    assert_eq!(town.carriers(job)[&0], absent);
    assert_eq!(
        town.world.bookings[&booking].status,
        BookingStatus::Confirmed
    );
}

#[test]
fn the_visit_is_saved_by_another_cleaner() {
    let (mut town, [absent, other], _, job) = missed();
    town.accept(DISPATCHER, &assign(job, other));
    assert_eq!(town.job(job).status, JobStatus::Assigned);
    assert_eq!(town.job(job).lead(), Some(other));
    assert!(town.carriers(job).values().all(|on| *on != absent));
    // The start has passed, so the new crew is awaited from the first moment.
    assert_eq!(unresolved(&town), [AlertKind::NoCheckIn]);
}

#[test]
fn the_one_who_did_not_come_is_replaced_although_another_seat_is_open() {
    let mut town = Town::new();
    town.offer(service("pair", 2, &[]));
    let crew = [town.cleaner(&[]), town.cleaner(&[]), town.cleaner(&[])];
    let (_, job) = town.book("pair", TEN);
    town.accept(crew[0], &Command::ClaimJob(JobClaim { job }));
    look(&mut town, job, "2026-06-01T10:30:00Z");
    assert_eq!(town.carriers(job).len(), 1, "open seats are given back");
    town.accept(DISPATCHER, &assign(job, crew[1]));
    assert_eq!(town.job(job).lead(), Some(crew[1]));
    assert_eq!(town.job(job).status, JobStatus::Assigned);
    assert_eq!(town.carriers(job).len(), 2, "and promised again");
}

#[test]
fn the_visit_goes_back_to_the_board_or_the_crew_comes_after_all() {
    let (mut town, [absent, _], _, job) = missed();
    let mut late = town.clone();
    late.accept(absent, &Command::DepartForJob(JobDepart { job }));
    assert_eq!(late.job(job).status, JobStatus::EnRoute);
    let unassign = JobUnassign {
        job,
        seat: None,
        expected_version: None,
    };
    town.accept(DISPATCHER, &Command::UnassignJob(unassign));
    assert_eq!(town.job(job).status, JobStatus::Unassigned);
    assert_eq!(unresolved(&town), [AlertKind::Unassigned]);
}

#[test]
fn the_booking_of_a_visit_that_nobody_came_for_can_be_cancelled() {
    let (mut town, _, booking, job) = missed();
    let cancel = BookingCancel {
        booking,
        reason: None,
        expected_version: None,
    };
    town.accept(DISPATCHER, &Command::CancelBooking(cancel));
    assert_eq!(town.job(job).status, JobStatus::Cancelled);
    assert_eq!(unresolved(&town), []);
}

#[test]
fn nothing_is_saved_after_the_end_of_its_time() {
    let (mut town, [absent, other], booking, job) = missed();
    look(&mut town, job, "2026-06-01T12:00:00Z");
    let unassign = JobUnassign {
        job,
        seat: None,
        expected_version: None,
    };
    for command in [
        assign(job, other),
        Command::UnassignJob(unassign),
        Command::DepartForJob(JobDepart { job }),
    ] {
        let from = "cleaner_no_show".to_owned();
        let rejection = town.reject(DISPATCHER, &command);
        assert_eq!(rejection, Rejection::IllegalTransition { from });
    }
    // Their absence put down afterwards changes nothing either.
    let away = TimeOffAdd {
        cleaner: absent,
        start: at("2026-06-01T07:00:00Z"),
        end: at("2026-06-01T18:00:00Z"),
        reason: None,
        force: Some(true),
    };
    town.accept(MANAGER, &Command::AddTimeOff(away));
    assert_eq!(town.job(job).status, JobStatus::CleanerNoShow);
    assert_eq!(
        town.world.bookings[&booking].status,
        BookingStatus::NotServed
    );
}

#[test]
fn a_job_for_which_nobody_is_left_is_told_of_at_once() {
    let mut town = Town::new();
    let only = town.cleaner(&[]);
    let (_, job) = town.book(CLEANING, TEN);
    let away = TimeOffAdd {
        cleaner: only,
        start: at("2026-06-01T08:00:00Z"),
        end: at("2026-06-01T14:00:00Z"),
        reason: None,
        force: Some(true),
    };
    town.accept(MANAGER, &Command::AddTimeOff(away));
    assert_eq!(unresolved(&town), [AlertKind::AtRisk]);
    town.cleaner(&[]);
    let other = town.cleaner(&[]);
    town.accept(DISPATCHER, &assign(job, other));
    assert_eq!(unresolved(&town), []);
}

#[test]
fn a_watch_that_comes_too_early_says_when_to_look_again() {
    let (mut town, _, _, job) = claimed();
    let before = town.world.clone();
    let result = look(&mut town, job, "2026-06-01T07:00:00Z");
    assert_eq!(result["next"], "2026-06-01T09:35:00Z");
    assert_eq!(town.world, before);
    let next = alert::next_watch(&town.world, town.job(job), &Thresholds::default());
    assert_eq!(next, Some(at("2026-06-01T09:35:00Z")));
}
