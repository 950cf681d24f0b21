//! Rows by id, cheap to copy: what was loaded is shared by all copies, and each has its own changes
//! on top.
//!
//! A decision works on a copy of the world, and so do the comparisons that follow it. With this a copy
//! costs what has changed, not what was loaded, and so does finding the differences between two
//! copies. Rows that belong together (a cleaner's, a booking's) are found by an index that is made
//! when it is first asked for, once for all copies.

use std::{
    collections::{BTreeMap, HashMap, btree_map},
    fmt,
    hash::{BuildHasherDefault, Hasher},
    iter::Peekable,
    ops::{Index, Range},
    slice,
    sync::{Arc, OnceLock},
};

use uuid::Uuid;

/// A map that iterates by id.
pub struct Table<K, V> {
    /// `None`: nothing was loaded.
    loaded: Option<Arc<Loaded<K, V>>>,
    /// Rows as they have become since; `None` is gone. Of what was not loaded there is no `None`.
    changed: BTreeMap<K, Option<V>>,
}

struct Loaded<K, V> {
    /// By id.
    rows: Vec<(K, V)>,
    groups: [OnceLock<Groups>; GROUPINGS],
}

/// How many indexes a table can have.
const GROUPINGS: usize = 2;

/// A way in which rows belong together.
pub trait Grouping<V> {
    /// Which of the table's indexes it is; groupings of one kind of row have different ones.
    const INDEX: usize;

    fn group(row: &V) -> Uuid;
}

/// Positions of the loaded rows, group by group and by id within each.
struct Groups {
    positions: Vec<u32>,
    of: HashMap<u128, Range<u32>, BuildHasherDefault<IdHasher>>,
}

/// A row that is not the same before and after.
#[derive(Debug)]
pub struct Changed<'t, K, V> {
    pub id: &'t K,
    pub before: Option<&'t V>,
    pub after: Option<&'t V>,
}

impl<K: Ord + Clone, V> Table<K, V> {
    pub fn new() -> Self {
        Self::default()
    }

    pub fn get(&self, id: &K) -> Option<&V> {
        match self.changed.get(id) {
            Some(row) => row.as_ref(),
            None => self.loaded(id),
        }
    }

    pub fn contains_key(&self, id: &K) -> bool {
        self.get(id).is_some()
    }

    pub fn insert(&mut self, id: K, row: V) {
        self.changed.insert(id, Some(row));
    }

    pub fn remove(&mut self, id: &K) {
        if self.loaded(id).is_some() {
            self.changed.insert(id.clone(), None);
        } else {
            self.changed.remove(id);
        }
    }

    pub fn iter(&self) -> Iter<'_, K, V> {
        Iter {
            loaded: self.loaded_rows().iter(),
            changed: self.changed.iter().peekable(),
        }
    }

    pub fn keys(&self) -> Keys<'_, K, V> {
        Keys(self.iter())
    }

    pub fn values(&self) -> Values<'_, K, V> {
        Values(self.iter())
    }

    pub fn len(&self) -> usize {
        self.iter().count()
    }

    pub fn is_empty(&self) -> bool {
        self.iter().next().is_none()
    }

    pub fn clear(&mut self) {
        *self = Self::default();
    }

    /// Keeps the rows that are to be kept.
    pub fn retain(&mut self, mut kept: impl FnMut(&K, &V) -> bool) {
        let gone = self.iter().filter(|(id, row)| !kept(id, row));
        let gone: Vec<K> = gone.map(|(id, _)| id.clone()).collect();
        for id in gone {
            self.remove(&id);
        }
    }

    /// All rows of a group, by id. It looks at every row that has changed since the load.
    pub fn group<G: Grouping<V>>(&self, group: Uuid) -> impl Iterator<Item = &V> {
        let since = self.changed.values().flatten();
        self.group_as_loaded::<G>(group)
            .chain(since.filter(move |row| G::group(row) == group))
    }

    /// Of a group's rows those that are as they were loaded.
    pub fn group_as_loaded<G: Grouping<V>>(&self, group: Uuid) -> impl Iterator<Item = &V> {
        let loaded = self.loaded.as_ref();
        let positions = loaded.map_or(&[][..], |loaded| loaded.group::<G>(group));
        let rows = positions.iter().map(|at| &self.loaded_rows()[*at as usize]);
        let as_loaded = self.changed.is_empty();
        rows.filter(move |(id, _)| as_loaded || !self.changed.contains_key(id))
            .map(|(_, row)| row)
    }

    /// Rows that are not as they were loaded.
    pub fn changed_since_load(&self) -> impl Iterator<Item = &V> {
        self.changed.values().flatten()
    }

    fn loaded_rows(&self) -> &[(K, V)] {
        self.loaded.as_ref().map_or(&[], |loaded| &loaded.rows)
    }

    fn loaded(&self, id: &K) -> Option<&V> {
        let rows = self.loaded_rows();
        let at = rows.binary_search_by(|(other, _)| other.cmp(id)).ok()?;
        Some(&rows[at].1)
    }
}

