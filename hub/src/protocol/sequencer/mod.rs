//! One channel on one instance: puts what is heard into the log's order (P3).
//!
//! The wire may lose, repeat and reorder. The sequencer delivers the next offset at once, drops
//! what was delivered, holds what comes early for some tens of milliseconds and then asks for the
//! missing part from the log. A log that has another name, went back, or no longer holds what is
//! missing makes a reset: every subscriber has to start anew from the position given.

#[cfg(test)]
mod tests;

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use super::{Moment, Opening, Recovery, RecoveryLimits, moment::earliest, ring::Ring};
use crate::ports::{Epoch, LogRead, Position, Publication};

/// Limits of one sequencer.
#[derive(Debug, Clone, Copy)]
pub struct SequencerConfig {
    /// How long to wait for what is late on the wire before asking the log.
    pub hold: Duration,
    /// How long to wait after the log could not be read.
    pub retry: Duration,
    /// Publications asked from the log at once.
    pub page: usize,
    /// Early publications kept while waiting for the missing ones.
    pub held: usize,
    pub ring: RecoveryLimits,
}

/// What the sequencer wants done.
#[derive(Debug, Clone)]
pub enum SequencerEffect {
    /// To every subscriber of the channel, in this order.
    Deliver(Arc<Publication>),
    /// Read the log after `after` and answer with [`Sequencer::fetched`].
    Fetch { after: u64, limit: usize },
    /// Every subscriber so far must start anew; deliveries go on after this position.
    Reset(Position),
    /// The log went back under this name: rename it ([`crate::ports::ChannelLog::renew_epoch`]).
    WentBack(Epoch),
}

/// A read of the log under way.
#[derive(Debug)]
struct Fetch {
    /// The highest offset known before the read was sent: a head below it means the log went back.
    seen: u64,
    /// It was sent out of doubt. A doubt that comes up later needs another read.
    doubted: bool,
}

/// See the module.
#[derive(Debug)]
pub struct Sequencer {
    config: SequencerConfig,
    /// Everything up to here was delivered.
    position: Position,
    /// The highest offset heard of in this epoch.
    known: u64,
    /// When the position last moved.
    moved: Moment,
    early: BTreeMap<u64, Arc<Publication>>,
    recent: Ring,
    /// Wait until then for what is missing, then ask.
    ask_at: Option<Moment>,
    fetch: Option<Fetch>,
    /// Something does not fit this epoch: the log has to be asked even without a gap.
    doubt: bool,
    #[cfg(any(test, feature = "breakages"))]
    pub breakage: super::breakage::Breakage,
}

impl Sequencer {
    /// The same, broken on purpose.
    #[cfg(feature = "breakages")]
    #[must_use]
    pub fn broken(mut self, breakage: super::breakage::Breakage) -> Self {
        self.breakage = breakage;
        self
    }

    /// Starts at the log's head, with whatever happened to the channel since before the head was
    /// asked for.
    pub fn open(
        head: Position,
        opening: Opening,
        config: SequencerConfig,
        now: Moment,
        effects: &mut Vec<SequencerEffect>,
    ) -> Self {
        let mut sequencer = Self::starting(head, config, now);
        for publication in opening.heard {
            sequencer.heard(publication, now, effects);
        }
        if opening.doubted {
            sequencer.doubt(now);
        }
        sequencer.tick(now, effects);
        sequencer
    }

    /// Starts at the log's head, with nothing heard.
    pub fn starting(head: Position, config: SequencerConfig, now: Moment) -> Self {
        Self {
            config,
            known: head.offset,
            position: head,
            moved: now,
            early: BTreeMap::new(),
            recent: Ring::new(config.ring),
            ask_at: None,
            fetch: None,
            doubt: false,
            #[cfg(any(test, feature = "breakages"))]
            breakage: super::breakage::Breakage::None,
        }
    }

    /// Everything up to here was delivered.
    pub fn position(&self) -> &Position {
        &self.position
    }

    /// Whether the log is being asked if this is still its name. Whoever starts here meanwhile may
    /// have to start anew at once.
    pub fn is_in_doubt(&self) -> bool {
        self.doubt || self.fetch.as_ref().is_some_and(|fetch| fetch.doubted)
    }

    /// When [`Sequencer::tick`] wants to be called.
    pub fn deadline(&self) -> Option<Moment> {
        if self.fetch.is_some() {
            return None;
        }
        earliest(self.ask_at, None)
    }

    /// A publication arrived from the wire or from a commit on this instance.
    pub fn heard(
        &mut self,
        publication: Arc<Publication>,
        now: Moment,
        effects: &mut Vec<SequencerEffect>,
    ) {
        if publication.epoch != self.position.epoch {
            return self.doubt(now);
        }
        self.known = self.known.max(publication.offset);
        if self.takes(publication.offset) {
            self.deliver(publication, now, effects);
            self.deliver_early(now, effects);
        } else if publication.offset > self.position.offset && self.early.len() < self.config.held {
            self.early.insert(publication.offset, publication);
        }
        self.watch_gap(now);
    }

    /// A look at the log's heads that began at `asked` found this one.
    pub fn head_seen(&mut self, head: &Position, asked: Moment, now: Moment) {
        #[cfg(any(test, feature = "breakages"))]
        if matches!(
            self.breakage,
            super::breakage::Breakage::HeadsAreIgnored
                | super::breakage::Breakage::LostTailsStayLost
        ) {
            return;
        }
        if head.epoch != self.position.epoch {
            return self.doubt(now);
        }
        if head.offset < self.position.offset && self.moved < asked {
            return self.doubt(now);
        }
        self.known = self.known.max(head.offset);
        self.watch_gap(now);
    }

