//! The business behind the engine: who may connect, who may read what, and what a call does.

use std::{net::IpAddr, sync::Arc, time::Duration};

use async_trait::async_trait;
use serde_json::value::RawValue;

use super::{Body, ChannelName, ClientInfo, Position, Publication};

/// The first command of a connection, before anybody has been recognised.
#[derive(Debug, Clone, Default)]
pub struct Hello {
    /// Bearer token, empty when the client sent none.
    pub token: String,
    /// Free payload of the connect command.
    pub data: Option<Body>,
    /// SDK or application name and version as the client gave them; untrusted.
    pub name: String,
    pub version: String,
    pub remote: Option<IpAddr>,
}

/// Who a connection belongs to. `user` is empty for an anonymous reader.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    pub user: Arc<str>,
    /// The sign-in this connection came from, so that it can be ended with it.
    pub session: Option<Arc<str>>,
    /// Shown to others in presence lists and join/leave; a JSON value.
    pub info: Option<Body>,
    /// What the application wants to recognise the caller by (a role); never sent to clients.
    pub scope: Arc<str>,
    /// Time left until the token expires; `None` never expires.
    pub expires_in: Option<Duration>,
    /// Channels that the server subscribes this connection to while it connects. The application
    /// is asked for each with [`Side::Server`]; one that it does not grant is left out. A refresh
    /// that brings other channels ends the connection (3010), which comes back with those.
    pub channels: Arc<[ChannelName]>,
}

impl Identity {
    /// Somebody of whom no more is known than who it is.
    pub fn of(user: &str) -> Self {
        Self {
            user: user.into(),
            session: None,
            info: None,
            scope: "".into(),
            expires_in: None,
            channels: Arc::default(),
        }
    }
}

/// How a call arrived.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Via {
    WebSocket,
    /// By a request of its own, whether a connection belongs to it or not.
    Http,
}

/// A recognised connection, as the application sees it with every question.
#[derive(Debug, Clone)]
pub struct Caller {
    pub identity: Identity,
    /// Connection id, UUID v4 text.
    pub client: Arc<str>,
    pub remote: Option<IpAddr>,
    pub via: Via,
}

/// Why a connect command was not accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ConnectRefused {
    /// The token is malformed, wrongly signed or not meant for us: close 3500, terminal.
    InvalidToken,
    /// The token has expired: error 109, the client fetches another.
    TokenExpired,
    /// Anonymous connections are not allowed here: error 101.
    Unauthorized,
    /// This user has as many connections as it may: close 3504, terminal.
    ConnectionLimit,
    /// Overload: error 111, temporary.
    TooManyRequests,
    /// Nothing wrong with the caller, try again: error 100, temporary.
    Unavailable,
}

/// Why a token refresh was not accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RefreshRefused {
    /// Invalid, or of another user: close 3500.
    InvalidToken,
    /// Expired: close 3005.
    Expired,
    /// There is nothing to refresh here: error 108.
    NotAvailable,
    /// Try again: error 100, temporary.
    Unavailable,
}

/// This request fails; the connection lives. Answered as a protocol error.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Denied {
    /// 102
    UnknownChannel,
    /// 103
    PermissionDenied,
    /// 104
    MethodNotFound,
    /// 107
    BadRequest,
    /// 106: more than may be had at once
    LimitExceeded,
    /// 108
    NotAvailable,
    /// 109: the subscription token has expired
    TokenExpired,
    /// The subscription token is of another user, connection or channel. Where the connection can
    /// be closed for it, it is (3500); else 101.
    InvalidToken,
    /// 111, temporary
    TooManyRequests,
    /// 100, temporary
    Unavailable,
    /// An error of the application's own, 400–1999.
    Application { code: u32, message: String },
}

/// Durable channels have dense offsets and recovery, ephemeral ones neither.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// Never conflated: a reader too slow is disconnected (3008) and recovers.
    Durable,
    /// Newest wins per key; no offset, epoch or recovery.
    Ephemeral,
}

/// Who wishes for a subscription.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Side {
    /// The client, by a command of its own.
    #[default]
    Client,
    /// The server, by [`Identity::channels`] or [`super::Control::Subscribe`].
    Server,
}

/// A wish to subscribe.
#[derive(Debug, Clone, Default)]
pub struct SubscribeIntent {
    pub channel: String,
    pub token: String,
    pub data: Option<Body>,
    pub side: Side,
}

/// A client's wish to publish.
#[derive(Debug, Clone)]
pub struct PublishIntent {
    pub channel: ChannelName,
    pub data: Body,
    /// The publisher as others see it, for [`super::Publication::info`].
    pub info: Arc<ClientInfo>,
    /// Whether this connection is subscribed to the channel, by whichever side.
    pub subscribed: bool,
}

/// Whether a subscriber gets something that its request can ask for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Offer {
    Never,
    OnRequest,
    Always,
}

