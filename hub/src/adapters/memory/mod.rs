//! Everything in this process: the embedded default of a single instance, and several instances of
//! one process in tests. Nothing survives the process.

mod broker;
mod log;
mod presence;
#[cfg(test)]
mod tests;

pub use broker::{MemoryBroker, MemoryBus};
pub use log::{MemoryLog, Retention};
pub use presence::MemoryPresence;
