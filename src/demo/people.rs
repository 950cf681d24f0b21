//! Who works for the demo company and who books it. Everybody has an id that follows from their
//! place in the list, so that a later start finds them again.
//!
//! A few accounts are for whoever looks at the demo: they are printed at start, and no simulated
//! person ever acts for them.

use std::collections::BTreeSet;

use super::{
    company::{SITES, Site, slug},
    dice::{Dice, beginning},
    names::{ACCESS_NOTES, FIRST, LAST},
    stage::Staged,
};
use crate::domain::{
    Actor, Command, Role, World,
    command::{CleanerSave, CustomerCreate, PropertyAdd, UserSave},
    ids::{AccountId, CleanerId, CustomerId, PropertyId, SkillSlug},
};

pub(super) const CLEANERS_PER_SITE: usize = 20;
pub(super) const CUSTOMERS_PER_SITE: usize = 40;

/// Of all accounts that are printed.
pub const PASSWORD: &str = "demo-demo";

const DOMAIN: &str = "demo.example";

/// Somebody of the demo.
#[derive(Debug, Clone, PartialEq)]
pub struct Person {
    pub role: Role,
    pub name: String,
    pub email: String,
    /// Kept for whoever looks at the demo.
    pub for_visitors: bool,
    /// Where they work or live, by number of the site; everywhere where `None`.
    pub(super) site: Option<usize>,
    /// Place in the list of those of the same role and site.
    number: usize,
}

impl Person {
    /// That of the account, and of the customer or cleaner.
    pub fn id(&self) -> AccountId {
        self.hiring().first_id()
    }

    pub fn actor(&self) -> Actor {
        Actor {
            id: self.id(),
            role: self.role,
        }
    }

    /// The sites where they work or live.
    pub(super) fn sites(&self) -> impl Iterator<Item = &'static Site> {
        let only = self.site;
        let all = SITES.iter().enumerate();
        all.filter(move |(index, _)| only.is_none_or(|only| only == *index))
            .map(|(_, site)| site)
    }

    /// Where we clean for them in a zone.
    pub(super) fn property(&self, site: &Site) -> PropertyId {
        self.moving_in(site).first_id()
    }

    fn hiring(&self) -> Staged {
        let (name, email) = (self.name.clone(), Some(self.email.clone()));
        let site = self.sites().next().unwrap_or(&SITES[0]);
        let phone = site.phone(self.role, self.number);
        let command = match self.role {
            Role::Customer => Command::CreateCustomer(CustomerCreate { name, phone, email }),
            Role::Cleaner => Command::SaveCleaner(CleanerSave {
                cleaner: None,
                name,
                phone: Some(phone),
                email,
                zones: self.sites().map(Site::zone_slug).collect(),
                skills: skills_of(self.number),
                active: true,
                expected_version: None,
            }),
            Role::Dispatcher | Role::Manager | Role::Admin | Role::System => {
                Command::SaveUser(UserSave {
                    account: None,
                    role: self.role,
                    name,
                    email,
                    password: None,
                    disabled: None,
                    expected_version: None,
                })
            }
        };
        let actor = match self.role {
            Role::Customer => company_actor(Role::Manager),
            Role::Cleaner | Role::Dispatcher | Role::Manager | Role::Admin | Role::System => {
                company_actor(Role::Admin)
            }
        };
        Staged::new(
            beginning(),
            actor,
            format!("person {}", self.email),
            command,
        )
    }

    fn moving_in(&self, site: &Site) -> Staged {
        let label = format!("property {} {}", site.slug, self.email);
        let mut dice = Dice::of(&label);
        let [west, south, east, north] = site.inside();
        let street = dice.pick(site.places.streets).copied().unwrap_or_default();
        let district = dice
            .pick(site.places.districts)
            .copied()
            .unwrap_or_default();
        let notes = dice.pick(&ACCESS_NOTES).copied().unwrap_or_default();
        let command = Command::AddProperty(PropertyAdd {
            customer: Some(CustomerId(self.id().0)),
            address: format!("{street} {}, {district}", dice.between(1, 120)),
            district: Some(district.to_owned()),
            access_notes: Some(notes.to_owned()),
            lon: dice.place(west, east),
            lat: dice.place(south, north),
        });
        Staged::new(beginning(), company_actor(Role::Manager), label, command)
    }
}

