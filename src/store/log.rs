//! The memory of durable channels, as the engine reads it. Every read is one statement, so its
//! publications, head and epoch are of one instant.
//!
//! Appending is part of the command's transaction, see `append`.

use async_trait::async_trait;
use hub::ports::{
    Body, ChannelLog, ChannelName, Epoch, LogError, LogRead, Position, Publication, RecentCursor,
};

use super::{
    Pools, StoreError,
    epoch::{self, Reached, Watch},
};

/// The log in Postgres.
#[derive(Debug, Clone)]
pub struct PostgresLog {
    pools: Pools,
    watch: Watch,
}

impl PostgresLog {
    pub fn new(pools: Pools) -> Self {
        Self {
            pools,
            watch: Watch::default(),
        }
    }

    /// Takes in how far the database had come. One that went back behind its own back gets a new
    /// name for its log, and the reader another try.
    async fn check(&self, seen: Option<Reached>, found: Reached) -> Result<Epoch, StoreError> {
        if !self.watch.went_back(seen.as_ref(), &found) {
            return Ok(found.name);
        }
        tracing::error!(?seen, ?found, "the database went back");
        epoch::renew(&self.pools, Some(&found.name)).await
    }
}

impl From<StoreError> for LogError {
    fn from(error: StoreError) -> Self {
        Self(error.to_string())
    }
}

#[async_trait]
impl ChannelLog for PostgresLog {
    async fn epoch(&self) -> Result<Epoch, LogError> {
        let seen = self.watch.seen();
        let row = sqlx::query!(
            r#"select log_name() as name, (pg_current_wal_flush_lsn() - '0/0')::bigint as "position!""#
        )
        .fetch_one(&self.pools.reads)
        .await
        .map_err(StoreError::from)?;
        let found = Reached {
            name: epoch::named(row.name)?,
            position: row.position,
        };
        Ok(self.check(seen, found).await?)
    }

    async fn head(&self, channel: &str) -> Result<Position, LogError> {
        let _turn = self.pools.read_turn().await?;
        let row = sqlx::query!(
            r#"select log_name() as epoch,
                   coalesce((select head from channel where name = $1), 0) as "head!""#,
            channel,
        )
        .fetch_one(&self.pools.reads)
        .await
        .map_err(StoreError::from)?;
        Ok(position(row.head, &epoch::named(row.epoch)?)?)
    }

    async fn read_after(
        &self,
        channel: &str,
        after: u64,
        limit: usize,
    ) -> Result<LogRead, LogError> {
        let _turn = self.pools.read_turn().await?;
        let rows = sqlx::query_as!(
            LogRow,
            r#"with log as materialized (select log_name() as epoch)
               select epoch, coalesce((select head from channel where name = $1), 0) as "head!",
                   found.channel_offset as "offset?", found.body::text as "body?"
               from log left join lateral (
                   select channel_offset, body from publication
                   where channel = $1 and channel_offset > $2
                   order by channel_offset limit $3
               ) found on true
               order by found.channel_offset"#,
            channel,
            stored(after),
            i64::try_from(limit).unwrap_or(i64::MAX),
        )
        .fetch_all(&self.pools.reads)
        .await
        .map_err(StoreError::from)?;
        Ok(log_read(channel, rows)?)
    }

    async fn read_before(
        &self,
        channel: &str,
        before: Option<u64>,
        limit: usize,
    ) -> Result<LogRead, LogError> {
        let _turn = self.pools.read_turn().await?;
        let rows = sqlx::query_as!(
            LogRow,
            r#"with log as materialized (select log_name() as epoch)
               select epoch, coalesce((select head from channel where name = $1), 0) as "head!",
                   found.channel_offset as "offset?", found.body::text as "body?"
               from log left join lateral (
                   select channel_offset, body from publication
                   where channel = $1 and channel_offset < $2
                   order by channel_offset desc limit $3
               ) found on true
               order by found.channel_offset desc"#,
            channel,
            before.map_or(i64::MAX, stored),
            i64::try_from(limit).unwrap_or(i64::MAX),
        )
        .fetch_all(&self.pools.reads)
        .await
        .map_err(StoreError::from)?;
        Ok(log_read(channel, rows)?)
    }

