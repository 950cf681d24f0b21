//! Who may connect, how connections are kept alive, and how they end.

use std::{sync::atomic::Ordering, time::Duration};

use futures_util::{SinkExt, StreamExt};
use serde_json::json;
use tokio_tungstenite::tungstenite::{
    Message,
    protocol::frame::{
        Frame,
        coding::{Data, OpCode},
    },
};

use super::world::{Instance, assert_closed, until};
use crate::ports::Control;

#[tokio::test(start_paused = true)]
async fn connect_is_answered_with_what_clients_need() {
    let instance = Instance::new().await;
    let mut client = instance.socket().await;
    let reply = client
        .request(&json!({ "connect": { "token": "ann", "name": "js" } }))
        .await;
    let connect = &reply["connect"];
    assert_eq!(connect["client"].as_str().unwrap().len(), 36);
    assert!(!connect["version"].as_str().unwrap().is_empty());
    assert_eq!(connect["ping"], json!(25));
    assert_eq!(connect["pong"], json!(true));
    assert_eq!(connect.get("expires"), None, "zero values are left out");
    assert_eq!(instance.hub.connections(), 1);
}

#[tokio::test(start_paused = true)]
async fn refusals_are_errors_or_closes_by_their_kind() {
    let instance = Instance::new().await;
    for (token, code, temporary) in [
        ("expired", 109, false),
        ("unauthorized", 101, false),
        ("busy", 111, true),
        ("unavailable", 100, true),
        ("forever", 100, true),
    ] {
        let mut client = instance.socket().await;
        let reply = client
            .request(&json!({ "connect": { "token": token } }))
            .await;
        assert_eq!(reply["error"]["code"], json!(code), "{token}");
        assert_eq!(
            reply["error"]["temporary"] == json!(true),
            temporary,
            "{token}"
        );
        assert!(!reply["error"]["message"].as_str().unwrap().is_empty());
    }
    for (token, code, reason) in [
        ("invalid", 3500, "invalid token"),
        ("limit", 3504, "connection limit"),
    ] {
        let mut client = instance.socket().await;
        client.send(&json!({ "connect": { "token": token } })).await;
        assert_closed(&client.closed().await, code, reason);
    }
}

