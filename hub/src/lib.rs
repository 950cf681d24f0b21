//! A real-time publish/subscribe engine that speaks the Centrifugo client protocol.
//!
//! The crate knows nothing of any business: channels are names, bodies are JSON,
//! and every decision that needs one is asked of a [`ports::Application`].
//!
//! [`protocol`] decides and never waits, [`runtime`] waits and never decides, [`adapters`] connect
//! the [`ports`] to memory or to Redis.

#![cfg_attr(
    test,
    allow(clippy::unwrap_used, reason = "in a test a panic is the answer")
)]

pub mod adapters;
pub mod contract;
pub mod ports;
pub mod protocol;
pub mod runtime;
#[cfg(test)]
mod simulation;

#[cfg(feature = "breakages")]
pub use runtime::breakage;
pub use runtime::{Framing, Hub, HubConfig, HubStatus, ReplyBody, echo_websocket};
