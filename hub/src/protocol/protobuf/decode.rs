//! The Protobuf encoding of commands. Unknown fields are skipped.

use bytes::Bytes;
use prost::Message;

use super::{
    super::EmulationRequest,
    super::command::{
        Command, ConnectRequest, HistoryRequest, PublishRequest, Request, Since, SubRefreshRequest,
        SubscribeRequest,
    },
    schema as wire,
};
use crate::ports::Body;

/// Takes the first message off a frame: its bytes, and what follows them. `None` when its length
/// is not one, or goes beyond the frame.
pub(in super::super) fn split(frame: &[u8]) -> Option<(&[u8], &[u8])> {
    let mut rest = frame;
    let length = prost::decode_length_delimiter(&mut rest).ok()?;
    rest.split_at_checked(length)
}

/// Reads one command, without its length; `None` when it cannot be read.
pub(in super::super) fn command(message: &[u8]) -> Option<Command> {
    let wire = wire::Command::decode(message).ok()?;
    let id = wire.id;
    match request(wire) {
        Ok(None) if id == 0 => Some(Command::Pong),
        Ok(request) => Command::request(id, request?),
        Err(NotJson) => Some(Command::BadBody { id }),
    }
}

/// Reads the body of a request to the emulation endpoint.
pub(in super::super) fn emulation(body: Bytes) -> Option<EmulationRequest> {
    let wire::EmulationRequest {
        node,
        session,
        data,
    } = wire::EmulationRequest::decode(body).ok()?;
    Some(EmulationRequest {
        node,
        session,
        data,
    })
}

/// Bytes where the body should be that are no JSON.
struct NotJson;

fn body(data: &Bytes) -> Result<Option<Body>, NotJson> {
    if data.is_empty() {
        return Ok(None);
    }
    let text = str::from_utf8(data).map_err(|_| NotJson)?;
    Body::from_text(text).map(Some).map_err(|_| NotJson)
}

/// The first member present, in the protocol's order.
fn request(wire: wire::Command) -> Result<Option<Request>, NotJson> {
    let request = if let Some(connect) = wire.connect {
        Request::Connect(ConnectRequest {
            data: body(&connect.data)?,
            token: connect.token,
            name: connect.name,
            version: connect.version,
            subs: connect.subs.into_iter().filter_map(resume).collect(),
        })
    } else if wire.ping.is_some() {
        Request::Ping
    } else if let Some(subscribe) = wire.subscribe {
        Request::Subscribe(subscribe_request(subscribe)?)
    } else if let Some(wire::UnsubscribeRequest { channel }) = wire.unsubscribe {
        Request::Unsubscribe { channel }
    } else if let Some(publish) = wire.publish {
        Request::Publish(PublishRequest {
            data: body(&publish.data)?,
            channel: publish.channel,
            kind: publish.r#type,
        })
    } else if let Some(wire::PresenceRequest { channel }) = wire.presence {
        Request::Presence { channel }
    } else if let Some(wire::PresenceStatsRequest { channel }) = wire.presence_stats {
        Request::PresenceStats { channel }
    } else if let Some(history) = wire.history {
        Request::History(history_request(history))
    } else if let Some(rpc) = wire.rpc {
        Request::Rpc {
            data: body(&rpc.data)?,
            method: rpc.method,
        }
    } else if wire.send.is_some() {
        Request::Send
    } else if let Some(wire::RefreshRequest { token }) = wire.refresh {
        Request::Refresh { token }
    } else if let Some(refresh) = wire.sub_refresh {
        Request::SubRefresh(SubRefreshRequest {
            channel: refresh.channel,
            token: refresh.token,
            kind: refresh.r#type,
        })
    } else {
        return Ok(None);
    };
    Ok(Some(request))
}

/// Where the client stands in a channel, if it wants to go on from there.
fn resume((channel, wire): (String, wire::SubscribeRequest)) -> Option<(String, Since)> {
    let wire::SubscribeRequest { offset, epoch, .. } = wire;
    wire.recover.then_some((channel, Since { offset, epoch }))
}

