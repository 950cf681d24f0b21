//! What goes into a session and what it wishes for.

use std::{collections::VecDeque, net::IpAddr, sync::Arc, time::Duration};

use super::super::{
    ChannelEvent, CloseCode, Encoding, Frame, Moment, Recovery, UnsubscribeCode,
    command::{HistoryRequest, Since},
    subscription::RecoveryOutcome,
};
use crate::ports::{
    Body, Caller, ChannelName, Class, ClientInfo, ConnectRefused, Denied, Grant, Hello, Identity,
    LogRead, NodeName, Position, PublishIntent, RefreshRefused, SessionKey, Snapshot,
    SubscribeIntent,
};

/// Limits and periods of one connection.
#[derive(Debug, Clone)]
pub struct SessionConfig {
    /// Told to clients as the server's version; never empty.
    pub version: String,
    pub ping: Duration,
    pub pong_timeout: Duration,
    /// Without a successful connect by then the connection is closed.
    pub stale_after: Duration,
    /// How long after its expiry an unrenewed token or subscription is still honoured.
    pub expiry_grace: Duration,
    pub channels: usize,
    pub channel_name_bytes: usize,
    /// Calls (rpc, publish, presence, history) under way at once.
    pub calls: usize,
    /// Calls that wait for one under way; further ones are refused (111).
    pub waiting_calls: usize,
    /// A call that has waited for so long is refused instead of started.
    pub call_patience: Duration,
    /// Publications that arrive while subscriptions are being made, all together.
    pub join_buffer_bytes: usize,
    /// How often a subscription starts over before it is refused (100).
    pub join_attempts: u32,
    /// How long commands wait for an unanswered subscribe of the same channel.
    pub join_patience: Duration,
    pub history: usize,
    /// Frames over the rate that are answered with 111 before the connection is closed (3013).
    pub refused_frames: u32,
    /// Commands of one frame; with more, the connection is closed (3013).
    pub commands: usize,
    /// Requests that may be refused for what they ask, per minute, before the connection is closed
    /// (3509).
    pub refused_requests: u32,
    /// When the application could not say whether a right still stands.
    pub recheck_retry: Duration,
    /// How long calls under way may take when the connection is to be closed by a drain.
    pub drain_patience: Duration,
}

/// The other end of a connection, as known before it has said anything.
#[derive(Debug, Clone)]
pub struct Endpoint {
    /// The connection's id, a UUID v4.
    pub client: Arc<str>,
    pub remote: Option<IpAddr>,
    pub encoding: Encoding,
    /// Where replies go out as the body of one HTTP response and commands come by others.
    pub emulation: Option<Emulation>,
}

/// How the commands of a connection find it.
#[derive(Debug, Clone)]
pub struct Emulation {
    pub session: SessionKey,
    pub node: NodeName,
}

/// One subscription of one connection, one attempt at making it. Results that belong to another
/// attempt are ignored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SubscriptionId {
    pub number: u32,
    pub attempt: u32,
}

/// An event on its way to one subscriber.
#[derive(Debug, Clone)]
pub struct Delivery {
    pub subscription: SubscriptionId,
    pub event: Arc<ChannelEvent>,
}

impl Delivery {
    /// What it counts for in limits.
    pub fn bytes(&self) -> usize {
        self.event.weight() + 32
    }
}

/// Why the application is asked for a right; the answer carries it back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ask {
    /// To begin a subscription.
    Join(SubscriptionId),
    /// Once more, right before the subscription is answered.
    Confirm(SubscriptionId),
    /// Whether a live subscription may stay.
    Recheck(SubscriptionId),
    /// `sub_refresh`.
    Renew {
        id: u32,
        subscription: SubscriptionId,
        token: String,
    },
    /// To read a channel that this connection is not subscribed to.
    Read { id: u32, read: Read },
}

/// A read of a channel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Read {
    Presence {
        channel: ChannelName,
        query: PresenceQuery,
    },
    History {
        channel: ChannelName,
        query: HistoryQuery,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PresenceQuery {
    List,
    Stats,
}

/// A checked history request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HistoryQuery {
    pub limit: usize,
    pub since: Option<Since>,
    pub order: Order,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    Forward,
    Reverse,
}

impl HistoryQuery {
    /// `None` for a request that makes no sense.
    pub(super) fn of(request: &HistoryRequest, most: usize) -> Option<Self> {
        if request.limit < -1 {
            return None;
        }
        let order = if request.reverse {
            Order::Reverse
        } else {
            Order::Forward
        };
        let from_nothing = request
            .since
            .as_ref()
            .is_some_and(|since| since.offset == 0);
        if order == Order::Reverse && from_nothing {
            return None;
        }
        Some(Self {
            limit: usize::try_from(request.limit).unwrap_or(most).min(most),
            since: request.since.clone(),
            order,
        })
    }
}

