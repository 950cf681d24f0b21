//! What somebody does next: one command that makes sense by what is to be seen, chosen by the dice.
//!
//! Most of it is work that goes round in circles (holds that are given back, crews that change,
//! pauses), so that a run of any length leaves no more jobs than a real day has: a channel of a
//! zone's day holds a few hundred.

use std::collections::HashSet;

use jiff::{SignedDuration, Timestamp};
use rand::{
    Rng as _,
    rngs::StdRng,
    seq::{IndexedRandom as _, IteratorRandom as _},
};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{
    company::{SERVICES, Service},
    crowd::{Crowd, Person},
    sight::Job,
};

/// Jobs of one zone's day, over or not, beyond which nobody books any more.
const JOBS_PER_DAY: usize = 220;
/// Live jobs of one zone's day below which dispatchers take bookings by phone.
const LIVE_JOBS: usize = 14;
/// Of a hundred acts on something that is being acted on, how many go ahead all the same: people
/// race each other.
const RACES: u32 = 10;
/// How long before its start a crew may set out.
const DEPART_AHEAD: SignedDuration = SignedDuration::from_hours(4);

/// What people do how often.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mix {
    /// A little of everything, races and mistakes too.
    Everything,
    /// A day: 60 % say how their work goes, 20 % place and end holds, 10 % claim, 10 % dispatch.
    Day,
    /// Nothing but holds of tomorrow, which are given back: each changes the slots of one channel.
    Holds,
}

/// A hold that a customer has, by place in [`Crowd::customers`].
#[derive(Debug, Clone, Copy)]
pub struct Held {
    pub customer: usize,
    pub hold: Uuid,
}

/// What somebody is about to ask for.
#[derive(Debug)]
pub struct Act {
    /// By place in [`Crowd::clients`].
    pub client: usize,
    pub kind: &'static str,
    pub parameters: Value,
    /// What it is about: nobody else touches that meanwhile.
    pub about: Option<Uuid>,
    /// The customer who gets a hold by it.
    pub customer: Option<usize>,
}

impl Act {
    fn new(client: usize, kind: &'static str, parameters: Value) -> Self {
        Self {
            client,
            kind,
            parameters,
            about: None,
            customer: None,
        }
    }

    fn about(mut self, what: Uuid) -> Self {
        self.about = Some(what);
        self
    }
}

/// The one who chooses.
pub struct Chooser<'a> {
    pub mix: Mix,
    pub crowd: &'a Crowd,
    pub dice: &'a mut StdRng,
    pub holds: &'a mut Vec<Held>,
    pub under_way: &'a HashSet<Uuid>,
    pub now: Timestamp,
}

