//! The JSON encoding of replies and pushes: zero values are left out except where clients read them
//! without a default, and every success carries its result member even when that is empty.

use std::collections::BTreeMap;

use serde::{
    Serialize, Serializer,
    ser::{SerializeMap, SerializeSeq},
};
use serde_json::value::RawValue;

use super::super::{
    UnsubscribeCode,
    encoding::Text,
    reply::{Form, Publications, Push, Reply, SubscribeResult, is_false, is_zero},
};
use crate::ports::{Body, ChannelName, ClientInfo, Publication};

/// A ping: a reply with no field set.
pub(in super::super) const PING: Text = Text::from_static("{}");

/// Encodes one reply as a frame.
pub(in super::super) fn reply(id: u32, reply: &Reply<'_>) -> Text {
    text(&WireReply { id, reply })
}

/// Encodes one push as a frame.
pub(in super::super) fn push(channel: &str, push: Push<'_>) -> Text {
    text(&WirePush {
        push: WirePushBody { channel, push },
    })
}

fn text<T: Serialize>(value: &T) -> Text {
    serde_json::to_string(value)
        .expect("maps have text keys and bodies are valid JSON")
        .into()
}

#[derive(Serialize)]
struct HistoryResult<'a> {
    #[serde(serialize_with = "publications")]
    publications: Publications<'a>,
    epoch: &'a str,
    offset: u64,
}

#[derive(Serialize)]
struct PresenceStats {
    num_clients: usize,
    num_users: usize,
}

struct PresenceList<'a>(&'a [ClientInfo]);

impl Serialize for PresenceList<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let by_client: BTreeMap<_, _> = self.0.iter().map(|info| (&info.client, info)).collect();
        let mut map = serializer.serialize_map(Some(by_client.len()))?;
        for (client, info) in by_client {
            map.serialize_entry(client, &WireInfo::from(info))?;
        }
        map.end()
    }
}

#[derive(Serialize)]
struct PresenceResult<'a> {
    presence: PresenceList<'a>,
}

#[derive(Serialize)]
struct WireInfo<'a> {
    user: &'a str,
    client: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    conn_info: Option<&'a Body>,
    #[serde(skip_serializing_if = "Option::is_none")]
    chan_info: Option<&'a Body>,
}

impl<'a> From<&'a ClientInfo> for WireInfo<'a> {
    fn from(info: &'a ClientInfo) -> Self {
        Self {
            user: &info.user,
            client: &info.client,
            conn_info: info.conn_info.as_ref(),
            chan_info: info.chan_info.as_ref(),
        }
    }
}

#[derive(Serialize)]
struct WirePublication<'a> {
    data: Data<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    info: Option<WireInfo<'a>>,
    #[serde(skip_serializing_if = "is_zero")]
    offset: u64,
    #[serde(skip_serializing_if = "is_false")]
    delta: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    epoch: Option<&'a str>,
}

/// A value, or the text of one (or of a delta) as a string.
#[derive(Serialize)]
#[serde(untagged)]
enum Data<'a> {
    Value(&'a RawValue),
    Text(&'a str),
}

impl<'a> WirePublication<'a> {
    fn of(publication: &'a Publication, form: Form<'a>) -> Self {
        Self {
            data: match form {
                Form::Plain => Data::Value(publication.body.as_ref()),
                Form::Text => Data::Text(publication.body.get()),
                Form::Delta(delta) => Data::Text(delta),
            },
            delta: matches!(form, Form::Delta(_)),
            info: publication.info.as_deref().map(WireInfo::from),
            offset: publication.offset,
            epoch: None,
        }
    }
}

pub(in super::super) fn publications<S: Serializer>(
    list: &Publications<'_>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    let mut sequence = serializer.serialize_seq(None)?;
    for written in list.each(|publication, form| {
        sequence.serialize_element(&WirePublication::of(publication, form))
    }) {
        written?;
    }
    sequence.end()
}

pub(in super::super) fn subscriptions<S: Serializer>(
    list: &[(ChannelName, SubscribeResult<'_>)],
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.collect_map(list.iter().map(|(channel, result)| (&**channel, result)))
}

struct WireReply<'a> {
    id: u32,
    reply: &'a Reply<'a>,
}

#[derive(Serialize)]
struct WireError<'a> {
    code: u32,
    message: &'a str,
    #[serde(skip_serializing_if = "is_false")]
    temporary: bool,
}

#[derive(Serialize)]
struct Empty {}

#[derive(Serialize)]
struct RpcResult<'a> {
    data: &'a Body,
}

