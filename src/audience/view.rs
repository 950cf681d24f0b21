//! Views: what each row channel shows of a world. A view is a set of rows by key; snapshots are
//! views, publications are their differences. Pure: the horizon of what is shown lies in what the
//! loader loads.

use std::collections::BTreeMap;

use super::{Channel, Row, RowKey, agenda, board, booking, control, customer};
use crate::domain::World;

/// The rows of one channel.
pub type View = BTreeMap<RowKey, Row>;

/// The rows of every row channel that a world says anything about.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Views(BTreeMap<Channel, View>);

impl Views {
    pub(super) fn put(&mut self, channel: Channel, row: Row) {
        self.0.entry(channel).or_default().insert(row.key(), row);
    }

    pub fn get(&self, channel: &Channel) -> Option<&View> {
        self.0.get(channel)
    }

    pub fn iter(&self) -> impl Iterator<Item = (&Channel, &View)> {
        self.0.iter()
    }

    pub fn channels(&self) -> impl Iterator<Item = &Channel> {
        self.0.keys()
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
    let mut views = Views::default();
    match channel {
        Channel::Slots { .. } => {}
        Channel::Booking(_) => booking::project(world, &mut views),
        Channel::Customer(_) => customer::project(world, &mut views),
        Channel::Agenda(_) => agenda::project(world, &mut views),
        Channel::Board(_) => board::project(world, &mut views),
        Channel::Control { .. } => control::project(world, &mut views),
    }
    views.0.remove(channel).unwrap_or_default()
}
