//! The JSON encoding of commands. Unknown fields are ignored.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::super::command::{
    Command, ConnectRequest, HistoryRequest, PublishRequest, Request, Since, SubRefreshRequest,
    SubscribeRequest,
};
use crate::ports::Body;

/// Reads one command; `None` when it cannot be read.
pub(in super::super) fn command(line: &str) -> Option<Command> {
    let wire: Wire<'_> = serde_json::from_str(line).ok()?;
    let id = wire.id;
    if id == 0 && wire.is_empty() {
        return Some(Command::Pong);
    }
    Command::request(id, wire.request()?)
}

#[derive(Deserialize)]
struct Wire<'a> {
    #[serde(default)]
    id: u32,
    #[serde(borrow)]
    connect: Option<WireConnect<'a>>,
    ping: Option<Empty>,
    #[serde(borrow)]
    subscribe: Option<Box<WireSubscribe<'a>>>,
    unsubscribe: Option<WireChannel>,
    #[serde(borrow)]
    publish: Option<WirePublish<'a>>,
    presence: Option<WireChannel>,
    presence_stats: Option<WireChannel>,
    history: Option<WireHistory>,
    #[serde(borrow)]
    rpc: Option<WireRpc<'a>>,
    send: Option<Empty>,
    refresh: Option<WireToken>,
    sub_refresh: Option<WireSubRefresh>,
}

#[derive(Deserialize)]
struct Empty {}

#[derive(Deserialize)]
struct WireConnect<'a> {
    #[serde(default)]
    token: String,
    #[serde(borrow)]
    data: Option<&'a RawValue>,
    #[serde(default)]
    name: String,
    #[serde(default)]
    version: String,
    #[serde(default)]
    subs: BTreeMap<String, WireResume>,
}

#[derive(Deserialize)]
struct WireResume {
    #[serde(default)]
    recover: bool,
    #[serde(default)]
    offset: u64,
    #[serde(default)]
    epoch: String,
}

#[expect(clippy::struct_excessive_bools, reason = "the protocol's own members")]
#[derive(Deserialize)]
struct WireSubscribe<'a> {
    #[serde(default)]
    channel: String,
    #[serde(default)]
    token: String,
    #[serde(borrow)]
    data: Option<&'a RawValue>,
    #[serde(default)]
    recover: bool,
    #[serde(default)]
    offset: u64,
    #[serde(default)]
    epoch: String,
    #[serde(default)]
    positioned: bool,
    #[serde(default)]
    recoverable: bool,
    #[serde(default)]
    join_leave: bool,
    #[serde(default)]
    delta: String,
    tf: Option<serde::de::IgnoredAny>,
    #[serde(default)]
    flag: i64,
    #[serde(default, rename = "type")]
    kind: i32,
}

#[derive(Deserialize)]
struct WireChannel {
    #[serde(default)]
    channel: String,
}

#[derive(Deserialize)]
struct WirePublish<'a> {
    #[serde(default)]
    channel: String,
    #[serde(borrow)]
    data: Option<&'a RawValue>,
    #[serde(default, rename = "type")]
    kind: i32,
}

#[derive(Deserialize)]
struct WireRpc<'a> {
    #[serde(default)]
    method: String,
    #[serde(borrow)]
    data: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct WireSince {
    #[serde(default)]
    offset: u64,
    #[serde(default)]
    epoch: String,
}

#[derive(Deserialize)]
struct WireHistory {
    #[serde(default)]
    channel: String,
    #[serde(default)]
    limit: i32,
    since: Option<WireSince>,
    #[serde(default)]
    reverse: bool,
}

#[derive(Deserialize)]
struct WireToken {
    #[serde(default)]
    token: String,
}

#[derive(Deserialize)]
struct WireSubRefresh {
    #[serde(default)]
    channel: String,
    #[serde(default)]
    token: String,
    #[serde(default, rename = "type")]
    kind: i32,
}

/// Copies a body out of the frame, so that it does not pin the read buffer.
fn body(raw: Option<&RawValue>) -> Result<Option<Body>, serde_json::Error> {
    raw.map(Body::from_raw).transpose()
}

