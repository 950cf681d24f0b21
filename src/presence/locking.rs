//! Locks on jobs: a claim is entered, and then the lists say whose counts. Of two who ask at once,
//! every instance finds the same one first, and the other gives its claim up.

use tokio::time::Instant;

use super::{
    Presence, Untold,
    entry::{Claim, claims_list},
    roll::ClientId,
    room::{Standing, standing},
};
use crate::{
    audience::presence::{LockRequest, LockStands, UnlockRequest},
    domain::ids::{AccountId, JobId, ZoneSlug},
};

/// Tries of one request to be the one who has a lock.
const TRIES: usize = 3;

impl Presence {
    /// Says that the caller is editing a job, unless another is or the caller takes over.
    pub async fn lock(
        &self,
        client: &ClientId,
        request: &LockRequest,
    ) -> Result<LockStands, Untold> {
        let (zone, job) = (&request.zone, request.job);
        let (me, name) = self.speaker(client, zone).await?;
        let mut now = self.standing(zone, job).await?;
        // Whoever takes over at the same moment, and is first, is not taken over from in turn.
        let before = now.as_ref().map(|held| held.lock.holder);
        let takes_over = |holder| request.take_over == Some(true) && before == Some(holder);
        for _ in 0..TRIES {
            let (generation, taken_from) = match &now {
                None => (0, None),
                Some(held) if held.lock.holder == me => (held.generation, held.lock.taken_from),
                Some(held) if takes_over(held.lock.holder) => {
                    (held.generation.saturating_add(1), Some(held.lock.holder))
                }
                Some(_) => break,
            };
            let claim = Claim {
                job,
                name: name.clone(),
                generation,
                taken_from,
            };
            self.roll().claims(client, zone, claim, Instant::now())?;
            self.write().await;
            now = self.standing(zone, job).await?;
            if now.as_ref().is_some_and(|held| held.lock.holder == me) {
                return Ok(stands(job, me, now));
            }
            // Another was first.
            self.roll().releases(client, zone, job);
            self.write().await;
        }
        Ok(stands(job, me, now))
    }

    /// Says that the caller is done with a job.
    pub async fn unlock(
        &self,
        client: &ClientId,
        request: &UnlockRequest,
    ) -> Result<LockStands, Untold> {
        let (zone, job) = (&request.zone, request.job);
        let (me, _) = self.speaker(client, zone).await?;
        self.roll().releases(client, zone, job);
        self.write().await;
        let now = self.standing(zone, job).await?;
        Ok(stands(job, me, now))
    }

    /// Who speaks by this connection. Somebody who came a moment ago is asked for first.
    async fn speaker(
        &self,
        client: &ClientId,
        zone: &ZoneSlug,
    ) -> Result<(AccountId, String), Untold> {
        let known = self.roll().speaker(client, zone)?;
        if let Some(known) = known {
            return Ok(known);
        }
        if let Err(error) = self.ask(false).await {
            tracing::debug!(%error, "who is there could not be read");
        }
        self.changed.notify_one();
        let known = self.roll().speaker(client, zone)?;
        known.ok_or(Untold::Unavailable)
    }

    async fn standing(&self, zone: &ZoneSlug, job: JobId) -> Result<Option<Standing>, Untold> {
        Ok(standing(&self.list(&claims_list(zone)).await?, job))
    }
}

fn stands(job: JobId, me: AccountId, now: Option<Standing>) -> LockStands {
    let lock = now.map(|standing| standing.lock);
    LockStands {
        job,
        yours: lock.as_ref().is_some_and(|lock| lock.holder == me),
        lock,
    }
}
