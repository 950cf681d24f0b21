//! Connections in the Protobuf encoding, read with the schema and not with the engine's encoder.

use bytes::Bytes;
use futures_util::{SinkExt, StreamExt};
use prost::Message as _;
use serde_json::json;
use tokio::io::DuplexStream;
use tokio_tungstenite::{WebSocketStream, tungstenite::Message};

use super::world::{Instance, until};
use crate::{
    HubConfig,
    protocol::{Encoding, delta, protobuf::schema as wire},
};

struct Client(WebSocketStream<DuplexStream>);

impl Client {
    /// Opened, and connected together with a subscription in one message.
    async fn on(instance: &Instance, channel: &str) -> (Self, wire::SubscribeResult) {
        let mut client = Self(instance.stream(1 << 20, Encoding::Protobuf).await);
        let connect = wire::Command {
            id: 1,
            connect: Some(wire::ConnectRequest::default()),
            ..wire::Command::default()
        };
        client.send(&[connect, subscribe(2, channel)]).await;
        let connected = client.reply().await.connect.expect("connected");
        assert!(!connected.client.is_empty() && !connected.version.is_empty());
        assert!(connected.pong && connected.ping == 25);
        let subscribed = client.reply().await.subscribe.expect("subscribed");
        (client, subscribed)
    }

    async fn send(&mut self, commands: &[wire::Command]) {
        let mut frame = Vec::new();
        for command in commands {
            command.encode_length_delimited(&mut frame).unwrap();
        }
        self.0.send(Message::binary(frame)).await.unwrap();
    }

    async fn message(&mut self) -> Message {
        self.0.next().await.expect("open").expect("a message")
    }

    /// The next message, which is one reply.
    async fn reply(&mut self) -> wire::Reply {
        let Message::Binary(mut bytes) = self.message().await else {
            panic!("not binary");
        };
        let reply = wire::Reply::decode_length_delimited(&mut bytes).unwrap();
        assert!(bytes.is_empty(), "{bytes:?} is left");
        reply
    }

    async fn publication(&mut self) -> wire::Publication {
        let push = self.reply().await.push.expect("a push");
        push.r#pub.expect("a publication")
    }

    async fn closed(&mut self) -> u16 {
        loop {
            if let Message::Close(Some(frame)) = self.message().await {
                return frame.code.into();
            }
        }
    }
}

fn subscribe(id: u32, channel: &str) -> wire::Command {
    wire::Command {
        id,
        subscribe: Some(wire::SubscribeRequest {
            channel: channel.to_owned(),
            ..wire::SubscribeRequest::default()
        }),
        ..wire::Command::default()
    }
}

fn rpc(id: u32, method: &str, data: &'static [u8]) -> wire::Command {
    wire::Command {
        id,
        rpc: Some(wire::RpcRequest {
            method: method.to_owned(),
            data: Bytes::from_static(data),
        }),
        ..wire::Command::default()
    }
}

#[tokio::test(start_paused = true)]
async fn a_view_and_its_changes_come_as_binary_messages() {
    let instance = Instance::new().await;
    instance.publish("doc.a", &json!(1));
    let (mut client, subscribed) = Client::on(&instance, "doc.a").await;
    assert!(subscribed.recoverable && subscribed.positioned);
    assert_eq!(subscribed.offset, 1);
    assert_eq!(&subscribed.data[..], b"{\"upto\":1}");
    instance.publish("doc.a", &json!({"n": "é"}));
    let publication = client.publication().await;
    assert_eq!(publication.offset, 2);
    assert_eq!(&publication.data[..], "{\"n\":\"é\"}".as_bytes());
}

#[tokio::test(start_paused = true)]
async fn subscribers_of_both_encodings_get_the_same() {
    let instance = Instance::new().await;
    let (mut binary, _) = Client::on(&instance, "log.a").await;
    let mut text = instance.client("ann").await;
    text.subscribe("log.a").await;
    for number in 1..=3 {
        instance.publish("log.a", &json!({ "n": number }));
        let publication = binary.publication().await;
        let push = text.message().await.unwrap();
        let push = &push["push"]["pub"];
        assert_eq!(push["offset"], publication.offset);
        assert_eq!(push["data"].to_string().as_bytes(), publication.data);
        let epoch = if number == 1 { "epoch" } else { "" };
        assert_eq!(publication.epoch, epoch, "told with the first one only");
    }
}

