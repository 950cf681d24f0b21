//! Sign-ins, kept alive by rotating refresh tokens of which only the SHA-256 is known here. A
//! token that was already exchanged ends its sign-in when it comes again: it was copied.

use std::time::Duration;

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

/// Exchanges the presented refresh token for a new one; the sign-in lives on for `life`.
pub async fn rotate(
    pools: &Pools,
    presented_hash: &[u8],
    new_hash: &[u8],
    life: Duration,
) -> Result<Rotation, StoreError> {
    let renewed = sqlx::query!(
        r#"update sign_in set previous_hash = refresh_hash, refresh_hash = $2, refreshed_at = now(),
               expires_at = now() + make_interval(secs => $3)
           from account
           where account.id = sign_in.account_id and account.disabled_at is null
               and refresh_hash = $1 and revoked_at is null and expires_at > now()
           returning sign_in.id, account_id, account.role, account.name,
               expires_at as "expires_at: jiff_sqlx::Timestamp""#,
        presented_hash,
        new_hash,
        life.as_secs_f64(),
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
    let reused = sqlx::query!(
        "update sign_in set revoked_at = now()
         where previous_hash = $1 and revoked_at is null
         returning id, account_id",
        presented_hash,
    )
    .fetch_optional(&pools.reads)
    .await?;
    Ok(reused.map_or(Rotation::Unknown, |row| Rotation::Reused {
        id: row.id,
        account: AccountId(row.account_id),
    }))
}

/// The sign-in, while neither it nor its account has ended.
pub async fn find_live(pools: &Pools, id: Uuid) -> Result<Option<SignIn>, StoreError> {
    let row = sqlx::query!(
        r#"select sign_in.id, account_id, account.role, account.name,
               expires_at as "expires_at: jiff_sqlx::Timestamp"
           from sign_in join account on account.id = account_id
           where sign_in.id = $1 and revoked_at is null and expires_at > now()
               and account.disabled_at is null"#,
        id,
    )
    .fetch_optional(&pools.reads)
    .await?;
    let Some(row) = row else { return Ok(None) };
    Ok(Some(SignIn {
        id: row.id,
        account: AccountId(row.account_id),
        role: known_role(&row.role)?,
        name: row.name,
        expires_at: row.expires_at.to_jiff(),
    }))
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
