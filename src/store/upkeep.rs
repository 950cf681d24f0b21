//! What is made ahead and what is thrown away: daily partitions of the publications, receipts,
//! and what is over and told nobody anything any more.
//!
//! The log reaches back 48 hours; its floor is the oldest row left. A day without a partition of
//! its own lands in the default one and is deleted from there.

use jiff::{Timestamp, ToSpan, civil::Date, tz::TimeZone};
use sqlx::{Acquire, AssertSqlSafe, PgConnection, PgPool};

use super::{Pools, StoreError};

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

/// Makes the partitions of the coming days. Where the server's role may not, the default partition
/// does for them all.
pub async fn prepare_partitions(pools: &Pools, now: Timestamp) -> Result<(), StoreError> {
    let mut connection = pools.reads.acquire().await?;
    let today = utc_date(now);
    for ahead in 0..DAYS_AHEAD {
        let date = today.saturating_add(ahead.days());
        if exists(&mut connection, date).await? {
            continue;
        }
        if let Err(error) = create_partition(&mut connection, date).await {
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

async fn delete_rows(pool: &PgPool) -> Result<Trimmed, StoreError> {
    let publications = sqlx::query!(
        "delete from publication_default where ctid = any(array(
             select ctid from publication_default
             where published_at < now() - interval '48 hours' limit $1))",
        BATCH,
    );
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
        publications: publications.execute(pool).await?.rows_affected(),
        receipts: receipts.execute(pool).await?.rows_affected(),
        timers: timers.execute(pool).await?.rows_affected(),
        sign_ins: sign_ins.execute(pool).await?.rows_affected(),
        lapses: lapses.execute(pool).await?.rows_affected(),
    })
}

async fn exists(connection: &mut PgConnection, date: Date) -> Result<bool, StoreError> {
    let exists = sqlx::query_scalar!(
        r#"select to_regclass($1) is not null as "exists!""#,
        partition_name(date),
    )
    .fetch_one(connection)
    .await?;
    Ok(exists)
}

/// Made apart and attached: that locks the log against other changes of its shape only, not
/// against commands. It fails where the default partition already holds rows of that day.
async fn create_partition(connection: &mut PgConnection, date: Date) -> Result<(), StoreError> {
    let (name, next) = (partition_name(date), date.saturating_add(1.day()));
    let statement = format!(
        "begin;
         create table {name} (like publication including defaults including storage);
         alter table publication attach partition {name}
             for values from ('{date} 00:00+00') to ('{next} 00:00+00');
         commit"
    );
    let created = run(connection, statement).await;
    if created.is_err() {
        run(connection, "rollback".to_owned()).await?;
    }
    created
}

/// Dropping waits for the log's readers and holds up all others meanwhile: it gives up soon and is
/// tried again by the next round.
async fn drop_partitions(connection: &mut PgConnection, today: Date) -> Result<u64, StoreError> {
    let oldest_kept = partition_name(today.saturating_sub(DAYS_KEPT.days()));
    let old = sqlx::query_scalar!(
        r#"select relname::text as "name!" from pg_inherits join pg_class on pg_class.oid = inhrelid
           where inhparent = 'publication'::regclass and relname ~ '^publication_[0-9]{8}$'
               and relname < $1
           order by relname limit 10"#,
        oldest_kept,
    )
    .fetch_all(&mut *connection)
    .await?;
    let mut dropped = 0;
    for name in old {
        let statement = format!("set local lock_timeout = '200ms'; drop table {name}");
        let mut savepoint = connection.begin().await?;
        match run(&mut savepoint, statement).await {
            Ok(()) => {
                savepoint.commit().await?;
                dropped += 1;
            }
            Err(error) => {
                savepoint.rollback().await?;
                tracing::warn!(%error, name, "an old part of the log could not be dropped yet");
            }
        }
    }
    Ok(dropped)
}

/// Statements about tables whose names are made of a date.
async fn run(connection: &mut PgConnection, statement: String) -> Result<(), StoreError> {
    sqlx::raw_sql(AssertSqlSafe(statement))
        .execute(connection)
        .await?;
    Ok(())
}

fn partition_name(date: Date) -> String {
    format!("publication_{}", date.strftime("%Y%m%d"))
}

fn utc_date(at: Timestamp) -> Date {
    at.to_zoned(TimeZone::UTC).date()
}