#[tokio::test(start_paused = true)]
async fn of_many_who_connect_at_once_only_as_many_are_taken_in_as_the_application_admits() {
    let instance = Instance::new().await;
    let mut crowd = Vec::new();
    for _ in 0..8 {
        crowd.push(instance.socket().await);
    }
    for client in &mut crowd {
        client
            .send(&json!({ "connect": { "token": "crowd" } }))
            .await;
    }
    let mut inside = Vec::new();
    for mut client in crowd {
        match client.message().await {
            Ok(reply) => {
                assert!(reply["connect"].is_object(), "{reply}");
                inside.push(client);
            }
            Err(closed) => assert_closed(&closed, 3504, "connection limit"),
        }
    }
    assert_eq!(inside.len(), 3);
    drop(inside);
    until("they are gone", || {
        *instance.rules.room.lock().unwrap() == 3
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn after_a_refused_connect_nothing_else_is_served() {
    let instance = Instance::new().await;
    let mut client = instance.socket().await;
    let frame =
        "{\"id\":1,\"connect\":{\"token\":\"expired\"}}\n{\"id\":2,\"rpc\":{\"method\":\"echo\"}}";
    client.send_text(frame).await;
    assert_eq!(client.reply_to(1).await["error"]["code"], json!(109));
    client
        .send_text("{\"id\":3,\"rpc\":{\"method\":\"echo\"}}")
        .await;
    assert_closed(&client.closed().await, 3501, "bad request");

    let mut idle = instance.socket().await;
    idle.send(&json!({ "connect": { "token": "expired" } }))
        .await;
    assert_closed(&idle.closed().await, 3502, "stale");
}

#[tokio::test(start_paused = true)]
async fn a_bad_first_command_is_a_bad_request() {
    let instance = Instance::new().await;
    for frame in [
        "{\"id\":1,\"subscribe\":{\"channel\":\"doc.a\"}}",
        "{}",
        "nonsense",
        "{\"id\":1,\"connect\":5}",
        "",
    ] {
        let mut client = instance.socket().await;
        client.send_text(frame).await;
        assert_closed(&client.closed().await, 3501, "bad request");
    }
    let mut twice = instance.client("ann").await;
    twice.send(&json!({ "connect": {} })).await;
    assert_closed(&twice.closed().await, 3501, "bad request");
}

#[tokio::test(start_paused = true)]
async fn an_empty_frame_is_a_bad_request_on_an_open_connection_too() {
    let instance = Instance::new().await;
    for frame in ["", "\n", "{\"id\":7}", "{}\n\n{}"] {
        let mut client = instance.client("ann").await;
        client.send_text(frame).await;
        assert_closed(&client.closed().await, 3501, "bad request");
    }
}

#[tokio::test(start_paused = true)]
async fn connect_and_subscribes_may_come_in_one_frame() {
    let instance = Instance::new().await;
    instance.publish("doc.a", &json!(1));
    let mut client = instance.socket().await;
    client
        .send_text(
            "{\"id\":1,\"connect\":{\"token\":\"ann\",\"data\":{\"x\":1},\"unknown\":[]}}\n{\"id\":2,\"subscribe\":{\"channel\":\"doc.a\",\"flag\":1}}\n{\"id\":3,\"subscribe\":{\"channel\":\"doc.b\"}}\n",
        )
        .await;
    assert!(client.reply_to(1).await["connect"].is_object());
    let mut answered = Vec::new();
    for _ in 0..2 {
        let reply = client.message().await.unwrap();
        assert!(reply["subscribe"]["data"].is_object(), "{reply}");
        answered.push(reply["id"].as_u64().unwrap());
    }
    answered.sort_unstable();
    assert_eq!(answered, [2, 3]);
}

#[tokio::test(start_paused = true)]
async fn either_kind_of_message_is_read_and_what_is_no_text_is_no_request() {
    let instance = Instance::new().await;
    let mut client = instance.socket().await;
    let connect = Message::binary("{\"id\":1,\"connect\":{}}".as_bytes().to_vec());
    client.stream.send(connect).await.unwrap();
    assert!(client.reply_to(1).await["connect"].is_object());
    let bad = Message::binary(vec![0xff, 0xfe]);
    client.stream.send(bad).await.unwrap();
    assert_closed(&client.closed().await, 3501, "bad request");
}

#[tokio::test(start_paused = true)]
async fn a_text_message_that_is_no_text_is_1007() {
    let instance = Instance::new().await;
    let mut client = instance.socket().await;
    let bad = Frame::message(vec![0xff, 0xfe], OpCode::Data(Data::Text), true);
    client.stream.send(Message::Frame(bad)).await.unwrap();
    assert_closed(&client.closed().await, 1007, "invalid text");
}

#[tokio::test(start_paused = true)]
async fn a_client_that_never_connects_is_stale() {
    let instance = Instance::new().await;
    let begun = tokio::time::Instant::now();
    let mut client = instance.socket().await;
    assert_closed(&client.closed().await, 3502, "stale");
    assert_eq!(begun.elapsed().as_secs(), 10);
    until("the connection is gone", || instance.hub.connections() == 0).await;
}

#[tokio::test(start_paused = true)]
async fn a_client_that_answers_pings_stays_and_one_that_does_not_goes() {
    let instance = Instance::new().await;
    let mut patient = instance.client("ann").await;
    let mut deaf = instance.client("bob").await;
    let waited = tokio::time::timeout(Duration::from_mins(2), patient.message()).await;
    assert!(waited.is_err(), "only pings came: {waited:?}");
    assert!(patient.pings >= 4, "{}", patient.pings);
    let mut last = None;
    while let Some(Ok(message)) = deaf.stream.next().await {
        last = Some(message);
    }
    let Some(Message::Close(Some(closed))) = last else {
        panic!("{last:?}");
    };
    assert_eq!(u16::from(closed.code), 3012);
}

#[tokio::test(start_paused = true)]
async fn an_expired_connection_is_closed_after_its_grace_unless_refreshed() {
    let instance = Instance::new().await;
    let begun = tokio::time::Instant::now();
    let mut client = instance.socket().await;
    let reply = client
        .request(&json!({ "connect": { "token": "ann expires=60" } }))
        .await;
    assert_eq!(reply["connect"]["expires"], json!(true));
    assert_eq!(reply["connect"]["ttl"], json!(60));
    let reply = client
        .request(&json!({ "refresh": { "token": "ann expires=100" } }))
        .await;
    assert_eq!(reply["refresh"], json!({ "expires": true, "ttl": 100 }));
    assert_closed(&client.closed().await, 3005, "connection expired");
    assert_eq!(begun.elapsed().as_secs(), 125);
}

#[tokio::test(start_paused = true)]
async fn a_refresh_must_be_for_the_same_user() {
    let instance = Instance::new().await;
    for (token, code) in [
        ("bob", 3500),
        ("invalid", 3500),
        ("expired", 3005),
        ("", 3501),
    ] {
        let mut client = instance.client("ann").await;
        client.send(&json!({ "refresh": { "token": token } })).await;
        assert_eq!(client.closed().await.code, code, "{token}");
    }
    let mut client = instance.client("ann").await;
    let reply = client
        .request(&json!({ "refresh": { "token": "unavailable" } }))
        .await;
    assert_eq!(reply["error"]["code"], json!(100));
    let reply = client
        .request(&json!({ "refresh": { "token": "ann" } }))
        .await;
    assert_eq!(reply["refresh"], json!({}), "never expires");
}

#[tokio::test(start_paused = true)]
async fn the_application_hears_of_every_connection_once() {
    let instance = Instance::new().await;
    let client = instance.client("ann").await;
    until("connected", || {
        instance.rules.connected.load(Ordering::SeqCst) == 1
    })
    .await;
    drop(client);
    until("disconnected", || {
        instance.rules.disconnected.load(Ordering::SeqCst) == 1
    })
    .await;
    assert_eq!(instance.hub.connections(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_user_can_be_disconnected_whole_or_by_session() {
    let instance = Instance::new().await;
    let mut ann = instance.client("ann").await;
    let mut bob = instance.client("bob").await;
    let disconnect = |user: &str, session: Option<&str>| Control::Disconnect {
        user: user.into(),
        session: session.map(Into::into),
        code: 3503,
        reason: "signed out".into(),
    };
    instance
        .hub
        .control(disconnect("ann", Some("another session")))
        .await;
    ann.expect_silence().await;
    instance
        .hub
        .control(disconnect("ann", Some("session of ann")))
        .await;
    assert_closed(&ann.closed().await, 3503, "signed out");
    instance.hub.control(disconnect("bob", None)).await;
    assert_closed(&bob.closed().await, 3503, "signed out");
}

#[tokio::test(start_paused = true)]
async fn a_drain_spreads_the_closes_and_lets_calls_finish() {
    let instance = Instance::new().await;
    let mut clients = Vec::new();
    for _ in 0..10 {
        clients.push(instance.client("ann").await);
    }
    let call = clients[0]
        .send(&json!({ "rpc": { "method": "wait" } }))
        .await;
    until("the call is under way", || {
        instance.rules.gate.available_permits() == 0
    })
    .await;
    let begun = tokio::time::Instant::now();
    let hub = instance.hub.clone();
    let drain = tokio::spawn(async move { hub.drain(Duration::from_secs(10)).await });
    tokio::time::sleep(Duration::from_millis(10)).await;
    let mut late = instance.socket().await;
    assert_closed(&late.closed().await, 3001, "shutdown");
    instance.rules.gate.add_permits(1);
    let mut first = clients.remove(0);
    let first = async {
        let reply = first.reply_to(call).await;
        assert_eq!(reply["rpc"]["data"], json!("done"));
        assert_closed(&first.closed().await, 3001, "shutdown");
    };
    let closes = clients.into_iter().map(|mut client| async move {
        assert_closed(&client.closed().await, 3001, "shutdown");
        begun.elapsed()
    });
    let (mut times, ()) = tokio::join!(futures_util::future::join_all(closes), first);
    times.sort();
    let spread = times.last().unwrap().saturating_sub(times[0]);
    assert!(spread >= Duration::from_secs(5), "{times:?}");
    drain.await.unwrap();
    assert_eq!(instance.hub.connections(), 0);
}