impl Serialize for WireReply<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(2))?;
        map.serialize_entry("id", &self.id)?;
        match self.reply {
            Reply::Error(error) => map.serialize_entry(
                "error",
                &WireError {
                    code: error.code,
                    message: &error.message,
                    temporary: error.temporary,
                },
            )?,
            Reply::Connect(result) => map.serialize_entry("connect", result)?,
            Reply::Subscribe(result) => map.serialize_entry("subscribe", result)?,
            Reply::Unsubscribe => map.serialize_entry("unsubscribe", &Empty {})?,
            Reply::Publish => map.serialize_entry("publish", &Empty {})?,
            Reply::Presence(list) => {
                let presence = PresenceList(list);
                map.serialize_entry("presence", &PresenceResult { presence })?;
            }
            Reply::PresenceStats(list) => {
                let users: std::collections::HashSet<_> =
                    list.iter().map(|info| info.user.as_str()).collect();
                let stats = PresenceStats {
                    num_clients: list.len(),
                    num_users: users.len(),
                };
                map.serialize_entry("presence_stats", &stats)?;
            }
            Reply::History { publications, head } => map.serialize_entry(
                "history",
                &HistoryResult {
                    publications: Publications::Plain(publications),
                    epoch: &head.epoch,
                    offset: head.offset,
                },
            )?,
            Reply::Rpc(data) => map.serialize_entry("rpc", &RpcResult { data })?,
            Reply::Refresh(expiry) => map.serialize_entry("refresh", expiry)?,
            Reply::SubRefresh(expiry) => map.serialize_entry("sub_refresh", expiry)?,
        }
        map.end()
    }
}

#[derive(Serialize)]
struct WirePush<'a> {
    push: WirePushBody<'a>,
}

struct WirePushBody<'a> {
    channel: &'a str,
    push: Push<'a>,
}

#[derive(Serialize)]
struct JoinOrLeave<'a> {
    info: WireInfo<'a>,
}

/// The members of a subscribe result that its push has.
#[derive(Serialize)]
struct WireSubscribe<'a> {
    #[serde(skip_serializing_if = "is_false")]
    recoverable: bool,
    #[serde(skip_serializing_if = "str::is_empty")]
    epoch: &'a str,
    #[serde(skip_serializing_if = "is_zero")]
    offset: u64,
    #[serde(skip_serializing_if = "is_false")]
    positioned: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<&'a Body>,
}

#[derive(Serialize)]
struct WireUnsubscribe {
    code: u32,
    reason: &'static str,
}

#[derive(Serialize)]
struct WireDisconnect<'a> {
    code: u16,
    reason: &'a str,
    #[serde(skip_serializing_if = "is_false")]
    reconnect: bool,
}

