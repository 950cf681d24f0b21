//! Whether a run kept the hub's promises, told from the history and the database alone.
//!
//! It shares no code with the server and none of its types: it is written from the architecture,
//! the glossary and the schema. One file per promise. The history is read once, in a stream; what
//! is kept of it is bounded by commands and subscriptions, not by deliveries.

pub mod clients;
pub mod delivery;
pub mod excuses;
pub mod finding;
pub mod reading;
#[cfg(test)]
mod testing;