impl Chooser<'_> {
    /// Something to do; what cannot be done right now gives way to something that always can.
    pub fn choose(&mut self) -> Act {
        let roll = self.dice.random_range(0..100);
        let chosen = match self.mix {
            Mix::Everything => match roll {
                0..16 => self.place_hold(),
                16..32 => self.end_hold(),
                32..78 => self.work(),
                78..84 => self.customer_changes(),
                84..87 => self.see_to_alert(),
                _ => None,
            },
            Mix::Day => match roll {
                0..60 => self.say_how_it_goes(),
                60..70 => self.place_hold(),
                70..80 => self.end_hold(),
                80..90 => self.claim_something(),
                _ => self.dispatch(),
            },
            Mix::Holds => match roll {
                0..50 => self.hold_tomorrow(),
                _ => self.give_back(),
            },
        };
        chosen.unwrap_or_else(|| self.say_duty())
    }

    fn place(&mut self) -> usize {
        self.dice.random_range(0..self.crowd.places.len())
    }

    fn device(&mut self, person: &Person) -> usize {
        *person
            .clients
            .choose(self.dice)
            .expect("everybody has a device")
    }

    fn dispatcher(&mut self, zone: usize) -> Option<usize> {
        let people = self.crowd.dispatchers.iter();
        let person = people
            .filter(|person| person.member.zone == zone)
            .choose(self.dice)?;
        Some(self.device(person))
    }

    /// A start with room for the crew, early ones more often, so that crews can set out.
    fn slot(&mut self, zone: usize) -> Option<(&'static Service, Timestamp)> {
        let day = usize::from(self.dice.random_ratio(1, 4));
        self.slot_of(zone, day)
    }

    fn slot_of(&mut self, zone: usize, day: usize) -> Option<(&'static Service, Timestamp)> {
        let crowd = self.crowd;
        let watched = crowd.places[zone].slots.get(day)?.look();
        let soon = self.now + DEPART_AHEAD;
        let wants_soon = self.dice.random_ratio(2, 3);
        let fits = |((slug, start), free): (&(String, Timestamp), &i64)| {
            let service = SERVICES.iter().find(|service| service.slug == slug)?;
            let room = *free >= i64::from(service.crew);
            let in_time = *start > self.now && (!wants_soon || *start < soon);
            (room && in_time).then_some((service, *start))
        };
        watched.view.0.iter().filter_map(fits).choose(self.dice)
    }

    fn has_room_for_bookings(&self, zone: usize) -> bool {
        let mut days = self.crowd.places[zone].control.iter();
        days.all(|day| day.look().view.jobs.len() < JOBS_PER_DAY)
    }

    fn place_hold(&mut self) -> Option<Act> {
        let day = usize::from(self.dice.random_ratio(1, 4));
        self.hold_on(day)
    }

    fn hold_tomorrow(&mut self) -> Option<Act> {
        self.hold_on(1)
    }

    fn hold_on(&mut self, day: usize) -> Option<Act> {
        let place = self.dice.random_range(0..self.crowd.customers.len().max(1));
        let person = self.crowd.customers.get(place)?;
        let (service, start) = self.slot_of(person.member.zone, day)?;
        let zone = &self.crowd.places[person.member.zone].slug;
        let parameters = json!({ "zone": zone, "service": service.slug, "start": start });
        let mut act = Act::new(self.device(person), "hold.place", parameters);
        act.customer = Some(place);
        Some(act)
    }

    fn end_hold(&mut self) -> Option<Act> {
        let place = (0..self.holds.len()).choose(self.dice)?;
        let Held { customer, hold } = self.holds[place];
        let person = &self.crowd.customers[customer];
        let client = self.device(person);
        if self.dice.random_ratio(1, 8) {
            return Some(Act::new(client, "hold.extend", json!({ "hold": hold })));
        }
        self.holds.swap_remove(place);
        let books = self.dice.random_ratio(1, 8) && self.has_room_for_bookings(person.member.zone);
        let (kind, parameters) = if books {
            let property = person.member.property;
            (
                "booking.confirm",
                json!({ "hold": hold, "property": property }),
            )
        } else {
            ("hold.release", json!({ "hold": hold }))
        };
        Some(Act::new(client, kind, parameters).about(hold))
    }

    fn give_back(&mut self) -> Option<Act> {
        let place = (0..self.holds.len()).choose(self.dice)?;
        let Held { customer, hold } = self.holds.swap_remove(place);
        let client = self.device(&self.crowd.customers[customer]);
        Some(Act::new(client, "hold.release", json!({ "hold": hold })).about(hold))
    }

    /// A live job of today or tomorrow that nobody is at.
    fn job(&mut self, zone: usize, is_wanted: impl Fn(&Job) -> bool) -> Option<Job> {
        let day = usize::from(self.dice.random_ratio(1, 4));
        let control = self.crowd.places[zone].control.get(day)?.look();
        let jobs = control.view.jobs.values();
        let free = jobs.filter(|job| is_wanted(job) && !self.under_way.contains(&job.id));
        free.choose(self.dice).cloned()
    }

    /// The lead of a crew goes one step on.
    fn say_how_it_goes(&mut self) -> Option<Act> {
        let zone = self.place();
        let is_soon = |job: &Job, now| job.starts_at - DEPART_AHEAD < now;
        let now = self.now;
        let job = self.job(zone, |job| match job.status.as_str() {
            "acknowledged" => is_soon(job, now),
            "assigned" | "en_route" | "arrived" | "in_progress" | "paused" => true,
            _ => false,
        })?;
        let kind = match job.status.as_str() {
            "assigned" => "job.acknowledge",
            "acknowledged" => "job.depart",
            "en_route" => "job.arrive",
            "arrived" => "job.start",
            "in_progress" if self.dice.random_ratio(1, 20) => "job.complete",
            "in_progress" => "job.pause",
            _ => "job.resume",
        };
        let lead = self.crowd.cleaner_of(job.lead?)?;
        let act = Act::new(self.device(lead), kind, json!({ "job": job.id }));
        Some(act.about(job.id))
    }

    fn claim_something(&mut self) -> Option<Act> {
        let zone = self.place();
        let job = self.job(zone, |job| job.status == "unassigned")?;
        Some(self.claim(&job, zone)?.about(job.id))
    }

    fn dispatch(&mut self) -> Option<Act> {
        let zone = self.place();
        let is_early = |job: &Job| ["unassigned", "assigned"].contains(&job.status.as_str());
        let Some(job) = self.job(zone, is_early) else {
            return self.book_by_phone(zone);
        };
        let act = match (job.status.as_str(), self.dice.random_range(0..4)) {
            (_, 0) => self.move_job(&job, zone),
            ("unassigned", _) => self.assign(&job, zone),
            _ => self.unassign(&job, zone),
        };
        Some(act?.about(job.id))
    }

    /// Somebody does something with a job of today or tomorrow.
    fn work(&mut self) -> Option<Act> {
        let zone = self.place();
        let day = usize::from(self.dice.random_ratio(1, 4));
        let crowd = self.crowd;
        let job = {
            let control = crowd.places[zone].control.get(day)?.look();
            let live = |job: &&Job| !is_over(&job.status);
            let live_jobs = control.view.jobs.values().filter(live).count();
            if live_jobs < LIVE_JOBS && control.view.jobs.len() < JOBS_PER_DAY {
                None
            } else {
                let jobs = control.view.jobs.values();
                jobs.filter(live).choose(self.dice).cloned()
            }
        };
        let Some(job) = job else {
            return self.book_by_phone(zone);
        };
        let is_taken = self.under_way.contains(&job.id);
        if is_taken && !self.dice.random_ratio(RACES, 100) {
            return None;
        }
        self.work_on(&job, zone).map(|act| act.about(job.id))
    }

    fn work_on(&mut self, job: &Job, zone: usize) -> Option<Act> {
        let roll = self.dice.random_range(0..100);
        let is_soon = job.starts_at - DEPART_AHEAD < self.now;
        let kind = match (job.status.as_str(), roll) {
            ("unassigned", 0..3) => return self.cancel(job, zone),
            ("unassigned", 3..8) | ("assigned" | "acknowledged", 0..10) => {
                return self.move_job(job, zone);
            }
            ("unassigned", 8..50) => return self.claim(job, zone),
            ("unassigned", _) | ("assigned" | "acknowledged", 10..20) => {
                return self.assign(job, zone);
            }
            ("assigned" | "acknowledged", 20..45) => return self.unassign(job, zone),
            ("assigned" | "acknowledged", 45..60) => "job.withdraw",
            ("assigned" | "acknowledged", 60..75) if is_soon => "job.depart",
            ("assigned", _) => "job.acknowledge",
            ("acknowledged", _) => "job.withdraw",
            ("en_route", _) => "job.arrive",
            ("arrived", 0..5) => "job.no_access",
            ("arrived", _) => "job.start",
            ("in_progress", 0..6) => "job.complete",
            ("in_progress", _) => "job.pause",
            ("paused", _) => "job.resume",
            ("completed", _) => {
                return self.by_dispatcher(zone, "job.verify", json!({ "job": job.id }));
            }
            _ => return None,
        };
        let lead = self.crowd.cleaner_of(job.lead?)?;
        Some(Act::new(self.device(lead), kind, json!({ "job": job.id })))
    }

    fn by_dispatcher(&mut self, zone: usize, kind: &'static str, parameters: Value) -> Option<Act> {
        let client = self.dispatcher(zone)?;
        Some(Act::new(client, kind, parameters))
    }

    /// Stale versions happen; half of the dispatchers do not look.
    fn version(&mut self, version: i64) -> Option<i64> {
        self.dice.random_ratio(1, 2).then_some(version)
    }

    fn cleaner(&mut self, zone: usize) -> Option<&Person> {
        let crowd = self.crowd;
        let people = crowd.cleaners.iter();
        people
            .filter(|person| person.member.zone == zone)
            .choose(self.dice)
    }

    fn claim(&mut self, job: &Job, zone: usize) -> Option<Act> {
        let client = *self.cleaner(zone)?.clients.first()?;
        Some(Act::new(client, "job.claim", json!({ "job": job.id })))
    }

    fn assign(&mut self, job: &Job, zone: usize) -> Option<Act> {
        let cleaner = self.cleaner(zone)?.member.user;
        let seat = (0..job.seats.len()).choose(self.dice)?;
        let version = self.version(job.version);
        let parameters = json!({
            "job": job.id, "cleaner": cleaner, "seat": seat, "expected_version": version,
        });
        self.by_dispatcher(zone, "job.assign", without_nulls(parameters))
    }

    fn unassign(&mut self, job: &Job, zone: usize) -> Option<Act> {
        let version = self.version(job.version);
        let parameters = json!({ "job": job.id, "expected_version": version });
        self.by_dispatcher(zone, "job.unassign", without_nulls(parameters))
    }

    fn move_job(&mut self, job: &Job, zone: usize) -> Option<Act> {
        let (_, start) = self.slot(zone)?;
        if self.dice.random_ratio(1, 4) {
            let parameters = json!({ "booking": job.booking, "start": start });
            return self.by_dispatcher(zone, "booking.reschedule", parameters);
        }
        let version = self.version(job.version);
        let parameters = json!({ "job": job.id, "start": start, "expected_version": version });
        self.by_dispatcher(zone, "job.move", without_nulls(parameters))
    }

    /// Customers cancel, in time or too late; for some a dispatcher does.
    fn cancel(&mut self, job: &Job, zone: usize) -> Option<Act> {
        let version = self.version(job.booking_version);
        let parameters = without_nulls(json!({
            "booking": job.booking, "reason": "plans have changed", "expected_version": version,
        }));
        let crowd = self.crowd;
        let customer = crowd
            .customers
            .iter()
            .find(|person| person.member.user == job.customer);
        match customer.filter(|_| self.dice.random_ratio(1, 2)) {
            Some(customer) => Some(Act::new(
                self.device(customer),
                "booking.cancel",
                parameters,
            )),
            None => self.by_dispatcher(zone, "booking.cancel", parameters),
        }
    }

    fn book_by_phone(&mut self, zone: usize) -> Option<Act> {
        let crowd = self.crowd;
        let here = |person: &&Person| person.member.zone == zone;
        let customer = &crowd
            .customers
            .iter()
            .filter(here)
            .choose(self.dice)?
            .member;
        let (service, start) = self.slot(zone)?;
        let parameters = json!({
            "customer": customer.user, "property": customer.property, "service": service.slug,
            "start": start,
        });
        self.by_dispatcher(zone, "booking.create", parameters)
    }

    fn customer_changes(&mut self) -> Option<Act> {
        let person = self.crowd.customers.choose(self.dice)?;
        let phone = format!("+49 40 {:07}", self.dice.random_range(0..10_000_000));
        let parameters = json!({ "phone": phone });
        Some(Act::new(self.device(person), "customer.update", parameters).about(person.member.user))
    }

    fn see_to_alert(&mut self) -> Option<Act> {
        let zone = self.place();
        let alert = {
            let control = self.crowd.places[zone].control.first()?.look();
            control.view.alerts.values().choose(self.dice).cloned()?
        };
        let parameters = json!({ "alert": alert.id, "expected_version": alert.version });
        let kind = if alert.status == "open" {
            "alert.acknowledge"
        } else {
            "alert.resolve"
        };
        let act = self.by_dispatcher(zone, kind, parameters)?;
        Some(act.about(alert.id))
    }

    fn say_duty(&mut self) -> Act {
        let person = self
            .crowd
            .cleaners
            .choose(self.dice)
            .expect("a company has cleaners");
        let duty = ["on", "on", "break", "off"]
            .choose(self.dice)
            .expect("a list");
        Act::new(self.device(person), "duty.set", json!({ "duty": duty }))
    }
}

/// Is nobody going to do anything with it any more?
fn is_over(status: &str) -> bool {
    [
        "cancelled",
        "no_access",
        "verified",
        "cleaner_no_show",
        "failed",
    ]
    .contains(&status)
}

fn without_nulls(mut parameters: Value) -> Value {
    if let Some(object) = parameters.as_object_mut() {
        object.retain(|_, value| !value.is_null());
    }
    parameters
}
