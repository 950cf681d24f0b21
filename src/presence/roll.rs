//! The connections of this instance, as the zones' lists should have them: pure, with the time
//! given.
//!
//! Which zone a connection is in: the staff's are where they watch the control or the presence
//! channel, a cleaner's in their home zones whatever they watch, a customer's and a visitor's
//! where they look at slots or at a visit. Whoever stops, by whichever way, is there for a grace
//! longer; whoever is back by then, here or elsewhere, was never away.

use std::{
    collections::{BTreeSet, HashMap, HashSet},
    sync::Arc,
    time::Duration,
};

use hub::ports::{ChannelName, ClientInfo};
use tokio::time::Instant;

use super::{
    connection::{Card, Connection, Place, Stay, place},
    entry::{Entry, Look, claim_name, claims_list, info, people_list},
};
use crate::{
    audience::{AnyChannel, presence::may_tell_presence},
    domain::{
        Role,
        ids::{AccountId, BookingId, JobId, ZoneSlug},
    },
};

/// How long things last without a word.
#[derive(Debug, Clone, Copy)]
pub(super) struct Lives {
    pub(super) grace: Duration,
    pub(super) typing: Duration,
    pub(super) claim: Duration,
}

/// A connection's id.
pub(super) type ClientId = Arc<str>;

/// An entry of a list to be written, or to be removed where there is none.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Change {
    pub(super) list: ChannelName,
    pub(super) client: String,
    pub(super) info: Option<ClientInfo>,
}

/// The connection is not in that zone, or may not speak there.
#[derive(Debug, PartialEq, Eq)]
pub struct Absent;

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Key {
    Person(ClientId, ZoneSlug),
    Claim(ClientId, ZoneSlug, JobId),
}

/// See the module.
#[derive(Debug)]
pub(super) struct Roll {
    lives: Lives,
    connections: HashMap<ClientId, Connection>,
    deadlines: BTreeSet<(Instant, ClientId)>,
    changed: HashSet<Key>,
    /// What the lists have of this instance, or are about to.
    listed: HashSet<Key>,
    /// Connections of the staff by zone.
    staff: HashMap<ZoneSlug, HashSet<ClientId>>,
    /// Connections that may have claims.
    claiming: HashSet<ClientId>,
}

impl Roll {
    pub(super) fn new(lives: Lives) -> Self {
        Self {
            lives,
            connections: HashMap::new(),
            deadlines: BTreeSet::new(),
            changed: HashSet::new(),
            listed: HashSet::new(),
            staff: HashMap::new(),
            claiming: HashSet::new(),
        }
    }

    /// A connection is there.
    pub(super) fn came(&mut self, client: &ClientId, user: &Arc<str>, role: Option<Role>) {
        let connection = || Connection {
            user: Arc::clone(user),
            role,
            card: None,
            follows: HashMap::new(),
            stays: HashMap::new(),
            claims: Vec::new(),
            gone: false,
        };
        self.connections
            .entry(Arc::clone(client))
            .or_insert_with(connection);
    }

    /// It follows a channel. True where something has to be looked up for that.
    pub(super) fn follows(
        &mut self,
        client: &ClientId,
        name: &ChannelName,
        channel: &AnyChannel,
        now: Instant,
    ) -> bool {
        let Some(connection) = self.connections.get_mut(client) else {
            return false;
        };
        let Some(place) = place(connection.role, channel) else {
            return false;
        };
        let unknown = matches!(place, Place::Booking(_)) || connection.lacks_card();
        connection.follows.insert(name.clone(), place);
        self.settle(client, now);
        unknown
    }

    pub(super) fn unfollows(&mut self, client: &ClientId, name: &str, now: Instant) {
        let connection = self.connections.get_mut(client);
        if connection.is_some_and(|connection| connection.follows.remove(name).is_some()) {
            self.settle(client, now);
        }
    }

    /// It has ended.
    pub(super) fn went(&mut self, client: &ClientId, now: Instant) {
        if let Some(connection) = self.connections.get_mut(client) {
            connection.gone = true;
            self.settle(client, now);
        }
    }

    /// Those of the company's people of whom nothing is known yet, or all.
    pub(super) fn cards_wanted(&self, known_too: bool) -> BTreeSet<AccountId> {
        let here = self.connections.values().filter(|known| !known.gone);
        here.filter(|known| known.lacks_card() || (known_too && known.card.is_some()))
            .filter_map(|known| known.user.parse().ok())
            .collect()
    }

