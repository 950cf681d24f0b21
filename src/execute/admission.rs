//! Who may begin a transaction now. Work is refused while it is still cheap to refuse: as many commands
//! run as there are connections for them, a few wait, and whoever would wait too long is told at once
//! when to come back. So what is accepted stays quick, and as much gets done, whatever is asked.
//!
//! The control room and those at work always have connections that customers and imports cannot take.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed},
    },
    time::Duration,
};

use rand::Rng;
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::{Instant, timeout_at},
};

use crate::domain::{Command, Role};

/// What running a command is taken to cost before any has been seen.
const FIRST_GUESS: Duration = Duration::from_millis(10);
/// How much one command changes what the next ones are taken to cost.
const SMOOTHING: u64 = 8;
/// Nobody is asked to come back sooner, nor to stay away longer for this.
const COME_BACK_MS: std::ops::RangeInclusive<u64> = 100..=5_000;
/// Of this many connections one is kept from customers.
const KEPT_ONE_IN: usize = 4;

/// Whose turn a command waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Lane {
    /// The control room, those at work, and timers.
    Work,
    /// Customers.
    Orders,
    /// Imports and the planning of weeks: one at a time.
    Bulk,
}

impl Lane {
    pub(super) fn of(role: Role, command: &Command) -> Self {
        if matches!(
            command,
            Command::ImportCompany(_) | Command::PlanTemplate(_)
        ) {
            return Self::Bulk;
        }
        match role {
            Role::Customer => Self::Orders,
            Role::Cleaner | Role::Dispatcher | Role::Manager | Role::Admin | Role::System => {
                Self::Work
            }
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Work => "work",
            Self::Orders => "orders",
            Self::Bulk => "bulk",
        }
    }
}

/// All turns of an instance.
pub(super) struct Admission {
    all: Arc<Semaphore>,
    most: usize,
    orders: Share,
    bulk: Share,
    waiting: AtomicUsize,
    /// The longest that a command may wait for its turn.
    patience: Duration,
    /// What a command takes lately, in microseconds.
    cost_us: AtomicU64,
}

/// The part of the turns that a lane may have.
struct Share {
    turns: Arc<Semaphore>,
    most: usize,
    waiting: AtomicUsize,
}

/// A turn, over when it is dropped.
pub(super) struct Turn {
    of: Arc<Admission>,
    lane: Lane,
    began: Instant,
    _one_of_all: OwnedSemaphorePermit,
    _one_of_share: Option<OwnedSemaphorePermit>,
}

/// There is too much to do; better to come back then.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Busy {
    pub(super) retry_after_ms: u64,
}

impl Admission {
    /// For so many connections.
    pub(super) fn new(connections: u32, patience: Duration) -> Arc<Self> {
        let most = usize::try_from(connections).unwrap_or(usize::MAX).max(1);
        let kept = if most > 1 {
            most.div_ceil(KEPT_ONE_IN)
        } else {
            0
        };
        Arc::new(Self {
            all: Arc::new(Semaphore::new(most)),
            most,
            orders: Share::new(most - kept),
            bulk: Share::new(1),
            waiting: AtomicUsize::new(0),
            patience,
            cost_us: AtomicU64::new(as_us(FIRST_GUESS)),
        })
    }

    /// Waits for a turn, where there is hope for one in time; never beyond `until`.
    pub(super) async fn turn(self: &Arc<Self>, lane: Lane, until: Instant) -> Result<Turn, Busy> {
        let until = until.min(Instant::now() + self.patience);
        let share = match lane {
            Lane::Work => None,
            Lane::Orders => Some(self.share(&self.orders, lane, until).await?),
            Lane::Bulk => Some(self.share(&self.bulk, lane, until).await?),
        };
        let turn = self.wait(&self.all, self.most, &self.waiting, until).await;
        let turn = turn.map_err(|busy| refused(lane, busy))?;
        Ok(Turn {
            of: Arc::clone(self),
            lane,
            began: Instant::now(),
            _one_of_all: turn,
            _one_of_share: share,
        })
    }

    async fn share(
        &self,
        share: &Share,
        lane: Lane,
        until: Instant,
    ) -> Result<OwnedSemaphorePermit, Busy> {
        let turn = self.wait(&share.turns, share.most, &share.waiting, until);
        turn.await.map_err(|busy| refused(lane, busy))
    }

    async fn wait(
        &self,
        turns: &Arc<Semaphore>,
        most: usize,
        waiting: &AtomicUsize,
        until: Instant,
    ) -> Result<OwnedSemaphorePermit, Busy> {
        if let Ok(turn) = Arc::clone(turns).try_acquire_owned() {
            return Ok(turn);
        }
        let waiting = Waiting::enter(waiting);
        let expected = self.expected_wait(waiting.before, most);
        let busy = || Busy {
            retry_after_ms: come_back_after(expected),
        };
        if Instant::now() + expected > until {
            return Err(busy());
        }
        let turn = timeout_at(until, Arc::clone(turns).acquire_owned()).await;
        let turn = turn.map_err(|_late| busy())?;
        Ok(turn.expect("the turns are never closed"))
    }

    /// With so many before, each of `most` turns taking what they take lately.
    fn expected_wait(&self, before: usize, most: usize) -> Duration {
        let rounds = u64::try_from(before + 1).unwrap_or(u64::MAX);
        let most = u64::try_from(most).unwrap_or(u64::MAX).max(1);
        Duration::from_micros(self.cost_us.load(Relaxed).saturating_mul(rounds) / most)
    }

