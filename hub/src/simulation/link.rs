//! One connection: a session, its queue, and the way to its client and back. Stands in for the
//! connection's task.

use std::collections::{BTreeSet, VecDeque};

use super::{
    client::{Act, Wait},
    coverage::Counter,
    plan::PING,
    world::{Event, Host, LinkId, Phase, World},
};
use crate::{
    ports::ChannelName,
    protocol::{
        CloseCode, Encoding, Endpoint, Frame, Input, Moment, Session, SubscriptionId,
        protobuf::transcoding,
    },
    runtime::queue::{Item, Queue, QueueLimits, Taken},
};

#[derive(Debug)]
pub(super) struct Link {
    pub(super) host: Host,
    pub(super) client: usize,
    pub(super) session: Session,
    pub(super) queue: Queue,
    /// The queue is going to be looked into.
    draining: bool,
    slow: bool,
    /// Frames that wait until the session takes them.
    frames: VecDeque<String>,
    /// Nothing gets through any more, in either direction.
    pub(super) silent: bool,
    /// When the session's timer is set for.
    tick_at: Option<Moment>,
    /// Nothing arrives before what was sent before it.
    up: Moment,
    down: Moment,
    /// Attempts that have obtained something already: what they read next fills it up.
    pub(super) obtained: BTreeSet<SubscriptionId>,
    /// Channels whose right was doubted since the application looked it up.
    pub(super) doubted: BTreeSet<ChannelName>,
}

/// Deliveries taken from a queue at once.
const PORTION: usize = 4_096;

impl World {
    pub(super) fn dial(&mut self, client: usize) {
        if self.clients[client].link.is_some() {
            return;
        }
        let Some(host) = self.any_host() else {
            let later = self.dice.millis(20, 200);
            return self.after(later, Event::Dial(client));
        };
        self.last_link += 1;
        let id = self.last_link;
        let link = self.link(host, client, id);
        self.links.insert(id, link);
        self.coverage.count(Counter::Connections);
        self.reset_tick(id);
        let acts = self.clients[client].dialled(id, self.now, &mut self.dice);
        self.act(client, acts);
    }

    fn link(&mut self, host: Host, client: usize, id: LinkId) -> Link {
        let first_ping = self.dice.micros(
            u64::try_from(PING.as_micros()).expect("short") / 2,
            u64::try_from(PING.as_micros()).expect("short"),
        );
        let endpoint = Endpoint {
            client: format!("client-{client}-{id}").into(),
            remote: None,
            encoding: self.clients[client].dialect.encoding,
            emulation: None,
        };
        let mut session = Session::new(self.plan.session.clone(), endpoint, first_ping, self.now);
        session.breakage = self.breakage;
        Link {
            host,
            client,
            session,
            queue: Queue::new(QueueLimits {
                durable: self.plan.queue_bytes,
                ephemeral: self.plan.queue_bytes,
            }),
            draining: false,
            slow: self.phase == Phase::Chaos && self.dice.per_mille(self.plan.slow_readers),
            frames: VecDeque::new(),
            silent: false,
            tick_at: None,
            up: self.now,
            down: self.now,
            obtained: BTreeSet::new(),
            doubted: BTreeSet::new(),
        }
    }

    /// What a client does, from the frames it sends to the end of its connection.
    pub(super) fn act(&mut self, client: usize, acts: Vec<Act>) {
        for act in acts {
            match act {
                Act::Send(text) => {
                    if let Some(link) = self.clients[client].link
                        && let Some(at) = self.arrival_up(link)
                    {
                        self.at(at, Event::Frame(link, text));
                    }
                }
                Act::Redial(delay) => {
                    self.close_from_client(client);
                    self.after(delay, Event::Dial(client));
                }
                Act::Later(delay, wait) => self.after(delay, Event::Wait(client, wait)),
                Act::Saw(channel, seen) => self.judge(client, &channel, &seen),
                Act::GaveUpSilentLink => self.coverage.count(Counter::NoPing),
            }
        }
    }

