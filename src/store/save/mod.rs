//! Saves a decision: the rows that differ between the world before it and after it, a statement or
//! two per family of tables that changed. It writes differences, never events, so no command can
//! be forgotten here.
//!
//! A row is only replaced by a later version of itself; anything else means that it was changed
//! without our lock, and the command starts again.

mod catalog;
mod orders;
mod people;
mod time;

use serde::Serialize;
use sqlx::PgConnection;

use super::StoreError;
use crate::domain::{Table, World};

pub async fn save(
    connection: &mut PgConnection,
    before: &World,
    after: &World,
) -> Result<(), StoreError> {
    catalog::save(connection, before, after).await?;
    people::save(connection, before, after).await?;
    time::save(connection, before, after).await?;
    time::free(connection, before, after).await?;
    orders::save(connection, before, after).await?;
    time::take(connection, before, after).await
}

/// The rows that are new or different.
fn changed<'a, K: Ord + Clone, V: PartialEq>(
    before: &'a Table<K, V>,
    after: &'a Table<K, V>,
) -> Vec<&'a V> {
    let changed = after.since(before).into_iter();
    changed.filter_map(|row| row.after).collect()
}

fn json<T: Serialize>(rows: &T) -> serde_json::Value {
    serde_json::to_value(rows).expect("rows are plain data")
}

/// Every row sent must have been written.
fn all_written(table: &'static str, sent: usize, written: u64) -> Result<(), StoreError> {
    if u64::try_from(sent).is_ok_and(|sent| sent == written) {
        Ok(())
    } else {
        Err(StoreError::Stale { table })
    }
}
