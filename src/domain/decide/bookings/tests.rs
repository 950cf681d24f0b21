use super::*;
use crate::domain::{
    Command,
    command::{JobClaim, TimeOffAdd},
    testing::{CLEANING, DISPATCHER, TEN, Town, at, id_in, service_slug, zone},
};

fn confirm(hold: HoldId, property: PropertyId) -> Command {
    Command::ConfirmBooking(BookingConfirm { hold, property })
}

fn cancel(booking: BookingId) -> Command {
    Command::CancelBooking(BookingCancel {
        booking,
        reason: Some("rain".to_owned()),
        expected_version: None,
    })
}

fn create(customer: CustomerId, property: PropertyId) -> Command {
    Command::CreateBooking(BookingCreate {
        customer,
        property,
        service: service_slug(CLEANING),
        start: at(TEN),
    })
}

/// Invariant 4.
#[test]
fn a_hold_makes_one_booking_with_one_job_on_the_time_that_was_held() {
    let mut town = Town::new();
    let cleaner = town.cleaner(&[]);
    let (customer, property) = town.customer();
    let hold = town.hold(customer, TEN);
    let result = town.accept(customer, &confirm(hold, property));
    assert_eq!(result["number"], 1001);
    let job: JobId = id_in(&result, "job");
    assert_eq!(town.carriers(job)[&0], cleaner);
    let booking = &town.world.bookings[&id_in(&result, "booking")];
    assert_eq!(
        (booking.price_minor, booking.cancel_until_hours),
        (9_900, 24)
    );
    assert_eq!(booking.local_date, jiff::civil::date(2026, 6, 1));
    let consumed = Rejection::IllegalTransition {
        from: "consumed".to_owned(),
    };
    assert_eq!(town.reject(customer, &confirm(hold, property)), consumed);
}

#[test]
fn a_booking_needs_a_name_and_a_telephone_number() {
    let mut town = Town::new();
    town.cleaner(&[]);
    let (customer, property) = town.customer();
    let row = town.world.customers.get_mut(&customer).expect("a customer");
    (row.name, row.phone) = (None, None);
    let hold = town.hold(customer, TEN);
    let missing = vec!["name".to_owned(), "phone".to_owned()];
    let rejection = town.reject(customer, &confirm(hold, property));
    assert_eq!(rejection, Rejection::DetailsMissing { missing });
}

#[test]
fn the_property_must_be_the_customers_and_in_the_zone_that_was_held() {
    let mut town = Town::new();
    town.cleaner(&[]);
    let (customer, property) = town.customer();
    let (_, elsewhere) = town.customer();
    let hold = town.hold(customer, TEN);
    assert_eq!(
        town.run(customer, &confirm(hold, elsewhere)),
        Err(Objection::NotFound)
    );
    town.open_zone(zone("north", "Europe/Berlin"));
    let row = town.world.properties.get_mut(&property).expect("a home");
    row.zone = "north".parse().expect("a slug");
    assert_eq!(
        town.reject(customer, &confirm(hold, property)),
        Rejection::OutOfArea
    );
}

#[test]
fn a_hold_that_lost_its_time_is_honoured_and_its_job_is_at_risk() {
    let mut town = Town::new();
    let cleaner = town.cleaner(&[]);
    let (customer, property) = town.customer();
    let hold = town.hold(customer, TEN);
    let sick = Command::AddTimeOff(TimeOffAdd {
        cleaner,
        start: at("2026-06-01T06:00:00Z"),
        end: at("2026-06-01T18:00:00Z"),
        reason: None,
        force: Some(true),
    });
    town.accept(DISPATCHER, &sick);
    let result = town.accept(customer, &confirm(hold, property));
    assert!(town.job(id_in(&result, "job")).at_risk);
}

#[test]
fn staff_book_by_phone_in_one_step() {
    let mut town = Town::new();
    town.cleaner(&[]);
    let (customer, property) = town.customer();
    let result = town.accept(DISPATCHER, &create(customer, property));
    assert_eq!(town.carriers(id_in(&result, "job")).len(), 1);
    let rejection = town.reject(DISPATCHER, &create(customer, property));
    assert!(matches!(rejection, Rejection::SlotGone { .. }));
    assert_eq!(
        town.run(customer, &create(customer, property)),
        Err(Objection::Forbidden)
    );
}

#[test]
fn customers_cancel_until_the_hours_they_were_sold_and_staff_later_too() {
    let mut town = Town::new();
    let cleaner = town.cleaner(&[]);
    town.now = at("2026-05-31T10:00:00Z");
    let (booking, job) = town.book(CLEANING, TEN);
    town.accept(cleaner, &Command::ClaimJob(JobClaim { job }));
    let customer = town.world.bookings[&booking].customer;
    town.now = at("2026-05-31T10:00:01Z");
    let until = at("2026-05-31T10:00:00Z");
    let rejection = town.reject(customer, &cancel(booking));
    assert_eq!(rejection, Rejection::PolicyWindowClosed { until });
    town.accept(DISPATCHER, &cancel(booking));
    assert_eq!(town.job(job).status, JobStatus::Cancelled);
    assert!(town.world.occupancy.is_empty());
    let cancelled = Rejection::IllegalTransition {
        from: "cancelled".to_owned(),
    };
    assert_eq!(town.reject(DISPATCHER, &cancel(booking)), cancelled);
}

#[test]
fn anothers_booking_is_not_found() {
    let mut town = Town::new();
    town.cleaner(&[]);
    let (booking, _) = town.book(CLEANING, TEN);
    let (stranger, _) = town.customer();
    assert_eq!(
        town.run(stranger, &cancel(booking)),
        Err(Objection::NotFound)
    );
}

#[test]
fn a_cancelled_booking_gives_its_time_to_a_job_at_risk() {
    let mut town = Town::new();
    let (x, y) = (town.cleaner(&[]), town.cleaner(&[]));
    let (booking, first) = town.book(CLEANING, TEN);
    let (_, second) = town.book(CLEANING, TEN);
    assert_eq!(town.carriers(first)[&0], x);
    let sick = Command::AddTimeOff(TimeOffAdd {
        cleaner: y,
        start: at("2026-06-01T06:00:00Z"),
        end: at("2026-06-01T18:00:00Z"),
        reason: None,
        force: Some(true),
    });
    town.accept(DISPATCHER, &sick);
    assert!(town.job(second).at_risk);
    town.accept(DISPATCHER, &cancel(booking));
    assert!(!town.job(second).at_risk);
    assert_eq!(town.carriers(second)[&0], x);
}
