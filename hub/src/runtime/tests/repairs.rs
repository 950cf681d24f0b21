//! What repairs cost, and that a wire which hangs costs nothing: reads of the log are counted.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use serde_json::json;
use tokio::time::Instant;

use super::world::{Client, Instance, Shared, body, until};
use crate::{
    HubConfig,
    adapters::memory::{MemoryBroker, MemoryLog, MemoryPresence},
    ports::{
        Broker, BrokerUnavailable, ChannelLog, ChannelName, Control, Epoch, Feed, LogError,
        LogRead, NodeName, Position, Publication, RecentCursor, Told,
    },
};

/// Reads of publications, each of which takes a while.
#[derive(Clone)]
struct CountedLog {
    log: MemoryLog,
    counts: Arc<Counts>,
}

#[derive(Default)]
struct Counts {
    all: AtomicUsize,
    under_way: Mutex<HashMap<String, usize>>,
    most_at_once: AtomicUsize,
    most_of_one_channel: AtomicUsize,
}

const READ: Duration = Duration::from_millis(20);

impl Counts {
    fn begin(&self, channel: &str) {
        self.all.fetch_add(1, Ordering::SeqCst);
        let mut under_way = self.under_way.lock().unwrap();
        let of_channel = under_way.entry(channel.to_owned()).or_default();
        *of_channel += 1;
        self.most_of_one_channel
            .fetch_max(*of_channel, Ordering::SeqCst);
        let at_once = under_way.values().sum();
        self.most_at_once.fetch_max(at_once, Ordering::SeqCst);
    }

    fn end(&self, channel: &str) {
        *self.under_way.lock().unwrap().get_mut(channel).unwrap() -= 1;
    }

    fn all(&self) -> usize {
        self.all.load(Ordering::SeqCst)
    }
}

#[async_trait]
impl ChannelLog for CountedLog {
    async fn epoch(&self) -> Result<Epoch, LogError> {
        self.log.epoch().await
    }

    async fn head(&self, channel: &str) -> Result<Position, LogError> {
        self.log.head(channel).await
    }

    async fn read_after(&self, name: &str, after: u64, most: usize) -> Result<LogRead, LogError> {
        self.counts.begin(name);
        tokio::time::sleep(READ).await;
        self.counts.end(name);
        self.log.read_after(name, after, most).await
    }

    async fn read_before(
        &self,
        channel: &str,
        before: Option<u64>,
        limit: usize,
    ) -> Result<LogRead, LogError> {
        self.log.read_before(channel, before, limit).await
    }

    async fn renew_epoch(&self, seen: &str) -> Result<Epoch, LogError> {
        self.log.renew_epoch(seen).await
    }

    async fn recent_heads(
        &self,
        cursor: Option<RecentCursor>,
    ) -> Result<(Vec<(ChannelName, Position)>, RecentCursor), LogError> {
        self.log.recent_heads(cursor).await
    }
}

async fn counted(shared: &Shared, config: HubConfig) -> (Instance, Arc<Counts>) {
    let log = CountedLog {
        log: shared.log.clone(),
        counts: Arc::default(),
    };
    let counts = log.counts.clone();
    let broker = Arc::new(shared.bus.broker());
    let presence = Arc::new(shared.presence.clone());
    let instance = shared
        .instance_reading(config, Arc::new(log), broker, presence)
        .await;
    // The first looks, which doubt everything, are over.
    tokio::time::sleep(Duration::from_secs(1)).await;
    (instance, counts)
}

/// A client of each channel.
async fn viewers(instance: &Instance, channels: usize) -> Vec<Client> {
    let mut clients = Vec::new();
    for number in 0..channels {
        let mut client = instance.client("ann").await;
        client.subscribe(&format!("doc.{number}")).await;
        clients.push(client);
    }
    clients
}

const CHANNELS: usize = 40;

#[tokio::test(start_paused = true)]
async fn a_lost_part_is_read_once_per_channel_and_so_many_at_once() {
    let shared = Shared::new();
    let config = HubConfig {
        concurrent_repairs: 3,
        ..HubConfig::default()
    };
    let one = shared.instance(HubConfig::default()).await;
    let (two, counts) = counted(&shared, config).await;
    let mut clients = viewers(&two, CHANNELS).await;
    shared.bus.set_cut(true);
    for number in 0..CHANNELS {
        for _ in 0..5 {
            one.publish(&format!("doc.{number}"), &json!(1));
        }
    }
    tokio::time::sleep(Duration::from_millis(1)).await;
    shared.bus.set_cut(false);
    for number in 0..CHANNELS {
        // Every one of these reveals the gap again.
        for _ in 0..5 {
            one.publish(&format!("doc.{number}"), &json!(2));
        }
    }
    for client in &mut clients {
        for offset in 1..=10 {
            assert_eq!(client.push().await["pub"]["offset"], json!(offset));
        }
    }
    assert_eq!(counts.all(), CHANNELS);
    assert_eq!(counts.most_of_one_channel.load(Ordering::SeqCst), 1);
    assert_eq!(counts.most_at_once.load(Ordering::SeqCst), 3);
}