    fn learn(&self, took: Duration) {
        // Two at once may lose the one or the other: it is a guess anyway.
        let known = self.cost_us.load(Relaxed);
        let next = (known * (SMOOTHING - 1) + as_us(took)) / SMOOTHING;
        self.cost_us.store(next.max(1), Relaxed);
    }
}

impl Share {
    fn new(most: usize) -> Self {
        let most = most.max(1);
        Self {
            turns: Arc::new(Semaphore::new(most)),
            most,
            waiting: AtomicUsize::new(0),
        }
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        match self.lane {
            Lane::Work | Lane::Orders => self.of.learn(self.began.elapsed()),
            // These take as long as they take; nobody else does.
            Lane::Bulk => {}
        }
    }
}

/// Counted while it waits, however the wait ends.
struct Waiting<'a> {
    count: &'a AtomicUsize,
    before: usize,
}

impl<'a> Waiting<'a> {
    fn enter(count: &'a AtomicUsize) -> Self {
        let before = count.fetch_add(1, Relaxed);
        Self { count, before }
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.count.fetch_sub(1, Relaxed);
    }
}

fn refused(lane: Lane, busy: Busy) -> Busy {
    metrics::counter!("commands_shed_total", "lane" => lane.name()).increment(1);
    busy
}

/// Twice what the wait would have been, and not the same for all.
fn come_back_after(expected: Duration) -> u64 {
    let wait_ms = u64::try_from(expected.as_millis()).unwrap_or(u64::MAX);
    let spread = wait_ms.clamp(*COME_BACK_MS.start(), *COME_BACK_MS.end());
    rand::rng()
        .random_range(spread..=spread.saturating_mul(2))
        .min(*COME_BACK_MS.end())
}

fn as_us(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PATIENCE: Duration = Duration::from_millis(250);

    fn in_a_second() -> Instant {
        Instant::now() + Duration::from_secs(1)
    }

    #[tokio::test]
    async fn as_many_run_as_there_are_connections_and_a_few_wait() {
        let admission = Admission::new(4, PATIENCE);
        let mut held = Vec::new();
        for _ in 0..4 {
            held.push(admission.turn(Lane::Work, in_a_second()).await.ok());
        }
        // 10 ms each on four connections: a hundred would wait for 250 ms.
        let waiting: Vec<_> = (0..99)
            .map(|_| {
                let admission = Arc::clone(&admission);
                tokio::spawn(async move { admission.turn(Lane::Work, in_a_second()).await.is_ok() })
            })
            .collect();
        while admission.waiting.load(Relaxed) < 99 {
            tokio::task::yield_now().await;
        }
        let late = admission.turn(Lane::Work, in_a_second());
        let Err(busy) = timeout_at(Instant::now(), late)
            .await
            .expect("told at once")
        else {
            panic!("too many are waiting");
        };
        assert!(COME_BACK_MS.contains(&busy.retry_after_ms), "{busy:?}");
        held.clear();
        for waiting in waiting {
            assert!(waiting.await.expect("no panic"));
        }
        assert_eq!(admission.waiting.load(Relaxed), 0);
    }

    #[tokio::test]
    async fn what_takes_long_lets_fewer_wait() {
        let admission = Admission::new(1, PATIENCE);
        for _ in 0..40 {
            admission.learn(Duration::from_millis(900));
        }
        let _held = admission.turn(Lane::Work, in_a_second()).await;
        let late = admission.turn(Lane::Work, in_a_second());
        let late = timeout_at(Instant::now(), late).await;
        assert!(late.expect("told at once").is_err());
    }

    #[tokio::test]
    async fn nobody_waits_longer_than_patience_or_the_command_lasts() {
        let admission = Admission::new(1, Duration::from_millis(60));
        let _held = admission.turn(Lane::Work, in_a_second()).await;
        let began = Instant::now();
        assert!(admission.turn(Lane::Work, in_a_second()).await.is_err());
        let waited = began.elapsed();
        assert!(waited >= Duration::from_millis(60), "{waited:?}");
        let until = Instant::now() + Duration::from_millis(30);
        assert!(admission.turn(Lane::Work, until).await.is_err());
        assert!(
            Instant::now() < until + Duration::from_millis(30),
            "not all its patience"
        );
    }

    #[tokio::test]
    async fn customers_and_imports_leave_room_for_the_control_room() {
        let admission = Admission::new(4, Duration::from_millis(20));
        let mut held = Vec::new();
        while let Ok(turn) = admission.turn(Lane::Orders, in_a_second()).await {
            held.push(turn);
        }
        assert_eq!(held.len(), 3);
        let work = admission.turn(Lane::Work, in_a_second()).await;
        assert!(work.is_ok());
        drop(work);
        held.clear();
        let import = admission.turn(Lane::Bulk, in_a_second()).await;
        assert!(import.is_ok());
        assert!(admission.turn(Lane::Bulk, in_a_second()).await.is_err());
    }

    #[test]
    fn lanes_go_by_who_asks_and_for_what() {
        let plan = Command::PlanTemplate(crate::domain::command::TemplatePlan {
            template: crate::domain::ids::TemplateId(uuid::Uuid::nil()),
        });
        let release = Command::ReleaseHold(crate::domain::command::HoldRelease {
            hold: crate::domain::ids::HoldId(uuid::Uuid::nil()),
        });
        assert_eq!(Lane::of(Role::System, &plan), Lane::Bulk);
        assert_eq!(Lane::of(Role::System, &release), Lane::Work);
        assert_eq!(Lane::of(Role::Customer, &release), Lane::Orders);
        assert_eq!(Lane::of(Role::Dispatcher, &release), Lane::Work);
    }
}
