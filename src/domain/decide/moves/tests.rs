use super::*;
use crate::domain::{
    Actor, Command,
    command::{JobAcknowledge, JobClaim, JobDepart, TimeOffAdd},
    testing::{CLEANING, DISPATCHER, MANAGER, TEN, Town, at, service},
};

const NOON: &str = "2026-06-01T12:00:00Z";

fn reschedule(booking: BookingId, start: &str) -> Command {
    Command::RescheduleBooking(BookingReschedule {
        booking,
        start: at(start),
        expected_version: None,
    })
}

fn move_to(job: JobId, start: Option<&str>, cleaner: Option<CleanerId>) -> Command {
    Command::MoveJob(JobMove {
        job,
        start: start.map(at),
        cleaner,
        seat: None,
        expected_version: None,
    })
}

fn claim(job: JobId) -> Command {
    Command::ClaimJob(JobClaim { job })
}

fn away(cleaner: CleanerId, start: &str, end: &str) -> Command {
    Command::AddTimeOff(TimeOffAdd {
        cleaner,
        start: at(start),
        end: at(end),
        reason: None,
        force: None,
    })
}

/// Two days before the visits of the tests, when customers may still change them alone.
fn early(cleaners: usize) -> (Town, Vec<CleanerId>) {
    let mut town = Town::new();
    let cleaners = (0..cleaners).map(|_| town.cleaner(&[])).collect();
    town.now = at("2026-05-30T10:00:00Z");
    (town, cleaners)
}

fn owner(town: &Town, booking: BookingId) -> Actor {
    town.world.bookings[&booking].customer.into()
}

#[test]
fn a_visit_moves_as_sold_whatever_is_sold_by_now() {
    let (mut town, cleaners) = early(1);
    let (booking, job) = town.book(CLEANING, TEN);
    let sold = town.world.bookings[&booking].clone();
    let mut dearer = service(CLEANING, 1, &[]);
    (dearer.price_minor, dearer.duration_minutes, dearer.active) = (20_000, 240, false);
    town.offer(dearer);
    let result = town.accept(owner(&town, booking), &reschedule(booking, NOON));
    assert_eq!(result["starts_at"], NOON);
    let moved = &town.world.bookings[&booking];
    assert_eq!(moved.starts_at, at(NOON));
    assert_eq!(moved.price_minor, sold.price_minor);
    assert_eq!(moved.cancel_until_hours, sold.cancel_until_hours);
    let row = town.job(job);
    assert_eq!((row.starts_at, row.duration_minutes), (at(NOON), 120));
    assert_eq!(town.carriers(job)[&0], cleaners[0]);
    let busy: Vec<_> = town.world.occupancy.values().map(|row| row.busy).collect();
    assert_eq!(busy, [row.busy()]);
}

#[test]
fn a_visit_moves_over_its_own_time() {
    let (mut town, cleaners) = early(1);
    let (booking, job) = town.book(CLEANING, TEN);
    town.accept(cleaners[0], &claim(job));
    town.accept(
        owner(&town, booking),
        &reschedule(booking, "2026-06-01T10:30:00Z"),
    );
    assert_eq!(town.job(job).lead(), Some(cleaners[0]));
}

#[test]
fn customers_reschedule_until_the_hours_they_were_sold_and_staff_later_too() {
    let (mut town, _) = early(1);
    let (booking, _) = town.book(CLEANING, TEN);
    let until = at("2026-05-31T10:00:00Z");
    town.now = at("2026-05-31T10:00:01Z");
    let wish = reschedule(booking, NOON);
    assert_eq!(
        town.reject(owner(&town, booking), &wish),
        Rejection::PolicyWindowClosed { until }
    );
    town.clone().accept(MANAGER, &wish);
    town.accept(DISPATCHER, &wish);
}

