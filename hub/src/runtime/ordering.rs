//! Sequencers at work: channels are opened at the log's head, publications go through their
//! channel's sequencer, and what it wishes for is done.

use std::sync::Arc;

use metrics::counter;
use tokio::sync::oneshot;

use super::{
    hub::Hub,
    registry::{Channel, Opened, Order, State, Subscriber, SubscriberKey},
};
use crate::{
    ports::{ChannelName, Class, Denied, Position, Publication},
    protocol::{ChannelEvent, Moment, News, Opening, Recovery, Sequencer, SequencerEffect},
};

/// What a subscriber finds when it tries to be registered.
enum Entry {
    Registered(Option<Position>),
    Wait(oneshot::Receiver<Opened>),
    Retired,
}

impl Hub {
    /// Opens the channel here, then registers the subscriber: everything after the position
    /// returned is going to be delivered to it.
    pub(super) async fn open(
        &self,
        name: &ChannelName,
        class: Class,
        key: SubscriberKey,
        subscriber: &Subscriber,
    ) -> Result<Option<Position>, Denied> {
        loop {
            let channel = self.registry().channel(name, self.now());
            match self.register(&channel, class, key, subscriber) {
                Entry::Registered(position) => return Ok(position),
                Entry::Wait(opened) => opened.await.unwrap_or(Err(Denied::Unavailable))?,
                Entry::Retired => {}
            }
        }
    }

    fn register(
        &self,
        channel: &Arc<Channel>,
        class: Class,
        key: SubscriberKey,
        subscriber: &Subscriber,
    ) -> Entry {
        let mut guard = channel.state();
        let state = &mut *guard;
        if state.retired {
            return Entry::Retired;
        }
        let position = match (&mut state.order, class) {
            (_, Class::Ephemeral) => None,
            (Order::Open(sequencer), Class::Durable) if sequencer.is_in_doubt() => {
                let (sender, settled) = oneshot::channel();
                state.unsettled.push(sender);
                return Entry::Wait(settled);
            }
            (Order::Open(sequencer), Class::Durable) => Some(sequencer.position().clone()),
            (Order::Opening { waiting, .. }, Class::Durable) => {
                let (sender, opened) = oneshot::channel();
                waiting.push(sender);
                return Entry::Wait(opened);
            }
            (Order::None, Class::Durable) => {
                let (sender, opened) = oneshot::channel();
                state.order = Order::Opening {
                    opening: Opening::default(),
                    waiting: vec![sender],
                };
                drop(guard);
                self.read_head(channel.clone());
                return Entry::Wait(opened);
            }
        };
        state.subscribers.insert(key, subscriber.clone());
        Entry::Registered(position)
    }

    /// Starts the sequencer at the log's head. A task of its own: whoever asked may go away.
    fn read_head(&self, channel: Arc<Channel>) {
        let hub = self.clone();
        self.tracker().spawn(async move {
            let head = hub.log_head(&channel.name).await;
            hub.start_sequencer(&channel, head);
        });
    }

    fn start_sequencer(&self, channel: &Arc<Channel>, head: Result<Position, Denied>) {
        let mut state = channel.state();
        let Order::Opening { opening, waiting } = std::mem::replace(&mut state.order, Order::None)
        else {
            return;
        };
        let answer = head.map(|head| {
            let mut effects = Vec::new();
            let config = self.config().sequencer();
            let sequencer = Sequencer::open(head, opening, config, self.now(), &mut effects);
            #[cfg(feature = "breakages")]
            let sequencer = sequencer.broken(super::breakage::chosen());
            state.order = Order::Open(sequencer);
            self.carry_out(channel, &mut state, effects);
            self.set_timer(channel, &mut state);
        });
        for waiting in waiting {
            // Whoever went away does not need the answer.
            let _ = waiting.send(answer.clone());
        }
    }

    /// A publication was committed here or heard from the wire.
    pub(super) fn heard(&self, publication: Publication) {
        self.application().observed(&publication);
        if publication.offset == 0 {
            self.ephemerals().remember(&publication, self.now());
        }
        let Some(channel) = self.registry().find(&publication.channel) else {
            return;
        };
        if publication.offset == 0 {
            return self.deliver_ephemeral(&channel, publication);
        }
        let mut state = channel.state();
        let most = self.config().held_publications;
        match &mut state.order {
            Order::None => {}
            Order::Opening { opening, .. } => opening.heard(Arc::new(publication), most),
            Order::Open(_) => {
                drop(state);
                self.sequence(&channel, |sequencer, now, effects| {
                    sequencer.heard(Arc::new(publication), now, effects);
                });
            }
        }
    }

    fn deliver_ephemeral(&self, channel: &Channel, publication: Publication) {
        let state = channel.state();
        if state.subscribers.is_empty() {
            return;
        }
        let news = News::Ephemeral(Arc::new(publication));
        let event = ChannelEvent::new(channel.name.clone(), news);
        let deliveries = state.fan_out(&Arc::new(event), |_| true);
        self.traffic().deliveries.increment(deliveries);
    }

