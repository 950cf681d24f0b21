//! The name of the whole log (P4). Offsets mean something within one epoch only.
//!
//! The name is stored with the identity of the database it was given in: a restore into another
//! cluster, or a failover to a new timeline, is noticed at start and gets a new name. A restore
//! that keeps both is announced by `dispatch-hub epoch renew`, or noticed at run time by a head
//! that went back.

use hub::ports::Epoch;
use uuid::Uuid;

use super::{Pools, StoreError};

/// The current name, made if there is none or if it was given in another database. Called once at
/// start, on the primary.
pub async fn ensure(pools: &Pools) -> Result<Epoch, StoreError> {
    let fresh = fresh_name();
    let epoch = sqlx::query_scalar!(
        r#"insert into log_epoch as given (epoch, system_identifier, timeline_id)
           select $1, system_identifier, timeline_id from pg_control_system(), pg_control_checkpoint()
           on conflict on constraint log_epoch_pk do update set
               epoch = case when (given.system_identifier, given.timeline_id)
                       = (excluded.system_identifier, excluded.timeline_id)
                   then given.epoch else excluded.epoch end,
               since = case when (given.system_identifier, given.timeline_id)
                       = (excluded.system_identifier, excluded.timeline_id)
                   then given.since else now() end,
               system_identifier = excluded.system_identifier,
               timeline_id = excluded.timeline_id
           returning epoch"#,
        fresh,
    )
    .fetch_one(&pools.reads)
    .await?;
    if epoch == fresh {
        tracing::info!(epoch, "the log has a new epoch");
    }
    Ok(epoch.into())
}

/// Gives the log a new name unless its name is no longer `seen`, and returns the current one.
/// `seen` of `None` renews whatever the name is.
pub async fn renew(pools: &Pools, seen: Option<&str>) -> Result<Epoch, StoreError> {
    let fresh = fresh_name();
    let epoch = sqlx::query_scalar!(
        r#"insert into log_epoch as given (epoch, system_identifier, timeline_id)
           select $1, system_identifier, timeline_id from pg_control_system(), pg_control_checkpoint()
           on conflict on constraint log_epoch_pk do update set
               epoch = case when given.epoch = coalesce($2, given.epoch)
                   then excluded.epoch else given.epoch end,
               since = case when given.epoch = coalesce($2, given.epoch)
                   then now() else given.since end
           returning epoch"#,
        fresh,
        seen,
    )
    .fetch_one(&pools.reads)
    .await?;
    if epoch == fresh {
        tracing::warn!(epoch, "the log was given a new epoch");
    }
    Ok(epoch.into())
}

fn fresh_name() -> String {
    Uuid::new_v4().simple().to_string()[..12].to_owned()
}
