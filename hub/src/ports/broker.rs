//! How instances hear of each other. A broker is a wire, not a memory: it may lose, repeat or
//! reorder anything, and nothing durable depends on it (P1).

use std::sync::Arc;

use async_trait::async_trait;

use super::{ChannelName, ClientInfo, Emulated, EmulatedMessage, NodeName, Publication};

/// Something that instances must do, whoever decided it: all of them, where nothing else is said.
#[derive(Debug, Clone)]
pub enum Control {
    /// End all connections of a user (close 3503 or the code given), optionally only those of one sign-in.
    Disconnect {
        user: Arc<str>,
        session: Option<Arc<str>>,
        code: u32,
        reason: Arc<str>,
    },
    /// Ask the application again whether `user` (all users when `None`) may still read `channel`;
    /// a lost right ends the subscription with code 2000.
    Reauthorize {
        channel: ChannelName,
        user: Option<Arc<str>>,
    },
    /// Subscribe the connections of a user, optionally only those of one sign-in, to a channel. The
    /// application is asked for each with [`super::Side::Server`].
    Subscribe {
        user: Arc<str>,
        session: Option<Arc<str>>,
        channel: ChannelName,
    },
    /// End the subscriptions of `user` (of all users when `None`) to `channel`, whoever made them.
    /// 2500 and 2501 make clients subscribe again, 2502 without the token and the position they
    /// hold; anything else is 2000, and they do not.
    Unsubscribe {
        channel: ChannelName,
        user: Option<Arc<str>>,
        code: u32,
    },
    /// A client joined or left a channel with join/leave.
    Join {
        channel: ChannelName,
        info: Arc<ClientInfo>,
    },
    Leave {
        channel: ChannelName,
        info: Arc<ClientInfo>,
    },
    /// The whole log has a new name; every durable subscriber starts from a fresh snapshot.
    EpochChanged,
    /// To one instance: a message for a connection that it holds.
    Emulated(EmulatedMessage),
    /// To the instance that sent such a message: what became of it.
    EmulationAnswered { number: u128, answer: Emulated },
}

/// Whether there is anybody of that name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Told {
    /// It is on the wire, which may still lose it.
    Sent,
    NobodyThere,
}

/// One thing heard from the wire.
#[derive(Debug, Clone)]
pub enum FeedItem {
    Publication(Publication),
    Control(Control),
    /// The wire was interrupted and is whole again from here on: anything may have been missed,
    /// so heads are to be checked now.
    Interrupted,
}

/// The receiving end of [`Broker::feed`]. Bounded: an overrun shows as [`FeedItem::Interrupted`].
pub type Feed = tokio::sync::mpsc::Receiver<FeedItem>;

/// The wire refused or timed out. Never an error of the command that wanted to publish.
#[derive(Debug, thiserror::Error)]
#[error("broker unavailable: {0}")]
pub struct BrokerUnavailable(pub String);

/// The wire between instances.
#[async_trait]
pub trait Broker: Send + Sync + 'static {
    /// Offers publications to the other instances. Must return within 100 ms; what fails here is
    /// found and repaired from the log by its readers. The sender does not hear an echo: it has
    /// delivered to its own subscribers already.
    async fn publish(&self, publications: Vec<Publication>) -> Result<(), BrokerUnavailable>;

    /// Offers a control message to all other instances, within 100 ms.
    async fn control(&self, control: Control) -> Result<(), BrokerUnavailable>;

    /// This instance's name on the wire, its own for as long as it runs.
    fn node(&self) -> NodeName;

    /// Offers a control message to one instance, within 100 ms.
    async fn tell(&self, node: &str, control: Control) -> Result<Told, BrokerUnavailable>;

    /// Starts listening, and says [`FeedItem::Interrupted`] as soon as it does: what was offered
    /// before is missing. Called once per instance.
    async fn feed(&self) -> Result<Feed, BrokerUnavailable>;
}