#[tokio::test(start_paused = true)]
async fn calls_carry_json_and_what_is_no_json_is_refused() {
    let instance = Instance::new().await;
    let (mut client, _) = Client::on(&instance, "log.a").await;
    client.send(&[rpc(3, "echo", b"{\"a\": 1}")]).await;
    let reply = client.reply().await;
    assert_eq!(reply.id, 3);
    assert_eq!(&reply.rpc.expect("an answer").data[..], b"{\"a\": 1}");
    client
        .send(&[rpc(4, "echo", b"\xff\xfe"), rpc(5, "echo", b"no")])
        .await;
    for id in [4, 5] {
        let reply = client.reply().await;
        assert_eq!((reply.id, reply.error.expect("an error").code), (id, 107));
    }
    client.send(&[rpc(6, "refuse", b"")]).await;
    let error = client.reply().await.error.expect("an error");
    assert_eq!((error.code, error.message.as_str()), (400, "not today"));
}

#[tokio::test(start_paused = true)]
async fn a_ping_is_one_byte_of_zero_and_so_is_its_answer() {
    let instance = Instance::new().await;
    let (mut client, _) = Client::on(&instance, "log.a").await;
    for _ in 0..3 {
        let ping = client.message().await;
        assert_eq!(ping, Message::binary(vec![0]));
        client.0.send(ping).await.unwrap();
    }
    assert_eq!(client.message().await, Message::binary(vec![0]));
    assert_eq!(client.closed().await, 3012, "the last ping went unanswered");
}

#[tokio::test(start_paused = true)]
async fn text_and_rubbish_are_bad_requests() {
    for rubbish in [
        Message::text("{\"id\":3,\"rpc\":{\"method\":\"echo\"}}"),
        Message::binary(vec![]),
        Message::binary(vec![0xff, 0xff, 0xff, 0xff, 0x0f]),
        Message::binary(vec![2, 8, 3]),
    ] {
        let instance = Instance::new().await;
        let (mut client, _) = Client::on(&instance, "log.a").await;
        client.0.send(rubbish).await.unwrap();
        assert_eq!(client.closed().await, 3501);
    }
}

#[tokio::test(start_paused = true)]
async fn a_connection_speaks_its_encoding_whichever_kind_of_message_comes() {
    let instance = Instance::with(HubConfig::default()).await;
    let (mut client, _) = Client::on(&instance, "log.a").await;
    // Text, but the bytes of a Protobuf command: id 7, `ping`.
    let ping = Message::text("\u{4}\u{8}\u{7}Z\u{0}");
    client.0.send(ping).await.unwrap();
    let reply = client.reply().await;
    assert_eq!((reply.id, reply.error.expect("an error").code), (7, 108));
    drop(client);
    until("it is gone", || instance.hub.connections() == 0).await;
}

#[tokio::test(start_paused = true)]
async fn deltas_are_bytes() {
    let instance = Instance::new().await;
    let (mut client, _) = Client::on(&instance, "log.other").await;
    let mut asking = subscribe(3, "log.a");
    asking.subscribe.as_mut().unwrap().delta = "fossil".to_owned();
    client.send(&[asking]).await;
    assert!(client.reply().await.subscribe.expect("subscribed").delta);
    let body = |last: &str| json!({ "middle": "тот же самый текст".repeat(5), "last": last });
    instance.publish("log.a", &body("é"));
    let first = client.publication().await;
    assert!(!first.delta);
    assert_eq!(first.data, body("é").to_string());
    instance.publish("log.a", &body("è"));
    let second = client.publication().await;
    assert!(second.delta && second.data.len() < first.data.len());
    let applied = delta::apply(&first.data, &second.data).expect("it fits");
    assert_eq!(applied, body("è").to_string().into_bytes());
}
