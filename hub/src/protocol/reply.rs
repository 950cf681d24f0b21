//! What the server says, independent of how it is encoded. The members that clients read without a
//! default are written even when they are zero; all others are not.

use std::sync::Arc;

use serde::Serialize;

use super::{CloseCode, ErrorCode, UnsubscribeCode, delta, json};
use crate::ports::{Body, ChannelName, ClientInfo, Position, Publication};

/// Answers to one request.
#[derive(Debug)]
pub enum Reply<'a> {
    Error(&'a ErrorCode),
    Connect(ConnectResult<'a>),
    Subscribe(SubscribeResult<'a>),
    Unsubscribe,
    Publish,
    Presence(&'a [ClientInfo]),
    PresenceStats(&'a [ClientInfo]),
    History {
        publications: &'a [Arc<Publication>],
        head: &'a Position,
    },
    Rpc(&'a Body),
    Refresh(Expiry),
    SubRefresh(Expiry),
}

/// How the body of a publication is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form<'a> {
    /// As it is.
    Plain,
    /// For subscribers who take deltas: as text, which in JSON is a string.
    Text,
    /// As the difference from the publication before, in the place of the text.
    Delta(&'a str),
}

/// Publications listed in a reply, oldest first.
#[derive(Debug, Clone, Copy)]
pub enum Publications<'a> {
    Plain(&'a [Arc<Publication>]),
    /// The first as text, each following as its difference from the one before where that is
    /// shorter. Made for one reply, as the reply itself is.
    Deltas(&'a [Arc<Publication>]),
}

impl Default for Publications<'_> {
    fn default() -> Self {
        Self::Plain(&[])
    }
}

impl Publications<'_> {
    fn is_empty(&self) -> bool {
        match self {
            Self::Plain(list) | Self::Deltas(list) => list.is_empty(),
        }
    }

    /// Writes each of them.
    pub(super) fn each<T>(&self, mut write: impl FnMut(&Publication, Form<'_>) -> T) -> Vec<T> {
        match self {
            Self::Plain(list) => {
                let list = list.iter();
                list.map(|publication| write(publication, Form::Plain))
                    .collect()
            }
            Self::Deltas(list) => {
                let before = std::iter::once(None).chain(list.iter().map(Some));
                before
                    .zip(list.iter())
                    .map(|(before, publication)| {
                        let delta = before.and_then(|before| {
                            delta::create(before.body.get(), publication.body.get())
                        });
                        write(
                            publication,
                            delta.as_deref().map_or(Form::Text, Form::Delta),
                        )
                    })
                    .collect()
            }
        }
    }
}

/// Messages that answer nothing.
#[derive(Debug, Clone, Copy)]
pub enum Push<'a> {
    Publication(&'a Publication, Form<'a>),
    Join(&'a ClientInfo),
    Leave(&'a ClientInfo),
    Unsubscribe(UnsubscribeCode),
    /// The end, where there is no close frame to say it. Of no channel.
    Disconnect(&'a CloseCode),
    /// The server subscribed the connection to the channel.
    Subscribe(&'a SubscribeResult<'a>),
}

/// The answer to a successful connect.
#[derive(Debug, Default, Serialize)]
pub struct ConnectResult<'a> {
    pub client: &'a str,
    pub version: &'a str,
    #[serde(flatten)]
    pub expiry: Expiry,
    #[serde(skip_serializing_if = "is_zero")]
    pub ping: u64,
    #[serde(skip_serializing_if = "is_false")]
    pub pong: bool,
    /// Both only where commands come apart from the connection.
    #[serde(skip_serializing_if = "str::is_empty")]
    pub session: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    pub node: &'a str,
    /// Of the channels that the server subscribed the connection to.
    #[serde(
        skip_serializing_if = "<[_]>::is_empty",
        serialize_with = "json::subscriptions"
    )]
    pub subs: &'a [(ChannelName, SubscribeResult<'a>)],
}

/// When the client has to renew a token: both members or neither.
#[derive(Debug, Default, Clone, Copy, Serialize)]
pub struct Expiry {
    #[serde(skip_serializing_if = "is_false")]
    pub(super) expires: bool,
    #[serde(skip_serializing_if = "is_zero")]
    pub(super) ttl: u64,
}

impl Expiry {
    /// Whole seconds, at least one and at most a year.
    pub fn after(left: Option<std::time::Duration>) -> Self {
        left.map_or_else(Self::default, |left| Self {
            expires: true,
            ttl: left.as_secs().clamp(1, 31_536_000),
        })
    }
}

/// The answer to a successful subscribe.
#[expect(clippy::struct_excessive_bools, reason = "the protocol's own members")]
#[derive(Debug, Default, Serialize)]
pub struct SubscribeResult<'a> {
    #[serde(flatten)]
    pub expiry: Expiry,
    #[serde(skip_serializing_if = "is_false")]
    pub recoverable: bool,
    #[serde(skip_serializing_if = "str::is_empty")]
    pub epoch: &'a str,
    #[serde(
        skip_serializing_if = "Publications::is_empty",
        serialize_with = "json::publications"
    )]
    pub publications: Publications<'a>,
    #[serde(skip_serializing_if = "is_false")]
    pub recovered: bool,
    #[serde(skip_serializing_if = "is_zero")]
    pub offset: u64,
    #[serde(skip_serializing_if = "is_false")]
    pub positioned: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data: Option<&'a Body>,
    #[serde(skip_serializing_if = "is_false")]
    pub was_recovering: bool,
    #[serde(skip_serializing_if = "is_false")]
    pub delta: bool,
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde calls it by reference"
)]
pub(super) fn is_zero(number: &u64) -> bool {
    *number == 0
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde calls it by reference"
)]
pub(super) fn is_false(flag: &bool) -> bool {
    !*flag
}
