//! The security log: refusals for want of a right, failed sign-ins, reused refresh tokens.
//! Insert only.

use std::net::IpAddr;

use super::{Pools, StoreError};
use crate::domain::ids::AccountId;

/// Something that should not have been tried.
#[derive(Debug, Clone)]
pub struct SecurityEvent<'a> {
    pub actor: Option<AccountId>,
    pub remote: Option<IpAddr>,
    /// What was tried: a command's name, `sign_in`, `sign_in.refresh`, `subscribe`.
    pub kind: &'a str,
    /// Why it was refused.
    pub code: &'a str,
    /// What it was tried on; never a secret.
    pub subject: &'a str,
}

pub async fn record(pools: &Pools, event: SecurityEvent<'_>) -> Result<(), StoreError> {
    sqlx::query!(
        "insert into security_event (actor_id, remote, kind, code, subject)
         values ($1, $2::text::inet, $3, $4, $5)",
        event.actor.map(|actor| actor.0),
        event.remote.map(|remote| remote.to_string()),
        event.kind,
        event.code,
        event.subject,
    )
    .execute(&pools.reads)
    .await?;
    Ok(())
}
