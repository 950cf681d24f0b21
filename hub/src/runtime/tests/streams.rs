//! Connections whose replies are the body of an HTTP response, and commands that come by POST.

use std::{sync::atomic::Ordering, time::Duration};

use bytes::BytesMut;
use futures_util::StreamExt;
use prost::Message;
use serde_json::{Value, json};
use tokio::time::{Instant, timeout};

use super::{
    stream_client::StreamClient,
    world::{Instance, Shared, until},
};
use crate::{
    Framing, HubConfig, ReplyBody,
    ports::{Control, EmulationRefused},
    protocol::{EmulationRequest, Encoding, protobuf::schema},
};

async fn two_instances() -> (Instance, Instance) {
    let shared = Shared::new();
    let one = shared.instance(HubConfig::default()).await;
    let two = shared.instance(HubConfig::default()).await;
    (one, two)
}

fn subscribe(channel: &str) -> Value {
    json!({ "subscribe": { "channel": channel } })
}

#[tokio::test(start_paused = true)]
async fn connect_is_answered_with_what_commands_need_to_find_the_connection() {
    let instance = Instance::new().await;
    for framing in [Framing::Lines, Framing::Events] {
        let mut client = StreamClient::open(&instance.hub, "ann", framing);
        let reply = client.connected().await;
        assert_eq!(reply["id"], json!(1));
        let connect = &reply["connect"];
        assert!(client.session.len() >= 32, "128 bits and more");
        assert_eq!(*client.node, *instance.hub.node());
        assert_eq!(connect["ping"], json!(25));
        let reply = client.ask(&instance.hub, &subscribe("doc.a")).await;
        assert_eq!(reply["subscribe"]["data"], json!({ "upto": 0 }));
    }
    let mut socket = instance.socket().await;
    let reply = socket.request(&json!({ "connect": {} })).await;
    assert_eq!(reply["connect"].get("session"), None);
    assert_eq!(reply["connect"].get("node"), None);
}

#[tokio::test(start_paused = true)]
async fn commands_work_through_the_other_instance() {
    let (one, two) = two_instances().await;
    let mut client = StreamClient::connect(&one.hub, "ann").await;
    let reply = client.ask(&two.hub, &subscribe("doc.a")).await;
    assert!(reply["subscribe"]["data"].is_object(), "{reply}");
    two.publish("doc.a", &json!("news"));
    assert_eq!(client.push().await["pub"]["data"], json!("news"));
    let whoami = json!({ "rpc": { "method": "whoami" } });
    let reply = client.ask(&two.hub, &whoami).await;
    assert_eq!(reply["rpc"]["data"], json!({ "user": "ann" }));
    for number in 0..50 {
        let echo = json!({ "rpc": { "method": "echo", "data": number } });
        client.send(&two.hub, &echo).await.1.unwrap();
    }
    for number in 0..50 {
        let reply = client.message().await.unwrap();
        assert_eq!(reply["rpc"]["data"], json!(number), "in order");
    }
}

/// The next reply of a Protobuf body.
async fn next_protobuf(body: &mut ReplyBody, read: &mut BytesMut) -> schema::Reply {
    loop {
        let mut rest = read.clone();
        if let Ok(reply) = schema::Reply::decode_length_delimited(&mut rest) {
            *read = rest;
            return reply;
        }
        let chunk = timeout(Duration::from_mins(5), body.next());
        let chunk = chunk.await.expect("something within five minutes");
        read.extend_from_slice(&chunk.unwrap().unwrap());
    }
}

