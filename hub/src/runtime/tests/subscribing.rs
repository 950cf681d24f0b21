//! Snapshots, publications, and the ways a subscription ends.

use std::{sync::atomic::Ordering, time::Duration};

use serde_json::json;

use super::world::{Instance, until};
use crate::{HubConfig, ports::Control};

#[tokio::test(start_paused = true)]
async fn a_first_subscribe_gets_a_snapshot_and_then_every_publication() {
    let instance = Instance::new().await;
    instance.publish("doc.a", &json!("before"));
    let mut client = instance.client("ann").await;
    let result = client.subscribe("doc.a").await;
    assert_eq!(
        result,
        json!({
            "recoverable": true, "positioned": true, "epoch": "epoch", "offset": 1,
            "data": { "upto": 1 },
        })
    );
    for number in 2..=5 {
        instance.publish("doc.a", &json!(number));
        let push = client.push().await;
        assert_eq!(
            push,
            json!({ "channel": "doc.a", "pub": { "data": number, "offset": number } })
        );
    }
}

#[tokio::test(start_paused = true)]
async fn the_first_publication_of_a_channel_names_the_epoch() {
    let instance = Instance::new().await;
    let mut client = instance.client("ann").await;
    let result = client.subscribe("log.new").await;
    assert_eq!(
        result,
        json!({ "recoverable": true, "positioned": true, "epoch": "epoch" })
    );
    instance.publish("log.new", &json!({ "a": 1 }));
    let push = client.push().await;
    assert_eq!(
        push["pub"],
        json!({ "data": { "a": 1 }, "offset": 1, "epoch": "epoch" })
    );
}

#[tokio::test(start_paused = true)]
async fn ephemeral_channels_have_no_position() {
    let instance = Instance::new().await;
    let mut client = instance.client("ann").await;
    assert_eq!(client.subscribe("eph.a").await, json!({}));
    instance.hub.committed(vec![crate::ports::Publication {
        channel: "eph.a".into(),
        offset: 0,
        epoch: "".into(),
        key: None,
        body: super::world::body(&json!({ "lat": 1 })),
        info: None,
    }]);
    let push = client.push().await;
    assert_eq!(
        push,
        json!({ "channel": "eph.a", "pub": { "data": { "lat": 1 } } })
    );
}

#[tokio::test(start_paused = true)]
async fn publications_during_a_slow_snapshot_are_kept_and_follow_it() {
    let instance = Instance::new().await;
    instance.publish("doc.gated", &json!(1));
    let mut client = instance.client("ann").await;
    let subscribe = client
        .send(&json!({ "subscribe": { "channel": "doc.gated" } }))
        .await;
    until("the snapshot is read", || {
        instance.rules.snapshots.load(Ordering::SeqCst) == 1
    })
    .await;
    for number in 2..=4 {
        instance.publish("doc.gated", &json!(number));
    }
    instance.rules.gate.add_permits(1);
    let result = client.reply_to(subscribe).await["subscribe"].clone();
    assert!(client.pushes.is_empty(), "nothing comes before the reply");
    assert_eq!(result["offset"], json!(1));
    for number in 2..=4 {
        assert_eq!(client.push().await["pub"]["offset"], json!(number));
    }
    client.expect_silence().await;
}

#[tokio::test(start_paused = true)]
async fn a_snapshot_is_read_once_for_many_and_filled_up_for_those_who_came_later() {
    let instance = Instance::new().await;
    instance.publish("doc.gated", &json!(1));
    let mut early = instance.client("early").await;
    let subscribe = json!({ "subscribe": { "channel": "doc.gated" } });
    let first = early.send(&subscribe).await;
    until("the snapshot is read", || {
        instance.rules.snapshots.load(Ordering::SeqCst) == 1
    })
    .await;
    instance.publish("doc.gated", &json!(2));
    let mut late = instance.client("late").await;
    let second = late.send(&subscribe).await;
    tokio::time::sleep(Duration::from_millis(50)).await;
    instance.rules.gate.add_permits(1);
    for (client, id) in [(&mut early, first), (&mut late, second)] {
        let result = client.reply_to(id).await["subscribe"].clone();
        assert_eq!(result["offset"], json!(1));
        assert_eq!(client.push().await["pub"]["offset"], json!(2));
        client.expect_silence().await;
    }
    assert_eq!(instance.rules.snapshots.load(Ordering::SeqCst), 1);
}

