//! The clock, the queue of what is going to happen, and everything that exists.
//!
//! One event at a time, in the order of virtual time; whatever an event causes is put into the
//! queue. The seed decides everything, so a seed is a replay.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet, BinaryHeap, VecDeque},
    sync::Arc,
    time::Duration,
};

use super::{
    client::{Client, Dialect, Wait},
    coverage::Coverage,
    dice::Dice,
    faults::Fault,
    link::Link,
    oracle::Violation,
    plan::{Plan, SETTLE, STALENESS},
    reads::{Answer, Query},
    registry::Instance,
    truth::Truth,
    wire::Heard,
};
use crate::{
    ports::{ChannelName, Publication},
    protocol::{Ask, CloseCode, Frame, Input, Moment, SubscriptionId, breakage::Breakage},
};

/// A connection, numbered from the first of the world.
pub(super) type LinkId = u64;

/// One life of one instance: what was under way in an earlier life concerns nobody.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Host {
    pub(super) index: usize,
    pub(super) life: u32,
}

/// Something that is going to happen.
#[derive(Debug)]
pub(super) enum Event {
    /// From a client to its session.
    Frame(LinkId, String),
    /// The client's end of the connection is closed.
    Gone(LinkId),
    /// From a session to its client.
    Reply(LinkId, usize, Frame),
    /// The server's end is closed, with a code or without.
    Closed(LinkId, usize, Option<CloseCode>),
    /// Something for the session alone.
    Input(LinkId, Input<'static>),
    /// The session's timer.
    Tick(LinkId),
    /// The connection's queue is looked into.
    Drain(LinkId),
    /// The application looks a right up.
    Ask(LinkId, Ask, ChannelName),
    /// A subscriber tries to open its channel.
    Open(LinkId, SubscriptionId, ChannelName),
    /// A subscriber asks the ring, then the log.
    Recall(LinkId, SubscriptionId, ChannelName, u64, String),
    /// A subscriber taken off its channel is told.
    Resync(LinkId, SubscriptionId),
    /// A read reaches the database.
    Read(Host, Query),
    /// Its answer is back.
    Answered(Host, Query, Answer),
    /// A sequencer's timer.
    Timer(Host, ChannelName, Moment),
    /// Periods.
    Look(Host),
    Housekeep(Host),
    /// Somebody runs a command, on an instance if there is one.
    Command,
    /// The instance learns that its transaction was committed.
    Committed(Host, Vec<Publication>),
    /// The end of a transaction that was published before it.
    Decide(Vec<(ChannelName, u64)>),
    /// The wire brings something to an instance.
    Wire(usize, Heard),
    Fault(Fault),
    Dial(usize),
    Wait(usize, Wait),
    Calm,
    Settled,
    Finished,
}

#[derive(Debug)]
struct Scheduled {
    at: Moment,
    number: u64,
    event: Event,
}

impl PartialEq for Scheduled {
    fn eq(&self, other: &Self) -> bool {
        self.number == other.number
    }
}

impl Eq for Scheduled {}

impl PartialOrd for Scheduled {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Scheduled {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.at, self.number).cmp(&(other.at, other.number))
    }
}

/// How far a run has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    Chaos,
    /// Nothing goes wrong any more.
    Calm,
    /// Everything is well but that the wire loses all.
    Deaf,
}

#[derive(Debug)]
pub(super) struct World {
    pub(super) plan: Arc<Plan>,
    pub(super) dice: Dice,
    pub(super) now: Moment,
    pub(super) phase: Phase,
    pub(super) breakage: Breakage,
    pub(super) channels: Vec<ChannelName>,
    pub(super) truth: Truth,
    pub(super) instances: Vec<Instance>,
    pub(super) links: BTreeMap<LinkId, Link>,
    pub(super) last_link: LinkId,
    pub(super) clients: Vec<Client>,
    /// Rights that were taken: a client and a channel.
    pub(super) lapsed: BTreeSet<(usize, ChannelName)>,
    /// Channels with a transaction that was published and is not decided.
    pub(super) locked: BTreeSet<ChannelName>,
    /// The log went back, keeps its name, and takes so many more publications per channel.
    pub(super) went_back: Option<BTreeMap<ChannelName, u64>>,
    pub(super) coverage: Coverage,
    pub(super) violation: Option<Violation>,
    queue: BinaryHeap<Reverse<Scheduled>>,
    scheduled: u64,
    trace: Option<VecDeque<String>>,
    over: bool,
}

/// Lines of a trace that are kept.
const TRACE: usize = 200;