fn subscribe_request(wire: wire::SubscribeRequest) -> Result<SubscribeRequest, NotJson> {
    Ok(SubscribeRequest {
        data: body(&wire.data)?,
        channel: wire.channel,
        token: wire.token,
        recover: wire.recover,
        offset: wire.offset,
        epoch: wire.epoch,
        positioned: wire.positioned,
        recoverable: wire.recoverable,
        join_leave: wire.join_leave,
        delta: wire.delta,
        tag_filter: wire.tf.is_some(),
        flag: wire.flag,
        kind: wire.r#type,
    })
}

fn history_request(wire: wire::HistoryRequest) -> HistoryRequest {
    HistoryRequest {
        channel: wire.channel,
        limit: wire.limit,
        since: wire.since.map(|since| Since {
            offset: since.offset,
            epoch: since.epoch,
        }),
        reverse: wire.reverse,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::Encoding;

    fn commands(frame: &[u8]) -> Vec<Command> {
        Encoding::Protobuf.commands(frame).collect()
    }

    fn frame(command: &wire::Command) -> Vec<u8> {
        command.encode_length_delimited_to_vec()
    }

    fn rpc(data: &'static [u8]) -> wire::Command {
        wire::Command {
            id: 3,
            rpc: Some(wire::RpcRequest {
                method: "m".to_owned(),
                data: Bytes::from_static(data),
            }),
            ..wire::Command::default()
        }
    }

    #[test]
    fn an_empty_message_is_the_pong_and_an_empty_member_is_a_request() {
        assert_eq!(commands(&[0, 0]), [Command::Pong, Command::Pong]);
        // The length, id 1, and `ping` of no length.
        let ping = Command::Request {
            id: 1,
            request: Request::Ping,
        };
        assert_eq!(commands(&[4, 0x08, 1, 0x5a, 0]), [ping]);
        assert_eq!(commands(&[2, 0x08, 1]), [Command::Malformed]);
    }

    #[test]
    fn lengths_that_lie_end_the_frame() {
        let four_gigabytes = [0xff, 0xff, 0xff, 0xff, 0x0f];
        let no_end = [0x80; 11];
        for lie in [&four_gigabytes[..], &no_end, &[5, 0x08, 1, 0x5a, 0], &[]] {
            assert_eq!(commands(lie), [Command::Malformed], "{lie:?}");
        }
        let mut after_a_pong = vec![0];
        after_a_pong.extend(four_gigabytes);
        assert_eq!(commands(&after_a_pong), [Command::Pong, Command::Malformed]);
    }

    #[test]
    fn bodies_must_be_json_and_may_be_absent() {
        let none = Command::Request {
            id: 3,
            request: Request::Rpc {
                method: "m".to_owned(),
                data: None,
            },
        };
        assert_eq!(commands(&frame(&rpc(b""))), [none]);
        for bad in [&b"{"[..], b"\xff", b"{} {}", b"plain"] {
            let bad = commands(&frame(&rpc(bad)));
            assert_eq!(bad, [Command::BadBody { id: 3 }]);
        }
        let spread = commands(&frame(&rpc(b"{\"a\":\n1}")));
        let [
            Command::Request {
                request: Request::Rpc {
                    data: Some(body), ..
                },
                ..
            },
        ] = &spread[..]
        else {
            panic!("{spread:?}");
        };
        assert_eq!(body.get(), "{\"a\":1}");
    }

    #[test]
    fn unknown_fields_are_skipped() {
        let mut message = rpc(b"1").encode_to_vec();
        // Field 99, a varint, and field 100, three bytes.
        message.extend([0x98, 0x06, 0x07, 0xa2, 0x06, 3, 1, 2, 3]);
        let mut frame = vec![u8::try_from(message.len()).unwrap()];
        frame.extend(message);
        assert_eq!(commands(&frame), commands(&self::frame(&rpc(b"1"))));
    }
}