#[tokio::test(start_paused = true)]
async fn what_comes_out_of_order_is_waited_for_and_not_read() {
    let shared = Shared::new();
    let (two, counts) = counted(&shared, HubConfig::default()).await;
    let mut clients = viewers(&two, 1).await;
    let other = shared.bus.broker();
    for _ in 0..20 {
        let mut both = shared.log.append(&[("doc.0", body(&json!(1)))]);
        both.extend(shared.log.append(&[("doc.0", body(&json!(2)))]));
        both.reverse();
        for publication in both {
            other.publish(vec![publication]).await.unwrap();
            tokio::time::sleep(Duration::from_millis(15)).await;
        }
    }
    for offset in 1..=40 {
        assert_eq!(clients[0].push().await["pub"]["offset"], json!(offset));
    }
    assert_eq!(counts.all(), 0);
}

#[tokio::test(start_paused = true)]
async fn whoever_comes_back_soon_is_served_from_memory() {
    let shared = Shared::new();
    let (hub, counts) = counted(&shared, HubConfig::default()).await;
    drop(viewers(&hub, 1).await);
    for number in 1..=200 {
        hub.publish("doc.0", &json!(number));
    }
    for _ in 0..50 {
        let mut client = hub.client("ann").await;
        let result = client.recover("doc.0", 100, "epoch").await;
        assert_eq!(result["recovered"], json!(true));
        assert_eq!(result["publications"].as_array().unwrap().len(), 100);
    }
    assert_eq!(counts.all(), 0);
    assert_eq!(hub.rules.snapshots.load(Ordering::SeqCst), 1);
}

/// Takes everything and is never done with it.
struct HangingBroker {
    inner: MemoryBroker,
    offered: Arc<AtomicUsize>,
}

#[async_trait]
impl Broker for HangingBroker {
    async fn publish(&self, _: Vec<Publication>) -> Result<(), BrokerUnavailable> {
        self.offered.fetch_add(1, Ordering::SeqCst);
        std::future::pending().await
    }

    async fn control(&self, _: Control) -> Result<(), BrokerUnavailable> {
        std::future::pending().await
    }

    fn node(&self) -> NodeName {
        self.inner.node()
    }

    async fn tell(&self, _: &str, _: Control) -> Result<Told, BrokerUnavailable> {
        std::future::pending().await
    }

    async fn feed(&self) -> Result<Feed, BrokerUnavailable> {
        self.inner.feed().await
    }
}

#[tokio::test(start_paused = true)]
async fn a_wire_that_hangs_holds_up_nobody_and_keeps_no_more_than_its_queue() {
    let shared = Shared::new();
    let offered = Arc::new(AtomicUsize::new(0));
    let broker = HangingBroker {
        inner: shared.bus.broker(),
        offered: offered.clone(),
    };
    let config = HubConfig {
        outbound_batches: 8,
        ..HubConfig::default()
    };
    let presence = Arc::new(MemoryPresence::new());
    let one = shared
        .instance_over(config, Arc::new(broker), presence)
        .await;
    let two = shared.instance(HubConfig::default()).await;
    let mut near = one.client("ann").await;
    near.subscribe("doc.a").await;
    let mut far = two.client("bob").await;
    far.subscribe("doc.a").await;
    let begun = Instant::now();
    for number in 1..=1_000 {
        one.publish("doc.a", &json!(number));
        assert!(one.hub.status().outbound_batches <= 8);
        if number % 100 == 0 {
            tokio::task::yield_now().await;
        }
    }
    assert_eq!(begun.elapsed(), Duration::ZERO, "nobody waited");
    for offset in 1..=1_000 {
        assert_eq!(near.push().await["pub"]["offset"], json!(offset));
    }
    for offset in 1..=1_000 {
        assert_eq!(far.push().await["pub"]["offset"], json!(offset));
    }
    assert!(begun.elapsed() < Duration::from_secs(1), "by the log");
    let before = offered.load(Ordering::SeqCst);
    one.publish("doc.a", &json!("after"));
    until("the wire is offered more", || {
        offered.load(Ordering::SeqCst) > before
    })
    .await;
    assert!(begun.elapsed() < Duration::from_secs(3), "each for 100 ms");
}

#[tokio::test(start_paused = true)]
async fn those_who_must_start_anew_are_told_little_by_little() {
    let shared = Shared::new();
    let config = HubConfig {
        resyncs_per_second: 100,
        ..HubConfig::default()
    };
    let hub = shared.instance(config).await;
    let mut clients = Vec::new();
    for _ in 0..100 {
        let mut client = hub.client("ann").await;
        client.subscribe("doc.a").await;
        clients.push(client);
    }
    shared.log.renew_epoch("epoch").await.unwrap();
    hub.hub.control(Control::EpochChanged).await;
    let mut told = Vec::new();
    let begun = Instant::now();
    for client in &mut clients {
        assert_eq!(client.push().await["unsubscribe"]["code"], json!(2500));
        told.push(begun.elapsed());
    }
    let last = told.into_iter().max().unwrap();
    let about_a_second = Duration::from_millis(800)..Duration::from_millis(1_500);
    assert!(about_a_second.contains(&last), "{last:?}");
}
