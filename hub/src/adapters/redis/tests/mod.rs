//! What the adapters promise, with real servers of the tests' own.

mod cluster;
mod contract;
mod proxy;
mod server;

use std::time::Duration;

use super::{RedisBroker, RedisConfig, connect, wire};
use futures_util::FutureExt;
use tokio::time::{Instant, timeout, timeout_at};

use crate::ports::{
    Body, Broker, ClientInfo, Control, Feed, FeedItem, Listed, Presence, Publication,
};

use cluster::RedisCluster;
pub(crate) use proxy::Proxy;
pub(crate) use server::RedisServer;

const PATIENCE: Duration = Duration::from_secs(30);
/// As long as the hub gives a broker for one batch.
const HUBS_PATIENCE: Duration = Duration::from_millis(100);

/// Everything ten times as fast as in earnest.
pub(crate) fn quick() -> RedisConfig {
    RedisConfig {
        beacon_ms: 50,
        deaf_ms: 300,
        lease_ms: 400,
        feed_items: 4_096,
        ..RedisConfig::default()
    }
}

fn info(client: &str) -> ClientInfo {
    ClientInfo {
        user: "ann".to_owned(),
        client: client.to_owned(),
        conn_info: None,
        chan_info: None,
    }
}

fn clients(list: &[Listed]) -> Vec<&str> {
    let mut clients: Vec<_> = list
        .iter()
        .map(|entry| entry.info.client.as_str())
        .collect();
    clients.sort_unstable();
    clients
}

#[tokio::test]
async fn a_subscription_that_is_cut_or_only_seems_alive_is_made_anew() {
    let server = RedisServer::start().await;
    let (broker, _) = server.instance();
    let mut feed = broker.feed().await.unwrap();
    assert!(matches!(feed.recv().await, Some(FeedItem::Interrupted)));
    server.command(&["client", "kill", "type", "pubsub"]).await;
    assert!(matches!(feed.recv().await, Some(FeedItem::Interrupted)));
    // Nothing breaks, but nothing is heard.
    server.signal("STOP");
    tokio::time::sleep(Duration::from_millis(400)).await;
    server.signal("CONT");
    assert!(matches!(feed.recv().await, Some(FeedItem::Interrupted)));
}

#[tokio::test]
async fn what_redis_forgot_or_missed_is_mended_by_the_next_beat() {
    let mut server = RedisServer::start().await;
    let (_, one) = server.instance();
    let (_, two) = server.instance();
    let channel = "a".into();
    one.beat().await.unwrap();
    one.enter(&channel, &info("stays")).await.unwrap();
    one.enter(&channel, &info("leaves")).await.unwrap();
    server.command(&["flushall"]).await;
    one.beat().await.unwrap();
    assert_eq!(clients(&two.list("a").await.unwrap()), ["leaves", "stays"]);
    server.signal("STOP");
    one.leave(&channel, "leaves").await.unwrap_err();
    one.enter(&channel, &info("comes")).await.unwrap_err();
    server.signal("CONT");
    while one.beat().await.is_err() {}
    assert_eq!(clients(&two.list("a").await.unwrap()), ["comes", "stays"]);
    server.kill();
    one.list("a").await.unwrap_err();
    server.restart().await;
    while one.beat().await.is_err() {}
    assert_eq!(clients(&one.list("a").await.unwrap()), ["comes", "stays"]);
}

#[tokio::test]
async fn who_comes_after_redis_forgot_all_does_not_hide_that_from_the_next_beat() {
    let server = RedisServer::start().await;
    let (_, one) = server.instance();
    let channel = "a".into();
    one.beat().await.unwrap();
    one.enter(&channel, &info("stays")).await.unwrap();
    server.command(&["flushall"]).await;
    one.enter(&channel, &info("comes")).await.unwrap();
    one.beat().await.unwrap();
    assert_eq!(clients(&one.list("a").await.unwrap()), ["comes", "stays"]);
}

#[tokio::test]
async fn a_beat_whose_answer_was_lost_does_not_hide_what_redis_forgot() {
    let server = RedisServer::start().await;
    let proxy = Proxy::before(server.socket());
    let lasting = RedisConfig {
        lease_ms: 60_000,
        ..quick()
    };
    let (_, one) = connect(&proxy.url(), lasting).unwrap();
    let channel = "a".into();
    one.beat().await.unwrap();
    one.enter(&channel, &info("stays")).await.unwrap();
    server.command(&["flushall"]).await;
    proxy.swallow();
    one.beat().await.unwrap_err();
    proxy.cut();
    proxy.heal();
    while one.beat().await.is_err() {}
    assert_eq!(clients(&one.list("a").await.unwrap()), ["stays"]);
}

fn probe(channel: &str) -> Publication {
    Publication {
        channel: channel.into(),
        offset: 0,
        epoch: "".into(),
        key: None,
        body: Body::from_text("1").unwrap(),
        info: None,
    }
}

