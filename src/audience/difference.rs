//! What a decision changes in what people see: the difference of the views before and after it.
//!
//! It has two readers. The command's trip asks which entities are behind the changed rows, and
//! locks them before it publishes: a body holds absolute values of rows that its transaction
//! locked, or differences that commute (P2, P3). And it becomes the publications, one per channel.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::Serialize;
use serde_json::value::RawValue;

use super::{
    Body, Channel, FreeChange, Row, RowKey, SlotsBody,
    behind::{Entity, entities_behind},
    part::Part,
    slots,
    view::{View, view, views},
};
use crate::domain::{
    World,
    ids::{AccountId, CommandId},
};

/// A channel is split before its snapshot exceeds this. Callers measure and log. The largest is a
/// control room's: 200 cleaners and 900 jobs are about 0.8 MB, and 1.3 MB where every text is long.
pub const SNAPSHOT_LIMIT_BYTES: usize = 2 * 1024 * 1024;

/// When a decision was made, by whom and by which command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stamp {
    pub at: Timestamp,
    pub by: AccountId,
    pub command_id: CommandId,
}

/// The changed rows of one channel.
#[derive(Debug, Clone, Default, PartialEq)]
struct RowChanges {
    set: Vec<Row>,
    unset: Vec<RowKey>,
}

/// All that a decision changes in what people see.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Difference {
    rows: BTreeMap<Channel, RowChanges>,
    free: BTreeMap<Channel, Vec<FreeChange>>,
    anew: BTreeSet<Channel>,
    behind: BTreeSet<Entity>,
}

impl Difference {
    pub fn between(before: &World, after: &World) -> Self {
        let mut difference = Self::default();
        match Part::concerned(before, after) {
            Some(part) => difference.compare_rows(&part.of(before), &part.of(after)),
            None => difference.compare_rows(before, after),
        }
        difference.compare_slots(before, after);
        difference
    }

    /// The same by looking at everything.
    #[cfg(test)]
    pub(super) fn of_everything(before: &World, after: &World) -> Self {
        let mut difference = Self::default();
        difference.compare_rows(before, after);
        difference.compare_slots(before, after);
        difference
    }

    /// What must be locked for the publications to be true.
    pub fn behind(&self) -> &BTreeSet<Entity> {
        &self.behind
    }

    /// Channels whose readers are to start from a fresh snapshot.
    pub fn anew(&self) -> &BTreeSet<Channel> {
        &self.anew
    }

    pub fn is_empty(&self) -> bool {
        self.rows.is_empty() && self.free.is_empty() && self.anew.is_empty()
    }

    /// One body per channel that changes, in the order of [`Channel`].
    pub fn publications(self, stamp: Stamp) -> Vec<(Channel, Box<RawValue>)> {
        let rows = self.rows.into_iter().map(|(channel, changes)| {
            let body = stamped(&channel, changes, stamp);
            (channel, json(&body))
        });
        let slots = self.free.into_iter().map(|(channel, free)| {
            let body = SlotsBody { at: stamp.at, free };
            (channel, json(&body))
        });
        let anew = self.anew.into_iter().map(|channel| {
            let free = Vec::new();
            (channel, json(&SlotsBody { at: stamp.at, free }))
        });
        anew.chain(slots).chain(rows).collect()
    }

    fn compare_rows(&mut self, before: &World, after: &World) {
        let (old, new) = (views(before), views(after));
        let empty = View::new();
        let channels: BTreeSet<_> = old.channels().chain(new.channels()).collect();
        for channel in channels {
            let old = old.get(channel).unwrap_or(&empty);
            let new = new.get(channel).unwrap_or(&empty);
            let changes = RowChanges {
                set: new
                    .iter()
                    .filter(|(key, row)| old.get(key) != Some(row))
                    .map(|(_, row)| row.clone())
                    .collect(),
                unset: old
                    .keys()
                    .filter(|key| !new.contains_key(key))
                    .copied()
                    .collect(),
            };
            for row in &changes.set {
                self.behind.extend(entities_behind(channel, row, after));
            }
            for key in &changes.unset {
                self.behind
                    .extend(entities_behind(channel, &old[key], before));
            }
            if !changes.set.is_empty() || !changes.unset.is_empty() {
                self.rows.insert(channel.clone(), changes);
            }
        }
    }

    fn compare_slots(&mut self, before: &World, after: &World) {
        let changes = slots::changes(before, after);
        self.behind
            .extend(changes.cleaners.into_iter().map(Entity::Cleaner));
        self.free = changes.free;
        self.anew = changes.anew;
    }
}

/// The body that, applied to nothing, gives the channel's view of this world.
pub fn snapshot(channel: &Channel, world: &World, at: Timestamp) -> Box<RawValue> {
    if let Channel::Slots { zone, date } = channel {
        let free = slots::all(world, zone, *date);
        return json(&SlotsBody { at, free });
    }
    json(&Body {
        at,
        by: None,
        command_id: None,
        set: view(channel, world).into_values().collect(),
        unset: Vec::new(),
    })
}

/// Who did it is for the staff's channel only.
fn stamped(channel: &Channel, changes: RowChanges, stamp: Stamp) -> Body {
    let staff = match channel {
        Channel::Control { .. } => Some(stamp),
        Channel::Slots { .. }
        | Channel::Booking(_)
        | Channel::Customer(_)
        | Channel::Agenda(_)
        | Channel::Board(_) => None,
    };
    Body {
        at: stamp.at,
        by: staff.map(|stamp| stamp.by),
        command_id: staff.map(|stamp| stamp.command_id),
        set: changes.set,
        unset: changes.unset,
    }
}

fn json<T: Serialize>(body: &T) -> Box<RawValue> {
    serde_json::value::to_raw_value(body).expect("bodies are plain data")
}
