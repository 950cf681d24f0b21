//! One instance of the server: everything wired, started, and stopped in order.
//!
//! Several can run in one process; tests do. How one stops is in `stopping`.

mod database;
mod lapses;
mod live;
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
use hub::{
    Hub, HubConfig,
    adapters::{
        memory::{MemoryBus, MemoryPresence},
        redis,
    },
    ports::{Broker, Presence},
};
use jiff::Timestamp;
use tokio::{net::TcpListener, task::JoinHandle, time::Instant};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{
    background,
    config::Config,
    demo,
    execute::Executor,
    gateway::{self, Gateway},
    http::{self, Site, operations, server},
    limits::{self, sharing::Book},
    presence::{self, Presence as WhoIsThere},
    sign_in::SignIn,
    store::{self, Failure, PoolSizes, Pools, PostgresLog},
    telemetry,
    tracking::Tracking,
};
pub use database::Database;
use lapses::Lapses;
use live::Live;
use stopping::Phases;

/// How long a start waits for the database, and between tries.
const START_PATIENCE: Duration = Duration::from_secs(15);
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
    store::migrate(url).await?;
    let pools = pools(url, config).await?;
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
    let patience = Instant::now() + START_PATIENCE;
    while let Err(error) = pools.reads.acquire().await {
        let failure = store::StoreError::from(error);
        let passing = match failure.failure() {
            Failure::Conflict | Failure::ConnectionLost | Failure::Unavailable => true,
            Failure::Fault => false,
        };
        if !passing || Instant::now() > patience {
            return Err(failure).context("the database does not answer");
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
        let pools = pools(url, &config).await?;
        let epoch = store::epoch::ensure(&pools).await?;
        tracing::debug!(%epoch, "the log's epoch");
        let sign_in = Arc::new(SignIn::open(pools.clone(), config.sign_in.clone()).await?);
        let (tasks, phases) = (TaskTracker::new(), Phases::default());
        let live = Arc::new(Live::new(tasks.clone()));
        let executor = executor(&config, &pools, &live);
        let book = book(&config, &phases.emptied, &tasks)?;
        let (broker, lists) = wire_of(&config)?;
        let presence = who_is_there(&config, &pools, &live, &lists);
        let gateway = Arc::new(Gateway::new(gateway::Parts {
            pools: pools.clone(),
            executor: executor.clone(),
            sign_in: Arc::clone(&sign_in),
            live: Arc::clone(&live) as _,
            tracking: track(&pools, &live, &phases.emptied, &tasks),
            presence: Arc::clone(&presence),
            limits: config.limits.clone(),
            book: book.clone(),
            draining: phases.emptied.clone(),
            tasks: tasks.clone(),
        }));
        let hub = hub_of(&config, Arc::clone(&gateway), &pools, (broker, lists));
        live.attach(hub.clone());
        hub.start().await;
        presence.start(&tasks);
        let lapses = Lapses::begin(&hub, &pools).await?;
        let look = config.sign_in.lapse_look();
        lapses.start(look, phases.emptied.clone(), &tasks);
        let site = Site::new(http::Parts {
            pools: pools.clone(),
            gateway: Arc::clone(&gateway),
            sign_in,
            hub: hub.clone(),
            http: config.http.clone(),
            limits: config.limits.clone(),
            book: book.clone(),
            draining: phases.closing.clone(),
            tasks: tasks.clone(),
        });
        background::start(&pools, &executor, &phases.closing, &tasks);
        let told = ops::Watched::new(&hub, &pools, &gateway, &live);
        ops::start(told, phases.emptied.clone(), &tasks);
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
        Ok(Self {
            public: serve(
                listeners.public,
                public,
                &config,
                phases.of_public(&config.shutdown),
            ),
            operations: serve(
                listeners.operations,
                operations,
                &config,
                phases.of_operations(),
            ),
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

/// Positions, until nobody is there to see them.
fn track(
    pools: &Pools,
    live: &Arc<Live>,
    draining: &CancellationToken,
    tasks: &TaskTracker,
) -> Arc<Tracking> {
    let (tracking, doubts) = Tracking::new(pools.clone(), Arc::clone(live) as _);
    let tracking = Arc::new(tracking);
    let (following, draining) = (Arc::clone(&tracking), draining.clone());
    tasks.spawn(async move {
        draining.run_until_cancelled(following.run(doubts)).await;
    });
    tracking
}

/// What runs commands, by this operator's figures.
fn executor(config: &Config, pools: &Pools, live: &Arc<Live>) -> Executor {
    let thresholds = thresholds::of(&config.alerts);
    Executor::with_thresholds(pools.clone(), Arc::clone(live) as _, thresholds)
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

/// The limits that instances have in common, told to the others where there is a wire.
fn book(
    config: &Config,
    draining: &CancellationToken,
    tasks: &TaskTracker,
) -> anyhow::Result<Book> {
    let Some(url) = config.redis_url.reveal() else {
        return Ok(Book::alone(config.limits.keys));
    };
    let book = Book::in_common(config.limits.keys);
    let exchange = limits::redis::connect(url, &config.redis)?;
    let telling = book.clone().run(Arc::new(exchange), config.limits.shared());
    let draining = draining.clone();
    tasks.spawn(async move {
        draining.run_until_cancelled(telling).await;
    });
    Ok(book)
}

/// What instances share beside the database.
type Wire = (Arc<dyn Broker>, Arc<dyn Presence>);

/// Redis between instances, memory where there is one.
fn wire_of(config: &Config) -> anyhow::Result<Wire> {
    Ok(match config.redis_url.reveal() {
        None => (
            Arc::new(MemoryBus::new().broker()),
            Arc::new(MemoryPresence::new()),
        ),
        Some(url) => {
            let (broker, presence) = redis::connect(url, config.redis.clone())?;
            (Arc::new(broker), Arc::new(presence))
        }
    })
}

/// How long beats may be late beside their period.
const BEATS_LATE: Duration = Duration::from_millis(1500);

/// Who is there, by the lists that the engine's presence has too.
fn who_is_there(
    config: &Config,
    pools: &Pools,
    live: &Arc<Live>,
    lists: &Arc<dyn Presence>,
) -> Arc<WhoIsThere> {
    WhoIsThere::new(presence::Parts {
        pools: pools.clone(),
        lists: Arc::clone(lists),
        here: Arc::clone(live) as _,
        settings: config.presence.clone(),
        restoring: Duration::from_millis(config.hub.presence_beat_ms) + BEATS_LATE,
    })
}

/// The hub with its wire.
fn hub_of(config: &Config, gateway: Arc<Gateway>, pools: &Pools, (broker, presence): Wire) -> Hub {
    let log = Arc::new(PostgresLog::new(pools.clone()));
    let settings = HubConfig {
        version: concat!("dispatch-hub ", env!("CARGO_PKG_VERSION")).to_owned(),
        ..config.hub.clone()
    };
    Hub::new(settings, gateway, log, broker, presence)
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
