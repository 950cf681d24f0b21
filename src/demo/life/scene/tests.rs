//! What simulated people do, and what they leave to others.

use std::collections::BTreeSet;

use jiff::civil::date;
use uuid::Uuid;

use super::*;
use crate::{
    demo::{
        company::SITES,
        life::Troupe,
        people::{Person, everybody},
    },
    domain::{
        entity::BookingStatus,
        ids::{CustomerId, JobId},
    },
};

fn people(simulated: bool, role: crate::domain::Role) -> Vec<Person> {
    let mut people = everybody();
    people.retain(|person| person.for_visitors != simulated && person.role == role);
    people
}

fn cleaner(simulated: bool) -> CleanerId {
    CleanerId(people(simulated, crate::domain::Role::Cleaner)[0].id().0)
}

fn customer(simulated: bool) -> CustomerId {
    CustomerId(people(simulated, crate::domain::Role::Customer)[0].id().0)
}

fn start() -> Timestamp {
    "2026-11-20T10:00:00Z".parse().expect("an instant")
}

fn job(status: JobStatus, customer: CustomerId, crew: Option<CleanerId>) -> JobRow {
    JobRow {
        id: JobId(Uuid::from_u128(1)),
        version: 1,
        number: 1001,
        status,
        at_risk: false,
        service: "standard".parse().expect("a slug"),
        starts_at: start(),
        duration_minutes: 120,
        travel_buffer_minutes: 30,
        seats: vec![crew],
        lead: crew,
        booking: Uuid::from_u128(2).into(),
        booking_version: 1,
        booking_status: BookingStatus::Confirmed,
        customer,
        customer_name: None,
        customer_phone: None,
        address: String::new(),
        district: String::new(),
        access_notes: String::new(),
        lon: 13.4,
        lat: 52.5,
        times: BTreeMap::new(),
    }
}

fn worker(id: CleanerId) -> [Row; 2] {
    let zone = SITES[0].zone_slug();
    let row = CleanerRow {
        id,
        version: 1,
        name: "Anna".to_owned(),
        phone: None,
        zones: BTreeSet::from([zone.clone()]),
        skills: BTreeSet::new(),
        duty: Duty::On,
        active: true,
    };
    let shift = ShiftRow {
        id: Uuid::from_u128(3).into(),
        version: 1,
        cleaner: id,
        zone,
        local_date: date(2026, 11, 20),
        starts_at: start() - SignedDuration::from_hours(4),
        ends_at: start() + SignedDuration::from_hours(4),
        template: None,
    };
    [Row::Cleaner(row), Row::Shift(shift)]
}

fn scene(rows: Vec<Row>, minutes: i64) -> Scene {
    let troupe = Troupe::of_the_demo();
    let now = start() + SignedDuration::from_mins(minutes);
    Scene::new(rows, troupe.players, troupe.services, now)
}

fn due(job: JobRow, minutes: i64) -> Option<&'static str> {
    scene(vec![Row::Job(job)], minutes)
        .due()
        .map(|act| act.kind)
}

#[test]
fn a_job_takes_its_steps_when_their_time_has_come() {
    let at = |status, minutes| due(job(status, customer(true), Some(cleaner(true))), minutes);
    assert_eq!(at(JobStatus::Assigned, -300), None);
    assert_eq!(at(JobStatus::Assigned, -40), Some("job.acknowledge"));
    assert_eq!(at(JobStatus::Acknowledged, -40), None);
    assert_eq!(at(JobStatus::Acknowledged, -20), Some("job.depart"));
    assert_eq!(at(JobStatus::EnRoute, 10), Some("job.arrive"));
    assert_eq!(at(JobStatus::InProgress, 60), None);
    assert_eq!(at(JobStatus::InProgress, 120), Some("job.complete"));
    assert_eq!(at(JobStatus::Completed, 120), None);
}

#[test]
fn what_visitors_do_or_booked_is_left_to_them() {
    let theirs = job(JobStatus::InProgress, customer(true), Some(cleaner(false)));
    assert_eq!(due(theirs, 200), None);
    let booked = job(JobStatus::InProgress, customer(false), Some(cleaner(true)));
    assert_eq!(due(booked, 200), None);
}

#[test]
fn an_open_job_that_begins_soon_is_claimed_by_somebody_fit_and_simulated() {
    let claimed = |simulated| {
        let id = cleaner(simulated);
        let open = Row::Job(job(JobStatus::Unassigned, customer(true), None));
        let [row, shift] = worker(id);
        let act = scene(vec![open, row, shift], -45).due();
        act.map(|act| (act.kind, act.by == AccountId(id.0)))
    };
    assert_eq!(claimed(true), Some(("job.claim", true)));
    assert_eq!(claimed(false), None);
}

#[test]
fn somebody_idle_takes_a_break_and_nobody_at_work_does() {
    let id = cleaner(true);
    let idle = scene(worker(id).into(), 0).take_a_break(&mut Dice::of("test"));
    assert_eq!(
        idle.map(|act| act.parameters),
        Some(json!({ "duty": "break" }))
    );
    let working = Row::Job(job(JobStatus::InProgress, customer(true), Some(id)));
    let rows = worker(id).into_iter().chain([working]).collect();
    assert_eq!(scene(rows, 0).take_a_break(&mut Dice::of("test")), None);
}

#[test]
fn a_slot_is_chosen_only_if_one_is_left_for_visitors() {
    let free = |by, hours| FreeChange {
        service: "standard".parse().expect("a slug"),
        start: start() + SignedDuration::from_hours(hours),
        by,
    };
    let choose = |free| {
        let slots = SlotsBody {
            at: start(),
            free: vec![free],
        };
        choose_slot(
            &slots,
            &Troupe::of_the_demo(),
            start(),
            &mut Dice::of("test"),
        )
    };
    assert_eq!(choose(free(1, 5)), None);
    assert_eq!(choose(free(2, 1)), None, "too soon");
    assert_eq!(choose(free(2, 5)), Some(free(2, 5)));
}

#[test]
fn phones_come_nearer_to_the_door_while_on_the_way_and_are_silent_else() {
    let reports = |status, minutes| {
        let mut job = job(status, customer(true), Some(cleaner(true)));
        let departed = start() - SignedDuration::from_mins(25);
        job.times.insert(JobStatus::EnRoute, departed);
        scene(vec![Row::Job(job)], minutes).rides(3)
    };
    let away = |minutes| {
        let [report] = &reports(JobStatus::EnRoute, minutes)[..] else {
            panic!("one phone reports");
        };
        assert_eq!(report.kind, "location.report");
        let fix = &report.parameters["fixes"][0];
        let degrees = |name: &str| fix[name].as_f64().expect("a number");
        (degrees("lon") - 13.4).hypot(degrees("lat") - 52.5)
    };
    assert!(away(-25) > away(-15) && away(-15) > away(-10));
    assert!(away(60) < 1e-9, "it waits at the door");
    assert!(reports(JobStatus::Arrived, 0).is_empty());
    assert!(reports(JobStatus::Acknowledged, -25).is_empty());
}
