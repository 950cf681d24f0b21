//! The demo company: three zones around the world, dozens of cleaners, and a plan of the days
//! around now, deterministic by seed and relative to today. Somewhere it is always day: at any
//! hour one zone at least can be booked and three jobs are under way.
//!
//! The plan is pure; it becomes rows by the same decisions, differences and publications as every
//! command, with the clock set to when each would have been given. Nothing of this exists outside
//! demo mode.

mod company;
mod day;
mod dice;
pub mod life;
mod names;
pub mod people;
mod plan;
mod progress;
pub mod seed;
mod stage;
#[cfg(test)]
mod tests;

use std::{net::SocketAddr, ops::RangeInclusive, sync::Arc, time::Duration};

use hub::ports::{Control, Publication};
use jiff::Timestamp;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{
    execute::Committed,
    sign_in::password::Hasher,
    store::{
        self, Pools, StoreError, account,
        turn::{Part, Turn},
    },
};
use people::{Person, everybody};
use seed::{DAYS, Seeded, seed};

/// How often what is due is added to the demo, and what was left lying moved on.
const TOP_UP_PERIOD: Duration = Duration::from_hours(1);

/// How often an instance looks whether the one whose turn it is has gone.
const TURN_PERIOD: Duration = Duration::from_secs(2);

/// Something happens every few seconds.
pub const PAUSE_MS: RangeInclusive<i64> = 1500..=4000;

/// Fills a database before anybody is served, or brings what is there up to now.
pub async fn prepare(pools: &Pools) -> Result<Seeded, StoreError> {
    store::epoch::ensure(pools).await?;
    store::upkeep::prepare_partitions(pools, Timestamp::now()).await?;
    let nobody: Arc<dyn Committed> = Arc::new(Nobody);
    // Instances that start together would make the same rows at the same time.
    let turn = Turn::wait(pools, Part::DemoPlan).await?;
    let seeded = seed(pools, &nobody, DAYS, Timestamp::now()).await?;
    open_accounts(pools).await?;
    turn.give_back().await;
    Ok(seeded)
}

/// The accounts for whoever looks at the demo, all with [`people::PASSWORD`].
pub fn visitors() -> Vec<Person> {
    let mut people = everybody();
    people.retain(|person| person.for_visitors);
    people
}

/// What a running instance gives the demo.
pub struct Parts {
    pub pools: Pools,
    pub live: Arc<dyn Committed>,
    /// Where this instance is reached by those on the same machine.
    pub server: SocketAddr,
    /// Between two things that simulated people do; usually [`PAUSE_MS`].
    pub pause_ms: RangeInclusive<i64>,
}

/// Keeps the demo up to now, and lets its people act, until `stop`: on one of all instances, and on
/// another when that one is gone.
pub fn start(parts: Parts, stop: &CancellationToken, tasks: &TaskTracker) {
    let stop = stop.clone();
    tasks.spawn(async move {
        loop {
            match Turn::take(&parts.pools, Part::Demo).await {
                Ok(Some(turn)) => play(&parts, turn, &stop).await,
                Ok(None) => {}
                Err(error) => tracing::debug!(%error, "whose turn it is could not be asked"),
            }
            tokio::select! {
                () = stop.cancelled() => return,
                () = tokio::time::sleep(TURN_PERIOD) => {}
            }
        }
    });
}

/// While it is our turn.
async fn play(parts: &Parts, mut turn: Turn, stop: &CancellationToken) {
    let Parts {
        pools,
        live,
        server,
        pause_ms,
    } = parts;
    tracing::info!("the demo's people act on this instance");
    tokio::select! {
        () = life::run(pools.clone(), *server, pause_ms.clone(), stop.clone()) => {}
        () = stay_up_to_now(pools, live) => {}
        () = turn.lost() => tracing::warn!("the demo's people act on another instance from now on"),
    }
    turn.give_back().await;
}

async fn stay_up_to_now(pools: &Pools, live: &Arc<dyn Committed>) {
    loop {
        tokio::time::sleep(TOP_UP_PERIOD).await;
        match seed(pools, live, DAYS, Timestamp::now()).await {
            Ok(seeded) => tracing::debug!(seeded.commands, "the demo is up to now"),
            Err(error) => tracing::warn!(%error, "the demo could not be brought up to now"),
        }
    }
}

/// Lets visitors sign in.
pub async fn open_accounts(pools: &Pools) -> Result<(), StoreError> {
    let hash = Hasher::new(1, 1).hash(people::PASSWORD.to_owned()).await;
    let hash = hash.expect("nobody else waits for this hasher");
    for person in visitors() {
        let (id, email) = (person.id(), &person.email);
        if !account::link_identity(pools, id, account::PASSWORD, email, Some(&hash)).await? {
            tracing::warn!(email, "the address of a demo account is somebody else's");
        }
    }
    Ok(())
}

/// Nobody is connected yet; other instances find what was committed in the log.
struct Nobody;

impl Committed for Nobody {
    fn committed(&self, _publications: Vec<Publication>) {}

    fn control(&self, _control: Control) {}
}
