//! The Protobuf encoding of replies and pushes. A member that is a message is written even when it
//! is empty: that is how a success without content is told from a ping.

use std::collections::HashSet;

use bytes::Bytes;
use prost::Message;

use super::{
    super::{
        ErrorCode, UnsubscribeCode,
        reply::{ConnectResult, Expiry, Form, Publications, Push, Reply, SubscribeResult},
    },
    schema as wire,
};
use crate::ports::{Body, ClientInfo, Publication};

/// A ping: a reply with no field set, so nothing but its length.
pub(in super::super) const PING: Bytes = Bytes::from_static(&[0]);

/// Encodes one reply as a frame.
pub(in super::super) fn reply(id: u32, reply: &Reply<'_>) -> Bytes {
    let mut wire = wire::Reply {
        id,
        ..wire::Reply::default()
    };
    match reply {
        Reply::Error(error) => wire.error = Some(error_of(error)),
        Reply::Connect(result) => wire.connect = Some(connect(result)),
        Reply::Subscribe(result) => wire.subscribe = Some(subscribe(result)),
        Reply::Unsubscribe => wire.unsubscribe = Some(wire::UnsubscribeResult {}),
        Reply::Publish => wire.publish = Some(wire::PublishResult {}),
        Reply::Presence(list) => {
            let presence = list
                .iter()
                .map(|info| (info.client.clone(), client(info)))
                .collect();
            wire.presence = Some(wire::PresenceResult { presence });
        }
        Reply::PresenceStats(list) => {
            let users: HashSet<_> = list.iter().map(|info| info.user.as_str()).collect();
            wire.presence_stats = Some(wire::PresenceStatsResult {
                num_clients: count(list.len()),
                num_users: count(users.len()),
            });
        }
        Reply::History { publications, head } => {
            wire.history = Some(wire::HistoryResult {
                publications: list(Publications::Plain(publications)),
                epoch: head.epoch.to_string(),
                offset: head.offset,
            });
        }
        Reply::Rpc(data) => wire.rpc = Some(wire::RpcResult { data: bytes(data) }),
        Reply::Refresh(expiry) => {
            let (expires, ttl) = when(*expiry);
            wire.refresh = Some(wire::RefreshResult {
                expires,
                ttl,
                ..wire::RefreshResult::default()
            });
        }
        Reply::SubRefresh(expiry) => {
            let (expires, ttl) = when(*expiry);
            wire.sub_refresh = Some(wire::SubRefreshResult {
                expires,
                ttl,
                ..wire::SubRefreshResult::default()
            });
        }
    }
    wire.encode_length_delimited_to_vec().into()
}

/// Encodes one push as a frame.
pub(in super::super) fn push(channel: &str, push: Push<'_>) -> Bytes {
    let mut wire = wire::Push {
        channel: channel.to_owned(),
        ..wire::Push::default()
    };
    match push {
        Push::Publication(publication, form) => {
            let mut news = self::publication(publication, form);
            // A subscriber from before the first publication may hold no epoch yet.
            if publication.offset == 1 {
                news.epoch = publication.epoch.to_string();
            }
            wire.r#pub = Some(news);
        }
        Push::Join(info) => {
            let info = Some(client(info));
            wire.join = Some(wire::Join { info });
        }
        Push::Leave(info) => {
            let info = Some(client(info));
            wire.leave = Some(wire::Leave { info });
        }
        Push::Unsubscribe(UnsubscribeCode { code, reason }) => {
            let reason = reason.to_owned();
            wire.unsubscribe = Some(wire::Unsubscribe { code, reason });
        }
        Push::Disconnect(code) => {
            wire.disconnect = Some(wire::Disconnect {
                code: code.code.into(),
                reason: code.reason.to_string(),
                reconnect: code.reconnects(),
            });
        }
        Push::Subscribe(result) => {
            wire.subscribe = Some(wire::Subscribe {
                recoverable: result.recoverable,
                epoch: result.epoch.to_owned(),
                offset: result.offset,
                positioned: result.positioned,
                data: result.data.map(bytes).unwrap_or_default(),
            });
        }
    }
    let reply = wire::Reply {
        push: Some(wire),
        ..wire::Reply::default()
    };
    reply.encode_length_delimited_to_vec().into()
}