    /// What was read of these accounts; whoever is not among `cards` is nobody any more.
    pub(super) fn learn_cards(
        &mut self,
        asked: &BTreeSet<AccountId>,
        cards: &HashMap<AccountId, Card>,
        now: Instant,
    ) {
        let mut touched = Vec::new();
        for (client, connection) in &mut self.connections {
            let Ok(account) = connection.user.parse::<AccountId>() else {
                continue;
            };
            if !connection.has_card_by_role() || !asked.contains(&account) {
                continue;
            }
            let card = cards.get(&account).cloned();
            if connection.card != card {
                connection.card = card;
                touched.push(Arc::clone(client));
            }
        }
        for client in touched {
            self.mark(&client);
            self.settle(&client, now);
        }
    }

    /// Bookings whose zone is not known yet.
    pub(super) fn places_wanted(&self) -> BTreeSet<BookingId> {
        let places = self
            .connections
            .values()
            .flat_map(|known| known.follows.values());
        places
            .filter_map(|place| match place {
                Place::Booking(booking) => Some(*booking),
                Place::Zone(_) => None,
            })
            .collect()
    }

    /// Where these bookings are; one that is not among `places` is nowhere.
    pub(super) fn learn_places(
        &mut self,
        asked: &BTreeSet<BookingId>,
        places: &HashMap<BookingId, ZoneSlug>,
        now: Instant,
    ) {
        let mut touched = Vec::new();
        for (client, connection) in &mut self.connections {
            let before = connection.follows.len();
            let mut found = false;
            connection.follows.retain(|_, place| {
                let Place::Booking(booking) = place else {
                    return true;
                };
                if !asked.contains(booking) {
                    return true;
                }
                let Some(zone) = places.get(booking) else {
                    return false;
                };
                *place = Place::Zone(zone.clone());
                found = true;
                true
            });
            if found || connection.follows.len() != before {
                touched.push(Arc::clone(client));
            }
        }
        for client in touched {
            self.settle(&client, now);
        }
    }

    /// Says what a connection of the staff looks at in a zone where it is.
    pub(super) fn looks(
        &mut self,
        client: &ClientId,
        zone: &ZoneSlug,
        look: Look,
        now: Instant,
    ) -> Result<(), Absent> {
        let typing_until = look.typing.then(|| now + self.lives.typing);
        let stay = self.speaking(client, zone)?;
        stay.look = Some(look);
        stay.typing_until = typing_until;
        if let Some(until) = typing_until {
            self.deadlines.insert((until, Arc::clone(client)));
        }
        let key = Key::Person(Arc::clone(client), zone.clone());
        self.changed.insert(key);
        Ok(())
    }

    /// Zones where somebody of the staff is, by a connection of this instance.
    pub(super) fn staffed(&self) -> Vec<ZoneSlug> {
        self.staff.keys().cloned().collect()
    }

    /// Entries of the staff that the zone's list must have of this instance.
    pub(super) fn listed_staff(&self, zone: &ZoneSlug) -> HashSet<ClientId> {
        let staff = self.staff.get(zone).into_iter().flatten();
        staff
            .filter(|client| {
                let key = Key::Person(Arc::clone(client), zone.clone());
                self.listed.contains(&key) && !self.changed.contains(&key)
            })
            .cloned()
            .collect()
    }

    /// When [`Roll::changes`] will have something to say, if nothing else happens.
    pub(super) fn deadline(&self) -> Option<Instant> {
        self.deadlines.first().map(|(at, _)| *at)
    }

    /// What is to be written into the lists, once.
    pub(super) fn changes(&mut self, now: Instant) -> Vec<Change> {
        while let Some((at, _)) = self.deadlines.first()
            && *at <= now
            && let Some((_, client)) = self.deadlines.pop_first()
        {
            self.lapse(&client, now);
        }
        let mut changes = Vec::new();
        for key in std::mem::take(&mut self.changed) {
            let change = self.change(&key);
            let was_listed = if change.info.is_some() {
                self.listed.insert(key);
                true
            } else {
                self.listed.remove(&key)
            };
            if was_listed {
                changes.push(change);
            }
        }
        changes
    }

