//! A pool whose callers wait for a connection, and never for one to be opened.
//!
//! The driver opens a connection within the wait of whoever asks for one, and gives it up half-way
//! when that wait ends. Where opening takes longer than callers wait (a busy machine, a database
//! that has just come back), nobody ever gets one, while everybody keeps the database busy with
//! opening more. Here a connection that is being opened is finished whatever became of the caller,
//! and goes to the next one.

use std::{sync::Arc, time::Duration};

use futures_util::{
    FutureExt as _, StreamExt as _,
    future::BoxFuture,
    stream::{self, BoxStream},
};
use sqlx::{
    Connection as _, Database, Describe, Either, Error, Execute, Executor, PgPool, Postgres,
    SqlStr, pool::PoolConnection, postgres::PgPoolOptions,
};
use tokio::{
    sync::Semaphore,
    task::JoinHandle,
    time::{sleep, timeout},
};

/// How long a caller waits for a connection.
pub(super) const WAIT: Duration = Duration::from_millis(250);
/// How often whoever waits for one to be opened looks for one that others have given back.
const LOOK: Duration = Duration::from_millis(5);
/// How long opening one may take.
const OPENING: Duration = Duration::from_secs(5);

/// See the module. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Connections {
    pool: PgPool,
    /// Callers who may wait in a task of their own: as many as there can be connections.
    openers: Arc<Semaphore>,
}

impl Connections {
    /// At most so many, none of which is opened yet.
    pub(super) fn new(size: u32, open: impl FnOnce(PgPoolOptions) -> PgPool) -> Self {
        let options = PgPoolOptions::new()
            .max_connections(size)
            .acquire_timeout(OPENING);
        let openers = usize::try_from(size).expect("a pool has some dozen connections");
        Self {
            pool: open(options),
            openers: Arc::new(Semaphore::new(openers)),
        }
    }

    /// A connection of one's own, or [`Error::PoolTimedOut`] after 250 ms.
    pub async fn acquire(&self) -> Result<PoolConnection<Postgres>, Error> {
        let Ok(permit) = Arc::clone(&self.openers).try_acquire_owned() else {
            // So many are being opened already: this one only waits for one of them.
            let waiting = timeout(WAIT, self.pool.acquire()).await;
            return waiting.unwrap_or(Err(Error::PoolTimedOut));
        };
        let pool = self.pool.clone();
        let opening = tokio::spawn(async move {
            let acquired = pool.acquire().await;
            drop(permit);
            acquired
        });
        // Without the wait the task goes on; what it gets falls back into the pool.
        timeout(WAIT, self.whichever_is_first(opening))
            .await
            .unwrap_or(Err(Error::PoolTimedOut))
    }

    /// What is being opened, or what others give back meanwhile.
    async fn whichever_is_first(
        &self,
        mut opening: JoinHandle<Result<PoolConnection<Postgres>, Error>>,
    ) -> Result<PoolConnection<Postgres>, Error> {
        loop {
            tokio::select! {
                biased;
                acquired = &mut opening => {
                    return acquired.expect("acquiring does not panic and is not aborted");
                }
                () = sleep(LOOK) => {}
            }
            let Some(mut idle) = self.pool.try_acquire() else {
                continue;
            };
            if idle.ping().await.is_ok() {
                return Ok(idle);
            }
        }
    }

    /// Open connections.
    pub fn size(&self) -> u32 {
        self.pool.size()
    }

    pub fn num_idle(&self) -> usize {
        self.pool.num_idle()
    }

    /// Connections at most.
    pub fn most(&self) -> u32 {
        self.pool.options().get_max_connections()
    }

    /// Closes all connections; waits for those in use.
    pub async fn close(&self) {
        self.pool.close().await;
    }
}

type Row = <Postgres as Database>::Row;
type Outcome = <Postgres as Database>::QueryResult;
type Statement = <Postgres as Database>::Statement;
type TypeInfo = <Postgres as Database>::TypeInfo;

/// A statement runs on whichever connection is free.
impl<'p> Executor<'p> for &'_ Connections {
    type Database = Postgres;

    /// All rows at once: nobody asks this of more than fit into memory.
    fn fetch_many<'e, 'q: 'e, E>(
        self,
        query: E,
    ) -> BoxStream<'e, Result<Either<Outcome, Row>, Error>>
    where
        E: 'q + Execute<'q, Postgres>,
    {
        let connections = self.clone();
        let running = async move {
            let mut connection = match connections.acquire().await {
                Ok(connection) => connection,
                Err(error) => return vec![Err(error)],
            };
            connection.fetch_many(query).collect::<Vec<_>>().await
        };
        running.map(stream::iter).flatten_stream().boxed()
    }

    fn fetch_optional<'e, 'q: 'e, E>(self, query: E) -> BoxFuture<'e, Result<Option<Row>, Error>>
    where
        E: 'q + Execute<'q, Postgres>,
    {
        let connections = self.clone();
        Box::pin(async move { connections.acquire().await?.fetch_optional(query).await })
    }

    fn prepare_with<'e>(
        self,
        sql: SqlStr,
        parameters: &'e [TypeInfo],
    ) -> BoxFuture<'e, Result<Statement, Error>>
    where
        'p: 'e,
    {
        let connections = self.clone();
        Box::pin(async move {
            connections
                .acquire()
                .await?
                .prepare_with(sql, parameters)
                .await
        })
    }

    fn describe<'e>(self, sql: SqlStr) -> BoxFuture<'e, Result<Describe<Postgres>, Error>>
    where
        'p: 'e,
    {
        let connections = self.clone();
        Box::pin(async move { connections.acquire().await?.describe(sql).await })
    }
}