/// Whether a probe was taken, as the hub sees it.
async fn is_sent(one: &RedisBroker, channel: &str) -> bool {
    let sent = timeout(HUBS_PATIENCE, one.publish(vec![probe(channel)])).await;
    matches!(sent, Ok(Ok(())))
}

/// Until the instance knows that nothing gets through there.
async fn is_given_up(one: &RedisBroker, channel: &str) {
    let begun = Instant::now();
    while one.publish(vec![probe(channel)]).now_or_never().is_none() {
        assert!(begun.elapsed() < PATIENCE, "{channel} is waited for");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// Hears a probe of another instance on a channel, or not.
async fn is_heard(one: &RedisBroker, feed: &mut Feed, channel: &str) -> bool {
    while feed.try_recv().is_ok() {}
    let sent = is_sent(one, channel).await;
    let expected = Instant::now() + Duration::from_secs(1);
    while let Ok(Some(item)) = timeout_at(expected, feed.recv()).await {
        if let FeedItem::Publication(heard) = item
            && *heard.channel == *channel
        {
            return sent;
        }
    }
    false
}

async fn comes_to_hear(one: &RedisBroker, feed: &mut Feed, channel: &str) {
    let begun = Instant::now();
    while !is_heard(one, feed, channel).await {
        assert!(begun.elapsed() < PATIENCE, "{channel} is not heard");
    }
}

/// The first channel of each of the nodes.
async fn channels(cluster: &RedisCluster) -> Vec<String> {
    let mut found = vec![None; 3];
    for number in 0.. {
        let channel = format!("c{number}");
        let line = wire::partition(&channel, RedisConfig::default().partitions);
        let master = cluster.master_of(&format!("{{hub:{line}}}")).await;
        found[master].get_or_insert(channel);
        if let Some(all) = found.iter().cloned().collect() {
            return all;
        }
    }
    unreachable!("there are channels for every node")
}

#[tokio::test]
async fn a_node_that_dies_takes_its_partitions_along_until_it_is_back() {
    let mut cluster = RedisCluster::start().await;
    let channels = channels(&cluster).await;
    let (one, _) = cluster.instance_of("hub");
    let (two, _) = cluster.instance_of("hub");
    let mut feed = two.feed().await.unwrap();
    let _own = one.feed().await.unwrap();
    for channel in &channels {
        comes_to_hear(&one, &mut feed, channel).await;
    }
    cluster.nodes[1].kill();
    // Until both have noticed, and from then on.
    for channel in [&channels[0], &channels[2]] {
        comes_to_hear(&one, &mut feed, channel).await;
    }
    is_given_up(&one, &channels[1]).await;
    for _ in 0..5 {
        assert!(is_heard(&one, &mut feed, &channels[0]).await);
        let dead = one.publish(vec![probe(&channels[1])]).now_or_never();
        assert!(
            matches!(dead, Some(Err(_))),
            "others do not wait for it: {dead:?}"
        );
        assert!(is_heard(&one, &mut feed, &channels[2]).await);
        one.control(Control::EpochChanged).await.unwrap();
    }
    while feed.try_recv().is_ok() {}
    cluster.nodes[1].restart().await;
    let next = timeout(PATIENCE, feed.recv()).await.unwrap();
    assert!(matches!(next, Some(FeedItem::Interrupted)), "{next:?}");
    for channel in &channels {
        comes_to_hear(&one, &mut feed, channel).await;
    }
}

#[tokio::test]
async fn partitions_follow_their_slots_to_another_node() {
    let mut cluster = RedisCluster::start().await;
    cluster.add_replica().await;
    let channels = channels(&cluster).await;
    let (one, presence) = cluster.instance_of("hub");
    let (two, _) = cluster.instance_of("hub");
    let mut feed = two.feed().await.unwrap();
    let _own = one.feed().await.unwrap();
    comes_to_hear(&one, &mut feed, &channels[0]).await;
    cluster.nodes[0].kill();
    cluster.nodes[3]
        .command(&["cluster", "failover", "takeover"])
        .await;
    comes_to_hear(&one, &mut feed, &channels[0]).await;
    presence.beat().await.unwrap();
}

#[tokio::test]
async fn the_wire_is_whole_only_when_the_subscription_is_acknowledged() {
    let server = RedisServer::start().await;
    let proxy = Proxy::before(server.socket());
    let patient = RedisConfig {
        deaf_ms: 60_000,
        response_ms: 60_000,
        ..quick()
    };
    let (broker, _) = connect(&proxy.url(), patient).unwrap();
    proxy.hold_acknowledgements(true);
    let mut feed = broker.feed().await.unwrap();
    let soon = timeout(Duration::from_millis(300), feed.recv()).await;
    assert!(soon.is_err(), "{soon:?}");
    proxy.hold_acknowledgements(false);
    let first = timeout(PATIENCE, feed.recv()).await.unwrap();
    assert!(matches!(first, Some(FeedItem::Interrupted)), "{first:?}");
}
