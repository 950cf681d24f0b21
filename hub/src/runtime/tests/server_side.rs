//! Subscriptions that the server makes: in the connect reply, by a push, and how they end.

use std::time::Duration;

use serde_json::{Value, json};

use super::world::{Client, Instance, Shared, assert_closed};
use crate::{
    HubConfig,
    ports::{ChannelLog, Control},
};

/// The connect reply of a client who comes with positions.
async fn connect(client: &mut Client, token: &str, subs: Value) -> Value {
    let connect = json!({ "token": token, "subs": subs });
    client.request(&json!({ "connect": connect })).await
}

async fn told(instance: &Instance, control: Control) {
    instance.hub.control(control).await;
}

fn unsubscribe(channel: &str, code: u32) -> Control {
    Control::Unsubscribe {
        channel: channel.into(),
        user: Some("ann".into()),
        code,
    }
}

#[tokio::test(start_paused = true)]
async fn the_connect_reply_tells_of_them_and_their_events_follow() {
    let instance = Instance::new().await;
    instance.publish("doc.a", &json!(1));
    let mut client = instance.socket().await;
    let token = "ann channels=doc.a,crew.a,eph.a";
    let reply = connect(&mut client, token, json!({})).await;
    let epoch = json!("epoch");
    assert_eq!(
        reply["connect"]["subs"],
        json!({
            "doc.a": {
                "recoverable": true, "positioned": true, "epoch": epoch, "offset": 1,
                "data": { "upto": 1 },
            },
            "crew.a": { "recoverable": true, "positioned": true, "epoch": epoch },
            "eph.a": {},
        })
    );
    let join = client.push().await;
    assert_eq!(join["channel"], "crew.a", "its own join, after the reply");
    assert_eq!(join["join"]["info"]["user"], "ann");
    instance.publish("doc.a", &json!(2));
    let push = client.push().await;
    assert_eq!(
        (&push["channel"], &push["pub"]["offset"]),
        (&json!("doc.a"), &json!(2))
    );
    let again = json!({ "subscribe": { "channel": "doc.a" } });
    assert_eq!(client.request(&again).await["error"]["code"], 105);
}

#[tokio::test(start_paused = true)]
async fn a_client_goes_on_where_it_was_and_positions_of_others_mean_nothing() {
    let instance = Instance::new().await;
    for number in 1..=3 {
        instance.publish("log.a", &json!(number));
    }
    let at =
        |offset: u64, epoch: &str| json!({ "recover": true, "offset": offset, "epoch": epoch });
    let mut client = instance.socket().await;
    let subs = json!({ "log.a": at(1, "epoch"), "log.secret": at(1, "epoch") });
    let reply = connect(&mut client, "ann channels=log.a", subs).await;
    let subs = &reply["connect"]["subs"];
    assert_eq!(subs.as_object().unwrap().len(), 1);
    assert_eq!(subs["log.a"]["recovered"], true);
    assert_eq!(subs["log.a"]["offset"], 1);
    let missed = subs["log.a"]["publications"].as_array().unwrap();
    assert_eq!(
        (&missed[0]["offset"], &missed[1]["offset"]),
        (&json!(2), &json!(3))
    );

    let mut other = instance.socket().await;
    let subs = json!({ "log.a": at(1, "another") });
    let reply = connect(&mut other, "ann channels=log.a", subs).await;
    let result = &reply["connect"]["subs"]["log.a"];
    assert_eq!(
        (&result["recovered"], &result["was_recovering"]),
        (&Value::Null, &json!(true))
    );
    assert_eq!(result["offset"], 3);
}

#[tokio::test(start_paused = true)]
async fn what_is_denied_is_left_out_and_what_nobody_can_say_fails_the_connect() {
    let instance = Instance::new().await;
    let mut client = instance.socket().await;
    let reply = connect(&mut client, "ann channels=secret.a,log.a", json!({})).await;
    let subs = reply["connect"]["subs"].as_object().unwrap();
    assert_eq!(subs.keys().collect::<Vec<_>>(), ["log.a"]);

    *instance.rules.undecided.lock().unwrap() = true;
    let mut client = instance.socket().await;
    let reply = connect(&mut client, "ann channels=log.a,crew.a", json!({})).await;
    assert_eq!(
        (&reply["error"]["code"], &reply["error"]["temporary"]),
        (&json!(100), &json!(true))
    );
    client
        .send(&json!({ "presence": { "channel": "crew.a" } }))
        .await;
    assert_eq!(client.closed().await.code, 3501);
}

