//! Channels without a log: gathered, remembered for a while, lost without harm.

use std::time::Duration;

use serde_json::{Value, json};

use super::world::{Client, Instance, Shared, body, until};
use crate::HubConfig;

fn say(instance: &Instance, key: &str, value: &Value) {
    instance
        .hub
        .ephemeral("eph.a".into(), key.into(), body(value));
}

fn remembered(instance: &Instance) -> Vec<Value> {
    let heard = instance.hub.remembered("eph.a").into_iter();
    heard
        .map(|(_, body)| serde_json::from_str(body.get()).unwrap())
        .collect()
}

async fn data(client: &mut Client) -> Value {
    let push = client.push().await;
    assert!(push["pub"].get("offset").is_none(), "{push}");
    push["pub"]["data"].clone()
}

#[tokio::test(start_paused = true)]
async fn entries_go_out_at_once_and_then_the_newest_of_each_key_together() {
    let instance = Instance::new().await;
    let mut client = instance.client("ann").await;
    client.subscribe("eph.a").await;
    let begun = tokio::time::Instant::now();
    say(&instance, "k", &json!(0));
    assert_eq!(data(&mut client).await, json!(0));
    assert!(begun.elapsed() < Duration::from_millis(10));
    for number in 1..=1_000 {
        say(&instance, "k", &json!(number));
        say(&instance, "other", &json!("x"));
    }
    let mut batch = [data(&mut client).await, data(&mut client).await];
    batch.sort_by_key(Value::to_string);
    assert_eq!(batch, [json!("x"), json!(1_000)]);
    let taken = begun.elapsed();
    assert!(
        taken >= Duration::from_millis(290) && taken < Duration::from_millis(350),
        "{taken:?}"
    );
    client.expect_silence().await;
}

#[tokio::test(start_paused = true)]
async fn every_instance_hears_remembers_and_forgets() {
    let shared = Shared::new();
    let one = shared.instance(HubConfig::default()).await;
    let two = shared.instance(HubConfig::default()).await;
    let mut client = two.client("ann").await;
    client.subscribe("eph.a").await;
    say(&one, "k", &json!("old"));
    assert_eq!(data(&mut client).await, json!("old"));
    say(&one, "k", &json!("new"));
    assert_eq!(data(&mut client).await, json!("new"));
    for instance in [&one, &two] {
        assert_eq!(remembered(instance), [json!("new")]);
    }
    // One that starts later has not heard it; the next entry of the key makes up for that.
    let three = shared.instance(HubConfig::default()).await;
    assert!(remembered(&three).is_empty());
    say(&one, "k", &json!("newer"));
    until("the third has heard it", || !remembered(&three).is_empty()).await;
    tokio::time::sleep(Duration::from_secs(61)).await;
    for instance in [&one, &two, &three] {
        assert!(remembered(instance).is_empty());
    }
}

#[tokio::test(start_paused = true)]
async fn what_each_instance_knows_itself_is_told_to_its_own_subscribers_only() {
    let shared = Shared::new();
    let one = shared.instance(HubConfig::default()).await;
    let two = shared.instance(HubConfig::default()).await;
    let (mut here, mut there) = (one.client("ann").await, two.client("bob").await);
    here.subscribe("eph.a").await;
    there.subscribe("eph.a").await;
    let channel = "eph.a".into();
    for number in 0..2 {
        one.hub
            .tell_here(&channel, "k".into(), body(&json!(number)));
        assert_eq!(data(&mut here).await, json!(number));
    }
    there.expect_silence().await;
    assert!(remembered(&one).is_empty());
}

#[tokio::test(start_paused = true)]
async fn what_the_wire_loses_is_made_up_for_by_the_next() {
    let shared = Shared::new();
    let one = shared.instance(HubConfig::default()).await;
    let two = shared.instance(HubConfig::default()).await;
    let mut client = two.client("ann").await;
    client.subscribe("eph.a").await;
    shared.bus.set_cut(true);
    say(&one, "k", &json!(1));
    client.expect_silence().await;
    shared.bus.set_cut(false);
    say(&one, "k", &json!(2));
    assert_eq!(data(&mut client).await, json!(2));
    assert_eq!(two.hub.connections(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_reader_too_slow_for_many_keys_is_not_disconnected_and_has_what_is_new_in_the_end() {
    let instance = Instance::with(HubConfig {
        ephemeral_queue_bytes: 20_000,
        ephemeral_batch_ms: 0,
        ping_ms: 3_600_000,
        ..HubConfig::default()
    })
    .await;
    let mut slow = instance.socket_with(2_048).await;
    slow.request(&json!({ "connect": { "token": "slow" } }))
        .await;
    slow.subscribe("eph.a").await;
    let text = "x".repeat(1_000);
    for round in 0..50 {
        for key in 0..100 {
            say(&instance, &key.to_string(), &json!([round, text]));
        }
        tokio::task::yield_now().await;
        assert!(instance.hub.status().queued_bytes <= 20_000);
    }
    assert_eq!(instance.hub.connections(), 1);
    say(&instance, "last", &json!("last"));
    let mut received = 0;
    loop {
        // Reading makes room; the key is said again until it gets through, as reports are.
        if data(&mut slow).await == json!("last") {
            break;
        }
        received += 1;
        say(&instance, "last", &json!("last"));
    }
    assert!((1..500).contains(&received), "{received}");
}
