//! A zone's day put on stage: what of the plan is missing so far, and what has become of it.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use super::{
    company::SITES,
    people::{Person, company_actor, staff_of},
    plan::{DayPlan, Visit},
    progress::{Cast, catch_up},
    stage::{Done, Stage, Staged},
};
use crate::domain::{
    Command, Role, World,
    command::{BookingCancel, BookingCreate, DutySet, JobAssign, ShiftPublish},
    entity::Duty,
    ids::{BookingId, CleanerId, CustomerId, JobId, ShiftId},
};

/// Shifts are published this long before their day.
const PUBLISHED_BEFORE: SignedDuration = SignedDuration::from_hours(15 * 24);

/// The people of one site, as the plan counts them.
pub(super) struct Crew {
    pub(super) site: usize,
    cleaners: Vec<Person>,
    customers: Vec<Person>,
}

impl Crew {
    pub(super) fn of(site: usize) -> Self {
        Self {
            site,
            cleaners: staff_of(site, Role::Cleaner),
            customers: staff_of(site, Role::Customer),
        }
    }

    pub(super) fn cleaners(&self) -> Vec<CleanerId> {
        self.cleaners
            .iter()
            .map(|person| CleanerId(person.id().0))
            .collect()
    }

    pub(super) fn customers(&self) -> Vec<CustomerId> {
        self.customers
            .iter()
            .map(|person| CustomerId(person.id().0))
            .collect()
    }

    /// The cleaners that people sign in as.
    fn visitors(&self) -> Vec<CleanerId> {
        let cleaners = self.cleaners.iter().filter(|person| person.for_visitors);
        cleaners.map(|person| CleanerId(person.id().0)).collect()
    }

    /// Who is on shift is on duty, and nobody else. The world has all shifts around now.
    pub(super) fn say_who_is_on_duty(&self, world: World, now: Timestamp) -> Vec<Done> {
        let visitors = self.visitors();
        let mut stage = Stage::new(world, Vec::new());
        for (cleaner, (since, duty)) in duties(&stage.world, now) {
            let known = stage.world.cleaners.get(&cleaner);
            if visitors.contains(&cleaner) || known.is_none_or(|row| row.duty == duty) {
                continue;
            }
            let command = Command::SetDuty(DutySet {
                cleaner: Some(cleaner),
                duty,
            });
            let label = format!("duty {cleaner}");
            let actor = company_actor(Role::Dispatcher);
            stage.run(Staged::new(since, actor, label, command));
        }
        stage.done
    }

    fn cleaner(&self, number: usize) -> CleanerId {
        CleanerId(self.cleaners[number].id().0)
    }
}

/// What a planned day is made by.
pub(super) struct Script<'a> {
    crew: &'a Crew,
    plan: &'a DayPlan,
    label: String,
}

impl<'a> Script<'a> {
    pub(super) fn new(crew: &'a Crew, plan: &'a DayPlan) -> Self {
        Self {
            crew,
            plan,
            label: format!("{} {}", SITES[crew.site].slug, plan.day.date),
        }
    }

    /// The ids of all shifts and bookings that the plan makes.
    pub(super) fn ids(&self) -> Vec<Uuid> {
        let shifts = self.shifts().map(|step| step.first_id::<ShiftId>().0);
        let visits = self.plan.visits.iter();
        let bookings = visits.map(|visit| self.booking(visit).first_id::<BookingId>().0);
        shifts.chain(bookings).collect()
    }

    /// Does what of the day is due by `now` and not `known` yet.
    pub(super) fn perform(
        &self,
        world: World,
        job_numbers: Vec<i64>,
        known: &BTreeSet<Uuid>,
        now: Timestamp,
    ) -> Vec<Done> {
        let mut stage = Stage::new(world, job_numbers);
        let is_new = |step: &Staged| !known.contains(&step.first_id::<Uuid>());
        stage.run_all(self.shifts().filter(is_new).collect());
        let visits = self.plan.visits.iter();
        let due = visits
            .filter(|visit| visit.booked_at <= now && is_new(&self.booking(visit)))
            .flat_map(|visit| self.visit(visit))
            .filter(|step| step.at <= now);
        stage.run_all(due.collect());
        let (customers, visitors) = (self.crew.customers(), self.crew.visitors());
        let cast = Cast {
            is_customer: &|customer| customers.contains(&customer),
            is_visitor: &|cleaner| visitors.contains(&cleaner),
        };
        catch_up(&mut stage, &cast, now);
        stage.done
    }

    fn shifts(&self) -> impl Iterator<Item = Staged> {
        self.plan.shifts.iter().map(|shift| {
            let command = Command::PublishShift(ShiftPublish {
                cleaner: self.crew.cleaner(shift.cleaner),
                zone: SITES[self.crew.site].zone_slug(),
                start: shift.during.start,
                end: shift.during.end,
            });
            self.step(
                self.plan.day.midnight - PUBLISHED_BEFORE,
                Role::Manager,
                &format!("shift {}", shift.cleaner),
                command,
            )
        })
    }

    fn step(&self, at: Timestamp, role: Role, label: &str, command: Command) -> Staged {
        let label = format!("{} {label}", self.label);
        Staged::new(at, company_actor(role), label, command)
    }

    fn booking(&self, visit: &Visit) -> Staged {
        let customer = &self.crew.customers[visit.customer];
        let command = Command::CreateBooking(BookingCreate {
            customer: CustomerId(customer.id().0),
            property: customer.property(&SITES[self.crew.site]),
            service: visit.service.clone(),
            start: visit.start,
        });
        let label = format!("booking {}", visit.number);
        self.step(visit.booked_at, Role::Dispatcher, &label, command)
    }

    /// The booking, who is sent, and that it was called off.
    fn visit(&self, visit: &Visit) -> Vec<Staged> {
        let booking = self.booking(visit);
        let mut ids = booking.context().ids();
        let (of_booking, job): (BookingId, JobId) = (ids.make(), ids.make());
        let mut steps = vec![booking];
        if let Some(at) = visit.assigned_at {
            steps.extend((0_u8..).zip(&visit.crew).map(|(seat, cleaner)| {
                let command = Command::AssignJob(JobAssign {
                    job,
                    cleaner: self.crew.cleaner(*cleaner),
                    seat: Some(seat),
                    expected_version: None,
                });
                let at = at + SignedDuration::from_secs(i64::from(seat));
                let label = format!("assign {} {seat}", visit.number);
                self.step(at, Role::Dispatcher, &label, command)
            }));
        }
        if let Some(at) = visit.cancelled_at {
            let command = Command::CancelBooking(BookingCancel {
                booking: of_booking,
                reason: Some("The plans have changed.".to_owned()),
                expected_version: None,
            });
            let label = format!("cancel {}", visit.number);
            steps.push(self.step(at, Role::Dispatcher, &label, command));
        }
        steps
    }
}

/// What each cleaner would have said last, and when.
fn duties(world: &World, now: Timestamp) -> BTreeMap<CleanerId, (Timestamp, Duty)> {
    let mut said: BTreeMap<CleanerId, (Timestamp, Duty)> = BTreeMap::new();
    for shift in world.shifts.values() {
        let duty = if shift.during.contains_instant(now) {
            (shift.during.start, Duty::On)
        } else if shift.during.end <= now {
            (shift.during.end, Duty::Off)
        } else {
            continue;
        };
        let last = said.entry(shift.cleaner).or_insert(duty);
        if last.0 < duty.0 {
            *last = duty;
        }
    }
    said
}
