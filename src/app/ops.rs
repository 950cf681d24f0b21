//! `ops`: how this instance is, told to admins every few seconds. What another instance does not
//! tell for a minute is forgotten.

use std::{sync::Arc, time::Duration};

use hub::Hub;
use jiff::Timestamp;
use tokio::time::{MissedTickBehavior, interval};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use uuid::Uuid;

use super::live::Live;
use crate::{
    audience::{EphemeralChannel, InstanceRow, LiveBody, LiveRow},
    gateway::Gateway,
    store::{Pools, tracking::overdue_timers},
    tracking::Ephemeral,
};

const PERIOD: Duration = Duration::from_secs(5);

/// What is looked at.
pub(super) struct Watched {
    hub: Hub,
    pools: Pools,
    gateway: Arc<Gateway>,
    live: Arc<Live>,
}

/// Tells until the instance begins to stop.
pub(super) fn start(watched: Watched, draining: CancellationToken, tasks: &TaskTracker) {
    tasks.spawn(async move {
        draining.run_until_cancelled(tell(watched)).await;
    });
}

async fn tell(watched: Watched) {
    let (id, started_at) = (Uuid::new_v4().to_string(), Timestamp::now());
    let mut period = interval(PERIOD);
    period.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        period.tick().await;
        let row = watched.row(&id, started_at).await;
        let body = LiveBody::one(row.at, LiveRow::Instance(row));
        watched.live.say(&EphemeralChannel::Ops, &id, &body);
    }
}

impl Watched {
    pub(super) fn new(hub: &Hub, pools: &Pools, gateway: &Arc<Gateway>, live: &Arc<Live>) -> Self {
        Self {
            hub: hub.clone(),
            pools: pools.clone(),
            gateway: Arc::clone(gateway),
            live: Arc::clone(live),
        }
    }

    async fn row(&self, id: &str, started_at: Timestamp) -> InstanceRow {
        let overdue = overdue_timers(&self.pools).await.ok();
        let (now, status, tally) = (Timestamp::now(), self.hub.status(), self.gateway.tally());
        let pools = [&self.pools.commands, &self.pools.reads];
        let idle: usize = pools.iter().map(|pool| pool.num_idle()).sum();
        InstanceRow {
            id: id.to_owned(),
            version: now.as_millisecond(),
            at: now,
            started_at,
            release: env!("CARGO_PKG_VERSION").to_owned(),
            connections: status.connections,
            channels: status.channels,
            queued_bytes: status.queued_bytes,
            queued_most_bytes: status.queued_most_bytes,
            outbound_batches: status.outbound_batches,
            log_age_ms: u64::try_from(status.look_age.as_millis()).unwrap_or(u64::MAX),
            database_connections: pools.iter().map(|pool| pool.size()).sum(),
            database_connections_idle: u32::try_from(idle).unwrap_or(u32::MAX),
            accepted: tally.accepted,
            rejected: tally.rejected,
            refused: tally.refused,
            errors: tally.errors,
            timers_overdue: overdue.map(|(count, _)| count),
            timers_overdue_seconds: overdue.and_then(|(_, seconds)| seconds),
        }
    }
}
