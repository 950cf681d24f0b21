//! Who sees what: typed channels, one audience and one payload each (P6).
//!
//! A channel's view is a set of rows computed from a [`World`](crate::domain::World) by one
//! function per channel family. Its snapshot is that set; its publication is the difference of the
//! sets before and after a decision. So a snapshot followed by publications equals a newer
//! snapshot by construction. Nothing that leaves is built anywhere else.

pub mod body;
pub mod channel;
pub mod row;

pub use body::{Body, FreeChange, RowKey, SlotsBody};
pub use channel::Channel;
pub use row::Row;
