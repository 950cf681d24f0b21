//! The channels that are open on this instance, each with its sequencer and its subscribers.
//!
//! A publication is put into every subscriber's queue under the channel's lock, so that all of them
//! get the channel's order; it is encoded once, later, by the first connection that takes it. Nothing waits while that lock is held.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use dashmap::DashMap;
use tokio::sync::oneshot;

use super::{handle::Handle, queue::Item};
use crate::{
    ports::{ChannelName, Denied, Publication},
    protocol::{ChannelEvent, Delivery, Moment, News, Opening, Sequencer, SubscriptionId},
};

/// All open channels.
#[derive(Default)]
pub(super) struct Registry {
    channels: DashMap<ChannelName, Arc<Channel>>,
}

pub(super) struct Channel {
    pub(super) name: ChannelName,
    state: Mutex<State>,
}

pub(super) struct State {
    pub(super) order: Order,
    pub(super) subscribers: HashMap<SubscriberKey, Subscriber>,
    /// The publication delivered last: the next one may be told as a difference from it.
    pub(super) last: Option<Arc<Publication>>,
    pub(super) empty_since: Moment,
    /// Taken out of the registry; whoever still holds it looks the channel up again.
    pub(super) retired: bool,
    /// A timer is set for then.
    pub(super) timer: Option<Moment>,
    /// Those who wait to be registered until a doubt is settled.
    pub(super) unsettled: Vec<oneshot::Sender<Opened>>,
}

/// Where a channel's order comes from.
#[derive(Debug)]
pub(super) enum Order {
    /// Nobody needs one: an ephemeral channel, or one that could not be opened.
    None,
    /// The log's head is being read. What is heard meanwhile is kept.
    Opening {
        opening: Opening,
        waiting: Vec<oneshot::Sender<Opened>>,
    },
    Open(Sequencer),
}

/// Whether the log's head could be read.
pub(super) type Opened = Result<(), Denied>;

/// One subscription on one connection of this instance.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct SubscriberKey {
    pub(super) connection: u64,
    pub(super) subscription: SubscriptionId,
}

#[derive(Clone)]
pub(super) struct Subscriber {
    pub(super) handle: Arc<Handle>,
    pub(super) user: Arc<str>,
    pub(super) join_leave: bool,
}

impl Registry {
    pub(super) fn channel(&self, name: &ChannelName, now: Moment) -> Arc<Channel> {
        if let Some(channel) = self.find(name) {
            return channel;
        }
        self.channels
            .entry(name.clone())
            .or_insert_with(|| Arc::new(Channel::new(name.clone(), now)))
            .clone()
    }

    pub(super) fn find(&self, name: &str) -> Option<Arc<Channel>> {
        self.channels.get(name).map(|entry| entry.value().clone())
    }

    pub(super) fn count(&self) -> usize {
        self.channels.len()
    }

    pub(super) fn all(&self) -> Vec<Arc<Channel>> {
        self.channels
            .iter()
            .map(|entry| entry.value().clone())
            .collect()
    }

    /// Forgets channels that had no subscriber for `linger`; returns how many are left.
    pub(super) fn retire_idle(&self, linger: Duration, now: Moment) -> usize {
        self.channels.retain(|_, channel| {
            let mut state = channel.state();
            let idle = state.subscribers.is_empty()
                && !matches!(state.order, Order::Opening { .. })
                && now.since(state.empty_since) >= linger;
            state.retired |= idle;
            !idle
        });
        self.channels.len()
    }

    pub(super) fn leave(&self, name: &str, key: SubscriberKey, now: Moment) {
        if let Some(channel) = self.find(name) {
            let mut state = channel.state();
            state.subscribers.remove(&key);
            if state.subscribers.is_empty() {
                state.empty_since = now;
            }
        }
    }

    /// To the subscribers who get joins and leaves; returns to how many.
    pub(super) fn presence(&self, name: &ChannelName, news: News) -> u64 {
        let Some(channel) = self.find(name) else {
            return 0;
        };
        let event = Arc::new(ChannelEvent::new(name.clone(), news));
        channel
            .state()
            .fan_out(&event, |subscriber| subscriber.join_leave)
    }

    pub(super) fn reauthorize(&self, name: &ChannelName, user: Option<&str>) {
        for handle in self.handles(name, user) {
            handle.signal(Item::Reauthorize(name.clone()));
        }
    }

    /// Of a channel's subscribers.
    pub(super) fn handles(&self, name: &str, user: Option<&str>) -> Vec<Arc<Handle>> {
        let Some(channel) = self.find(name) else {
            return Vec::new();
        };
        let state = channel.state();
        let subscribers = state.subscribers.values();
        subscribers
            .filter(|subscriber| user.is_none_or(|user| *user == *subscriber.user))
            .map(|subscriber| subscriber.handle.clone())
            .collect()
    }
}

impl Channel {
    fn new(name: ChannelName, now: Moment) -> Self {
        Self {
            name,
            state: Mutex::new(State {
                order: Order::None,
                subscribers: HashMap::new(),
                last: None,
                empty_since: now,
                retired: false,
                timer: None,
                unsettled: Vec::new(),
            }),
        }
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The head that is being read, if it is, may be older than what was seen of the log now.
    pub(super) fn doubted_while_opening(&self) -> bool {
        let mut state = self.state();
        let Order::Opening { opening, .. } = &mut state.order else {
            return false;
        };
        opening.doubt();
        true
    }
}

impl State {
    /// Returns to how many.
    pub(super) fn fan_out(
        &self,
        event: &Arc<ChannelEvent>,
        wants: impl Fn(&Subscriber) -> bool,
    ) -> u64 {
        let mut deliveries = 0;
        for (key, subscriber) in &self.subscribers {
            if wants(subscriber) {
                deliveries += 1;
                subscriber.handle.deliver(Delivery {
                    subscription: key.subscription,
                    event: event.clone(),
                });
            }
        }
        deliveries
    }
}
