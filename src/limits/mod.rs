//! Rates per key, bounded in memory. A refusal says when to come back; nobody else is affected.
//!
//! A flood of keys cannot fill the memory, nor make anybody else wait: where there are too many, those
//! who owe least are forgotten. Instances may tell each other what was used up ([`sharing`]); that
//! tightens limits and never loosens one.

mod bounded;
mod places;
pub mod redis;
pub mod sharing;

use std::{
    convert::Infallible, marker::PhantomData, net::IpAddr, num::NonZeroU32, sync::Arc,
    time::Duration,
};

use governor::{
    Quota, RateLimiter,
    clock::{Clock, DefaultClock, Reference},
    middleware::NoOpMiddleware,
    nanos::Nanos,
    state::{StateStore, keyed::ShrinkableKeyedStateStore},
};
use uuid::Uuid;

pub use bounded::{Bounded, Weight};
pub use places::{Full, Place, Places};
use sharing::{Book, Page};

/// Whom a limit is about, in a form that all instances have in common.
pub trait Key {
    fn number(&self) -> u128;
}

impl Key for Uuid {
    fn number(&self) -> u128 {
        self.as_u128()
    }
}

/// Keys that one limit knows at once where nothing else is said.
const KEYS: usize = 1 << 16;
/// How deep others' use may put a key into debt, in bursts.
const DEEPEST_DEBT: u64 = 2;

/// At most so many per minute and key, `burst` of them at once.
pub struct Limit<K> {
    cells: Arc<Cells<DefaultClock>>,
    page: Option<Page>,
    keys: PhantomData<fn(&K)>,
}

/// What a limit is to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    pub per_minute: u32,
    pub burst: u32,
}

impl<K: Key> Limit<K> {
    /// Of this instance alone. Both figures count from one upwards.
    pub fn per_minute(rate: u32, burst: u32) -> Self {
        let rate = Rate {
            per_minute: rate,
            burst,
        };
        Self {
            cells: Arc::new(Cells::new(rate, KEYS, DefaultClock::default())),
            page: None,
            keys: PhantomData,
        }
    }

    /// One that all instances have in common by this name, as far as they hear of each other.
    pub fn shared(book: &Book, name: &'static str, rate: Rate) -> Self {
        let cells = Arc::new(Cells::new(rate, book.keys(), DefaultClock::default()));
        let page = book.open(name, Arc::clone(&cells) as _);
        Self {
            cells,
            page: Some(page),
            keys: PhantomData,
        }
    }

    /// Takes one, or says how long to wait for it.
    pub fn take(&self, key: &K) -> Result<(), Duration> {
        let number = key.number();
        self.cells.take(number)?;
        if let Some(page) = &self.page {
            page.note(number);
        }
        Ok(())
    }

    /// Forgets keys that are as good as new. To be called now and then.
    pub fn prune(&self) {
        self.cells.limiter.retain_recent();
    }
}

/// The state of one limit.
struct Cells<C: Clock> {
    limiter: RateLimiter<u128, Store, C, NoOpMiddleware<C::Instant>>,
    store: Store,
    quota: Quota,
    start: C::Instant,
}

impl<C: Clock> Cells<C> {
    fn new(rate: Rate, keys: usize, clock: C) -> Self {
        let at_least_one = |n: u32| NonZeroU32::new(n).unwrap_or(NonZeroU32::MIN);
        let quota = Quota::per_minute(at_least_one(rate.per_minute));
        let quota = quota.allow_burst(at_least_one(rate.burst));
        let store = Store(Arc::new(Bounded::new(keys)));
        // The limiter's own start is a moment later, which only makes debts shorter by that.
        let start = clock.now();
        Self {
            limiter: RateLimiter::new(quota, store.clone(), clock),
            store,
            quota,
            start,
        }
    }

    fn take(&self, key: u128) -> Result<(), Duration> {
        self.limiter
            .check_key(&key)
            .map_err(|not_until| not_until.wait_time_from(self.limiter.clock().now()))
    }
}

impl<C: Clock> sharing::Charge for Cells<C>
where
    Self: Send + Sync,
{
    /// Counts what was used elsewhere: also what the limit would not have allowed here, up to a depth.
    fn charge(&self, key: u128, count: u32) {
        let interval = Nanos::from(self.quota.replenish_interval());
        let depth = u64::from(self.quota.burst_size().get()) * DEEPEST_DEBT;
        let now = self.limiter.clock().now().duration_since(self.start);
        let charged = self.store.measure_and_replace(&key, |until| {
            let until = until.unwrap_or(now);
            let next = until.max(now) + interval * u64::from(count);
            let deepest = now + interval * depth;
            Ok::<_, Infallible>(((), until.max(next.min(deepest))))
        });
        let Ok(()) = charged;
    }
}

/// When each key is as good as new again.
#[derive(Debug, Clone)]
struct Store(Arc<Bounded<u128, NewAgain>>);