impl Wire<'_> {
    fn is_empty(&self) -> bool {
        let Self {
            id: _,
            connect,
            ping,
            subscribe,
            unsubscribe,
            publish,
            presence,
            presence_stats,
            history,
            rpc,
            send,
            refresh,
            sub_refresh,
        } = self;
        connect.is_none()
            && (ping.is_none() && subscribe.is_none() && unsubscribe.is_none())
            && (publish.is_none() && presence.is_none() && presence_stats.is_none())
            && (history.is_none() && rpc.is_none() && send.is_none())
            && (refresh.is_none() && sub_refresh.is_none())
    }

    /// The first member present, in the protocol's order.
    fn request(self) -> Option<Request> {
        if let Some(connect) = self.connect {
            return Some(Request::Connect(ConnectRequest {
                data: body(connect.data).ok()?,
                token: connect.token,
                name: connect.name,
                version: connect.version,
                subs: connect.subs.into_iter().filter_map(resume).collect(),
            }));
        }
        if self.ping.is_some() {
            return Some(Request::Ping);
        }
        if let Some(subscribe) = self.subscribe {
            return subscribe.request();
        }
        if let Some(WireChannel { channel }) = self.unsubscribe {
            return Some(Request::Unsubscribe { channel });
        }
        if let Some(publish) = self.publish {
            return Some(Request::Publish(PublishRequest {
                data: body(publish.data).ok()?,
                channel: publish.channel,
                kind: publish.kind,
            }));
        }
        if let Some(WireChannel { channel }) = self.presence {
            return Some(Request::Presence { channel });
        }
        if let Some(WireChannel { channel }) = self.presence_stats {
            return Some(Request::PresenceStats { channel });
        }
        if let Some(history) = self.history {
            return Some(history.request());
        }
        if let Some(WireRpc { method, data }) = self.rpc {
            let data = body(data).ok()?;
            return Some(Request::Rpc { method, data });
        }
        if self.send.is_some() {
            return Some(Request::Send);
        }
        if let Some(WireToken { token }) = self.refresh {
            return Some(Request::Refresh { token });
        }
        self.sub_refresh.map(|refresh| {
            Request::SubRefresh(SubRefreshRequest {
                channel: refresh.channel,
                token: refresh.token,
                kind: refresh.kind,
            })
        })
    }
}

/// Where the client stands in a channel, if it wants to go on from there.
fn resume((channel, wire): (String, WireResume)) -> Option<(String, Since)> {
    let WireResume {
        recover,
        offset,
        epoch,
    } = wire;
    recover.then_some((channel, Since { offset, epoch }))
}

impl WireSubscribe<'_> {
    fn request(self) -> Option<Request> {
        Some(Request::Subscribe(SubscribeRequest {
            data: body(self.data).ok()?,
            channel: self.channel,
            token: self.token,
            recover: self.recover,
            offset: self.offset,
            epoch: self.epoch,
            positioned: self.positioned,
            recoverable: self.recoverable,
            join_leave: self.join_leave,
            delta: self.delta,
            tag_filter: self.tf.is_some(),
            flag: self.flag,
            kind: self.kind,
        }))
    }
}

impl WireHistory {
    fn request(self) -> Request {
        Request::History(HistoryRequest {
            channel: self.channel,
            limit: self.limit,
            since: self.since.map(|since| Since {
                offset: since.offset,
                epoch: since.epoch,
            }),
            reverse: self.reverse,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::Encoding;

    fn decode(frame: &str) -> Vec<Command> {
        Encoding::Json.commands(frame.as_bytes()).collect()
    }

    fn one(frame: &str) -> Command {
        let mut commands = decode(frame);
        assert_eq!(commands.len(), 1, "{frame}");
        commands.remove(0)
    }

    #[test]
    fn a_frame_holds_several_commands_and_may_end_in_a_newline() {
        let frame = "{\"id\":1,\"connect\":{\"token\":\"t\"}}\n{\"id\":2,\"subscribe\":{\"channel\":\"a\",\"flag\":1}}\n";
        let commands = decode(frame);
        assert_eq!(commands.len(), 2);
        let Command::Request {
            id: 2,
            request: Request::Subscribe(subscribe),
        } = &commands[1]
        else {
            panic!("{commands:?}");
        };
        assert_eq!(subscribe.channel, "a");
        assert!(!subscribe.rejects_unrecoverable());
    }

    #[test]
    fn what_cannot_be_read_is_malformed_and_ends_the_frame() {
        for frame in [
            "",
            "\n",
            "x",
            "[]",
            "{\"id\":1}",
            "{\"id\":-1,\"ping\":{}}",
            "{\"id\":1,\"rpc\":5}",
        ] {
            assert_eq!(one(frame), Command::Malformed, "{frame:?}");
        }
        let commands = decode("{}\n\n{}");
        assert_eq!(commands, [Command::Pong, Command::Malformed]);
    }

    #[test]
    fn an_id_of_zero_is_the_pong_or_sends_or_is_a_mistake() {
        assert_eq!(one("{}"), Command::Pong);
        assert_eq!(one("{\"id\":0,\"later\":{}}"), Command::Pong);
        assert_eq!(one("{\"rpc\":{\"method\":\"a\"}}"), Command::Malformed);
        assert_eq!(
            one("{\"send\":{\"data\":1}}"),
            Command::Request {
                id: 0,
                request: Request::Send
            }
        );
    }

    #[test]
    fn unknown_fields_and_nulls_are_ignored() {
        let command = one(
            "{\"id\":3,\"later\":{\"deep\":[1]},\"connect\":null,\"rpc\":{\"method\":\"m\",\"data\":{\"a\": 1},\"x\":0}}",
        );
        let Command::Request {
            id: 3,
            request: Request::Rpc { method, data },
        } = command
        else {
            panic!("{command:?}");
        };
        assert_eq!(method, "m");
        assert_eq!(data.expect("data was given").get(), "{\"a\": 1}");
    }

    #[test]
    fn nesting_without_end_is_only_malformed() {
        let deep = format!("{{\"id\":1,\"x\":{}", "[".repeat(60_000));
        assert_eq!(one(&deep), Command::Malformed);
        let closed = format!(
            "{{\"id\":1,\"rpc\":{{\"data\":{}{}}}}}",
            "[".repeat(20_000),
            "]".repeat(20_000)
        );
        let _ = decode(&closed);
    }
}
