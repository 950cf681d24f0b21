//! A wire inside one process, for one instance or for several of them in tests.

use std::sync::{
    Arc, Mutex, MutexGuard, PoisonError,
    atomic::{AtomicBool, Ordering},
};

use async_trait::async_trait;
use tokio::sync::mpsc;

use crate::ports::{
    Broker, BrokerUnavailable, Control, Feed, FeedItem, NodeName, Publication, Told,
};

/// The wire itself. Each instance gets its own [`MemoryBus::broker`].
#[derive(Debug, Clone, Default)]
pub struct MemoryBus(Arc<Bus>);

#[derive(Debug, Default)]
struct Bus {
    listeners: Mutex<Vec<Listener>>,
    cut: AtomicBool,
}

#[derive(Debug)]
struct Listener {
    instance: usize,
    feed: mpsc::Sender<FeedItem>,
    overrun: bool,
}

/// One instance's end of the wire.
#[derive(Debug, Clone)]
pub struct MemoryBroker {
    instance: usize,
    bus: Arc<Bus>,
}

/// Items on their way to one instance.
const FEED: usize = 4096;

impl MemoryBus {
    pub fn new() -> Self {
        Self::default()
    }

    /// The end for one more instance.
    pub fn broker(&self) -> MemoryBroker {
        use std::sync::atomic::AtomicUsize;
        static INSTANCES: AtomicUsize = AtomicUsize::new(0);
        MemoryBroker {
            instance: INSTANCES.fetch_add(1, Ordering::Relaxed),
            bus: self.0.clone(),
        }
    }

    /// While cut, everything offered is lost without anybody being told, as on a dead connection.
    pub fn set_cut(&self, cut: bool) {
        self.0.cut.store(cut, Ordering::SeqCst);
    }
}

impl Default for MemoryBroker {
    /// The wire of an instance that is alone.
    fn default() -> Self {
        MemoryBus::new().broker()
    }
}

impl Bus {
    fn listeners(&self) -> MutexGuard<'_, Vec<Listener>> {
        self.listeners
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    fn offer(&self, from: usize, item: &FeedItem) {
        if self.cut.load(Ordering::SeqCst) {
            return;
        }
        self.listeners().retain_mut(|listener| {
            if listener.instance == from {
                return !listener.feed.is_closed();
            }
            listener.offer(item.clone())
        });
    }

    fn tell(&self, node: &str, item: FeedItem) -> Told {
        let mut listeners = self.listeners();
        let mut named = listeners
            .iter_mut()
            .filter(|listener| *name(listener.instance) == *node && !listener.feed.is_closed());
        let Some(listener) = named.next() else {
            return Told::NobodyThere;
        };
        if !self.cut.load(Ordering::SeqCst) {
            listener.offer(item);
        }
        Told::Sent
    }
}

impl Listener {
    /// False when it does not listen any more.
    fn offer(&mut self, item: FeedItem) -> bool {
        if self.overrun && self.feed.try_send(FeedItem::Interrupted).is_ok() {
            self.overrun = false;
        }
        match self.feed.try_send(item) {
            Ok(()) => true,
            Err(mpsc::error::TrySendError::Full(_)) => {
                self.overrun = true;
                true
            }
            Err(mpsc::error::TrySendError::Closed(_)) => false,
        }
    }
}

fn name(instance: usize) -> NodeName {
    format!("memory-{instance}").into()
}

#[async_trait]
impl Broker for MemoryBroker {
    async fn publish(&self, publications: Vec<Publication>) -> Result<(), BrokerUnavailable> {
        for publication in publications {
            self.bus
                .offer(self.instance, &FeedItem::Publication(publication));
        }
        Ok(())
    }

    async fn control(&self, control: Control) -> Result<(), BrokerUnavailable> {
        self.bus.offer(self.instance, &FeedItem::Control(control));
        Ok(())
    }

    fn node(&self) -> NodeName {
        name(self.instance)
    }

    async fn tell(&self, node: &str, control: Control) -> Result<Told, BrokerUnavailable> {
        Ok(self.bus.tell(node, FeedItem::Control(control)))
    }

    async fn feed(&self) -> Result<Feed, BrokerUnavailable> {
        let (sender, feed) = mpsc::channel(FEED);
        // What was offered before is missing.
        let _ = sender.try_send(FeedItem::Interrupted);
        self.bus.listeners().push(Listener {
            instance: self.instance,
            feed: sender,
            overrun: false,
        });
        Ok(feed)
    }
}