#[tokio::test(start_paused = true)]
async fn protobuf_goes_both_ways_through_the_other_instance() {
    let (one, two) = two_instances().await;
    let connect = schema::Command {
        id: 1,
        connect: Some(schema::ConnectRequest {
            token: "ann".to_owned(),
            ..schema::ConnectRequest::default()
        }),
        ..schema::Command::default()
    };
    let first = connect.encode_length_delimited_to_vec().into();
    let body = one.hub.serve_stream(first, None, Framing::Lengths);
    let (mut body, mut read) = (body.unwrap(), BytesMut::new());
    let reply = next_protobuf(&mut body, &mut read).await;
    let connected = reply.connect.unwrap();
    assert_eq!(*connected.node, *one.hub.node());
    let subscribe = schema::Command {
        id: 2,
        subscribe: Some(schema::SubscribeRequest {
            channel: "log.a".to_owned(),
            ..schema::SubscribeRequest::default()
        }),
        ..schema::Command::default()
    };
    let request = schema::EmulationRequest {
        node: connected.node,
        session: connected.session,
        data: subscribe.encode_length_delimited_to_vec().into(),
    };
    let request = EmulationRequest::read(Encoding::Protobuf, &request.encode_to_vec().into());
    two.hub.emulate(request.unwrap()).await.unwrap();
    let reply = next_protobuf(&mut body, &mut read).await;
    assert_eq!(reply.id, 2);
    assert!(reply.subscribe.is_some(), "{reply:?}");
    two.publish("log.a", &json!("x".repeat(10_000)));
    let reply = next_protobuf(&mut body, &mut read).await;
    let publication = reply.push.unwrap().r#pub.unwrap();
    assert_eq!((publication.offset, publication.data.len()), (1, 10_002));
    one.hub.drain(Duration::ZERO).await;
    let reply = next_protobuf(&mut body, &mut read).await;
    let disconnect = reply.push.unwrap().disconnect.unwrap();
    assert_eq!((disconnect.code, disconnect.reconnect), (3001, true));
    assert!(body.next().await.is_none());
}

