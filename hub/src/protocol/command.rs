//! What a client may ask, independent of how it was encoded.

use std::collections::BTreeMap;

use crate::ports::Body;

/// The one kind of delta there is.
pub const FOSSIL: &str = "fossil";

/// One command of a frame.
#[derive(Debug, Clone, PartialEq)]
pub enum Command {
    /// An empty command: the answer to a ping.
    Pong,
    Request {
        id: u32,
        request: Request,
    },
    /// A request whose body is no JSON. Only Protobuf can carry such a thing.
    BadBody {
        id: u32,
    },
    /// Nothing that can be read; whatever follows it in the frame is not looked at.
    Malformed,
}

impl Command {
    /// Only `send` goes without an id: nobody could be answered anything else.
    pub(super) fn request(id: u32, request: Request) -> Option<Self> {
        (id != 0 || request == Request::Send).then_some(Self::Request { id, request })
    }
}

/// The one request member that a command uses.
#[derive(Debug, Clone, PartialEq)]
pub enum Request {
    Connect(ConnectRequest),
    Ping,
    Subscribe(SubscribeRequest),
    Unsubscribe { channel: String },
    Publish(PublishRequest),
    Presence { channel: String },
    PresenceStats { channel: String },
    History(HistoryRequest),
    Rpc { method: String, data: Option<Body> },
    Send,
    Refresh { token: String },
    SubRefresh(SubRefreshRequest),
}

#[derive(Debug, Clone, Default, PartialEq)]
pub struct ConnectRequest {
    pub token: String,
    pub data: Option<Body>,
    pub name: String,
    pub version: String,
    /// Where the client stands in the channels that the server subscribed it to before.
    pub subs: BTreeMap<String, Since>,
}

#[derive(Debug, Clone, Default, PartialEq)]
pub struct PublishRequest {
    pub channel: String,
    pub data: Option<Body>,
    /// 0 is a stream, the only kind served.
    pub kind: i32,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SubRefreshRequest {
    pub channel: String,
    pub token: String,
    /// 0 is a stream, the only kind served.
    pub kind: i32,
}

#[expect(clippy::struct_excessive_bools, reason = "the protocol's own members")]
#[derive(Debug, Clone, Default, PartialEq)]
pub struct SubscribeRequest {
    pub channel: String,
    pub token: String,
    pub data: Option<Body>,
    /// The client asks for the publications after (`offset`, `epoch`).
    pub recover: bool,
    pub offset: u64,
    pub epoch: String,
    /// What the client would like to be turned on; heeded as far as it has the rights.
    pub positioned: bool,
    pub recoverable: bool,
    pub join_leave: bool,
    /// Empty or [`FOSSIL`].
    pub delta: String,
    pub tag_filter: bool,
    pub flag: i64,
    /// 0 is a stream, the only kind served.
    pub kind: i32,
}

impl SubscribeRequest {
    /// Rather an error than a subscription from somewhere else (flag bit 2).
    pub fn rejects_unrecoverable(&self) -> bool {
        self.flag & 2 != 0
    }
}

#[derive(Debug, Clone, Default, PartialEq)]
pub struct HistoryRequest {
    pub channel: String,
    /// 0 asks for the position only, -1 for all that the server allows.
    pub limit: i32,
    pub since: Option<Since>,
    pub reverse: bool,
}

/// A position as a client gives it: the epoch may be empty.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Since {
    pub offset: u64,
    pub epoch: String,
}