impl Serialize for WirePushBody<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(2))?;
        if !self.channel.is_empty() {
            map.serialize_entry("channel", self.channel)?;
        }
        match self.push {
            Push::Publication(publication, form) => {
                let mut wire = WirePublication::of(publication, form);
                // A subscriber from before the first publication may hold no epoch yet.
                wire.epoch = (publication.offset == 1).then_some(&*publication.epoch);
                map.serialize_entry("pub", &wire)?;
            }
            Push::Join(info) => {
                let info = WireInfo::from(info);
                map.serialize_entry("join", &JoinOrLeave { info })?;
            }
            Push::Leave(info) => {
                let info = WireInfo::from(info);
                map.serialize_entry("leave", &JoinOrLeave { info })?;
            }
            Push::Unsubscribe(UnsubscribeCode { code, reason }) => {
                map.serialize_entry("unsubscribe", &WireUnsubscribe { code, reason })?;
            }
            Push::Disconnect(code) => {
                let disconnect = WireDisconnect {
                    code: code.code,
                    reason: &code.reason,
                    reconnect: code.reconnects(),
                };
                map.serialize_entry("disconnect", &disconnect)?;
            }
            Push::Subscribe(result) => {
                let wire = WireSubscribe {
                    recoverable: result.recoverable,
                    epoch: result.epoch,
                    offset: result.offset,
                    positioned: result.positioned,
                    data: result.data,
                };
                map.serialize_entry("subscribe", &wire)?;
            }
        }
        map.end()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{ports::Position, protocol::reply::Expiry};

    fn info() -> ClientInfo {
        ClientInfo {
            user: String::new(),
            client: String::new(),
            conn_info: None,
            chan_info: None,
        }
    }

    #[test]
    fn zero_values_are_left_out_and_results_are_there_even_when_empty() {
        let subscribe = Reply::Subscribe(SubscribeResult::default());
        assert_eq!(&*reply(1, &subscribe), r#"{"id":1,"subscribe":{}}"#);
        assert_eq!(
            &*reply(2, &Reply::Unsubscribe),
            r#"{"id":2,"unsubscribe":{}}"#
        );
        assert_eq!(&*reply(3, &Reply::Publish), r#"{"id":3,"publish":{}}"#);
        let refresh = Reply::Refresh(Expiry::after(None));
        assert_eq!(&*reply(4, &refresh), r#"{"id":4,"refresh":{}}"#);
    }

    #[test]
    fn what_clients_read_without_a_default_is_always_there() {
        assert_eq!(
            &*reply(1, &Reply::Presence(&[])),
            r#"{"id":1,"presence":{"presence":{}}}"#
        );
        assert_eq!(
            &*reply(1, &Reply::PresenceStats(&[])),
            r#"{"id":1,"presence_stats":{"num_clients":0,"num_users":0}}"#
        );
        let head = Position {
            offset: 0,
            epoch: "".into(),
        };
        let history = Reply::History {
            publications: &[],
            head: &head,
        };
        assert_eq!(
            &*reply(1, &history),
            r#"{"id":1,"history":{"publications":[],"epoch":"","offset":0}}"#
        );
        assert_eq!(
            &*push("c", Push::Join(&info())),
            r#"{"push":{"channel":"c","join":{"info":{"user":"","client":""}}}}"#
        );
        let soon = Expiry::after(Some(std::time::Duration::from_millis(1)));
        assert_eq!(
            &*reply(1, &Reply::SubRefresh(soon)),
            r#"{"id":1,"sub_refresh":{"expires":true,"ttl":1}}"#
        );
    }

    #[test]
    fn a_disconnect_says_whether_to_come_back_and_names_no_channel() {
        use crate::protocol::CloseCode;
        assert_eq!(
            &*push("", Push::Disconnect(&CloseCode::SHUTDOWN)),
            r#"{"push":{"disconnect":{"code":3001,"reason":"shutdown","reconnect":true}}}"#
        );
        assert_eq!(
            &*push("", Push::Disconnect(&CloseCode::INVALID_TOKEN)),
            r#"{"push":{"disconnect":{"code":3500,"reason":"invalid token"}}}"#
        );
    }

    #[test]
    fn bodies_are_relayed_byte_for_byte_and_names_are_escaped() {
        let data = Body::from_text("{\"n\": 1.50}").unwrap();
        assert_eq!(
            &*reply(1, &Reply::Rpc(&data)),
            r#"{"id":1,"rpc":{"data":{"n": 1.50}}}"#
        );
        let publication = Publication {
            channel: "a\"b".into(),
            offset: 2,
            epoch: "e".into(),
            key: None,
            body: data,
            info: None,
        };
        assert_eq!(
            &*push(
                &publication.channel,
                Push::Publication(&publication, Form::Plain)
            ),
            r#"{"push":{"channel":"a\"b","pub":{"data":{"n": 1.50},"offset":2}}}"#
        );
    }
}
