use serde_json::json;

use super::*;
use crate::domain::{
    Command,
    command::{JobClaim, JobDepart},
    entity::JobStatus,
    ids::JobId,
    testing::{CLEANING, DISPATCHER, MANAGER, TEN, Town, at, zone_slug},
};

fn shift(cleaner: CleanerId, start: &str, end: &str) -> Command {
    Command::PublishShift(ShiftPublish {
        cleaner,
        zone: zone_slug("center"),
        start: at(start),
        end: at(end),
    })
}

fn change(shift: ShiftId, start: &str, end: &str, force: Option<bool>) -> Command {
    Command::ChangeShift(ShiftChange {
        shift,
        start: at(start),
        end: at(end),
        force,
        expected_version: None,
    })
}

fn cancel(shift: ShiftId, force: Option<bool>) -> Command {
    Command::CancelShift(ShiftCancel {
        shift,
        force,
        expected_version: None,
    })
}

fn claim(job: JobId) -> Command {
    Command::ClaimJob(JobClaim { job })
}

/// A cleaner on shift from 6 to 18 UTC, with that shift.
fn cleaner(town: &mut Town) -> (CleanerId, ShiftId) {
    let cleaner = town.cleaner(&[]);
    let mut shifts = town.world.shifts.values();
    let shift = shifts.find(|shift| shift.cleaner == cleaner);
    (cleaner, shift.expect("just made").id)
}

#[test]
fn a_shift_belongs_to_the_local_date_of_its_start() {
    let mut town = Town::new();
    let cleaner = town.hire(&[]);
    // 23:30 in Berlin is 21:30 in UTC; half an hour later the date is another
    town.accept(
        DISPATCHER,
        &shift(cleaner, "2026-06-02T22:00:00Z", "2026-06-03T04:00:00Z"),
    );
    let published = town.world.shifts.values().next().expect("a shift");
    assert_eq!(published.local_date, jiff::civil::date(2026, 6, 3));
}

#[test]
fn a_cleaner_has_one_shift_at_a_time_in_a_home_zone() {
    let mut town = Town::new();
    let cleaner = town.cleaner(&[]);
    let over = shift(cleaner, "2026-06-01T17:45:00Z", "2026-06-01T20:00:00Z");
    assert_eq!(town.reject(DISPATCHER, &over), Rejection::AlreadyExists);
    town.accept(
        DISPATCHER,
        &shift(cleaner, "2026-06-01T18:00:00Z", "2026-06-01T20:00:00Z"),
    );
    town.world
        .cleaners
        .get_mut(&cleaner)
        .expect("hired")
        .zones
        .clear();
    let away = town.run(
        DISPATCHER,
        &shift(cleaner, "2026-06-02T08:00:00Z", "2026-06-02T09:00:00Z"),
    );
    assert!(matches!(
        away,
        Err(Objection::InvalidArgument { field: "zone", .. })
    ));
}

#[test]
fn ranges_that_make_no_sense_are_invalid() {
    let mut town = Town::new();
    let cleaner = town.cleaner(&[]);
    for (start, end, field) in [
        ("2026-06-02T09:00:00Z", "2026-06-02T09:00:00Z", "end"),
        ("2026-06-02T09:00:00Z", "2026-06-03T09:00:00Z", "end"),
        ("2046-06-02T09:00:00Z", "2046-06-02T10:00:00Z", "start"),
    ] {
        let outcome = town.run(DISPATCHER, &shift(cleaner, start, end));
        let named =
            matches!(&outcome, Err(Objection::InvalidArgument { field: is, .. }) if *is == field);
        assert!(named, "{outcome:?}");
    }
}

#[test]
fn a_changed_shift_keeps_the_work_that_it_still_covers() {
    let mut town = Town::new();
    let (x, shift) = cleaner(&mut town);
    let (_, job) = town.book(CLEANING, TEN);
    town.accept(x, &claim(job));
    // travel from 9:30, work until 12:00
    let exact = change(shift, "2026-06-01T09:30:00Z", "2026-06-01T12:00:00Z", None);
    let result = town.accept(DISPATCHER, &exact);
    assert_eq!(result["unassigned"], json!([]));
    let row = &town.world.shifts[&shift];
    assert_eq!(
        (row.version, row.during.start),
        (2, at("2026-06-01T09:30:00Z"))
    );
    assert_eq!(town.job(job).status, JobStatus::Assigned);
    let again = town.run(DISPATCHER, &exact).expect("accepted");
    assert_eq!(again.events, []);
}