    /// The server hears of it, unless the connection went silent.
    pub(super) fn close_from_client(&mut self, client: usize) {
        let links: Vec<_> = self
            .links
            .iter()
            .filter(|(_, link)| link.client == client)
            .map(|(id, _)| *id)
            .collect();
        for link in links {
            if let Some(at) = self.arrival_up(link) {
                self.at(at, Event::Gone(link));
            }
        }
    }

    fn arrival_up(&mut self, id: LinkId) -> Option<Moment> {
        let latency = self.dice.micros(200, 15_000);
        let now = self.now;
        let link = self.links.get_mut(&id).filter(|link| !link.silent)?;
        link.up = link.up.max(now + latency);
        Some(link.up)
    }

    pub(super) fn arrival_down(&mut self, id: LinkId) -> Option<Moment> {
        let latency = self.dice.micros(200, 15_000);
        let now = self.now;
        let link = self.links.get_mut(&id).filter(|link| !link.silent)?;
        link.down = link.down.max(now + latency);
        Some(link.down)
    }

    pub(super) fn client_reads(&mut self, link: LinkId, client: usize, frame: &Frame) {
        if self.clients[client].link == Some(link) {
            let texts = match frame {
                Frame::Json(text) => vec![text.to_string()],
                Frame::Protobuf(bytes) => {
                    self.coverage.count(Counter::Protobuf);
                    let replies = transcoding::replies(bytes);
                    replies.iter().map(ToString::to_string).collect()
                }
            };
            for text in texts {
                let acts = self.clients[client].frame(text.as_bytes(), self.now, &mut self.dice);
                self.act(client, acts);
            }
        }
    }

    pub(super) fn client_closed(&mut self, link: LinkId, client: usize, code: Option<&CloseCode>) {
        if self.clients[client].link != Some(link) {
            return;
        }
        if let Some(code) = code
            && !(3000..3500).contains(&code.code)
        {
            let what = format!("client {client} was closed for good: {code:?}");
            self.violated("a client that keeps to the protocol may come back", what);
        }
        let acts = self.clients[client].lost(&mut self.dice);
        self.act(client, acts);
    }

    pub(super) fn client_waited(&mut self, client: usize, wait: Wait) {
        let acts = self.clients[client].waited(wait, self.now, &mut self.dice);
        self.act(client, acts);
    }

    /// A frame has arrived. While connect is being answered, it waits.
    pub(super) fn frame(&mut self, id: LinkId, text: String) {
        if let Some(link) = self.links.get_mut(&id) {
            link.frames.push_back(text);
        }
        self.take_frames(id);
    }

    fn take_frames(&mut self, id: LinkId) {
        while let Some(link) = self.links.get_mut(&id)
            && link.session.accepts_frames()
            && let Some(text) = link.frames.pop_front()
        {
            let frame = match self.clients[link.client].dialect.encoding {
                Encoding::Json => text.into_bytes(),
                Encoding::Protobuf => transcoding::commands(&text),
            };
            self.handle(id, Input::Frame(&frame));
        }
    }

    /// Something for the session alone, after which it may take frames again.
    pub(super) fn input(&mut self, id: LinkId, input: Input<'_>) {
        self.handle(id, input);
        self.take_frames(id);
    }

