//! What is made ahead and what is thrown away: daily partitions of the publications, receipts,
//! and what is over and told nobody anything any more.
//!
//! The log reaches back 48 hours; its floor is the oldest row left. A day without a partition of
//! its own lands in the default one and is deleted from there. Partitions are made and dropped by
//! functions of the schema's owner, which refuse to touch the days that are kept: the server's own
//! role can take nothing from the log.

use jiff::{Timestamp, ToSpan, civil::Date, tz::TimeZone};
use sqlx::{Acquire, PgConnection};

use super::{Pools, StoreError, connections::Connections};

/// Days for which there is a partition from today on.
const DAYS_AHEAD: i64 = 4;
/// How many whole days are kept besides today.
const DAYS_KEPT: i64 = 2;
/// Rows deleted by one statement.
const BATCH: i64 = 5_000;
/// One instance at a time: the key of an advisory lock, not the planners'.
const LOCK: i64 = 0x6469_7370_7472_696d;

/// What one round has thrown away.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Trimmed {
    pub partitions: u64,
    pub publications: u64,
    pub receipts: u64,
    pub timers: u64,
    pub sign_ins: u64,
    pub lapses: u64,
}

/// Makes the partitions of the coming days. A day that cannot have one does with the default one.
pub async fn prepare_partitions(pools: &Pools, now: Timestamp) -> Result<(), StoreError> {
    let mut connection = pools.reads.acquire().await?;
    let today = utc_date(now);
    for ahead in 0..DAYS_AHEAD {
        let date = today.saturating_add(ahead.days());
        if let Err(error) = make_partition(&mut connection, date).await {
            tracing::warn!(%error, %date, "no partition of its own for this day's publications");
        }
    }
    Ok(())
}

/// Throws away what is kept no longer. `None`: another instance is at it.
pub async fn trim(pools: &Pools, now: Timestamp) -> Result<Option<Trimmed>, StoreError> {
    let mut connection = pools.reads.acquire().await?;
    let mut guard = connection.begin().await?;
    let alone = sqlx::query_scalar!(r#"select pg_try_advisory_xact_lock($1) as "alone!""#, LOCK)
        .fetch_one(&mut *guard)
        .await?;
    if !alone {
        return Ok(None);
    }
    let partitions = drop_partitions(&mut guard, utc_date(now)).await?;
    guard.commit().await?;
    Ok(Some(Trimmed {
        partitions,
        ..delete_rows(&pools.reads).await?
    }))
}

async fn delete_rows(pool: &Connections) -> Result<Trimmed, StoreError> {
    let publications = sqlx::query_scalar!(r#"select trim_log($1) as "count!""#, BATCH);
    let receipts = sqlx::query!(
        "delete from command where (actor_id, command_id) in (
             select actor_id, command_id from command
             where received_at < now() - interval '30 days' limit $1)",
        BATCH,
    );
    let timers = sqlx::query!(
        "delete from timer where id = any(array(
             select id from timer where finished_at < now() - interval '7 days' limit $1))",
        BATCH,
    );
    let sign_ins = sqlx::query!(
        "delete from sign_in where id = any(array(
             select id from sign_in where expires_at < now() - interval '30 days' limit $1))",
        BATCH,
    );
    let lapses = sqlx::query!(
        "delete from lapse where id = any(array(
             select id from lapse where at < now() - interval '1 day' limit $1))",
        BATCH,
    );
    Ok(Trimmed {
        partitions: 0,
        publications: u64::try_from(publications.fetch_one(pool).await?).unwrap_or(0),
        receipts: receipts.execute(pool).await?.rows_affected(),
        timers: timers.execute(pool).await?.rows_affected(),
        sign_ins: sign_ins.execute(pool).await?.rows_affected(),
        lapses: lapses.execute(pool).await?.rows_affected(),
    })
}

/// It fails where the default partition already holds rows of that day.
async fn make_partition(connection: &mut PgConnection, date: Date) -> Result<(), StoreError> {
    sqlx::query_scalar!("select make_log_day($1::text::date)", date.to_string())
        .fetch_one(connection)
        .await?;
    Ok(())
}

async fn drop_partitions(connection: &mut PgConnection, today: Date) -> Result<u64, StoreError> {
    let oldest_kept = today.saturating_sub(DAYS_KEPT.days());
    let parts = sqlx::query!(
        r#"select part as "part!", dropped as "dropped!" from drop_log_days($1::text::date)"#,
        oldest_kept.to_string(),
    )
    .fetch_all(connection)
    .await?;
    let mut dropped = 0;
    for part in parts {
        if part.dropped {
            dropped += 1;
        } else {
            tracing::warn!(
                name = part.part,
                "an old part of the log could not be dropped yet"
            );
        }
    }
    Ok(dropped)
}

fn utc_date(at: Timestamp) -> Date {
    at.to_zoned(TimeZone::UTC).date()
}
