//! What a request may ask for, what it gets with its rights, and where mistakes lead.

use std::time::Duration;

use serde_json::{Value, json};

use super::world::{Client, Instance, assert_closed};
use crate::{HubConfig, ports::Control};

async fn subscribe(client: &mut Client, request: Value) -> Value {
    let reply = client.request(&json!({ "subscribe": request })).await;
    assert!(reply["subscribe"].is_object(), "{reply}");
    reply["subscribe"].clone()
}

async fn error_of(client: &mut Client, command: Value) -> Value {
    client.request(&command).await["error"]["code"].clone()
}

#[tokio::test(start_paused = true)]
async fn positions_and_recovery_are_for_who_asks_and_has_the_right() {
    let instance = Instance::new().await;
    instance.publish("ask.a", &json!(1));
    instance.publish("bare.a", &json!(1));
    let asked =
        |channel: &str| json!({ "channel": channel, "positioned": true, "recoverable": true });
    let whole = json!({ "recoverable": true, "positioned": true, "epoch": "epoch", "offset": 1 });
    for (request, result) in [
        (json!({ "channel": "ask.a" }), json!({})),
        (asked("ask.a"), whole),
        (
            json!({ "channel": "ask.a", "positioned": true }),
            json!({ "positioned": true, "epoch": "epoch", "offset": 1 }),
        ),
        (asked("bare.a"), json!({})),
        (
            json!({ "channel": "bare.a", "recover": true, "epoch": "epoch" }),
            json!({}),
        ),
    ] {
        let mut client = instance.client("ann").await;
        assert_eq!(
            subscribe(&mut client, request.clone()).await,
            result,
            "{request}"
        );
    }
    let mut client = instance.client("ann").await;
    let request = json!({
        "channel": "ask.a", "recoverable": true, "recover": true, "epoch": "epoch",
    });
    let result = subscribe(&mut client, request).await;
    assert_eq!(result["recovered"], true);
    assert_eq!(result["publications"][0]["offset"], 1);
}

#[tokio::test(start_paused = true)]
async fn joins_are_told_to_who_asks_and_has_the_right() {
    let instance = Instance::new().await;
    let asking = |channel: &str| json!({ "channel": channel, "join_leave": true });
    let mut ann = instance.client("ann").await;
    subscribe(&mut ann, asking("ask.a")).await;
    assert_eq!(ann.push().await["join"]["info"]["user"], "ann");
    let mut bare = instance.client("bare").await;
    subscribe(&mut bare, asking("bare.a")).await;
    let mut quiet = instance.client("quiet").await;
    subscribe(&mut quiet, json!({ "channel": "ask.a" })).await;
    assert_eq!(ann.push().await["join"]["info"]["user"], "quiet");
    bare.expect_silence().await;
    quiet.expect_silence().await;
}

#[tokio::test(start_paused = true)]
async fn a_publication_names_its_publisher_and_is_for_streams() {
    let instance = Instance::new().await;
    let mut ann = instance.client("ann").await;
    let mut bob = instance.client("bob").await;
    bob.subscribe("log.a").await;
    let publish = json!({ "publish": { "channel": "log.a", "data": 1 } });
    assert_eq!(ann.request(&publish).await["publish"], json!({}));
    let info = bob.push().await["pub"]["info"].clone();
    assert_eq!(
        (&info["user"], &info["conn_info"]),
        (&json!("ann"), &json!({ "name": "ann" }))
    );
    let publish = json!({ "publish": { "channel": "log.a", "data": 1, "type": 1 } });
    assert_eq!(error_of(&mut ann, publish).await, 108);
}

#[tokio::test(start_paused = true)]
async fn a_token_of_somebody_else_ends_the_connection() {
    let instance = Instance::new().await;
    let mut client = instance.client("ann").await;
    let stolen = json!({ "channel": "log.a", "token": "stolen" });
    client.send(&json!({ "subscribe": stolen })).await;
    assert_closed(&client.closed().await, 3500, "invalid token");

    let mut client = instance.client("ann").await;
    client.subscribe("log.a").await;
    client.send(&json!({ "sub_refresh": stolen })).await;
    assert_closed(&client.closed().await, 3500, "invalid token");
}