    /// Hands something to a session and does what it wishes.
    pub(super) fn handle(&mut self, id: LinkId, input: Input<'_>) {
        let now = self.now;
        let Some(link) = self.links.get_mut(&id) else {
            return;
        };
        if let Input::Reauthorize { channel } = &input {
            link.doubted.insert((*channel).into());
        }
        if let Input::Recovered { subscription, .. } | Input::SnapshotRead { subscription, .. } =
            &input
        {
            link.obtained.insert(*subscription);
        }
        let doubted = link.doubted_and(|session, channel| !session.is_live(channel));
        let mut effects = Vec::new();
        link.session.handle(input, now, &mut effects);
        let answered = link.doubted_and(Session::is_live);
        if let Some(channel) = answered.intersection(&doubted).next() {
            let what = format!("client {}, {channel}", link.client);
            self.violated("trip (b): authorised once more before the reply", what);
        }
        for effect in effects {
            self.carry_out(id, effect);
        }
        let closed = self
            .links
            .get(&id)
            .is_some_and(|link| link.session.is_closed());
        if closed {
            self.links.remove(&id);
        } else {
            self.reset_tick(id);
        }
    }

    fn reset_tick(&mut self, id: LinkId) {
        let Some(link) = self.links.get_mut(&id) else {
            return;
        };
        if let Some(due) = link.session.deadline()
            && link.tick_at.is_none_or(|set| set > due)
        {
            link.tick_at = Some(due);
            self.at(due, Event::Tick(id));
        }
    }

    pub(super) fn tick_link(&mut self, id: LinkId) {
        let now = self.now;
        let Some(link) = self.links.get_mut(&id) else {
            return;
        };
        if link.tick_at.is_none_or(|set| set > now) {
            return;
        }
        link.tick_at = None;
        if link.session.deadline().is_some_and(|due| due <= now) {
            self.handle(id, Input::Tick);
        } else {
            self.reset_tick(id);
        }
    }

    /// Something was put into the queue.
    pub(super) fn wake(&mut self, id: LinkId) {
        let Some(link) = self.links.get_mut(&id) else {
            return;
        };
        if std::mem::replace(&mut link.draining, true) {
            return;
        }
        let (low, high) = if link.slow && self.phase == Phase::Chaos {
            (50_000, 400_000)
        } else {
            (0, 2_000)
        };
        let soon = self.dice.micros(low, high);
        self.after(soon, Event::Drain(id));
    }

    pub(super) fn drain_queue(&mut self, id: LinkId) {
        let Some(link) = self.links.get_mut(&id) else {
            return;
        };
        link.draining = false;
        if let Some(code) = link.queue.ended() {
            return self.handle(id, Input::End(code));
        }
        let (items, more) = match link.queue.take(PORTION) {
            Taken::Nothing => return,
            Taken::One(item) => (VecDeque::from([item]), false),
            Taken::All(items) => (items, false),
            Taken::Some(items) => (items, true),
        };
        for item in items {
            match item {
                Item::Delivery(delivery) => {
                    self.count_buffered(id, delivery.subscription);
                    self.handle(id, Input::Delivered(delivery));
                }
                Item::Reauthorize(channel) => {
                    self.handle(id, Input::Reauthorize { channel: &channel });
                }
                Item::Resync(subscription) => self.handle(id, Input::Resync { subscription }),
                Item::Subscribe(channel) => {
                    self.handle(id, Input::Subscribe { channel: &channel });
                }
                Item::Unsubscribe(told) => {
                    let (channel, code) = &*told;
                    let code = *code;
                    self.handle(id, Input::Unsubscribe { channel, code });
                }
                Item::Drain => self.handle(id, Input::Drain),
            }
        }
        if more {
            self.wake(id);
        }
    }

    fn count_buffered(&mut self, id: LinkId, subscription: SubscriptionId) {
        let joining = self
            .links
            .get(&id)
            .is_some_and(|link| link.session.is_joining(subscription));
        if joining {
            self.coverage.count(Counter::Buffered);
        }
    }
}

impl Link {
    /// Channels whose right was doubted and not looked up since, of which something is true.
    fn doubted_and(&self, is: impl Fn(&Session, &str) -> bool) -> BTreeSet<ChannelName> {
        let doubted = self.doubted.iter();
        doubted
            .filter(|channel| is(&self.session, channel))
            .cloned()
            .collect()
    }
}
