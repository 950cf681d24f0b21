//! What changes, who is told of it, and what is locked for that.

use std::collections::BTreeSet;

use serde_json::Value;

use jiff::civil::date;

use super::{
    company::{BORIS, CLARA, DISPATCHER, IDA, JOHN, booking_id, company, hold_of, job_id},
    control, stamp,
};
use crate::{
    audience::{Channel, Difference, Entity},
    domain::{World, entity::HoldStatus},
};

fn body_on(world: &World, after: &World, channel: &Channel) -> Value {
    let publications = Difference::between(world, after).publications(stamp());
    let (_, body) = publications
        .into_iter()
        .find(|(name, _)| name == channel)
        .unwrap_or_else(|| panic!("nothing on {channel}"));
    serde_json::from_str(body.get()).expect("JSON")
}

#[test]
fn only_staff_read_who_did_it() {
    let before = company();
    let mut after = before.clone();
    after.jobs.get_mut(&job_id(5)).expect("there").at_risk = true;
    after
        .bookings
        .get_mut(&booking_id(5))
        .expect("there")
        .version += 1;
    let staff = body_on(&before, &after, &control("center", 21));
    assert_eq!(staff["by"], DISPATCHER.to_string());
    assert_eq!(staff["command_id"], stamp().command_id.to_string());
    let customer = body_on(&before, &after, &Channel::Customer(IDA));
    assert_eq!(customer.get("by"), None);
    assert_eq!(customer.get("command_id"), None);
}

#[test]
fn a_row_that_is_not_shown_any_more_is_unset_with_its_kind() {
    let before = company();
    let mut after = before.clone();
    after.holds.get_mut(&hold_of(JOHN)).expect("there").status = HoldStatus::Released;
    let body = body_on(&before, &after, &Channel::Customer(JOHN));
    assert_eq!(body["set"], serde_json::json!([]));
    assert_eq!(
        body["unset"],
        serde_json::json!([{"kind": "hold", "id": hold_of(JOHN).to_string()}])
    );
}

#[test]
fn a_job_on_another_day_leaves_the_one_and_comes_to_the_other() {
    let before = company();
    let mut after = before.clone();
    after.jobs.get_mut(&job_id(3)).expect("there").local_date = date(2026, 11, 21);
    let left = body_on(&before, &after, &control("center", 20));
    let come = body_on(&before, &after, &control("center", 21));
    assert_eq!(left["unset"][0]["id"], job_id(3).to_string());
    assert_eq!(come["set"][0]["id"], job_id(3).to_string());
}

#[test]
fn nothing_changed_publishes_nothing_and_needs_nothing_locked() {
    let difference = Difference::between(&company(), &company());
    assert!(difference.is_empty());
    assert!(difference.behind().is_empty());
    assert!(difference.publications(stamp()).is_empty());
}

#[test]
fn a_new_name_is_published_with_every_row_that_shows_it_and_locks_them() {
    let before = company();
    let mut after = before.clone();
    after.customers.get_mut(&JOHN).expect("there").name = Some("John".to_owned());
    let difference = Difference::between(&before, &after);
    let expected: BTreeSet<_> = [
        Entity::Customer(JOHN),
        Entity::Booking(booking_id(2)),
        Entity::Booking(booking_id(4)),
        Entity::Booking(booking_id(6)),
        Entity::Job(job_id(2)),
        Entity::Job(job_id(4)),
        Entity::Job(job_id(6)),
        Entity::Cleaner(BORIS),
        Entity::Cleaner(CLARA),
    ]
    .into();
    assert_eq!(difference.behind(), &expected);
    let channels: Vec<_> = difference
        .publications(stamp())
        .into_iter()
        .map(|(channel, _)| channel)
        .collect();
    assert_eq!(
        channels,
        [
            Channel::Customer(JOHN),
            Channel::Agenda(BORIS),
            Channel::Agenda(CLARA),
            control("center", 20),
            control("center", 21),
        ]
    );
}
