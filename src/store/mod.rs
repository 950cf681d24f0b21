//! All SQL, one file per table family; every statement is checked against the schema at compile
//! time. There is one database, so there are no traits here: functions take [`Pools`] or the
//! connection of a running transaction.
//!
//! Rows travel as JSON in both directions: one statement loads a whole [`World`](crate::domain::World)
//! at one snapshot, and one statement per changed table family saves a decision's differences.
//! The store must not know what a command means, nor what a channel's body says.

pub mod account;
pub mod append;
pub mod audit;
pub mod catalog;
pub mod connections;
pub mod epoch;
mod error;
pub mod events;
pub mod history;
pub mod lapse;
pub mod lists;
pub mod load;
pub mod log;
pub mod outage;
pub mod planning;
pub mod pools;
pub mod presence;
pub mod receipt;
mod save;
pub mod schema;
pub mod search;
pub mod security;
pub mod sign_in;
pub mod signing_key;
mod snapshot;
pub mod timer;
mod together;
pub mod tracking;
mod transaction;
pub mod turn;
pub mod upkeep;

use crate::domain::{Thresholds, World};

pub use error::{Failure, StoreError};
pub use log::PostgresLog;
pub use pools::{PoolSizes, Pools};
pub use schema::migrate;
pub use snapshot::{Snapshot, facts, snapshot};
pub use transaction::{Extent, Transaction};

/// Saves what a decision changed: the rows that differ, and the timers that concern them.
pub async fn save(
    connection: &mut sqlx::PgConnection,
    before: &World,
    after: &World,
    thresholds: &Thresholds,
) -> Result<(), StoreError> {
    save::save(connection, before, after).await?;
    timer::save(connection, before, after, thresholds).await
}