#[derive(Debug, Clone, Copy)]
struct NewAgain(Nanos);

impl Weight for NewAgain {
    fn weight(&self) -> u64 {
        self.0.as_u64()
    }
}

impl StateStore for Store {
    type Key = u128;

    fn measure_and_replace<T, F, E>(&self, key: &u128, decide: F) -> Result<T, E>
    where
        F: Fn(Option<Nanos>) -> Result<(T, Nanos), E>,
    {
        self.0.update(key, |known| {
            let (answer, next) = decide(known.map(|known| known.0))?;
            Ok((answer, NewAgain(next)))
        })
    }
}

impl ShrinkableKeyedStateStore<u128> for Store {
    fn retain_recent(&self, drop_below: Nanos) {
        self.0.retain(|known| known.0 >= drop_below);
    }

    fn len(&self) -> usize {
        self.0.len()
    }

    fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// Whom an address counts as: an IPv6 subscriber has a /64 at least.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Neighbour(IpAddr);

impl From<IpAddr> for Neighbour {
    fn from(address: IpAddr) -> Self {
        match address.to_canonical() {
            IpAddr::V4(v4) => Self(IpAddr::V4(v4)),
            IpAddr::V6(v6) => Self(IpAddr::V6((v6.to_bits() >> 64 << 64).into())),
        }
    }
}

impl Key for Neighbour {
    fn number(&self) -> u128 {
        match self.0 {
            IpAddr::V4(v4) => v4.to_ipv6_mapped().to_bits(),
            IpAddr::V6(v6) => v6.to_bits(),
        }
    }
}

#[cfg(test)]
mod tests {
    use governor::clock::FakeRelativeClock;

    use super::{sharing::Charge as _, *};

    const RATE: Rate = Rate {
        per_minute: 60,
        burst: 2,
    };

    #[test]
    fn a_limit_is_per_key_and_says_how_long_to_wait() {
        let limit = Limit::per_minute(60, 2);
        let (a, b) = (Uuid::from_u128(1), Uuid::from_u128(2));
        assert!(limit.take(&a).is_ok() && limit.take(&a).is_ok());
        let wait = limit.take(&a).expect_err("the burst is used up");
        assert!(wait > Duration::ZERO && wait <= Duration::from_secs(1));
        assert!(limit.take(&b).is_ok());
    }

    #[test]
    fn addresses_of_one_v6_network_count_as_one() {
        let key = |text: &str| Neighbour::from(text.parse::<IpAddr>().expect("an address"));
        assert_eq!(key("2001:db8::1"), key("2001:db8::ffff:1"));
        assert_ne!(key("2001:db8::1"), key("2001:db8:0:1::1"));
        assert_ne!(key("10.0.0.1"), key("10.0.0.2"));
        assert_eq!(key("::ffff:10.0.0.1"), key("10.0.0.1"));
        assert_ne!(key("10.0.0.1").number(), key("10.0.0.2").number());
    }

    /// Who is at the limit stays there, who is not is not refused for it, and the memory is bounded.
    #[test]
    fn a_flood_of_addresses_is_bounded_and_affects_nobody_else() {
        let cells = Cells::new(RATE, 1_000, FakeRelativeClock::default());
        let guesser = 7;
        while cells.take(guesser).is_ok() {}
        for stranger in 0..100_000_u128 {
            let wait = cells.take(stranger << 64);
            assert_eq!(wait, Ok(()), "the first of an address is never refused");
        }
        let known = cells.limiter.len();
        assert!(known <= 1_000 + 16, "{known} keys");
        assert!(cells.take(guesser).is_err(), "no flood frees the guesser");
    }

    #[test]
    fn what_others_used_counts_here_and_is_forgiven_at_the_limits_own_pace() {
        let clock = FakeRelativeClock::default();
        let cells = Cells::new(RATE, 100, clock.clone());
        cells.charge(1, 1);
        assert_eq!(cells.take(1), Ok(()), "one of two is left");
        assert!(cells.take(1).is_err());
        assert_eq!(cells.take(2), Ok(()), "somebody else's are untouched");
        cells.charge(1, 1);
        clock.advance(Duration::from_secs(1));
        assert!(cells.take(1).is_err(), "a debt is paid first");
        clock.advance(Duration::from_secs(1));
        assert_eq!(cells.take(1), Ok(()));
    }

    #[test]
    fn no_report_bans_anybody_for_long() {
        let clock = FakeRelativeClock::default();
        let cells = Cells::new(RATE, 100, clock.clone());
        cells.charge(1, u32::MAX);
        cells.charge(1, u32::MAX);
        let wait = cells.take(1).expect_err("in debt");
        assert!(wait <= Duration::from_secs(4), "{wait:?}");
        clock.advance(wait);
        assert_eq!(cells.take(1), Ok(()));
    }
}
