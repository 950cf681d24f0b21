//! What one connection may cost.

use std::time::Duration;

use futures_util::SinkExt;
use serde_json::json;
use tokio_tungstenite::tungstenite::Message;

use super::world::{Instance, assert_closed, body, until};
use crate::{HubConfig, ports::Publication};

fn ephemeral(key: &str, text: &str) -> Publication {
    Publication {
        channel: "eph.a".into(),
        offset: 0,
        epoch: "".into(),
        key: Some(key.into()),
        body: body(&json!(text)),
        info: None,
    }
}

#[tokio::test(start_paused = true)]
async fn a_message_over_the_limit_is_closed_with_1009() {
    let instance = Instance::new().await;
    let mut client = instance.client("ann").await;
    let fits = json!({ "rpc": { "method": "echo", "data": "x".repeat(60_000) } });
    assert!(client.request(&fits).await["rpc"].is_object());
    client
        .stream
        .send(Message::text("x".repeat(200_000)))
        .await
        .unwrap();
    assert_closed(&client.closed().await, 1009, "message too big");
}

#[tokio::test(start_paused = true)]
async fn a_message_in_fragments_counts_as_a_whole() {
    use tokio::io::AsyncWriteExt;
    let instance = Instance::new().await;
    let mut client = instance.client("ann").await;
    // A text frame of 40,000 zero-masked bytes, not final, then a continuation of as many.
    for first in [0x01, 0x00] {
        let mut frame = vec![first, 0x80 | 0x7e];
        frame.extend_from_slice(&40_000_u16.to_be_bytes());
        frame.extend_from_slice(&[0; 4]);
        frame.extend(std::iter::repeat_n(b'x', 40_000));
        client.stream.get_mut().write_all(&frame).await.unwrap();
    }
    assert_closed(&client.closed().await, 1009, "message too big");
}

#[tokio::test(start_paused = true)]
async fn a_broken_frame_is_closed_with_1002() {
    use tokio::io::AsyncWriteExt;
    let instance = Instance::new().await;
    let mut client = instance.client("ann").await;
    // Reserved bits, and not masked.
    client
        .stream
        .get_mut()
        .write_all(&[0xf1, 0x01, b'x'])
        .await
        .unwrap();
    assert_closed(&client.closed().await, 1002, "protocol error");
}

#[tokio::test(start_paused = true)]
async fn a_slow_reader_is_closed_with_3008_and_slows_nobody_else() {
    let instance = Instance::new().await;
    let mut slow = instance.socket_with(4_096).await;
    slow.request(&json!({ "connect": { "token": "slow" } }))
        .await;
    slow.subscribe("log.a").await;
    let mut quick = instance.client("quick").await;
    quick.subscribe("log.a").await;
    let text = "x".repeat(10_000);
    for _ in 0..150 {
        instance.publish("log.a", &json!(text));
        let push = quick.push().await;
        assert!(push["pub"].is_object());
    }
    assert_closed(&slow.closed().await, 3008, "slow");
}

