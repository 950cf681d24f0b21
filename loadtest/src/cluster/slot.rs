//! The place of a process in the cluster, whichever process stands there at the moment: none, the
//! first, or one that was started later.

use std::{
    future::Future,
    process::ExitStatus,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use anyhow::{Context, bail};
use rustix::process::Signal;

use super::process::Process;

#[derive(Debug)]
pub struct Slot {
    name: String,
    process: Mutex<Option<Arc<Process>>>,
}

impl Slot {
    pub(super) fn empty(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            process: Mutex::default(),
        }
    }

    pub(super) fn fill(&self, process: Process) {
        let mut slot = self.process.lock().unwrap_or_else(PoisonError::into_inner);
        *slot = Some(Arc::new(process));
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    /// The last process that was started here.
    pub fn current(&self) -> Option<Arc<Process>> {
        let slot = self.process.lock().unwrap_or_else(PoisonError::into_inner);
        slot.clone()
    }

    pub fn is_running(&self) -> bool {
        self.current().is_some_and(|process| process.is_running())
    }

    /// The id, while it runs.
    pub fn id(&self) -> Option<u32> {
        let running = self.current().filter(|process| process.is_running());
        running.map(|process| process.id())
    }

    /// SIGKILL, and waits until it is gone.
    pub async fn kill(&self) {
        if let Some(process) = self.current() {
            process.kill().await;
        }
    }

    /// SIGSTOP: it keeps its sockets and does nothing.
    pub fn pause(&self) {
        self.signal(Signal::STOP);
    }

    pub fn resume(&self) {
        self.signal(Signal::CONT);
    }

    /// False where nothing runs.
    pub fn signal(&self, signal: Signal) -> bool {
        self.current().is_some_and(|process| process.signal(signal))
    }

    /// Asks it to stop and waits; kills it when patience ends. None where nothing was ever started.
    pub async fn stop(&self, signal: Signal, patience: Duration) -> Option<ExitStatus> {
        Some(self.current()?.stop(signal, patience).await)
    }

    /// The outcome of something that needs the process to live.
    pub(super) async fn unless_ended<T>(
        &self,
        work: impl Future<Output = anyhow::Result<T>>,
    ) -> anyhow::Result<T> {
        let process = self.current();
        let process = process.with_context(|| format!("{} was never started", self.name))?;
        tokio::select! {
            biased;
            done = work => done,
            error = process.unexpected_end() => bail!(error),
        }
    }
}
