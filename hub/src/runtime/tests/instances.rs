//! Two instances that share a log and a wire.

use std::time::Duration;

use serde_json::json;
use tokio::time::timeout;

use super::world::{Client, Instance, Shared, body, until};
use crate::{
    HubConfig,
    ports::{ChannelLog, Control},
};

#[tokio::test(start_paused = true)]
async fn what_is_published_on_one_instance_is_seen_on_the_other() {
    let shared = Shared::new();
    let one = shared.instance(HubConfig::default()).await;
    let two = shared.instance(HubConfig::default()).await;
    let mut client = two.client("ann").await;
    client.subscribe("doc.a").await;
    let begun = tokio::time::Instant::now();
    for number in 1..=20 {
        one.publish("doc.a", &json!(number));
        assert_eq!(client.push().await["pub"]["offset"], json!(number));
    }
    assert!(
        begun.elapsed() < Duration::from_millis(100),
        "without waiting for a repair"
    );
}

#[tokio::test(start_paused = true)]
async fn what_the_wire_loses_is_found_in_the_log_within_a_second() {
    let shared = Shared::new();
    let one = shared.instance(HubConfig::default()).await;
    let two = shared.instance(HubConfig::default()).await;
    let mut client = two.client("ann").await;
    client.subscribe("doc.a").await;
    shared.bus.set_cut(true);
    let begun = tokio::time::Instant::now();
    for number in 1..=3 {
        one.publish("doc.a", &json!(number));
    }
    for number in 1..=3 {
        assert_eq!(client.push().await["pub"]["offset"], json!(number));
    }
    assert!(
        begun.elapsed() < Duration::from_secs(1),
        "{:?}",
        begun.elapsed()
    );
    // A loss that a later publication reveals is mended sooner.
    one.publish("doc.a", &json!(4));
    tokio::time::sleep(Duration::from_millis(1)).await;
    shared.bus.set_cut(false);
    let begun = tokio::time::Instant::now();
    one.publish("doc.a", &json!(5));
    assert_eq!(client.push().await["pub"]["offset"], json!(4));
    assert_eq!(client.push().await["pub"]["offset"], json!(5));
    assert!(
        begun.elapsed() <= Duration::from_millis(50),
        "{:?}",
        begun.elapsed()
    );
}

#[tokio::test(start_paused = true)]
async fn a_log_that_is_away_delays_repairs_and_loses_nothing() {
    let shared = Shared::new();
    let one = shared.instance(HubConfig::default()).await;
    let two = shared.instance(HubConfig::default()).await;
    let mut client = two.client("ann").await;
    client.subscribe("doc.a").await;
    shared.bus.set_cut(true);
    one.publish("doc.a", &json!(1));
    tokio::time::sleep(Duration::from_millis(1)).await;
    shared.bus.set_cut(false);
    one.publish("doc.a", &json!(2));
    shared.log.set_reachable(false);
    client.expect_silence().await;
    shared.log.set_reachable(true);
    assert_eq!(client.push().await["pub"]["offset"], json!(1));
    assert_eq!(client.push().await["pub"]["offset"], json!(2));
}

/// An instance whose first looks at the log have failed, and that looks again after 400 ms.
async fn started_without_the_log(shared: &Shared, config: HubConfig) -> Instance {
    shared.log.set_reachable(false);
    let instance = shared.instance(config).await;
    tokio::time::sleep(Duration::from_millis(1)).await;
    shared.log.set_reachable(true);
    instance
}

#[tokio::test(start_paused = true)]
async fn what_was_lost_before_the_first_look_at_the_log_is_found() {
    let shared = Shared::new();
    let config = HubConfig {
        heads_ms: 400,
        epoch_ms: 600_000,
        ..HubConfig::default()
    };
    let hub = started_without_the_log(&shared, config).await;
    let mut client = hub.client("ann").await;
    client.subscribe("doc.a").await;
    shared.log.append(&[("doc.a", body(&json!(1)))]);
    let push = timeout(Duration::from_secs(1), client.push()).await;
    assert_eq!(push.unwrap()["pub"]["offset"], json!(1));
}

#[tokio::test(start_paused = true)]
async fn a_log_renamed_before_its_name_was_first_read_is_noticed() {
    let shared = Shared::new();
    let config = HubConfig {
        heads_ms: 600_000,
        epoch_ms: 400,
        ..HubConfig::default()
    };
    let hub = started_without_the_log(&shared, config).await;
    let mut client = hub.client("ann").await;
    client.subscribe("doc.a").await;
    shared.log.renew_epoch("epoch").await.unwrap();
    let push = timeout(Duration::from_secs(1), client.push()).await;
    assert_eq!(push.unwrap()["unsubscribe"]["code"], json!(2500));
}

/// An instance that would not look at the log's name for ten minutes.
async fn with_a_view_of_the_log_renamed() -> (Shared, Instance, Client) {
    let shared = Shared::new();
    let config = HubConfig {
        heads_ms: 600_000,
        epoch_ms: 600_000,
        ..HubConfig::default()
    };
    let hub = shared.instance(config).await;
    let mut viewer = hub.client("ann").await;
    viewer.subscribe("doc.a").await;
    shared.log.renew_epoch("epoch").await.unwrap();
    (shared, hub, viewer)
}

