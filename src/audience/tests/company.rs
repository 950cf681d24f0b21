//! A small company for the tests of what people see: two zones, five cleaners, three customers,
//! and something in most states. Everything that not everybody may see has a marked text
//! (`canary-…`), so that it can be looked for where it must not be.

use std::collections::BTreeMap;

use jiff::{Timestamp, ToSpan, civil::Date};
use uuid::Uuid;

use crate::domain::{
    World, calendar,
    context::Role,
    entity::{
        Account, Booking, BookingStatus, Cause, Cleaner, Customer, Duty, Hold, HoldStatus, Job,
        JobStatus, Occupancy, OpeningHours, Property, Seat, Service, Shift, TimeOff, TimeRange,
        Zone,
    },
    ids::{
        AccountId, BookingId, CleanerId, CustomerId, HoldId, JobId, OccupancyId, PropertyId,
        ServiceSlug, ShiftId, TemplateId, TimeOffId, ZoneSlug,
    },
    template::{ShiftHours, ShiftTemplate},
};

pub(super) const ANNA: CleanerId = CleanerId(Uuid::from_u128(0xA1));
pub(super) const BORIS: CleanerId = CleanerId(Uuid::from_u128(0xA2));
pub(super) const CLARA: CleanerId = CleanerId(Uuid::from_u128(0xA3));
pub(super) const DORA: CleanerId = CleanerId(Uuid::from_u128(0xA4));
/// No longer with the company.
pub(super) const EGON: CleanerId = CleanerId(Uuid::from_u128(0xA5));
pub(super) const IDA: CustomerId = CustomerId(Uuid::from_u128(0xC1));
pub(super) const JOHN: CustomerId = CustomerId(Uuid::from_u128(0xC2));
/// Signed in as a guest; nothing is known of them.
pub(super) const GUEST: CustomerId = CustomerId(Uuid::from_u128(0xC3));
pub(super) const DISPATCHER: AccountId = AccountId(Uuid::from_u128(0xD1));

const STANDARD: &str = "standard";
const DEEP: &str = "deep";

/// Friday, ten in the morning in both zones.
pub(super) fn now() -> Timestamp {
    instant("2026-11-20T09:00:00Z")
}

pub(super) fn instant(text: &str) -> Timestamp {
    text.parse().expect("an instant")
}

/// In both zones.
fn local_date(at: Timestamp) -> Date {
    let rules = calendar::time_zone("Europe/Berlin").expect("known");
    rules.to_datetime(at).date()
}

pub(super) fn center() -> ZoneSlug {
    slug("center")
}

pub(super) fn slug<T: std::str::FromStr<Err: std::fmt::Debug>>(text: &str) -> T {
    text.parse().expect("a slug")
}

/// Of today, on the grid.
pub(super) fn today_at(hour: i8, minute: i8) -> Timestamp {
    instant("2026-11-20T00:00:00Z") + i64::from(hour).hours() + i64::from(minute).minutes()
}

pub(super) fn company() -> World {
    let mut world = World::default();
    add_catalog(&mut world);
    add_people(&mut world);
    add_time(&mut world);
    add_work(&mut world);
    world.next_job_number = Some(2000);
    let dates = world
        .shifts
        .values()
        .map(|shift| (shift.zone.clone(), shift.local_date));
    world.slot_dates = dates.collect();
    world
}

