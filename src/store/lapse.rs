//! Rights that have ended, for every instance to find, see `0007_lapses.sql`. Rows about accounts and
//! sign-ins are written by the database's triggers; those about channels are written here, by the
//! transaction that ends the right.

use std::collections::HashMap;

use sqlx::PgConnection;
use uuid::Uuid;

use super::{Pools, StoreError};
use crate::{
    audience::Lapse,
    domain::{context::Role, ids::AccountId},
};

/// Notes the channels that somebody may follow no longer.
pub async fn record(connection: &mut PgConnection, lapses: &[Lapse]) -> Result<(), StoreError> {
    let (mut accounts, mut channels) = (Vec::new(), Vec::new());
    for lapse in lapses {
        match lapse {
            // Noted by the database.
            Lapse::Account(_) | Lapse::Role(_) => {}
            Lapse::Over(channel) => {
                accounts.push(None);
                channels.push(channel.to_string());
            }
            Lapse::Channel { channel, user } => {
                accounts.push(Some(user.0));
                channels.push(channel.to_string());
            }
        }
    }
    if channels.is_empty() {
        return Ok(());
    }
    sqlx::query!(
        "insert into lapse (account_id, channel) select * from unnest($1::uuid[], $2::text[])",
        &accounts as &[Option<Uuid>],
        &channels,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// What is to be looked at again.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Noted {
    /// All connections of an account.
    Account(AccountId),
    /// Subscriptions to a channel: of an account, or of everybody.
    Channel {
        channel: String,
        account: Option<AccountId>,
    },
}

/// A place in what has been noted: every transaction below it had ended when it was read.
pub type Horizon = u64;

/// What one look has found.
#[derive(Debug, Clone, Default)]
pub struct Look {
    /// By their number, which tells a row that is seen by two looks.
    pub noted: Vec<(i64, Noted)>,
    pub horizon: Horizon,
}

/// What has been noted at `since` or later; without it nothing but the horizon.
pub async fn look(pools: &Pools, since: Option<Horizon>) -> Result<Look, StoreError> {
    let rows = sqlx::query!(
        r#"select pg_snapshot_xmin(pg_current_snapshot())::text as "horizon!",
               noted.id as "id?", noted.account_id as "account_id?", noted.channel as "channel?"
           from (select) as always left join (
               select id, account_id, channel from lapse where xact >= $1::text::xid8
           ) noted on true"#,
        since.unwrap_or(u64::MAX).to_string(),
    )
    .fetch_all(&pools.health)
    .await?;
    let mut look = Look::default();
    for row in rows {
        look.horizon = row.horizon.parse().map_err(|_| StoreError::Unreadable {
            what: "horizon",
            reason: row.horizon,
        })?;
        let account = row.account_id.map(AccountId);
        let noted = match (row.channel, account) {
            (Some(channel), account) => Noted::Channel { channel, account },
            (None, Some(account)) => Noted::Account(account),
            // There is nothing to be noted.
            (None, None) => continue,
        };
        if let Some(id) = row.id {
            look.noted.push((id, noted));
        }
    }
    Ok(look)
}

/// Which of these sign-ins are alive, and as what.
pub async fn alive(pools: &Pools, sign_ins: &[Uuid]) -> Result<HashMap<Uuid, Role>, StoreError> {
    let rows = sqlx::query!(
        "select sign_in.id, account.role
         from sign_in join account on account.id = account_id
         where sign_in.id = any($1) and revoked_at is null and expires_at > now()
             and account.disabled_at is null",
        sign_ins,
    )
    .fetch_all(&pools.health)
    .await?;
    let roles = rows.into_iter().map(|row| {
        let role = Role::parse(&row.role).ok_or_else(|| StoreError::Unreadable {
            what: "account role",
            reason: row.role,
        })?;
        Ok((row.id, role))
    });
    roles.collect()
}
