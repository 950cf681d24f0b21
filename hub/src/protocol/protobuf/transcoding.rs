//! For tests: Protobuf as clients write and read it, from and to the JSON that says the same. Bodies
//! are JSON on one side and its text in bytes on the other. Made from the schema alone, without
//! the engine's own encoder and decoder.

use bytes::Bytes;
use prost::Message;
use serde_json::{Map, Value, json};

use super::schema as wire;

/// Writes commands given as the lines of a JSON frame.
pub(crate) fn commands(lines: &str) -> Vec<u8> {
    let mut frame = Vec::new();
    for line in lines.lines() {
        let value = serde_json::from_str(line).expect("a command");
        command(&value)
            .encode_length_delimited(&mut frame)
            .expect("room");
    }
    frame
}

/// Reads replies as the JSON values that say the same.
pub(crate) fn replies(mut frame: &[u8]) -> Vec<Value> {
    let mut replies = Vec::new();
    while !frame.is_empty() {
        let reply = wire::Reply::decode_length_delimited(&mut frame).expect("a reply");
        replies.push(reply_value(reply));
    }
    replies
}

fn command(value: &Value) -> wire::Command {
    let member = |name: &str| value.get(name).filter(|member| !member.is_null());
    let channel = |value: &Value| text(value, "channel");
    wire::Command {
        id: number(value, "id"),
        connect: member("connect").map(connect_request),
        subscribe: member("subscribe").map(subscribe_request),
        unsubscribe: member("unsubscribe").map(|value| wire::UnsubscribeRequest {
            channel: channel(value),
        }),
        publish: member("publish").map(|value| wire::PublishRequest {
            channel: channel(value),
            data: body(value),
            ..wire::PublishRequest::default()
        }),
        presence: member("presence").map(|value| wire::PresenceRequest {
            channel: channel(value),
        }),
        presence_stats: member("presence_stats").map(|value| wire::PresenceStatsRequest {
            channel: channel(value),
        }),
        history: member("history").map(|value| wire::HistoryRequest {
            channel: channel(value),
            limit: number(value, "limit"),
            since: value.get("since").map(|value| wire::StreamPosition {
                offset: number(value, "offset"),
                epoch: text(value, "epoch"),
            }),
            reverse: flag(value, "reverse"),
        }),
        ping: member("ping").map(|_| wire::PingRequest {}),
        send: member("send").map(|value| wire::SendRequest { data: body(value) }),
        rpc: member("rpc").map(|value| wire::RpcRequest {
            data: body(value),
            method: text(value, "method"),
        }),
        refresh: member("refresh").map(|value| wire::RefreshRequest {
            token: text(value, "token"),
        }),
        sub_refresh: member("sub_refresh").map(|value| wire::SubRefreshRequest {
            channel: channel(value),
            token: text(value, "token"),
            ..wire::SubRefreshRequest::default()
        }),
    }
}

fn connect_request(value: &Value) -> wire::ConnectRequest {
    let subs = value.get("subs").and_then(Value::as_object);
    wire::ConnectRequest {
        token: text(value, "token"),
        data: body(value),
        subs: subs
            .into_iter()
            .flatten()
            .map(|(channel, value)| (channel.clone(), subscribe_request(value)))
            .collect(),
        name: text(value, "name"),
        version: text(value, "version"),
        ..wire::ConnectRequest::default()
    }
}

fn subscribe_request(value: &Value) -> wire::SubscribeRequest {
    wire::SubscribeRequest {
        channel: text(value, "channel"),
        token: text(value, "token"),
        recover: flag(value, "recover"),
        epoch: text(value, "epoch"),
        offset: number(value, "offset"),
        data: body(value),
        positioned: flag(value, "positioned"),
        recoverable: flag(value, "recoverable"),
        join_leave: flag(value, "join_leave"),
        delta: text(value, "delta"),
        tf: value.get("tf").map(|_| Bytes::from_static(b"\x0a\x02eq")),
        flag: number(value, "flag"),
        r#type: number(value, "type"),
        ..wire::SubscribeRequest::default()
    }
}

fn text(value: &Value, name: &str) -> String {
    value[name].as_str().unwrap_or_default().to_owned()
}

fn number<T: TryFrom<i64> + Default>(value: &Value, name: &str) -> T {
    let number = value[name].as_i64().unwrap_or_default();
    T::try_from(number).unwrap_or_default()
}

fn flag(value: &Value, name: &str) -> bool {
    value[name].as_bool().unwrap_or_default()
}

fn body(value: &Value) -> Bytes {
    let data = value.get("data").filter(|data| !data.is_null());
    data.map(Value::to_string).unwrap_or_default().into()
}

/// Members that are there: zero values are not, as in the JSON encoding.
struct Members(Map<String, Value>);

impl Members {
    fn new() -> Self {
        Self(Map::new())
    }

    /// Always there, zero or not.
    fn always(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.0.insert(name.to_owned(), value.into());
        self
    }

    fn with(self, name: &str, value: impl Into<Value>) -> Self {
        let value = value.into();
        let zero = [json!(null), json!(0), json!(false), json!(""), json!([])];
        if zero.contains(&value) {
            return self;
        }
        self.always(name, value)
    }

    fn data(self, name: &str, data: &Bytes) -> Self {
        if data.is_empty() {
            return self;
        }
        let value: Value = serde_json::from_slice(data).expect("bodies are JSON");
        self.always(name, value)
    }