#[tokio::test(start_paused = true)]
async fn more_than_a_connection_may_have_end_it() {
    let config = HubConfig {
        channels_per_connection: 2,
        ..HubConfig::default()
    };
    let instance = Instance::with(config).await;
    let mut client = instance.socket().await;
    let token = "ann channels=log.a,log.b,log.c";
    client.send(&json!({ "connect": { "token": token } })).await;
    assert_closed(&client.closed().await, 3505, "channel limit");
}

#[tokio::test(start_paused = true)]
async fn one_that_expires_or_loses_its_place_ends_the_connection() {
    let instance = Instance::new().await;
    let mut client = instance.client("ann channels=brief.a").await;
    assert_closed(&client.closed().await, 3006, "subscription expired");

    let mut client = instance.client("ann channels=log.a").await;
    instance.log.renew_epoch("epoch").await.unwrap();
    told(&instance, Control::EpochChanged).await;
    assert_closed(&client.closed().await, 3010, "insufficient state");
}

#[tokio::test(start_paused = true)]
async fn a_refresh_with_other_channels_ends_the_connection_and_with_the_same_does_not() {
    let instance = Instance::new().await;
    let mut client = instance.client("ann expires=60 channels=log.a,log.b").await;
    let refresh = |token: &str| json!({ "refresh": { "token": token } });
    let reply = client
        .request(&refresh("ann expires=90 channels=log.b,log.a"))
        .await;
    assert_eq!(reply["refresh"], json!({ "expires": true, "ttl": 90 }));
    client.send(&refresh("ann expires=90 channels=log.a")).await;
    assert_closed(&client.closed().await, 3010, "insufficient state");
}

#[tokio::test(start_paused = true)]
async fn one_made_later_is_told_by_a_push_on_whichever_instance() {
    let shared = Shared::new();
    let here = shared.instance(HubConfig::default()).await;
    let there = shared.instance(HubConfig::default()).await;
    let mut ann = there.client("ann").await;
    let mut bob = there.client("bob").await;
    here.publish("doc.a", &json!(1));
    let subscribe = Control::Subscribe {
        user: "ann".into(),
        session: None,
        channel: "doc.a".into(),
    };
    told(&here, subscribe.clone()).await;
    let push = ann.push().await;
    assert_eq!(push["channel"], "doc.a");
    assert_eq!(
        push["subscribe"],
        json!({
            "recoverable": true, "positioned": true, "epoch": "epoch", "offset": 1,
            "data": { "upto": 1 },
        })
    );
    here.publish("doc.a", &json!(2));
    assert_eq!(ann.push().await["pub"]["offset"], 2);
    told(&here, subscribe).await;
    ann.expect_silence().await;
    bob.expect_silence().await;
}

#[tokio::test(start_paused = true)]
async fn the_server_ends_subscriptions_by_either_side() {
    let instance = Instance::new().await;
    let mut client = instance.client("ann").await;
    for code in [2000, 2500, 2501, 2502, 2999] {
        client.subscribe("log.a").await;
        told(&instance, unsubscribe("log.a", code)).await;
        let told = client.push().await["unsubscribe"]["code"].clone();
        let known = if code == 2999 { 2000 } else { code };
        assert_eq!(told, known);
    }
    instance.publish("log.a", &json!(1));
    client.expect_silence().await;

    let mut client = instance.client("ann channels=log.a").await;
    told(&instance, unsubscribe("log.a", 2000)).await;
    assert_eq!(client.push().await["unsubscribe"]["code"], 2000);
    let mut client = instance.client("ann channels=log.a").await;
    told(&instance, unsubscribe("log.a", 2502)).await;
    assert_closed(&client.closed().await, 3014, "state invalidated");
}

#[tokio::test(start_paused = true)]
async fn a_connect_that_takes_for_ever_is_stale() {
    let config = HubConfig {
        answer_timeout_ms: 60_000,
        ..HubConfig::default()
    };
    let instance = Instance::with(config).await;
    let mut client = instance.socket().await;
    let begun = tokio::time::Instant::now();
    let token = "ann channels=doc.gated";
    client.send(&json!({ "connect": { "token": token } })).await;
    assert_closed(&client.closed().await, 3502, "stale");
    assert_eq!(begun.elapsed().as_secs(), Duration::from_secs(10).as_secs());
}
