//! The audit trail as people look through it: who asked for what and how it was decided, the newest
//! first. What commits late may appear behind a page already read; who must not miss anything
//! follows the event log.

use std::{fmt, str::FromStr};

use jiff::Timestamp;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{Pools, StoreError, events::NoCursor};
use crate::audience::records::AuditRecord;

/// A place in the trail: below the entry with this id of this instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AuditCursor {
    at_micros: i64,
    id: i64,
}

impl fmt::Display for AuditCursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.at_micros, self.id)
    }
}

impl FromStr for AuditCursor {
    type Err = NoCursor;

    fn from_str(text: &str) -> Result<Self, NoCursor> {
        let (at, id) = text.split_once('.').ok_or(NoCursor)?;
        let cursor = Self {
            at_micros: at.parse().map_err(|_| NoCursor)?,
            id: id.parse().map_err(|_| NoCursor)?,
        };
        let ours = cursor.to_string() == text && cursor.at().is_some();
        ours.then_some(cursor).ok_or(NoCursor)
    }
}

impl AuditCursor {
    fn at(self) -> Option<Timestamp> {
        Timestamp::from_microsecond(self.at_micros).ok()
    }
}

/// Which entries are wanted; all, where nothing is said.
#[derive(Debug, Clone, Default)]
pub struct AuditFilter {
    pub actor: Option<Uuid>,
    pub kind: Option<String>,
    pub outcome: Option<String>,
    /// A row that the command changed or named: its kind and id.
    pub about: Option<(String, String)>,
    pub from: Option<Timestamp>,
    /// Exclusive.
    pub until: Option<Timestamp>,
}

/// At most `limit` entries below `before`, and the place below them unless it is the end.
pub async fn read(
    pools: &Pools,
    before: Option<AuditCursor>,
    filter: &AuditFilter,
    limit: i64,
) -> Result<(Vec<AuditRecord>, Option<AuditCursor>), StoreError> {
    let _turn = pools.query_turn().await?;
    let until = filter.until.map_or(Timestamp::MAX, database_instant);
    let (at, id) = before
        .and_then(|cursor| Some((cursor.at()?, cursor.id)))
        .filter(|(at, _)| *at < until)
        .unwrap_or((until, 0));
    let (row, row_id) = filter.about.clone().unzip();
    let rows = sqlx::query_file!(
        "src/store/audit.sql",
        jiff_sqlx::Timestamp::from(database_instant(at)) as _,
        id,
        jiff_sqlx::Timestamp::from(database_instant(filter.from.unwrap_or(Timestamp::MIN))) as _,
        filter.actor,
        filter.kind,
        filter.outcome,
        row,
        row_id,
        filter.about.as_ref().map(named).unwrap_or_default(),
        limit + 1,
    )
    .fetch_all(&pools.reads)
    .await?;
    let kept = usize::try_from(limit).unwrap_or(usize::MAX);
    let more = rows.len() > kept;
    let last = rows.iter().take(kept).next_back().map(|row| AuditCursor {
        at_micros: row.at.to_jiff().as_microsecond(),
        id: row.id,
    });
    let entries = rows.into_iter().take(kept).map(|row| AuditRecord {
        at: row.at.to_jiff(),
        actor: row.actor,
        actor_name: row.actor_name,
        actor_role: row.actor_role,
        on_behalf_of: row.on_behalf_of,
        via: row.via,
        command_id: row.command_id,
        kind: row.kind,
        parameters: row.parameters,
        outcome: row.outcome,
        code: row.code,
    });
    Ok((entries.collect(), last.filter(|_| more)))
}

/// Parameters that name a row do so by its kind: `{"job": …}`.
fn named((row, id): &(String, String)) -> Value {
    json!({ row: id })
}

/// The database's calendar begins later than ours, and ends later.
fn database_instant(at: Timestamp) -> Timestamp {
    const EARLIEST: Timestamp = Timestamp::constant(-62_135_596_800, 0);
    at.max(EARLIEST)
}
