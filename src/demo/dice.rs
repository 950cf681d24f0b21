//! Chance that repeats: the same label always throws the same.

use jiff::Timestamp;
use rand::{Rng, SeedableRng, rngs::StdRng};
use uuid::Uuid;

/// All of the demo's names lie under this one.
const SPACE: Uuid = Uuid::from_u128(0x6469_7370_6174_6368_2d64_656d_6f2d_0001);

/// When everything that has always been there was made.
pub(super) fn beginning() -> Timestamp {
    Timestamp::from_second(1_767_225_600).expect("the first of January 2026")
}

/// The id of something that the demo names, made at a certain instant; version 7 as all ids.
pub(super) fn id_at<T: From<Uuid>>(at: Timestamp, label: &str) -> T {
    let name = Uuid::new_v5(&SPACE, label.as_bytes());
    let mut random = [0_u8; 10];
    random.copy_from_slice(&name.as_bytes()[..10]);
    let millis = u64::try_from(at.as_millisecond()).unwrap_or(0);
    T::from(uuid::Builder::from_unix_timestamp_millis(millis, &random).into_uuid())
}

/// A source of chance for one thing.
pub(super) struct Dice(StdRng);

impl Dice {
    pub(super) fn of(label: &str) -> Self {
        let name = Uuid::new_v5(&SPACE, label.as_bytes());
        let mut seed = [0_u8; 32];
        seed[..16].copy_from_slice(name.as_bytes());
        Self(StdRng::from_seed(seed))
    }

    /// A number below `end`, which is not 0.
    pub(super) fn below(&mut self, end: usize) -> usize {
        self.0.random_range(0..end)
    }

    /// A number from `least` to `most`.
    pub(super) fn between(&mut self, least: i64, most: i64) -> i64 {
        self.0.random_range(least..=most)
    }

    /// True this many times of a hundred.
    pub(super) fn percent(&mut self, chance: u32) -> bool {
        self.0.random_range(0..100) < chance
    }

    pub(super) fn pick<'a, T>(&mut self, from: &'a [T]) -> Option<&'a T> {
        (!from.is_empty()).then(|| &from[self.0.random_range(0..from.len())])
    }

    /// A place in `[least, most)`.
    pub(super) fn place(&mut self, least: f64, most: f64) -> f64 {
        self.0.random_range(least..most)
    }
}
