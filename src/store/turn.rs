//! What one instance does for all of them as long as it lives: a lock that a session of the database
//! holds, so that it is free again when that session ends, however it ends.
//!
//! Only for what does no harm when two do it for a moment: an instance that has lost its session
//! notices by its next look, and another may have begun by then.

use std::time::Duration;

use sqlx::{Connection, PgConnection};
use tokio::time::{sleep, timeout};

use super::{Pools, StoreError};

/// How often an instance looks whether its session is still there, and how long it waits for the
/// answer.
const LOOK_PERIOD: Duration = Duration::from_secs(2);
const LOOK_PATIENCE: Duration = Duration::from_secs(2);
/// How often whoever waits for a turn asks for it.
const WAIT_PERIOD: Duration = Duration::from_millis(100);

/// Something that is one instance's at a time: the key of an advisory lock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// The people of the demo.
    Demo,
    /// Making the demo's plan and bringing it up to now.
    DemoPlan,
}

impl Part {
    fn key(self) -> i64 {
        match self {
            Self::Demo => 0x6469_7370_6465_6d6f,
            Self::DemoPlan => 0x6469_7370_706c_616e,
        }
    }
}

/// It is ours. Dropping it gives it back when the database notices.
#[derive(Debug)]
pub struct Turn(PgConnection);

impl Turn {
    /// Takes the part, unless somebody has it.
    pub async fn take(pools: &Pools, part: Part) -> Result<Option<Self>, StoreError> {
        // Not a connection of the pool any more: it is held for as long as the turn lasts.
        let mut connection = pools.reads.acquire().await?.detach();
        let key = part.key();
        let taken = sqlx::query_scalar!(r#"select pg_try_advisory_lock($1) as "taken!""#, key)
            .fetch_one(&mut connection)
            .await?;
        if !taken {
            connection.close().await?;
            return Ok(None);
        }
        Ok(Some(Self(connection)))
    }

    /// The same, after whoever has it.
    pub async fn wait(pools: &Pools, part: Part) -> Result<Self, StoreError> {
        loop {
            if let Some(turn) = Self::take(pools, part).await? {
                return Ok(turn);
            }
            sleep(WAIT_PERIOD).await;
        }
    }

    /// Until the session is lost, and the part with it.
    pub async fn lost(&mut self) {
        loop {
            sleep(LOOK_PERIOD).await;
            let look = timeout(LOOK_PATIENCE, self.0.ping()).await;
            if !matches!(look, Ok(Ok(()))) {
                return;
            }
        }
    }

    /// Gives the part back at once. Fails only where the session is lost, and the part with it.
    pub async fn give_back(self) {
        let _ = self.0.close().await;
    }
}