impl<K: Ord + Clone, V: Clone> Table<K, V> {
    pub fn get_mut(&mut self, id: &K) -> Option<&mut V> {
        if !self.changed.contains_key(id) {
            let row = self.loaded(id)?.clone();
            self.changed.insert(id.clone(), Some(row));
        }
        self.changed.get_mut(id)?.as_mut()
    }

    pub fn values_mut(&mut self) -> impl Iterator<Item = &mut V> {
        for (id, row) in self.loaded.iter().flat_map(|loaded| &loaded.rows) {
            let row = || Some(row.clone());
            self.changed.entry(id.clone()).or_insert_with(row);
        }
        self.changed.values_mut().flatten()
    }

    /// The same rows, as if all of them had just been loaded.
    #[must_use]
    pub fn settled(&self) -> Self {
        let rows = self.iter();
        rows.map(|(id, row)| (id.clone(), row.clone())).collect()
    }
}

impl<K: Ord + Clone, V: PartialEq> Table<K, V> {
    /// Rows that are new, gone or different since `before`, by id.
    pub fn since<'t>(&'t self, before: &'t Self) -> Vec<Changed<'t, K, V>> {
        let ids = match (&self.loaded, &before.loaded) {
            (None, None) => merged(self.changed.keys(), before.changed.keys()),
            (Some(new), Some(old)) if Arc::ptr_eq(new, old) => {
                merged(self.changed.keys(), before.changed.keys())
            }
            _ => merged(self.keys(), before.keys()),
        };
        ids.into_iter()
            .map(|id| Changed {
                id,
                before: before.get(id),
                after: self.get(id),
            })
            .filter(|row| row.before != row.after)
            .collect()
    }
}

fn merged<'t, K: Ord>(
    some: impl Iterator<Item = &'t K>,
    others: impl Iterator<Item = &'t K>,
) -> Vec<&'t K> {
    let mut ids: Vec<&K> = some.chain(others).collect();
    ids.sort_unstable();
    ids.dedup();
    ids
}

impl<K, V> Loaded<K, V> {
    fn group<G: Grouping<V>>(&self, group: Uuid) -> &[u32] {
        let groups = self.groups[G::INDEX].get_or_init(|| {
            let rows = self.rows.iter();
            Groups::of(rows.map(|(_, row)| G::group(row).as_u128()))
        });
        groups.of.get(&group.as_u128()).map_or(&[], |range| {
            &groups.positions[range.start as usize..range.end as usize]
        })
    }
}

impl Groups {
    fn of(rows: impl Iterator<Item = u128>) -> Self {
        let mut of: HashMap<u128, Range<u32>, _> = HashMap::default();
        let rows: Vec<u128> = rows.collect();
        for group in &rows {
            of.entry(*group).or_default().end += 1;
        }
        let mut next = 0;
        for range in of.values_mut() {
            let length = range.end;
            *range = next..next;
            next += length;
        }
        let mut positions = vec![0; rows.len()];
        for (at, group) in (0..).zip(&rows) {
            let range = of.get_mut(group).expect("counted above");
            positions[range.end as usize] = at;
            range.end += 1;
        }
        Self { positions, of }
    }
}

/// Ids are random enough as they are.
#[derive(Default)]
pub struct IdHasher(u64);

impl Hasher for IdHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.write_u128(u128::from(*byte));
        }
    }

    #[expect(clippy::cast_possible_truncation, reason = "both halves are used")]
    fn write_u128(&mut self, id: u128) {
        let folded = self.0 ^ (id >> 64) as u64 ^ id as u64;
        let spread = folded.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        self.0 = spread ^ spread >> 32;
    }
}

/// Rows by id.
pub struct Iter<'t, K, V> {
    loaded: slice::Iter<'t, (K, V)>,
    changed: Peekable<btree_map::Iter<'t, K, Option<V>>>,
}

/// Ids in order.
pub struct Keys<'t, K, V>(Iter<'t, K, V>);

/// Rows in the order of their ids.
pub struct Values<'t, K, V>(Iter<'t, K, V>);

impl<K, V> Clone for Iter<'_, K, V> {
    fn clone(&self) -> Self {
        Self {
            loaded: self.loaded.clone(),
            changed: self.changed.clone(),
        }
    }
}

