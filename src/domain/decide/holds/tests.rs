use super::*;
use crate::domain::{
    Actor, Command,
    testing::{CENTER, CLEANING, DISPATCHER, TEN, Town, at, id_in, place, service, zone_slug},
};

fn extend(hold: HoldId) -> Command {
    Command::ExtendHold(HoldExtend { hold })
}

fn release(hold: HoldId) -> Command {
    Command::ReleaseHold(HoldRelease { hold })
}

fn expire(hold: HoldId) -> Command {
    Command::ExpireHold(HoldExpire { hold })
}

fn minutes(count: i64) -> SignedDuration {
    SignedDuration::from_mins(count)
}

#[test]
fn a_hold_takes_buffer_and_work_of_a_cleaners_time_for_five_minutes() {
    let mut town = Town::new();
    let cleaner = town.cleaner(&[]);
    let (customer, _) = town.customer();
    let result = town.accept(customer, &place(CLEANING, at(TEN)));
    let hold: HoldId = id_in(&result, "hold");
    assert_eq!(result["expires_at"], "2026-06-01T06:05:00Z");
    let row = town.world.occupancy.values().next().expect("a row");
    assert_eq!(row.cause, Cause::Hold { hold, seat: 0 });
    assert_eq!(row.cleaner, cleaner);
    assert_eq!(row.busy.start, at("2026-06-01T09:30:00Z"));
    assert_eq!(row.busy.end, at("2026-06-01T12:00:00Z"));
}

#[test]
fn a_crew_of_two_needs_two_different_cleaners() {
    let mut town = Town::new();
    town.offer(service("pair", 2, &[]));
    town.cleaner(&[]);
    let (customer, _) = town.customer();
    let rejection = town.reject(customer, &place("pair", at(TEN)));
    assert!(matches!(rejection, Rejection::SlotGone { alternatives } if alternatives.is_empty()));
    town.cleaner(&[]);
    town.accept(customer, &place("pair", at(TEN)));
}

#[test]
fn a_slot_that_is_gone_comes_with_the_three_nearest() {
    let mut town = Town::new();
    town.cleaner(&[]);
    town.book(CLEANING, TEN);
    let (customer, _) = town.customer();
    let rejection = town.reject(customer, &place(CLEANING, at(TEN)));
    let Rejection::SlotGone { alternatives } = rejection else {
        panic!("not slot_gone: {rejection:?}");
    };
    let starts: Vec<Timestamp> = alternatives.into_iter().map(|other| other.start).collect();
    // 12:30 leaves half an hour for the way; of 07:30 the work must end when the way here begins
    let nearest = [
        "2026-06-01T07:30:00Z",
        "2026-06-01T12:30:00Z",
        "2026-06-01T07:00:00Z",
    ];
    assert_eq!(starts, nearest.map(at));
}

#[test]
fn starts_too_soon_too_late_or_off_the_step_are_not_sold() {
    let mut town = Town::new();
    town.cleaner(&[]);
    let (customer, _) = town.customer();
    let earliest = at("2026-06-01T07:00:00Z");
    let rejection = town.reject(customer, &place(CLEANING, at("2026-06-01T06:30:00Z")));
    assert_eq!(rejection, Rejection::LeadTime { earliest });
    let latest = at("2026-07-01T06:00:00Z");
    let rejection = town.reject(customer, &place(CLEANING, at("2026-07-02T06:00:00Z")));
    assert_eq!(rejection, Rejection::OutsideBookingWindow { latest });
    for start in ["2026-06-01T10:15:00Z", "2026-06-01T10:00:01Z"] {
        assert_eq!(
            town.reject(customer, &place(CLEANING, at(start))),
            Rejection::NotASlot
        );
    }
    for start in [Timestamp::MIN, Timestamp::MAX] {
        town.reject(customer, &place(CLEANING, start));
    }
}

#[test]
fn a_customer_holds_at_most_three_slots_at_a_time() {
    let mut town = Town::new();
    for _ in 0..4 {
        town.cleaner(&[]);
    }
    let (customer, _) = town.customer();
    for _ in 0..3 {
        town.hold(customer, TEN);
    }
    let rejection = town.reject(customer, &place(CLEANING, at(TEN)));
    assert_eq!(rejection, Rejection::HoldLimit { limit: 3 });
    town.now += minutes(5);
    town.hold(customer, TEN);
}

