//! A map that never holds more than so many keys. Where it is full, a new key takes the place of the
//! one that weighs least among a few picked at random: what is forgotten first tells least. So a
//! flood of strangers costs a bounded number of bytes and no known key its room or its debt.

use std::{
    collections::HashMap,
    hash::{BuildHasher, Hash, RandomState},
    sync::{Mutex, MutexGuard, PoisonError},
};

/// How much it would matter to forget a value.
pub trait Weight {
    fn weight(&self) -> u64;
}

const SHARDS: usize = 16;
/// Entries of which the lightest gives way.
const PICKED: usize = 8;

/// Many threads may use it at once.
#[derive(Debug)]
pub struct Bounded<K, V> {
    shards: Vec<Mutex<Shard<K, V>>>,
    hasher: RandomState,
    most_per_shard: usize,
}

#[derive(Debug)]
struct Shard<K, V> {
    places: HashMap<K, usize>,
    entries: Vec<(K, V)>,
}

impl<K: Hash + Eq + Clone, V: Weight> Bounded<K, V> {
    /// For at most about `keys` of them, and always a few.
    pub fn new(keys: usize) -> Self {
        let shard = || {
            Mutex::new(Shard {
                places: HashMap::new(),
                entries: Vec::new(),
            })
        };
        Self {
            shards: std::iter::repeat_with(shard).take(SHARDS).collect(),
            hasher: RandomState::new(),
            most_per_shard: keys.div_ceil(SHARDS).max(1),
        }
    }

    /// Gives `decide` what is known of the key, and stores what it makes of that.
    pub fn update<T, E>(
        &self,
        key: &K,
        decide: impl FnOnce(Option<&V>) -> Result<(T, V), E>,
    ) -> Result<T, E> {
        let mut shard = self.shard(key);
        if let Some(place) = shard.places.get(key).copied() {
            let value = &mut shard.entries[place].1;
            let (answer, next) = decide(Some(value))?;
            *value = next;
            return Ok(answer);
        }
        let (answer, value) = decide(None)?;
        if shard.entries.len() >= self.most_per_shard {
            shard.forget_the_lightest();
        }
        shard.add(key.clone(), value);
        Ok(answer)
    }

    pub fn remove(&self, key: &K) {
        let mut shard = self.shard(key);
        if let Some(place) = shard.places.get(key).copied() {
            shard.take_out(place);
        }
    }

    /// Forgets all that are not worth keeping, with the room they took.
    pub fn retain(&self, keep: impl Fn(&V) -> bool) {
        for shard in &self.shards {
            let mut shard = locked(shard);
            let mut place = 0;
            while place < shard.entries.len() {
                if keep(&shard.entries[place].1) {
                    place += 1;
                } else {
                    shard.take_out(place);
                }
            }
            shard.places.shrink_to_fit();
            shard.entries.shrink_to_fit();
        }
    }

    pub fn len(&self) -> usize {
        let lengths = self.shards.iter().map(|shard| locked(shard).entries.len());
        lengths.sum()
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn shard(&self, key: &K) -> MutexGuard<'_, Shard<K, V>> {
        let hash = usize::try_from(self.hasher.hash_one(key) % SHARDS as u64);
        locked(&self.shards[hash.expect("there are few shards")])
    }
}

fn locked<K, V>(shard: &Mutex<Shard<K, V>>) -> MutexGuard<'_, Shard<K, V>> {
    shard.lock().unwrap_or_else(PoisonError::into_inner)
}

impl<K: Hash + Eq + Clone, V: Weight> Shard<K, V> {
    fn add(&mut self, key: K, value: V) {
        self.places.insert(key.clone(), self.entries.len());
        self.entries.push((key, value));
    }

    fn take_out(&mut self, place: usize) {
        let (key, _) = self.entries.swap_remove(place);
        self.places.remove(&key);
        if let Some((moved, _)) = self.entries.get(place) {
            self.places.insert(moved.clone(), place);
        }
    }

    fn forget_the_lightest(&mut self) {
        let picked = (0..PICKED).map(|_| rand::random_range(0..self.entries.len()));
        let lightest = picked.min_by_key(|place| self.entries[*place].1.weight());
        if let Some(place) = lightest {
            self.take_out(place);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    impl Weight for u64 {
        fn weight(&self) -> u64 {
            *self
        }
    }

    fn put(map: &Bounded<u32, u64>, key: u32, value: u64) -> Option<u64> {
        let put = map.update(&key, |known| Ok::<_, ()>((known.copied(), value)));
        put.expect("it is always stored")
    }

    #[test]
    fn it_never_holds_more_than_it_may_and_keeps_what_weighs() {
        let map = Bounded::new(1_600);
        for key in 0..400 {
            put(&map, key, 1_000);
        }
        for key in 1_000..200_000 {
            put(&map, key, 1);
            if key % 10_000 == 0 {
                assert!(map.len() <= 1_600, "{}", map.len());
            }
        }
        let kept = (0..400).filter(|key| put(&map, *key, 1_000) == Some(1_000));
        assert!(kept.count() > 380, "the heavy ones stay");
    }

    #[test]
    fn what_is_removed_or_not_retained_is_gone_and_the_rest_is_found() {
        let map = Bounded::new(1_000);
        for key in 0..100 {
            put(&map, key, u64::from(key));
        }
        map.remove(&7);
        map.retain(|value| value % 2 == 1);
        assert_eq!(map.len(), 49);
        assert_eq!(put(&map, 9, 9), Some(9));
        assert_eq!(put(&map, 8, 8), None);
        assert_eq!(put(&map, 7, 7), None);
    }

    #[test]
    fn a_refused_change_changes_nothing() {
        let map = Bounded::<u32, u64>::new(10);
        assert_eq!(map.update(&1, |_| Err::<((), u64), _>("no")), Err("no"));
        assert!(map.is_empty());
    }
}