#[tokio::test(start_paused = true)]
async fn a_disconnect_is_told_and_the_body_ends() {
    let instance = Instance::new().await;
    let mut client = StreamClient::open(&instance.hub, "invalid", Framing::Lines);
    let disconnect = client.disconnected().await;
    assert_eq!(
        disconnect,
        json!({ "code": 3500, "reason": "invalid token" })
    );
    for (code, reconnect) in [
        (3503, Value::Null),
        (4000, json!(true)),
        (4500, Value::Null),
    ] {
        let mut client = StreamClient::connect(&instance.hub, "ann").await;
        let control = Control::Disconnect {
            user: "ann".into(),
            session: None,
            code,
            reason: "go".into(),
        };
        instance.hub.control(control).await;
        let disconnect = client.disconnected().await;
        assert_eq!(disconnect["code"], json!(code));
        assert_eq!(disconnect["reconnect"], reconnect, "{code}");
        let late = client.send(&instance.hub, &subscribe("doc.a")).await.1;
        assert_eq!(late, Err(EmulationRefused::UnknownSession));
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_not_a_connect_command_is_a_bad_request() {
    let instance = Instance::new().await;
    for first in ["x", "{}", "{\"id\":1,\"rpc\":{}}", "\u{fffd}"] {
        let body = instance
            .hub
            .serve_stream(first.into(), None, Framing::Lines);
        let mut client = StreamClient::open(&instance.hub, "unused", Framing::Lines);
        client.body = body.unwrap();
        assert_eq!(client.disconnected().await["code"], json!(3501), "{first}");
    }
    let long = "x".repeat(65_537);
    let refused = instance.hub.serve_stream(long.into(), None, Framing::Lines);
    assert_eq!(refused.unwrap_err(), EmulationRefused::TooLarge);
}

#[tokio::test(start_paused = true)]
async fn a_slow_reader_is_closed_with_3008_and_slows_nobody_else() {
    let instance = Instance::new().await;
    let mut slow = StreamClient::connect(&instance.hub, "slow").await;
    slow.ask(&instance.hub, &subscribe("log.a")).await;
    let mut quick = StreamClient::connect(&instance.hub, "quick").await;
    quick.ask(&instance.hub, &subscribe("log.a")).await;
    let text = "x".repeat(10_000);
    for _ in 0..150 {
        instance.publish("log.a", &json!(text));
        assert!(quick.push().await["pub"].is_object());
    }
    let disconnect = slow.disconnected().await;
    assert_eq!(
        disconnect,
        json!({ "code": 3008, "reason": "slow", "reconnect": true })
    );
}

#[tokio::test(start_paused = true)]
async fn a_reader_that_stopped_is_cut_after_ten_seconds_without_progress() {
    let instance = Instance::new().await;
    let mut stuck = StreamClient::connect(&instance.hub, "stuck").await;
    stuck.ask(&instance.hub, &subscribe("log.a")).await;
    let begun = Instant::now();
    instance.publish("log.a", &json!("x".repeat(100_000)));
    until("the connection is cut", || instance.hub.connections() == 0).await;
    let taken = begun.elapsed();
    assert!(
        taken >= Duration::from_secs(10) && taken < Duration::from_secs(11),
        "{taken:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_slow_reader_that_makes_progress_is_not_cut() {
    let instance = Instance::with(HubConfig {
        ping_ms: 3_600_000,
        ..HubConfig::default()
    })
    .await;
    let mut slow = StreamClient::connect(&instance.hub, "slow").await;
    slow.ask(&instance.hub, &subscribe("log.a")).await;
    instance.publish("log.a", &json!("x".repeat(40_000)));
    let mut received = 0;
    while received < 40_000 {
        tokio::time::sleep(Duration::from_secs(5)).await;
        assert_eq!(instance.hub.connections(), 1, "cut after {received} bytes");
        received += slow.body.next().await.unwrap().unwrap().len();
    }
}

#[tokio::test(start_paused = true)]
async fn a_reader_that_vanishes_ends_the_connection() {
    let (one, two) = two_instances().await;
    let mut client = StreamClient::connect(&one.hub, "ann").await;
    client.ask(&one.hub, &subscribe("crew.a")).await;
    let late = client.envelope("{}");
    drop(client);
    until("the connection ends", || one.hub.connections() == 0).await;
    until("the application hears of it", || {
        one.rules.disconnected.load(Ordering::SeqCst) == 1
    })
    .await;
    for hub in [&one.hub, &two.hub] {
        let refused = hub.emulate(late.clone()).await;
        assert_eq!(refused, Err(EmulationRefused::UnknownSession));
    }
}

#[tokio::test(start_paused = true)]
async fn only_the_whole_key_opens_a_connection() {
    let (one, two) = two_instances().await;
    let client = StreamClient::connect(&one.hub, "ann").await;
    let begun = Instant::now();
    let last_digit = if client.session.ends_with('0') {
        "1"
    } else {
        "0"
    };
    let (most, _) = client.session.split_at(client.session.len() - 1);
    for session in ["", "x", &"0".repeat(64), &format!("{most}{last_digit}")] {
        for hub in [&one.hub, &two.hub] {
            let mut request = client.envelope("{\"id\":2,\"rpc\":{\"method\":\"echo\"}}");
            session.clone_into(&mut request.session);
            let refused = hub.emulate(request).await;
            assert_eq!(refused, Err(EmulationRefused::UnknownSession), "{session}");
        }
    }
    for node in ["", "nobody", "memory-999999", "a b*", &"x".repeat(1_000)] {
        let mut request = client.envelope("{}");
        node.clone_into(&mut request.node);
        let refused = one.hub.emulate(request).await;
        assert_eq!(refused, Err(EmulationRefused::UnknownSession), "{node}");
    }
    assert!(begun.elapsed() < Duration::from_millis(100), "all at once");
}

#[tokio::test(start_paused = true)]
async fn messages_are_bounded_as_over_a_websocket() {
    let (one, two) = two_instances().await;
    let client = StreamClient::connect(&one.hub, "ann").await;
    for hub in [&one.hub, &two.hub] {
        let empty = hub.emulate(client.envelope("")).await;
        assert_eq!(empty, Err(EmulationRefused::Empty));
        let long = hub.emulate(client.envelope("x".repeat(65_537))).await;
        assert_eq!(long, Err(EmulationRefused::TooLarge));
    }
    // A drain takes nothing in any more, and waits for the call under way.
    let mut busy = StreamClient::connect(&one.hub, "bob").await;
    let wait = json!({ "rpc": { "method": "wait" } });
    busy.send(&one.hub, &wait).await.1.unwrap();
    let echo = json!({ "rpc": { "method": "echo", "data": "x".repeat(50_000) } });
    let hub = one.hub.clone();
    until("the call is under way", || {
        one.rules.connected.load(Ordering::SeqCst) == 2
    })
    .await;
    let draining = tokio::spawn(async move { hub.drain(Duration::ZERO).await });
    tokio::time::sleep(Duration::from_millis(10)).await;
    let mut refused = None;
    for _ in 0..4 {
        refused = busy.send(&two.hub, &echo).await.1.err().or(refused);
    }
    assert_eq!(refused, Some(EmulationRefused::Busy));
    one.rules.gate.add_permits(1);
    draining.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn what_the_wire_loses_is_not_said_to_be_taken() {
    let shared = Shared::new();
    let one = shared.instance(HubConfig::default()).await;
    let two = shared.instance(HubConfig::default()).await;
    let mut client = StreamClient::connect(&one.hub, "ann").await;
    shared.bus.set_cut(true);
    let begun = Instant::now();
    let lost = client.send(&two.hub, &subscribe("doc.a")).await.1;
    assert_eq!(lost, Err(EmulationRefused::Unavailable));
    assert!(begun.elapsed() <= Duration::from_millis(1_100));
    shared.bus.set_cut(false);
    let reply = client.ask(&two.hub, &subscribe("doc.a")).await;
    assert!(reply["subscribe"].is_object(), "{reply}");
}

#[tokio::test(start_paused = true)]
async fn pings_are_answered_by_post_or_the_connection_ends() {
    let (one, two) = two_instances().await;
    let mut client = StreamClient::connect(&one.hub, "ann").await;
    for _ in 0..3 {
        assert_eq!(client.next().await.unwrap(), json!({}));
        two.hub.emulate(client.envelope("{}")).await.unwrap();
    }
    let begun = Instant::now();
    let disconnect = client.disconnected().await;
    assert_eq!(disconnect["code"], json!(3012));
    assert!(begun.elapsed() < Duration::from_secs(36));
}

#[tokio::test(start_paused = true)]
async fn frames_beyond_the_rate_are_refused_as_over_a_websocket() {
    let shared = Shared::new();
    let one = shared
        .instance(HubConfig {
            frame_burst: 5,
            frames_per_second: 1,
            ..HubConfig::default()
        })
        .await;
    let mut client = StreamClient::connect(&one.hub, "ann").await;
    let echo = json!({ "rpc": { "method": "echo" } });
    for _ in 0..4 {
        let reply = client.ask(&one.hub, &echo).await;
        assert!(reply["rpc"].is_object(), "{reply}");
    }
    let refused = client.ask(&one.hub, &echo).await;
    assert_eq!(refused["error"]["code"], json!(111));
}

#[tokio::test(start_paused = true)]
async fn a_drain_says_goodbye_and_lets_calls_finish() {
    let (one, two) = two_instances().await;
    let mut idle = StreamClient::connect(&one.hub, "idle").await;
    let mut calling = StreamClient::connect(&one.hub, "calling").await;
    let wait = json!({ "rpc": { "method": "wait" } });
    calling.send(&two.hub, &wait).await.1.unwrap();
    let hub = one.hub.clone();
    let draining = tokio::spawn(async move { hub.drain(Duration::from_secs(1)).await });
    let goodbye = json!({ "code": 3001, "reason": "shutdown", "reconnect": true });
    assert_eq!(idle.disconnected().await, goodbye);
    one.rules.gate.add_permits(1);
    let reply = calling.message().await.unwrap();
    assert_eq!(reply["rpc"]["data"], json!("done"));
    assert_eq!(calling.disconnected().await, goodbye);
    let mut late = StreamClient::open(&one.hub, "late", Framing::Events);
    assert_eq!(late.disconnected().await, goodbye);
    draining.await.unwrap();
}
