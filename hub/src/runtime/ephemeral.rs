//! What is live but not durable: channels of which only the newest entry of each key counts.
//!
//! Entries gather for a moment, the newest per key, and go out together: to the subscribers here
//! and over the wire. What was sent or heard is remembered for a while, for readers who come later;
//! it needs no log, and what is lost is made up for by the next entry of its key. All of it is
//! bounded in bytes (P7).

use std::{
    collections::HashMap,
    mem,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use dashmap::DashMap;
use metrics::counter;
use tokio::sync::Notify;

use super::{config::HubConfig, hub::Hub};
use crate::{
    ports::{Body, ChannelName, Publication},
    protocol::Moment,
};

/// Entries by channel and key: what waits for the next batch, and what was heard.
#[derive(Debug)]
pub(super) struct Ephemerals {
    life: Duration,
    most_bytes: usize,
    waiting: Mutex<Waiting>,
    wake: Notify,
    heard: DashMap<ChannelName, HashMap<Arc<str>, Heard>>,
    heard_bytes: AtomicUsize,
}

#[derive(Debug, Default)]
struct Waiting {
    entries: HashMap<(ChannelName, Arc<str>), Body>,
    bytes: usize,
}

#[derive(Debug)]
struct Heard {
    body: Body,
    at: Moment,
}

/// About what an entry costs beside its body and names.
const ENTRY_BYTES: usize = 128;

fn cost(channel: &str, key: &str, body: &Body) -> usize {
    ENTRY_BYTES + channel.len() + key.len() + body.get().len()
}

impl Ephemerals {
    pub(super) fn new(config: &HubConfig) -> Self {
        Self {
            life: Duration::from_millis(config.ephemeral_life_ms),
            most_bytes: config.ephemeral_bytes,
            waiting: Mutex::default(),
            wake: Notify::new(),
            heard: DashMap::new(),
            heard_bytes: AtomicUsize::new(0),
        }
    }

    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// False when there is no room for it.
    fn gather(&self, channel: ChannelName, key: Arc<str>, body: Body) -> bool {
        let mut waiting = self.waiting();
        let after = cost(&channel, &key, &body);
        let name = (channel, key);
        let before = waiting.entries.get(&name);
        let before = before.map_or(0, |body| cost(&name.0, &name.1, body));
        let bytes = waiting.bytes - before + after;
        if bytes > self.most_bytes {
            return false;
        }
        waiting.bytes = bytes;
        waiting.entries.insert(name, body);
        true
    }

    fn take(&self) -> Vec<Publication> {
        let taken = mem::take(&mut *self.waiting());
        let entries = taken.entries.into_iter();
        let publication = |((channel, key), body)| Publication {
            channel,
            offset: 0,
            epoch: "".into(),
            key: Some(key),
            body,
            info: None,
        };
        entries.map(publication).collect()
    }

    /// Keeps the newest of each key for readers who come later.
    pub(super) fn remember(&self, publication: &Publication, now: Moment) {
        let Some(key) = &publication.key else {
            return;
        };
        let (channel, body) = (&publication.channel, &publication.body);
        let after = cost(channel, key, body);
        let mut heard = self.heard.entry(channel.clone()).or_default();
        let before = heard.get(key);
        let before = before.map_or(0, |heard| cost(channel, key, &heard.body));
        let others = self.heard_bytes.load(Ordering::Relaxed) - before;
        if others + after > self.most_bytes {
            return counter!("hub_ephemeral_drops_total", "reason" => "memory").increment(1);
        }
        let body = body.clone();
        heard.insert(key.clone(), Heard { body, at: now });
        self.heard_bytes.fetch_add(after, Ordering::Relaxed);
        self.heard_bytes.fetch_sub(before, Ordering::Relaxed);
    }

    fn remembered(&self, channel: &str, now: Moment) -> Vec<(Arc<str>, Body)> {
        let Some(heard) = self.heard.get(channel) else {
            return Vec::new();
        };
        let alive = heard
            .iter()
            .filter(|(_, heard)| now.since(heard.at) < self.life);
        let mut entries: Vec<_> = alive
            .map(|(key, heard)| (key.clone(), heard.body.clone()))
            .collect();
        entries.sort_by(|(one, _), (other, _)| one.cmp(other));
        entries
    }

    /// Forgets what is too old.
    pub(super) fn age(&self, now: Moment) {
        self.heard.retain(|channel, heard| {
            heard.retain(|key, entry| {
                let alive = now.since(entry.at) < self.life;
                if !alive {
                    let bytes = cost(channel, key, &entry.body);
                    self.heard_bytes.fetch_sub(bytes, Ordering::Relaxed);
                }
                alive
            });
            !heard.is_empty()
        });
    }
}

impl Hub {
    /// Says something on an ephemeral channel. It replaces what was said under the same key and
    /// has not gone out yet. Never waits; without room it is dropped.
    pub fn ephemeral(&self, channel: ChannelName, key: Arc<str>, body: Body) {
        if self.ephemerals().gather(channel, key, body) {
            self.ephemerals().wake.notify_one();
        } else {
            counter!("hub_ephemeral_drops_total", "reason" => "batch").increment(1);
        }
    }

    /// Says something on an ephemeral channel to the subscribers of this instance only, at once:
    /// the other instances know it themselves. It is not remembered.
    pub fn tell_here(&self, channel: &ChannelName, key: Arc<str>, body: Body) {
        self.deliver_here(Publication {
            channel: channel.clone(),
            offset: 0,
            epoch: "".into(),
            key: Some(key),
            body,
            info: None,
        });
    }

    /// What this instance has heard on an ephemeral channel and still remembers: the newest of each
    /// key, in the keys' order. An instance that started a moment ago has heard little.
    pub fn remembered(&self, channel: &str) -> Vec<(Arc<str>, Body)> {
        self.ephemerals().remembered(channel, self.now())
    }

    /// The first entry goes out at once, what follows within the period goes with its end.
    pub(super) async fn run_ephemerals(self) {
        let period = Duration::from_millis(self.config().ephemeral_batch_ms);
        loop {
            self.ephemerals().wake.notified().await;
            self.committed(self.ephemerals().take());
            tokio::time::sleep(period).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ephemerals(most_bytes: usize) -> Ephemerals {
        Ephemerals::new(&HubConfig {
            ephemeral_bytes: most_bytes,
            ephemeral_life_ms: 1_000,
            ..HubConfig::default()
        })
    }

    fn entry(channel: &str, key: &str, text: &str) -> Publication {
        Publication {
            channel: channel.into(),
            offset: 0,
            epoch: "".into(),
            key: Some(key.into()),
            body: Body::from_value(text).unwrap(),
            info: None,
        }
    }

    fn at(ms: u64) -> Moment {
        Moment::since_start(Duration::from_millis(ms))
    }

    fn texts(ephemerals: &Ephemerals, channel: &str, now: Moment) -> Vec<String> {
        let heard = ephemerals.remembered(channel, now);
        heard
            .iter()
            .map(|(_, body)| body.get().to_owned())
            .collect()
    }

    #[test]
    fn the_newest_of_each_key_is_remembered_for_a_while_and_no_trace_is_left() {
        let ephemerals = ephemerals(100_000);
        ephemerals.remember(&entry("c", "a", "old"), at(0));
        ephemerals.remember(&entry("c", "b", "b"), at(500));
        ephemerals.remember(&entry("c", "a", "new"), at(900));
        ephemerals.remember(&entry("other", "a", "x"), at(0));
        assert_eq!(texts(&ephemerals, "c", at(999)), ["\"new\"", "\"b\""]);
        assert_eq!(texts(&ephemerals, "c", at(1_600)), ["\"new\""]);
        ephemerals.age(at(1_600));
        assert_eq!(ephemerals.heard.len(), 1);
        ephemerals.age(at(5_000));
        assert!(ephemerals.heard.is_empty());
        assert_eq!(ephemerals.heard_bytes.load(Ordering::Relaxed), 0);
    }

    #[test]
    fn what_is_remembered_is_bounded_and_known_keys_stay_current() {
        let ephemerals = ephemerals(10_000);
        for key in 0..1_000 {
            ephemerals.remember(&entry("c", &key.to_string(), "x"), at(0));
        }
        let kept = ephemerals.remembered("c", at(1)).len();
        assert!((50..100).contains(&kept), "{kept}");
        ephemerals.remember(&entry("c", "0", "y"), at(2));
        assert_eq!(texts(&ephemerals, "c", at(3))[0], "\"y\"");
    }

    #[test]
    fn what_waits_for_a_batch_is_bounded_and_the_newest_of_its_key() {
        let ephemerals = ephemerals(1_000);
        let body = |text: &str| Body::from_value(text).unwrap();
        for number in 0..100 {
            assert!(ephemerals.gather("c".into(), "a".into(), body(&number.to_string())));
        }
        let others =
            (0..100).filter(|key| ephemerals.gather("c".into(), key.to_string().into(), body("x")));
        assert!(others.count() < 10);
        let batch = ephemerals.take();
        let newest = batch.iter().find(|entry| entry.key.as_deref() == Some("a"));
        assert_eq!(newest.unwrap().body, body("99"));
        assert!(ephemerals.take().is_empty());
        assert_eq!(ephemerals.waiting().bytes, 0);
    }
}
