//! The wire: pub/sub over a fixed number of partitions.
//!
//! Listening is a connection of its own: subscribe, wait for the acknowledgement, only then say
//! [`FeedItem::Interrupted`], because whatever was sent before is missing. A beacon that the
//! instance must hear from itself unmasks a subscription that only seems alive.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use async_trait::async_trait;
use futures_util::StreamExt;
use redis::{Pipeline, RedisResult, aio::PubSub};
use tokio::{
    select,
    sync::mpsc::{self, error::TrySendError},
    time::{self, Instant},
};

use super::{
    RedisConfig,
    connection::Connection,
    wire::{Content, Message, WirePublication, partition},
};
use crate::ports::{
    Broker, BrokerUnavailable, Control, Feed, FeedItem, NodeName, Publication, Told,
};

/// One instance's end of the wire. Clones share it.
#[derive(Clone)]
pub struct RedisBroker {
    connection: Arc<Connection>,
    config: Arc<RedisConfig>,
    instance: Arc<str>,
}

/// Pause between attempts at listening.
const RETRY: Duration = Duration::from_millis(100);

impl RedisBroker {
    pub(super) fn new(
        connection: Arc<Connection>,
        config: Arc<RedisConfig>,
        instance: Arc<str>,
    ) -> Self {
        Self {
            connection,
            config,
            instance,
        }
    }

    fn partition_key(&self, partition: u32) -> String {
        format!("{}:feed:{partition}", self.config.prefix)
    }

    fn control_key(&self) -> String {
        format!("{}:control", self.config.prefix)
    }

    /// Heard by one instance only.
    fn node_key(&self, node: &str) -> String {
        format!("{}:node:{node}", self.config.prefix)
    }

    fn message(&self, content: Content<'_>) -> Result<String, BrokerUnavailable> {
        let from = &*self.instance;
        serde_json::to_string(&Message { from, content })
            .map_err(|error| BrokerUnavailable(error.to_string()))
    }

    async fn send(&self, pipeline: Pipeline) -> Result<(), BrokerUnavailable> {
        let mut commands = self.connection.commands();
        pipeline
            .exec_async(&mut commands)
            .await
            .map_err(|error| BrokerUnavailable(error.to_string()))
    }

    async fn listen(&self) -> RedisResult<PubSub> {
        let mut listening = self.connection.listen().await?;
        let mut keys: Vec<_> = (0..self.config.partitions.max(1))
            .map(|partition| self.partition_key(partition))
            .collect();
        keys.push(self.control_key());
        keys.push(self.node_key(&self.instance));
        time::timeout(self.config.deaf_after(), listening.subscribe(keys))
            .await
            .map_err(|_| redis::RedisError::from((redis::ErrorKind::Io, "no acknowledgement")))??;
        Ok(listening)
    }

    /// Listens until nobody takes what is heard.
    async fn run(self, feed: mpsc::Sender<FeedItem>) {
        let mut feed = BoundedFeed {
            sender: feed,
            overrun: false,
        };
        while !feed.sender.is_closed() {
            match self.listen().await {
                Ok(listening) => {
                    feed.push(FeedItem::Interrupted);
                    self.follow(listening, &mut feed).await;
                }
                Err(error) => {
                    tracing::debug!(%error, "cannot listen to Redis");
                    // The connection for commands may be as dead as this one.
                    self.connection.replace();
                }
            }
            select! {
                () = feed.sender.closed() => return,
                () = time::sleep(RETRY) => {}
            }
        }
    }

    /// Returns when the subscription is lost, or seems to be.
    async fn follow(&self, listening: PubSub, feed: &mut BoundedFeed) {
        let mut messages = listening.into_on_message();
        let mut beacons = time::interval(Duration::from_millis(self.config.beacon_ms.max(1)));
        beacons.set_missed_tick_behavior(time::MissedTickBehavior::Delay);
        let mut heard_at = Instant::now();
        loop {
            select! {
                () = feed.sender.closed() => return,
                message = messages.next() => {
                    let Some(message) = message else {
                        return;
                    };
                    if self.take(message.get_payload_bytes(), feed) == Heard::OwnBeacon {
                        heard_at = Instant::now();
                    }
                }
                _ = beacons.tick() => {
                    if heard_at.elapsed() >= self.config.deaf_after() {
                        tracing::warn!("the instance does not hear itself: listening anew");
                        self.connection.replace();
                        return;
                    }
                    self.send_beacon();
                }
            }
        }
    }

