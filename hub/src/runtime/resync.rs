//! Tells subscribers to start anew, paced: clients resubscribe within a tenth of a second and
//! without jitter, so the spreading has to be done here.

use std::{sync::Arc, time::Duration};

use tokio::sync::mpsc;

use super::{handle::Handle, hub::Hub, queue::Item};
use crate::protocol::SubscriptionId;

/// What connections are told, many at once.
pub(super) type Resyncs = Vec<(Item, Arc<Handle>)>;

/// How often a portion is told.
const STEP: Duration = Duration::from_millis(50);

impl Hub {
    pub(super) fn resync(&self, subscribers: impl Iterator<Item = (SubscriptionId, Arc<Handle>)>) {
        self.tell(subscribers.map(|(id, queue)| (Item::Resync(id), queue)));
    }

    /// Tells connections something after which clients subscribe again.
    pub(super) fn tell(&self, told: impl Iterator<Item = (Item, Arc<Handle>)>) {
        let told: Resyncs = told.collect();
        if !told.is_empty() {
            // Fails only when the hub has shut down, and its connections with it.
            let _ = self.resyncs().send(told);
        }
    }

    pub(super) async fn run_resyncs(self, mut resyncs: mpsc::UnboundedReceiver<Resyncs>) {
        let per_step = (self.config().resyncs_per_second / 20).max(1);
        let mut told = 0;
        while let Some(subscribers) = resyncs.recv().await {
            for (item, handle) in subscribers {
                handle.signal(item);
                told += 1;
                if told >= per_step {
                    told = 0;
                    tokio::time::sleep(STEP).await;
                }
            }
        }
    }
}
