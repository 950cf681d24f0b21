//! What a sequencer on one instance wants done: deliveries into the queues of the subscribers, reads
//! of the log, resets. Mirrors the runtime's registry.

use std::sync::Arc;

use super::{
    coverage::Counter,
    reads::Query,
    registry::Order,
    world::{Event, Host, LinkId, Phase, World},
};
use crate::{
    ports::ChannelName,
    protocol::{
        ChannelEvent, Delivery, Moment, News, Sequencer, SequencerEffect, SubscriptionId,
        breakage::Breakage,
    },
    runtime::queue::Item,
};

impl World {
    pub(super) fn sequence(
        &mut self,
        host: Host,
        name: &ChannelName,
        work: impl FnOnce(&mut Sequencer, Moment, &mut Vec<SequencerEffect>),
    ) {
        let now = self.now;
        let Some(channel) = self.channel(host, name) else {
            return;
        };
        let Order::Open(sequencer) = &mut channel.order else {
            return;
        };
        let mut effects = Vec::new();
        work(sequencer, now, &mut effects);
        sequencer.tick(now, &mut effects);
        if !sequencer.is_in_doubt() {
            for (id, subscription) in std::mem::take(&mut channel.unsettled) {
                let soon = self.dice.micros(0, 500);
                self.after(soon, Event::Open(id, subscription, name.clone()));
            }
        }
        self.sequenced(host, name, effects);
        self.set_timer(host, name);
    }

    pub(super) fn sequenced(
        &mut self,
        host: Host,
        name: &ChannelName,
        effects: Vec<SequencerEffect>,
    ) {
        for effect in effects {
            match effect {
                SequencerEffect::Deliver(publication) => {
                    let Some(channel) = self.channel(host, name) else {
                        continue;
                    };
                    let before = channel.last.replace(publication.clone());
                    let event = ChannelEvent::publication(publication, before);
                    self.fan_out(host, name, &Arc::new(event));
                }
                SequencerEffect::Fetch { after, limit } => {
                    self.ask_log(host, Query::Repair(name.clone(), after, limit));
                }
                SequencerEffect::Reset(_) => self.reset(host, name),
                SequencerEffect::WentBack(epoch) => {
                    self.coverage.count(Counter::WentBack);
                    self.ask_log(host, Query::Renew(epoch));
                }
            }
        }
    }

    fn fan_out(&mut self, host: Host, name: &ChannelName, event: &Arc<ChannelEvent>) {
        let Some(channel) = self.channel(host, name) else {
            return;
        };
        let subscribers: Vec<_> = channel.subscribers.keys().copied().collect();
        for (id, subscription) in subscribers {
            if self.phase == Phase::Chaos && self.dice.per_mille(self.plan.lost_inside) {
                self.coverage.count(Counter::LostInside);
                continue;
            }
            if let Some(link) = self.links.get(&id) {
                link.queue.deliver(Delivery {
                    subscription,
                    event: event.clone(),
                });
                self.wake(id);
            }
        }
    }

    /// A join or leave, to the subscribers here.
    pub(super) fn announce(&mut self, id: LinkId, name: &ChannelName, news: News) {
        if let Some(host) = self.links.get(&id).map(|link| link.host) {
            self.fan_out(host, name, &Arc::new(ChannelEvent::new(name.clone(), news)));
        }
    }

    /// Every subscriber is taken off the channel, and told so at the pace of resyncs.
    fn reset(&mut self, host: Host, name: &ChannelName) {
        let now = self.now;
        self.coverage.count(Counter::Resets);
        let Some(channel) = self.channel(host, name) else {
            return;
        };
        channel.empty_since = now;
        channel.last = None;
        let subscribers = std::mem::take(&mut channel.subscribers);
        if self.breakage == Breakage::ResyncIsNotTold {
            return;
        }
        let mut told = now;
        for (id, subscription) in subscribers.into_keys() {
            told = told + self.dice.micros(0, 50_000);
            self.at(told, Event::Resync(id, subscription));
        }
    }

    pub(super) fn tell_resync(&mut self, id: LinkId, subscription: SubscriptionId) {
        if let Some(link) = self.links.get(&id) {
            link.queue.signal(Item::Resync(subscription));
            self.wake(id);
        }
    }

    pub(super) fn set_timer(&mut self, host: Host, name: &ChannelName) {
        let Some(channel) = self.channel(host, name) else {
            return;
        };
        let Order::Open(sequencer) = &channel.order else {
            return;
        };
        let Some(due) = sequencer.deadline() else {
            return;
        };
        if channel.timer.is_some_and(|set| set <= due) {
            return;
        }
        channel.timer = Some(due);
        self.at(due, Event::Timer(host, name.clone(), due));
    }

    pub(super) fn timer(&mut self, host: Host, name: &ChannelName, due: Moment) {
        if let Some(channel) = self.channel(host, name)
            && channel.timer == Some(due)
        {
            channel.timer = None;
        }
        self.sequence(host, name, |_, _, _| {});
    }
}
