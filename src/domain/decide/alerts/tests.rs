use jiff::SignedDuration;

use super::*;
use crate::domain::{
    Actor, Command,
    alert::{AlertKind, AlertLevel},
    command::{JobClaim, JobUnassign, JobWatch},
    ids::{CleanerId, JobId},
    testing::{CLEANING, DISPATCHER, MANAGER, TEN, Town, at},
};

/// A job of ten o'clock that nobody has claimed by eight, told of.
fn told() -> (Town, CleanerId, JobId, AlertId) {
    let mut town = Town::new();
    let cleaner = town.cleaner(&[]);
    let (_, job) = town.book(CLEANING, TEN);
    town.now = at("2026-06-01T08:00:00Z");
    town.accept(Actor::SYSTEM, &watch(job));
    let alert = only(&town).id;
    (town, cleaner, job, alert)
}

fn only(town: &Town) -> Alert {
    let alerts: Vec<&Alert> = town.world.alerts.values().collect();
    let [alert] = alerts.as_slice() else {
        panic!("not one alert: {alerts:?}")
    };
    (*alert).clone()
}

fn watch(job: JobId) -> Command {
    Command::WatchJob(JobWatch { job })
}

fn acknowledge(alert: AlertId) -> Command {
    Command::AcknowledgeAlert(AlertAcknowledge {
        alert,
        expected_version: None,
    })
}

fn snooze(alert: AlertId, until: Timestamp) -> Command {
    Command::SnoozeAlert(AlertSnooze {
        alert,
        until,
        expected_version: None,
    })
}

fn resolve(alert: AlertId) -> Command {
    Command::ResolveAlert(AlertResolve {
        alert,
        expected_version: None,
    })
}

#[test]
fn two_dispatchers_who_acknowledge_at_once_are_both_right() {
    let (mut town, _, _, alert) = told();
    town.accept(DISPATCHER, &acknowledge(alert));
    let known = only(&town);
    assert_eq!(known.status, AlertStatus::Acknowledged);
    assert_eq!(known.handled_by, Some(DISPATCHER.id));
    let result = town.accept(MANAGER, &acknowledge(alert));
    assert_eq!(result["status"], "acknowledged");
    assert_eq!(only(&town), known, "the first has it");
}

#[test]
fn what_is_acknowledged_comes_back_when_it_becomes_urgent() {
    let (mut town, _, job, alert) = told();
    town.accept(DISPATCHER, &acknowledge(alert));
    town.now = at("2026-06-01T09:30:00Z");
    town.accept(Actor::SYSTEM, &watch(job));
    let known = only(&town);
    assert_eq!(
        (known.status, known.level),
        (AlertStatus::Open, AlertLevel::Urgent)
    );
    assert_eq!(known.handled_by, None);
}

#[test]
fn a_snooze_is_left_in_peace_and_ends() {
    let (mut town, _, job, alert) = told();
    let until = at("2026-06-01T09:45:00Z");
    let result = town.accept(DISPATCHER, &snooze(alert, until));
    assert_eq!(result["status"], "snoozed");
    town.now = at("2026-06-01T09:30:00Z");
    let look = town.accept(Actor::SYSTEM, &watch(job));
    assert_eq!(look["next"], until.to_string());
    assert_eq!(only(&town).status, AlertStatus::Snoozed);
    town.now = until;
    town.accept(Actor::SYSTEM, &watch(job));
    let known = only(&town);
    assert_eq!(
        (known.status, known.level, known.snoozed_until),
        (AlertStatus::Open, AlertLevel::Urgent, None)
    );
}

#[test]
fn a_snooze_ends_some_hours_ahead() {
    let (mut town, _, _, alert) = told();
    let limit = town.now + LIMITS.snooze;
    for until in [town.now, limit + SignedDuration::from_secs(1)] {
        let outcome = town.run(DISPATCHER, &snooze(alert, until));
        let field = matches!(
            outcome,
            Err(Objection::InvalidArgument { field: "until", .. })
        );
        assert!(field, "{until}");
    }
    town.accept(DISPATCHER, &snooze(alert, limit));
}

#[test]
fn what_is_resolved_is_resolved_once_and_stays_so_until_it_is_worse() {
    let (mut town, _, job, alert) = told();
    town.accept(DISPATCHER, &resolve(alert));
    for again in [
        resolve(alert),
        acknowledge(alert),
        snooze(alert, at("2026-06-01T09:00:00Z")),
    ] {
        assert_eq!(town.reject(MANAGER, &again), Rejection::AlreadyResolved);
    }
    town.now = at("2026-06-01T09:29:59Z");
    town.accept(Actor::SYSTEM, &watch(job));
    assert!(only(&town).is_resolved());
    town.now = at("2026-06-01T09:30:00Z");
    town.accept(Actor::SYSTEM, &watch(job));
    assert_eq!(only(&town).status, AlertStatus::Open);
}

#[test]
fn a_cause_that_goes_takes_its_alert_along_and_brings_it_back() {
    let (mut town, cleaner, job, alert) = told();
    town.accept(DISPATCHER, &resolve(alert));
    town.accept(cleaner, &Command::ClaimJob(JobClaim { job }));
    assert!(only(&town).is_over());
    let unassign = JobUnassign {
        job,
        seat: None,
        expected_version: None,
    };
    town.accept(DISPATCHER, &Command::UnassignJob(unassign));
    let known = only(&town);
    assert_eq!(
        (known.id, known.about, known.status),
        (alert, AlertKind::Unassigned, AlertStatus::Open)
    );
}

#[test]
fn alerts_are_the_staffs_and_versions_count() {
    let (mut town, cleaner, _, alert) = told();
    let outcome = town.run(cleaner, &acknowledge(alert));
    assert_eq!(outcome, Err(Objection::Forbidden));
    let stale = Command::ResolveAlert(AlertResolve {
        alert,
        expected_version: Some(7),
    });
    let current = only(&town).version;
    assert_eq!(
        town.reject(DISPATCHER, &stale),
        Rejection::StaleVersion { current }
    );
    let unknown = acknowledge(AlertId(uuid::Uuid::nil()));
    assert_eq!(town.run(DISPATCHER, &unknown), Err(Objection::NotFound));
}
