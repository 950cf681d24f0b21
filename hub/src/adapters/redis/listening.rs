//! The receiving half of the wire: one line per connection that listens.
//!
//! A line subscribes, waits for the acknowledgement, and only then says [`FeedItem::Interrupted`],
//! because whatever was sent before is missing. A beacon that the instance must hear from itself
//! unmasks a subscription that only seems alive. Nothing here waits for who takes what is heard:
//! Redis cuts listeners that do not keep up.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use redis::{
    ErrorKind, PushInfo, PushKind, RedisError, RedisResult, Value, aio::MultiplexedConnection,
};
use tokio::{
    select,
    sync::mpsc::{self, error::TrySendError},
    time::{self, Instant},
};
use tokio_util::sync::CancellationToken;

use super::{
    broker::{Line, RedisBroker},
    wire::{Content, Message},
};
use crate::ports::FeedItem;

/// Pause between attempts at listening.
const RETRY: Duration = Duration::from_millis(100);

/// A line that is subscribed, for as long as this lives.
struct Listening {
    ear: Arc<Ear>,
    _connection: MultiplexedConnection,
}

/// Takes what Redis pushes on one connection.
struct Ear {
    instance: Arc<str>,
    feed: SharedFeed,
    /// Acknowledgements of subscriptions still to come.
    awaited: AtomicUsize,
    beacon: AtomicBool,
    /// The subscription or its connection has ended.
    over: CancellationToken,
}

/// Of all lines of an instance.
pub(super) type SharedFeed = Arc<Mutex<BoundedFeed>>;

/// Never waits. What does not fit is an interruption.
pub(super) struct BoundedFeed {
    sender: mpsc::Sender<FeedItem>,
    overrun: bool,
}

impl RedisBroker {
    /// Listens until nobody takes what is heard.
    pub(super) async fn run(self, line: Arc<Line>, feed: SharedFeed) {
        let taker = lock(&feed).sender.clone();
        while !taker.is_closed() {
            match self.listen(&line, &feed).await {
                Ok(listening) => {
                    line.failing.store(false, Ordering::Relaxed);
                    line.subscribed.store(true, Ordering::Relaxed);
                    select! {
                        () = taker.closed() => return,
                        () = self.follow(&line, &listening.ear) => {}
                    }
                    line.subscribed.store(false, Ordering::Relaxed);
                }
                Err(error) => {
                    if !line.failing.swap(true, Ordering::Relaxed) {
                        tracing::warn!(%error, line = line.number, "cannot listen to Redis");
                    }
                    // The connection for commands may be as dead as this one.
                    self.connection().replace();
                }
            }
            select! {
                () = taker.closed() => return,
                () = time::sleep(RETRY) => {}
            }
        }
    }

    async fn listen(&self, line: &Line, feed: &SharedFeed) -> RedisResult<Listening> {
        let ear = Arc::new(Ear {
            instance: self.instance().clone(),
            feed: feed.clone(),
            awaited: AtomicUsize::new(line.keys.len()),
            beacon: AtomicBool::new(false),
            over: CancellationToken::new(),
        });
        let pushes = {
            let ear = ear.clone();
            move |push| {
                ear.take(&push);
                Ok::<_, redis::aio::SendError>(())
            }
        };
        let mut connection = self.connection().listen(&line.beacon, pushes).await?;
        let mut subscribe = redis::cmd(self.connection().words().subscribe);
        subscribe.arg(&line.keys);
        let acknowledged = subscribe.query_async::<Value>(&mut connection);
        time::timeout(self.config().deaf_after(), acknowledged)
            .await
            .map_err(|_| RedisError::from((ErrorKind::Io, "no acknowledgement")))??;
        Ok(Listening {
            ear,
            _connection: connection,
        })
    }

    /// Returns when the subscription is lost, or seems to be.
    async fn follow(&self, line: &Line, ear: &Ear) {
        let mut beacons = time::interval(Duration::from_millis(self.config().beacon_ms.max(1)));
        beacons.set_missed_tick_behavior(time::MissedTickBehavior::Delay);
        let mut heard_at = Instant::now();
        loop {
            select! {
                () = ear.over.cancelled() => return,
                _ = beacons.tick() => {}
            }
            if ear.beacon.swap(false, Ordering::Relaxed) {
                heard_at = Instant::now();
            } else if heard_at.elapsed() >= self.config().deaf_after() {
                tracing::warn!(
                    line = line.number,
                    "the instance does not hear itself: listening anew"
                );
                line.failing.store(true, Ordering::Relaxed);
                self.connection().replace();
                return;
            }
            self.send_beacon(line);
        }
    }

    /// In a task of its own, so that a connection that hangs does not stop the listening.
    fn send_beacon(&self, line: &Line) {
        let (broker, key) = (self.clone(), line.beacon.clone());
        tokio::spawn(async move {
            if let Ok(beacon) = broker.message(Content::Beacon) {
                // Not being heard is what tells that it failed.
                let sent = broker.send(&key, &beacon);
                let _ = time::timeout(broker.config().deaf_after(), sent).await;
            }
        });
    }
}

impl Ear {
    fn take(&self, push: &PushInfo) {
        match push.kind {
            PushKind::Message | PushKind::SMessage => {
                if let [_, Value::BulkString(payload)] = push.data.as_slice() {
                    self.hear(payload);
                }
            }
            PushKind::Subscribe | PushKind::SSubscribe => self.acknowledged(),
            // Where a slot moves to another node, that is how its subscribers are told.
            PushKind::Disconnection | PushKind::Unsubscribe | PushKind::SUnsubscribe => {
                self.over.cancel();
            }
            // We have asked for nothing else.
            PushKind::Invalidate
            | PushKind::PMessage
            | PushKind::PUnsubscribe
            | PushKind::PSubscribe
            | PushKind::Other(_)
            | _ => {}
        }
    }

    fn acknowledged(&self) {
        if self.awaited.fetch_sub(1, Ordering::Relaxed) == 1 {
            lock(&self.feed).push(FeedItem::Interrupted);
        }
    }

    fn hear(&self, payload: &[u8]) {
        let message: Message<'_> = match serde_json::from_slice(payload) {
            Ok(message) => message,
            Err(error) => {
                tracing::warn!(%error, "unreadable message on the wire");
                return;
            }
        };
        let own = *message.from == *self.instance;
        match message.content {
            Content::Beacon => self.beacon.store(own, Ordering::Relaxed),
            Content::Publications(_) | Content::Control(_) if own => {}
            Content::Publications(publications) => {
                let mut feed = lock(&self.feed);
                for publication in publications {
                    if let Ok(publication) = publication.read() {
                        feed.push(FeedItem::Publication(publication));
                    }
                }
            }
            Content::Control(control) => {
                if let Ok(control) = control.read() {
                    lock(&self.feed).push(FeedItem::Control(control));
                }
            }
        }
    }
}

impl BoundedFeed {
    pub(super) fn new(sender: mpsc::Sender<FeedItem>) -> Self {
        Self {
            sender,
            overrun: false,
        }
    }

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

fn lock(feed: &Mutex<BoundedFeed>) -> std::sync::MutexGuard<'_, BoundedFeed> {
    feed.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ports::Control;

    #[tokio::test]
    async fn a_feed_that_is_not_taken_in_time_shows_an_interruption() {
        let (sender, mut feed) = mpsc::channel(2);
        let mut bounded = BoundedFeed::new(sender);
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
