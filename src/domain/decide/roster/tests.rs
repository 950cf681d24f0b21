use serde_json::json;

use super::*;
use crate::domain::{
    Command,
    command::{JobClaim, JobDepart},
    entity::JobStatus,
    ids::JobId,
    testing::{CLEANING, DISPATCHER, TEN, Town, at},
};

fn duty(cleaner: Option<CleanerId>, duty: Duty) -> Command {
    Command::SetDuty(DutySet { cleaner, duty })
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