impl Offer {
    /// Whether it is in effect, given whether it was `requested`.
    pub fn taken(self, requested: bool) -> bool {
        match self {
            Self::Never => false,
            Self::OnRequest => requested,
            Self::Always => true,
        }
    }
}

/// What a subscriber may do on one channel.
#[expect(
    clippy::struct_excessive_bools,
    reason = "independent rights, each named where it is given"
)]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    pub class: Class,
    /// On a durable channel: the client is told its position and may recover from it.
    pub recovery: Offer,
    /// `presence` and `presence_stats` are answered, and this subscriber is listed.
    pub presence: bool,
    /// Joins and leaves are emitted for this subscriber unless `Never`, and pushed to it where it
    /// is `taken`.
    pub join_leave: Offer,
    /// `history` is answered.
    pub history: bool,
    /// The subscribe reply of a new or failed recovery carries `Application::snapshot`.
    pub snapshot: bool,
    /// On a durable channel: publications may be sent as differences from the one before, to
    /// subscribers who ask for that.
    pub delta: bool,
    /// Sent in the subscribe reply where no snapshot is.
    pub data: Option<Body>,
    /// Shown to others beside the connection's info.
    pub chan_info: Option<Body>,
    /// Time until this right must be renewed with `sub_refresh`; `None` never.
    pub expires_in: Option<Duration>,
}

impl Grant {
    /// To follow a durable channel with recovery, and nothing more.
    pub fn durable() -> Self {
        Self {
            class: Class::Durable,
            recovery: Offer::Always,
            presence: false,
            join_leave: Offer::Never,
            history: false,
            snapshot: false,
            delta: false,
            data: None,
            chan_info: None,
            expires_in: None,
        }
    }

    /// To hear an ephemeral channel, and nothing more.
    pub fn ephemeral() -> Self {
        Self {
            class: Class::Ephemeral,
            recovery: Offer::Never,
            ..Self::durable()
        }
    }
}

/// The whole of a channel at one instant.
#[derive(Debug, Clone)]
pub struct Snapshot {
    pub data: Body,
    /// The head that the data includes, read at the same instant. `None` on an ephemeral channel.
    pub position: Option<Position>,
}

/// The business, as the engine asks it. Calls may run concurrently and may be slow; the engine
/// bounds how many a connection can have under way. A future may be dropped at any await point
/// except that of [`Application::execute`], which the engine always drives to its end.
#[async_trait]
pub trait Application: Send + Sync + 'static {
    /// Recognises the owner of a new connection.
    async fn authenticate(&self, hello: Hello) -> Result<Identity, ConnectRefused>;

    /// Recognises a newer token for the same user.
    async fn refresh(&self, caller: &Caller, token: &str) -> Result<Identity, RefreshRefused>;

    /// May this caller subscribe (or stay subscribed), and with what rights? Absent and forbidden
    /// channels get the same answer.
    async fn authorize(&self, caller: &Caller, intent: &SubscribeIntent) -> Result<Grant, Denied>;

    /// Reads a channel's state and head at one instant. It may be shared between callers: the
    /// engine asks once for many subscribers of one channel. One larger than
    /// [`crate::HubConfig::snapshot_bytes`] is not sent to anybody.
    async fn snapshot(&self, channel: &str) -> Result<Snapshot, Denied>;

    /// Runs a call. The result is an ordinary value even when the business said no.
    async fn execute(
        &self,
        caller: &Caller,
        method: &str,
        data: Option<&RawValue>,
    ) -> Result<Body, Denied>;

    /// Publishes on behalf of a client, where the application allows that at all.
    async fn publish(&self, caller: &Caller, intent: PublishIntent) -> Result<(), Denied>;

    /// A publication of any channel was committed here or heard from the wire. The wire loses some
    /// (P1). Must not wait: the order of all channels waits with it.
    fn observed(&self, _publication: &Publication) {}

    /// Takes in a connection that was recognised, or refuses it: asked right before connect is
    /// answered, without waiting, so that limits can be exact. What is admitted is going to be
    /// `connected` and, at its end, `disconnected`.
    fn admit(&self, _identity: &Identity) -> Result<(), ConnectRefused> {
        Ok(())
    }

    /// A connection was recognised and answered; `caller.client` is new.
    async fn connected(&self, _caller: &Caller) {}

    /// A connection follows a channel from now on: it was authorised, and is about to be answered.
    /// It may be told before `connected` has returned. Must not wait.
    fn subscribed(&self, _caller: &Caller, _channel: &ChannelName) {}

    /// A connection follows a channel no more; for each `subscribed` once, before `disconnected`.
    /// Must not wait.
    fn unsubscribed(&self, _caller: &Caller, _channel: &ChannelName) {}

    /// A connection that was `connected` has ended, for whatever reason. Called after `connected`
    /// has returned; not called when the whole instance dies.
    async fn disconnected(&self, _caller: &Caller) {}
}
