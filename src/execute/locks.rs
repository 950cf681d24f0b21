//! What a command must have locked: what it names, every row it changes, and everything behind the
//! rows that it publishes. A published row is thus true when it is committed, and whoever changes
//! what a row joins waits for whoever publishes that row.

use std::collections::BTreeSet;

use crate::{
    audience::{Difference, Entity},
    domain::{
        Actor, Command, Scope, Table, World,
        ids::{AccountId, CleanerId, CustomerId},
    },
};

pub(super) type Locks = BTreeSet<Entity>;

/// What the command names, and the actor's own row: the limits of a customer and the one job of a
/// cleaner are defended by it, although it may not change.
pub(super) fn named(command: &Command, actor: Actor) -> Locks {
    let mut locks = Locks::new();
    locks.extend(actor.customer().map(Entity::Customer));
    locks.extend(actor.cleaner().map(Entity::Cleaner));
    match Scope::of(command, actor) {
        // Whose job or time it is, is known only once they are read; or it is only asked about.
        Scope::Nothing
        | Scope::Targets { .. }
        | Scope::Alert(_)
        | Scope::Shift { .. }
        | Scope::Template(_)
        | Scope::Plan(_)
        | Scope::Import(_) => {}
        Scope::Customer(customer) => locks.extend([Entity::Customer(customer)]),
        Scope::Slot { customer, .. } => locks.extend(customer.map(Entity::Customer)),
        Scope::Hold { hold, .. } => locks.extend([Entity::Hold(hold)]),
        Scope::Booking(booking) => locks.extend([Entity::Booking(booking)]),
        Scope::Job { job, cleaner } => {
            locks.extend([Entity::Job(job)]);
            locks.extend(cleaner.map(Entity::Cleaner));
        }
        Scope::Watch(job) => locks.extend([Entity::Job(job)]),
        Scope::Move {
            job,
            booking,
            cleaner,
            ..
        } => {
            locks.extend(job.map(Entity::Job));
            locks.extend(booking.map(Entity::Booking));
            locks.extend(cleaner.map(Entity::Cleaner));
        }
        Scope::Cleaner { cleaner, .. } => locks.extend([Entity::Cleaner(cleaner)]),
        Scope::Zone(zone) => locks.extend([Entity::Zone(zone)]),
        Scope::Service(service) => locks.extend([Entity::Service(service)]),
        Scope::Account { account, .. } => locks.extend(account.into_iter().flat_map(personal)),
        Scope::Staff { cleaner, .. } => {
            let account = cleaner.map(|cleaner| AccountId(cleaner.0));
            locks.extend(account.into_iter().flat_map(personal));
        }
    }
    locks
}

/// Whether what the command names, with its ties, is as a rule all that it needs locked. Where
/// the choice of cleaners is the decision itself, it is not.
pub(super) fn names_all(command: &Command, actor: Actor) -> bool {
    match Scope::of(command, actor) {
        Scope::Hold { .. }
        | Scope::Booking(_)
        | Scope::Job { .. }
        | Scope::Move { .. }
        | Scope::Watch(_) => true,
        Scope::Cleaner { during, .. } => during.is_none(),
        Scope::Nothing
        | Scope::Alert(_)
        | Scope::Customer(_)
        | Scope::Slot { .. }
        | Scope::Shift { .. }
        | Scope::Template(_)
        | Scope::Plan(_)
        | Scope::Targets { .. }
        | Scope::Import(_)
        | Scope::Zone(_)
        | Scope::Service(_)
        | Scope::Account { .. }
        | Scope::Staff { .. } => false,
    }
}

/// An account with the rows that share its id.
fn personal(account: AccountId) -> [Entity; 3] {
    [
        Entity::Account(account),
        Entity::Customer(CustomerId(account.0)),
        Entity::Cleaner(CleanerId(account.0)),
    ]
}