fn add_catalog(world: &mut World) {
    for (zone, lon) in [("center", 13.4), ("north", 13.6)] {
        let zone = Zone {
            slug: slug(zone),
            name: zone.to_owned(),
            polygon: vec![
                [lon, 52.4],
                [lon + 0.2, 52.4],
                [lon + 0.2, 52.6],
                [lon, 52.6],
                [lon, 52.4],
            ],
            time_zone: "Europe/Berlin".to_owned(),
            opening_hours: [Some(OpeningHours {
                opens: 7 * 60,
                closes: 21 * 60,
            }); 7],
            version: 1,
        };
        world.zones.insert(zone.slug.clone(), zone);
    }
    world
        .skills
        .insert(slug("deep"), "Deep cleaning".to_owned());
    for (name, duration_minutes, crew_size, skill) in
        [(STANDARD, 120, 1, None), (DEEP, 180, 2, Some("deep"))]
    {
        let service = Service {
            slug: slug(name),
            name: name.to_owned(),
            duration_minutes,
            crew_size,
            skills: skill.map(slug).into_iter().collect(),
            travel_buffer_minutes: 30,
            lead_time_minutes: 60,
            booking_window_days: 14,
            slot_step_minutes: 30,
            price_minor: 8900,
            currency: "EUR".to_owned(),
            active: true,
            version: 1,
        };
        world.services.insert(service.slug.clone(), service);
    }
}

fn add_people(world: &mut World) {
    for (id, name, zones, active) in [
        (ANNA, "Anna", &["center"][..], true),
        (BORIS, "Boris", &["center", "north"], true),
        (CLARA, "Clara", &["center"], true),
        (DORA, "Dora", &["north"], true),
        (EGON, "Egon", &["center"], false),
    ] {
        let cleaner = Cleaner {
            id,
            name: format!("{name} canary-surname-{name}"),
            phone: Some(format!("canary-cleanerphone-{name}")),
            zones: zones.iter().map(|zone| slug(zone)).collect(),
            skills: [slug("deep")].into(),
            duty: Duty::On,
            active,
            version: 1,
        };
        add_account(world, AccountId(id.0), Role::Cleaner, &cleaner.name);
        world.cleaners.insert(id, cleaner);
    }
    for (id, name) in [(IDA, "Ida"), (JOHN, "John")] {
        let customer = Customer {
            id,
            name: Some(format!("canary-name-{name}")),
            phone: Some(format!("canary-phone-{name}")),
            email: Some(format!("canary-email-{name}")),
            version: 1,
        };
        add_account(world, AccountId(id.0), Role::Customer, name);
        world.customers.insert(id, customer);
        let property = Property {
            id: property_of(id),
            customer: id,
            zone: center(),
            address: format!("canary-address-{name}"),
            district: "Mitte".to_owned(),
            access_notes: format!("canary-notes-{name}"),
            lon: 13.456_789,
            lat: 52.512_345,
            version: 1,
        };
        world.properties.insert(property.id, property);
    }
    let guest = Customer {
        id: GUEST,
        name: None,
        phone: None,
        email: None,
        version: 1,
    };
    add_account(world, AccountId(GUEST.0), Role::Customer, "");
    world.customers.insert(GUEST, guest);
    add_account(world, DISPATCHER, Role::Dispatcher, "Dispatcher");
}

fn add_account(world: &mut World, id: AccountId, role: Role, name: &str) {
    let account = Account {
        id,
        role,
        name: name.to_owned(),
        disabled: false,
        email: None,
        new_password_hash: None,
        version: 1,
    };
    world.accounts.insert(id, account);
}

pub(super) fn property_of(customer: CustomerId) -> PropertyId {
    PropertyId(Uuid::from_u128(customer.0.as_u128() + 0xF00))
}

/// Day shifts of today and tomorrow, a night shift, and an hour off within a shift.
fn add_time(world: &mut World) {
    let mut shifts = Vec::new();
    for day in [0_i64, 1] {
        let day_shift = range(today_at(7, 0) + (24 * day).hours(), 10 * 60);
        for (cleaner, zone) in [
            (ANNA, "center"),
            (BORIS, "center"),
            (CLARA, "center"),
            (DORA, "north"),
        ] {
            shifts.push((cleaner, zone, day_shift));
        }
    }
    shifts.push((DORA, "north", range(today_at(21, 0), 8 * 60)));
    for (number, (cleaner, zone, during)) in (0xE00_u128..).zip(shifts) {
        let shift = Shift {
            id: ShiftId(Uuid::from_u128(number)),
            cleaner,
            zone: slug(zone),
            local_date: local_date(during.start),
            during,
            template: None,
            version: 1,
        };
        world.shifts.insert(shift.id, shift);
    }
    let time_off = TimeOff {
        id: TimeOffId(Uuid::from_u128(0xB00)),
        cleaner: CLARA,
        during: range(today_at(14, 0), 60),
        reason: "canary-reason-Clara".to_owned(),
        version: 1,
    };
    occupy(
        world,
        CLARA,
        time_off.during,
        Cause::TimeOff {
            time_off: time_off.id,
        },
    );
    world.time_off.insert(time_off.id, time_off);
}

