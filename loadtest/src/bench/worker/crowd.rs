//! The worker's loop: all of its connections, and the coordinator, on one epoll.

use std::{
    collections::BTreeMap,
    io::{self, Read, Write},
    time::Duration,
};

use anyhow::{Context, Result, bail};
use rustix::{
    buffer::spare_capacity,
    event::epoll::{self, EventData, EventFlags},
    fd::OwnedFd,
    time::Timespec,
};

use super::{
    Order, Party, Progress, Report, Tally, Told,
    connection::{Connection, Stage},
};
use crate::bench::{oracle::Faults, process, wire::Position};

/// What one read may bring.
const BUFFER_BYTES: usize = 512 * 1024;
const EVENTS: usize = 1024;
const TELL_EVERY: Duration = Duration::from_millis(200);
/// The mark of the coordinator among the connections' numbers.
const COORDINATOR: u64 = u64::MAX;

struct Crowd {
    epoll: OwnedFd,
    party: Option<Party>,
    /// By their order in this worker; none has ended.
    connections: Vec<Option<Connection>>,
    /// Where those were who have left, by their order; empty before anybody has.
    positions: Vec<Option<Position>>,
    /// Connections of this worker, once all are open.
    wanted: usize,
    opening: usize,
    subscribed: usize,
    ended: BTreeMap<String, u64>,
    tally: Tally,
    /// Of connections that have left.
    faults: Faults,
    told: Progress,
    buffer: Vec<u8>,
}

/// Until the coordinator goes.
pub fn work() -> Result<()> {
    let epoll = epoll::create(epoll::CreateFlags::CLOEXEC)?;
    epoll::add(
        &epoll,
        io::stdin(),
        EventData::new_u64(COORDINATOR),
        EventFlags::IN,
    )?;
    let mut crowd = Crowd {
        epoll,
        party: None,
        connections: Vec::new(),
        positions: Vec::new(),
        wanted: 0,
        opening: 0,
        subscribed: 0,
        ended: BTreeMap::new(),
        tally: Tally::default(),
        faults: Faults::default(),
        told: Progress::default(),
        buffer: vec![0; BUFFER_BYTES],
    };
    let mut orders = Vec::new();
    let mut events = Vec::with_capacity(EVENTS);
    let tell_every = Timespec::try_from(TELL_EVERY).context("a short time")?;
    let mut told_at = std::time::Instant::now();
    loop {
        crowd.open_more()?;
        epoll::wait(&crowd.epoll, spare_capacity(&mut events), Some(&tell_every))?;
        for event in events.drain(..) {
            match event.data.u64() {
                COORDINATOR => {
                    if !crowd.obey(&mut orders)? {
                        return Ok(());
                    }
                }
                number => crowd.progress(usize::try_from(number).context("a number of ours")?),
            }
        }
        if told_at.elapsed() >= TELL_EVERY {
            told_at = std::time::Instant::now();
            crowd.tell_progress()?;
        }
    }
}

impl Crowd {
    fn open_more(&mut self) -> Result<()> {
        let Some(party) = &self.party else {
            return Ok(());
        };
        while self.opening < party.at_once && self.connections.len() < self.wanted {
            let place = self.connections.len();
            let number = party.worker + place * party.workers;
            let connection =
                Connection::open(party, number, self.positions.get(place).cloned().flatten())?;
            let flags = EventFlags::IN | EventFlags::OUT | EventFlags::RDHUP | EventFlags::ET;
            epoll::add(
                &self.epoll,
                connection.stream(),
                EventData::new_u64(place as u64),
                flags,
            )?;
            self.connections.push(Some(connection));
            self.opening += 1;
        }
        Ok(())
    }

