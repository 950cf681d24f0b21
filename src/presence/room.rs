//! One zone as the shared lists show it: pure, with the time given. Every instance makes the same
//! of the same lists, so nobody has to be asked and nobody has to be elected.
//!
//! When the lists were lost (Redis emptied or replaced) every instance enters its own again within
//! a beat. This one notices by its own entries, which are missing or newer than they were; until
//! all have had the time to come back, absence is not believed.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap, HashSet},
    time::Duration,
};

use hub::ports::Listed;
use jiff::Timestamp;
use tokio::time::Instant;

use super::{
    entry::{self, Claim, Entry, Look},
    roll::ClientId,
};
use crate::{
    audience::presence::{
        Focus, JobLock, PEOPLE_NAMED, PresenceCounts, PresenceRow, PresentCleaner,
        PresentDispatcher,
    },
    domain::{
        Role,
        ids::{AccountId, CleanerId, JobId, ZoneSlug},
    },
};

/// The two lists of a zone, read one after the other.
#[derive(Debug, Clone, Default)]
pub(super) struct Lists {
    pub(super) people: Vec<Listed>,
    pub(super) claims: Vec<Listed>,
}

/// See the module.
#[derive(Debug)]
pub(super) struct Room {
    /// How long instances may take to enter their people again.
    restoring: Duration,
    lists: Lists,
    row: PresenceRow,
    standings: Vec<Standing>,
    read_at: Timestamp,
    doubted_until: Option<Instant>,
    told_at: Option<Instant>,
    told_version: i64,
}

impl Room {
    pub(super) fn new(zone: ZoneSlug, restoring: Duration) -> Self {
        let none = Lists::default();
        Self {
            restoring,
            row: row(zone, 0, &none),
            standings: Vec::new(),
            lists: none,
            read_at: Timestamp::UNIX_EPOCH,
            doubted_until: None,
            told_at: None,
            told_version: -1,
        }
    }

    /// Takes in what the lists hold. `own` are entries of people that must be among it.
    pub(super) fn read(
        &mut self,
        mut lists: Lists,
        own: &HashSet<ClientId>,
        (now, wall): (Instant, Timestamp),
    ) {
        if self.lost(&lists.people, own) {
            self.doubted_until = Some(now + self.restoring);
        }
        self.doubted_until.take_if(|until| *until <= now);
        if self.doubted_until.is_some() {
            keep_absent(&self.lists.people, &mut lists.people);
            keep_absent(&self.lists.claims, &mut lists.claims);
        }
        let version = wall.as_millisecond().max(self.row.version + 1);
        let row = row(self.row.id.clone(), version, &lists);
        let unchanged = PresenceRow {
            version: self.row.version,
            ..row.clone()
        };
        if self.row.version == 0 || self.row != unchanged {
            self.row = row;
        }
        self.standings = standings(&lists.claims);
        self.lists = lists;
        self.read_at = wall;
    }

    /// Whether the lists are not those that were seen before.
    fn lost(&self, people: &[Listed], own: &HashSet<ClientId>) -> bool {
        let since = |listed: &[Listed]| -> HashMap<String, u64> {
            let mine = listed
                .iter()
                .filter(|entry| own.contains(entry.info.client.as_str()));
            mine.map(|entry| (entry.info.client.clone(), entry.since_us))
                .collect()
        };
        let found = since(people);
        since(&self.lists.people)
            .iter()
            .any(|(client, since_us)| found.get(client) != Some(since_us))
    }

    /// The state, and when it was read.
    pub(super) fn state(&self) -> (&PresenceRow, Timestamp) {
        (&self.row, self.read_at)
    }

    /// The claims that count.
    pub(super) fn standings(&self) -> &[Standing] {
        &self.standings
    }

    /// Whether it was ever read.
    pub(super) fn is_known(&self) -> bool {
        self.row.version > 0
    }

    /// Whether subscribers are to be told: of a change at once, else when they have not heard for
    /// as long as `repeat`. They are told then.
    pub(super) fn tell(&mut self, now: Instant, repeat: Duration) -> bool {
        let is_old = self
            .told_at
            .is_none_or(|told| now.duration_since(told) >= repeat);
        let tells = self.is_known() && (is_old || self.told_version != self.row.version);
        if tells {
            self.told_at = Some(now);
            self.told_version = self.row.version;
        }
        tells
    }
}