/// Invariant 3.
#[test]
fn a_lapsed_hold_gives_way_before_any_sweep_and_is_said_to_have_expired() {
    let mut town = Town::new();
    town.cleaner(&[]);
    let (customer, property) = town.customer();
    let hold = town.hold(customer, TEN);
    town.now += minutes(5);
    let confirm =
        Command::ConfirmBooking(crate::domain::command::BookingConfirm { hold, property });
    assert_eq!(town.reject(customer, &confirm), Rejection::HoldExpired);
    let (other, _) = town.customer();
    town.hold(other, TEN);
    assert_eq!(town.world.holds[&hold].status, HoldStatus::Expired);
}

#[test]
fn a_live_hold_is_honoured_to_its_last_second() {
    let mut town = Town::new();
    town.cleaner(&[]);
    let (customer, property) = town.customer();
    let hold = town.hold(customer, TEN);
    town.now += SignedDuration::from_secs(299);
    let result = town.accept(Actor::SYSTEM, &expire(hold));
    assert_eq!(result["status"], "active");
    let confirm = crate::domain::command::BookingConfirm { hold, property };
    town.accept(customer, &Command::ConfirmBooking(confirm));
}

#[test]
fn a_hold_is_extended_once() {
    let mut town = Town::new();
    town.cleaner(&[]);
    let (customer, _) = town.customer();
    let hold = town.hold(customer, TEN);
    let result = town.accept(customer, &extend(hold));
    assert_eq!(result["expires_at"], "2026-06-01T06:10:00Z");
    assert_eq!(
        town.reject(customer, &extend(hold)),
        Rejection::AlreadyExtended
    );
    town.now += minutes(10);
    assert_eq!(town.reject(customer, &extend(hold)), Rejection::HoldExpired);
}

#[test]
fn a_released_hold_frees_its_time_and_ends() {
    let mut town = Town::new();
    town.cleaner(&[]);
    let (customer, _) = town.customer();
    let hold = town.hold(customer, TEN);
    town.accept(customer, &release(hold));
    assert!(town.world.occupancy.is_empty());
    let released = Rejection::IllegalTransition {
        from: "released".to_owned(),
    };
    assert_eq!(town.reject(customer, &release(hold)), released);
}

#[test]
fn the_timer_expires_a_hold_once_and_leaves_what_has_ended_alone() {
    let mut town = Town::new();
    town.cleaner(&[]);
    let (customer, _) = town.customer();
    let hold = town.hold(customer, TEN);
    town.now += minutes(5);
    let decision = town.run(Actor::SYSTEM, &expire(hold)).expect("accepted");
    assert_eq!(decision.events.len(), 2);
    let decision = town.run(Actor::SYSTEM, &expire(hold)).expect("accepted");
    assert_eq!(decision.events, []);
    assert_eq!(
        town.run(DISPATCHER, &expire(hold)),
        Err(Objection::Forbidden)
    );
}

#[test]
fn anothers_hold_is_not_found() {
    let mut town = Town::new();
    town.cleaner(&[]);
    let (customer, _) = town.customer();
    let (other, _) = town.customer();
    let hold = town.hold(customer, TEN);
    assert_eq!(town.run(other, &release(hold)), Err(Objection::NotFound));
    town.accept(DISPATCHER, &release(hold));
}

#[test]
fn staff_hold_for_a_customer_whom_they_name() {
    let mut town = Town::new();
    town.cleaner(&[]);
    let (customer, _) = town.customer();
    let (other, _) = town.customer();
    let place_for = |customer| {
        Command::PlaceHold(HoldPlace {
            customer,
            zone: zone_slug(CENTER),
            service: CLEANING.parse().expect("a slug"),
            start: at(TEN),
        })
    };
    let unnamed = town.run(DISPATCHER, &place_for(None));
    assert!(matches!(
        unnamed,
        Err(Objection::InvalidArgument {
            field: "customer",
            ..
        })
    ));
    assert_eq!(
        town.run(other, &place_for(Some(customer))),
        Err(Objection::NotFound)
    );
    let result = town.accept(DISPATCHER, &place_for(Some(customer)));
    let hold: HoldId = id_in(&result, "hold");
    assert_eq!(town.world.holds[&hold].customer, customer);
}
