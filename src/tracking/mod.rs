//! Where cleaners are, from their phones to whoever may see it, with nothing stored.
//!
//! What a cleaner is doing decides whether they are followed and who is shown what. It is read once
//! and remembered for a moment, and read again as soon as their agenda changes, here or on another
//! instance: a position goes nowhere it must not go for longer than the wire takes, or
//! [`REMEMBERED`] where the wire has lost the change. The right to read a track ends by itself, as
//! all rights do.

mod state;

use std::{sync::Arc, time::Duration};

use dashmap::DashMap;
use jiff::Timestamp;
use tokio::{sync::mpsc, time::Instant};

use crate::{
    audience::{EphemeralChannel, LiveBody, LiveRow, shown},
    domain::{
        ids::{CleanerId, ZoneSlug},
        position::{CleanerNow, Fix, Implausible, LocationReport},
    },
    store::{self, Pools, StoreError},
};
use state::{Doing, State};

/// How long what a cleaner is doing is believed without a look, while it is not heard to change.
const REMEMBERED: Duration = Duration::from_secs(10);
/// The same for somebody who is not followed: the first report after the change should count.
const DENIED: Duration = Duration::from_secs(1);
/// Cleaners of whom nothing was heard for so long are forgotten.
const FORGOTTEN: Duration = Duration::from_mins(10);
/// Changed agendas that wait for a look; further ones wait for the next report.
const DOUBTS: usize = 1024;

/// The live side of the hub, as far as it concerns what is not durable. Nothing here waits.
pub trait Ephemeral: Send + Sync + 'static {
    /// To this instance's subscribers and the other instances, soon; replaces what was said under
    /// the same key.
    fn say(&self, channel: &EphemeralChannel, key: &str, body: &LiveBody);

    /// What this instance has heard and remembers, one body per key.
    fn heard(&self, channel: &EphemeralChannel) -> Vec<LiveBody>;
}

/// Why a report showed nobody anything.
#[derive(Debug)]
pub enum Unshown {
    Implausible(Implausible),
    /// Not at work: nobody may know where they are.
    NotTracking,
    Store(StoreError),
}

/// Whether a report was news.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reported {
    Shown,
    /// Nothing in it was newer than what is known, or recent enough.
    Old,
}

pub struct Tracking {
    pools: Pools,
    live: Arc<dyn Ephemeral>,
    cleaners: DashMap<CleanerId, State>,
    doubts: mpsc::Sender<CleanerId>,
}

/// The end of the queue that [`Tracking::run`] works off.
pub type Doubts = mpsc::Receiver<CleanerId>;

impl Tracking {
    pub fn new(pools: Pools, live: Arc<dyn Ephemeral>) -> (Self, Doubts) {
        let (doubts, end) = mpsc::channel(DOUBTS);
        let tracking = Self {
            pools,
            live,
            cleaners: DashMap::new(),
            doubts,
        };
        (tracking, end)
    }

    /// A cleaner's phone reports where it was.
    pub async fn report(
        &self,
        cleaner: CleanerId,
        report: &LocationReport,
        now: Timestamp,
    ) -> Result<Reported, Unshown> {
        let newest = report.newest(now).map_err(Unshown::Implausible)?;
        let doing = self.doing(cleaner).await.map_err(Unshown::Store)?;
        let Doing::Work(followed) = doing else {
            self.retract(cleaner, None, now);
            return Err(Unshown::NotTracking);
        };
        let Some(fix) = newest else {
            return Ok(Reported::Old);
        };
        if self.is_old(cleaner, &followed.zone, &fix) {
            return Ok(Reported::Old);
        }
        self.retract(cleaner, Some(&followed.zone), now);
        if let Some(mut state) = self.cleaners.get_mut(&cleaner) {
            state.shown(followed.zone.clone());
        }
        for (channel, body) in shown(cleaner, &fix, &followed, now) {
            self.live.say(&channel, &cleaner.to_string(), &body);
        }
        Ok(Reported::Shown)
    }

    /// Something was published: if it is a cleaner's agenda, what they do may have changed.
    pub fn observed(&self, channel: &str) {
        let Some(id) = channel.strip_prefix("agenda:") else {
            return;
        };
        let Ok(cleaner) = id.parse::<CleanerId>() else {
            return;
        };
        let Some(mut state) = self.cleaners.get_mut(&cleaner) else {
            return;
        };
        state.doubt(Instant::now());
        if state.is_shown() {
            // Without room the next report asks.
            let _ = self.doubts.try_send(cleaner);
        }
    }

    /// Takes the positions of those away who are not followed any more, until nobody asks for it.
    pub async fn run(&self, mut doubts: Doubts) {
        while let Some(cleaner) = doubts.recv().await {
            match self.doing(cleaner).await {
                Ok(Doing::Work(followed)) => {
                    self.retract(cleaner, Some(&followed.zone), Timestamp::now());
                }
                Ok(Doing::Private) => self.retract(cleaner, None, Timestamp::now()),
                Err(error) => tracing::debug!(%error, "what a cleaner does could not be read"),
            }
        }
    }

    /// Forgets whoever has not reported for long. To be called now and then.
    pub fn prune(&self) {
        let now = Instant::now();
        self.cleaners
            .retain(|_, state| !state.is_idle(now, FORGOTTEN));
    }

    async fn doing(&self, cleaner: CleanerId) -> Result<Doing, StoreError> {
        let known = self.cleaners.get(&cleaner);
        if let Some(known) = known.and_then(|state| state.known(Instant::now(), REMEMBERED, DENIED))
        {
            return Ok(known);
        }
        let asked = Instant::now();
        let now = store::tracking::cleaner_now(&self.pools, cleaner).await?;
        let doing = Doing::from(now.and_then(CleanerNow::followed));
        metrics::counter!("tracking_reads_total").increment(1);
        self.cleaners
            .entry(cleaner)
            .or_default()
            .learn(doing.clone(), asked);
        Ok(doing)
    }

    /// True when this or another instance has shown a newer one. Otherwise it is the newest now.
    fn is_old(&self, cleaner: CleanerId, zone: &ZoneSlug, fix: &Fix) -> bool {
        let elsewhere = |state: &State| {
            let first = state.last().is_none();
            first.then(|| self.heard_of(cleaner, zone)).flatten()
        };
        let Some(mut state) = self.cleaners.get_mut(&cleaner) else {
            return false;
        };
        let elsewhere = elsewhere(&state);
        !state.advance(fix.at, elsewhere)
    }

    /// The time of the newest position that was heard from whichever instance.
    fn heard_of(&self, cleaner: CleanerId, zone: &ZoneSlug) -> Option<Timestamp> {
        let heard = self.live.heard(&EphemeralChannel::Positions(zone.clone()));
        let mut rows = heard.into_iter().flat_map(|body| body.set);
        rows.find_map(|row| match row {
            LiveRow::Position(row) => (row.id == cleaner).then_some(row.at),
            LiveRow::Track(_) | LiveRow::Presence(_) | LiveRow::Instance(_) => None,
        })
    }

    /// Takes the position away where it was shown, unless that is where it belongs still.
    fn retract(&self, cleaner: CleanerId, keep: Option<&ZoneSlug>, now: Timestamp) {
        let Some(mut state) = self.cleaners.get_mut(&cleaner) else {
            return;
        };
        if let Some(zone) = state.retract(keep) {
            let channel = EphemeralChannel::Positions(zone);
            let body = LiveBody::gone(now, cleaner);
            self.live.say(&channel, &cleaner.to_string(), &body);
        }
    }
}
