//! What waits for one connection's task, bounded in bytes (P7).
//!
//! An ephemeral event replaces the one of its key that still waits, and is dropped where there is no
//! room: it never ends a connection. Anything else beyond the limit does, and recovers. Signals are
//! few and never refused.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use metrics::counter;

use crate::{
    ports::ChannelName,
    protocol::{CloseCode, Delivery, News, SubscriptionId, UnsubscribeCode},
};

/// Something a connection's task has to take in.
#[derive(Debug)]
pub(crate) enum Item {
    Delivery(Delivery),
    Reauthorize(ChannelName),
    Resync(SubscriptionId),
    Subscribe(ChannelName),
    /// Rare, and larger than the others.
    Unsubscribe(Box<(ChannelName, UnsubscribeCode)>),
    Drain,
}

#[derive(Debug)]
pub(crate) struct Queue {
    limits: QueueLimits,
    state: Mutex<State>,
}

/// What a delivery asks of whoever made it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Asks {
    /// The connection was asked for before, and has not come yet; or there is nothing to take.
    Nothing,
    /// That the connection takes what waits, soon.
    ATurn,
    /// That the connection ends, now.
    TheEnd,
}

/// See [`Queue::take`].
#[derive(Debug)]
pub(crate) enum Taken {
    Nothing,
    /// The one that waited.
    One(Item),
    /// All that waited.
    All(VecDeque<Item>),
    /// Those that have waited longest.
    Some(VecDeque<Item>),
}

/// What may wait for one connection, in bytes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct QueueLimits {
    /// Of everything that is not ephemeral.
    pub(crate) durable: usize,
    /// Of ephemeral events, over all channels.
    pub(crate) ephemeral: usize,
}

#[derive(Debug, Default)]
struct State {
    items: VecDeque<Item>,
    /// Of deliveries that are not ephemeral.
    durable: usize,
    ephemeral: usize,
    /// The number of the first item, counted from the first there ever was.
    first: u64,
    /// Where the newest ephemeral event of each key waits.
    newest: HashMap<(SubscriptionId, Arc<str>), u64>,
    /// Somebody was asked to take what waits.
    asked: bool,
    /// The connection has to end: nothing more is delivered.
    end: Option<CloseCode>,
}

impl Queue {
    pub(crate) fn new(limits: QueueLimits) -> Self {
        Self {
            limits,
            state: Mutex::default(),
        }
    }

    pub(crate) fn deliver(&self, delivery: Delivery) -> Asks {
        let mut state = self.state();
        if state.end.is_some() {
            return Asks::Nothing;
        }
        match &delivery.event.news {
            News::Ephemeral(_) => self.deliver_ephemeral(state, delivery),
            News::Publication(_) | News::Join(_) | News::Leave(_) => {
                state.durable += delivery.bytes();
                if state.durable > self.limits.durable {
                    state.end_with(CloseCode::SLOW);
                    return Asks::TheEnd;
                }
                state.items.push_back(Item::Delivery(delivery));
                state.ask()
            }
        }
    }

    /// The newest of its key, if there is room for it. What is dropped here is made up for by the
    /// next of its key.
    fn deliver_ephemeral(&self, mut state: MutexGuard<'_, State>, delivery: Delivery) -> Asks {
        let after = delivery.bytes();
        let waiting = state.same_key(&delivery).map(|waiting| waiting.bytes());
        let bytes = state.ephemeral - waiting.unwrap_or(0) + after;
        if bytes > self.limits.ephemeral {
            drop(state);
            counter!("hub_ephemeral_drops_total", "reason" => "slow reader").increment(1);
            return Asks::Nothing;
        }
        state.ephemeral = bytes;
        if let Some(place) = state.same_key(&delivery) {
            *place = delivery;
            return Asks::Nothing;
        }
        state.remember_key(&delivery);
        state.items.push_back(Item::Delivery(delivery));
        state.ask()
    }

    pub(crate) fn signal(&self, signal: Item) {
        self.state().items.push_back(signal);
    }

    /// The connection has to end, even while its socket is blocked. What waits is let go.
    pub(crate) fn end(&self, code: CloseCode) {
        self.state().end_with(code);
    }

    /// Why the connection has to end, if it has.
    pub(crate) fn ended(&self) -> Option<CloseCode> {
        self.state().end.clone()
    }

