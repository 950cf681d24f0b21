//! What goes wrong: every kind of fault, each begun and healed on record, in an order that the seed
//! decides.
//!
//! A family of faults is a file. A fault that cannot be brought about is an error of the run; what
//! the server should not have done in its course is a complaint, which counts as a violation.

mod clients;
mod input;
mod instances;
mod postgres;
mod redis;
mod schedule;
mod wires;

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use anyhow::{Context as _, Result};
use rand::{Rng as _, rngs::StdRng};
use tokio::time::sleep;

pub use schedule::{Pace, Step, only, schedule};

use crate::{
    client::Recorder,
    cluster::{Cluster, Instance},
    history::Event,
    people::crowd::Crowd,
    proxy::Proxy,
};

/// How long an instance may take to be ready again after all.
const REVIVAL: Duration = Duration::from_mins(2);
const REVIVAL_POLL: Duration = Duration::from_millis(250);

macro_rules! faults {
    ($($family:ident { $($fault:ident $name:literal),* $(,)? })*) => {
        /// A kind of fault.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Fault { $($($fault),*),* }

        impl Fault {
            pub const ALL: &'static [Self] = &[$($(Self::$fault),*),*];

            /// Its name in the history.
            pub fn name(self) -> &'static str {
                match self { $($(Self::$fault => $name),*),* }
            }

            pub fn family(self) -> Family {
                match self { $($(Self::$fault => Family::$family),*),* }
            }
        }
    };
}

/// What a fault is done to. Two faults at once are of two families.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Family {
    Instances,
    Redis,
    Postgres,
    Wires,
    Clients,
    Input,
}

faults! {
    Instances {
        InstanceKill "instance.kill",
        InstancePause "instance.pause",
        RollingRestart "instance.rolling_restart",
        ClockJump "instance.clock_jump",
    }
    Redis {
        RedisKill "redis.kill",
        RedisRestart "redis.restart",
        RedisFlush "redis.flush",
        RedisPause "redis.pause",
        RedisListeners "redis.kill_listeners",
    }
    Postgres {
        PostgresRestart "postgres.restart",
        PostgresBackend "postgres.kill_backend",
        PostgresImmediate "postgres.immediate_stop",
        PostgresReadOnly "postgres.read_only",
        PostgresExhausted "postgres.exhausted",
        PostgresPromote "postgres.promote",
        PostgresRewind "postgres.rewind",
    }
    Wires {
        RedisCut "wire.redis_cut",
        RedisDelay "wire.redis_delay",
        RedisHold "wire.redis_hold",
        RedisReorder "wire.redis_reorder",
        PostgresCut "wire.postgres_cut",
        PostgresDelay "wire.postgres_delay",
        PostgresHold "wire.postgres_hold",
        PostgresReorder "wire.postgres_reorder",
        CommitReply "wire.commit_reply_lost",
        CommitRequest "wire.commit_request_lost",
    }
    Clients {
        ClientsHeld "clients.blackholed",
        ClientsSlow "clients.slow",
        ReconnectStorm "clients.reconnect_storm",
    }
    Input {
        Malformed "input.malformed",
        Huge "input.huge",
        Deep "input.deep",
        Endless "input.endless",
    }
}

/// What the nemesis can reach.
pub struct Stage {
    pub cluster: Arc<Cluster>,
    pub crowd: Arc<Crowd>,
    /// Between some of the clients and each instance.
    pub client_wires: Vec<Proxy>,
    pub recorder: Recorder,
    /// What the server should not have done.
    pub complaints: Mutex<Vec<String>>,
    numbers: AtomicU32,
}

impl Stage {
    pub fn new(
        cluster: Arc<Cluster>,
        crowd: Arc<Crowd>,
        client_wires: Vec<Proxy>,
        recorder: Recorder,
    ) -> Self {
        Self {
            cluster,
            crowd,
            client_wires,
            recorder,
            complaints: Mutex::default(),
            numbers: AtomicU32::new(0),
        }
    }

    /// Does what the step says, to its end.
    pub async fn perform(&self, step: &Step, dice: &mut [StdRng; 2]) -> Result<()> {
        let [first, second] = dice;
        match step.faults.as_slice() {
            [one] => self.inflict(*one, step.lasts, first).await,
            [one, other] => {
                let one = self.inflict(*one, step.lasts, first);
                let other = self.inflict(*other, step.lasts, second);
                let (one, other) = tokio::join!(one, other);
                one.and(other)
            }
            _ => Ok(()),
        }
    }

    async fn inflict(&self, fault: Fault, lasts: Duration, dice: &mut StdRng) -> Result<()> {
        let ordeal = Ordeal {
            stage: self,
            fault,
            number: self.numbers.fetch_add(1, Ordering::Relaxed) + 1,
            lasts,
            dice,
        };
        let inflicted = match fault.family() {
            Family::Instances => instances::inflict(ordeal).await,
            Family::Redis => redis::inflict(ordeal).await,
            Family::Postgres => postgres::inflict(ordeal).await,
            Family::Wires => wires::inflict(ordeal).await,
            Family::Clients => clients::inflict(ordeal).await,
            Family::Input => input::inflict(ordeal).await,
        };
        inflicted.with_context(|| fault.name())
    }

    pub fn complain(&self, what: String) {
        let complaints = self.complaints.lock();
        complaints
            .unwrap_or_else(PoisonError::into_inner)
            .push(what);
    }

    /// Makes sure that an instance runs and is ready, whatever else goes on meanwhile.
    pub async fn revive(&self, instance: &Instance) -> Result<()> {
        let until = tokio::time::Instant::now() + REVIVAL;
        loop {
            if !instance.process().is_running() {
                instance.spawn()?;
            }
            match instance.wait_ready().await {
                Ok(()) => return Ok(()),
                Err(error) if tokio::time::Instant::now() > until => return Err(error),
                Err(_) => sleep(REVIVAL_POLL).await,
            }
        }
    }

    /// All is well again, as far as it is in the nemesis' hands.
    pub async fn heal(&self) -> Result<()> {
        self.cluster.heal_wires();
        for wire in &self.client_wires {
            wire.heal();
        }
        if !self.cluster.redis().process().is_running() {
            self.cluster.redis().restart().await?;
        }
        for instance in self.cluster.instances() {
            self.revive(instance).await?;
        }
        Ok(())
    }
}

/// One fault that is being inflicted.
struct Ordeal<'a> {
    stage: &'a Stage,
    fault: Fault,
    number: u32,
    lasts: Duration,
    dice: &'a mut StdRng,
}

impl<'a> Ordeal<'a> {
    fn begun(&self, target: &str) {
        self.note(self.fault.name(), target, false);
    }

    fn healed(&self, target: &str) {
        self.note(self.fault.name(), target, true);
    }

    fn note(&self, name: &str, target: &str, healed: bool) {
        self.stage.recorder.record(
            0,
            Event::Fault {
                number: self.number,
                name: name.to_owned(),
                target: target.to_owned(),
                healed,
            },
        );
    }

    /// For as long as the fault is to last.
    async fn endure(&self) {
        sleep(self.lasts).await;
    }

    /// One instance, by the dice.
    fn some_instance(&mut self) -> &'a Instance {
        let instances = self.stage.cluster.instances();
        &instances[self.dice.random_range(0..instances.len())]
    }
}

fn name_of(instance: &Instance) -> String {
    format!("instance-{}", instance.number())
}