#[test]
fn a_shift_that_no_longer_covers_an_assigned_job_lists_it_and_forced_gives_it_back() {
    let mut town = Town::new();
    let (x, shift) = cleaner(&mut town);
    let (_, job) = town.book(CLEANING, TEN);
    town.accept(x, &claim(job));
    let later = |force| change(shift, "2026-06-01T09:45:00Z", "2026-06-01T18:00:00Z", force);
    for command in [later(None), cancel(shift, None)] {
        assert_eq!(
            town.reject(MANAGER, &command),
            Rejection::JobsAffected { jobs: vec![job] }
        );
    }
    let result = town.accept(MANAGER, &later(Some(true)));
    assert_eq!(result["unassigned"], json!([job]));
    assert_eq!(town.job(job).status, JobStatus::Unassigned);
    assert!(town.job(job).at_risk);
    // Given back, the time carries it again.
    let whole = change(shift, "2026-06-01T09:00:00Z", "2026-06-01T18:00:00Z", None);
    town.accept(MANAGER, &whole);
    assert!(!town.job(job).at_risk);
    assert_eq!(town.carriers(job)[&0], x);
}

#[test]
fn a_cancelled_shift_leaves_its_promises_to_others_without_being_forced() {
    let mut town = Town::new();
    let (x, of_x) = cleaner(&mut town);
    let (y, of_y) = cleaner(&mut town);
    let (_, job) = town.book(CLEANING, TEN);
    assert_eq!(town.carriers(job)[&0], x);
    town.accept(DISPATCHER, &cancel(of_x, None));
    assert!(!town.world.shifts.contains_key(&of_x));
    assert_eq!(town.carriers(job)[&0], y);
    assert_eq!(
        town.reject(DISPATCHER, &cancel(of_y, None)),
        Rejection::JobsAffected { jobs: vec![job] }
    );
    town.accept(DISPATCHER, &cancel(of_y, Some(true)));
    assert!(town.job(job).at_risk);
}

#[test]
fn work_under_way_is_not_stopped_by_a_shift() {
    let mut town = Town::new();
    let (x, shift) = cleaner(&mut town);
    let (_, job) = town.book(CLEANING, TEN);
    town.accept(x, &claim(job));
    town.accept(x, &Command::DepartForJob(JobDepart { job }));
    assert_eq!(
        town.reject(DISPATCHER, &cancel(shift, Some(true))),
        Rejection::JobsAffected { jobs: vec![job] }
    );
}

#[test]
fn a_shift_meets_no_other_and_is_history_once_it_is_over() {
    let mut town = Town::new();
    let (x, shift) = cleaner(&mut town);
    let evening = self::shift(x, "2026-06-01T19:00:00Z", "2026-06-01T21:00:00Z");
    town.accept(DISPATCHER, &evening);
    let over = change(shift, "2026-06-01T06:00:00Z", "2026-06-01T19:15:00Z", None);
    assert_eq!(town.reject(DISPATCHER, &over), Rejection::AlreadyExists);
    let stale = Command::CancelShift(ShiftCancel {
        shift,
        force: None,
        expected_version: Some(7),
    });
    assert_eq!(
        town.reject(DISPATCHER, &stale),
        Rejection::StaleVersion { current: 1 }
    );
    town.now = at("2026-06-01T18:00:00Z");
    assert!(matches!(
        town.reject(DISPATCHER, &cancel(shift, None)),
        Rejection::IllegalTransition { .. }
    ));
    let absent = ShiftId(uuid::Uuid::from_u128(9));
    assert_eq!(
        town.run(DISPATCHER, &cancel(absent, None)),
        Err(Objection::NotFound)
    );
}