/// What the decision needs locked, of what was there before it. What it makes needs no lock:
/// nobody else knows of it.
pub(super) fn needed(before: &World, after: &World, difference: &Difference) -> Locks {
    let mut locks = changed(before, after);
    locks.extend(difference.behind().iter().cloned());
    locks.retain(|entity| exists(before, entity));
    locks
}

pub(super) fn cleaners(locks: &Locks) -> Vec<CleanerId> {
    let cleaners = locks.iter().filter_map(|lock| match lock {
        Entity::Cleaner(id) => Some(*id),
        Entity::Account(_)
        | Entity::Zone(_)
        | Entity::Service(_)
        | Entity::Customer(_)
        | Entity::Hold(_)
        | Entity::Booking(_)
        | Entity::Job(_) => None,
    });
    cleaners.collect()
}

/// Everybody whose time was loaded, for when guessing who is concerned has failed too often.
pub(super) fn whole_roster(world: &World) -> Locks {
    world
        .cleaners
        .keys()
        .copied()
        .map(Entity::Cleaner)
        .collect()
}

fn changed(before: &World, after: &World) -> Locks {
    let mut locks = Locks::new();
    locks.extend(ids(&before.accounts, &after.accounts).map(Entity::Account));
    locks.extend(ids(&before.zones, &after.zones).map(Entity::Zone));
    locks.extend(ids(&before.services, &after.services).map(Entity::Service));
    locks.extend(ids(&before.customers, &after.customers).map(Entity::Customer));
    locks.extend(ids(&before.holds, &after.holds).map(Entity::Hold));
    locks.extend(ids(&before.bookings, &after.bookings).map(Entity::Booking));
    locks.extend(ids(&before.jobs, &after.jobs).map(Entity::Job));
    locks.extend(ids(&before.cleaners, &after.cleaners).map(Entity::Cleaner));
    let alerts = rows(&before.alerts, &after.alerts);
    locks.extend(alerts.map(|row| Entity::Job(row.job)));
    let properties = rows(&before.properties, &after.properties);
    locks.extend(properties.map(|row| Entity::Customer(row.customer)));
    let shifts = rows(&before.shifts, &after.shifts).map(|row| row.cleaner);
    let templates = rows(&before.templates, &after.templates).map(|row| row.cleaner);
    locks.extend(templates.map(Entity::Cleaner));
    let time_off = rows(&before.time_off, &after.time_off).map(|row| row.cleaner);
    let occupancy = rows(&before.occupancy, &after.occupancy).map(|row| row.cleaner);
    locks.extend(shifts.chain(time_off).chain(occupancy).map(Entity::Cleaner));
    locks
}

/// Ids of rows that are new, different or gone.
fn ids<'a, K: Ord + Clone, V: PartialEq>(
    before: &'a Table<K, V>,
    after: &'a Table<K, V>,
) -> impl Iterator<Item = K> + 'a {
    let changed = after.since(before).into_iter();
    changed.map(|row| row.id.clone())
}

/// Rows that are new, different (as they were and as they are) or gone.
fn rows<'a, K: Ord + Clone, V: PartialEq>(
    before: &'a Table<K, V>,
    after: &'a Table<K, V>,
) -> impl Iterator<Item = &'a V> {
    let changed = after.since(before).into_iter();
    changed.flat_map(|row| row.before.into_iter().chain(row.after))
}

fn exists(world: &World, entity: &Entity) -> bool {
    match entity {
        Entity::Account(id) => world.accounts.contains_key(id),
        Entity::Zone(slug) => world.zones.contains_key(slug),
        Entity::Service(slug) => world.services.contains_key(slug),
        Entity::Customer(id) => world.customers.contains_key(id),
        Entity::Hold(id) => world.holds.contains_key(id),
        Entity::Booking(id) => world.bookings.contains_key(id),
        Entity::Job(id) => world.jobs.contains_key(id),
        Entity::Cleaner(id) => world.cleaners.contains_key(id),
    }
}