    fn progress(&mut self, place: usize) {
        let (Some(party), Some(Some(connection))) = (&self.party, self.connections.get_mut(place))
        else {
            return;
        };
        let before = connection.stage;
        let outcome = connection.progress(party, &mut self.buffer, &mut self.tally);
        if before != Stage::Subscribed
            && (connection.stage == Stage::Subscribed || outcome.is_err())
        {
            self.opening -= 1;
        }
        if before != Stage::Subscribed && connection.stage == Stage::Subscribed {
            self.subscribed += 1;
        }
        if let Err(error) = outcome {
            if connection.stage == Stage::Subscribed {
                self.subscribed -= 1;
            }
            *self.ended.entry(format!("{error:#}")).or_default() += 1;
            self.connections[place] = None;
        }
        if self.subscribed + self.lost() == self.wanted
            && self.told.subscribed + self.told.ended != self.wanted
        {
            // The coordinator waits for this one.
            let _ = self.tell_progress();
        }
    }

    fn lost(&self) -> usize {
        self.ended
            .values()
            .map(|count| usize::try_from(*count).unwrap_or(usize::MAX))
            .sum()
    }

    /// False: the coordinator has gone.
    fn obey(&mut self, orders: &mut Vec<u8>) -> Result<bool> {
        let start = orders.len();
        orders.resize(start + 64 * 1024, 0);
        let read = io::stdin().read(&mut orders[start..])?;
        orders.truncate(start + read);
        if read == 0 {
            return Ok(false);
        }
        while let Some(end) = orders.iter().position(|byte| *byte == b'\n') {
            let order = serde_json::from_slice(&orders[..end])?;
            orders.drain(..=end);
            self.follow(order)?;
        }
        Ok(true)
    }

    fn follow(&mut self, order: Order) -> Result<()> {
        match order {
            Order::Open(party) => {
                if self.party.is_some() {
                    bail!("one party to a worker");
                }
                self.wanted = (party.worker..party.subscribers)
                    .step_by(party.workers)
                    .count();
                self.party = Some(party);
            }
            Order::Measure(window) => self.tally.measure(window),
            Order::Leave => self.leave()?,
            Order::Return => self.connections.clear(),
            Order::Settle(heads) => {
                let here = self.connections.iter().flatten();
                let behind = here
                    .filter(|it| it.sequence.lost(heads[it.channel]) > 0)
                    .count();
                tell(&Told::Behind(behind as u64))?;
            }
            Order::Report(heads) => tell(&Told::Report(Box::new(self.report(&heads)?)))?,
        }
        Ok(())
    }

    fn leave(&mut self) -> Result<()> {
        self.positions.clear();
        for connection in &mut self.connections {
            let left = connection.take();
            if let Some(left) = &left {
                self.faults.add(left.faults);
                self.faults.lost += left.sequence.lost(left.sequence.last());
            }
            self.positions.push(left.and_then(|left| left.position()));
        }
        self.subscribed = 0;
        self.tell_progress()
    }

    fn report(&self, heads: &[u64]) -> Result<Report> {
        let mut report = Report {
            tally: self.tally.clone(),
            ended: self.ended.clone(),
            faults: self.faults,
            cpu_ns: process::cpu_ns(&[std::process::id()])?,
        };
        for connection in self.connections.iter().flatten() {
            let head = heads[connection.channel];
            report.faults.add(connection.faults);
            report.faults.lost += connection.sequence.lost(head);
            if connection.sequence.is_beyond(head) {
                *report
                    .ended
                    .entry("has what the server has not".to_owned())
                    .or_default() += 1;
            }
        }
        Ok(report)
    }

    fn tell_progress(&mut self) -> Result<()> {
        let now = Progress {
            subscribed: self.subscribed,
            ended: self.lost(),
            deliveries: self.tally.all,
        };
        if now != self.told {
            self.told = now;
            tell(&Told::Progress(now))?;
        }
        Ok(())
    }
}

fn tell(told: &Told) -> Result<()> {
    let mut line = serde_json::to_vec(told)?;
    line.push(b'\n');
    let mut output = io::stdout().lock();
    output.write_all(&line)?;
    Ok(output.flush()?)
}
