//! A company of the size that the figures are stated for, as the loader gives it: a zone in which
//! 200 cleaners work, with what is planned on the days around. Ids look random, as those of the
//! database do; everything else repeats from run to run.

use dispatch_hub::domain::{
    Actor, Role, World,
    entity::{
        Account, Booking, BookingStatus, Cause, Cleaner, Customer, Duty, Job, JobStatus, Occupancy,
        OpeningHours, Property, Seat, Service, Shift, TimeRange, Zone,
    },
    ids::{AccountId, CleanerId, CustomerId, JobId, OccupancyId, PropertyId, SkillSlug, ZoneSlug},
};
use jiff::{
    SignedDuration, Timestamp, ToSpan,
    civil::{Date, date},
};
use uuid::Uuid;

/// The day that the figures are about.
pub const DATE: Date = date(2026, 6, 3);
/// Name, minutes, crew, skill.
const SERVICES: [(&str, u16, u8, Option<&str>); 6] = [
    ("standard", 120, 1, None),
    ("express", 60, 1, None),
    ("deep", 240, 2, Some("deep")),
    ("windows", 90, 1, Some("windows")),
    ("office", 180, 3, None),
    ("carpets", 150, 1, Some("carpets")),
];
/// Where the jobs of a day begin, in minutes since eight; a cleaner has four or five of them.
const STARTS: [i64; 5] = [30, 150, 270, 390, 480];