#[tokio::test(start_paused = true)]
async fn whoever_joins_after_a_renaming_is_let_in_and_the_others_start_anew() {
    let (shared, hub, mut viewer) = with_a_view_of_the_log_renamed().await;
    let name = shared.log.epoch().await.unwrap();
    let mut newcomer = hub.client("bob").await;
    let result = newcomer.subscribe("doc.a").await;
    assert_eq!(result["epoch"], json!(&*name));
    assert_eq!(viewer.push().await["unsubscribe"]["code"], json!(2500));
}

#[tokio::test(start_paused = true)]
async fn whoever_comes_back_after_a_renaming_is_let_in_too() {
    let (shared, hub, mut viewer) = with_a_view_of_the_log_renamed().await;
    let name = shared.log.epoch().await.unwrap();
    let mut back = hub.client("bob").await;
    // From an earlier name of another database, which no ring knows.
    let result = back.recover("doc.a", 7, "earlier").await;
    assert_ne!(result["recovered"], json!(true));
    assert_eq!(result["epoch"], json!(&*name));
    assert_eq!(viewer.push().await["unsubscribe"]["code"], json!(2500));
}

#[tokio::test(start_paused = true)]
async fn joins_wait_while_the_name_is_in_doubt_and_the_log_away() {
    let (shared, hub, mut viewer) = with_a_view_of_the_log_renamed().await;
    shared.log.set_reachable(false);
    hub.hub.control(Control::EpochChanged).await;
    let mut newcomer = hub.client("bob").await;
    let id = newcomer
        .send(&json!({ "subscribe": { "channel": "doc.a" } }))
        .await;
    newcomer.expect_silence().await;
    shared.log.set_reachable(true);
    let name = shared.log.epoch().await.unwrap();
    let reply = newcomer.reply_to(id).await;
    assert_eq!(reply["subscribe"]["epoch"], json!(&*name), "{reply}");
    assert_eq!(viewer.push().await["unsubscribe"]["code"], json!(2500));
}

#[tokio::test(start_paused = true)]
async fn a_client_moves_to_another_instance_and_misses_nothing() {
    let shared = Shared::new();
    let one = shared.instance(HubConfig::default()).await;
    let two = shared.instance(HubConfig::default()).await;
    let mut client = one.client("ann").await;
    client.subscribe("doc.a").await;
    one.publish("doc.a", &json!(1));
    assert_eq!(client.push().await["pub"]["offset"], json!(1));
    drop(client);
    two.publish("doc.a", &json!(2));
    let mut client = two.client("ann").await;
    let result = client.recover("doc.a", 1, "epoch").await;
    assert_eq!(result["publications"], json!([{ "data": 2, "offset": 2 }]));
}

#[tokio::test(start_paused = true)]
async fn joins_leaves_and_control_reach_the_other_instance() {
    let shared = Shared::new();
    let one = shared.instance(HubConfig::default()).await;
    let two = shared.instance(HubConfig::default()).await;
    let mut ann = one.client("ann").await;
    ann.subscribe("crew.a").await;
    assert_eq!(ann.push().await["join"]["info"]["user"], json!("ann"));
    let mut bob = two.client("bob").await;
    bob.subscribe("crew.a").await;
    assert_eq!(ann.push().await["join"]["info"]["user"], json!("bob"));
    let stats = json!({ "presence_stats": { "channel": "crew.a" } });
    let reply = ann.request(&stats).await;
    assert_eq!(reply["presence_stats"]["num_clients"], json!(2));
    one.hub
        .control(Control::Disconnect {
            user: "bob".into(),
            session: None,
            code: 3503,
            reason: "force disconnect".into(),
        })
        .await;
    assert_eq!(bob.closed().await.code, 3503);
    drop(bob);
    assert_eq!(ann.push().await["leave"]["info"]["user"], json!("bob"));
    until("bob is gone", || two.hub.connections() == 0).await;
    ann.expect_silence().await;
}

#[tokio::test(start_paused = true)]
async fn the_application_is_told_of_every_subscription_and_of_its_end() {
    let instance = Instance::new().await;
    let followed = || {
        let followed = instance.rules.followed.lock().unwrap();
        let mut channels: Vec<_> = followed
            .iter()
            .map(|(_, channel)| channel.to_string())
            .collect();
        channels.sort_unstable();
        channels
    };
    let mut ann = instance.client("ann").await;
    let mut bob = instance.client("bob").await;
    ann.subscribe("eph.a").await;
    ann.subscribe("doc.a").await;
    bob.subscribe("eph.a").await;
    assert_eq!(followed(), ["doc.a", "eph.a", "eph.a"]);
    let unsubscribe = json!({ "id": 9, "unsubscribe": { "channel": "eph.a" } });
    ann.request(&unsubscribe).await;
    assert_eq!(followed(), ["doc.a", "eph.a"]);
    let rules = &instance.rules;
    rules.revoked.lock().unwrap().insert("doc.a".to_owned());
    let control = Control::Reauthorize {
        channel: "doc.a".into(),
        user: None,
    };
    instance.hub.control(control).await;
    until("the lost right has ended it", || followed() == ["eph.a"]).await;
    drop(bob);
    until("the end of the connection has ended it", || {
        followed().is_empty()
    })
    .await;
}
