//! Faults of `PostgreSQL`. Everything that was acknowledged is there afterwards; only where the
//! database is put back to an older state is that state what it says.

use std::time::Duration;

use anyhow::{Context as _, Result};
use rand::Rng as _;
use sqlx::Connection as _;

use super::{Fault, Ordeal};
use crate::{
    cluster::{Access, DATABASE, Replication, Stop},
    history::fault,
};

/// Nobody may lock for longer than the server waits for a lock, or it is no test of waiting.
const LOCKED_AT_MOST: Duration = Duration::from_secs(5);

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "those of the other families are inflicted by their files"
)]
pub(super) async fn inflict(mut ordeal: Ordeal<'_>) -> Result<()> {
    let postgres = ordeal.stage.cluster.postgres();
    match ordeal.fault {
        Fault::PostgresPromote => return promote(&mut ordeal).await,
        Fault::PostgresRewind => return rewind(&ordeal).await,
        _ => {}
    }
    ordeal.begun("postgres");
    match ordeal.fault {
        Fault::PostgresRestart => {
            postgres.stop(Stop::Fast).await;
            ordeal.endure().await;
            postgres.start().await?;
        }
        Fault::PostgresBackend => {
            postgres.kill_backend(DATABASE).await?;
            ordeal.endure().await;
        }
        Fault::PostgresImmediate => {
            let how = if ordeal.dice.random() {
                Stop::Immediate
            } else {
                Stop::Kill
            };
            postgres.stop(how).await;
            ordeal.endure().await;
            postgres.start().await?;
        }
        Fault::PostgresReadOnly => {
            postgres.set_access(Access::ReadOnly).await?;
            ordeal.endure().await;
            postgres.set_access(Access::ReadWrite).await?;
        }
        _ => exhaust(&ordeal).await?,
    }
    all_ready(&ordeal).await?;
    ordeal.healed("postgres");
    Ok(())
}

/// Every command waits for the same lock, until each instance's connections are all waiting.
async fn exhaust(ordeal: &Ordeal<'_>) -> Result<()> {
    let postgres = ordeal.stage.cluster.postgres();
    let mut connection = postgres.connect(DATABASE).await?;
    let mut transaction = connection.begin().await?;
    sqlx::query("lock table command in access exclusive mode")
        .execute(&mut *transaction)
        .await
        .context("the lock")?;
    tokio::time::sleep(ordeal.lasts.min(LOCKED_AT_MOST)).await;
    transaction.rollback().await?;
    Ok(())
}

/// A standby takes over: one that has heard every commit, or one that has not heard the last.
async fn promote(ordeal: &mut Ordeal<'_>) -> Result<()> {
    let cluster = &ordeal.stage.cluster;
    let loses = ordeal.dice.random();
    let replication = if loses {
        Replication::Asynchronous
    } else {
        Replication::Synchronous
    };
    cluster.add_standby(replication).await?;
    if loses {
        ordeal.note(fault::COPIED, "standby", false);
    }
    cluster.wait_for_standby().await?;
    if loses {
        cluster.part_standby().await?;
        ordeal.endure().await;
    }
    let target = if loses { "behind" } else { "in step" };
    ordeal.begun(target);
    cluster.promote(Stop::Immediate).await?;
    all_ready(ordeal).await?;
    ordeal.healed(target);
    Ok(())
}

/// What operators do when they must go back: restore a dump, renew the epoch.
async fn rewind(ordeal: &Ordeal<'_>) -> Result<()> {
    let cluster = &ordeal.stage.cluster;
    ordeal.note(fault::COPIED, "dump", false);
    let dump = cluster.dump().await?;
    ordeal.endure().await;
    ordeal.begun("dump");
    cluster.restore(&dump).await?;
    cluster.renew_epoch().await?;
    all_ready(ordeal).await?;
    ordeal.healed("dump");
    Ok(())
}

async fn all_ready(ordeal: &Ordeal<'_>) -> Result<()> {
    for instance in ordeal.stage.cluster.instances() {
        // One that is stopped by another fault comes back with that.
        if instance.process().is_running() {
            ordeal.stage.revive(instance).await?;
        }
    }
    Ok(())
}
