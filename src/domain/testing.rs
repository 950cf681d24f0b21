//! A small town for tests: one zone that never closes, one service of two hours, and whoever a test
//! hires. Commands are given as people would; after each, the promises that hold always are checked.

pub(crate) mod clocks;
mod promises;

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde_json::Value;
use uuid::Uuid;

use super::{
    Actor, Command, Context, Decision, Objection, Rejection, Role, Thresholds, World,
    command::{BookingConfirm, HoldPlace},
    decide,
    entity::{
        Account, Cause, Cleaner, Customer, Duty, Job, OpeningHours, Property, Service, Shift,
        TimeRange, Zone,
    },
    ids::{
        AccountId, BookingId, CleanerId, CommandId, CustomerId, HoldId, JobId, PropertyId,
        ServiceSlug, ShiftId, SkillSlug, ZoneSlug,
    },
};

pub(crate) fn at(text: &str) -> Timestamp {
    text.parse().expect("an instant")
}

pub(crate) fn zone_slug(text: &str) -> ZoneSlug {
    text.parse().expect("a slug")
}

pub(crate) fn service_slug(text: &str) -> ServiceSlug {
    text.parse().expect("a slug")
}

pub(crate) fn skills(slugs: &[&str]) -> BTreeSet<SkillSlug> {
    let slugs = slugs.iter();
    slugs.map(|slug| slug.parse().expect("a slug")).collect()
}

pub(crate) fn zone(slug: &str, time_zone: &str) -> Zone {
    let always = OpeningHours {
        opens: 0,
        closes: 24 * 60,
    };
    Zone {
        slug: zone_slug(slug),
        name: "Center".to_owned(),
        polygon: vec![
            [13.0, 52.0],
            [14.0, 52.0],
            [14.0, 53.0],
            [13.0, 53.0],
            [13.0, 52.0],
        ],
        time_zone: time_zone.to_owned(),
        opening_hours: [Some(always); 7],
        version: 1,
    }
}

pub(crate) fn service(slug: &str, crew_size: u8, needs: &[&str]) -> Service {
    Service {
        slug: service_slug(slug),
        name: "Cleaning".to_owned(),
        duration_minutes: 120,
        crew_size,
        skills: skills(needs),
        travel_buffer_minutes: 30,
        lead_time_minutes: 60,
        booking_window_days: 30,
        slot_step_minutes: 30,
        price_minor: 9_900,
        currency: "EUR".to_owned(),
        active: true,
        version: 1,
    }
}

pub(crate) const DISPATCHER: Actor = staff(0xd, Role::Dispatcher);
pub(crate) const MANAGER: Actor = staff(0xe, Role::Manager);
pub(crate) const ADMIN: Actor = staff(0xf, Role::Admin);

const fn staff(id: u128, role: Role) -> Actor {
    Actor {
        id: AccountId(Uuid::from_u128(id)),
        role,
    }
}

impl From<CleanerId> for Actor {
    fn from(id: CleanerId) -> Self {
        Self {
            id: AccountId(id.0),
            role: Role::Cleaner,
        }
    }
}

impl From<CustomerId> for Actor {
    fn from(id: CustomerId) -> Self {
        Self {
            id: AccountId(id.0),
            role: Role::Customer,
        }
    }
}

/// A day at the company: Monday 2026-06-01, 06:00 in UTC.
#[derive(Debug, Clone)]
pub(crate) struct Town {
    pub(crate) world: World,
    pub(crate) now: Timestamp,
    made: u128,
}

pub(crate) const CENTER: &str = "center";
pub(crate) const CLEANING: &str = "cleaning";
pub(crate) const TEN: &str = "2026-06-01T10:00:00Z";

impl Town {
    pub(crate) fn new() -> Self {
        let mut town = Self {
            world: World::default(),
            now: at("2026-06-01T06:00:00Z"),
            made: 0x1000,
        };
        town.world.next_job_number = Some(1001);
        town.open_zone(zone(CENTER, "Europe/Berlin"));
        town.offer(service(CLEANING, 1, &[]));
        town
    }

    fn next(&mut self) -> Uuid {
        self.made += 1;
        Uuid::from_u128(self.made)
    }

    pub(crate) fn open_zone(&mut self, zone: Zone) {
        self.world.zones.insert(zone.slug.clone(), zone);
    }

    pub(crate) fn offer(&mut self, service: Service) {
        for skill in &service.skills {
            self.world.skills.insert(skill.clone(), skill.to_string());
        }
        self.world.services.insert(service.slug.clone(), service);
    }

    fn account(&mut self, role: Role, name: &str) -> Uuid {
        let id = self.next();
        let account = Account {
            id: AccountId(id),
            role,
            name: name.to_owned(),
            disabled: false,
            email: None,
            new_password_hash: None,
            version: 1,
        };
        self.world.accounts.insert(account.id, account);
        id
    }

    /// A cleaner of the center without a shift.
    pub(crate) fn hire(&mut self, able_to: &[&str]) -> CleanerId {
        let id = CleanerId(self.account(Role::Cleaner, "Kim"));
        let cleaner = Cleaner {
            id,
            name: "Kim".to_owned(),
            phone: None,
            zones: [zone_slug(CENTER)].into(),
            skills: skills(able_to),
            duty: Duty::On,
            active: true,
            version: 1,
        };
        self.world.cleaners.insert(id, cleaner);
        id
    }