#[tokio::test(start_paused = true)]
async fn a_reader_that_stopped_is_cut_after_ten_seconds_without_progress() {
    let instance = Instance::new().await;
    let mut stuck = instance.socket_with(4_096).await;
    stuck
        .request(&json!({ "connect": { "token": "stuck" } }))
        .await;
    stuck.subscribe("log.a").await;
    let begun = tokio::time::Instant::now();
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
    use tokio::io::AsyncReadExt;
    let instance = Instance::with(HubConfig {
        ping_ms: 3_600_000,
        ..HubConfig::default()
    })
    .await;
    let mut slow = instance.socket_with(1_000).await;
    slow.request(&json!({ "connect": { "token": "slow" } }))
        .await;
    slow.subscribe("log.a").await;
    instance.publish("log.a", &json!("x".repeat(20_000)));
    // The stream holds 1,000 bytes; a read every 5 s is progress enough.
    let mut received = 0;
    while received < 20_000 {
        tokio::time::sleep(Duration::from_secs(5)).await;
        assert_eq!(instance.hub.connections(), 1, "cut after {received} bytes");
        received += slow.stream.get_mut().read(&mut [0; 4_096]).await.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn ephemeral_events_of_one_key_give_way_to_the_newest() {
    let instance = Instance::new().await;
    let mut slow = instance.socket_with(2_048).await;
    slow.request(&json!({ "connect": { "token": "slow" } }))
        .await;
    slow.subscribe("eph.a").await;
    for round in 0..5_000 {
        let text = format!("{round} {}", "x".repeat(1_000));
        instance.hub.committed(vec![ephemeral("k", &text)]);
        if round % 100 == 0 {
            tokio::task::yield_now().await;
        }
    }
    let mut received = Vec::new();
    loop {
        let push = slow.push().await;
        let text = push["pub"]["data"].as_str().unwrap().to_owned();
        let round: usize = text.split(' ').next().unwrap().parse().unwrap();
        received.push(round);
        if round == 4_999 {
            break;
        }
    }
    assert!(received.is_sorted());
    assert!(received.len() < 200, "{}", received.len());
}

#[tokio::test(start_paused = true)]
async fn frames_beyond_the_rate_are_refused_and_then_end_the_connection() {
    let instance = Instance::with(HubConfig {
        frame_burst: 5,
        frames_per_second: 1,
        refused_frames: 3,
        ..HubConfig::default()
    })
    .await;
    let mut client = instance.client("ann").await;
    let echo = json!({ "rpc": { "method": "echo" } });
    for _ in 0..4 {
        assert!(client.request(&echo).await["rpc"].is_object());
    }
    let refused = client.request(&echo).await;
    assert_eq!(refused["error"]["code"], json!(111));
    assert_eq!(refused["error"]["temporary"], json!(true));
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert!(
        client.request(&echo).await["rpc"].is_object(),
        "another second, another frame"
    );
    for _ in 0..3 {
        client.send(&echo).await;
    }
    assert_closed(&client.closed().await, 3013, "too many requests");
}

#[tokio::test(start_paused = true)]
async fn channels_are_limited_in_number_and_length() {
    let instance = Instance::with(HubConfig {
        channels_per_connection: 3,
        ..HubConfig::default()
    })
    .await;
    let mut client = instance.client("ann").await;
    for name in ["log.a", "log.b", "log.c"] {
        client.subscribe(name).await;
    }
    let subscribe = |channel: &str| json!({ "subscribe": { "channel": channel } });
    let reply = client.request(&subscribe("log.d")).await;
    assert_eq!(reply["error"]["code"], json!(106));
    for name in [
        format!("log.{}", "x".repeat(252)),
        "log.ä".to_owned(),
        "log. ".to_owned(),
    ] {
        let reply = client.request(&subscribe(&name)).await;
        assert_eq!(reply["error"]["code"], json!(107), "{name}");
    }
    let reply = client.request(&subscribe("log.a")).await;
    assert_eq!(reply["error"]["code"], json!(105));
    client
        .request(&json!({ "unsubscribe": { "channel": "log.a" } }))
        .await;
    client.subscribe("log.d").await;
}

#[tokio::test(start_paused = true)]
async fn snapshots_go_one_at_a_time_and_do_not_count_as_a_backlog() {
    let instance = Instance::with(HubConfig {
        queue_bytes: 50_000,
        ..HubConfig::default()
    })
    .await;
    let mut slow = instance.socket_with(4_096).await;
    slow.request(&json!({ "connect": { "token": "slow" } }))
        .await;
    // Snapshots of 200,000 bytes each.
    let first = slow
        .send(&json!({ "subscribe": { "channel": "doc.big" } }))
        .await;
    let second = slow
        .send(&json!({ "subscribe": { "channel": "doc.small" } }))
        .await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(
        instance
            .rules
            .snapshots
            .load(std::sync::atomic::Ordering::SeqCst),
        1,
        "the second waits until the first is written"
    );
    let reply = slow.reply_to(first).await;
    assert_eq!(reply["subscribe"]["data"].as_str().unwrap().len(), 200_000);
    assert!(slow.reply_to(second).await["subscribe"]["data"].is_object());
}