/// Something that happened to the connection.
#[derive(Debug)]
pub enum Input<'a> {
    /// A message from the client, of either kind.
    Frame(&'a [u8]),
    /// A message beyond the rate that the connection may send.
    FrameOverLimit(&'a [u8]),
    /// Time has passed; see [`super::Session::deadline`].
    Tick,
    /// An event of a channel. Its order is the channel's.
    Delivered(Delivery),
    Authenticated(Result<Identity, ConnectRefused>),
    Refreshed {
        id: u32,
        result: Result<Identity, RefreshRefused>,
    },
    Authorized {
        ask: Ask,
        result: Result<Grant, Denied>,
    },
    /// The channel is open here and the subscriber registered: everything after the position is
    /// going to be delivered. `None` on an ephemeral channel.
    Opened {
        subscription: SubscriptionId,
        result: Result<Option<Position>, Denied>,
    },
    Recovered {
        subscription: SubscriptionId,
        result: Result<Recovery, Denied>,
    },
    SnapshotRead {
        subscription: SubscriptionId,
        result: Result<Snapshot, Denied>,
    },
    /// The reply sent by [`Effect::SendSnapshot`] has gone to the socket.
    SnapshotWritten,
    /// The presence list holds the subscriber, or could not be changed.
    Entered {
        subscription: SubscriptionId,
    },
    /// The presence list no longer holds the subscriber; `reply` as given by [`Effect::Withdraw`].
    Withdrawn {
        reply: Option<u32>,
    },
    Called {
        id: u32,
        result: Result<Body, Denied>,
    },
    Published {
        id: u32,
        result: Result<(), Denied>,
    },
    Listed {
        id: u32,
        query: PresenceQuery,
        result: Result<Vec<ClientInfo>, Denied>,
    },
    HistoryRead {
        id: u32,
        /// The epoch that the client named, if any.
        epoch: Option<String>,
        result: Result<LogRead, Denied>,
    },
    /// The right to read a channel has to be asked for again.
    Reauthorize {
        channel: &'a str,
    },
    /// The server subscribes the connection to a channel.
    Subscribe {
        channel: &'a str,
    },
    /// The server ends a subscription.
    Unsubscribe {
        channel: &'a str,
        code: UnsubscribeCode,
    },
    /// Deliveries to this subscription ended: it has to start anew.
    Resync {
        subscription: SubscriptionId,
    },
    /// The connection has to end.
    End(CloseCode),
    /// The connection has to end when its calls under way are answered.
    Drain,
    /// The socket is gone.
    Gone,
}

/// Something to be done for the connection, in this order.
#[derive(Debug)]
pub enum Effect {
    Send(Frame),
    /// Like `Send`, and to be reported by [`Input::SnapshotWritten`].
    SendSnapshot(Frame),
    /// After what was sent; nothing follows but what takes leave.
    Close(CloseCode),
    Authenticate(Hello),
    Connected(Arc<Caller>),
    /// Of a connection that was `Connected`.
    Disconnected(Arc<Caller>),
    Refresh {
        id: u32,
        token: String,
    },
    Authorize {
        ask: Ask,
        intent: SubscribeIntent,
    },
    /// Open the channel here, then register the subscriber.
    Open {
        subscription: SubscriptionId,
        channel: ChannelName,
        class: Class,
        join_leave: bool,
    },
    /// The subscriber gets nothing any more.
    Leave {
        subscription: SubscriptionId,
        channel: ChannelName,
    },
    /// Obtain the publications after `offset`.
    Recover {
        subscription: SubscriptionId,
        channel: ChannelName,
        offset: u64,
        epoch: String,
    },
    ReadSnapshot {
        subscription: SubscriptionId,
        channel: ChannelName,
    },
    /// Put the subscriber on the presence list.
    Enter {
        subscription: SubscriptionId,
        channel: ChannelName,
        info: Arc<ClientInfo>,
    },
    /// Tell the channel's subscribers everywhere.
    AnnounceJoin {
        channel: ChannelName,
        info: Arc<ClientInfo>,
    },
    /// Take the subscriber off the presence list where `listed`, then tell the channel's
    /// subscribers everywhere where `announced`.
    Withdraw {
        channel: ChannelName,
        info: Arc<ClientInfo>,
        listed: bool,
        announced: bool,
        reply: Option<u32>,
    },
    Call {
        id: u32,
        method: String,
        data: Option<Body>,
    },
    Publish {
        id: u32,
        intent: PublishIntent,
    },
    Read {
        id: u32,
        read: Read,
    },
    /// Something worth counting.
    Count(Counted),
}

/// What happened, for metrics.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Counted {
    Error(u32),
    Subscribed(RecoveryOutcome),
    Unsubscribed(u32),
    /// A delivery did not follow the one before.
    OutOfOrder,
    JoinStartedOver,
}

pub type Effects = Vec<Effect>;

/// Calls in the order they came, some under way.
#[derive(Debug, Default)]
pub(super) struct Calls {
    pub(super) under_way: usize,
    pub(super) waiting: VecDeque<Waiting>,
}

/// A call that is not started any more at `until`.
#[derive(Debug)]
pub(super) struct Waiting {
    pub(super) id: u32,
    pub(super) until: Moment,
    pub(super) call: Effect,
}

#[cfg(test)]
impl Endpoint {
    pub(super) fn json(client: &str) -> Self {
        Self {
            client: client.into(),
            remote: None,
            encoding: Encoding::Json,
            emulation: None,
        }
    }
}
