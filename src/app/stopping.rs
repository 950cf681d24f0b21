//! The end of an instance, in the order that loses nothing (P9) and within a time that an operator can
//! add up: `shutdown.notice_ms`, `drain_ms` and `finish_ms`, and [`LAST`].
//!
//! Commands are the last to be refused, and not the first: people work over a socket until its turn
//! to be closed comes, and then elsewhere.

use std::time::Duration;

use tokio::time::{Instant, sleep, timeout_at};
use tokio_util::sync::CancellationToken;

use super::Instance;
use crate::{config, http::server::Ending};

/// For the operations listener and the database's connections, when all else has ended.
const LAST: Duration = Duration::from_secs(1);

/// How far a stop has come; what is told of by each is told once.
#[derive(Debug, Clone, Default)]
pub(super) struct Phases {
    /// Not ready, and still doing everything.
    pub(super) leaving: CancellationToken,
    /// No new connections and no new background work; those that are open go one by one.
    pub(super) closing: CancellationToken,
    /// Nobody is connected: nothing is begun any more.
    pub(super) emptied: CancellationToken,
    /// All has ended but what tells how it ends.
    ended: CancellationToken,
}

impl Phases {
    pub(super) fn of_public(&self, shutdown: &config::Shutdown) -> Ending {
        Ending {
            leaving: self.leaving.clone(),
            closing: self.closing.clone(),
            linger: shutdown.linger(),
        }
    }

    pub(super) fn of_operations(&self) -> Ending {
        Ending {
            closing: self.ended.clone(),
            ..Ending::default()
        }
    }
}

/// What is waited for until a moment and then left as it is.
async fn by<T>(deadline: Instant, what: &'static str, end: impl Future<Output = T>) -> Option<T> {
    let ended = timeout_at(deadline, end).await.ok();
    if ended.is_none() {
        tracing::warn!(what, "still under way at the end");
    }
    ended
}

impl Instance {
    pub(super) async fn stop(self) {
        let (phases, shutdown) = (self.phases, &self.config.shutdown);
        phases.leaving.cancel();
        sleep(shutdown.notice()).await;
        let sockets = self.hub.connections();
        let spread = shutdown.spread(sockets);
        let deadline = Instant::now() + spread + shutdown.finish();
        tracing::info!(sockets, over.ms = spread.as_millis(), "closing connections");
        phases.closing.cancel();
        let (requests, _) = tokio::join!(
            by(deadline, "requests", self.public),
            by(deadline, "sockets", self.hub.close_connections(spread)),
        );
        phases.emptied.cancel();
        self.presence.stop();
        by(deadline, "commands", self.executor.drained()).await;
        by(deadline, "the engine", self.hub.stop()).await;
        if let Some(Ok(streams)) = requests {
            by(deadline, "reply streams", streams.wait()).await;
        }
        self.tasks.close();
        by(deadline, "tasks", self.tasks.wait()).await;
        phases.ended.cancel();
        let last = Instant::now() + LAST;
        by(last, "requests for operations", self.operations).await;
        by(last, "the database's connections", self.pools.close()).await;
    }
}
