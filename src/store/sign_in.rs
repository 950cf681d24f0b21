//! Sign-ins, kept alive by rotating refresh tokens of which only the SHA-256 is known here. A
//! token that was exchanged some time ago ends its sign-in when it comes again: it was copied. One
//! that was exchanged just now is asked about by somebody whose answer was lost.

use std::{collections::HashMap, time::Duration};

use futures_util::FutureExt;
use jiff::Timestamp;
use uuid::Uuid;

use super::{Pools, StoreError};
use crate::domain::{context::Role, ids::AccountId};

/// A live sign-in and whose it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignIn {
    pub id: Uuid,
    pub account: AccountId,
    pub role: Role,
    pub name: String,
    pub expires_at: Timestamp,
}

/// What came of presenting a refresh token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Rotation {
    Renewed(SignIn),
    /// Exchanged a moment ago, at this second: its successor may be handed out once more.
    Repeated {
        sign_in: SignIn,
        exchanged_at: i64,
    },
    /// Exchanged before: the sign-in has been revoked just now.
    Reused {
        id: Uuid,
        account: AccountId,
    },
    /// Unknown, expired, revoked, or of a disabled account.
    Unknown,
}

/// Begins a sign-in under an id of the caller's, which its tokens bear.
pub async fn create(
    pools: &Pools,
    id: Uuid,
    account: AccountId,
    refresh_hash: &[u8],
    life: Duration,
) -> Result<(), StoreError> {
    sqlx::query!(
        "insert into sign_in (id, account_id, refresh_hash, expires_at)
         values ($1, $2, $3, now() + make_interval(secs => $4))",
        id,
        account.0,
        refresh_hash,
        life.as_secs_f64(),
    )
    .execute(&pools.reads)
    .await?;
    Ok(())
}

/// The exchange of a refresh token for its successor. Hashes are all that is known of either.
#[derive(Debug, Clone, Copy)]
pub struct Exchange<'a> {
    pub sign_in: Uuid,
    /// Of the presented token: how many came before it.
    pub generation: u32,
    pub presented: &'a [u8],
    pub successor: &'a [u8],
    /// The second at which the successor was made.
    pub at: i64,
    /// The sign-in lives on for as long.
    pub life: Duration,
    /// For as long the presented token may come again.
    pub grace: Duration,
}

/// Exchanges the presented refresh token for a new one: it is the newest that is known of its sign-in,
/// or newer still. No token is of a later generation than its row, unless the row has gone back.
pub async fn rotate(pools: &Pools, exchange: Exchange<'_>) -> Result<Rotation, StoreError> {
    let renewed = sqlx::query!(
        r#"update sign_in set previous_hash = $1, refresh_hash = $2,
               generation = greatest(generation, $6::bigint + 1),
               refreshed_at = to_timestamp($4::bigint),
               expires_at = now() + make_interval(secs => $3)
           from account
           where account.id = sign_in.account_id and account.disabled_at is null
               and sign_in.id = $5 and (refresh_hash = $1 or generation < $6)
               and revoked_at is null and expires_at > now()
           returning sign_in.id, account_id, account.role, account.name,
               expires_at as "expires_at: jiff_sqlx::Timestamp""#,
        exchange.presented,
        exchange.successor,
        exchange.life.as_secs_f64(),
        exchange.at,
        exchange.sign_in,
        i64::from(exchange.generation),
    )
    .fetch_optional(&pools.reads)
    .await?;
    if let Some(row) = renewed {
        return Ok(Rotation::Renewed(SignIn {
            id: row.id,
            account: AccountId(row.account_id),
            role: known_role(&row.role)?,
            name: row.name,
            expires_at: row.expires_at.to_jiff(),
        }));
    }
    if let Some(repeated) = find_exchanged(pools, exchange).await? {
        return Ok(repeated);
    }
    let reused = sqlx::query!(
        "update sign_in set revoked_at = now()
         where previous_hash = $1 and revoked_at is null
         returning id, account_id",
        exchange.presented,
    )
    .fetch_optional(&pools.reads)
    .await?;
    Ok(reused.map_or(Rotation::Unknown, |row| Rotation::Reused {
        id: row.id,
        account: AccountId(row.account_id),
    }))
}