fn error_of(error: &ErrorCode) -> wire::Error {
    wire::Error {
        code: error.code,
        message: error.message.to_string(),
        temporary: error.temporary,
    }
}

fn connect(result: &ConnectResult<'_>) -> wire::ConnectResult {
    let (expires, ttl) = when(result.expiry);
    wire::ConnectResult {
        client: result.client.to_owned(),
        version: result.version.to_owned(),
        expires,
        ttl,
        ping: count(result.ping),
        pong: result.pong,
        session: result.session.to_owned(),
        node: result.node.to_owned(),
        subs: result
            .subs
            .iter()
            .map(|(channel, result)| wire::ServerSubscription {
                key: channel.to_string(),
                value: Some(subscribe(result)),
            })
            .collect(),
        ..wire::ConnectResult::default()
    }
}

fn subscribe(result: &SubscribeResult<'_>) -> wire::SubscribeResult {
    let (expires, ttl) = when(result.expiry);
    wire::SubscribeResult {
        expires,
        ttl,
        recoverable: result.recoverable,
        epoch: result.epoch.to_owned(),
        publications: list(result.publications),
        recovered: result.recovered,
        offset: result.offset,
        positioned: result.positioned,
        data: result.data.map(bytes).unwrap_or_default(),
        was_recovering: result.was_recovering,
        delta: result.delta,
        ..wire::SubscribeResult::default()
    }
}

fn list(publications: Publications<'_>) -> Vec<wire::Publication> {
    publications.each(publication)
}

fn publication(publication: &Publication, form: Form<'_>) -> wire::Publication {
    wire::Publication {
        data: match form {
            Form::Plain | Form::Text => bytes(&publication.body),
            Form::Delta(delta) => Bytes::copy_from_slice(delta.as_bytes()),
        },
        delta: matches!(form, Form::Delta(_)),
        info: publication.info.as_deref().map(client),
        offset: publication.offset,
        ..wire::Publication::default()
    }
}

fn client(info: &ClientInfo) -> wire::ClientInfo {
    wire::ClientInfo {
        user: info.user.clone(),
        client: info.client.clone(),
        conn_info: info.conn_info.as_ref().map(bytes).unwrap_or_default(),
        chan_info: info.chan_info.as_ref().map(bytes).unwrap_or_default(),
    }
}

/// Both members of an expiry.
fn when(expiry: Expiry) -> (bool, u32) {
    (expiry.expires, count(expiry.ttl))
}

/// Numbers for people; those that do not fit mean "more than anybody can count".
fn count(number: impl TryInto<u32>) -> u32 {
    number.try_into().unwrap_or(u32::MAX)
}

/// The body's text, which is written but not copied before.
fn bytes(body: &Body) -> Bytes {
    struct Text(Body);

    impl AsRef<[u8]> for Text {
        fn as_ref(&self) -> &[u8] {
            self.0.get().as_bytes()
        }
    }

    Bytes::from_owner(Text(body.clone()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_success_without_content_is_written_as_an_empty_member() {
        assert_eq!(
            reply(1, &Reply::Unsubscribe)[..],
            [0x04, 0x08, 0x01, 0x3a, 0x00]
        );
        let stats = reply(1, &Reply::PresenceStats(&[]));
        assert_eq!(stats[..], [0x04, 0x08, 0x01, 0x52, 0x00]);
    }

    #[test]
    fn a_body_is_the_text_of_its_json() {
        let data = Body::from_text("{\"n\": 1.50}").unwrap();
        let frame = reply(1, &Reply::Rpc(&data));
        let read = wire::Reply::decode_length_delimited(frame).unwrap();
        assert_eq!(&read.rpc.unwrap().data[..], b"{\"n\": 1.50}");
    }
}
