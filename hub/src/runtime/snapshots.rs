//! Snapshots are read once for all who want one of the same channel at the same time. Whoever gets
//! one that is older than its subscription fills it up from the log.

use dashmap::{DashMap, Entry};
use futures_util::{
    FutureExt,
    future::{BoxFuture, Shared},
};
use metrics::counter;
use tokio::sync::Semaphore;

use super::hub::Hub;
use crate::ports::{ChannelName, Denied, Snapshot};

type Flight = Shared<BoxFuture<'static, Result<Snapshot, Denied>>>;

#[derive(Debug)]
pub(super) struct Snapshots {
    under_way: DashMap<ChannelName, Flight>,
    turns: Semaphore,
}

impl Snapshots {
    pub(super) fn new(at_once: usize) -> Self {
        Self {
            under_way: DashMap::new(),
            turns: Semaphore::new(at_once.max(1)),
        }
    }
}

impl Hub {
    pub(super) async fn snapshot(&self, channel: &ChannelName) -> Result<Snapshot, Denied> {
        self.join_flight(channel).await
    }

    fn join_flight(&self, channel: &ChannelName) -> Flight {
        match self.snapshots().under_way.entry(channel.clone()) {
            Entry::Occupied(flight) => {
                counter!("hub_snapshots_total", "shared" => "yes").increment(1);
                flight.get().clone()
            }
            Entry::Vacant(place) => {
                counter!("hub_snapshots_total", "shared" => "no").increment(1);
                let (hub, channel) = (self.clone(), channel.clone());
                // A task, so that it lands even when everybody who waited has gone.
                let task = self.tracker().spawn(async move {
                    let result = hub.read_snapshot(&channel).await;
                    hub.snapshots().under_way.remove(&channel);
                    result
                });
                let flight = async move { task.await.unwrap_or(Err(Denied::Unavailable)) };
                place.insert(flight.boxed().shared()).clone()
            }
        }
    }

    async fn read_snapshot(&self, channel: &ChannelName) -> Result<Snapshot, Denied> {
        let Ok(_turn) = self.snapshots().turns.acquire().await else {
            return Err(Denied::Unavailable);
        };
        let asked = self.now();
        let snapshot = self.in_time(self.application().snapshot(channel)).await?;
        if let Some(head) = &snapshot.position {
            self.head_seen(channel, head, asked);
        }
        let (bytes, limit) = (snapshot.data.get().len(), self.config().snapshot_bytes);
        if bytes > limit {
            counter!("hub_snapshots_refused_total").increment(1);
            tracing::error!(%channel, bytes, limit, "a snapshot is over its limit and is not sent");
            return Err(Denied::LimitExceeded);
        }
        Ok(snapshot)
    }
}