#[test]
fn a_slot_that_is_gone_comes_with_the_three_nearest_but_the_visits_own() {
    let (mut town, _) = early(1);
    let (booking, _) = town.book(CLEANING, TEN);
    town.book(CLEANING, "2026-06-01T13:00:00Z");
    let wish = reschedule(booking, "2026-06-01T11:30:00Z");
    let Rejection::SlotGone { alternatives } = town.reject(owner(&town, booking), &wish) else {
        panic!("it is gone");
    };
    let starts: Vec<_> = alternatives.into_iter().map(|slot| slot.start).collect();
    let expected = [
        "2026-06-01T10:30:00Z",
        "2026-06-01T09:30:00Z",
        "2026-06-01T09:00:00Z",
    ];
    assert_eq!(starts, expected.map(at));
    for start in expected {
        town.clone().accept(DISPATCHER, &reschedule(booking, start));
    }
}

#[test]
fn terms_of_a_start_hold_for_everybody() {
    let (mut town, _) = early(1);
    let (booking, _) = town.book(CLEANING, TEN);
    let mut rejected = |start| town.reject(DISPATCHER, &reschedule(booking, start));
    let soon = rejected("2026-05-30T10:30:00Z");
    assert!(matches!(soon, Rejection::LeadTime { .. }));
    let far = rejected("2026-07-30T10:30:00Z");
    assert!(matches!(far, Rejection::OutsideBookingWindow { .. }));
    assert_eq!(rejected("2026-06-01T10:20:00Z"), Rejection::NotASlot);
}

#[test]
fn the_crew_stays_if_it_can_come_and_has_to_acknowledge_again() {
    let (mut town, cleaners) = early(2);
    let (booking, job) = town.book(CLEANING, TEN);
    town.accept(cleaners[1], &claim(job));
    town.accept(
        cleaners[1],
        &Command::AcknowledgeJob(JobAcknowledge { job }),
    );
    // somebody else's promise lies there on the one who comes
    let (_, other) = town.book(CLEANING, NOON);
    let carrier = town.carriers(other)[&0];
    town.accept(DISPATCHER, &reschedule(booking, NOON));
    assert_eq!(town.job(job).status, JobStatus::Assigned);
    assert_eq!(town.job(job).lead(), Some(cleaners[1]));
    assert_ne!(town.carriers(other)[&0], cleaners[1], "was {carrier}");
}

#[test]
fn who_cannot_come_then_leaves_the_crew_and_the_time_is_anothers() {
    let (mut town, cleaners) = early(2);
    let (booking, job) = town.book(CLEANING, TEN);
    town.accept(cleaners[0], &claim(job));
    town.accept(
        DISPATCHER,
        &away(cleaners[0], "2026-06-01T13:00:00Z", "2026-06-01T14:00:00Z"),
    );
    town.accept(owner(&town, booking), &reschedule(booking, NOON));
    let row = town.job(job);
    assert_eq!((row.status, row.at_risk), (JobStatus::Unassigned, false));
    assert_eq!(town.carriers(job)[&0], cleaners[1]);
}

#[test]
fn a_crew_is_kept_as_far_as_it_can_come() {
    let (mut town, cleaners) = early(4);
    town.offer(service("three", 3, &[]));
    let (booking, job) = town.book("three", TEN);
    for cleaner in &cleaners[..2] {
        town.now += jiff::SignedDuration::from_secs(1);
        town.accept(*cleaner, &claim(job));
    }
    // the lead cannot come
    town.accept(
        DISPATCHER,
        &away(cleaners[0], "2026-06-01T12:00:00Z", "2026-06-01T14:00:00Z"),
    );
    town.accept(DISPATCHER, &reschedule(booking, NOON));
    let row = town.job(job);
    assert_eq!(row.crew().collect::<Vec<_>>(), [cleaners[1]]);
    assert_eq!((row.status, row.at_risk), (JobStatus::Assigned, false));
    let carriers: BTreeSet<_> = town.carriers(job).into_values().collect();
    assert_eq!(carriers, cleaners[1..].iter().copied().collect());
}

