use serde_json::json;

use super::*;
use crate::domain::{
    Command,
    command::{JobClaim, JobDepart},
    entity::JobStatus,
    testing::{CLEANING, DISPATCHER, TEN, Town, at, zone_slug},
};

fn duty(cleaner: Option<CleanerId>, duty: Duty) -> Command {
    Command::SetDuty(DutySet { cleaner, duty })
}

fn shift(cleaner: CleanerId, start: &str, end: &str) -> Command {
    Command::PublishShift(ShiftPublish {
        cleaner,
        zone: zone_slug("center"),
        start: at(start),
        end: at(end),
    })
}

fn time_off(cleaner: CleanerId, start: &str, end: &str, force: Option<bool>) -> Command {
    Command::AddTimeOff(TimeOffAdd {
        cleaner,
        start: at(start),
        end: at(end),
        reason: None,
        force,
    })
}

fn claim(job: JobId) -> Command {
    Command::ClaimJob(JobClaim { job })
}

#[test]
fn nobody_goes_off_duty_on_the_way_but_a_break_is_allowed() {
    let mut town = Town::new();
    let cleaner = town.cleaner(&[]);
    let (_, job) = town.book(CLEANING, TEN);
    town.accept(cleaner, &claim(job));
    town.accept(cleaner, &Command::DepartForJob(JobDepart { job }));
    let rejection = town.reject(cleaner, &duty(None, Duty::Off));
    assert_eq!(rejection, Rejection::ActiveJob { job });
    town.accept(cleaner, &duty(None, Duty::Break));
    assert_eq!(town.world.cleaners[&cleaner].duty, Duty::Break);
}

#[test]
fn duty_is_ones_own_or_set_by_staff() {
    let mut town = Town::new();
    let (x, y) = (town.cleaner(&[]), town.cleaner(&[]));
    assert_eq!(
        town.run(x, &duty(Some(y), Duty::Off)),
        Err(Objection::NotFound)
    );
    town.accept(DISPATCHER, &duty(Some(y), Duty::Off));
    let again = town
        .run(DISPATCHER, &duty(Some(y), Duty::Off))
        .expect("accepted");
    assert_eq!(again.events, []);
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
fn time_off_over_an_assigned_job_lists_it_and_forced_gives_it_back() {
    let mut town = Town::new();
    let cleaner = town.cleaner(&[]);
    let (_, job) = town.book(CLEANING, TEN);
    town.accept(cleaner, &claim(job));
    let off = |force| {
        time_off(
            cleaner,
            "2026-06-01T11:50:00Z",
            "2026-06-01T13:00:00Z",
            force,
        )
    };
    let rejection = town.reject(DISPATCHER, &off(None));
    assert_eq!(rejection, Rejection::JobsAffected { jobs: vec![job] });
    let result = town.accept(DISPATCHER, &off(Some(true)));
    assert_eq!(result["unassigned"], json!([job]));
    assert_eq!(town.job(job).status, JobStatus::Unassigned);
    assert!(town.job(job).at_risk);
}

#[test]
fn time_off_moves_promises_to_others_without_being_forced() {
    let mut town = Town::new();
    let (x, y) = (town.cleaner(&[]), town.cleaner(&[]));
    let (_, job) = town.book(CLEANING, TEN);
    assert_eq!(town.carriers(job)[&0], x);
    town.accept(
        DISPATCHER,
        &time_off(x, "2026-06-01T08:00:00Z", "2026-06-01T12:00:00Z", None),
    );
    assert_eq!(town.carriers(job)[&0], y);
    let rejection = town.reject(
        DISPATCHER,
        &time_off(y, "2026-06-01T08:00:00Z", "2026-06-01T12:00:00Z", None),
    );
    assert_eq!(rejection, Rejection::JobsAffected { jobs: vec![job] });
}

#[test]
fn time_off_does_not_stop_work_under_way() {
    let mut town = Town::new();
    let cleaner = town.cleaner(&[]);
    let (_, job) = town.book(CLEANING, TEN);
    town.accept(cleaner, &claim(job));
    town.accept(cleaner, &Command::DepartForJob(JobDepart { job }));
    let off = time_off(
        cleaner,
        "2026-06-01T11:00:00Z",
        "2026-06-01T13:00:00Z",
        Some(true),
    );
    assert_eq!(
        town.reject(DISPATCHER, &off),
        Rejection::JobsAffected { jobs: vec![job] }
    );
}

#[test]
fn time_off_twice_at_once_exists_already() {
    let mut town = Town::new();
    let cleaner = town.cleaner(&[]);
    town.accept(
        DISPATCHER,
        &time_off(
            cleaner,
            "2026-06-01T11:00:00Z",
            "2026-06-01T11:50:00Z",
            None,
        ),
    );
    let over = time_off(
        cleaner,
        "2026-06-01T11:49:00Z",
        "2026-06-01T13:00:00Z",
        None,
    );
    assert_eq!(town.reject(DISPATCHER, &over), Rejection::AlreadyExists);
    // it shares a quarter with the first, which takes only what is left
    town.accept(
        DISPATCHER,
        &time_off(
            cleaner,
            "2026-06-01T11:50:00Z",
            "2026-06-01T13:00:00Z",
            None,
        ),
    );
}