    /// What waits, in bytes of deliveries.
    pub(crate) fn bytes(&self) -> usize {
        let state = self.state();
        state.durable + state.ephemeral
    }

    /// Takes what waits, up to about `bytes` of deliveries.
    pub(crate) fn take(&self, bytes: usize) -> Taken {
        let mut state = self.state();
        state.asked = false;
        if state.durable + state.ephemeral > bytes {
            return Taken::Some(state.take_some(bytes));
        }
        (state.durable, state.ephemeral) = (0, 0);
        state.first += state.items.len() as u64;
        state.newest.clear();
        if state.items.len() > 1 {
            return Taken::All(std::mem::take(&mut state.items));
        }
        state.items.pop_front().map_or(Taken::Nothing, Taken::One)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn ask(&mut self) -> Asks {
        if std::mem::replace(&mut self.asked, true) {
            Asks::Nothing
        } else {
            Asks::ATurn
        }
    }

    fn take_some(&mut self, bytes: usize) -> VecDeque<Item> {
        let (mut taken, mut weight) = (VecDeque::new(), 0);
        while weight < bytes
            && let Some(item) = self.items.pop_front()
        {
            self.first += 1;
            if let Item::Delivery(delivery) = &item {
                weight += delivery.bytes();
                match &delivery.event.news {
                    News::Ephemeral(_) => self.ephemeral -= delivery.bytes(),
                    News::Publication(_) | News::Join(_) | News::Leave(_) => {
                        self.durable -= delivery.bytes();
                    }
                }
            }
            taken.push_back(item);
        }
        taken
    }

    fn end_with(&mut self, code: CloseCode) {
        self.end.get_or_insert(code);
        self.newest.clear();
        self.items = VecDeque::new();
        (self.durable, self.ephemeral) = (0, 0);
    }

    fn same_key(&mut self, delivery: &Delivery) -> Option<&mut Delivery> {
        let place = *self.newest.get(&key(delivery)?)?;
        let index = usize::try_from(place.checked_sub(self.first)?).ok()?;
        match self.items.get_mut(index)? {
            Item::Delivery(waiting) => Some(waiting),
            Item::Reauthorize(_)
            | Item::Resync(_)
            | Item::Subscribe(_)
            | Item::Unsubscribe(..)
            | Item::Drain => None,
        }
    }

    fn remember_key(&mut self, delivery: &Delivery) {
        if let Some(key) = key(delivery) {
            let place = self.first + self.items.len() as u64;
            self.newest.insert(key, place);
        }
    }
}

fn key(delivery: &Delivery) -> Option<(SubscriptionId, Arc<str>)> {
    match &delivery.event.news {
        News::Ephemeral(publication) => {
            let key = publication.key.clone()?;
            Some((delivery.subscription, key))
        }
        News::Publication(_) | News::Join(_) | News::Leave(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        ports::{Body, Publication},
        protocol::ChannelEvent,
    };

    const SUBSCRIPTION: SubscriptionId = SubscriptionId {
        number: 1,
        attempt: 0,
    };

    fn queue(durable: usize) -> Queue {
        Queue::new(QueueLimits {
            durable,
            ephemeral: 4 * ephemeral("k", "ten bytes.").bytes(),
        })
    }

    fn news(offset: u64, key: Option<&str>, body: &str) -> Arc<Publication> {
        Arc::new(Publication {
            channel: "c".into(),
            offset,
            epoch: "e".into(),
            key: key.map(Into::into),
            body: Body::from_value(body).unwrap(),
            info: None,
        })
    }

    fn delivery(news: News) -> Delivery {
        Delivery {
            subscription: SUBSCRIPTION,
            event: Arc::new(ChannelEvent::new("c".into(), news)),
        }
    }

    fn ephemeral(key: &str, body: &str) -> Delivery {
        delivery(News::Ephemeral(news(0, Some(key), body)))
    }

    fn publication(offset: u64, body: &str) -> Delivery {
        delivery(News::Publication(news(offset, None, body)))
    }

    fn body(delivery: &Delivery) -> String {
        match &delivery.event.news {
            News::Publication(publication) | News::Ephemeral(publication) => {
                publication.body.get().trim_matches('"').to_owned()
            }
            News::Join(_) | News::Leave(_) => panic!("{delivery:?}"),
        }
    }

    fn taken(queue: &Queue, bytes: usize) -> Vec<Item> {
        match queue.take(bytes) {
            Taken::Nothing => Vec::new(),
            Taken::One(item) => vec![item],
            Taken::All(items) | Taken::Some(items) => items.into(),
        }
    }

    fn texts(queue: &Queue) -> Vec<String> {
        taken(queue, usize::MAX)
            .into_iter()
            .map(|item| match item {
                Item::Delivery(delivery) => body(&delivery),
                signal @ (Item::Reauthorize(_)
                | Item::Resync(_)
                | Item::Subscribe(_)
                | Item::Unsubscribe(..)
                | Item::Drain) => {
                    format!("{signal:?}")
                }
            })
            .collect()
    }

    #[test]
    fn the_newest_of_a_key_replaces_what_still_waits() {
        let queue = queue(1_000);
        queue.deliver(ephemeral("a", "a1"));
        queue.deliver(ephemeral("b", "b1"));
        for _ in 0..1_000 {
            queue.deliver(ephemeral("a", "a2"));
        }
        assert_eq!(texts(&queue), ["a2", "b1"]);
        queue.deliver(ephemeral("a", "a3"));
        queue.deliver(ephemeral("a", "a4"));
        assert_eq!(texts(&queue), ["a4"]);
    }

    #[test]
    fn ephemeral_events_beyond_their_room_are_dropped_and_end_nothing() {
        let queue = queue(1_000);
        for key in ["a", "b", "c", "d", "e", "f"] {
            queue.deliver(ephemeral(key, "ten bytes."));
        }
        assert_eq!(
            queue.bytes(),
            4 * ephemeral("k", "ten bytes.").bytes(),
            "ten bytes and what a delivery costs, four times"
        );
        // One that waits gives way to a newer one that fits in its place.
        queue.deliver(ephemeral("a", "ten newer."));
        queue.deliver(ephemeral("b", "far too long for its place"));
        queue.deliver(publication(1, &"x".repeat(800)));
        assert!(queue.state().end.is_none());
        let texts = texts(&queue);
        assert_eq!(texts[..2], ["ten newer.", "ten bytes."]);
        assert_eq!(texts.len(), 5);
        assert_eq!(queue.bytes(), 0);
        queue.deliver(ephemeral("f", "f"));
        assert_eq!(queue.bytes(), ephemeral("f", "f").bytes());
    }

    #[test]
    fn more_bytes_than_the_limit_end_the_connection_and_are_let_go() {
        let queue = queue(1_000);
        for offset in 1..100 {
            queue.deliver(publication(offset, &"x".repeat(100)));
        }
        assert!(texts(&queue).is_empty());
        assert_eq!(queue.state().end, Some(CloseCode::SLOW));
        queue.deliver(publication(100, "x"));
        assert!(texts(&queue).is_empty());
    }

    #[test]
    fn a_turn_is_asked_for_once_until_it_comes() {
        let queue = queue(1_000);
        assert_eq!(queue.deliver(publication(1, "x")), Asks::ATurn);
        assert_eq!(queue.deliver(publication(2, "x")), Asks::Nothing);
        assert_eq!(texts(&queue), ["x", "x"]);
        assert_eq!(queue.deliver(publication(3, "x")), Asks::ATurn);
        assert!(matches!(queue.take(1_000), Taken::One(_)));
        assert!(matches!(queue.take(1_000), Taken::Nothing));
        assert_eq!(queue.deliver(publication(4, "x")), Asks::ATurn);
        let too_much = publication(5, &"x".repeat(1_000));
        assert_eq!(queue.deliver(too_much), Asks::TheEnd);
        assert_eq!(queue.deliver(publication(6, "x")), Asks::Nothing);
    }

    #[test]
    fn a_take_is_bounded_and_says_whether_more_waits() {
        let queue = queue(100_000);
        for offset in 1..=10 {
            queue.deliver(publication(offset, &"x".repeat(100)));
        }
        assert!(matches!(queue.take(250), Taken::Some(items) if items.len() == 2));
        let one = publication(1, &"x".repeat(100)).bytes();
        assert_eq!(queue.bytes(), 8 * one);
        assert!(matches!(queue.take(8 * one), Taken::All(items) if items.len() == 8));
        assert_eq!(queue.bytes(), 0);
    }
}
