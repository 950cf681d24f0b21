//! What an instance is made of, put together: the business, the hub with its wire, and what goes on in
//! the background. Nobody can reach it yet.

use std::{sync::Arc, time::Duration};

use hub::{
    Hub, HubConfig,
    adapters::{
        memory::{MemoryBus, MemoryPresence},
        redis,
    },
    ports::{Broker, Presence},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::{lapses::Lapses, live::Live, ops, pools, stopping::Phases, thresholds};
use crate::{
    background,
    config::Config,
    demo,
    execute::{self, Executor},
    gateway::{self, Gateway},
    http::{self, Site},
    limits::{self, sharing::Book},
    presence::{self, Presence as WhoIsThere},
    sign_in::SignIn,
    store::{self, Pools, PostgresLog},
    tracking::Tracking,
};

/// What an instance is made of, before anybody can reach it.
pub(super) struct Core {
    pub(super) pools: Pools,
    pub(super) sign_in: Arc<SignIn>,
    pub(super) executor: Executor,
    pub(super) book: Book,
    pub(super) gateway: Arc<Gateway>,
    pub(super) presence: Arc<WhoIsThere>,
    pub(super) live: Arc<Live>,
    pub(super) hub: Hub,
    pub(super) phases: Phases,
    pub(super) tasks: TaskTracker,
}

impl Core {
    pub(super) async fn open(url: &str, config: &Config) -> anyhow::Result<Self> {
        let pools = pools(url, config).await?;
        let epoch = store::epoch::ensure(&pools).await?;
        tracing::debug!(%epoch, "the log's epoch");
        let sign_in = Arc::new(SignIn::open(pools.clone(), config.sign_in.clone()).await?);
        let (tasks, phases) = (TaskTracker::new(), Phases::default());
        let live = Arc::new(Live::new(tasks.clone()));
        let executor = executor(config, &pools, &live);
        let book = book(config, &phases.emptied, &tasks)?;
        let (broker, lists) = wire_of(config)?;
        let presence = who_is_there(config, &pools, &live, &lists);
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
        let hub = hub_of(config, Arc::clone(&gateway), &pools, (broker, lists));
        live.attach(hub.clone());
        Ok(Self {
            pools,
            sign_in,
            executor,
            book,
            gateway,
            presence,
            live,
            hub,
            phases,
            tasks,
        })
    }

    /// What goes on whether anybody is connected or not.
    pub(super) async fn start_tasks(&self, config: &Config) -> anyhow::Result<()> {
        let (pools, hub, phases, tasks) = (&self.pools, &self.hub, &self.phases, &self.tasks);
        hub.start().await;
        self.presence.start(tasks);
        let look = config.sign_in.lapse_look();
        let lapses = Lapses::begin(hub, pools).await?;
        lapses.start(look, phases.emptied.clone(), tasks);
        background::start(pools, &self.executor, &phases.closing, tasks);
        let told = ops::Watched::new(hub, pools, &self.gateway, &self.live);
        ops::start(told, phases.emptied.clone(), tasks);
        Ok(())
    }

    pub(super) fn site(&self, config: &Config) -> Arc<Site> {
        Site::new(http::Parts {
            pools: self.pools.clone(),
            gateway: Arc::clone(&self.gateway),
            sign_in: Arc::clone(&self.sign_in),
            hub: self.hub.clone(),
            http: config.http.clone(),
            limits: config.limits.clone(),
            demo: config.demo.then(demo_people),
            book: self.book.clone(),
            draining: self.phases.closing.clone(),
            tasks: self.tasks.clone(),
        })
    }
}

/// Whom the sign-in page offers to visitors of the demo.
fn demo_people() -> http::installation::Demo {
    let people = demo::visitors().into_iter();
    http::installation::Demo {
        password: demo::people::PASSWORD.to_owned(),
        people: people
            .map(|person| http::installation::DemoPerson {
                role: person.role,
                name: person.name,
                email: person.email,
            })
            .collect(),
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
    let settings = execute::Settings {
        thresholds: thresholds::of(&config.alerts),
        wait: config.database.command_wait(),
    };
    Executor::with(pools.clone(), Arc::clone(live) as _, settings)
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
