//! The channels that are open on one instance. Mirrors the runtime's registry step by step: open,
//! then register, then obtain; the same sequencers, the same order of what is told to whom.

use std::{collections::BTreeMap, sync::Arc};

use super::{
    coverage::Counter,
    reads::Query,
    world::{Event, Host, LinkId, World},
};
use crate::{
    ports::{ChannelName, Denied, Epoch, Position, Publication, RecentCursor},
    protocol::{Input, Moment, Opening, Recovery, Sequencer, SubscriptionId, breakage::Breakage},
};

#[expect(clippy::struct_excessive_bools, reason = "independent of each other")]
#[derive(Debug, Default)]
pub(super) struct Instance {
    pub(super) up: bool,
    pub(super) life: u32,
    /// Everything sent here is lost.
    pub(super) cut: bool,
    pub(super) channels: BTreeMap<ChannelName, Channel>,
    /// Snapshots being read, and who waits for them.
    pub(super) flights: BTreeMap<ChannelName, Vec<(LinkId, SubscriptionId)>>,
    /// Where the looks at recent heads have come to.
    pub(super) cursor: Option<RecentCursor>,
    pub(super) looking: bool,
    pub(super) look_wanted: bool,
    pub(super) epoch: Option<Epoch>,
}

#[derive(Debug)]
pub(super) struct Channel {
    pub(super) order: Order,
    /// Whose they are.
    pub(super) subscribers: BTreeMap<(LinkId, SubscriptionId), usize>,
    pub(super) last: Option<Arc<Publication>>,
    pub(super) empty_since: Moment,
    pub(super) timer: Option<Moment>,
    /// Who waits until a doubt is settled.
    pub(super) unsettled: Vec<(LinkId, SubscriptionId)>,
}

#[derive(Debug)]
pub(super) enum Order {
    None,
    Opening {
        opening: Opening,
        waiting: Vec<(LinkId, SubscriptionId)>,
    },
    Open(Sequencer),
}

impl Channel {
    fn new(now: Moment) -> Self {
        Self {
            order: Order::None,
            subscribers: BTreeMap::new(),
            last: None,
            empty_since: now,
            timer: None,
            unsettled: Vec::new(),
        }
    }
}

impl World {
    pub(super) fn host(&self, index: usize) -> Host {
        let life = self.instances[index].life;
        Host { index, life }
    }

    /// Some instance that is up.
    pub(super) fn any_host(&mut self) -> Option<Host> {
        let up = self.instances.iter().enumerate();
        let up: Vec<_> = up.filter(|(_, instance)| instance.up).collect();
        let (index, life) = up
            .get(self.dice.index(up.len()))
            .map(|(index, instance)| (*index, instance.life))?;
        Some(Host { index, life })
    }

    /// The instance, if it still lives that life.
    pub(super) fn instance(&mut self, host: Host) -> Option<&mut Instance> {
        let instance = &mut self.instances[host.index];
        (instance.up && instance.life == host.life).then_some(instance)
    }

    pub(super) fn channel(&mut self, host: Host, name: &str) -> Option<&mut Channel> {
        self.instance(host)?.channels.get_mut(name)
    }

    /// Opens the channel, then registers the subscriber: what comes after the position is going
    /// to be delivered to it.
    pub(super) fn open(&mut self, id: LinkId, subscription: SubscriptionId, name: &ChannelName) {
        let (now, broken) = (self.now, self.breakage == Breakage::RegisteredBeforeOpened);
        let Some((host, client)) = self.links.get(&id).map(|link| (link.host, link.client)) else {
            return;
        };
        let Some(instance) = self.instance(host) else {
            return;
        };
        let channels = &mut instance.channels;
        let channel = channels
            .entry(name.clone())
            .or_insert_with(|| Channel::new(now));
        let position = match &mut channel.order {
            Order::Open(sequencer) if sequencer.is_in_doubt() => {
                channel.unsettled.push((id, subscription));
                return self.coverage.count(Counter::JoinsUnsettled);
            }
            Order::Open(sequencer) => Some(sequencer.position().clone()),
            Order::None if broken => None,
            Order::Opening { waiting, .. } => {
                waiting.push((id, subscription));
                return self.coverage.count(Counter::JoinsTogether);
            }
            Order::None => {
                channel.order = Order::Opening {
                    opening: Opening::default(),
                    waiting: vec![(id, subscription)],
                };
                return self.ask_log(host, Query::Head(name.clone()));
            }
        };
        channel.subscribers.insert((id, subscription), client);
        let result = Ok(position);
        self.handle(
            id,
            Input::Opened {
                subscription,
                result,
            },
        );
    }

    /// The log's head was read, or could not be.
    pub(super) fn start_sequencer(
        &mut self,
        host: Host,
        name: &ChannelName,
        head: Option<Position>,
    ) {
        let (now, config, breakage) = (self.now, self.plan.sequencer, self.breakage);
        let Some(channel) = self.channel(host, name) else {
            return;
        };
        let Order::Opening { opening, waiting } =
            std::mem::replace(&mut channel.order, Order::None)
        else {
            return;
        };
        let opened = head.is_some();
        if let Some(head) = head {
            let mut effects = Vec::new();
            let mut sequencer = Sequencer::open(head, opening, config, now, &mut effects);
            sequencer.breakage = breakage;
            channel.order = Order::Open(sequencer);
            self.sequenced(host, name, effects);
            self.set_timer(host, name);
        }
        for (id, subscription) in waiting {
            let soon = self.dice.micros(0, 500);
            let event = if opened {
                Event::Open(id, subscription, name.clone())
            } else {
                let result = Err(Denied::Unavailable);
                Event::Input(
                    id,
                    Input::Opened {
                        subscription,
                        result,
                    },
                )
            };
            self.after(soon, event);
        }
    }

