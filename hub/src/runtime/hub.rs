//! The engine of one instance: its ports, its tasks and the table of its connections.

use std::{
    num::NonZeroUsize,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use dashmap::DashMap;
use rand::seq::SliceRandom;
use tokio::{
    sync::{Mutex, Notify, Semaphore, SemaphorePermit, mpsc},
    time::{Instant, sleep, timeout},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::{
    clock::Timekeeper,
    config::HubConfig,
    emulation::Emulations,
    ephemeral::Ephemerals,
    handle::Handle,
    metrics::{self, Traffic},
    outbound::Outbound,
    queue::Item,
    registry::Registry,
    resync::Resyncs,
    rounds::Rounds,
    snapshots::Snapshots,
};
use crate::{
    ports::{Application, Broker, ChannelLog, Denied, Presence},
    protocol::{Moment, SessionConfig},
};

/// How long a stop waits for the wire to take what was committed last. Others find it in the log.
const LAST_WORDS: Duration = Duration::from_millis(500);

fn workers() -> usize {
    std::thread::available_parallelism().map_or(1, NonZeroUsize::get)
}

/// One instance of the engine. Clones share it.
#[derive(Clone)]
pub struct Hub(Arc<Inner>);

struct Inner {
    config: HubConfig,
    session: Arc<SessionConfig>,
    application: Arc<dyn Application>,
    log: Arc<dyn ChannelLog>,
    broker: Arc<dyn Broker>,
    presence: Arc<dyn Presence>,
    time: Timekeeper,
    registry: Registry,
    snapshots: Snapshots,
    emulations: Emulations,
    ephemerals: Ephemerals,
    repairs: Semaphore,
    traffic: Arc<Traffic>,
    /// One for each worker.
    rounds: Vec<Arc<Rounds>>,
    connections: DashMap<u64, Arc<Handle>>,
    last_connection: AtomicU64,
    draining: AtomicBool,
    outbound: mpsc::Sender<Outbound>,
    resyncs: mpsc::UnboundedSender<Resyncs>,
    look: Notify,
    /// When the log's recent heads were last seen, in milliseconds since the start.
    looked_ms: AtomicU64,
    tracker: TaskTracker,
    stopped: CancellationToken,
    /// The ends of the queues that [`Hub::start`] gives to their tasks.
    unstarted: Mutex<Option<Unstarted>>,
}

/// What an operator wants to know of an instance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HubStatus {
    pub connections: usize,
    /// Open on this instance.
    pub channels: usize,
    /// What waits for slow readers, all together.
    pub queued_bytes: usize,
    /// What waits for the slowest of them.
    pub queued_most_bytes: usize,
    /// Batches that wait for the wire.
    pub outbound_batches: usize,
    /// Since all that was in the log has been seen.
    pub look_age: Duration,
}

struct Unstarted {
    outbound: mpsc::Receiver<Outbound>,
    resyncs: mpsc::UnboundedReceiver<Resyncs>,
}

impl Hub {
    pub fn new(
        config: HubConfig,
        application: Arc<dyn Application>,
        log: Arc<dyn ChannelLog>,
        broker: Arc<dyn Broker>,
        presence: Arc<dyn Presence>,
    ) -> Self {
        metrics::describe();
        let (outbound, outbound_end) = mpsc::channel(config.outbound_batches.max(1));
        let (resyncs, resyncs_end) = mpsc::unbounded_channel();
        Self(Arc::new(Inner {
            session: config.session(),
            snapshots: Snapshots::new(config.concurrent_snapshots),
            emulations: Emulations::default(),
            ephemerals: Ephemerals::new(&config),
            repairs: Semaphore::new(config.concurrent_repairs.max(1)),
            config,
            application,
            log,
            broker,
            presence,
            time: Timekeeper::start(),
            registry: Registry::default(),
            traffic: Arc::new(Traffic::new()),
            rounds: (0..workers()).map(|_| Arc::default()).collect(),
            connections: DashMap::new(),
            last_connection: AtomicU64::new(0),
            draining: AtomicBool::new(false),
            outbound,
            resyncs,
            look: Notify::new(),
            looked_ms: AtomicU64::new(0),
            tracker: TaskTracker::new(),
            stopped: CancellationToken::new(),
            unstarted: Mutex::new(Some(Unstarted {
                outbound: outbound_end,
                resyncs: resyncs_end,
            })),
        }))
    }

    /// Starts the tasks that serve all connections. Once; further calls do nothing.
    pub async fn start(&self) {
        let Some(unstarted) = self.0.unstarted.lock().await.take() else {
            return;
        };
        self.background(self.clone().run_outbound(unstarted.outbound));
        self.background(self.clone().run_resyncs(unstarted.resyncs));
        self.background(self.clone().run_ephemerals());
        self.background(self.clone().run_feed());
        self.background(self.clone().run_looks());
        self.background(self.clone().run_housekeeping());
        self.background(self.clone().run_presence());
        for rounds in &self.0.rounds {
            self.background(rounds.clone().run(self.timekeeper()));
        }
    }

    /// Connections of this instance.
    pub fn connections(&self) -> usize {
        self.0.connections.len()
    }

    /// How this instance is, at this moment.
    pub fn status(&self) -> HubStatus {
        let handles = self.connection_table();
        let waiting: Vec<_> = handles.iter().map(|handle| handle.queue.bytes()).collect();
        let outbound = &self.0.outbound;
        let looked = Duration::from_millis(self.0.looked_ms.load(Ordering::Relaxed));
        HubStatus {
            connections: handles.len(),
            channels: self.0.registry.count(),
            queued_bytes: waiting.iter().sum(),
            queued_most_bytes: waiting.iter().max().copied().unwrap_or(0),
            outbound_batches: outbound.max_capacity() - outbound.capacity(),
            look_age: self.now().since(Moment::since_start(looked)),
        }
    }

    /// Sets the gauges that are looked up and not counted: for whoever is about to read metrics.
    pub fn measure(&self) {
        metrics::status(&self.status());
    }

    /// Ends all connections, as [`Hub::close_connections`] does, then everything else.
    pub async fn drain(&self, over: Duration) {
        self.close_connections(over).await;
        self.stop().await;
    }

    /// Ends all connections spread evenly `over` a time, because clients come back within a second
    /// of their close (P9), and in random order, because those who came together are alike. Until
    /// its turn comes a connection works as ever. New ones are refused from now on.
    pub async fn close_connections(&self, over: Duration) {
        #[cfg(feature = "breakages")]
        if super::breakage::chosen() == crate::protocol::breakage::Breakage::DrainIsACut {
            std::process::exit(0);
        }
        self.0.draining.store(true, Ordering::SeqCst);
        let mut handles = self.connection_table();
        handles.shuffle(&mut rand::rng());
        let pause = over / u32::try_from(handles.len()).unwrap_or(u32::MAX).max(1);
        let mut next = Instant::now();
        for handle in handles {
            handle.signal(Item::Drain);
            next += pause;
            tokio::time::sleep_until(next).await;
        }
        let patience = Duration::from_millis(self.0.config.drain_patience_ms);
        let _ = timeout(patience + Duration::from_secs(1), self.connections_gone()).await;
    }

    /// Ends what serves all connections. To be called when they are gone, and when nothing more will
    /// be committed: what was, is still given to the wire.
    pub async fn stop(&self) {
        self.0.draining.store(true, Ordering::SeqCst);
        if timeout(LAST_WORDS, self.sent_out()).await.is_err() {
            tracing::debug!("the last publications are left to the log");
        }
        self.0.stopped.cancel();
        self.0.tracker.close();
        let grace = Duration::from_millis(self.0.config.close_wait_ms) + Duration::from_secs(1);
        if timeout(grace, self.0.tracker.wait()).await.is_err() {
            tracing::warn!(
                left = self.0.tracker.len(),
                "tasks left at the end of the drain"
            );
        }
    }

    async fn connections_gone(&self) {
        while !self.0.connections.is_empty() {
            sleep(Duration::from_millis(10)).await;
        }
    }

    /// Runs until the hub stops.
    fn background(&self, task: impl Future<Output = ()> + Send + 'static) {
        let stopped = self.0.stopped.clone();
        self.0.tracker.spawn(async move {
            tokio::select! {
                () = stopped.cancelled() => {}
                () = task => {}
            }
        });
    }

    /// Lists a new connection under its number; `None` while draining.
    pub(super) fn enter_connection(&self) -> Option<(u64, Arc<Handle>)> {
        let number = self.0.last_connection.fetch_add(1, Ordering::Relaxed);
        let rounds = usize::try_from(number).unwrap_or(0) % self.0.rounds.len();
        let rounds = self.0.rounds[rounds].clone();
        let handle = Handle::new(self.config().queue(), rounds);
        self.0.connections.insert(number, handle.clone());
        if self.0.draining.load(Ordering::SeqCst) {
            self.leave_connection(number);
            return None;
        }
        Some((number, handle))
    }

    pub(super) fn leave_connection(&self, number: u64) {
        self.0.connections.remove(&number);
    }

    pub(super) fn connection_table(&self) -> Vec<Arc<Handle>> {
        self.0
            .connections
            .iter()
            .map(|entry| entry.value().clone())
            .collect()
    }

    /// A turn at reading the log; repairs, openings and recoveries share them.
    pub(super) async fn repair_turn(&self) -> Result<SemaphorePermit<'_>, Denied> {
        self.0
            .repairs
            .acquire()
            .await
            .map_err(|_| Denied::Unavailable)
    }

    pub(super) fn look_now(&self) {
        self.0.look.notify_one();
    }

    pub(super) async fn look_wanted(&self) {
        self.0.look.notified().await;
    }

    /// Everything written up to `asked` has been seen.
    pub(super) fn looked(&self, asked: Moment) {
        let ms = u64::try_from(asked.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.0.looked_ms.fetch_max(ms, Ordering::Relaxed);
    }

    pub(super) fn now(&self) -> Moment {
        self.0.time.now()
    }

    pub(super) fn instant(&self, moment: Moment) -> Instant {
        self.0.time.instant(moment)
    }

    pub(super) fn timekeeper(&self) -> Timekeeper {
        self.0.time
    }

    pub(super) fn config(&self) -> &HubConfig {
        &self.0.config
    }

    pub(super) fn session_config(&self) -> Arc<SessionConfig> {
        self.0.session.clone()
    }

    pub(super) fn application(&self) -> &dyn Application {
        &*self.0.application
    }

    pub(super) fn log(&self) -> &dyn ChannelLog {
        &*self.0.log
    }

    pub(super) fn broker(&self) -> &dyn Broker {
        &*self.0.broker
    }

    pub(super) fn presence(&self) -> &dyn Presence {
        &*self.0.presence
    }

    pub(super) fn traffic(&self) -> &Arc<Traffic> {
        &self.0.traffic
    }

    pub(super) fn registry(&self) -> &Registry {
        &self.0.registry
    }

    pub(super) fn emulations(&self) -> &Emulations {
        &self.0.emulations
    }

    pub(super) fn snapshots(&self) -> &Snapshots {
        &self.0.snapshots
    }

    pub(super) fn ephemerals(&self) -> &Ephemerals {
        &self.0.ephemerals
    }

    pub(super) fn outbound(&self) -> &mpsc::Sender<Outbound> {
        &self.0.outbound
    }

    pub(super) fn resyncs(&self) -> &mpsc::UnboundedSender<Resyncs> {
        &self.0.resyncs
    }

    pub(super) fn tracker(&self) -> &TaskTracker {
        &self.0.tracker
    }
}