/// Of tomorrow.
pub(super) fn shift_of(world: &World, cleaner: CleanerId) -> ShiftId {
    let mut shifts = world.shifts.values();
    let tomorrow =
        |shift: &&Shift| shift.cleaner == cleaner && shift.during.start > today_at(24, 0);
    shifts.find(tomorrow).expect("works tomorrow").id
}

/// That tomorrow's shift was made from.
pub(super) fn add_template(world: &mut World, cleaner: CleanerId) -> TemplateId {
    let shift = shift_of(world, cleaner);
    let (date, zone) = {
        let row = &world.shifts[&shift];
        (row.local_date, row.zone.clone())
    };
    let hours = ShiftHours {
        starts: 8 * 60,
        ends: 18 * 60,
    };
    let template = ShiftTemplate {
        id: TemplateId(Uuid::from_u128(0xEE0)),
        cleaner,
        zone,
        week: std::array::from_fn(|_| vec![hours]),
        valid_from: date,
        valid_until: None,
        exceptions: BTreeMap::new(),
        planned_until: Some(date),
        version: 1,
    };
    let id = template.id;
    world.shifts.get_mut(&shift).expect("just found").template = Some(id);
    world.templates.insert(id, template);
    id
}

pub(super) fn range(start: Timestamp, minutes: i64) -> TimeRange {
    TimeRange::new(start, start + minutes.minutes()).expect("later than its start")
}

fn add_work(world: &mut World) {
    use JobStatus::{Acknowledged, Assigned, Completed, InProgress, Unassigned};
    let work: [(_, _, _, _, &[_], _); 6] = [
        (1, IDA, STANDARD, (7, 30), &[Some(ANNA)], Completed),
        (2, JOHN, STANDARD, (8, 30), &[Some(BORIS)], InProgress),
        (3, IDA, STANDARD, (11, 0), &[Some(ANNA)], Acknowledged),
        (4, JOHN, DEEP, (14, 0), &[Some(BORIS), None], Assigned),
        (5, IDA, STANDARD, (33, 0), &[None], Unassigned),
        (6, JOHN, STANDARD, (36, 0), &[Some(CLARA)], Assigned),
    ];
    for (number, customer, service, (hour, minute), crew, status) in work {
        let starts_at = today_at(hour, minute);
        let booking = booking(world, number, customer, service, starts_at, status);
        add_job(world, number, &booking, crew, status);
        world.bookings.insert(booking.id, booking);
    }
    // What nobody has claimed is promised all the same.
    reserve(world, 4, 1, ANNA);
    reserve(world, 5, 0, CLARA);
    let hold = Hold {
        id: hold_of(JOHN),
        customer: JOHN,
        zone: center(),
        service: slug("standard"),
        starts_at: today_at(11, 30),
        placed_at: now() - 1.minute(),
        expires_at: now() + 4.minutes(),
        extended: false,
        status: HoldStatus::Active,
        version: 1,
    };
    let busy = range(today_at(11, 0), 150);
    occupy(
        world,
        BORIS,
        busy,
        Cause::Hold {
            hold: hold.id,
            seat: 0,
        },
    );
    world.holds.insert(hold.id, hold);
}

pub(super) fn hold_of(customer: CustomerId) -> HoldId {
    HoldId(Uuid::from_u128(customer.0.as_u128() + 0xD00))
}

