//! The only code that waits: connections, timers, tasks. It carries out what the protocol core decides
//! and knows nothing of why.

#[cfg(feature = "breakages")]
pub mod breakage;
mod clock;
mod config;
mod connection;
mod echo;
mod emulation;
mod ephemeral;
mod feed;
mod handle;
mod hub;
mod inbox;
mod metrics;
mod operations;
mod ordering;
mod outbound;
mod presence;
pub(crate) mod queue;
mod registry;
mod resync;
mod rounds;
mod snapshots;
mod socket;
mod stream;
#[cfg(test)]
mod tests;
mod transport;

pub use config::HubConfig;
pub use echo::echo_websocket;
pub use hub::{Hub, HubStatus};
pub use stream::{Framing, ReplyBody};