    /// In a task of its own, so that a connection that hangs does not stop the listening.
    fn send_beacon(&self) {
        let broker = self.clone();
        tokio::spawn(async move {
            let mut pipeline = redis::pipe();
            if let Ok(beacon) = broker.message(Content::Beacon) {
                let own = broker.node_key(&broker.instance);
                pipeline.publish(own, beacon).ignore();
                // Not being heard is what tells that it failed.
                let _ = time::timeout(broker.config.deaf_after(), broker.send(pipeline)).await;
            }
        });
    }

    fn take(&self, payload: &[u8], feed: &mut BoundedFeed) -> Heard {
        let message: Message<'_> = match serde_json::from_slice(payload) {
            Ok(message) => message,
            Err(error) => {
                tracing::warn!(%error, "unreadable message on the wire");
                return Heard::Other;
            }
        };
        let own = *message.from == *self.instance;
        match message.content {
            Content::Beacon if own => return Heard::OwnBeacon,
            Content::Publications(_) | Content::Control(_) | Content::Beacon if own => {}
            Content::Beacon => {}
            Content::Publications(publications) => {
                for publication in publications {
                    if let Ok(publication) = publication.read() {
                        feed.push(FeedItem::Publication(publication));
                    }
                }
            }
            Content::Control(control) => {
                if let Ok(control) = control.read() {
                    feed.push(FeedItem::Control(control));
                }
            }
        }
        Heard::Other
    }
}

#[derive(Debug, PartialEq, Eq)]
enum Heard {
    OwnBeacon,
    Other,
}

/// Never waits: Redis cuts listeners that do not keep up. What does not fit is an interruption.
struct BoundedFeed {
    sender: mpsc::Sender<FeedItem>,
    overrun: bool,
}

impl BoundedFeed {
    fn push(&mut self, item: FeedItem) {
        if self.overrun {
            match self.sender.try_send(FeedItem::Interrupted) {
                Ok(()) => self.overrun = false,
                Err(TrySendError::Full(_) | TrySendError::Closed(_)) => return,
            }
        }
        if let Err(TrySendError::Full(_)) = self.sender.try_send(item) {
            self.overrun = true;
        }
    }
}

#[async_trait]
impl Broker for RedisBroker {
    async fn publish(&self, publications: Vec<Publication>) -> Result<(), BrokerUnavailable> {
        let mut partitions: BTreeMap<u32, Vec<WirePublication<'_>>> = BTreeMap::new();
        for publication in &publications {
            let partition = partition(&publication.channel, self.config.partitions);
            partitions
                .entry(partition)
                .or_default()
                .push(publication.into());
        }
        let mut pipeline = redis::pipe();
        for (partition, list) in partitions {
            let message = self.message(Content::Publications(list))?;
            pipeline
                .publish(self.partition_key(partition), message)
                .ignore();
        }
        self.send(pipeline).await
    }

    async fn control(&self, control: Control) -> Result<(), BrokerUnavailable> {
        let message = self.message(Content::Control((&control).into()))?;
        let mut pipeline = redis::pipe();
        pipeline.publish(self.control_key(), message).ignore();
        self.send(pipeline).await
    }

    fn node(&self) -> NodeName {
        self.instance.clone()
    }

    async fn tell(&self, node: &str, control: Control) -> Result<Told, BrokerUnavailable> {
        let message = self.message(Content::Control((&control).into()))?;
        let mut commands = self.connection.commands();
        let listeners: u64 = redis::cmd("PUBLISH")
            .arg(self.node_key(node))
            .arg(message)
            .query_async(&mut commands)
            .await
            .map_err(|error| BrokerUnavailable(error.to_string()))?;
        Ok(if listeners == 0 {
            Told::NobodyThere
        } else {
            Told::Sent
        })
    }

    async fn feed(&self) -> Result<Feed, BrokerUnavailable> {
        let (sender, feed) = mpsc::channel(self.config.feed_items.max(2));
        tokio::spawn(self.clone().run(sender));
        Ok(feed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_feed_that_is_not_taken_in_time_shows_an_interruption() {
        let (sender, mut feed) = mpsc::channel(2);
        let mut bounded = BoundedFeed {
            sender,
            overrun: false,
        };
        let item = || FeedItem::Control(Control::EpochChanged);
        for _ in 0..5 {
            bounded.push(item());
        }
        for _ in 0..2 {
            assert!(matches!(feed.recv().await, Some(FeedItem::Control(_))));
        }
        bounded.push(item());
        assert!(matches!(feed.recv().await, Some(FeedItem::Interrupted)));
        assert!(matches!(feed.recv().await, Some(FeedItem::Control(_))));
    }
}
