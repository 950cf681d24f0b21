//! The log of a world and, kept apart from it, what was ever committed: by name of the log, channel
//! and offset, with the state that all publications up to there make. The log itself is the memory
//! adapter; nothing that the engine reads comes from here but snapshots.

use std::collections::BTreeMap;

use futures_util::FutureExt;

use super::dice::mix;
use crate::{
    adapters::memory::MemoryLog,
    ports::{Body, ChannelLog, ChannelName, Epoch, Position, Publication, Snapshot},
};

/// One channel under one name of the log.
#[derive(Debug, Clone)]
struct History {
    /// By offset, from 1.
    bodies: Vec<u64>,
    /// By offset, from 0.
    states: Vec<u64>,
}

impl Default for History {
    fn default() -> Self {
        Self {
            bodies: Vec::new(),
            states: vec![EMPTY],
        }
    }
}

impl History {
    fn push(&mut self, body: u64) {
        self.states.push(fold(self.newest(), body));
        self.bodies.push(body);
    }

    fn truncate(&mut self, head: u64) {
        let head = usize::try_from(head).expect("shorter than a list");
        self.bodies.truncate(head);
        self.states.truncate(head + 1);
    }

    fn head(&self) -> u64 {
        self.bodies.len() as u64
    }

    fn newest(&self) -> u64 {
        self.states.last().copied().unwrap_or(EMPTY)
    }

    fn body(&self, offset: u64) -> Option<u64> {
        let index = usize::try_from(offset.checked_sub(1)?).ok()?;
        self.bodies.get(index).copied()
    }

    fn state(&self, offset: u64) -> Option<u64> {
        self.states.get(usize::try_from(offset).ok()?).copied()
    }
}

/// The state of a channel that was never written.
pub(super) const EMPTY: u64 = 1;

/// What a publication makes of a view. No two orders, repetitions or omissions lead to one state.
pub(super) fn fold(state: u64, body: u64) -> u64 {
    mix(state.rotate_left(17) ^ body)
}

#[derive(Debug)]
pub(super) struct Truth {
    pub(super) log: MemoryLog,
    epoch: Epoch,
    current: BTreeMap<ChannelName, History>,
    /// What channels were when the log got another name.
    former: BTreeMap<(Epoch, ChannelName), History>,
    /// Offsets above these were assigned twice, because the log went back and kept its name.
    clouded: BTreeMap<(Epoch, ChannelName), u64>,
}

/// What is known of an offset.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fact {
    /// The body at the offset (none at 0), and the state up to and including it.
    Committed {
        body: Option<u64>,
        state: u64,
    },
    /// The log went back without a new name, and this offset had two contents.
    Clouded,
    Unknown,
}

impl Truth {
    pub(super) fn new(channels: &[ChannelName]) -> Self {
        let epoch: Epoch = "e".into();
        Self {
            log: MemoryLog::new(&epoch),
            epoch,
            current: channels
                .iter()
                .map(|channel| (channel.clone(), History::default()))
                .collect(),
            former: BTreeMap::new(),
            clouded: BTreeMap::new(),
        }
    }

    pub(super) fn append(&mut self, entries: &[(ChannelName, u64)]) -> Vec<Publication> {
        for (channel, body) in entries {
            let history = self.current.entry(channel.clone()).or_default();
            history.push(*body);
        }
        let entries: Vec<_> = entries
            .iter()
            .map(|(channel, body)| (&**channel, publication_body(*body)))
            .collect();
        self.log.append(&entries)
    }

    pub(super) fn head(&self, channel: &str) -> u64 {
        self.current.get(channel).map_or(0, History::head)
    }

    pub(super) fn epoch(&self) -> &Epoch {
        &self.epoch
    }

    /// The whole of a channel and its head, at this instant.
    pub(super) fn snapshot(&self, channel: &str) -> Snapshot {
        let offset = self.head(channel);
        let state = self.state(channel);
        let position = Position {
            offset,
            epoch: self.epoch.clone(),
        };
        Snapshot {
            data: Body::from_text(&format!("{{\"s\":{state}}}")).expect("a number in an object"),
            position: Some(position),
        }
    }

    pub(super) fn state(&self, channel: &str) -> u64 {
        self.current.get(channel).map_or(EMPTY, History::newest)
    }

    /// Takes back up to `lost` publications of every channel and keeps the log's name, as a failover
    /// to a server that lags does. What it assigns again is not told from what it had.
    pub(super) fn go_back(&mut self, lost: u64) {
        let before = self.truncate(lost);
        for (channel, history) in before {
            let left = history.head().saturating_sub(lost);
            self.clouded.insert((self.epoch.clone(), channel), left);
        }
    }

    /// Takes back up to `lost` publications of every channel and gives the log another name, as
    /// every restore from a backup does.
    pub(super) fn restore(&mut self, lost: u64) {
        for (channel, history) in self.truncate(lost) {
            self.former.insert((self.epoch.clone(), channel), history);
        }
        let seen = self.epoch.clone();
        self.renew(&seen);
    }

    /// Returns what the shortened channels were.
    fn truncate(&mut self, lost: u64) -> Vec<(ChannelName, History)> {
        let mut before = Vec::new();
        for (channel, history) in &mut self.current {
            let left = history.head().saturating_sub(lost);
            if left < history.head() {
                before.push((channel.clone(), history.clone()));
                history.truncate(left);
                self.log.restore(channel, left);
            }
        }
        before
    }

    /// Gives the log another name unless its name is no longer `seen`. Returns its name now, and
    /// whether this call gave it; `None` when the log is away.
    pub(super) fn renew(&mut self, seen: &str) -> Option<(Epoch, bool)> {
        let epoch = self.log.renew_epoch(seen).now_or_never()?.ok()?;
        if epoch == self.epoch {
            return Some((epoch, false));
        }
        for (channel, history) in &self.current {
            let key = (self.epoch.clone(), channel.clone());
            self.former.entry(key).or_insert_with(|| history.clone());
        }
        self.epoch = epoch.clone();
        Some((epoch, true))
    }

    pub(super) fn fact(&self, epoch: &str, channel: &ChannelName, offset: u64) -> Fact {
        let key = (Epoch::from(epoch), channel.clone());
        if self.clouded.get(&key).is_some_and(|from| offset > *from) {
            return Fact::Clouded;
        }
        let history = if *epoch == *self.epoch {
            self.current.get(channel)
        } else {
            self.former.get(&key)
        };
        let Some(history) = history else {
            return Fact::Unknown;
        };
        match history.state(offset) {
            Some(state) => Fact::Committed {
                body: history.body(offset),
                state,
            },
            None => Fact::Unknown,
        }
    }
}

pub(super) fn publication_body(body: u64) -> Body {
    // As long as a delta has to be worth while.
    let same = "the same as in any other publication, whichever it may be";
    Body::from_text(&format!("{{\"d\":{body},\"same\":\"{same}\"}}")).expect("an object")
}
