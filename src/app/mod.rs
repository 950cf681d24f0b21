//! One instance of the server: everything wired, started, and stopped in order.
//!
//! Several can run in one process; tests do. How one stops is in `stopping`.

mod database;
mod lapses;
mod live;
mod made;
mod ops;
mod stopping;
mod thresholds;

use std::{
    io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use anyhow::Context;
use hub::Hub;
use jiff::Timestamp;
use tokio::{net::TcpListener, task::JoinHandle, time::Instant};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{
    config::Config,
    demo,
    execute::Executor,
    gateway::Gateway,
    http::{self, Site, operations, server},
    presence::Presence as WhoIsThere,
    store::{self, Failure, PoolSizes, Pools},
    telemetry,
};
pub use database::Database;
use live::Live;
use made::Core;
use stopping::Phases;

/// How long a start waits for the database, and between tries.
const START_PATIENCE: Duration = Duration::from_mins(1);
/// When the wait for it is told of.
const START_TELL: Duration = Duration::from_secs(1);
const START_PAUSE: Duration = Duration::from_millis(100);
/// Period of small housekeeping in memory.
const TIDY_PERIOD: Duration = Duration::from_secs(30);
/// Period of the metrics' own housekeeping.
const UPKEEP_PERIOD: Duration = Duration::from_secs(5);

/// Tells whoever started us how far we are.
pub type Progress<'a> = &'a (dyn Fn(&str) + Sync);

/// A running instance.
pub struct RunningApp {
    pub public_addr: SocketAddr,
    pub ops_addr: SocketAddr,
    instance: Instance,
    database: Database,
}

/// What is to be stopped, apart from the database.
struct Instance {
    config: Config,
    hub: Hub,
    pools: Pools,
    executor: Executor,
    presence: Arc<WhoIsThere>,
    phases: Phases,
    public: JoinHandle<TaskTracker>,
    operations: JoinHandle<TaskTracker>,
    tasks: TaskTracker,
}

/// The two listeners, bound before anything else is started.
struct Listeners {
    public: TcpListener,
    operations: TcpListener,
}

/// Starts an instance and returns once it takes connections.
pub async fn start(config: Config, progress: Progress<'_>) -> anyhow::Result<RunningApp> {
    let listeners = Listeners {
        public: server::bind(config.listen, "--listen")?,
        operations: server::bind(config.ops_listen, "--ops-listen")?,
    };
    let public_addr = listeners.public.local_addr()?;
    let ops_addr = listeners.operations.local_addr()?;
    telemetry::metrics();
    let database = database(&config, progress).await?;
    if config.demo
        && let Err(error) = prepare_demo(&database.url, &config, progress).await
    {
        database.close().await;
        return Err(error);
    }
    match Instance::start(&database.url, config, listeners).await {
        Ok(instance) => Ok(RunningApp {
            public_addr,
            ops_addr,
            instance,
            database,
        }),
        Err(error) => {
            database.close().await;
            Err(error)
        }
    }
}

/// The database with its schema up to date.
pub async fn database(config: &Config, progress: Progress<'_>) -> anyhow::Result<Database> {
    if config.database_url.reveal().is_none() {
        progress("Starting the private PostgreSQL");
    }
    let database = Database::open(config).await?;
    progress("Bringing the database's schema up to date");
    if let Err(error) = prepare_schema(&database.url, config).await {
        database.close().await;
        let which = match config.database_url.reveal() {
            Some(_) => format!("at {}", config.database_url.redacted()),
            None => format!("in {}", config.data.display()),
        };
        return Err(error.context(format!("the database {which} cannot be used")));
    }
    Ok(database)
}

/// Tables, and the log's partitions before anything is written to it: a day that has begun in the
/// default partition gets no other.
async fn prepare_schema(url: &str, config: &Config) -> anyhow::Result<()> {
    // It may not even take connections yet.
    let pools = pools(url, config).await?;
    if let Err(error) = store::migrate(url).await {
        pools.close().await;
        return Err(error.into());
    }
    let prepared = store::upkeep::prepare_partitions(&pools, Timestamp::now()).await;
    pools.close().await;
    Ok(prepared?)
}

async fn prepare_demo(url: &str, config: &Config, progress: Progress<'_>) -> anyhow::Result<()> {
    progress("Bringing the demo up to now");
    let pools = pools(url, config).await?;
    let prepared = demo::prepare(&pools).await;
    pools.close().await;
    let seeded = prepared.context("the demo cannot be prepared")?;
    tracing::info!(seeded.commands, seeded.left_out, "the demo is up to now");
    Ok(())
}

/// Pools for a database that answers. At a start it may be slow to: it is waited for longer than
/// requests wait later.
pub async fn pools(url: &str, config: &Config) -> anyhow::Result<Pools> {
    let sizes = PoolSizes {
        commands: config.database.command_connections,
        reads: config.database.read_connections,
        ..PoolSizes::default()
    };
    let pools = Pools::open(url, sizes)?;
    let (began, mut told) = (Instant::now(), false);
    while let Err(error) = pools.reads.acquire().await {
        let failure = store::StoreError::from(error);
        let passing = match failure.failure() {
            Failure::Conflict | Failure::ConnectionLost | Failure::Unavailable => true,
            Failure::Fault => false,
        };
        if !passing || began.elapsed() > START_PATIENCE {
            return Err(failure).context("the database does not answer");
        }
        if !told && began.elapsed() > START_TELL {
            tracing::warn!(error = %failure, "waiting for the database");
            told = true;
        }
        tokio::time::sleep(START_PAUSE).await;
    }
    Ok(pools)
}

impl RunningApp {
    /// Live connections of this instance.
    pub fn connections(&self) -> usize {
        self.instance.hub.connections()
    }

    /// Stops, in the order that loses nothing.
    pub async fn shutdown(self) {
        self.instance.stop().await;
        self.database.close().await;
    }
}

impl Instance {
    async fn start(url: &str, config: Config, listeners: Listeners) -> anyhow::Result<Self> {
        let core = Core::open(url, &config).await?;
        core.start_tasks(&config).await?;
        let site = core.site(&config);
        let Core {
            pools,
            executor,
            gateway,
            live,
            presence,
            hub,
            phases,
            tasks,
            ..
        } = core;
        tidy(&tasks, &phases.emptied, gateway, Arc::clone(&site));
        let watched = Arc::new(operations::Instance {
            pools: pools.clone(),
            hub: hub.clone(),
            leaving: phases.leaving.clone(),
        });
        if config.demo {
            start_demo(&pools, &live, &listeners.public, (&phases.closing, &tasks))?;
        }
        let public = http::router(site, &config.http);
        let operations = operations::router(watched);
        let (of_public, of_operations) =
            (phases.of_public(&config.shutdown), phases.of_operations());
        Ok(Self {
            public: serve(listeners.public, public, &config, of_public),
            operations: serve(listeners.operations, operations, &config, of_operations),
            config,
            hub,
            pools,
            executor,
            presence,
            phases,
            tasks,
        })
    }
}

/// Simulated people, who come in by the public door.
fn start_demo(
    pools: &Pools,
    live: &Arc<Live>,
    door: &TcpListener,
    (stop, tasks): (&CancellationToken, &TaskTracker),
) -> io::Result<()> {
    let parts = demo::Parts {
        pools: pools.clone(),
        live: Arc::clone(live) as _,
        server: neighbouring(door.local_addr()?),
        pause_ms: demo::PAUSE_MS,
    };
    demo::start(parts, stop, tasks);
    Ok(())
}

fn serve(
    listener: TcpListener,
    router: axum::Router,
    config: &Config,
    ending: server::Ending,
) -> JoinHandle<TaskTracker> {
    tokio::spawn(server::serve(listener, router, config.http.clone(), ending))
}

/// The address by which a listener is reached from its own machine.
fn neighbouring(listening: SocketAddr) -> SocketAddr {
    let ip = listening.ip();
    let reached = match ip {
        IpAddr::V4(_) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(_) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        IpAddr::V4(_) | IpAddr::V6(_) => ip,
    };
    SocketAddr::new(reached, listening.port())
}

/// Housekeeping in memory, until the instance stops.
fn tidy(tasks: &TaskTracker, stop: &CancellationToken, gateway: Arc<Gateway>, site: Arc<Site>) {
    let stop = stop.clone();
    tasks.spawn(async move {
        let mut tidy = tokio::time::interval(TIDY_PERIOD);
        let mut upkeep = tokio::time::interval(UPKEEP_PERIOD);
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                _ = tidy.tick() => {
                    gateway.prune();
                    site.prune();
                }
                _ = upkeep.tick() => telemetry::metrics().run_upkeep(),
            }
        }
    });
}
