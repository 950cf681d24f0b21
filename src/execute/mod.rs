//! The command trip: receipt, locks, state, decision, rows, publications, commit.
//!
//! It knows no command by name: what to load and lock follows from the command and the decision,
//! what to publish from the difference that the decision makes. It upholds P2, P3 and P5.

mod admission;
mod attempt;
mod locks;
mod outcome;
mod trip;
mod turns;

use std::{future::Future, sync::Arc, time::Duration};

use hub::ports::{Control, Publication};
use tokio::time::Instant;
use tokio_util::task::TaskTracker;

use admission::Admission;
pub use outcome::{Outcome, ReachedPosition, Refusal};

use crate::{
    domain::{Actor, Command, Thresholds, ids::CommandId},
    store::Pools,
};

/// The live side of the hub, told of what has been committed. Neither call waits for anything.
pub trait Committed: Send + Sync + 'static {
    /// To this instance's subscribers and to the other instances, in the order given.
    fn committed(&self, publications: Vec<Publication>);

    /// Rights that a command may have ended.
    fn control(&self, control: Control);
}

/// How a command came to us, as the audit trail says it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Via {
    Socket,
    Http,
    Timer,
    CommandLine,
    /// The simulated people of the demo.
    Demo,
}

impl Via {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Socket => "socket",
            Self::Http => "http",
            Self::Timer => "timer",
            Self::CommandLine => "command_line",
            Self::Demo => "demo",
        }
    }
}

/// A command, and who asks for it.
#[derive(Debug, Clone)]
pub struct Request {
    pub actor: Actor,
    pub via: Via,
    /// Made by the client, version 7. With the actor it is the receipt's key.
    pub command_id: CommandId,
    pub command: Command,
    pub trace_id: String,
}

/// What an operator may set.
#[derive(Debug, Clone, Copy)]
pub struct Settings {
    /// When jobs are told of.
    pub thresholds: Thresholds,
    /// The longest that a command waits for its turn; whoever would wait longer is refused at once.
    pub wait: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            thresholds: Thresholds::default(),
            wait: Duration::from_millis(250),
        }
    }
}

/// Runs commands. Cheap to clone.
#[derive(Clone)]
pub struct Executor {
    inner: Arc<Inner>,
}

struct Inner {
    pools: Pools,
    live: Arc<dyn Committed>,
    settings: Settings,
    admission: Arc<Admission>,
    running: TaskTracker,
}

impl Executor {
    pub fn new(pools: Pools, live: Arc<dyn Committed>) -> Self {
        Self::with(pools, live, Settings::default())
    }

    /// By an operator's figures.
    pub fn with(pools: Pools, live: Arc<dyn Committed>, settings: Settings) -> Self {
        let connections = pools.commands.most();
        Self {
            inner: Arc::new(Inner {
                admission: Admission::new(connections, settings.wait),
                pools,
                live,
                settings,
                running: TaskTracker::new(),
            }),
        }
    }

    /// Runs a command in a task of its own: dropping the returned future does not stop it.
    pub fn execute(&self, request: Request) -> impl Future<Output = Outcome> + Send + 'static {
        let (inner, arrived) = (self.inner.clone(), Instant::now());
        let trace_id = request.trace_id.clone();
        let trip = self
            .inner
            .running
            .spawn(async move { inner.run(&request, arrived).await });
        async move {
            trip.await.unwrap_or_else(|failure| {
                tracing::error!(%failure, trace_id, "a command's task failed");
                Outcome::internal(&trace_id)
            })
        }
    }

    /// Waits until no command is running. Commands are to be refused elsewhere from before this
    /// is called: the executor itself turns nobody away.
    pub async fn drained(&self) {
        self.inner.running.close();
        self.inner.running.wait().await;
    }
}
