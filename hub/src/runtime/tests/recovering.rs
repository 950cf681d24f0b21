//! Coming back to a channel: what was missed, or a fresh snapshot where the log cannot tell.

use std::{sync::atomic::Ordering, time::Duration};

use serde_json::json;

use super::world::Instance;
use crate::ports::Control;

#[tokio::test(start_paused = true)]
async fn recovery_brings_what_was_missed_and_no_snapshot() {
    let instance = Instance::new().await;
    for number in 1..=5 {
        instance.publish("doc.a", &json!(number));
    }
    let mut client = instance.client("ann").await;
    let result = client.recover("doc.a", 3, "epoch").await;
    assert_eq!(
        result,
        json!({
            "recoverable": true, "positioned": true, "recovered": true, "was_recovering": true,
            "epoch": "epoch", "offset": 3,
            "publications": [{ "data": 4, "offset": 4 }, { "data": 5, "offset": 5 }],
        })
    );
    instance.publish("doc.a", &json!(6));
    assert_eq!(client.push().await["pub"]["offset"], json!(6));
    assert_eq!(instance.rules.snapshots.load(Ordering::SeqCst), 0);
}

#[tokio::test(start_paused = true)]
async fn recovery_with_nothing_missed_is_a_success() {
    let instance = Instance::new().await;
    instance.publish("doc.a", &json!(1));
    let mut client = instance.client("ann").await;
    let result = client.recover("doc.a", 1, "epoch").await;
    assert_eq!(result["recovered"], json!(true));
    assert_eq!(result["offset"], json!(1));
    assert_eq!(result.get("publications"), None);
    assert_eq!(result.get("data"), None);
}

#[tokio::test(start_paused = true)]
async fn a_client_is_heard_again_as_soon_as_a_long_reply_is_written() {
    let instance = Instance::new().await;
    for _ in 0..20 {
        instance.publish("doc.a", &json!("x".repeat(10_000)));
    }
    let mut client = instance.client("ann").await;
    let begun = tokio::time::Instant::now();
    let result = client.recover("doc.a", 1, "epoch").await;
    assert_eq!(result["publications"].as_array().unwrap().len(), 19);
    let call = json!({ "rpc": { "method": "echo", "data": "still here" } });
    let answer = client.request(&call).await;
    assert_eq!(answer["rpc"]["data"], json!("still here"));
    assert!(begun.elapsed() < Duration::from_secs(1), "not by a ping");
}

#[tokio::test(start_paused = true)]
async fn a_failed_recovery_brings_a_snapshot() {
    let instance = Instance::new().await;
    for number in 1..=400 {
        instance.publish("doc.a", &json!(number));
    }
    let fresh = json!({
        "recoverable": true, "positioned": true, "was_recovering": true,
        "epoch": "epoch", "offset": 400, "data": { "upto": 400 },
    });
    let mut client = instance.client("ann").await;
    for (offset, epoch, why) in [
        (399, "another", "another epoch"),
        (399, "", "no epoch"),
        (50, "epoch", "more than 300 missed"),
        (401, "epoch", "from the future"),
    ] {
        let result = client.recover("doc.a", offset, epoch).await;
        assert_eq!(result, fresh, "{why}");
        client
            .request(&json!({ "unsubscribe": { "channel": "doc.a" } }))
            .await;
    }
    let result = client.recover("doc.a", 100, "epoch").await;
    assert_eq!(result["publications"].as_array().unwrap().len(), 300);
}

#[tokio::test(start_paused = true)]
async fn a_trimmed_log_cannot_be_recovered_from() {
    let instance = Instance::new().await;
    for number in 1..=20 {
        instance.publish("doc.a", &json!(number));
    }
    instance.log.trim("doc.a", 10);
    let mut client = instance.client("ann").await;
    let result = client.recover("doc.a", 9, "epoch").await;
    assert_eq!(result.get("recovered"), None);
    assert_eq!(result["data"], json!({ "upto": 20 }));
    client
        .request(&json!({ "unsubscribe": { "channel": "doc.a" } }))
        .await;
    let result = client.recover("doc.a", 10, "epoch").await;
    assert_eq!(result["recovered"], json!(true));
}

#[tokio::test(start_paused = true)]
async fn more_bytes_than_a_recovery_may_have_bring_a_snapshot() {
    let instance = Instance::new().await;
    for _ in 0..30 {
        instance.publish("doc.a", &json!("x".repeat(20_000)));
    }
    let mut client = instance.client("ann").await;
    let result = client.recover("doc.a", 1, "epoch").await;
    assert!(result["data"].is_object());
    client
        .request(&json!({ "unsubscribe": { "channel": "doc.a" } }))
        .await;
    let result = client.recover("doc.a", 20, "epoch").await;
    assert_eq!(result["publications"].as_array().unwrap().len(), 10);
}

