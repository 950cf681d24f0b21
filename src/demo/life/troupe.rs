//! Who acts: the simulated people, where they work and live, and what they may buy. The demo's own
//! people are one troupe; any other company can have one.

use std::{collections::BTreeMap, sync::Arc};

use jiff::Timestamp;

use crate::{
    demo::{
        company::{SITES, services},
        people::{Person, everybody, staff_of},
    },
    domain::{
        Role,
        entity::Zone,
        ids::{AccountId, PropertyId},
    },
};

pub use crate::domain::command::ServiceSave as Sold;

/// Somebody simulated, with the address they sign in with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Player {
    pub id: AccountId,
    pub email: String,
}

/// A simulated customer, and where we clean for them.
#[derive(Debug, Clone)]
pub struct Household {
    pub customer: AccountId,
    pub property: PropertyId,
}

/// A zone and who books in it.
#[derive(Debug, Clone)]
pub struct Place {
    pub zone: Zone,
    pub households: Vec<Household>,
}

/// How customers shop.
#[derive(Debug, Clone, Copy)]
pub struct Habits {
    /// Of the cleaners free at a start, how many they leave free: visitors always find a slot.
    pub left_free: u8,
    /// How far ahead they look, in days.
    pub days_ahead: u8,
    /// Holds that they have at once, all together.
    pub holds: usize,
    /// Of a hundred holds, how many become bookings; the others are released.
    pub booked: u8,
    /// Bookings that they keep; beyond, the oldest is called off.
    pub bookings: usize,
}

/// See the module.
#[derive(Debug, Clone)]
pub struct Troupe {
    /// Everybody simulated, cleaners and customers. Nobody else's work is touched.
    pub players: Arc<BTreeMap<AccountId, Player>>,
    /// The dispatcher who shows the others what there is to do.
    pub control: Player,
    pub places: Vec<Place>,
    pub services: Arc<Vec<Sold>>,
    pub habits: Habits,
}

impl Troupe {
    /// The demo's own people, those kept for visitors left out.
    pub(in crate::demo) fn of_the_demo() -> Self {
        let simulated: Vec<Person> = everybody()
            .into_iter()
            .filter(|person| !person.for_visitors)
            .collect();
        let control = simulated
            .iter()
            .find(|person| person.role == Role::Dispatcher)
            .expect("the demo has a dispatcher of its own");
        let places = SITES.iter().enumerate().map(|(number, site)| Place {
            zone: site.zone(),
            households: staff_of(number, Role::Customer)
                .iter()
                .map(|person| Household {
                    customer: person.id(),
                    property: person.property(site),
                })
                .collect(),
        });
        Self {
            control: player(control),
            places: places.collect(),
            services: Arc::new(services().collect()),
            habits: Habits {
                left_free: 1,
                days_ahead: 6,
                holds: 4,
                booked: 20,
                bookings: 20,
            },
            players: Arc::new(simulated.iter().map(|p| (p.id(), player(p))).collect()),
        }
    }
}

fn player(person: &Person) -> Player {
    Player {
        id: person.id(),
        email: person.email.clone(),
    }
}

impl Place {
    pub(super) fn is_open(&self, at: Timestamp) -> bool {
        let open = self.zone.day_at(at).and_then(|day| day.open);
        open.is_some_and(|open| open.contains_instant(at))
    }
}
