//! Makes the log's partitions ahead and trims what is old, a few times an hour.

use std::time::Duration;

use jiff::Timestamp;
use tokio_util::sync::CancellationToken;

use crate::store::{
    Pools, outage,
    upkeep::{prepare_partitions, trim},
};

const EVERY: Duration = Duration::from_mins(10);
/// After a round that found the database away.
const AGAIN_AFTER: Duration = Duration::from_secs(5);

pub(super) async fn run(pools: Pools, shutdown: CancellationToken) {
    while !shutdown.is_cancelled() {
        let pause = if round(&pools).await {
            EVERY
        } else {
            AGAIN_AFTER
        };
        tokio::select! {
            () = shutdown.cancelled() => return,
            () = tokio::time::sleep(pause) => {}
        }
    }
}

/// Whether all went well.
async fn round(pools: &Pools) -> bool {
    let now = Timestamp::now();
    if let Err(error) = prepare_partitions(pools, now).await {
        outage::tell("the log's partitions could not be looked after", &error);
        return false;
    }
    match trim(pools, now).await {
        Ok(Some(trimmed)) => {
            tracing::debug!(?trimmed, "old rows are gone");
            true
        }
        Ok(None) => true,
        Err(error) => {
            outage::tell("old rows could not be trimmed", &error);
            false
        }
    }
}