#[tokio::test(start_paused = true)]
async fn with_flag_2_an_unrecoverable_position_is_an_error() {
    let instance = Instance::new().await;
    instance.publish("doc.a", &json!(1));
    let mut client = instance.client("ann").await;
    for epoch in ["another", ""] {
        let subscribe = json!({
            "channel": "doc.a", "recover": true, "offset": 1, "epoch": epoch, "flag": 3,
        });
        let reply = client.request(&json!({ "subscribe": subscribe })).await;
        assert_eq!(reply["error"]["code"], json!(112));
        assert_eq!(reply["error"]["message"], json!("unrecoverable position"));
    }
    let subscribe = json!({
        "channel": "doc.a", "recover": true, "offset": 1, "epoch": "epoch", "flag": 3,
    });
    let reply = client.request(&json!({ "subscribe": subscribe })).await;
    assert_eq!(reply["subscribe"]["recovered"], json!(true));
}

#[tokio::test(start_paused = true)]
async fn channels_without_snapshots_recover_as_the_reference_does() {
    let instance = Instance::new().await;
    for number in 1..=3 {
        instance.publish("log.a", &json!(number));
    }
    let mut client = instance.client("ann").await;
    let result = client.recover("log.a", 0, "").await;
    assert_eq!(result["recovered"], json!(true), "an empty epoch is any");
    assert_eq!(result["publications"].as_array().unwrap().len(), 3);
    client
        .request(&json!({ "unsubscribe": { "channel": "log.a" } }))
        .await;
    let result = client.recover("log.a", 2, "another").await;
    assert_eq!(
        result,
        json!({
            "recoverable": true, "positioned": true, "was_recovering": true,
            "epoch": "epoch", "offset": 3,
        })
    );
}

#[tokio::test(start_paused = true)]
async fn a_new_name_of_the_log_sends_everybody_to_a_fresh_snapshot() {
    let instance = Instance::new().await;
    instance.publish("doc.a", &json!(1));
    let mut client = instance.client("ann").await;
    client.subscribe("doc.a").await;
    let renewed = {
        use crate::ports::ChannelLog;
        instance.log.renew_epoch("epoch").await.unwrap()
    };
    instance.hub.control(Control::EpochChanged).await;
    let push = client.push().await;
    assert_eq!(
        push["unsubscribe"],
        json!({ "code": 2500, "reason": "insufficient state" })
    );
    let result = client.recover("doc.a", 1, "epoch").await;
    assert_eq!(result["epoch"], json!(&*renewed));
    assert!(result["data"].is_object());
    instance.publish("doc.a", &json!(2));
    assert_eq!(client.push().await["pub"]["offset"], json!(2));
}

#[tokio::test(start_paused = true)]
async fn a_new_name_of_the_log_is_noticed_without_being_told() {
    let instance = Instance::new().await;
    let mut client = instance.client("ann").await;
    client.subscribe("doc.a").await;
    tokio::time::sleep(Duration::from_secs(3)).await;
    {
        use crate::ports::ChannelLog;
        instance.log.renew_epoch("epoch").await.unwrap();
    }
    let begun = tokio::time::Instant::now();
    assert_eq!(client.push().await["unsubscribe"]["code"], json!(2500));
    assert!(begun.elapsed() <= Duration::from_secs(3));
}

#[tokio::test(start_paused = true)]
async fn a_log_that_went_back_gets_a_new_name_and_fresh_snapshots() {
    let instance = Instance::new().await;
    for number in 1..=5 {
        instance.publish("doc.a", &json!(number));
    }
    let mut client = instance.client("ann").await;
    client.subscribe("doc.a").await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    instance.log.restore("doc.a", 2);
    // The next commit takes an offset that was taken before.
    instance.publish("doc.a", &json!("other"));
    let push = client.push().await;
    assert_eq!(push["unsubscribe"]["code"], json!(2500));
    let result = client.recover("doc.a", 5, "epoch").await;
    assert_ne!(result["epoch"], json!("epoch"));
    assert_eq!(result["data"], json!({ "upto": 3 }));
}

#[tokio::test(start_paused = true)]
async fn a_repair_that_meets_a_trimmed_log_sends_everybody_to_a_fresh_snapshot() {
    let instance = Instance::new().await;
    let mut client = instance.client("ann").await;
    client.subscribe("doc.a").await;
    for number in 1..=5 {
        // Committed, but nobody was told.
        instance
            .log
            .append(&[("doc.a", super::world::body(&json!(number)))]);
    }
    instance.log.trim("doc.a", 3);
    assert_eq!(client.push().await["unsubscribe"]["code"], json!(2500));
    let result = client.recover("doc.a", 0, "epoch").await;
    assert_eq!(result["data"], json!({ "upto": 5 }));
}
