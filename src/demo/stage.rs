//! The demo's past: commands as they would have been given, each with the clock set to its time,
//! decided by the same rules as all others. What the rules refuse did not happen.

use jiff::Timestamp;
use uuid::Uuid;

use super::dice::id_at;
use crate::domain::{Actor, Command, Context, Decision, Thresholds, World, decide, ids::CommandId};

/// A command, who gave it and when.
#[derive(Debug, Clone)]
pub(super) struct Staged {
    pub(super) at: Timestamp,
    pub(super) actor: Actor,
    pub(super) id: CommandId,
    pub(super) command: Command,
}

impl Staged {
    /// The same label at the same time is the same command, and makes the same ids.
    pub(super) fn new(
        at: Timestamp,
        actor: Actor,
        label: impl AsRef<str>,
        command: Command,
    ) -> Self {
        Self {
            at,
            actor,
            id: id_at(at, label.as_ref()),
            command,
        }
    }

    pub(super) fn context(&self) -> Context {
        Context {
            actor: self.actor,
            command_id: self.id,
            now: self.at,
            thresholds: Thresholds::default(),
        }
    }

    /// The id of what the command makes, where it makes one thing or this one first.
    pub(super) fn first_id<T: From<Uuid>>(&self) -> T {
        self.context().ids().make()
    }
}

/// A command that was accepted.
#[derive(Debug, Clone)]
pub(super) struct Done {
    pub(super) staged: Staged,
    pub(super) decision: Decision,
}

/// A world, and what has been done to it.
#[derive(Debug, Clone)]
pub(super) struct Stage {
    pub(super) world: World,
    pub(super) done: Vec<Done>,
    job_numbers: Vec<i64>,
}

impl Stage {
    /// `job_numbers` are for the jobs that are made.
    pub(super) fn new(world: World, job_numbers: Vec<i64>) -> Self {
        Self {
            world,
            done: Vec::new(),
            job_numbers,
        }
    }

    /// Whether it was accepted.
    pub(super) fn run(&mut self, staged: Staged) -> bool {
        self.world.next_job_number = self.job_numbers.last().copied();
        let makes_job = crate::domain::Scope::makes_job(&staged.command);
        if makes_job && self.world.next_job_number.is_none() {
            return false;
        }
        let decision = match decide(&staged.command, &self.world, &staged.context()) {
            Ok(decision) => decision,
            Err(objection) => {
                tracing::debug!(kind = staged.command.kind(), ?objection, "not in the demo");
                return false;
            }
        };
        if decision.events.is_empty() {
            return true;
        }
        if makes_job {
            self.job_numbers.pop();
        }
        for event in &decision.events {
            self.world.apply(event);
        }
        self.done.push(Done { staged, decision });
        true
    }

    /// Runs them in the order of their times.
    pub(super) fn run_all(&mut self, mut staged: Vec<Staged>) {
        staged.sort_by_key(|staged| staged.at);
        for staged in staged {
            self.run(staged);
        }
    }
}
