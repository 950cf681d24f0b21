//! Views: what each row channel shows of a world. A view is a set of rows by key; snapshots are
//! views, publications are their differences. Pure: the horizon of what is shown lies in what the
//! loader loads.

use std::collections::BTreeMap;

use super::{Channel, Row, RowKey, agenda, board, booking, control, customer};
use crate::domain::World;

/// The rows of one channel.
pub type View = BTreeMap<RowKey, Row>;

/// The rows of every row channel that a world says anything about, or of one of them.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Views {
    of: BTreeMap<Channel, View>,
    /// The one that is asked for; the rows of others are not even made.
    only: Option<Channel>,
}

impl Views {
    pub(super) fn put(&mut self, channel: Channel, row: impl FnOnce() -> Row) {
        self.put_if_any(channel, || Some(row()));
    }

    pub(super) fn put_if_any(&mut self, channel: Channel, row: impl FnOnce() -> Option<Row>) {
        let wanted = self.only.as_ref().is_none_or(|only| *only == channel);
        if wanted && let Some(row) = row() {
            self.of.entry(channel).or_default().insert(row.key(), row);
        }
    }

    /// The one channel that is asked for.
    pub(super) fn only(&self) -> Option<&Channel> {
        self.only.as_ref()
    }

    pub fn get(&self, channel: &Channel) -> Option<&View> {
        self.of.get(channel)
    }

    pub fn iter(&self) -> impl Iterator<Item = (&Channel, &View)> {
        self.of.iter()
    }

    pub fn channels(&self) -> impl Iterator<Item = &Channel> {
        self.of.keys()
    }
}

/// All views of a world, those of `slots` excepted: they are counts, not rows.
pub fn views(world: &World) -> Views {
    let mut views = Views::default();
    booking::project(world, &mut views);
    customer::project(world, &mut views);
    agenda::project(world, &mut views);
    board::project(world, &mut views);
    control::project(world, &mut views);
    views
}

/// The view of one row channel; empty for `slots`, which has no rows.
pub(super) fn view(channel: &Channel, world: &World) -> View {
    let mut views = Views {
        only: Some(channel.clone()),
        ..Views::default()
    };
    match channel {
        Channel::Slots { .. } => {}
        Channel::Booking(_) => booking::project(world, &mut views),
        Channel::Customer(_) => customer::project(world, &mut views),
        Channel::Agenda(_) => agenda::project(world, &mut views),
        Channel::Board(_) => board::project(world, &mut views),
        Channel::Control { .. } => control::project(world, &mut views),
    }
    views.of.remove(channel).unwrap_or_default()
}
