//! A decision in the making: facts are applied to a copy of the world as they are stated, so that
//! each next rule sees what the ones before it did.

use std::collections::BTreeSet;

use jiff::Timestamp;
use uuid::Uuid;

use super::Decision;
use crate::domain::{
    Actor, Context, Event, Objection, Rejection, Thresholds, World,
    context::Ids,
    entity::{Cleaner, Customer, Hold, Job, Service, Zone},
    ids::{CleanerId, CustomerId, HoldId, JobId, ServiceSlug, ZoneSlug},
};

#[derive(Clone)]
pub(super) struct Draft {
    pub(super) world: World,
    pub(super) actor: Actor,
    pub(super) now: Timestamp,
    pub(super) thresholds: Thresholds,
    ids: Ids,
    events: Vec<Event>,
    /// Jobs that something has been stated about.
    touched: BTreeSet<JobId>,
}

impl Draft {
    pub(super) fn new(world: &World, context: &Context) -> Self {
        Self {
            world: world.clone(),
            actor: context.actor,
            now: context.now,
            thresholds: context.thresholds,
            ids: context.ids(),
            events: Vec::new(),
            touched: BTreeSet::new(),
        }
    }

    /// States a fact.
    pub(super) fn emit(&mut self, event: Event) {
        self.world.apply(&event);
        if let ("job", id) = event.aggregate() {
            self.touched.extend(id.parse::<JobId>().ok());
        }
        self.events.push(event);
    }

    pub(super) fn new_id<T: From<Uuid>>(&mut self) -> T {
        self.ids.make()
    }

    /// An answer of what would be, which changes nothing.
    pub(super) fn as_if(answer: impl serde::Serialize) -> Decision {
        Decision {
            events: Vec::new(),
            result: serde_json::to_value(answer).expect("answers are plain data"),
        }
    }

    /// A yes, with one of [`answer`](crate::domain::contract::answer) and with what it makes of the
    /// alerts of the jobs it is about.
    pub(super) fn done(mut self, answer: impl serde::Serialize) -> Decision {
        for job in self.touched.clone() {
            self.tell(job);
        }
        Decision {
            events: self.events,
            result: serde_json::to_value(answer).expect("answers are plain data"),
        }
    }
}

/// Rows that a command names; absent ones are [`Objection::NotFound`].
impl Draft {
    pub(super) fn zone(&self, slug: &ZoneSlug) -> Result<Zone, Objection> {
        self.world
            .zones
            .get(slug)
            .cloned()
            .ok_or(Objection::NotFound)
    }

    pub(super) fn service(&self, slug: &ServiceSlug) -> Result<Service, Objection> {
        self.world
            .services
            .get(slug)
            .cloned()
            .ok_or(Objection::NotFound)
    }

    pub(super) fn job(&self, id: JobId) -> Result<Job, Objection> {
        self.world.jobs.get(&id).cloned().ok_or(Objection::NotFound)
    }

    pub(super) fn cleaner(&self, id: CleanerId) -> Result<Cleaner, Objection> {
        self.world
            .cleaners
            .get(&id)
            .cloned()
            .ok_or(Objection::NotFound)
    }

    /// The customer that a command is for: the actor, or whom staff name.
    pub(super) fn customer(&self, named: Option<CustomerId>) -> Result<Customer, Objection> {
        let id = match (self.actor.customer(), named) {
            (Some(own), Some(named)) if own != named => return Err(Objection::NotFound),
            (Some(own), _) => own,
            (None, Some(named)) if self.actor.role.is_staff() => named,
            (None, Some(_)) => return Err(Objection::NotFound),
            (None, None) => return Err(Objection::invalid("customer", "say whose")),
        };
        self.world
            .customers
            .get(&id)
            .cloned()
            .ok_or(Objection::NotFound)
    }

    /// A hold of the actor's own, or any for staff.
    pub(super) fn hold(&self, id: HoldId) -> Result<Hold, Objection> {
        self.world
            .holds
            .get(&id)
            .filter(|hold| self.may_act_for(hold.customer))
            .cloned()
            .ok_or(Objection::NotFound)
    }

    /// Dispatchers and above. Which of them may, the table of roles says.
    pub(super) fn require_staff(&self) -> Result<(), Objection> {
        if self.actor.role.is_staff() {
            Ok(())
        } else {
            Err(Objection::Forbidden)
        }
    }

    pub(super) fn may_act_for(&self, customer: CustomerId) -> bool {
        self.actor.role.is_staff() || self.actor.customer() == Some(customer)
    }
}

/// Invariant 8: what was read must still be so.
pub(super) fn check_version(expected: Option<i64>, current: i64) -> Result<(), Objection> {
    match expected {
        Some(expected) if expected != current => Err(Rejection::StaleVersion { current }.into()),
        Some(_) | None => Ok(()),
    }
}
