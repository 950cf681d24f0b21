//! What every client must have seen, judged against what was committed.

use std::fmt;

use super::{
    client::{Held, Stage},
    coverage::Counter,
    truth::Fact,
    world::World,
};
use crate::ports::ChannelName;

/// What a client took in.
#[derive(Debug)]
pub(super) enum Seen {
    Snapshot {
        held: Held,
        /// A recovery was asked for.
        recovering: bool,
    },
    Recovered {
        from: u64,
        asked_from: Option<u64>,
    },
    /// Neither a snapshot nor recovered.
    StreamFrom {
        wanted_snapshot: bool,
        recovering: bool,
    },
    Publication {
        before: u64,
        body: u64,
        held: Held,
        /// It came as a difference from the one before.
        delta: bool,
    },
    /// A delta of something that was not sent.
    DoesNotFit(u64),
    /// A push of a channel whose subscribe was not answered.
    BeforeTheReply,
    Refused(u32),
    Ended(u32),
}

/// A broken promise.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Violation {
    pub(super) promise: &'static str,
    pub(super) what: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.promise, self.what)
    }
}

impl World {
    /// The first violation ends the run.
    pub(super) fn violated(&mut self, promise: &'static str, what: String) {
        self.violation.get_or_insert(Violation { promise, what });
    }

    pub(super) fn judge(&mut self, client: usize, channel: &ChannelName, seen: &Seen) {
        match seen {
            Seen::Snapshot { held, recovering } => {
                self.coverage.count(Counter::Snapshots);
                if *recovering {
                    self.coverage.count(Counter::RecoveryFailed);
                }
                self.judge_state(client, channel, held, "P4 (snapshot at an offset)");
            }
            Seen::Recovered { from, asked_from } => {
                if Some(*from) != *asked_from {
                    let what = format!(
                        "client {client}, {channel}: recovered from {from}, asked from {asked_from:?}"
                    );
                    self.violated("P3 (a recovery continues the position asked for)", what);
                }
            }
            Seen::StreamFrom {
                wanted_snapshot,
                recovering,
            } => {
                if *recovering {
                    self.coverage.count(Counter::StreamsRestarted);
                }
                if *wanted_snapshot {
                    let what = format!("client {client}, {channel}: neither snapshot nor recovery");
                    self.violated("P4 (a first load or failed recovery is a snapshot)", what);
                }
            }
            Seen::Publication {
                before,
                body,
                held,
                delta,
            } => {
                self.coverage.count(Counter::Deliveries);
                if *delta {
                    self.coverage.count(Counter::Deltas);
                }
                self.judge_publication(client, channel, *before, *body, held);
            }
            Seen::DoesNotFit(offset) => {
                let what = format!("client {client}, {channel}: {offset} differs from what?");
                self.violated("P3 (a delta differs from what was sent before)", what);
            }
            Seen::BeforeTheReply => {
                let what = format!("client {client}, {channel}: pushed without a subscription");
                self.violated("P3 (nothing of a channel before its subscribe reply)", what);
            }
            Seen::Refused(code) => self.judge_refusal(client, channel, *code),
            Seen::Ended(code) => match code {
                2000 => self.coverage.count(Counter::EndedForRight),
                2501 => self.coverage.count(Counter::Expired),
                _ => {}
            },
        }
    }

    fn judge_publication(
        &mut self,
        client: usize,
        channel: &ChannelName,
        before: u64,
        body: u64,
        held: &Held,
    ) {
        let offset = held.offset;
        if offset != before + 1 {
            let what = format!("client {client}, {channel}: {offset} after {before}");
            return self.violated("P3 (in order, once, never a silent gap)", what);
        }
        match self.truth.fact(&held.epoch, channel, offset) {
            Fact::Clouded => {}
            Fact::Unknown => {
                let what = format!("client {client}, {channel}: {held:?} was never committed");
                self.violated("P3 (nothing uncommitted is published)", what);
            }
            Fact::Committed {
                body: committed, ..
            } if committed != Some(body) => {
                let what = format!(
                    "client {client}, {channel}: {held:?} holds {body}, committed was {committed:?}"
                );
                self.violated("P3 (nothing uncommitted is published)", what);
            }
            Fact::Committed { .. } => {
                self.judge_state(client, channel, held, "P3 (a view is the log's prefix)");
            }
        }
    }

    fn judge_state(
        &mut self,
        client: usize,
        channel: &ChannelName,
        held: &Held,
        promise: &'static str,
    ) {
        let state = match self.truth.fact(&held.epoch, channel, held.offset) {
            Fact::Clouded => return,
            Fact::Committed { state, .. } => Some(state),
            Fact::Unknown => None,
        };
        if held.state.is_some() && held.state != state {
            let what =
                format!("client {client}, {channel}: {held:?}, but the log's state is {state:?}");
            self.violated(promise, what);
        }
    }

    fn judge_refusal(&mut self, client: usize, channel: &ChannelName, code: u32) {
        match code {
            100 | 103 => {}
            112 => self.coverage.count(Counter::RecoveryRefused),
            _ => {
                let what = format!("client {client}, {channel}: error {code}");
                self.violated("a subscribe that makes sense is not refused", what);
            }
        }
    }

    /// Everybody who has the right is connected, subscribed and at the head, and nobody else is.
    pub(super) fn judge_all(&mut self, promise: &'static str) {
        for index in 0..self.clients.len() {
            let channels: Vec<_> = self.channels.clone();
            for channel in channels {
                if let Some(what) = self.differs(index, &channel) {
                    self.violated(promise, format!("client {index}, {channel}: {what}"));
                }
            }
        }
    }

    fn differs(&self, index: usize, channel: &ChannelName) -> Option<String> {
        let subscription = self.clients[index].subscriptions.get(channel)?;
        let allowed = !self.lapsed.contains(&(index, channel.clone()));
        if !allowed {
            let live = subscription.stage == Stage::Live;
            return live.then(|| "still subscribed without the right".to_owned());
        }
        if subscription.stage != Stage::Live {
            return Some(format!("not subscribed but {:?}", subscription.stage));
        }
        let Some(held) = &subscription.held else {
            return Some("no view".to_owned());
        };
        let (offset, state) = (self.truth.head(channel), self.truth.state(channel));
        let current = held.epoch == **self.truth.epoch()
            && held.offset == offset
            && held.state.is_none_or(|held| held == state);
        (!current).then(|| {
            let epoch = self.truth.epoch();
            format!("{held:?}, but a fresh snapshot is {state} at {offset} of {epoch}")
        })
    }
}
