//! How many live connections there may be: of one address, and of the whole instance. Counted
//! exactly, from the handshake to the end.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use dashmap::{DashMap, mapref::entry::Entry};

use super::Neighbour;

/// All places of an instance.
#[derive(Debug)]
pub struct Places {
    taken: AtomicUsize,
    by_address: DashMap<Neighbour, usize>,
    most: usize,
    most_of_an_address: usize,
}

/// One taken place, free again when this is dropped.
#[derive(Debug)]
pub struct Place {
    of: Arc<Places>,
    by: Neighbour,
}

/// Why there is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Full {
    /// The address has as many as it may have.
    Address,
    /// The instance has: others may have room.
    Instance,
}

impl Places {
    pub fn new(most: usize, most_of_an_address: usize) -> Arc<Self> {
        Arc::new(Self {
            taken: AtomicUsize::new(0),
            by_address: DashMap::new(),
            most,
            most_of_an_address,
        })
    }

    pub fn take(self: &Arc<Self>, by: Neighbour) -> Result<Place, Full> {
        let room = |taken: usize| (taken < self.most).then_some(taken + 1);
        let (acquire, relaxed) = (Ordering::AcqRel, Ordering::Relaxed);
        if self.taken.fetch_update(acquire, relaxed, room).is_err() {
            return Err(Full::Instance);
        }
        // The entry is locked: of two at once, only one gets the last place.
        let mut own = self.by_address.entry(by).or_insert(0);
        if *own >= self.most_of_an_address {
            self.taken.fetch_sub(1, Ordering::AcqRel);
            return Err(Full::Address);
        }
        *own += 1;
        drop(own);
        Ok(Place {
            of: Arc::clone(self),
            by,
        })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.of.taken.fetch_sub(1, Ordering::AcqRel);
        if let Entry::Occupied(mut own) = self.of.by_address.entry(self.by) {
            *own.get_mut() -= 1;
            if *own.get() == 0 {
                own.remove();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::thread::ScopedJoinHandle;

    use super::*;

    fn address(last: u8) -> Neighbour {
        std::net::IpAddr::from([10, 0, 0, last]).into()
    }

    #[test]
    fn an_address_takes_no_more_than_its_share_and_an_instance_no_more_than_it_has() {
        let places = Places::new(5, 3);
        let mut held: Vec<_> = (0..3)
            .map(|_| places.take(address(1)).expect("room"))
            .collect();
        assert_eq!(places.take(address(1)).map(drop), Err(Full::Address));
        held.push(places.take(address(2)).expect("another address has room"));
        held.push(places.take(address(3)).expect("the last one"));
        assert_eq!(places.take(address(4)).map(drop), Err(Full::Instance));
        held.remove(0);
        assert!(places.take(address(1)).is_ok());
        held.clear();
        assert!(places.by_address.is_empty());
        assert_eq!(places.taken.load(Ordering::Relaxed), 0);
    }

    #[test]
    fn of_many_who_come_at_once_no_more_get_in_than_there_is_room_for() {
        let places = Places::new(1_000, 7);
        let inside: usize = std::thread::scope(|scope| {
            let come = || {
                let held: Vec<_> = (0..50).map(|_| places.take(address(1))).collect();
                held.into_iter()
                    .filter_map(Result::ok)
                    .map(std::mem::forget)
                    .count()
            };
            let coming: Vec<_> = (0..8).map(|_| scope.spawn(come)).collect();
            let inside = coming.into_iter().map(ScopedJoinHandle::join);
            inside.map(|count| count.expect("no panic")).sum()
        });
        assert_eq!(inside, 7);
    }
}
