//! What the hub knows of a connection from outside its task, and how it reaches it.
//!
//! Signals and ends wake the task. Deliveries do not: the connection is put on the list of the next
//! round, which lets it take and write them without its task being scheduled at all.

use std::sync::{
    Arc, OnceLock, Weak,
    atomic::{AtomicBool, Ordering},
};

use futures_util::task::AtomicWaker;

use super::{
    queue::{Asks, Item, Queue, QueueLimits},
    rounds::Rounds,
};
use crate::{
    ports::Caller,
    protocol::{CloseCode, Delivery, Moment},
};

/// See the module.
pub(super) struct Handle {
    pub(super) queue: Queue,
    caller: OnceLock<Arc<Caller>>,
    task: AtomicWaker,
    /// Its task has something to do besides deliveries.
    called: AtomicBool,
    rounds: Arc<Rounds>,
    outlet: OnceLock<Weak<dyn Outlet>>,
}

/// A connection as a round sees it.
pub(super) trait Outlet: Send + Sync {
    /// Takes what waits, and tells how many messages that was.
    fn take(&self, now: Moment) -> (usize, Turn);

    /// Writes what was taken, as far as that is possible at once.
    fn write(&self) -> Turn;
}

/// How a turn ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Turn {
    Done,
    /// Something is left that only the connection's task can do.
    ForTheTask,
}

impl Handle {
    pub(super) fn new(limits: QueueLimits, rounds: Arc<Rounds>) -> Arc<Self> {
        Arc::new(Self {
            queue: Queue::new(limits),
            caller: OnceLock::new(),
            task: AtomicWaker::new(),
            called: AtomicBool::new(false),
            rounds,
            outlet: OnceLock::new(),
        })
    }

    /// As recognised at connect; the user never changes after.
    pub(super) fn caller(&self) -> Option<&Arc<Caller>> {
        self.caller.get()
    }

    pub(super) fn recognised(&self, caller: Arc<Caller>) {
        // Connect succeeds once.
        let _ = self.caller.set(caller);
    }

    /// Rounds reach the connection by this.
    pub(super) fn reached_by(&self, outlet: Weak<dyn Outlet>) {
        // There is one connection to a handle.
        let _ = self.outlet.set(outlet);
    }

    pub(super) fn deliver(self: &Arc<Self>, delivery: Delivery) {
        match self.queue.deliver(delivery) {
            Asks::Nothing => {}
            Asks::ATurn => self.rounds.enlist(self.clone()),
            Asks::TheEnd => self.call(),
        }
    }

    pub(super) fn signal(&self, signal: Item) {
        self.queue.signal(signal);
        self.call();
    }

    /// The connection has to end, even while its socket is blocked. What waits is let go.
    pub(super) fn end(&self, code: CloseCode) {
        self.queue.end(code);
        self.call();
    }

    /// The first part of its turn in a round: see [`Outlet::take`].
    pub(super) fn take(&self, now: Moment) -> usize {
        let taken = self.outlet().map(|outlet| outlet.take(now));
        let (messages, turn) = taken.unwrap_or((0, Turn::ForTheTask));
        self.call_for(turn);
        messages
    }

    /// The second part.
    pub(super) fn write(&self) {
        let written = self.outlet().map(|outlet| outlet.write());
        self.call_for(written.unwrap_or(Turn::Done));
    }

    fn outlet(&self) -> Option<Arc<dyn Outlet>> {
        self.outlet.get().and_then(Weak::upgrade)
    }

    fn call_for(&self, turn: Turn) {
        match turn {
            Turn::Done => {}
            Turn::ForTheTask => self.call(),
        }
    }

    /// Makes the task look at its queue.
    fn call(&self) {
        self.called.store(true, Ordering::Release);
        self.task.wake();
    }

    /// To be asked by the task, which is woken by the next call.
    pub(super) fn was_called(&self, task: &std::task::Waker) -> bool {
        self.task.register(task);
        self.called.swap(false, Ordering::AcqRel)
    }
}
