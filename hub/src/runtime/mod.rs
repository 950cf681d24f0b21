//! The only code that waits: sockets, timers, tasks. It carries out what the protocol core decides
//! and knows nothing of why.

mod clock;
mod config;
mod connection;
mod ephemeral;
mod feed;
mod hub;
mod metrics;
mod operations;
mod ordering;
mod outbound;
mod presence;
pub(crate) mod queue;
mod registry;
mod resync;
mod snapshots;
mod socket;
#[cfg(test)]
mod tests;

pub use config::HubConfig;
pub use hub::{Hub, HubStatus};
