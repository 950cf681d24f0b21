//! The sending half of the wire: pub/sub over a fixed number of partitions.
//!
//! One Redis is one line, listened to on one connection. On a cluster, where messages go by the
//! hash slot of their key, each partition is a line of its own: what happens to the node of one
//! does not touch the others. Control messages go by any line that works.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
};

use async_trait::async_trait;
use futures_util::future::join_all;
use tokio::sync::mpsc;

use super::{
    RedisConfig,
    connection::Connection,
    listening::BoundedFeed,
    wire::{Content, Message, WirePublication, partition},
};
use crate::ports::{Broker, BrokerUnavailable, Control, Feed, NodeName, Publication, Told};

/// One instance's end of the wire. Clones share it.
#[derive(Clone)]
pub struct RedisBroker(Arc<Inner>);

struct Inner {
    connection: Arc<Connection>,
    config: Arc<RedisConfig>,
    instance: Arc<str>,
    lines: Vec<Arc<Line>>,
}

/// What one connection listens to.
pub(super) struct Line {
    pub(super) number: u32,
    pub(super) keys: Vec<String>,
    /// One of the keys, heard by this instance only.
    pub(super) beacon: String,
    pub(super) subscribed: AtomicBool,
    /// Nothing gets through at the moment, so nothing is sent: others would wait for it.
    pub(super) failing: AtomicBool,
}

impl RedisBroker {
    pub(super) fn new(
        connection: Arc<Connection>,
        config: Arc<RedisConfig>,
        instance: Arc<str>,
    ) -> Self {
        let partitions: Vec<_> = (0..config.partitions.max(1)).collect();
        let feeds = |number: &u32| feed_key(&config.prefix, *number);
        let line = |number, feeds: Vec<String>| {
            let beacon = node_key(&config.prefix, number, &instance);
            let mut keys = feeds;
            keys.extend([control_key(&config.prefix, number), beacon.clone()]);
            Arc::new(Line {
                number,
                keys,
                beacon,
                subscribed: AtomicBool::new(false),
                failing: AtomicBool::new(false),
            })
        };
        let lines = if connection.is_cluster() {
            let each = partitions.iter();
            each.map(|number| line(*number, vec![feeds(number)]))
                .collect()
        } else {
            vec![line(0, partitions.iter().map(feeds).collect())]
        };
        Self(Arc::new(Inner {
            connection,
            config,
            instance,
            lines,
        }))
    }

    pub(super) fn connection(&self) -> &Connection {
        &self.0.connection
    }

    pub(super) fn config(&self) -> &RedisConfig {
        &self.0.config
    }

    pub(super) fn instance(&self) -> &Arc<str> {
        &self.0.instance
    }

    pub(super) fn message(&self, content: Content<'_>) -> Result<String, BrokerUnavailable> {
        let from = &*self.0.instance;
        serde_json::to_string(&Message { from, content })
            .map_err(|error| BrokerUnavailable(error.to_string()))
    }

    /// To whoever listens to the key; returns how many do.
    pub(super) async fn send(&self, key: &str, message: &str) -> Result<u64, BrokerUnavailable> {
        redis::cmd(self.connection().words().publish)
            .arg(key)
            .arg(message)
            .query_async(&mut self.0.connection.commands())
            .await
            .map_err(|error| BrokerUnavailable(error.to_string()))
    }

    /// By which a partition goes.
    fn line_of(&self, partition: u32) -> &Line {
        let only = &self.0.lines[0];
        let own = usize::try_from(partition).ok();
        own.and_then(|number| self.0.lines.get(number))
            .unwrap_or(only)
    }

    /// One that works, the same for the same name as long as that works.
    fn working_line(&self, name: &str) -> Result<&Line, BrokerUnavailable> {
        let lines = &self.0.lines;
        let first = partition(name, u32::try_from(lines.len()).unwrap_or(u32::MAX));
        let (before, from) = lines.split_at(usize::try_from(first).unwrap_or(0));
        let all = || from.iter().chain(before).map(|line| &**line);
        all()
            .find(|line| line.subscribed.load(Ordering::Relaxed))
            .or_else(|| all().find(|line| line.works()))
            .ok_or_else(nothing_gets_through)
    }

    async fn publish_part(
        &self,
        partition: u32,
        list: Vec<WirePublication<'_>>,
    ) -> Result<(), BrokerUnavailable> {
        if !self.line_of(partition).works() {
            return Err(nothing_gets_through());
        }
        let message = self.message(Content::Publications(list))?;
        let key = feed_key(&self.0.config.prefix, partition);
        self.send(&key, &message).await.map(drop)
    }
}

impl Line {
    fn works(&self) -> bool {
        !self.failing.load(Ordering::Relaxed)
    }
}

fn nothing_gets_through() -> BrokerUnavailable {
    BrokerUnavailable("the instance does not hear itself".to_owned())
}

// What is in braces decides the hash slot, so that the keys of one line are on one node.

fn feed_key(prefix: &str, number: u32) -> String {
    format!("{{{prefix}:{number}}}:feed")
}

fn control_key(prefix: &str, number: u32) -> String {
    format!("{{{prefix}:{number}}}:control")
}

/// Heard by one instance only.
fn node_key(prefix: &str, number: u32, node: &str) -> String {
    format!("{{{prefix}:{number}}}:node:{node}")
}

/// What messages must not overtake each other about.
fn subject(control: &Control) -> &str {
    match control {
        Control::Disconnect { user, .. } => user,
        Control::Reauthorize { channel, .. }
        | Control::Subscribe { channel, .. }
        | Control::Unsubscribe { channel, .. }
        | Control::Join { channel, .. }
        | Control::Leave { channel, .. } => channel,
        Control::EpochChanged | Control::Emulated(_) | Control::EmulationAnswered { .. } => "",
    }
}

#[async_trait]
impl Broker for RedisBroker {
    async fn publish(&self, publications: Vec<Publication>) -> Result<(), BrokerUnavailable> {
        let mut parts: BTreeMap<u32, Vec<WirePublication<'_>>> = BTreeMap::new();
        for publication in &publications {
            let partition = partition(&publication.channel, self.0.config.partitions);
            parts.entry(partition).or_default().push(publication.into());
        }
        let parts = parts.into_iter();
        let sent = join_all(parts.map(|(number, list)| self.publish_part(number, list))).await;
        sent.into_iter().collect()
    }

    async fn control(&self, control: Control) -> Result<(), BrokerUnavailable> {
        let message = self.message(Content::Control((&control).into()))?;
        let line = self.working_line(subject(&control))?;
        let key = control_key(&self.0.config.prefix, line.number);
        self.send(&key, &message).await.map(drop)
    }

    fn node(&self) -> NodeName {
        self.0.instance.clone()
    }

    async fn tell(&self, node: &str, control: Control) -> Result<Told, BrokerUnavailable> {
        let message = self.message(Content::Control((&control).into()))?;
        let line = self.working_line(node)?;
        let key = node_key(&self.0.config.prefix, line.number, node);
        Ok(match self.send(&key, &message).await? {
            0 => Told::NobodyThere,
            _ => Told::Sent,
        })
    }

    async fn feed(&self) -> Result<Feed, BrokerUnavailable> {
        let (sender, feed) = mpsc::channel(self.0.config.feed_items.max(2));
        let bounded = Arc::new(Mutex::new(BoundedFeed::new(sender)));
        for line in &self.0.lines {
            tokio::spawn(self.clone().run(line.clone(), bounded.clone()));
        }
        Ok(feed)
    }
}
