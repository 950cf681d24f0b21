use super::*;
use crate::domain::{
    Command,
    command::{JobAcknowledge, JobDepart, TimeOffAdd},
    testing::{CLEANING, DISPATCHER, TEN, Town, at, place, service},
};

fn claim(job: JobId) -> Command {
    Command::ClaimJob(JobClaim { job })
}

fn assign(job: JobId, cleaner: CleanerId) -> Command {
    Command::AssignJob(JobAssign {
        job,
        cleaner,
        seat: None,
        expected_version: None,
    })
}

fn unassign(job: JobId) -> Command {
    Command::UnassignJob(JobUnassign {
        job,
        seat: None,
        expected_version: None,
    })
}

fn withdraw(job: JobId) -> Command {
    Command::WithdrawFromJob(JobWithdraw {
        job,
        cleaner: None,
        reason: None,
    })
}

/// DOMAIN's worked example, with X claiming either job.
#[test]
fn two_free_cleaners_may_claim_two_jobs_in_either_order_and_a_third_hold_finds_the_slot_gone() {
    for x_takes_the_first in [true, false] {
        for x_is_hired_first in [true, false] {
            let mut town = Town::new();
            let (one, two) = (town.cleaner(&[]), town.cleaner(&[]));
            let (x, y) = if x_is_hired_first {
                (one, two)
            } else {
                (two, one)
            };
            let (_, a) = town.book(CLEANING, TEN);
            let (_, b) = town.book(CLEANING, TEN);
            let (first, second) = if x_takes_the_first { (a, b) } else { (b, a) };
            town.accept(x, &claim(first));
            town.accept(y, &claim(second));
            let (customer, _) = town.customer();
            let rejection = town.reject(customer, &place(CLEANING, at(TEN)));
            let Rejection::SlotGone { alternatives } = rejection else {
                panic!("not slot_gone: {rejection:?}");
            };
            assert_eq!(alternatives.len(), 3);
        }
    }
}

#[test]
fn a_displaced_promise_goes_to_the_former_cleaner_of_the_seat() {
    let mut town = Town::new();
    let (x, y) = (town.cleaner(&[]), town.cleaner(&[]));
    let (_, a) = town.book(CLEANING, TEN);
    let (_, b) = town.book(CLEANING, TEN);
    assert_eq!((town.carriers(a)[&0], town.carriers(b)[&0]), (x, y));
    town.cleaner(&[]);
    town.accept(y, &claim(a));
    assert_eq!((town.carriers(a)[&0], town.carriers(b)[&0]), (y, x));
}

#[test]
fn a_displaced_promise_is_placed_by_a_path_of_moves() {
    let mut town = Town::new();
    town.offer(service("windows", 1, &["windows"]));
    town.offer(service("floors", 1, &["floors"]));
    // only v can do windows; u is the only other who can do floors
    let v = town.cleaner(&["windows", "floors"]);
    let u = town.cleaner(&["floors"]);
    let w = town.cleaner(&[]);
    let (_, plain) = town.book(CLEANING, TEN);
    assert_eq!(town.carriers(plain)[&0], w);
    let (_, floors) = town.book("floors", TEN);
    assert_eq!(town.carriers(floors)[&0], u);
    // u takes the plain job: floors goes to v
    town.accept(u, &claim(plain));
    assert_eq!(town.carriers(floors)[&0], v);
    assert_eq!(town.carriers(plain)[&0], u);
}

#[test]
fn a_claim_that_would_leave_a_promise_to_nobody_is_an_overlap() {
    let mut town = Town::new();
    town.offer(service("floors", 1, &["floors"]));
    let able = town.cleaner(&["floors"]);
    let other = town.cleaner(&[]);
    let (_, plain) = town.book(CLEANING, TEN);
    let (_, floors) = town.book("floors", TEN);
    assert_eq!(town.carriers(floors)[&0], able);
    assert_eq!(
        town.reject(able, &claim(plain)),
        Rejection::Overlap { with: None }
    );
    town.accept(other, &claim(plain));
    town.accept(able, &claim(floors));
}

/// Invariant 7.
#[test]
fn a_seat_on_the_board_has_one_winner() {
    let mut town = Town::new();
    let (x, y) = (town.cleaner(&[]), town.cleaner(&[]));
    let (_, job) = town.book(CLEANING, TEN);
    town.accept(x, &claim(job));
    assert_eq!(town.reject(y, &claim(job)), Rejection::AlreadyTaken);
    assert_eq!(town.reject(x, &claim(job)), Rejection::AlreadyTaken);
}

#[test]
fn a_job_of_another_zone_is_not_on_the_board() {
    let mut town = Town::new();
    let stranger = town.cleaner(&[]);
    let _here = town.cleaner(&[]);
    let (_, job) = town.book(CLEANING, TEN);
    let zones = &mut town.world.cleaners.get_mut(&stranger).expect("hired").zones;
    *zones = ["elsewhere".parse().expect("a slug")].into();
    assert_eq!(town.run(stranger, &claim(job)), Err(Objection::NotFound));
}

