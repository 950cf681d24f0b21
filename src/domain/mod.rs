//! The business: what may be booked, who does it, and what a command changes.
//!
//! Pure: no I/O, no clock, no randomness. A command is decided against the part of the [`World`]
//! that was loaded for it; the decision is a list of [`Event`]s, and applying them to that world
//! gives the rows to store and the views to publish. Times and ids come in with [`Context`].

pub mod alert;
mod behalf;
pub mod calendar;
pub mod command;
pub mod context;
pub mod contract;
pub mod decide;
pub mod entity;
pub mod event;
mod evolve;
pub mod fate;
pub mod history;
pub mod homing;
pub mod ids;
pub mod import;
mod instant;
pub mod limits;
pub mod list;
pub mod position;
pub mod query;
pub mod rejection;
pub mod scope;
pub mod search;
pub mod slots;
pub mod table;
pub mod template;
#[cfg(test)]
pub(crate) mod testing;
pub mod timetable;
pub mod world;

pub use alert::Thresholds;
pub use command::Command;
pub use context::{Actor, Context, Role};
pub use decide::{Decision, decide};
pub use event::Event;
pub use query::{Answer, Query};
pub use rejection::{Objection, Rejection};
pub use scope::Scope;
pub use table::Table;
pub use world::World;