impl<K, V> Clone for Keys<'_, K, V> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<K, V> Clone for Values<'_, K, V> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<'t, K: Ord, V> Iterator for Iter<'t, K, V> {
    type Item = (&'t K, &'t V);

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        if self.changed.peek().is_none() {
            return self.loaded.next().map(|(id, row)| (id, row));
        }
        self.next_of_both()
    }

    /// Once nothing is changed any more, straight through what was loaded.
    #[inline]
    fn fold<B, F: FnMut(B, Self::Item) -> B>(mut self, start: B, mut with: F) -> B {
        let mut folded = start;
        while self.changed.peek().is_some() {
            match self.next_of_both() {
                Some(row) => folded = with(folded, row),
                None => break,
            }
        }
        self.loaded
            .fold(folded, |folded, (id, row)| with(folded, (id, row)))
    }
}

impl<'t, K: Ord, V> Iter<'t, K, V> {
    fn next_of_both(&mut self) -> Option<(&'t K, &'t V)> {
        loop {
            let Some((changed, row)) = self.changed.peek() else {
                return self.loaded.next().map(|(id, row)| (id, row));
            };
            match self.loaded.as_slice().first() {
                Some((id, _)) if id < *changed => {
                    return self.loaded.next().map(|(id, row)| (id, row));
                }
                Some((id, _)) if id == *changed => {
                    self.loaded.next();
                }
                Some(_) | None => {}
            }
            let known = row.as_ref().map(|row| (*changed, row));
            self.changed.next();
            if known.is_some() {
                return known;
            }
        }
    }
}

impl<'t, K: Ord, V> Iterator for Keys<'t, K, V> {
    type Item = &'t K;

    #[inline]
    fn next(&mut self) -> Option<&'t K> {
        self.0.next().map(|(id, _)| id)
    }
}

impl<'t, K: Ord, V> Iterator for Values<'t, K, V> {
    type Item = &'t V;

    #[inline]
    fn next(&mut self) -> Option<&'t V> {
        self.0.next().map(|(_, row)| row)
    }

    #[inline]
    fn fold<B, F: FnMut(B, &'t V) -> B>(self, start: B, mut with: F) -> B {
        self.0.fold(start, |folded, (_, row)| with(folded, row))
    }
}

impl<'t, K: Ord + Clone, V> IntoIterator for &'t Table<K, V> {
    type Item = (&'t K, &'t V);
    type IntoIter = Iter<'t, K, V>;

    fn into_iter(self) -> Iter<'t, K, V> {
        self.iter()
    }
}

impl<K: Ord, V> FromIterator<(K, V)> for Table<K, V> {
    /// Of rows with one id the last counts.
    fn from_iter<T: IntoIterator<Item = (K, V)>>(rows: T) -> Self {
        let mut rows: Vec<(K, V)> = rows.into_iter().collect();
        if rows.is_empty() {
            return Self::default();
        }
        rows.reverse();
        rows.sort_by(|(a, _), (b, _)| a.cmp(b));
        rows.dedup_by(|(a, _), (b, _)| a == b);
        Self {
            loaded: Some(Arc::new(Loaded {
                rows,
                groups: Default::default(),
            })),
            changed: BTreeMap::new(),
        }
    }
}

impl<K: Ord, V> From<BTreeMap<K, V>> for Table<K, V> {
    fn from(rows: BTreeMap<K, V>) -> Self {
        rows.into_iter().collect()
    }
}

impl<K: Ord, V, const N: usize> From<[(K, V); N]> for Table<K, V> {
    fn from(rows: [(K, V); N]) -> Self {
        rows.into_iter().collect()
    }
}

impl<K: Ord + Clone, V> Index<&K> for Table<K, V> {
    type Output = V;

    fn index(&self, id: &K) -> &V {
        self.get(id).expect("a row that is there")
    }
}

impl<K, V> Default for Table<K, V> {
    fn default() -> Self {
        Self {
            loaded: None,
            changed: BTreeMap::new(),
        }
    }
}

impl<K: Clone, V: Clone> Clone for Table<K, V> {
    fn clone(&self) -> Self {
        Self {
            loaded: self.loaded.clone(),
            changed: self.changed.clone(),
        }
    }
}

impl<K: Ord + Clone, V: PartialEq> PartialEq for Table<K, V> {
    fn eq(&self, other: &Self) -> bool {
        other.since(self).is_empty()
    }
}

impl<K: Ord + Clone + fmt::Debug, V: fmt::Debug> fmt::Debug for Table<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self).finish()
    }
}

#[cfg(test)]
mod tests;