impl Site {
    fn phone(&self, role: Role, number: usize) -> String {
        let block = if role == Role::Customer { 2 } else { 1 };
        format!("{}{block}{number:02}", self.phone_prefix)
    }
}

/// Two of three know each trade, in a pattern by which every pair of trades is known together.
pub(super) fn skills_of(number: usize) -> BTreeSet<SkillSlug> {
    let trades = ["deep", "windows", "office"];
    let known = trades
        .iter()
        .enumerate()
        .filter(|(trade, _)| number % 3 != *trade);
    known.map(|(_, skill)| slug(skill)).collect()
}

/// In whose name the demo's own commands run.
pub(super) fn company_actor(role: Role) -> Actor {
    Actor {
        id: AccountId(uuid::Uuid::nil()),
        role,
    }
}

/// Everybody, those for visitors first.
pub fn everybody() -> Vec<Person> {
    let mut people = vec![
        person(Role::Customer, "customer", None, 99),
        person(Role::Dispatcher, "dispatcher", None, 0),
        person(Role::Manager, "manager", None, 0),
        person(Role::Admin, "admin", None, 0),
    ];
    for (index, site) in SITES.iter().enumerate() {
        let email = format!("cleaner-{}", site.slug);
        people.push(person(Role::Cleaner, &email, Some(index), 0));
    }
    for visitor in &mut people {
        visitor.for_visitors = true;
    }
    people.push(person(Role::Dispatcher, "control", None, 1));
    for (index, site) in SITES.iter().enumerate() {
        people.extend((1..CLEANERS_PER_SITE).map(|number| {
            let email = format!("cleaner-{}-{number}", site.slug);
            person(Role::Cleaner, &email, Some(index), number)
        }));
        people.extend((0..CUSTOMERS_PER_SITE).map(|number| {
            let email = format!("customer-{}-{number}", site.slug);
            person(Role::Customer, &email, Some(index), number)
        }));
    }
    people
}

fn person(role: Role, email: &str, site: Option<usize>, number: usize) -> Person {
    let mut dice = Dice::of(email);
    let last = dice.pick(&LAST).copied().unwrap_or_default();
    let first = match (role, site) {
        // First names differ within a zone: dispatchers call people by them.
        (Role::Cleaner, Some(site)) => FIRST[(site * CLEANERS_PER_SITE + number) % FIRST.len()],
        (_, _) => dice.pick(&FIRST).copied().unwrap_or_default(),
    };
    Person {
        role,
        name: format!("{first} {last}"),
        email: format!("{email}@{DOMAIN}"),
        for_visitors: false,
        site,
        number,
    }
}

/// Those of one role at one site, in the order of the list.
pub(super) fn staff_of(site: usize, role: Role) -> Vec<Person> {
    let mut people = everybody();
    people.retain(|person| person.role == role && person.site == Some(site));
    people.sort_by_key(|person| person.number);
    people
}

/// What makes whoever is missing.
pub(super) fn hiring(world: &World) -> Vec<Staged> {
    let mut steps = Vec::new();
    for person in everybody() {
        let id = person.id();
        let known = match person.role {
            Role::Cleaner => world.cleaners.contains_key(&CleanerId(id.0)),
            Role::Customer | Role::Dispatcher | Role::Manager | Role::Admin | Role::System => {
                world.accounts.contains_key(&id)
            }
        };
        if !known {
            steps.push(person.hiring());
        }
        if person.role == Role::Customer {
            let missing = |site: &&Site| !world.properties.contains_key(&person.property(site));
            steps.extend(
                person
                    .sites()
                    .filter(missing)
                    .map(|site| person.moving_in(site)),
            );
        }
    }
    steps
}