/// The sign-in of which this token was the newest until a moment ago.
async fn find_exchanged(
    pools: &Pools,
    exchange: Exchange<'_>,
) -> Result<Option<Rotation>, StoreError> {
    let exchanged = sqlx::query!(
        r#"select sign_in.id, account_id, account.role, account.name,
               expires_at as "expires_at: jiff_sqlx::Timestamp",
               extract(epoch from refreshed_at)::bigint as "exchanged_at!"
           from sign_in join account on account.id = account_id
           where previous_hash = $1 and revoked_at is null and expires_at > now()
               and refreshed_at > now() - make_interval(secs => $2)
               and account.disabled_at is null"#,
        exchange.presented,
        exchange.grace.as_secs_f64(),
    )
    .fetch_optional(&pools.reads)
    .await?;
    let Some(row) = exchanged else {
        return Ok(None);
    };
    Ok(Some(Rotation::Repeated {
        exchanged_at: row.exchanged_at,
        sign_in: SignIn {
            id: row.id,
            account: AccountId(row.account_id),
            role: known_role(&row.role)?,
            name: row.name,
            expires_at: row.expires_at.to_jiff(),
        },
    }))
}

/// Puts a successor in place of the one that was made first, where it cannot be made again: the key
/// that signed it is no longer the newest. `false`: the first one has been exchanged meanwhile.
pub async fn replace_successor(
    pools: &Pools,
    presented: &[u8],
    successor: &[u8],
) -> Result<bool, StoreError> {
    let done = sqlx::query!(
        "update sign_in set refresh_hash = $2 where previous_hash = $1 and revoked_at is null",
        presented,
        successor,
    )
    .execute(&pools.reads)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// The sign-in, while neither it nor its account has ended.
pub async fn find_live(pools: &Pools, id: Uuid) -> Result<Option<SignIn>, StoreError> {
    let read = |pools, ids| read_live(pools, ids).boxed();
    pools.live_sign_ins.ask(id, pools, read).await
}

async fn read_live(pools: Pools, ids: Vec<Uuid>) -> Result<Vec<Option<SignIn>>, StoreError> {
    let rows = sqlx::query!(
        r#"select sign_in.id, account_id, account.role, account.name,
               expires_at as "expires_at: jiff_sqlx::Timestamp"
           from sign_in join account on account.id = account_id
           where sign_in.id = any($1) and revoked_at is null and expires_at > now()
               and account.disabled_at is null"#,
        &ids,
    )
    .fetch_all(&pools.reads)
    .await?;
    let mut live = HashMap::new();
    for row in rows {
        let sign_in = SignIn {
            id: row.id,
            account: AccountId(row.account_id),
            role: known_role(&row.role)?,
            name: row.name,
            expires_at: row.expires_at.to_jiff(),
        };
        live.insert(sign_in.id, sign_in);
    }
    // Some come by several connections of theirs.
    Ok(ids.iter().map(|id| live.get(id).cloned()).collect())
}

/// Ends one sign-in. `false`: it had ended already, or never was.
pub async fn revoke(pools: &Pools, id: Uuid) -> Result<bool, StoreError> {
    let done = sqlx::query!(
        "update sign_in set revoked_at = now() where id = $1 and revoked_at is null",
        id,
    )
    .execute(&pools.reads)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Ends all sign-ins of an account.
pub async fn revoke_all(pools: &Pools, account: AccountId) -> Result<u64, StoreError> {
    let done = sqlx::query!(
        "update sign_in set revoked_at = now() where account_id = $1 and revoked_at is null",
        account.0,
    )
    .execute(&pools.reads)
    .await?;
    Ok(done.rows_affected())
}

fn known_role(role: &str) -> Result<Role, StoreError> {
    Role::parse(role).ok_or_else(|| StoreError::Unreadable {
        what: "account role",
        reason: role.to_owned(),
    })
}