#[test]
fn what_is_under_way_over_or_anothers_is_not_rescheduled() {
    let (mut town, cleaners) = early(1);
    let (booking, job) = town.book(CLEANING, TEN);
    let (stranger, _) = town.customer();
    let wish = reschedule(booking, "2026-06-02T10:00:00Z");
    assert_eq!(town.run(stranger, &wish), Err(Objection::NotFound));
    let stale = Command::RescheduleBooking(BookingReschedule {
        booking,
        start: at(NOON),
        expected_version: Some(7),
    });
    assert_eq!(
        town.reject(DISPATCHER, &stale),
        Rejection::StaleVersion { current: 1 }
    );
    town.accept(cleaners[0], &claim(job));
    town.now = at("2026-06-01T09:00:00Z");
    town.accept(cleaners[0], &Command::DepartForJob(JobDepart { job }));
    let from = "en_route".to_owned();
    let illegal = Rejection::IllegalTransition { from };
    assert_eq!(town.reject(DISPATCHER, &wish), illegal);
    assert_eq!(
        town.reject(DISPATCHER, &move_to(job, Some(NOON), None)),
        illegal
    );
}

#[test]
fn the_same_start_changes_nothing() {
    let (mut town, cleaners) = early(1);
    let (booking, job) = town.book(CLEANING, TEN);
    town.accept(cleaners[0], &claim(job));
    let before = town.world.clone();
    town.accept(DISPATCHER, &reschedule(booking, TEN));
    town.accept(DISPATCHER, &move_to(job, Some(TEN), Some(cleaners[0])));
    assert_eq!(town.world, before);
}

#[test]
fn a_job_moves_to_another_time_and_cleaner_in_one() {
    let (mut town, cleaners) = early(2);
    let (booking, job) = town.book(CLEANING, TEN);
    town.accept(cleaners[0], &claim(job));
    let (_, other) = town.book(CLEANING, NOON);
    let (_, third) = town.book(CLEANING, "2026-06-01T08:00:00Z");
    town.accept(cleaners[1], &claim(third));
    let start = "2026-06-01T12:10:00Z";
    town.accept(DISPATCHER, &move_to(job, Some(start), Some(cleaners[1])));
    let row = town.job(job);
    assert_eq!((row.starts_at, row.lead()), (at(start), Some(cleaners[1])));
    assert_eq!(town.world.bookings[&booking].starts_at, at(start));
    // what was promised at noon has made way, and nobody is on two jobs
    assert_eq!(town.carriers(other)[&0], cleaners[0]);
}

#[test]
fn moving_says_what_stands_in_the_way() {
    let (mut town, cleaners) = early(2);
    town.offer(service("floors", 1, &["floors"]));
    let able = town.cleaner(&["floors"]);
    let (_, job) = town.book("floors", TEN);
    let mut rejected = |start, cleaner| town.reject(DISPATCHER, &move_to(job, start, cleaner));
    assert!(matches!(
        rejected(Some(NOON), Some(cleaners[0])),
        Rejection::SkillMissing { .. }
    ));
    assert_eq!(
        rejected(Some("2026-06-01T20:00:00Z"), Some(able)),
        Rejection::OutsideShift
    );
    assert!(matches!(
        rejected(Some("2026-05-30T09:59:00Z"), None),
        Rejection::LeadTime { .. }
    ));
    town.accept(
        DISPATCHER,
        &away(able, "2026-06-01T15:00:00Z", "2026-06-01T16:00:00Z"),
    );
    let mut rejected = |start, cleaner| town.reject(DISPATCHER, &move_to(job, start, cleaner));
    let late = Some("2026-06-01T14:00:00Z");
    assert_eq!(rejected(late, Some(able)), Rejection::TimeOff);
    // what is promised must stay promised
    assert_eq!(rejected(late, None), Rejection::Overlap { with: None });
    let later = "2026-06-01T12:30:00Z";
    let (_, plain) = town.book(CLEANING, later);
    town.accept(DISPATCHER, &move_to(plain, None, Some(able)));
    assert!(matches!(
        town.reject(DISPATCHER, &move_to(job, Some(later), Some(able))),
        Rejection::Overlap { with: Some(_) }
    ));
}

