//! What the engine decides, without doing it: frames, codes, the [`Session`] of one connection,
//! the [`Sequencer`] of one channel.
//!
//! Nothing in here performs I/O, reads a clock or draws a random number (P10): time comes in as a
//! [`Moment`], everything wished for goes out as an [`Effect`]. The same code runs in production,
//! in unit tests without sockets and in the seeded simulation.

#[cfg(any(test, feature = "breakages"))]
pub mod breakage;
pub mod codes;
pub mod command;
pub mod delta;
mod emulation;
mod encoding;
mod event;
#[cfg(test)]
mod golden;
mod handshake;
mod heartbeat;
mod json;
mod moment;
mod opening;
pub(crate) mod protobuf;
pub mod recovery;
pub mod reply;
mod ring;
pub mod sequencer;
pub mod session;
mod subscription;

pub use codes::{CloseCode, ErrorCode, UnsubscribeCode};
pub use emulation::EmulationRequest;
pub use encoding::{Commands, Encoding, Frame, Text};
pub use event::{Bodies, ChannelEvent, News};
pub use handshake::Handshake;
pub use moment::Moment;
pub use opening::Opening;
pub use recovery::{Recovery, RecoveryLimits};
pub use sequencer::{Sequencer, SequencerConfig, SequencerEffect};
pub use session::{
    Ask, Delivery, Effect, Effects, Emulation, Endpoint, Input, PresenceQuery, Read, Session,
    SessionConfig, SubscriptionId,
};