/// What of the company is loaded.
#[derive(Debug, Clone, Copy)]
pub struct Extent {
    pub cleaners: u64,
    /// Before and after [`DATE`], with shifts and what takes the time on them.
    pub days_before: i64,
    pub days_after: i64,
    /// Of the jobs on [`DATE`].
    pub jobs: Jobs,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Jobs {
    /// Nobody is re-homed, and no row shows one.
    None,
    /// Those that the commands name, and the promises that may move.
    Promised,
    All,
}

impl Extent {
    /// As for `slots:{zone}:{date}`.
    pub const SLOTS: Self = Self {
        cleaners: 200,
        days_before: 2,
        days_after: 2,
        jobs: Jobs::None,
    };
    /// As for a hold: a day on either side.
    pub const HOLD: Self = Self {
        days_before: 1,
        days_after: 1,
        ..Self::SLOTS
    };
    /// As for a command about a job.
    pub const JOB: Self = Self {
        jobs: Jobs::Promised,
        ..Self::HOLD
    };
    /// As for `control:{zone}:{date}`: 900 jobs.
    pub const CONTROL: Self = Self {
        jobs: Jobs::All,
        ..Self::SLOTS
    };
}

/// Spread as random ids are, in the order of their making as those of version 7 are not quite.
pub fn id<T: From<Uuid>>(number: u64) -> T {
    let mut spread = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    spread = (spread ^ (spread >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    spread = (spread ^ (spread >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    spread ^= spread >> 31;
    let high = 0x019a_0000_0000_7000 | (spread >> 52) | (spread % 60_000) << 16;
    Uuid::from_u64_pair(high, 0x8000_0000_0000_0000 | spread >> 1).into()
}

pub fn slug<T: std::str::FromStr<Err: std::fmt::Debug>>(text: &str) -> T {
    text.parse().expect("a slug")
}

pub fn center() -> ZoneSlug {
    slug("center")
}

/// Eight in the morning of the zone, in summer.
pub fn opening(date: Date) -> Timestamp {
    let midnight = date.at(6, 0, 0, 0).in_tz("UTC");
    midnight.expect("in the calendar").timestamp()
}

/// Six in the morning of [`DATE`] by the clock of the zone.
pub fn now() -> Timestamp {
    opening(DATE) - 2.hours()
}

pub fn dispatcher() -> Actor {
    Actor {
        id: AccountId(Uuid::from_u128(0xd)),
        role: Role::Dispatcher,
    }
}

pub fn cleaner_id(number: u64) -> CleanerId {
    id(1_000_000 + number)
}

/// Jobs on [`DATE`] are numbered from 0.
pub fn job_id(number: u64) -> JobId {
    id(2_000_000 + number)
}

pub fn customer_id(number: u64) -> CustomerId {
    id(3_000_000 + number)
}

pub fn company(extent: Extent) -> World {
    let mut company = Company {
        world: World::default(),
        made: 10_000_000,
        jobs: 0,
    };
    company.catalog();
    for number in 0..extent.cleaners {
        company.cleaner(number);
    }
    company.customer(0);
    for offset in -extent.days_before..=extent.days_after {
        let date = DATE + jiff::Span::new().days(offset);
        for number in 0..extent.cleaners {
            company.day(number, date, extent.jobs);
        }
    }
    let dispatcher = Account {
        id: dispatcher().id,
        role: Role::Dispatcher,
        name: "Dana".to_owned(),
        disabled: false,
        email: None,
        new_password_hash: None,
        version: 1,
    };
    company.world.accounts.insert(dispatcher.id, dispatcher);
    company.world.settled()
}

struct Company {
    world: World,
    made: u64,
    jobs: u64,
}

impl Company {
    fn next<T: From<Uuid>>(&mut self) -> T {
        self.made += 1;
        id(self.made)
    }

    fn catalog(&mut self) {
        let hours = OpeningHours {
            opens: 8 * 60,
            closes: 20 * 60,
        };
        for name in ["center", "north", "south", "west", "harbour"] {
            let zone = Zone {
                slug: slug(name),
                name: name.to_owned(),
                polygon: (0..40).map(|at| [13.0 + f64::from(at), 52.0]).collect(),
                time_zone: "Europe/Berlin".to_owned(),
                opening_hours: [Some(hours); 7],
                version: 1,
            };
            self.world.zones.insert(zone.slug.clone(), zone);
        }
        for (name, duration_minutes, crew_size, skill) in SERVICES {
            let skills = skill.map(slug::<SkillSlug>);
            if let Some(skill) = &skills {
                let named = skill.to_string();
                self.world.skills.insert(skill.clone(), named);
            }
            let service = Service {
                slug: slug(name),
                name: name.to_owned(),
                duration_minutes,
                crew_size,
                skills: skills.into_iter().collect(),
                travel_buffer_minutes: 30,
                lead_time_minutes: 60,
                booking_window_days: 30,
                slot_step_minutes: 15,
                price_minor: 9_900,
                currency: "EUR".to_owned(),
                active: true,
                version: 1,
            };
            self.world.services.insert(service.slug.clone(), service);
        }
    }

    fn cleaner(&mut self, number: u64) {
        let able = ["deep", "windows", "carpets"];
        let skills = able.iter().enumerate();
        let cleaner = Cleaner {
            id: cleaner_id(number),
            name: format!("Cleaner Number{number}"),
            phone: Some("+49 30 1234567".to_owned()),
            zones: if number.is_multiple_of(3) {
                [center(), slug("north")].into()
            } else {
                [center()].into()
            },
            skills: skills
                .filter(|(at, _)| number >> at & 1 == 1)
                .map(|(_, skill)| slug(skill))
                .collect(),
            duty: Duty::On,
            active: true,
            version: 1,
        };
        self.world.cleaners.insert(cleaner.id, cleaner);
    }

    /// Ten hours from half past seven, five or four of them taken.
    fn day(&mut self, number: u64, date: Date, jobs: Jobs) {
        let opening = opening(date);
        let shift = Shift {
            id: self.next(),
            cleaner: cleaner_id(number),
            zone: center(),
            local_date: date,
            during: TimeRange::new(opening - 30.minutes(), opening + 570.minutes())
                .expect("a range"),
            template: None,
            version: 1,
        };
        self.world.shifts.insert(shift.id, shift);
        let count = if number.is_multiple_of(2) { 5 } else { 4 };
        for (nth, minutes) in (0..).zip(STARTS.into_iter().take(count)) {
            let start =
                opening + SignedDuration::from_mins(minutes + 15 * (number % 3).cast_signed());
            let job = if date == DATE {
                self.jobs += 1;
                job_id(self.jobs - 1)
            } else {
                self.next()
            };
            let cause = cause(number, nth, date, job);
            self.occupy(number, start, cause);
            let promised = matches!(cause, Cause::Reserved { .. }) || number == 0;
            if date == DATE && (jobs == Jobs::All || jobs == Jobs::Promised && promised) {
                let own = matches!(cause, Cause::Assigned { .. });
                self.job(job, start, own.then(|| cleaner_id(number)));
            }
        }
    }

    fn occupy(&mut self, number: u64, start: Timestamp, cause: Cause) {
        let id: OccupancyId = self.next();
        let row = Occupancy {
            id,
            cleaner: cleaner_id(number),
            busy: TimeRange::of_work(start, 30, 60).expect("in the calendar"),
            cause,
        };
        self.world.occupancy.insert(id, row);
    }

    fn customer(&mut self, number: u64) -> (CustomerId, PropertyId) {
        let id = customer_id(number);
        let customer = Customer {
            id,
            name: Some(format!("Customer Number{number}")),
            phone: Some("+49 30 7654321".to_owned()),
            email: None,
            version: 1,
        };
        let property = Property {
            id: self.next(),
            customer: id,
            zone: center(),
            address: format!("{number} Long Street, 10115 Berlin"),
            district: "Mitte".to_owned(),
            access_notes: "Ring twice, third floor".to_owned(),
            lon: 13.404_95,
            lat: 52.520_01,
            version: 1,
        };
        let property_id = property.id;
        self.world.customers.insert(id, customer);
        self.world.properties.insert(property_id, property);
        (id, property_id)
    }

    fn job(&mut self, id: JobId, start: Timestamp, cleaner: Option<CleanerId>) {
        let number = self.jobs;
        let (customer, property) = self.customer(number);
        let booking = Booking {
            id: self.next(),
            hold: None,
            customer,
            property,
            zone: center(),
            service: slug("express"),
            starts_at: start,
            local_date: DATE,
            price_minor: 9_900,
            currency: "EUR".to_owned(),
            cancel_until_hours: 24,
            status: BookingStatus::Confirmed,
            booked_at: now() - 48.hours(),
            version: 1,
        };
        let status = match cleaner {
            Some(_) => JobStatus::Assigned,
            None => JobStatus::Unassigned,
        };
        let filled_at = now() - 24.hours();
        let job = Job {
            id,
            number: 1001 + number.cast_signed(),
            booking: booking.id,
            zone: center(),
            service: slug("express"),
            starts_at: start,
            local_date: DATE,
            duration_minutes: 60,
            travel_buffer_minutes: 30,
            seats: vec![cleaner.map(|cleaner| Seat { cleaner, filled_at })],
            status,
            at_risk: false,
            times: [(status, filled_at)].into(),
            version: 3,
        };
        self.world.bookings.insert(booking.id, booking);
        self.world.jobs.insert(id, job);
    }
}

/// Of six, one is promised to nobody by name.
fn cause(cleaner: u64, nth: u64, date: Date, job: JobId) -> Cause {
    if date == DATE && (cleaner + nth).is_multiple_of(6) {
        Cause::Reserved { job, seat: 0 }
    } else {
        Cause::Assigned { job, seat: 0 }
    }
}