    fn change(&self, key: &Key) -> Change {
        match key {
            Key::Person(client, zone) => Change {
                list: people_list(zone),
                client: client.to_string(),
                info: self.person(client, zone),
            },
            Key::Claim(client, zone, job) => Change {
                list: claims_list(zone),
                client: claim_name(client, *job),
                info: self.claimed(client, zone, *job).and_then(|claim| {
                    let user = &self.connections.get(client)?.user;
                    Some(info(user, claim_name(client, *job), claim))
                }),
            },
        }
    }

    fn person(&self, client: &ClientId, zone: &ZoneSlug) -> Option<ClientInfo> {
        let known = self.connections.get(client)?;
        let stay = known.stays.get(zone)?;
        if known.lacks_card() {
            return None;
        }
        let entry = Entry {
            role: known.role,
            name: known.card.as_ref().map(|card| card.name.clone()),
            look: stay.look.clone(),
        };
        Some(info(&known.user, client.to_string(), &entry))
    }

    /// The stay of a connection of the staff that is there.
    fn speaking(&mut self, client: &ClientId, zone: &ZoneSlug) -> Result<&mut Stay, Absent> {
        let connection = self.connections.get_mut(client).ok_or(Absent)?;
        if !connection.role.is_some_and(may_tell_presence) {
            return Err(Absent);
        }
        let stay = connection.stays.get_mut(zone);
        stay.filter(|stay| stay.until.is_none()).ok_or(Absent)
    }

    /// Brings a connection's stays in line with what keeps it where.
    fn settle(&mut self, client: &ClientId, now: Instant) {
        let Some(connection) = self.connections.get_mut(client) else {
            return;
        };
        let wanted = connection.zones();
        for zone in &wanted {
            let stay = connection.stays.entry(zone.clone()).or_insert_with(|| {
                let key = Key::Person(Arc::clone(client), zone.clone());
                self.changed.insert(key);
                Stay::default()
            });
            stay.until = None;
            if connection.role.is_some_and(may_tell_presence) {
                let there = self.staff.entry(zone.clone()).or_default();
                there.insert(Arc::clone(client));
            }
        }
        let until = now + self.lives.grace;
        for (zone, stay) in &mut connection.stays {
            if stay.until.is_none() && !wanted.contains(zone) {
                stay.until = Some(until);
                self.deadlines.insert((until, Arc::clone(client)));
                leave_staff(&mut self.staff, zone, client);
            }
        }
        if connection.gone && connection.stays.is_empty() {
            self.connections.remove(client);
        }
    }

    /// Ends whatever of a connection has had its time.
    fn lapse(&mut self, client: &ClientId, now: Instant) {
        let Some(connection) = self.connections.get_mut(client) else {
            return;
        };
        let changed = &mut self.changed;
        connection.stays.retain(|zone, stay| {
            let over = stay.until.is_some_and(|until| until <= now);
            let typed = stay.typing_until.take_if(|until| *until <= now).is_some();
            if typed && let Some(look) = &mut stay.look {
                look.typing = false;
            }
            if over || typed {
                changed.insert(Key::Person(Arc::clone(client), zone.clone()));
            }
            !over
        });
        let stays = &connection.stays;
        connection.claims.retain(|held| {
            let keeps = held.until > now && stays.contains_key(&held.zone);
            if !keeps {
                let (zone, job) = (held.zone.clone(), held.claim.job);
                changed.insert(Key::Claim(Arc::clone(client), zone, job));
            }
            keeps
        });
        if connection.gone && connection.stays.is_empty() {
            self.connections.remove(client);
        }
    }

    fn mark(&mut self, client: &ClientId) {
        let zones = self.connections.get(client).into_iter();
        let zones = zones.flat_map(|known| known.stays.keys());
        let keys = zones.map(|zone| Key::Person(Arc::clone(client), zone.clone()));
        self.changed.extend(keys);
    }
}

fn leave_staff(
    staff: &mut HashMap<ZoneSlug, HashSet<ClientId>>,
    zone: &ZoneSlug,
    client: &ClientId,
) {
    if let Some(there) = staff.get_mut(zone) {
        there.remove(client);
        if there.is_empty() {
            staff.remove(zone);
        }
    }
}

mod claims;
#[cfg(test)]
mod tests;
