//! The event log as readers follow it: every fact once, in an order that never changes.
//!
//! Ids are given before commits, so a reader that remembers only the last id would skip what
//! commits late. The order is that of transactions, and a read stops at the oldest transaction
//! still running: below it nothing can appear any more. A cursor names the log's epoch too: after a
//! restore, transactions are numbered anew.

use std::{fmt, str::FromStr};

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::value::RawValue;
use sqlx::types::Json;
use uuid::Uuid;

use super::{Pools, StoreError};

/// Facts that a filtered read looks at, at most: its cost is bounded whatever it finds.
const LOOKED_AT: i64 = 10_000;

/// Where a reader stands: behind this transaction's event with this id.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct EventCursor {
    pub xact: u64,
    pub id: i64,
}

impl fmt::Display for EventCursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.xact, self.id)
    }
}

/// Not written by us.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("this is no cursor of the event log")]
pub struct NoCursor;

impl FromStr for EventCursor {
    type Err = NoCursor;

    fn from_str(text: &str) -> Result<Self, NoCursor> {
        let (xact, id) = text.split_once('.').ok_or(NoCursor)?;
        let cursor = Self {
            xact: xact.parse().map_err(|_| NoCursor)?,
            id: id.parse().map_err(|_| NoCursor)?,
        };
        (cursor.to_string() == text)
            .then_some(cursor)
            .ok_or(NoCursor)
    }
}

/// Which facts are wanted; all, where nothing is said.
#[derive(Debug, Clone, Default)]
pub struct EventFilter {
    pub kind: Option<String>,
    pub aggregate: Option<String>,
    pub aggregate_id: Option<String>,
}

impl EventFilter {
    fn is_empty(&self) -> bool {
        self.kind.is_none() && self.aggregate.is_none() && self.aggregate_id.is_none()
    }
}

/// A fact as it was stored.
#[derive(Debug, Deserialize)]
pub struct StoredEvent {
    #[serde(deserialize_with = "number_in_text")]
    xact: u64,
    id: i64,
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

impl StoredEvent {
    pub fn cursor(&self) -> EventCursor {
        EventCursor {
            xact: self.xact,
            id: self.id,
        }
    }
}

/// What a read found.
#[derive(Debug)]
pub struct ReadEvents {
    pub events: Vec<StoredEvent>,
    /// Behind everything that was looked at.
    pub next: EventCursor,
    /// Nothing was left to look at.
    pub at_end: bool,
    pub epoch: String,
}

/// At most `limit` facts after the cursor. The reader stores the last one's cursor together with
/// whatever it does with them.
pub async fn read_after(
    pools: &Pools,
    cursor: EventCursor,
    limit: i64,
) -> Result<Vec<StoredEvent>, StoreError> {
    let read = read(pools, cursor, &EventFilter::default(), limit).await?;
    Ok(read.events)
}

/// At most `limit` of the facts after the cursor that pass the filter, and where to go on.
pub async fn read(
    pools: &Pools,
    cursor: EventCursor,
    filter: &EventFilter,
    limit: i64,
) -> Result<ReadEvents, StoreError> {
    let _turn = pools.query_turn().await?;
    let looked_at = if filter.is_empty() { limit } else { LOOKED_AT };
    let row = sqlx::query!(
        r#"with horizon as materialized (
               select pg_snapshot_xmin(pg_current_snapshot()) as xmin
           ),
           looked_at as materialized (
               select xact, id, kind, aggregate, aggregate_id from domain_event
               where (xact, id) > ($1::text::xid8, $2) and xact < (select xmin from horizon)
               order by xact, id limit $7
           ),
           wanted as materialized (
               select id from looked_at
               where ($3::text is null or kind = $3) and ($4::text is null or aggregate = $4)
                   and ($5::text is null or aggregate_id = $5)
               order by xact, id limit $6
           ),
           last as (select xact, id from looked_at order by xact desc, id desc limit 1)
           select (select xmin::text from horizon) as "horizon!",
               (select count(*) from looked_at) as "looked_at!",
               (select xact::text from last) as last_xact, (select id from last) as last_id,
               log_name() as "epoch!",
               (select coalesce(json_agg(row order by row.xact, row.id), '[]') from (
                   select xact, id, at, aggregate, aggregate_id, aggregate_version, kind,
                       schema_version, actor_id as actor, on_behalf_of, command_id, trace_id, body
                   from domain_event where id = any(array(select id from wanted))
               ) row) as "events!: Json<Vec<StoredEvent>>""#,
        cursor.xact.to_string(),
        cursor.id,
        filter.kind,
        filter.aggregate,
        filter.aggregate_id,
        limit,
        looked_at,
    )
    .fetch_one(&pools.reads)
    .await?;
    let events = row.events.0;
    let full = i64::try_from(events.len()).is_ok_and(|found| found >= limit);
    let at_end = !full && row.looked_at < looked_at;
    let next = match (events.last(), row.last_xact.zip(row.last_id)) {
        (Some(last), _) if full => last.cursor(),
        // Whatever comes later is of a transaction at the horizon or above.
        _ if at_end => cursor.max(EventCursor {
            xact: parse_xact(&row.horizon)?,
            id: 0,
        }),
        (_, Some((xact, id))) => EventCursor {
            xact: parse_xact(&xact)?,
            id,
        },
        (_, None) => cursor,
    };
    Ok(ReadEvents {
        events,
        next,
        at_end,
        epoch: row.epoch,
    })
}

fn parse_xact(text: &str) -> Result<u64, StoreError> {
    text.parse().map_err(|_| StoreError::Unreadable {
        what: "transaction id",
        reason: text.to_owned(),
    })
}

/// The database writes transaction ids as text into JSON.
fn number_in_text<'de, D: serde::Deserializer<'de>>(from: D) -> Result<u64, D::Error> {
    let text = String::deserialize(from)?;
    text.parse().map_err(serde::de::Error::custom)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_is_read_as_it_was_written_and_nothing_else_is() {
        let cursor = EventCursor {
            xact: 7_001,
            id: 42,
        };
        assert_eq!(cursor.to_string().parse(), Ok(cursor));
        for text in [
            "", "7001", "7001.", ".42", "+7001.42", "7001.042", "7001.42 ", "a.b",
        ] {
            assert_eq!(text.parse::<EventCursor>(), Err(NoCursor), "{text}");
        }
    }
}