#[tokio::test(start_paused = true)]
async fn a_right_lost_while_the_snapshot_was_read_is_not_granted() {
    let instance = Instance::new().await;
    let mut client = instance.client("ann").await;
    let subscribe = client
        .send(&json!({ "subscribe": { "channel": "doc.gated" } }))
        .await;
    until("the snapshot is read", || {
        instance.rules.snapshots.load(Ordering::SeqCst) == 1
    })
    .await;
    instance
        .rules
        .revoked
        .lock()
        .unwrap()
        .insert("doc.gated".to_owned());
    instance.rules.gate.add_permits(1);
    let reply = client.reply_to(subscribe).await;
    assert_eq!(reply["error"]["code"], json!(103));
}

#[tokio::test(start_paused = true)]
async fn a_right_lost_later_ends_the_subscription() {
    let instance = Instance::new().await;
    let mut client = instance.client("ann").await;
    client.subscribe("log.a").await;
    client.subscribe("log.b").await;
    let reauthorize = |user: Option<&str>| Control::Reauthorize {
        channel: "log.a".into(),
        user: user.map(Into::into),
    };
    instance.hub.control(reauthorize(None)).await;
    client.expect_silence().await;
    instance
        .rules
        .revoked
        .lock()
        .unwrap()
        .insert("log.a".to_owned());
    instance
        .hub
        .control(reauthorize(Some("somebody else")))
        .await;
    client.expect_silence().await;
    instance.hub.control(reauthorize(Some("ann"))).await;
    assert_eq!(
        client.push().await,
        json!({
            "channel": "log.a",
            "unsubscribe": { "code": 2000, "reason": "server unsubscribe" },
        })
    );
    instance.publish("log.a", &json!(1));
    instance.publish("log.b", &json!(1));
    assert_eq!(client.push().await["channel"], json!("log.b"));
}

#[tokio::test(start_paused = true)]
async fn when_nobody_can_say_whether_a_right_stands_the_view_stays_and_the_question_too() {
    let instance = Instance::new().await;
    let mut client = instance.client("ann").await;
    client.subscribe("log.a").await;
    *instance.rules.undecided.lock().unwrap() = true;
    instance
        .rules
        .revoked
        .lock()
        .unwrap()
        .insert("log.a".to_owned());
    let channel = "log.a".into();
    instance
        .hub
        .control(Control::Reauthorize {
            channel,
            user: None,
        })
        .await;
    client.expect_silence().await;
    *instance.rules.undecided.lock().unwrap() = false;
    assert_eq!(client.push().await["unsubscribe"]["code"], json!(2000));
}

#[tokio::test(start_paused = true)]
async fn denied_subscribes_are_errors() {
    let instance = Instance::new().await;
    let mut client = instance.client("ann").await;
    for (subscribe, code) in [
        (json!({ "channel": "secret" }), 103),
        (json!({ "channel": "log.a", "token": "expired" }), 109),
        (json!({ "channel": "log.a", "tf": { "op": "and" } }), 107),
        (json!({ "channel": "log.a", "type": 1 }), 108),
    ] {
        let reply = client.request(&json!({ "subscribe": subscribe })).await;
        assert_eq!(reply["error"]["code"], json!(code), "{subscribe}");
    }
    *instance.rules.undecided.lock().unwrap() = true;
    let reply = client
        .request(&json!({ "subscribe": { "channel": "log.a" } }))
        .await;
    assert_eq!(
        reply["error"],
        json!({ "code": 100, "message": "internal server error", "temporary": true })
    );
    client
        .send(&json!({ "subscribe": { "channel": "" } }))
        .await;
    assert_eq!(client.closed().await.code, 3501);
}

#[tokio::test(start_paused = true)]
async fn a_log_that_is_away_makes_subscribes_temporary_errors() {
    let instance = Instance::new().await;
    let mut client = instance.client("ann").await;
    instance.log.set_reachable(false);
    let subscribe = json!({ "subscribe": { "channel": "log.a" } });
    let reply = client.request(&subscribe).await;
    assert_eq!(reply["error"]["temporary"], json!(true));
    instance.log.set_reachable(true);
    client.subscribe("log.a").await;
}

