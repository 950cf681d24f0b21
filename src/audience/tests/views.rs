//! What the channels show.

use std::collections::BTreeMap;

use super::{
    company::{
        ANNA, BORIS, CLARA, DORA, JOHN, booking_id, center, company, hold_of, job_id, now,
        property_of,
    },
    control, key,
};
use crate::{
    audience::{
        Body, Channel, Row, RowKey, SNAPSHOT_LIMIT_BYTES,
        body::RowKind,
        row::{AlertRow, JobRow, OpenJobRow},
        snapshot, views,
    },
    domain::{
        World, alert,
        entity::{HoldStatus, JobStatus},
        ids::{self, CleanerId, JobId},
    },
};

fn rows_of(channel: &Channel, world: &World) -> BTreeMap<RowKey, Row> {
    views(world).get(channel).cloned().unwrap_or_default()
}

fn open_jobs(world: &World) -> Vec<OpenJobRow> {
    rows_of(&Channel::Board(center()), world)
        .into_values()
        .filter_map(|row| {
            if let Row::OpenJob(row) = row {
                Some(row)
            } else {
                None
            }
        })
        .collect()
}

#[test]
fn the_board_shows_open_seats_until_the_crew_sets_out() {
    let mut world = company();
    let shown: Vec<_> = open_jobs(&world)
        .into_iter()
        .map(|row| (row.id, row.open_seats))
        .collect();
    assert_eq!(shown, [(job_id(4), 1), (job_id(5), 1)]);
    for status in JobStatus::ALL {
        world.jobs.get_mut(&job_id(4)).expect("there").status = status;
        let expected = matches!(
            status,
            JobStatus::Unassigned | JobStatus::Assigned | JobStatus::Acknowledged
        );
        let shown = open_jobs(&world).iter().any(|row| row.id == job_id(4));
        assert_eq!(shown, expected, "{status:?}");
    }
}

#[test]
fn the_board_tells_the_place_to_a_hundredth_of_a_degree() {
    let places: Vec<_> = open_jobs(&company())
        .into_iter()
        .map(|row| (row.lon, row.lat))
        .collect();
    assert_eq!(places, [(13.46, 52.51); 2]);
}

#[test]
fn a_customer_sees_first_names_with_the_lead_first() {
    let mut world = company();
    let job = world.jobs.get_mut(&job_id(4)).expect("there");
    let mut later = job.seats[0].expect("filled");
    later.cleaner = ANNA;
    job.seats[1] = job.seats[0];
    later.filled_at = now();
    job.seats[0] = Some(later);
    let rows = rows_of(&Channel::Booking(booking_id(4)), &world);
    let Some(Row::Visit(visit)) = rows.get(&key(RowKind::Visit, job_id(4))) else {
        panic!("no visit in {rows:?}")
    };
    let crew: Vec<_> = visit
        .crew
        .iter()
        .map(|card| card.first_name.as_str())
        .collect();
    assert_eq!(crew, ["Boris", "Anna"]);
}

#[test]
fn a_hold_is_shown_while_it_is_active() {
    let mut world = company();
    let channel = Channel::Customer(JOHN);
    let hold = key(RowKind::Hold, hold_of(JOHN));
    assert!(rows_of(&channel, &world).contains_key(&hold));
    world.holds.get_mut(&hold_of(JOHN)).expect("there").status = HoldStatus::Expired;
    assert!(!rows_of(&channel, &world).contains_key(&hold));
}

fn cleaners_on(channel: &Channel, world: &World) -> Vec<CleanerId> {
    rows_of(channel, world)
        .into_values()
        .filter_map(|row| {
            if let Row::Cleaner(row) = row {
                Some(row.id)
            } else {
                None
            }
        })
        .collect()
}

#[test]
fn a_night_shift_is_on_both_of_its_days() {
    let world = company();
    assert_eq!(
        cleaners_on(&control("center", 20), &world),
        [ANNA, BORIS, CLARA]
    );
    for day in [20, 21] {
        assert_eq!(cleaners_on(&control("north", day), &world), [DORA], "{day}");
    }
    // The last shift of the company: from ten in the evening to six in the morning.
    let nights = world
        .shifts
        .values()
        .filter(|shift| shift.during.start > now())
        .max_by_key(|shift| shift.id);
    let only_night = World {
        shifts: nights
            .map(|shift| (shift.id, shift.clone()))
            .into_iter()
            .collect(),
        ..world.clone()
    };
    for day in [20, 21] {
        assert_eq!(
            cleaners_on(&control("north", day), &only_night),
            [DORA],
            "{day}"
        );
    }
    assert_eq!(cleaners_on(&control("north", 22), &only_night), []);
}