#[tokio::test(start_paused = true)]
async fn a_renewed_right_is_asked_for_again_with_the_newer_token() {
    let instance = Instance::new().await;
    let mut client = instance.client("ann").await;
    subscribe(
        &mut client,
        json!({ "channel": "brief.a", "token": "older" }),
    )
    .await;
    let refresh = json!({ "channel": "brief.a", "token": "newer" });
    let reply = client.request(&json!({ "sub_refresh": refresh })).await;
    assert_eq!(reply["sub_refresh"]["ttl"], 30);
    let reauthorize = |token: &str| {
        instance
            .rules
            .revoked
            .lock()
            .unwrap()
            .insert(token.to_owned());
        instance.hub.control(Control::Reauthorize {
            channel: "brief.a".into(),
            user: None,
        })
    };
    reauthorize("older").await;
    client.expect_silence().await;
    reauthorize("newer").await;
    assert_eq!(client.push().await["unsubscribe"]["code"], 2000);
    let refresh = json!({ "channel": "brief.a", "token": "newer", "type": 4 });
    let refused = error_of(&mut client, json!({ "sub_refresh": refresh })).await;
    assert_eq!(refused, 108);
}

#[tokio::test(start_paused = true)]
async fn what_is_not_served_is_refused_by_its_code() {
    let instance = Instance::new().await;
    let mut client = instance.client("ann").await;
    for (subscribe, code) in [
        (json!({ "channel": "log.a", "type": 1 }), 108),
        (json!({ "channel": "log.a", "type": 4 }), 108),
        (json!({ "channel": "log.a", "tf": { "op": "and" } }), 107),
        (json!({ "channel": "doc.huge" }), 106),
    ] {
        let command = json!({ "subscribe": subscribe });
        assert_eq!(error_of(&mut client, command).await, code, "{subscribe}");
    }
    for limit in [-2, i32::MIN] {
        let history = json!({ "history": { "channel": "log.a", "limit": limit } });
        assert_eq!(error_of(&mut client, history).await, 107);
    }
    let delta = json!({ "subscribe": { "channel": "log.a", "delta": "other" } });
    client.send(&delta).await;
    assert_eq!(client.closed().await.code, 3501);
}

#[tokio::test(start_paused = true)]
async fn a_request_without_an_id_is_a_bad_request() {
    let instance = Instance::new().await;
    let mut client = instance.client("ann").await;
    client.send_text(r#"{"id":0,"later":{}}"#).await;
    let whoami = json!({ "rpc": { "method": "whoami" } });
    assert_eq!(client.request(&whoami).await["rpc"]["data"]["user"], "ann");
    client.send_text(r#"{"rpc":{"method":"whoami"}}"#).await;
    assert_closed(&client.closed().await, 3501, "bad request");
}

#[tokio::test(start_paused = true)]
async fn too_many_mistakes_in_a_minute_end_the_connection() {
    let config = HubConfig {
        refused_requests_per_minute: 3,
        // Asleep, this client would answer none.
        ping_ms: 3_600_000,
        ..HubConfig::default()
    };
    let instance = Instance::with(config).await;
    let mut client = instance.client("ann").await;
    let denied = json!({ "subscribe": { "channel": "secret.a" } });
    let answer = json!({ "rpc": { "method": "refuse" } });
    for _ in 0..2 {
        for _ in 0..3 {
            assert_eq!(error_of(&mut client, denied.clone()).await, 103);
            assert_eq!(error_of(&mut client, answer.clone()).await, 400);
        }
        tokio::time::sleep(Duration::from_mins(1)).await;
    }
    for _ in 0..4 {
        client.send(&denied).await;
    }
    assert_closed(&client.closed().await, 3509, "too many errors");
}

#[tokio::test(start_paused = true)]
async fn three_hundred_missed_are_recovered_and_more_are_not() {
    let instance = Instance::new().await;
    for number in 0..300 {
        instance.publish("log.a", &json!(number));
    }
    let mut client = instance.client("ann").await;
    let result = client.recover("log.a", 0, "epoch").await;
    assert_eq!(result["recovered"], true);
    assert_eq!(result["publications"].as_array().unwrap().len(), 300);
    instance.publish("log.a", &json!(300));
    let mut client = instance.client("ann").await;
    let result = client.recover("log.a", 0, "epoch").await;
    assert_eq!(
        result,
        json!({
            "recoverable": true, "positioned": true, "was_recovering": true,
            "epoch": "epoch", "offset": 301,
        })
    );
}

#[tokio::test(start_paused = true)]
async fn a_user_can_be_sent_away_to_come_back_without_what_it_holds() {
    let instance = Instance::new().await;
    let mut client = instance.client("ann").await;
    let disconnect = Control::Disconnect {
        user: "ann".into(),
        session: None,
        code: 3014,
        reason: "state invalidated".into(),
    };
    instance.hub.control(disconnect).await;
    assert_closed(&client.closed().await, 3014, "state invalidated");
}