#[test]
fn nobody_is_left_behind_when_a_job_moves() {
    let (mut town, cleaners) = early(2);
    town.offer(service("pair", 2, &[]));
    let (_, job) = town.book("pair", TEN);
    town.accept(cleaners[0], &claim(job));
    town.accept(
        DISPATCHER,
        &away(cleaners[0], "2026-06-01T13:00:00Z", "2026-06-01T14:00:00Z"),
    );
    assert_eq!(
        town.reject(DISPATCHER, &move_to(job, Some(NOON), None)),
        Rejection::TimeOff
    );
    // who takes their seat may come, but then nobody is left for the other
    let wish = Command::MoveJob(JobMove {
        job,
        start: Some(at(NOON)),
        cleaner: Some(cleaners[1]),
        seat: Some(0),
        expected_version: None,
    });
    assert_eq!(
        town.reject(DISPATCHER, &wish),
        Rejection::Overlap { with: None }
    );
    let third = town.cleaner(&[]);
    town.accept(DISPATCHER, &wish);
    assert_eq!(town.job(job).lead(), Some(cleaners[1]));
    assert_eq!(town.carriers(job)[&1], third);
}

#[test]
fn nobody_has_two_seats_of_a_crew() {
    let (mut town, cleaners) = early(2);
    town.offer(service("pair", 2, &[]));
    let (_, job) = town.book("pair", TEN);
    town.accept(cleaners[0], &claim(job));
    let (own, _) = town
        .job(job)
        .seats_by_number()
        .find(|(_, sits)| sits.is_some())
        .expect("claimed");
    let wish = Command::MoveJob(JobMove {
        job,
        start: Some(at(NOON)),
        cleaner: Some(cleaners[0]),
        seat: Some(1 - own),
        expected_version: None,
    });
    assert_eq!(town.reject(DISPATCHER, &wish), Rejection::AlreadyTaken);
}

#[test]
fn a_job_that_moves_to_another_day_belongs_to_it() {
    let (mut town, cleaners) = early(1);
    let (start, end) = (at("2026-06-01T21:00:00Z"), at("2026-06-02T06:00:00Z"));
    town.shift(cleaners[0], start, end);
    let (booking, job) = town.book(CLEANING, TEN);
    // past midnight in Berlin
    town.accept(
        DISPATCHER,
        &move_to(job, Some("2026-06-01T22:30:00Z"), None),
    );
    let date = jiff::civil::date(2026, 6, 2);
    assert_eq!(town.job(job).local_date, date);
    assert_eq!(town.world.bookings[&booking].local_date, date);
}

#[test]
fn a_move_says_where_to() {
    let (mut town, cleaners) = early(1);
    let (_, job) = town.book(CLEANING, TEN);
    let field = |outcome: Result<_, Objection>| match outcome {
        Err(Objection::InvalidArgument { field, .. }) => field,
        other => panic!("{other:?}"),
    };
    assert_eq!(
        field(town.run(DISPATCHER, &move_to(job, None, None))),
        "start"
    );
    let odd = move_to(job, Some("2026-06-01T12:00:30Z"), None);
    assert_eq!(field(town.run(DISPATCHER, &odd)), "start");
    let far = move_to(job, Some("2036-06-01T12:00:00Z"), None);
    assert_eq!(field(town.run(DISPATCHER, &far)), "start");
    let seat = |cleaner, seat| {
        Command::MoveJob(JobMove {
            job,
            start: Some(at(NOON)),
            cleaner,
            seat: Some(seat),
            expected_version: None,
        })
    };
    assert_eq!(field(town.run(DISPATCHER, &seat(None, 0))), "cleaner");
    assert_eq!(
        field(town.run(DISPATCHER, &seat(Some(cleaners[0]), 1))),
        "seat"
    );
    let customer = town.customer().0;
    let wish = move_to(job, Some(NOON), None);
    assert_eq!(town.run(customer, &wish), Err(Objection::Forbidden));
}