pub(super) fn job_id(number: u128) -> JobId {
    JobId(Uuid::from_u128(0x1000 + number))
}

pub(super) fn booking_id(number: u128) -> BookingId {
    BookingId(Uuid::from_u128(0x2000 + number))
}

fn booking(
    world: &World,
    number: u128,
    customer: CustomerId,
    service: &str,
    starts_at: Timestamp,
    status: JobStatus,
) -> Booking {
    use JobStatus::{
        Acknowledged, Arrived, Assigned, Cancelled, CleanerNoShow, Completed, EnRoute, InProgress,
        NoAccess, Paused, Unassigned, Verified,
    };
    let sold = &world.services[&slug::<ServiceSlug>(service)];
    Booking {
        id: booking_id(number),
        hold: None,
        customer,
        property: property_of(customer),
        zone: center(),
        service: sold.slug.clone(),
        starts_at,
        local_date: local_date(starts_at),
        price_minor: sold.price_minor,
        currency: sold.currency.clone(),
        cancel_until_hours: 24,
        status: match status {
            Unassigned | Assigned | Acknowledged | EnRoute | CleanerNoShow => {
                BookingStatus::Confirmed
            }
            Arrived | InProgress | Paused => BookingStatus::InService,
            Completed => BookingStatus::Completed,
            Verified => BookingStatus::Closed,
            Cancelled => BookingStatus::Cancelled,
            NoAccess => BookingStatus::NotServed,
        },
        booked_at: now() - 50.hours(),
        version: 1,
    }
}

fn add_job(
    world: &mut World,
    number: u128,
    booking: &Booking,
    crew: &[Option<CleanerId>],
    status: JobStatus,
) {
    let sold = &world.services[&booking.service];
    let filled_at = now() - 20.hours();
    let job = Job {
        id: job_id(number),
        number: 1000 + i64::try_from(number).expect("small"),
        booking: booking.id,
        zone: booking.zone.clone(),
        service: booking.service.clone(),
        starts_at: booking.starts_at,
        local_date: booking.local_date,
        duration_minutes: sold.duration_minutes,
        travel_buffer_minutes: sold.travel_buffer_minutes,
        seats: crew
            .iter()
            .map(|cleaner| cleaner.map(|cleaner| Seat { cleaner, filled_at }))
            .collect(),
        status,
        at_risk: false,
        times: BTreeMap::from([(status, filled_at)]),
        version: 1,
    };
    for (seat, cleaner) in (0..).zip(crew) {
        if let Some(cleaner) = cleaner {
            let cause = Cause::Assigned { job: job.id, seat };
            occupy(world, *cleaner, busy_of(&job), cause);
        }
    }
    world.jobs.insert(job.id, job);
}

fn busy_of(job: &Job) -> TimeRange {
    let buffer = i64::from(job.travel_buffer_minutes);
    range(
        job.starts_at - buffer.minutes(),
        buffer + i64::from(job.duration_minutes),
    )
}

fn reserve(world: &mut World, number: u128, seat: u8, cleaner: CleanerId) {
    let busy = busy_of(&world.jobs[&job_id(number)]);
    occupy(
        world,
        cleaner,
        busy,
        Cause::Reserved {
            job: job_id(number),
            seat,
        },
    );
}

fn occupy(world: &mut World, cleaner: CleanerId, busy: TimeRange, cause: Cause) {
    let id = OccupancyId(Uuid::from_u128(0x3000 + world.occupancy.len() as u128));
    world.occupancy.insert(
        id,
        Occupancy {
            id,
            cleaner,
            busy,
            cause,
        },
    );
}

#[test]
fn nobody_in_this_company_is_busy_twice() {
    let world = company();
    let rows: Vec<_> = world.occupancy.values().collect();
    for (index, one) in rows.iter().enumerate() {
        for other in &rows[index + 1..] {
            assert!(
                one.cleaner != other.cleaner || !one.busy.overlaps(&other.busy),
                "{one:?} {other:?}"
            );
        }
    }
}