    /// [`Breakage::RegisteredBeforeOpened`]: the first read starts the sequencer.
    pub(super) fn start_with_read(&mut self, host: Host, name: &ChannelName, head: &Position) {
        let (now, config) = (self.now, self.plan.sequencer);
        if self.breakage != Breakage::RegisteredBeforeOpened {
            return;
        }
        if let Some(channel) = self.channel(host, name)
            && matches!(channel.order, Order::None)
        {
            channel.order = Order::Open(Sequencer::starting(head.clone(), config, now));
        }
    }

    pub(super) fn leave(&mut self, id: LinkId, subscription: SubscriptionId, name: &ChannelName) {
        let now = self.now;
        let Some(host) = self.links.get(&id).map(|link| link.host) else {
            return;
        };
        if let Some(channel) = self.channel(host, name) {
            channel.subscribers.remove(&(id, subscription));
            if channel.subscribers.is_empty() {
                channel.empty_since = now;
            }
        }
    }

    pub(super) fn retire_idle(&mut self, host: Host) {
        let (now, linger) = (self.now, self.plan.linger);
        let Some(instance) = self.instance(host) else {
            return;
        };
        let before = instance.channels.len();
        instance.channels.retain(|_, channel| {
            !channel.subscribers.is_empty()
                || matches!(channel.order, Order::Opening { .. })
                || now.since(channel.empty_since) < linger
        });
        for _ in instance.channels.len()..before {
            self.coverage.count(Counter::ChannelsRetired);
        }
    }

    /// A publication was committed here or heard from the wire.
    pub(super) fn heard(&mut self, host: Host, publication: &Publication) {
        let (name, held) = (publication.channel.clone(), self.plan.sequencer.held);
        let Some(channel) = self.channel(host, &name) else {
            return;
        };
        match &mut channel.order {
            Order::None => {}
            Order::Opening { opening, .. } => opening.heard(Arc::new(publication.clone()), held),
            Order::Open(sequencer) => {
                let position = sequencer.position();
                let next = position.offset + 1;
                if publication.epoch == position.epoch && publication.offset < next {
                    self.coverage.count(Counter::DuplicatesDropped);
                } else if publication.epoch == position.epoch && publication.offset > next {
                    self.coverage.count(Counter::HeldEarly);
                }
                let publication = Arc::new(publication.clone());
                self.sequence(host, &name, |sequencer, now, effects| {
                    sequencer.heard(publication, now, effects);
                });
            }
        }
    }

    pub(super) fn head_seen(
        &mut self,
        host: Host,
        name: &ChannelName,
        head: &Position,
        asked: Moment,
    ) {
        let before = self.position(host, name);
        if before.is_some_and(|at| at.epoch == head.epoch && at.offset < head.offset) {
            self.coverage.count(Counter::TailsFound);
        }
        if self.doubted_while_opening(host, name) {
            return;
        }
        self.sequence(host, name, |sequencer, now, _| {
            sequencer.head_seen(head, asked, now);
        });
    }

    fn doubted_while_opening(&mut self, host: Host, name: &str) -> bool {
        let Some(Order::Opening { opening, .. }) =
            self.channel(host, name).map(|channel| &mut channel.order)
        else {
            return false;
        };
        opening.doubt();
        self.coverage.count(Counter::DoubtedWhileOpening);
        true
    }

    pub(super) fn position(&mut self, host: Host, name: &str) -> Option<Position> {
        match &self.channel(host, name)?.order {
            Order::Open(sequencer) => Some(sequencer.position().clone()),
            Order::None | Order::Opening { .. } => None,
        }
    }

    pub(super) fn doubt_all(&mut self, host: Host) {
        let Some(instance) = self.instance(host) else {
            return;
        };
        let names: Vec<_> = instance.channels.keys().cloned().collect();
        for name in names {
            if !self.doubted_while_opening(host, &name) {
                self.sequence(host, &name, |sequencer, now, _| sequencer.doubt(now));
            }
        }
    }

    /// From the ring at once, else from the log.
    pub(super) fn recall(
        &mut self,
        id: LinkId,
        subscription: SubscriptionId,
        name: ChannelName,
        offset: u64,
        epoch: String,
    ) {
        let Some(link) = self.links.get(&id) else {
            return;
        };
        let host = link.host;
        if link.obtained.contains(&subscription) {
            self.coverage.count(Counter::SnapshotsFilledUp);
        }
        let recalled = match self.channel(host, &name).map(|channel| &channel.order) {
            Some(Order::Open(sequencer)) => sequencer.recall(offset, &epoch),
            Some(Order::None | Order::Opening { .. }) | None => None,
        };
        let Some(recovery) = recalled else {
            let asked = self.now;
            let query = Query::Recover(id, subscription, name, offset, epoch, asked);
            return self.ask_log(host, query);
        };
        if matches!(&recovery, Recovery::Complete { publications, .. } if !publications.is_empty())
        {
            self.coverage.count(Counter::RecalledFromRing);
        }
        let result = Ok(recovery);
        self.handle(
            id,
            Input::Recovered {
                subscription,
                result,
            },
        );
    }

    /// Asks the subscribers of a user again for their right.
    pub(super) fn reauthorize(&mut self, host: Host, name: &ChannelName, client: usize) {
        let Some(channel) = self.channel(host, name) else {
            return;
        };
        let subscribers = channel.subscribers.iter();
        let links: Vec<_> = subscribers
            .filter(|(_, owner)| **owner == client)
            .map(|((id, _), _)| *id)
            .collect();
        for id in links {
            if let Some(link) = self.links.get(&id) {
                let doubt = crate::runtime::queue::Item::Reauthorize(name.clone());
                link.queue.signal(doubt);
                self.wake(id);
            }
        }
    }
}