    pub(crate) fn shift(&mut self, cleaner: CleanerId, start: Timestamp, end: Timestamp) {
        let id = ShiftId(self.next());
        let zone = self.world.cleaners[&cleaner]
            .zones
            .first()
            .expect("a zone")
            .clone();
        let shift = Shift {
            id,
            cleaner,
            local_date: self.world.zones[&zone].date_at(start),
            zone,
            during: TimeRange::new(start, end).expect("a range"),
            template: None,
            version: 1,
        };
        self.world.shifts.insert(id, shift);
    }

    /// A cleaner on shift from 6 to 18 UTC.
    pub(crate) fn cleaner(&mut self, able_to: &[&str]) -> CleanerId {
        let id = self.hire(able_to);
        self.shift(id, at("2026-06-01T06:00:00Z"), at("2026-06-01T18:00:00Z"));
        id
    }

    /// A customer with a name, a telephone and a home in the center.
    pub(crate) fn customer(&mut self) -> (CustomerId, PropertyId) {
        let id = CustomerId(self.account(Role::Customer, "Ada"));
        let customer = Customer {
            id,
            name: Some("Ada".to_owned()),
            phone: Some("+49 30 1234567".to_owned()),
            email: None,
            version: 1,
        };
        self.world.customers.insert(id, customer);
        let property = Property {
            id: PropertyId(self.next()),
            customer: id,
            zone: zone_slug(CENTER),
            address: "Main Street 1".to_owned(),
            district: "Center".to_owned(),
            access_notes: String::new(),
            lon: 13.4,
            lat: 52.5,
            version: 1,
        };
        self.world.properties.insert(property.id, property.clone());
        (id, property.id)
    }

    /// Gives a command; what it changes is checked and kept.
    pub(crate) fn run(
        &mut self,
        actor: impl Into<Actor>,
        command: &Command,
    ) -> Result<Decision, Objection> {
        let context = Context {
            actor: actor.into(),
            command_id: CommandId(self.next()),
            now: self.now,
            thresholds: Thresholds::default(),
        };
        let decision = decide(command, &self.world, &context)?;
        let again = decide(command, &self.world, &context);
        assert_eq!(again.as_ref(), Ok(&decision), "decisions repeat");
        let before = self.world.clone();
        for event in &decision.events {
            let text = serde_json::to_string(event).expect("events are plain data");
            let read: super::Event = serde_json::from_str(&text).expect("read as written");
            assert_eq!(read.kind(), event.kind());
            self.world.apply(event);
            assert!(event.aggregate_version(&self.world) > 0, "{text}");
        }
        if self.world.jobs.len() > before.jobs.len() {
            self.world.next_job_number = self.world.next_job_number.map(|number| number + 1);
        }
        promises::check(&before, &self.world);
        Ok(decision)
    }

    /// Gives a command that must be accepted.
    pub(crate) fn accept(&mut self, actor: impl Into<Actor>, command: &Command) -> Value {
        match self.run(actor, command) {
            Ok(decision) => decision.result,
            Err(objection) => panic!("{} was not accepted: {objection:?}", command.kind()),
        }
    }

    /// Gives a command that must be rejected.
    pub(crate) fn reject(&mut self, actor: impl Into<Actor>, command: &Command) -> Rejection {
        match self.run(actor, command) {
            Err(Objection::Rejected(rejection)) => rejection,
            other => panic!("{} was not rejected: {other:?}", command.kind()),
        }
    }

    pub(crate) fn hold(&mut self, customer: CustomerId, start: &str) -> HoldId {
        let result = self.accept(customer, &place(CLEANING, at(start)));
        id_in(&result, "hold")
    }

    /// Holds and confirms.
    pub(crate) fn book(&mut self, service: &str, start: &str) -> (BookingId, JobId) {
        let (customer, property) = self.customer();
        let result = self.accept(customer, &place(service, at(start)));
        let hold = id_in(&result, "hold");
        let sold = self.accept(
            customer,
            &Command::ConfirmBooking(BookingConfirm { hold, property }),
        );
        (id_in(&sold, "booking"), id_in(&sold, "job"))
    }

    pub(crate) fn job(&self, id: JobId) -> &Job {
        &self.world.jobs[&id]
    }

    /// Who carries which seat of a job.
    pub(crate) fn carriers(&self, job: JobId) -> BTreeMap<u8, CleanerId> {
        let rows = self.world.occupancy.values();
        rows.filter_map(|row| match row.cause {
            Cause::Reserved { job: of, seat } | Cause::Assigned { job: of, seat } if of == job => {
                Some((seat, row.cleaner))
            }
            Cause::Reserved { .. }
            | Cause::Assigned { .. }
            | Cause::Hold { .. }
            | Cause::TimeOff { .. } => None,
        })
        .collect()
    }
}

pub(crate) fn place(service: &str, start: Timestamp) -> Command {
    Command::PlaceHold(HoldPlace {
        customer: None,
        zone: zone_slug(CENTER),
        service: service_slug(service),
        start,
    })
}

pub(crate) fn id_in<T: From<Uuid>>(result: &Value, field: &str) -> T {
    let text = result[field].as_str().expect("an id");
    T::from(text.parse().expect("a uuid"))
}