    /// To the subscribers of an ephemeral channel on this instance.
    pub(super) fn deliver_here(&self, publication: Publication) {
        if let Some(channel) = self.registry().find(&publication.channel) {
            self.deliver_ephemeral(&channel, publication);
        }
    }

    /// A read of the log, begun at `asked`, found this head.
    pub(super) fn head_seen(&self, name: &str, head: &Position, asked: Moment) {
        if let Some(channel) = self.registry().find(name)
            && !channel.doubted_while_opening()
        {
            self.sequence(&channel, |sequencer, now, _| {
                sequencer.head_seen(head, asked, now);
            });
        }
    }

    /// The log may have another name now.
    pub(super) fn doubt_all(&self) {
        for channel in self.registry().all() {
            if !channel.doubted_while_opening() {
                self.sequence(&channel, |sequencer, now, _| sequencer.doubt(now));
            }
        }
    }

    /// The publications after an offset, from memory if possible.
    pub(super) async fn recover(
        &self,
        name: &ChannelName,
        offset: u64,
        epoch: &str,
    ) -> Result<Recovery, Denied> {
        if let Some(channel) = self.registry().find(name)
            && let Order::Open(sequencer) = &channel.state().order
            && let Some(recovery) = sequencer.recall(offset, epoch)
        {
            counter!("hub_recoveries_total", "source" => "memory").increment(1);
            #[cfg(feature = "breakages")]
            let recovery = recovery.broken(super::breakage::chosen());
            return Ok(recovery);
        }
        counter!("hub_recoveries_total", "source" => "log").increment(1);
        let limits = self.config().recovery();
        let asked = self.now();
        let read = self
            .log_read_after(name, offset, limits.publications + 1)
            .await?;
        self.head_seen(name, &read.head, asked);
        let recovery = Recovery::judge(offset, epoch, read, limits);
        #[cfg(feature = "breakages")]
        let recovery = recovery.broken(super::breakage::chosen());
        Ok(recovery)
    }

    fn sequence(
        &self,
        channel: &Arc<Channel>,
        work: impl FnOnce(&mut Sequencer, Moment, &mut Vec<SequencerEffect>),
    ) {
        let now = self.now();
        let mut state = channel.state();
        let Order::Open(sequencer) = &mut state.order else {
            return;
        };
        let mut effects = Vec::new();
        work(sequencer, now, &mut effects);
        sequencer.tick(now, &mut effects);
        if !sequencer.is_in_doubt() {
            for waiting in state.unsettled.drain(..) {
                // Whoever went away does not need the answer.
                let _ = waiting.send(Ok(()));
            }
        }
        self.carry_out(channel, &mut state, effects);
        self.set_timer(channel, &mut state);
    }

    fn carry_out(&self, channel: &Arc<Channel>, state: &mut State, effects: Vec<SequencerEffect>) {
        for effect in effects {
            match effect {
                SequencerEffect::Deliver(publication) => {
                    let before = state.last.replace(publication.clone());
                    if state.subscribers.is_empty() {
                        continue;
                    }
                    let event = ChannelEvent::publication(publication, before);
                    let deliveries = state.fan_out(&Arc::new(event), |_| true);
                    self.traffic().deliveries.increment(deliveries);
                }
                SequencerEffect::Fetch { after, limit } => {
                    self.fetch(channel.clone(), after, limit);
                }
                SequencerEffect::Reset(_) => {
                    state.last = None;
                    counter!("hub_resets_total").increment(1);
                    state.empty_since = self.now();
                    let subscribers = std::mem::take(&mut state.subscribers);
                    self.resync(
                        subscribers
                            .into_iter()
                            .map(|(key, subscriber)| (key.subscription, subscriber.handle)),
                    );
                }
                SequencerEffect::WentBack(epoch) => self.renew_epoch(epoch),
            }
        }
    }

    fn fetch(&self, channel: Arc<Channel>, after: u64, limit: usize) {
        let hub = self.clone();
        self.tracker().spawn(async move {
            let read = hub.log_read_after(&channel.name, after, limit).await.ok();
            let result = if read.is_some() { "read" } else { "failed" };
            counter!("hub_repairs_total", "result" => result).increment(1);
            hub.sequence(&channel, |sequencer, now, effects| {
                sequencer.fetched(read, now, effects);
            });
        });
    }

    fn set_timer(&self, channel: &Arc<Channel>, state: &mut State) {
        let Order::Open(sequencer) = &state.order else {
            return;
        };
        let Some(due) = sequencer.deadline() else {
            return;
        };
        if state.timer.is_some_and(|set| set <= due) {
            return;
        }
        state.timer = Some(due);
        let (hub, channel) = (self.clone(), channel.clone());
        self.tracker().spawn(async move {
            tokio::time::sleep_until(hub.instant(due)).await;
            {
                let mut state = channel.state();
                if state.timer == Some(due) {
                    state.timer = None;
                }
            }
            hub.sequence(&channel, |_, _, _| {});
        });
    }

    /// A join or leave, to the subscribers on this instance.
    pub(super) fn tell_presence(&self, channel: &ChannelName, news: News) {
        let deliveries = self.registry().presence(channel, news);
        self.traffic().deliveries.increment(deliveries);
    }
}
