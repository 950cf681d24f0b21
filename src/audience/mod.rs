//! Who sees what: typed channels, one audience and one payload each (P6).
//!
//! A channel's view is a set of rows computed from a [`World`](crate::domain::World) by one
//! function per channel family. Its snapshot is that set; its publication is the difference of the
//! sets before and after a decision. So a snapshot followed by publications equals a newer
//! snapshot by construction. Nothing that leaves is built anywhere else.

mod agenda;
mod behind;
mod board;
pub mod body;
mod booking;
pub mod channel;
mod control;
mod customer;
mod difference;
mod live;
mod part;
pub mod presence;
pub mod records;
pub mod rights;
pub mod row;
mod slots;
#[cfg(test)]
mod tests;
mod view;

pub use behind::{Entity, entities_behind};
pub use body::{Body, FreeChange, RowKey, SlotsBody};
pub use channel::Channel;
pub use difference::{Difference, SNAPSHOT_LIMIT_BYTES, Stamp, snapshot};
pub use live::{
    AnyChannel, EphemeralChannel, InstanceRow, LiveBody, LiveFacts, LiveRow, LiveRowKey,
    LiveRowKind, PositionRow, TrackRow, may_follow, shown,
};
pub use rights::{
    Facts, Lapse, is_valid, lapsed, may_ask, may_read_records, may_run, may_see_reasons,
    may_subscribe,
};
pub use row::Row;
pub use view::{View, Views, views};
