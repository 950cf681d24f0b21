//! What this instance's connections claim to be editing.

use std::sync::Arc;

use tokio::time::Instant;

use super::{Absent, ClientId, Key, Roll};
use crate::{
    domain::ids::{AccountId, JobId, ZoneSlug},
    presence::{connection::Held, entry::Claim, room::Standing},
};

/// Claims of one connection; of more, the first gives way.
pub(super) const CLAIMS: usize = 8;

impl Roll {
    /// Whom the claims of a connection of the staff name, where it is in that zone; `None` while
    /// their name is not known yet.
    pub(in crate::presence) fn speaker(
        &mut self,
        client: &ClientId,
        zone: &ZoneSlug,
    ) -> Result<Option<(AccountId, String)>, Absent> {
        self.speaking(client, zone)?;
        let known = self.connections.get(client).ok_or(Absent)?;
        let account = known.user.parse().map_err(|_| Absent)?;
        let name = known.card.as_ref().map(|card| card.name.clone());
        Ok(name.map(|name| (account, name)))
    }

    /// Claims a job, or claims it for longer.
    pub(in crate::presence) fn claims(
        &mut self,
        client: &ClientId,
        zone: &ZoneSlug,
        claim: Claim,
        now: Instant,
    ) -> Result<(), Absent> {
        self.speaking(client, zone)?;
        let until = now + self.lives.claim;
        let connection = self.connections.get_mut(client).ok_or(Absent)?;
        let key = |held: &Held| {
            let (zone, job) = (held.zone.clone(), held.claim.job);
            Key::Claim(Arc::clone(client), zone, job)
        };
        let is_that = |held: &Held| held.zone == *zone && held.claim.job == claim.job;
        connection.claims.retain(|held| !is_that(held));
        while connection.claims.len() >= CLAIMS {
            let first = connection.claims.remove(0);
            self.changed.insert(key(&first));
        }
        let held = Held {
            zone: zone.clone(),
            claim,
            until,
        };
        self.changed.insert(key(&held));
        connection.claims.push(held);
        self.claiming.insert(Arc::clone(client));
        self.deadlines.insert((until, Arc::clone(client)));
        Ok(())
    }

    /// What this connection claims of a job.
    pub(in crate::presence) fn claimed(
        &self,
        client: &str,
        zone: &ZoneSlug,
        job: JobId,
    ) -> Option<&Claim> {
        let claims = &self.connections.get(client)?.claims;
        let held = claims
            .iter()
            .find(|held| held.zone == *zone && held.claim.job == job);
        held.map(|held| &held.claim)
    }

    /// Gives a claim up, if there is one.
    pub(in crate::presence) fn releases(&mut self, client: &ClientId, zone: &ZoneSlug, job: JobId) {
        let Some(connection) = self.connections.get_mut(client) else {
            return;
        };
        let before = connection.claims.len();
        connection
            .claims
            .retain(|held| held.zone != *zone || held.claim.job != job);
        if connection.claims.len() != before {
            let key = Key::Claim(Arc::clone(client), zone.clone(), job);
            self.changed.insert(key);
        }
    }

    /// Gives up what this instance's connections claim of a job that was taken over.
    pub(in crate::presence) fn yields(&mut self, zone: &ZoneSlug, standing: &Standing) -> bool {
        let (connections, changed) = (&mut self.connections, &mut self.changed);
        let before = changed.len();
        let job = standing.lock.job;
        self.claiming.retain(|client| {
            let Some(connection) = connections.get_mut(client) else {
                return false;
            };
            connection.claims.retain(|held| {
                let is_over = held.zone == *zone
                    && held.claim.job == job
                    && held.claim.generation < standing.generation;
                if is_over {
                    changed.insert(Key::Claim(Arc::clone(client), zone.clone(), job));
                }
                !is_over
            });
            !connection.claims.is_empty()
        });
        changed.len() > before
    }
}
