//! Work that nobody asks for: durable timers, and the upkeep of what is kept for a while only.
//!
//! Every instance runs it; leases and locks in the database see to it that each thing is done by
//! one of them. Each loop ends when `shutdown` is cancelled, after the round that it is in.

mod timers;
mod upkeep;

use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{execute::Executor, store::Pools};

/// Starts all background work on `tasks`.
pub fn start(
    pools: &Pools,
    executor: &Executor,
    shutdown: &CancellationToken,
    tasks: &TaskTracker,
) {
    tasks.spawn(timers::run(
        pools.clone(),
        executor.clone(),
        shutdown.clone(),
    ));
    tasks.spawn(upkeep::run(pools.clone(), shutdown.clone()));
}
