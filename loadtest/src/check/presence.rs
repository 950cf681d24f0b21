//! Presence equals the true connections. A channel's own list names the connections that follow
//! it. The calm list of a zone names people: staff who watch its control room or the list itself,
//! and the cleaners at home there who follow anything.

use std::collections::{BTreeSet, HashSet};

use sqlx::PgConnection;
use uuid::Uuid;

use crate::history::{Event, Role};

use super::{
    clients::{Client, Clients, Phase},
    finding::{Evidence, Finding},
    reading::Placed,
};

/// Staff, or cleaners, beyond which a zone's list leaves people out.
const NAMED: usize = 300;

/// Cleaners and their home zones.
pub type Homes = HashSet<(Uuid, String)>;

pub async fn homes(database: &mut PgConnection) -> sqlx::Result<Homes> {
    let rows: Vec<(Uuid, String)> = sqlx::query_as("select cleaner_id, zone from cleaner_zone")
        .fetch_all(database)
        .await?;
    Ok(rows.into_iter().collect())
}

#[derive(Debug)]
pub struct Presence {
    finding: Finding,
    homes: Homes,
}

/// Who has to be on a list, and who may be.
#[derive(Debug, Default)]
struct Expected {
    must: BTreeSet<String>,
    may: BTreeSet<String>,
}

impl Presence {
    pub fn new(homes: Homes) -> Self {
        Self {
            finding: Finding::new("presence is who is connected"),
            homes,
        }
    }

    pub fn see(&mut self, placed: &Placed, clients: &Clients) {
        let Event::Present {
            channel,
            clients: listed,
        } = &placed.line.event
        else {
            return;
        };
        self.finding.checked += 1;
        let expected = match channel.strip_prefix("presence:") {
            Some(zone) => self.people_in(zone, clients),
            None => followers_of(channel, clients),
        };
        let listed: BTreeSet<String> = listed.iter().cloned().collect();
        let cut = listed.len() >= NAMED;
        let missing: Vec<_> = expected.must.difference(&listed).collect();
        if let Some(one) = missing.first().filter(|_| !cut) {
            let what = format!("{} who are there are not listed, like {one}", missing.len());
            self.found(placed, channel, what);
        }
        let gone: Vec<_> = listed.difference(&expected.may).collect();
        if let Some(one) = gone.first() {
            let what = format!("{} are listed who are not there, like {one}", gone.len());
            self.found(placed, channel, what);
        }
    }

    fn found(&mut self, placed: &Placed, channel: &str, what: String) {
        let evidence = Evidence::at(placed.number, placed.line.client, what);
        self.finding.violated(evidence.on(channel));
    }

    fn people_in(&self, zone: &str, clients: &Clients) -> Expected {
        let mut expected = Expected::default();
        let control = format!("control:{zone}:");
        let list = format!("presence:{zone}");
        for (_, client) in clients.iter() {
            let (Some(user), Some(role)) = (client.user, client.role) else {
                continue;
            };
            let watches = follows(client, |name| name.starts_with(&control) || name == list);
            let at_home = self.homes.contains(&(user, zone.to_owned()));
            let (must, may) = match role {
                Role::Dispatcher | Role::Manager | Role::Admin => (watches, watches),
                Role::Cleaner => {
                    let connected = client.connection.is_some();
                    (at_home && follows(client, |_| true), at_home && connected)
                }
                Role::Guest | Role::Customer => (false, false),
            };
            if must {
                expected.must.insert(user.to_string());
            }
            if may {
                expected.may.insert(user.to_string());
            }
        }
        expected
    }

    pub fn finding(self) -> Finding {
        self.finding
    }
}

fn followers_of(channel: &str, clients: &Clients) -> Expected {
    let live = clients.live_on(channel);
    let must: BTreeSet<String> = live
        .filter_map(|(_, client, _)| client.connection.clone())
        .collect();
    Expected {
        may: must.clone(),
        must,
    }
}

fn follows(client: &Client, which: impl Fn(&str) -> bool) -> bool {
    let subscriptions = client.subscriptions.iter();
    let mut live = subscriptions.filter(|(_, held)| held.phase == Phase::Live);
    live.any(|(name, _)| which(name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::testing::{closed, person, raw, told_by};

    fn follow(client: u32, role: Role, channel: &str) -> Vec<(u32, Event)> {
        let events = [
            person(Uuid::from_u128(client.into()), role),
            Event::Connected {
                instance: 0,
                client: format!("c{client}"),
            },
            Event::Subscribed {
                channel: channel.to_owned(),
                position: None,
                recovered: false,
                snapshot: Some(raw("{}")),
                publications: Vec::new(),
            },
        ];
        events.into_iter().map(|event| (client, event)).collect()
    }

    fn violations(before: Vec<(u32, Event)>, channel: &str, listed: &[String]) -> u64 {
        let present = Event::Present {
            channel: channel.to_owned(),
            clients: listed.to_vec(),
        };
        let homes = Homes::from([(Uuid::from_u128(2), "a".to_owned())]);
        let (mut promise, mut clients) = (Presence::new(homes), Clients::default());
        for placed in told_by(before.into_iter().chain([(0, present)]).collect()) {
            promise.see(&placed, &clients);
            clients.apply(&placed);
        }
        let finding = promise.finding();
        assert_eq!(finding.checked, 1);
        finding.violations
    }

    fn users(users: &[u128]) -> Vec<String> {
        let ids = users.iter().copied().map(Uuid::from_u128);
        ids.map(|id| id.to_string()).collect()
    }

    #[test]
    fn a_list_of_connections_is_who_follows_the_channel() {
        let two = || {
            let mut events = follow(1, Role::Dispatcher, "board:a");
            events.extend(follow(2, Role::Cleaner, "board:a"));
            events.extend(follow(3, Role::Cleaner, "board:b"));
            events
        };
        let listed =
            |names: &[&str]| -> Vec<String> { names.iter().map(ToString::to_string).collect() };
        assert_eq!(violations(two(), "board:a", &listed(&["c1", "c2"])), 0);
        assert_eq!(violations(two(), "board:a", &listed(&["c1"])), 1);
        assert_eq!(
            violations(two(), "board:a", &listed(&["c1", "c2", "c3"])),
            1
        );
        let mut left = two();
        left.push((2, closed(3001)));
        assert_eq!(violations(left, "board:a", &listed(&["c1", "c2"])), 1);
    }

    #[test]
    fn a_zones_list_is_its_staff_and_the_cleaners_at_home_there() {
        let all = || {
            let mut events = follow(1, Role::Dispatcher, "control:a:2027-03-01");
            events.extend(follow(2, Role::Cleaner, "agenda:2"));
            events.extend(follow(3, Role::Cleaner, "agenda:3"));
            events.extend(follow(4, Role::Customer, "slots:a:2027-03-01"));
            events.extend(follow(5, Role::Dispatcher, "control:ab:2027-03-01"));
            events
        };
        assert_eq!(violations(all(), "presence:a", &users(&[1, 2])), 0);
        assert_eq!(violations(all(), "presence:a", &users(&[1])), 1);
        assert_eq!(violations(all(), "presence:a", &users(&[1, 2, 5])), 1);
        assert_eq!(violations(all(), "presence:a", &users(&[3, 4])), 2);
    }
}
