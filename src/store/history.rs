//! A job's history out of the event log. Facts about one job are made one transaction after another,
//! since each locks its row: so here the order of ids is the order in which they happened.

use std::collections::BTreeSet;

use uuid::Uuid;

use super::{Pools, StoreError, tracking::word};
use crate::domain::{
    Event,
    history::{Deed, History, HistoryEntry, HistoryPerson},
    ids::{AccountId, JobId},
    limits::LIMITS,
};

/// `None` where there is no such job.
pub async fn job_history(pools: &Pools, job: JobId) -> Result<Option<History>, StoreError> {
    let known = sqlx::query_scalar!(
        r#"select exists (select from job where id = $1) as "known!""#,
        job.0
    );
    if !known.fetch_one(&pools.reads).await? {
        return Ok(None);
    }
    let limit = i64::try_from(LIMITS.history).unwrap_or(i64::MAX);
    let rows = sqlx::query_file!("src/store/history.sql", job.0, limit + 1)
        .fetch_all(&pools.reads)
        .await?;
    let complete = rows.len() <= LIMITS.history;
    let mut entries = Vec::new();
    for row in rows.into_iter().take(LIMITS.history) {
        let event: Event =
            serde_json::from_value(row.body).map_err(|error| StoreError::Unreadable {
                what: "event",
                reason: error.to_string(),
            })?;
        let Some(what) = Deed::of(event) else {
            continue;
        };
        entries.push(HistoryEntry {
            at: row.at.to_jiff(),
            by: (!row.actor.is_nil()).then_some(AccountId(row.actor)),
            on_behalf_of: row.on_behalf_of.map(AccountId),
            what,
        });
    }
    let people = people(pools, &entries).await?;
    Ok(Some(History {
        job,
        entries,
        complete,
        people,
    }))
}

async fn people(pools: &Pools, entries: &[HistoryEntry]) -> Result<Vec<HistoryPerson>, StoreError> {
    let named: BTreeSet<Uuid> = entries
        .iter()
        .flat_map(|entry| {
            let actors = entry.by.into_iter().chain(entry.on_behalf_of);
            let cleaners = entry.what.cleaners().map(|cleaner| cleaner.0);
            actors.map(|account| account.0).chain(cleaners)
        })
        .collect();
    let ids: Vec<Uuid> = named.into_iter().collect();
    let rows = sqlx::query!(
        "select id, name, role from account where id = any($1) order by id",
        &ids
    )
    .fetch_all(&pools.reads)
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok(HistoryPerson {
                id: AccountId(row.id),
                name: row.name,
                role: word(row.role, "role")?,
            })
        })
        .collect()
}
