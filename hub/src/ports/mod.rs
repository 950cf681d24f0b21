//! What the engine needs from outside, as four small traits with their contracts in prose.
//!
//! The engine owns sessions, ordering and fan-out. It must not know where publications are
//! kept ([`ChannelLog`]), how instances hear of each other ([`Broker`]), who is connected
//! elsewhere ([`Presence`]), or what anything means ([`Application`]).

mod application;
mod body;
mod broker;
mod channel_log;
mod emulation;
mod presence;

pub use application::{
    Application, Caller, Class, ConnectRefused, Denied, Grant, Hello, Identity, Offer,
    PublishIntent, RefreshRefused, Side, Snapshot, SubscribeIntent, Via,
};
pub use body::Body;
pub use broker::{Broker, BrokerUnavailable, Control, Feed, FeedItem, Told};
pub use channel_log::{ChannelLog, LogError, LogRead, RecentCursor};
pub use emulation::{Emulated, EmulatedMessage, EmulationRefused, SessionKey};
pub use presence::{ClientInfo, Listed, PRIVATE_LIST, Presence, PresenceChange, PresenceError};

use std::sync::Arc;

/// A channel name, at most 255 bytes of printable ASCII. Cheap to clone.
pub type ChannelName = Arc<str>;

/// The name of one running instance, by which the others reach it.
pub type NodeName = Arc<str>;

/// The name of a whole log. Offsets are comparable only within one epoch.
pub type Epoch = Arc<str>;

/// A place in a channel: everything up to and including `offset` is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Position {
    pub offset: u64,
    pub epoch: Epoch,
}

/// One entry of a channel. Durable publications have dense offsets from 1; an ephemeral
/// publication has offset 0 and, where newest-wins applies, a `key`.
#[derive(Debug, Clone)]
pub struct Publication {
    pub channel: ChannelName,
    pub offset: u64,
    pub epoch: Epoch,
    pub key: Option<Arc<str>>,
    pub body: Body,
    /// Who published it, when a client did.
    pub info: Option<Arc<ClientInfo>>,
}