    fn maybe<T>(self, name: &str, member: Option<T>, write: impl Fn(T) -> Value) -> Self {
        match member {
            Some(member) => self.always(name, write(member)),
            None => self,
        }
    }

    fn done(self) -> Value {
        Value::Object(self.0)
    }
}

fn reply_value(reply: wire::Reply) -> Value {
    let empty = || json!({});
    Members::new()
        .with("id", reply.id)
        .maybe("error", reply.error, |error| {
            Members::new()
                .always("code", error.code)
                .always("message", error.message)
                .with("temporary", error.temporary)
                .done()
        })
        .maybe("push", reply.push, push_value)
        .maybe("connect", reply.connect, connect_value)
        .maybe("subscribe", reply.subscribe, subscribe_value)
        .maybe("unsubscribe", reply.unsubscribe, |_| empty())
        .maybe("publish", reply.publish, |_| empty())
        .maybe("presence", reply.presence, |result| {
            let clients = result.presence.into_iter();
            let clients: Map<_, _> = clients
                .map(|(client, info)| (client, info_value(info)))
                .collect();
            json!({ "presence": clients })
        })
        .maybe(
            "presence_stats",
            reply.presence_stats,
            |stats| json!({ "num_clients": stats.num_clients, "num_users": stats.num_users }),
        )
        .maybe("history", reply.history, |history| {
            json!({
                "publications": list(history.publications, false),
                "epoch": history.epoch,
                "offset": history.offset,
            })
        })
        .maybe("ping", reply.ping, |_| empty())
        .maybe("rpc", reply.rpc, |rpc| {
            Members::new().data("data", &rpc.data).done()
        })
        .maybe("refresh", reply.refresh, |refresh| {
            expiry(refresh.expires, refresh.ttl).done()
        })
        .maybe("sub_refresh", reply.sub_refresh, |refresh| {
            expiry(refresh.expires, refresh.ttl).done()
        })
        .done()
}

fn expiry(expires: bool, ttl: u32) -> Members {
    Members::new().with("expires", expires).with("ttl", ttl)
}

fn connect_value(result: wire::ConnectResult) -> Value {
    expiry(result.expires, result.ttl)
        .with("client", result.client)
        .with("version", result.version)
        .data("data", &result.data)
        .maybe("subs", filled(result.subs), |subs| {
            let subs = subs.into_iter();
            subs.map(|one| (one.key, one.value.map_or(Value::Null, subscribe_value)))
                .collect()
        })
        .with("ping", result.ping)
        .with("pong", result.pong)
        .with("session", result.session)
        .with("node", result.node)
        .done()
}

fn filled<T>(list: Vec<T>) -> Option<Vec<T>> {
    (!list.is_empty()).then_some(list)
}

fn subscribe_value(result: wire::SubscribeResult) -> Value {
    expiry(result.expires, result.ttl)
        .with("recoverable", result.recoverable)
        .with("epoch", result.epoch)
        .with("publications", list(result.publications, result.delta))
        .with("recovered", result.recovered)
        .with("offset", result.offset)
        .with("positioned", result.positioned)
        .data("data", &result.data)
        .with("was_recovering", result.was_recovering)
        .with("delta", result.delta)
        .done()
}

fn list(publications: Vec<wire::Publication>, as_text: bool) -> Value {
    let publications = publications.into_iter();
    let values = publications.map(|publication| publication_value(publication, as_text));
    values.collect()
}

/// Where deltas are taken, all bodies are `as_text`.
fn publication_value(publication: wire::Publication, as_text: bool) -> Value {
    let text = || String::from_utf8(publication.data.to_vec()).expect("text");
    let data = if as_text || publication.delta {
        Members::new().always("data", text())
    } else {
        Members::new().data("data", &publication.data)
    };
    data.maybe("info", publication.info, info_value)
        .with("offset", publication.offset)
        .with("delta", publication.delta)
        .with("epoch", publication.epoch)
        .done()
}

fn info_value(info: wire::ClientInfo) -> Value {
    Members::new()
        .always("user", info.user)
        .always("client", info.client)
        .data("conn_info", &info.conn_info)
        .data("chan_info", &info.chan_info)
        .done()
}

fn push_value(push: wire::Push) -> Value {
    let of = |info: Option<wire::ClientInfo>| Members::new().maybe("info", info, info_value).done();
    Members::new()
        .with("channel", push.channel)
        .maybe("pub", push.r#pub, |publication| {
            publication_value(publication, false)
        })
        .maybe("join", push.join, |join| of(join.info))
        .maybe("leave", push.leave, |leave| of(leave.info))
        .maybe(
            "unsubscribe",
            push.unsubscribe,
            |end| json!({ "code": end.code, "reason": end.reason }),
        )
        .maybe("message", push.message, |message| {
            Members::new().data("data", &message.data).done()
        })
        .maybe("subscribe", push.subscribe, |result| {
            Members::new()
                .with("recoverable", result.recoverable)
                .with("epoch", result.epoch)
                .with("offset", result.offset)
                .with("positioned", result.positioned)
                .data("data", &result.data)
                .done()
        })
        .maybe("disconnect", push.disconnect, |end| {
            Members::new()
                .always("code", end.code)
                .always("reason", end.reason)
                .with("reconnect", end.reconnect)
                .done()
        })
        .done()
}