#[test]
fn assigning_says_what_stands_in_the_way() {
    let mut town = Town::new();
    town.offer(service("floors", 1, &["floors"]));
    let able = town.cleaner(&["floors"]);
    let unable = town.cleaner(&[]);
    let (_, job) = town.book("floors", TEN);
    let rejection = town.reject(DISPATCHER, &assign(job, unable));
    assert_eq!(
        rejection,
        Rejection::SkillMissing {
            missing: vec!["floors".to_owned()]
        }
    );
    let home = town.hire(&["floors"]);
    assert_eq!(
        town.reject(DISPATCHER, &assign(job, home)),
        Rejection::OutsideShift
    );
    let away = town.cleaner(&["floors"]);
    town.accept(
        DISPATCHER,
        &Command::AddTimeOff(TimeOffAdd {
            cleaner: away,
            start: at(TEN),
            end: at("2026-06-01T11:00:00Z"),
            reason: None,
            force: None,
        }),
    );
    assert_eq!(
        town.reject(DISPATCHER, &assign(job, away)),
        Rejection::TimeOff
    );
    town.accept(DISPATCHER, &assign(job, able));
    let (_, same_time) = town.book(CLEANING, "2026-06-01T11:00:00Z");
    let rejection = town.reject(DISPATCHER, &assign(same_time, able));
    assert!(matches!(rejection, Rejection::Overlap { with: Some(_) }));
}

/// Invariant 8.
#[test]
fn a_stale_version_is_rejected_with_the_current_one() {
    let mut town = Town::new();
    let cleaner = town.cleaner(&[]);
    let (_, job) = town.book(CLEANING, TEN);
    let stale = Command::AssignJob(JobAssign {
        job,
        cleaner,
        seat: None,
        expected_version: Some(7),
    });
    assert_eq!(
        town.reject(DISPATCHER, &stale),
        Rejection::StaleVersion { current: 1 }
    );
}

#[test]
fn reassigning_an_acknowledged_job_makes_it_assigned_again() {
    let mut town = Town::new();
    let (x, y) = (town.cleaner(&[]), town.cleaner(&[]));
    let (_, job) = town.book(CLEANING, TEN);
    town.accept(x, &claim(job));
    town.accept(x, &Command::AcknowledgeJob(JobAcknowledge { job }));
    town.accept(DISPATCHER, &assign(job, y));
    assert_eq!(town.job(job).status, JobStatus::Assigned);
    assert_eq!(town.job(job).lead(), Some(y));
}

#[test]
fn a_seat_is_not_taken_away_once_the_crew_has_departed() {
    let mut town = Town::new();
    let (x, y) = (town.cleaner(&[]), town.cleaner(&[]));
    let (_, job) = town.book(CLEANING, TEN);
    town.accept(x, &claim(job));
    town.accept(x, &Command::DepartForJob(JobDepart { job }));
    let en_route = Rejection::IllegalTransition {
        from: "en_route".to_owned(),
    };
    assert_eq!(town.reject(DISPATCHER, &assign(job, y)), en_route);
    assert_eq!(town.reject(DISPATCHER, &unassign(job)), en_route);
    assert_eq!(town.reject(x, &withdraw(job)), en_route);
}

#[test]
fn the_first_seat_filled_leads_and_its_leaving_hands_the_job_on() {
    let mut town = Town::new();
    town.offer(service("pair", 2, &[]));
    let (x, y) = (town.cleaner(&[]), town.cleaner(&[]));
    let (_, job) = town.book("pair", TEN);
    town.accept(y, &claim(job));
    town.now += jiff::SignedDuration::from_secs(1);
    town.accept(x, &claim(job));
    assert_eq!(town.job(job).lead(), Some(y));
    town.accept(y, &Command::AcknowledgeJob(JobAcknowledge { job }));
    town.accept(y, &withdraw(job));
    assert_eq!(town.job(job).status, JobStatus::Assigned);
    assert_eq!(town.job(job).lead(), Some(x));
}

#[test]
fn unassigning_keeps_the_time_and_gives_the_job_back_to_the_board() {
    let mut town = Town::new();
    let x = town.cleaner(&[]);
    let (_, job) = town.book(CLEANING, TEN);
    town.accept(x, &claim(job));
    town.accept(DISPATCHER, &unassign(job));
    let row = town.job(job);
    assert_eq!((row.status, row.at_risk), (JobStatus::Unassigned, false));
    assert_eq!(town.carriers(job)[&0], x);
}

#[test]
fn a_job_whose_only_cleaner_withdraws_is_at_risk_until_somebody_has_time() {
    let mut town = Town::new();
    let x = town.cleaner(&[]);
    let (_, job) = town.book(CLEANING, TEN);
    town.accept(x, &claim(job));
    town.accept(x, &withdraw(job));
    assert!(town.job(job).at_risk);
    let y = town.hire(&[]);
    town.accept(
        DISPATCHER,
        &Command::PublishShift(crate::domain::command::ShiftPublish {
            cleaner: y,
            zone: "center".parse().expect("a slug"),
            start: at("2026-06-01T08:00:00Z"),
            end: at("2026-06-01T14:00:00Z"),
        }),
    );
    assert!(!town.job(job).at_risk);
    assert_eq!(town.carriers(job).len(), 1);
}

#[test]
fn only_ones_own_seat_can_be_withdrawn_from() {
    let mut town = Town::new();
    let (x, y) = (town.cleaner(&[]), town.cleaner(&[]));
    let (_, job) = town.book(CLEANING, TEN);
    town.accept(x, &claim(job));
    assert_eq!(town.run(y, &withdraw(job)), Err(Objection::NotFound));
    let for_another = Command::WithdrawFromJob(JobWithdraw {
        job,
        cleaner: Some(x),
        reason: None,
    });
    assert_eq!(town.run(y, &for_another), Err(Objection::NotFound));
}