#[tokio::test(start_paused = true)]
async fn unsubscribing_ends_deliveries_and_never_fails() {
    let instance = Instance::new().await;
    let mut client = instance.client("ann").await;
    client.subscribe("log.a").await;
    let unsubscribe = json!({ "unsubscribe": { "channel": "log.a" } });
    assert_eq!(client.request(&unsubscribe).await["unsubscribe"], json!({}));
    assert_eq!(client.request(&unsubscribe).await["unsubscribe"], json!({}));
    instance.publish("log.a", &json!(1));
    client.expect_silence().await;
    client.send(&json!({ "unsubscribe": {} })).await;
    assert_eq!(client.closed().await.code, 3501);
}

#[tokio::test(start_paused = true)]
async fn unsubscribing_in_flight_waits_for_the_answer_and_keeps_the_order() {
    let instance = Instance::new().await;
    let mut client = instance.client("ann").await;
    let subscribe = json!({ "subscribe": { "channel": "doc.gated" } });
    let unsubscribe = json!({ "unsubscribe": { "channel": "doc.gated" } });
    let first = client.send(&subscribe).await;
    let second = client.send(&unsubscribe).await;
    let third = client.send(&subscribe).await;
    let fourth = client.send(&subscribe).await;
    instance.rules.gate.add_permits(2);
    assert!(client.reply_to(first).await["subscribe"]["data"].is_object());
    assert_eq!(client.reply_to(second).await["unsubscribe"], json!({}));
    assert_eq!(client.reply_to(fourth).await["error"]["code"], json!(105));
    assert!(client.reply_to(third).await["subscribe"]["data"].is_object());
    instance.publish("doc.gated", &json!(1));
    assert_eq!(client.push().await["pub"]["offset"], json!(1));
    client.expect_silence().await;
}

#[tokio::test(start_paused = true)]
async fn an_unsubscribe_waits_five_seconds_at_most() {
    let instance = Instance::with(HubConfig {
        answer_timeout_ms: 20_000,
        ..HubConfig::default()
    })
    .await;
    let mut client = instance.client("ann").await;
    client
        .send(&json!({ "subscribe": { "channel": "doc.gated" } }))
        .await;
    client
        .send(&json!({ "unsubscribe": { "channel": "doc.gated" } }))
        .await;
    assert_eq!(client.closed().await.code, 3004);
}

#[tokio::test(start_paused = true)]
async fn a_subscription_that_expires_is_ended_unless_renewed() {
    let instance = Instance::new().await;
    let begun = tokio::time::Instant::now();
    let mut client = instance.client("ann").await;
    let result = client.subscribe("brief.a").await;
    assert_eq!(
        (&result["expires"], &result["ttl"]),
        (&json!(true), &json!(30))
    );
    for (refresh, code) in [
        (json!({ "channel": "brief.a", "token": "" }), 107),
        (json!({ "channel": "brief.a", "token": "expired" }), 110),
        (json!({ "channel": "brief.b", "token": "x" }), 103),
    ] {
        let reply = client.request(&json!({ "sub_refresh": refresh })).await;
        assert_eq!(reply["error"]["code"], json!(code), "{refresh}");
    }
    tokio::time::sleep(Duration::from_secs(5)).await;
    let refresh = json!({ "channel": "brief.a", "token": "good" });
    let reply = client.request(&json!({ "sub_refresh": refresh })).await;
    assert_eq!(reply["sub_refresh"], json!({ "expires": true, "ttl": 30 }));
    let push = client.push().await;
    assert_eq!(
        push["unsubscribe"],
        json!({ "code": 2501, "reason": "subscription expired" })
    );
    assert_eq!(begun.elapsed().as_secs(), 60);
    client
        .send(&json!({ "sub_refresh": { "token": "x" } }))
        .await;
    assert_eq!(client.closed().await.code, 3501);
}

#[tokio::test(start_paused = true)]
async fn idle_channels_are_let_go_and_opened_again() {
    let instance = Instance::with(HubConfig {
        channel_linger_ms: 5_000,
        ..HubConfig::default()
    })
    .await;
    let mut client = instance.client("ann").await;
    client.subscribe("log.a").await;
    client
        .request(&json!({ "unsubscribe": { "channel": "log.a" } }))
        .await;
    tokio::time::sleep(Duration::from_secs(10)).await;
    assert!(instance.hub.registry().all().is_empty());
    instance.publish("log.a", &json!(1));
    let result = client.recover("log.a", 0, "epoch").await;
    assert_eq!(result["publications"].as_array().unwrap().len(), 1);
    instance.publish("log.a", &json!(2));
    assert_eq!(client.push().await["pub"]["offset"], json!(2));
}
