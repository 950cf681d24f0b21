//! Who may begin a transaction now. Work is refused while it is still cheap to refuse: as many commands
//! run as there are connections for them, a few wait, and whoever would wait too long is told at once
//! when to come back. So what is accepted stays quick, and as much gets done, whatever is asked.
//!
//! Where commands take long, fewer run at once: with everybody at work on a machine that is short of
//! time, or a database that has just come back, all would be too late and nothing would get done. Each
//! that was slow takes a turn away, each round of quick ones gives one back (additive increase and
//! decrease by what was lost, as in congestion control).
//!
//! The control room and those at work always have connections that customers and imports cannot take.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed},
    },
    time::Duration,
};

use rand::Rng;
use tokio::time::Instant;

use super::turns::{OneTurn, Turns};
use crate::domain::{Command, Role};

/// What running a command is taken to cost before any has been seen.
const FIRST_GUESS: Duration = Duration::from_millis(10);
/// How much one command changes what the next ones are taken to cost.
const SMOOTHING: u64 = 8;
/// Nobody is asked to come back sooner, nor to stay away longer for this.
const COME_BACK_MS: std::ops::RangeInclusive<u64> = 100..=5_000;
/// Of this many turns one is kept from customers.
const KEPT_ONE_IN: usize = 4;
/// A command that takes longer than this is slow: a third of what one may take.
const SLOW: Duration = Duration::from_millis(300);
/// However slow they are, so many run at once: one of them may be waiting for a lock.
const FEWEST: usize = 2;

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
    all: Arc<Turns>,
    /// As many as there are connections.
    widest: usize,
    orders: Arc<Turns>,
    bulk: Arc<Turns>,
    waiting: Waits,
    /// Commands since the last change of width that were quick.
    quick: Mutex<usize>,
    /// The longest that a command may wait for its turn.
    patience: Duration,
    /// What a command takes lately, in microseconds.
    cost_us: AtomicU64,
}

/// How many wait for a turn of each kind.
#[derive(Default)]
struct Waits {
    all: AtomicUsize,
    orders: AtomicUsize,
    bulk: AtomicUsize,
}

/// A turn, over when it is dropped.
pub(super) struct Turn {
    of: Arc<Admission>,
    lane: Lane,
    began: Instant,
    _one_of_all: OneTurn,
    _one_of_share: Option<OneTurn>,
}

/// There is too much to do; better to come back then.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Busy {
    pub(super) retry_after_ms: u64,
}

impl Admission {
    /// For so many connections.
    pub(super) fn new(connections: u32, patience: Duration) -> Arc<Self> {
        let widest = usize::try_from(connections).unwrap_or(usize::MAX).max(1);
        Arc::new(Self {
            all: Turns::new(widest),
            widest,
            orders: Turns::new(for_orders(widest)),
            bulk: Turns::new(1),
            waiting: Waits::default(),
            quick: Mutex::new(0),
            patience,
            cost_us: AtomicU64::new(as_us(FIRST_GUESS)),
        })
    }

    /// Waits for a turn, where there is hope for one in time; never beyond `until`.
    pub(super) async fn turn(self: &Arc<Self>, lane: Lane, until: Instant) -> Result<Turn, Busy> {
        let taken = self.take(lane, until).await;
        let (share, one) = taken.inspect_err(|_| {
            metrics::counter!("commands_shed_total", "lane" => lane.name()).increment(1);
        })?;
        Ok(Turn {
            of: Arc::clone(self),
            lane,
            began: Instant::now(),
            _one_of_all: one,
            _one_of_share: share,
        })
    }

    async fn take(&self, lane: Lane, until: Instant) -> Result<(Option<OneTurn>, OneTurn), Busy> {
        let until = until.min(Instant::now() + self.patience);
        let Waits { all, orders, bulk } = &self.waiting;
        let share = match lane {
            Lane::Work => None,
            Lane::Orders => Some(self.wait(&self.orders, orders, until).await?),
            Lane::Bulk => Some(self.wait(&self.bulk, bulk, until).await?),
        };
        Ok((share, self.wait(&self.all, all, until).await?))
    }

    async fn wait(
        &self,
        turns: &Arc<Turns>,
        waiting: &AtomicUsize,
        until: Instant,
    ) -> Result<OneTurn, Busy> {
        if let Some(turn) = turns.take_free() {
            return Ok(turn);
        }
        let waiting = Waiting::enter(waiting);
        let expected = self.expected_wait(waiting.before, turns.most());
        let busy = Busy {
            retry_after_ms: come_back_after(expected),
        };
        if Instant::now() + expected > until {
            return Err(busy);
        }
        turns.take(until).await.ok_or(busy)
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
        self.adapt(took);
    }

    /// One turn fewer after a slow command, one more after as many quick ones as there are turns.
    fn adapt(&self, took: Duration) {
        let mut quick = self.quick.lock().unwrap_or_else(PoisonError::into_inner);
        let width = self.all.most();
        let next = if took > SLOW {
            width.saturating_sub(1).max(FEWEST.min(self.widest))
        } else {
            *quick += 1;
            if *quick < width {
                return;
            }
            (width + 1).min(self.widest)
        };
        *quick = 0;
        if next != width {
            self.all.resize(next);
            self.orders.resize(for_orders(next));
            metrics::gauge!("command_turns").set(u32::try_from(next).unwrap_or(u32::MAX));
        }
    }
}

/// Of so many turns those that customers may have.
fn for_orders(width: usize) -> usize {
    if width > 1 {
        width - width.div_ceil(KEPT_ONE_IN)
    } else {
        width
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
    use tokio::time::timeout_at;

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
        while admission.waiting.all.load(Relaxed) < 99 {
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
        assert_eq!(admission.waiting.all.load(Relaxed), 0);
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
    fn slow_commands_narrow_the_way_and_quick_ones_widen_it_again() {
        let admission = Admission::new(12, PATIENCE);
        for _ in 0..40 {
            admission.learn(Duration::from_millis(900));
        }
        assert_eq!((admission.all.most(), admission.orders.most()), (2, 1));
        for _ in 0..2 + 3 + 4 {
            admission.learn(Duration::from_millis(90));
        }
        assert_eq!((admission.all.most(), admission.orders.most()), (5, 3));
        for _ in 0..100 {
            admission.learn(Duration::from_millis(9));
        }
        assert_eq!((admission.all.most(), admission.orders.most()), (12, 9));
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
