//! The event log as readers follow it: every fact once, in an order that never changes.
//!
//! Ids are given before commits, so a reader that remembers only the last id would skip what
//! commits late. The order is that of transactions, and a read stops at the oldest transaction
//! still running: below it nothing can appear any more.

use jiff::Timestamp;
use serde_json::value::RawValue;
use sqlx::types::Json;
use uuid::Uuid;

use super::{Pools, StoreError};

/// Where a reader stands: behind this transaction's event with this id.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct EventCursor {
    pub xact: u64,
    pub id: i64,
}

/// A fact as it was stored.
#[derive(Debug)]
pub struct StoredEvent {
    pub cursor: EventCursor,
    pub at: Timestamp,
    pub aggregate: String,
    pub aggregate_id: String,
    pub aggregate_version: i64,
    pub kind: String,
    pub schema_version: i32,
    pub actor: Uuid,
    pub on_behalf_of: Option<Uuid>,
    pub command_id: Uuid,
    pub trace_id: Option<String>,
    pub body: Box<RawValue>,
}

/// At most `limit` facts after the cursor. The reader stores the last one's cursor together with
/// whatever it does with them.
pub async fn read_after(
    pools: &Pools,
    cursor: EventCursor,
    limit: i64,
) -> Result<Vec<StoredEvent>, StoreError> {
    let rows = sqlx::query!(
        r#"select xact::text as "xact!", id, at as "at: jiff_sqlx::Timestamp", aggregate,
               aggregate_id, aggregate_version, kind, schema_version, actor_id, on_behalf_of,
               command_id, trace_id, body as "body: Json<Box<RawValue>>"
           from domain_event
           where (xact, id) > ($1::text::xid8, $2)
               and xact < pg_snapshot_xmin(pg_current_snapshot())
           order by xact, id limit $3"#,
        cursor.xact.to_string(),
        cursor.id,
        limit,
    )
    .fetch_all(&pools.reads)
    .await?;
    rows.into_iter()
        .map(|row| {
            let xact = row.xact.parse().map_err(|_| StoreError::Unreadable {
                what: "transaction id",
                reason: row.xact.clone(),
            })?;
            Ok(StoredEvent {
                cursor: EventCursor { xact, id: row.id },
                at: row.at.to_jiff(),
                aggregate: row.aggregate,
                aggregate_id: row.aggregate_id,
                aggregate_version: row.aggregate_version,
                kind: row.kind,
                schema_version: row.schema_version,
                actor: row.actor_id,
                on_behalf_of: row.on_behalf_of,
                command_id: row.command_id,
                trace_id: row.trace_id,
                body: row.body.0,
            })
        })
        .collect()
}
