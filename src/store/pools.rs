//! The pools of connections: commands, reads (snapshots, recovery, sign-in) and health each have
//! their own, so that a storm of one cannot starve the others.
//!
//! Nobody waits longer than 250 ms for a connection: a caller who cannot get one is refused and
//! comes back. Of the reads the long ones take turns, so that recognising somebody, or a timer, never
//! waits behind a storm of screens or queries. The driver offers no `TCP_USER_TIMEOUT`; on our side the time limit of the command
//! trip stands in for it, on the server's side `tcp_user_timeout` and the connection check do.

use std::{str::FromStr, sync::Arc, time::Duration};

use sqlx::postgres::PgConnectOptions;
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::timeout,
};
use uuid::Uuid;

use super::{
    StoreError, append,
    connections::{self, Connections},
    sign_in::SignIn,
    snapshot::Question,
    together::Together,
};
use crate::audience::rights::Facts;

/// Connections kept open at most, per pool.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PoolSizes {
    pub commands: u32,
    pub reads: u32,
    pub health: u32,
}

impl Default for PoolSizes {
    fn default() -> Self {
        Self {
            commands: 16,
            reads: 8,
            health: 2,
        }
    }
}

/// A turn at reading, over when it is dropped.
#[must_use]
#[derive(Debug)]
pub struct ReadTurn {
    _read: OwnedSemaphorePermit,
    _query: Option<OwnedSemaphorePermit>,
}

/// The longest that a snapshot or a recovery waits for its turn. Somebody's whole screen depends on it,
/// and many may be waiting for the same one.
const READ_PATIENCE: Duration = Duration::from_secs(2);
/// Of the connections for reads one in so many is kept for what is short and cannot wait: recognising
/// people, timers, looks at the log.
const KEPT_ONE_IN: u32 = 4;

/// The way to the database. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Pools {
    /// The command trip and nothing else.
    pub commands: Connections,
    /// Snapshots, the channel log, sign-in, catalog, background work.
    pub reads: Connections,
    /// Readiness, the operations listener, and looks at rights that ended: however busy the others
    /// are.
    pub health: Connections,
    /// Turns of long reads; they leave connections to the short ones.
    long_reads: Arc<Semaphore>,
    /// Queries and lists have half of those: screens come first.
    queries: Arc<Semaphore>,
    /// What is asked for whoever comes in.
    pub(super) live_sign_ins: Together<Uuid, Option<SignIn>>,
    pub(super) channel_facts: Together<Question, Facts>,
}

impl Pools {
    /// Prepares the pools without connecting: the database may be away at start.
    pub fn open(database_url: &str, sizes: PoolSizes) -> Result<Self, StoreError> {
        let options = PgConnectOptions::from_str(database_url)?;
        let session = |name: &str| with_limits(options.clone()).application_name(name);
        Ok(Self {
            commands: Connections::new(sizes.commands, |pool| {
                // A dead connection shows at the trip's first statement, which is then tried on
                // another one: cheaper than a round trip before every command.
                pool.test_before_acquire(false)
                    .after_connect(|connection, _| Box::pin(append::prepare(connection)))
                    .connect_lazy_with(session("dispatch-hub commands"))
            }),
            reads: Connections::new(sizes.reads, |pool| {
                pool.connect_lazy_with(session("dispatch-hub reads"))
            }),
            health: Connections::new(sizes.health, |pool| {
                pool.connect_lazy_with(session("dispatch-hub health"))
            }),
            long_reads: turns(long_reads(sizes.reads)),
            queries: turns(long_reads(sizes.reads) / 2),
            live_sign_ins: Together::default(),
            channel_facts: Together::default(),
        })
    }

    /// A turn at reading what a screen is made of: a snapshot, or what was missed of a channel.
    pub async fn read_turn(&self) -> Result<ReadTurn, StoreError> {
        Ok(ReadTurn {
            _read: taken(&self.long_reads, READ_PATIENCE).await?,
            _query: None,
        })
    }

    /// A turn at a query or a list. However many are asked, the screens' reads go on.
    pub async fn query_turn(&self) -> Result<ReadTurn, StoreError> {
        let query = taken(&self.queries, connections::WAIT).await?;
        Ok(ReadTurn {
            _read: taken(&self.long_reads, connections::WAIT).await?,
            _query: Some(query),
        })
    }

    /// Whether the database answers, for readiness.
    pub async fn ping(&self) -> Result<(), StoreError> {
        sqlx::query_scalar!(r#"select 1 as "one!""#)
            .fetch_one(&self.health)
            .await?;
        Ok(())
    }

    /// Sets the gauges of connections, for whoever is about to read metrics.
    pub fn measure(&self) {
        let pools = [
            ("commands", &self.commands),
            ("reads", &self.reads),
            ("health", &self.health),
        ];
        for (name, pool) in pools {
            let idle = u32::try_from(pool.num_idle()).unwrap_or(u32::MAX);
            let most = pool.most();
            let set = |state: &'static str, count: u32| {
                metrics::gauge!("database_connections", "pool" => name, "state" => state)
                    .set(count);
            };
            set("busy", pool.size().saturating_sub(idle));
            set("idle", idle);
            set("allowed", most);
        }
    }

    /// Closes all connections; waits for those in use.
    pub async fn close(&self) {
        tokio::join!(
            self.commands.close(),
            self.reads.close(),
            self.health.close()
        );
    }
}

fn long_reads(connections: u32) -> u32 {
    connections - connections.div_ceil(KEPT_ONE_IN).min(connections)
}

fn turns(count: u32) -> Arc<Semaphore> {
    let count = usize::try_from(count.max(1)).unwrap_or(Semaphore::MAX_PERMITS);
    Arc::new(Semaphore::new(count))
}

async fn taken(
    turns: &Arc<Semaphore>,
    patience: Duration,
) -> Result<OwnedSemaphorePermit, StoreError> {
    let turn = timeout(patience, Arc::clone(turns).acquire_owned()).await;
    let turn = turn.map_err(|_late| sqlx::Error::PoolTimedOut)?;
    Ok(turn.expect("the turns are never closed"))
}

/// No statement waits for a lock, runs, or lies idle in a transaction for long, and the server
/// notices when we are gone.
fn with_limits(options: PgConnectOptions) -> PgConnectOptions {
    options.options([
        ("lock_timeout", "1s"),
        ("statement_timeout", "5s"),
        ("idle_in_transaction_session_timeout", "2s"),
        ("client_connection_check_interval", "1s"),
        ("tcp_user_timeout", "5s"),
        // Our statements are many small look-ups by key: planning them anew for each value, or
        // compiling them, costs more than running them.
        ("plan_cache_mode", "force_generic_plan"),
        ("jit", "off"),
        // What is looked up is in memory: a page is as near as the next, and each row that is read to
        // be left out costs. With the defaults small tables are read whole, several in each statement.
        ("random_page_cost", "1"),
        ("cpu_tuple_cost", "0.05"),
    ])
}