/// Adds what was there and is not any more.
fn keep_absent(before: &[Listed], after: &mut Vec<Listed>) {
    let there: HashSet<String> = after
        .iter()
        .map(|entry| entry.info.client.clone())
        .collect();
    let absent = before
        .iter()
        .filter(|entry| !there.contains(&entry.info.client));
    after.extend(absent.cloned());
}

/// What the newest entry says somebody is, and what they said last to be looking at.
#[derive(Default)]
struct Person {
    since_us: u64,
    role: Option<Role>,
    name: String,
    look: Option<Look>,
}

fn row(zone: ZoneSlug, version: i64, lists: &Lists) -> PresenceRow {
    let mut people: BTreeMap<&str, Person> = BTreeMap::new();
    let mut counts = PresenceCounts::default();
    for listed in &lists.people {
        let Some(said) = entry::read::<Entry>(listed) else {
            continue;
        };
        if said.role.is_none() {
            counts.visitors += 1;
            continue;
        }
        let person = people.entry(&listed.info.user).or_default();
        if listed.since_us >= person.since_us {
            person.since_us = listed.since_us;
            person.role = said.role;
            person.name = said.name.unwrap_or_default();
        }
        let at = |look: &Option<Look>| look.as_ref().map(|look| look.at_ms);
        if at(&said.look) > at(&person.look) {
            person.look = said.look;
        }
    }
    let (mut cleaners, mut dispatchers) = (Vec::new(), Vec::new());
    for (user, person) in people {
        let Ok(account) = user.parse::<AccountId>() else {
            continue;
        };
        match person.role {
            Some(Role::Customer) => counts.customers += 1,
            Some(Role::Cleaner) => cleaners.push(PresentCleaner {
                id: CleanerId(account.0),
                name: person.name,
            }),
            Some(role @ (Role::Dispatcher | Role::Manager | Role::Admin)) => {
                dispatchers.push(dispatcher(account, role, person));
            }
            None | Some(Role::System) => {}
        }
    }
    counts.cleaners = cleaners.len();
    counts.dispatchers = dispatchers.len();
    cleaners.sort_by(|one, other| (&one.name, one.id).cmp(&(&other.name, other.id)));
    dispatchers.sort_by(|one, other| (&one.name, one.id).cmp(&(&other.name, other.id)));
    cleaners.truncate(PEOPLE_NAMED);
    dispatchers.truncate(PEOPLE_NAMED);
    PresenceRow {
        id: zone,
        version,
        counts,
        cleaners,
        dispatchers,
        locks: standings(&lists.claims)
            .into_iter()
            .map(|standing| standing.lock)
            .collect(),
    }
}

fn dispatcher(id: AccountId, role: Role, person: Person) -> PresentDispatcher {
    let look = person.look.and_then(|look| Some((look.job?, look.typing)));
    PresentDispatcher {
        id,
        name: person.name,
        role,
        focus: look.map(|(job, typing)| Focus { job, typing }),
    }
}

fn standings(claims: &[Listed]) -> Vec<Standing> {
    let read = claims.iter().filter_map(entry::read::<Claim>);
    let jobs: BTreeSet<JobId> = read.map(|claim| claim.job).collect();
    jobs.into_iter()
        .filter_map(|job| standing(claims, job))
        .collect()
}

/// The claim that counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Standing {
    pub(super) lock: JobLock,
    pub(super) generation: u32,
}

/// Of the claims on a job the last take-over counts, and of equals the first that was entered.
pub(super) fn standing(claims: &[Listed], job: JobId) -> Option<Standing> {
    let read = claims.iter().filter_map(|listed| {
        let claim = entry::read::<Claim>(listed).filter(|claim| claim.job == job)?;
        Some((listed, claim))
    });
    // The first of those that are the least.
    let (listed, claim) = read.min_by_key(|(_, claim)| u32::MAX - claim.generation)?;
    let since = i64::try_from(listed.since_us / 1000).unwrap_or(i64::MAX);
    Some(Standing {
        lock: JobLock {
            job,
            holder: listed.info.user.parse().ok()?,
            name: claim.name,
            since: Timestamp::from_millisecond(since).unwrap_or_default(),
            taken_from: claim.taken_from,
        },
        generation: claim.generation,
    })
}

#[cfg(test)]
mod tests;