    async fn renew_epoch(&self, seen: &str) -> Result<Epoch, LogError> {
        Ok(epoch::renew(&self.pools, Some(seen)).await?)
    }

    /// The cursor is the `pg_snapshot_xmin` of the look: every transaction below it had ended, so
    /// the next look needs rows at or above it only. It follows the database back, should that
    /// have been restored.
    async fn recent_heads(
        &self,
        cursor: Option<RecentCursor>,
    ) -> Result<(Vec<(ChannelName, Position)>, RecentCursor), LogError> {
        let seen = self.watch.seen();
        let rows = sqlx::query!(
            r#"with log as materialized (
                   select log_name() as epoch, pg_current_wal_flush_lsn() - '0/0' as position)
               select epoch, position::bigint as "position!",
                   pg_snapshot_xmin(pg_current_snapshot())::text as "horizon!",
                   recent.channel as "channel?", recent.head as "head?"
               from log left join (
                   select channel, max(channel_offset) as head from publication
                   where xact >= $1::text::xid8
                   group by channel
               ) recent on true"#,
            cursor.unwrap_or(u64::MAX).to_string(),
        )
        .fetch_all(&self.pools.reads)
        .await
        .map_err(StoreError::from)?;
        let Some(first) = rows.first() else {
            return Err(LogError("the log has no epoch".to_owned()));
        };
        let epoch = epoch::named(first.epoch.clone())?;
        let found = Reached {
            name: epoch.clone(),
            position: first.position,
        };
        if self.check(seen, found).await? != epoch {
            return Err(LogError("the database went back".to_owned()));
        }
        let horizon = first
            .horizon
            .parse()
            .map_err(|_| LogError(format!("{} is no transaction id", first.horizon)))?;
        let mut heads = Vec::with_capacity(rows.len());
        for row in &rows {
            if let (Some(channel), Some(head)) = (&row.channel, row.head) {
                heads.push((ChannelName::from(channel.as_str()), position(head, &epoch)?));
            }
        }
        Ok((heads, horizon))
    }
}

struct LogRow {
    epoch: Option<String>,
    head: i64,
    offset: Option<i64>,
    body: Option<String>,
}

fn log_read(channel: &str, rows: Vec<LogRow>) -> Result<LogRead, StoreError> {
    let Some(first) = rows.first() else {
        return Err(unreadable("the log has no epoch"));
    };
    let epoch = epoch::named(first.epoch.clone())?;
    let head = position(first.head, &epoch)?;
    let name = ChannelName::from(channel);
    let mut publications = Vec::with_capacity(rows.len());
    for row in rows {
        let (Some(offset), Some(body)) = (row.offset, row.body) else {
            continue;
        };
        publications.push(publication(&name, offset, &epoch, &body)?);
    }
    Ok(LogRead { publications, head })
}

/// One stored row, as the engine knows it.
pub(super) fn publication(
    channel: &ChannelName,
    offset: i64,
    epoch: &Epoch,
    body: &str,
) -> Result<Publication, StoreError> {
    Ok(Publication {
        channel: channel.clone(),
        offset: position(offset, epoch)?.offset,
        epoch: epoch.clone(),
        key: None,
        body: Body::from_text(body).map_err(|error| unreadable(&error.to_string()))?,
        info: None,
    })
}

pub(super) fn position(offset: i64, epoch: &Epoch) -> Result<Position, StoreError> {
    Ok(Position {
        offset: u64::try_from(offset).map_err(|_| unreadable("an offset is negative"))?,
        epoch: epoch.clone(),
    })
}

/// No channel reaches `i64::MAX`, so saturating keeps comparisons right.
fn stored(offset: u64) -> i64 {
    i64::try_from(offset).unwrap_or(i64::MAX)
}

fn unreadable(reason: &str) -> StoreError {
    StoreError::Unreadable {
        what: "publication",
        reason: reason.to_owned(),
    }
}