#[test]
fn time_off_is_shown_where_it_cuts_into_a_shift() {
    let world = company();
    let shown = |channel: &Channel| {
        rows_of(channel, &world)
            .keys()
            .filter(|key| key.kind == RowKind::TimeOff)
            .count()
    };
    assert_eq!(shown(&control("center", 20)), 1);
    assert_eq!(shown(&control("center", 21)), 0);
    assert_eq!(shown(&control("north", 20)), 0);
}

#[test]
fn a_shared_job_is_in_the_agendas_of_its_crew_only() {
    let world = company();
    let jobs = |cleaner| -> Vec<JobId> {
        rows_of(&Channel::Agenda(cleaner), &world)
            .into_values()
            .filter_map(|row| {
                if let Row::AgendaJob(row) = row {
                    Some(row.id)
                } else {
                    None
                }
            })
            .collect()
    };
    assert_eq!(jobs(ANNA), [job_id(1), job_id(3)]);
    assert_eq!(jobs(BORIS), [job_id(2), job_id(4)]);
    assert_eq!(jobs(DORA), []);
}

#[test]
fn a_body_is_read_back_as_written() {
    let world = company();
    for channel in views(&world).channels() {
        let text = snapshot(channel, &world, now());
        let body: Body = serde_json::from_str(text.get()).expect("a body");
        assert_eq!(
            serde_json::to_string(&body).expect("plain data"),
            text.get(),
            "{channel}"
        );
    }
}

/// What a job's bar tells in the control room.
fn bar(world: &World, job: JobId, day: i8) -> JobRow {
    let rows = rows_of(&control("center", day), world);
    match rows.get(&key(RowKind::Job, job)) {
        Some(Row::Job(row)) => row.clone(),
        other => panic!("{other:?} instead of a job"),
    }
}

#[test]
fn the_control_room_sees_seats_in_their_places() {
    let row = bar(&company(), job_id(4), 20);
    assert_eq!(
        (row.seats, row.lead),
        (vec![Some(BORIS), None], Some(BORIS))
    );
    assert_eq!(row.customer, JOHN);
    assert_eq!(property_of(JOHN), company().bookings[&row.booking].property);
}

/// The rows of one kind, as often as wanted.
fn repeated<T: Clone>(row: &T, times: usize, wrap: fn(T) -> Row) -> Vec<Row> {
    vec![wrap(row.clone()); times]
}

/// A job that has been through everything, with long texts.
fn wordy_job(world: &World) -> JobRow {
    JobRow {
        times: JobStatus::ALL
            .iter()
            .map(|status| (*status, now()))
            .collect(),
        seats: vec![Some(ANNA), Some(BORIS)],
        customer_name: Some("Wilhelmine von Hohenzollern".to_owned()),
        customer_phone: Some("+49 30 1234567890".to_owned()),
        address: "Kaiserin-Augusta-Allee 104, Hinterhaus, 4. Etage".to_owned(),
        district: "Charlottenburg-Wilmersdorf".to_owned(),
        access_notes: "x".repeat(120),
        ..bar(world, job_id(4), 20)
    }
}

#[test]
fn the_largest_day_of_a_control_room_is_within_the_limit_of_a_snapshot() {
    let world = company();
    let id = || uuid::Uuid::from_u128(u128::MAX / 3);
    let rows = rows_of(&control("center", 20), &world);
    let (mut a_cleaner, mut a_shift) = (None, None);
    for row in rows.values() {
        if let Row::Cleaner(row) = row {
            a_cleaner = Some(row);
        } else if let Row::Shift(row) = row {
            a_shift = Some(row);
        }
    }
    let cleaner = a_cleaner.expect("somebody works");
    let shift = a_shift.expect("whoever works has a shift");
    let job = wordy_job(&world);
    let alert = AlertRow {
        id: ids::AlertId(id()),
        version: 3,
        job: job.id,
        about: alert::AlertKind::NoCheckIn,
        level: alert::AlertLevel::Warning,
        status: alert::AlertStatus::Acknowledged,
        raised_at: now(),
        snoozed_until: Some(now()),
        handled_by: Some(ids::AccountId(id())),
    };
    let body = Body {
        at: now(),
        by: None,
        command_id: None,
        set: [
            repeated(cleaner, 200, Row::Cleaner),
            repeated(shift, 400, Row::Shift),
            repeated(&job, 900, Row::Job),
            repeated(&alert, 100, Row::Alert),
        ]
        .concat(),
        unset: Vec::new(),
    };
    let bytes = serde_json::to_vec(&body).expect("plain data").len();
    assert!(bytes < SNAPSHOT_LIMIT_BYTES, "{bytes}");
}