    /// The wire was interrupted or the log renamed: ask the log even though nothing seems missing.
    pub fn doubt(&mut self, now: Moment) {
        #[cfg(any(test, feature = "breakages"))]
        if matches!(
            self.breakage,
            super::breakage::Breakage::EpochIsIgnored
                | super::breakage::Breakage::LostTailsStayLost
        ) {
            return;
        }
        self.doubt = true;
        self.ask_at = Some(self.ask_at.map_or(now, |at| at.min(now)));
    }

    /// Time has passed.
    pub fn tick(&mut self, now: Moment, effects: &mut Vec<SequencerEffect>) {
        if self.deadline().is_none_or(|at| at > now) {
            return;
        }
        self.ask(effects);
    }

    /// The answer to [`SequencerEffect::Fetch`]; `None` when the log could not be read.
    pub fn fetched(
        &mut self,
        read: Option<LogRead>,
        now: Moment,
        effects: &mut Vec<SequencerEffect>,
    ) {
        let Some(fetch) = self.fetch.take() else {
            return;
        };
        let Some(read) = read else {
            self.doubt |= fetch.doubted;
            self.ask_at = Some(now + self.config.retry);
            return;
        };
        if read.head.epoch != self.position.epoch {
            #[cfg(any(test, feature = "breakages"))]
            if self.breakage == super::breakage::Breakage::EpochIsIgnored {
                return;
            }
            return self.reset(read.head, now, effects);
        }
        if read.head.offset < fetch.seen {
            effects.push(SequencerEffect::WentBack(self.position.epoch.clone()));
            self.doubt = true;
            self.ask_at = Some(now + self.config.retry);
            return;
        }
        self.known = self.known.max(read.head.offset);
        let page_was_full = read.publications.len() >= self.config.page;
        if self.is_trimmed(&read) {
            return self.reset(read.head, now, effects);
        }
        for publication in read.publications {
            if self.takes(publication.offset) {
                self.deliver(Arc::new(publication), now, effects);
            }
        }
        self.deliver_early(now, effects);
        self.watch_gap(now);
        if page_was_full && self.known > self.position.offset {
            self.ask(effects);
        }
    }

    /// Recovers a client from memory, when the ring reaches back to `offset`.
    pub fn recall(&self, offset: u64, epoch: &str) -> Option<Recovery> {
        if epoch != &*self.position.epoch {
            return None;
        }
        let publications = if offset == self.position.offset {
            Vec::new()
        } else {
            self.recent.after(offset)?
        };
        Some(Recovery::Complete {
            publications,
            position: self.position.clone(),
        })
    }

    fn takes(&self, offset: u64) -> bool {
        #[cfg(any(test, feature = "breakages"))]
        {
            use super::breakage::Breakage;
            let broken = self.breakage;
            if [Breakage::SequencerIgnoresGaps, Breakage::GapsAreIgnored].contains(&broken) {
                return offset > self.position.offset;
            }
            if broken == Breakage::NoDeduplication {
                return offset <= self.position.offset + 1;
            }
        }
        offset == self.position.offset + 1
    }

    fn is_trimmed(&self, read: &LogRead) -> bool {
        match read.publications.first() {
            Some(first) => first.offset > self.position.offset + 1,
            None => read.head.offset > self.position.offset,
        }
    }

    fn deliver(
        &mut self,
        publication: Arc<Publication>,
        now: Moment,
        effects: &mut Vec<SequencerEffect>,
    ) {
        self.position.offset = publication.offset;
        self.moved = now;
        self.ask_at = None;
        self.recent.push(publication.clone());
        effects.push(SequencerEffect::Deliver(publication));
    }

    fn deliver_early(&mut self, now: Moment, effects: &mut Vec<SequencerEffect>) {
        while let Some(entry) = self.early.first_entry() {
            if *entry.key() > self.position.offset + 1 {
                break;
            }
            let publication = entry.remove();
            if publication.offset == self.position.offset + 1 {
                self.deliver(publication, now, effects);
            }
        }
    }

    /// Starts waiting for what is missing, or stops.
    fn watch_gap(&mut self, now: Moment) {
        if self.doubt {
            self.ask_at.get_or_insert(now);
        } else if self.known > self.position.offset {
            self.ask_at.get_or_insert(now + self.config.hold);
        } else {
            self.ask_at = None;
        }
    }

    fn ask(&mut self, effects: &mut Vec<SequencerEffect>) {
        self.ask_at = None;
        self.fetch = Some(Fetch {
            seen: self.known,
            doubted: std::mem::take(&mut self.doubt),
        });
        effects.push(SequencerEffect::Fetch {
            after: self.position.offset,
            limit: self.config.page,
        });
    }

    fn reset(&mut self, head: Position, now: Moment, effects: &mut Vec<SequencerEffect>) {
        self.early
            .retain(|offset, early| *offset > head.offset && early.epoch == head.epoch);
        self.recent.clear();
        // Offsets seen since the read was sent are still missing; another epoch's mean nothing here,
        // and whatever was seen of this one as another left a doubt.
        let known = if head.epoch == self.position.epoch {
            self.known
        } else {
            0
        };
        self.known = known.max(head.offset);
        self.position = head.clone();
        self.moved = now;
        self.ask_at = None;
        effects.push(SequencerEffect::Reset(head));
        self.deliver_early(now, effects);
        self.watch_gap(now);
    }
}
