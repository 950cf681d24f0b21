//! The name of the whole log (P4). Offsets mean something within one name only.
//!
//! Nobody has to notice that the database is another one or went back for the name to change: what
//! readers and writers know it by is made, in the statement that needs it, of the name given and of
//! what no restore brings along (see `log_name` in the migrations): the cluster, its timeline, and
//! the transaction that wrote the row. So a promoted standby and a dump read back have a new name
//! before anything is written under it. What is left is a cluster whose files were put back behind
//! its own back: that is noticed by [`Watch`], or announced by `dispatch-hub epoch renew`.

use std::sync::{Arc, Mutex, PoisonError};

use hub::ports::Epoch;
use uuid::Uuid;

use super::{Pools, StoreError};

/// The current name; one is given if there is none. Called once at start, on the primary.
pub async fn ensure(pools: &Pools) -> Result<Epoch, StoreError> {
    let given = sqlx::query!(
        "insert into log_epoch (epoch, system_identifier, timeline_id)
         select $1, system_identifier, timeline_id from pg_control_system(), pg_control_checkpoint()
         on conflict on constraint log_epoch_pk do nothing",
        fresh(),
    )
    .execute(&pools.reads)
    .await?;
    let epoch = current(pools).await?;
    if given.rows_affected() > 0 {
        tracing::info!(%epoch, "the log has a name");
    }
    Ok(epoch)
}

async fn current(pools: &Pools) -> Result<Epoch, StoreError> {
    let name = sqlx::query_scalar!("select log_name()")
        .fetch_one(&pools.reads)
        .await?;
    named(name)
}

/// Gives the log a new name unless its name is no longer `seen`, and returns the current one.
/// `seen` of `None` renews whatever the name is.
pub async fn renew(pools: &Pools, seen: Option<&str>) -> Result<Epoch, StoreError> {
    let row = sqlx::query!("select epoch, log_name() as name from log_epoch")
        .fetch_optional(&pools.reads)
        .await?;
    let Some(row) = row else {
        return ensure(pools).await;
    };
    let name = named(row.name)?;
    if seen.is_some_and(|seen| *seen != *name) {
        return Ok(name);
    }
    // Of two who renew at once, the second finds the row changed.
    sqlx::query!(
        "update log_epoch set epoch = $1, since = now(),
             system_identifier = here.system_identifier, timeline_id = checkpoint.timeline_id
         from pg_control_system() here, pg_control_checkpoint() checkpoint
         where epoch = $2",
        fresh(),
        row.epoch,
    )
    .execute(&pools.reads)
    .await?;
    let epoch = current(pools).await?;
    tracing::warn!(before = %name, %epoch, "the log was given a new name");
    Ok(epoch)
}

/// What a statement found of [`current`].
pub(super) fn named(name: Option<String>) -> Result<Epoch, StoreError> {
    name.map(Into::into).ok_or_else(|| StoreError::Unreadable {
        what: "log",
        reason: "it has no name".to_owned(),
    })
}

fn fresh() -> String {
    Uuid::new_v4().simple().to_string()[..12].to_owned()
}

/// How far the database's own log of writes had come, and what ours was called then. It only grows:
/// one that is behind where it was seen to be went back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Reached {
    pub(super) name: Epoch,
    pub(super) position: i64,
}

/// What was seen last. Clones share it.
#[derive(Debug, Clone, Default)]
pub(super) struct Watch(Arc<Mutex<Option<Reached>>>);

impl Watch {
    /// To be taken before the database is asked: what was seen after that proves nothing.
    pub(super) fn seen(&self) -> Option<Reached> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Takes in an answer. True where the database went back under the name it had.
    pub(super) fn went_back(&self, seen: Option<&Reached>, found: &Reached) -> bool {
        let went_back =
            seen.is_some_and(|seen| seen.name == found.name && found.position < seen.position);
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match &mut *last {
            Some(last) if last.name == found.name && !went_back => {
                last.position = last.position.max(found.position);
            }
            last => *last = Some(found.clone()),
        }
        went_back
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reached(name: &str, position: i64) -> Reached {
        Reached {
            name: name.into(),
            position,
        }
    }

    #[test]
    fn only_what_is_behind_what_was_seen_before_under_its_name_went_back() {
        let watch = Watch::default();
        assert!(!watch.went_back(watch.seen().as_ref(), &reached("a", 10)));
        let early = watch.seen();
        assert!(!watch.went_back(early.as_ref(), &reached("a", 20)));
        assert!(
            !watch.went_back(early.as_ref(), &reached("a", 15)),
            "it was asked before 20 was seen"
        );
        assert_eq!(watch.seen(), Some(reached("a", 20)));
        assert!(watch.went_back(watch.seen().as_ref(), &reached("a", 19)));
        assert!(
            !watch.went_back(watch.seen().as_ref(), &reached("a", 19)),
            "told once"
        );
        assert!(
            !watch.went_back(watch.seen().as_ref(), &reached("b", 1)),
            "renamed already"
        );
    }
}