impl World {
    pub(super) fn new(seed: u64, breakage: Breakage) -> Self {
        let mut dice = Dice::seeded(seed);
        let mut plan = Plan::draw(&mut dice);
        // A plain stream is joined without a read, so that order would not even look right.
        plan.stream &= breakage != Breakage::RegisteredBeforeOpened;
        let channels: Vec<ChannelName> = (0..plan.channels)
            .map(|number| format!("c{number}").into())
            .collect();
        let clients = (0..plan.clients)
            .map(|client| Client::new(&channels, plan.stream, Dialect::of(client), &mut dice))
            .collect();
        let mut world = Self {
            truth: Truth::new(&channels),
            instances: (0..plan.instances).map(|_| Instance::default()).collect(),
            plan: Arc::new(plan),
            dice,
            now: Moment::default(),
            phase: Phase::Chaos,
            breakage,
            channels,
            links: BTreeMap::new(),
            last_link: 0,
            clients,
            lapsed: BTreeSet::new(),
            locked: BTreeSet::new(),
            went_back: None,
            coverage: Coverage::default(),
            violation: None,
            queue: BinaryHeap::new(),
            scheduled: 0,
            trace: None,
            over: false,
        };
        world.begin();
        world
    }

    /// Keeps the last events as text.
    pub(super) fn traced(mut self) -> Self {
        self.trace = Some(VecDeque::new());
        self
    }

    pub(super) fn trace(&self) -> impl Iterator<Item = &str> {
        self.trace.iter().flatten().map(String::as_str)
    }

    fn begin(&mut self) {
        for index in 0..self.instances.len() {
            self.start_instance(index);
        }
        for client in 0..self.clients.len() {
            let soon = self.dice.millis(0, 60);
            self.after(soon, Event::Dial(client));
        }
        self.plan_commands();
        self.plan_faults();
        let calm = self.plan.chaos;
        self.after(calm, Event::Calm);
        self.after(calm + SETTLE, Event::Settled);
    }

    /// Runs to the end or to the first violation.
    pub(super) fn run(&mut self) {
        while let Some(Reverse(next)) = self.queue.pop() {
            self.now = next.at;
            if let Some(trace) = &mut self.trace {
                if trace.len() == TRACE {
                    trace.pop_front();
                }
                let mut line = format!("{:>10.3?} {:?}", self.now.elapsed(), next.event);
                line.truncate(line.floor_char_boundary(400));
                trace.push_back(line);
            }
            self.happens(next.event);
            if self.over || self.violation.is_some() {
                return;
            }
        }
    }

    pub(super) fn after(&mut self, delay: Duration, event: Event) {
        self.at(self.now + delay, event);
    }

    pub(super) fn at(&mut self, at: Moment, event: Event) {
        self.scheduled += 1;
        self.queue.push(Reverse(Scheduled {
            at: at.max(self.now),
            number: self.scheduled,
            event,
        }));
    }

    fn happens(&mut self, event: Event) {
        match event {
            Event::Frame(link, text) => self.frame(link, text),
            Event::Gone(link) => self.handle(link, Input::Gone),
            Event::Reply(link, client, frame) => self.client_reads(link, client, &frame),
            Event::Closed(link, client, code) => self.client_closed(link, client, code.as_ref()),
            Event::Input(link, input) => self.input(link, input),
            Event::Tick(link) => self.tick_link(link),
            Event::Drain(link) => self.drain_queue(link),
            Event::Ask(link, ask, channel) => self.look_right_up(link, ask, &channel),
            Event::Open(link, subscription, channel) => self.open(link, subscription, &channel),
            Event::Recall(link, subscription, channel, offset, epoch) => {
                self.recall(link, subscription, channel, offset, epoch);
            }
            Event::Resync(link, subscription) => self.tell_resync(link, subscription),
            Event::Read(host, query) => self.read(host, query),
            Event::Answered(host, query, answer) => self.answered(host, query, answer),
            Event::Timer(host, channel, due) => self.timer(host, &channel, due),
            Event::Look(host) => self.look_period(host),
            Event::Housekeep(host) => self.housekeep(host),
            Event::Command => self.command(),
            Event::Committed(host, publications) => self.committed(host, publications),
            Event::Decide(entries) => self.decide(&entries),
            Event::Wire(instance, heard) => self.heard_from_wire(instance, heard),
            Event::Fault(fault) => self.fault(fault),
            Event::Dial(client) => self.dial(client),
            Event::Wait(client, wait) => self.client_waited(client, wait),
            Event::Calm => self.calm(),
            Event::Settled => self.settled(),
            Event::Finished => self.finished(),
        }
    }

    /// The faults are over: everybody must have caught up. Then one more round, of which the wire
    /// brings nothing at all.
    fn settled(&mut self) {
        self.judge_all("P3 (who is connected catches up when the faults stop)");
        self.phase = Phase::Deaf;
        let client = self.dice.index(self.clients.len());
        let channel = self.channels[self.dice.index(self.channels.len())].clone();
        self.take_right(client, channel);
        for channel in self.channels.clone() {
            for _ in 0..self.dice.between(1, 3) {
                self.commit(std::slice::from_ref(&channel));
            }
        }
        self.after(STALENESS, Event::Finished);
    }

    fn finished(&mut self) {
        self.judge_all("P1 (nobody is more than a second behind for the wire)");
        self.over = true;
    }
}
