//! Keys that access tokens are signed with, by `kid`. A retired key still verifies what it signed
//! until that has expired; it signs nothing new.

use jiff::Timestamp;
use sqlx::Acquire;

use super::{Pools, StoreError};

#[derive(Clone)]
pub struct SigningKey {
    pub kid: String,
    /// Pinned to the key: `HS256`.
    pub algorithm: String,
    pub secret: Vec<u8>,
    pub created_at: Timestamp,
    pub retired_at: Option<Timestamp>,
}

impl std::fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SigningKey")
            .field("kid", &self.kid)
            .field("retired_at", &self.retired_at)
            .finish_non_exhaustive()
    }
}

/// All keys that may still verify a token, newest first: those not retired, or retired less than
/// a day ago.
pub async fn list(pools: &Pools) -> Result<Vec<SigningKey>, StoreError> {
    let keys = sqlx::query!(
        r#"select kid, algorithm, secret, created_at as "created_at: jiff_sqlx::Timestamp",
               retired_at as "retired_at: jiff_sqlx::Timestamp"
           from signing_key
           where retired_at is null or retired_at > now() - interval '1 day'
           order by created_at desc, kid limit 100"#
    )
    .fetch_all(&pools.reads)
    .await?;
    Ok(keys
        .into_iter()
        .map(|row| SigningKey {
            kid: row.kid,
            algorithm: row.algorithm,
            secret: row.secret,
            created_at: row.created_at.to_jiff(),
            retired_at: row.retired_at.map(jiff_sqlx::Timestamp::to_jiff),
        })
        .collect())
}

/// Adds the first key, or does nothing where there is one that signs; instances starting together
/// agree on one.
pub async fn create_first(pools: &Pools, kid: &str, secret: &[u8]) -> Result<(), StoreError> {
    let mut connection = pools.reads.acquire().await?;
    let mut transaction = connection.begin().await?;
    sqlx::query!("lock table signing_key in share row exclusive mode")
        .execute(&mut *transaction)
        .await?;
    sqlx::query!(
        "insert into signing_key (kid, algorithm, secret)
         select $1, 'HS256', $2
         where not exists (select 1 from signing_key where retired_at is null)",
        kid,
        secret,
    )
    .execute(&mut *transaction)
    .await?;
    transaction.commit().await?;
    Ok(())
}

/// Adds a key that signs from now on and retires all others.
pub async fn rotate(pools: &Pools, kid: &str, secret: &[u8]) -> Result<(), StoreError> {
    sqlx::query!(
        "with retired as (
             update signing_key set retired_at = now() where retired_at is null
         )
         insert into signing_key (kid, algorithm, secret) values ($1, 'HS256', $2)",
        kid,
        secret,
    )
    .execute(&pools.reads)
    .await?;
    Ok(())
}
