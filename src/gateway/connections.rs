//! How many sockets each person has open on this instance.

use std::sync::Arc;

use dashmap::{DashMap, mapref::entry::Entry};

/// Counts by user, exactly; anonymous readers are not counted here, their address is limited instead.
pub struct Connections {
    open: DashMap<Arc<str>, u32>,
    most: u32,
}

impl Connections {
    pub fn new(most: u32) -> Self {
        Self {
            open: DashMap::new(),
            most,
        }
    }

    /// Counts one more. False: there is no room, and nothing was counted.
    #[must_use]
    pub fn open(&self, user: &Arc<str>) -> bool {
        if user.is_empty() {
            return true;
        }
        // The entry is locked: of two at once, only one gets the last place.
        match self.open.entry(Arc::clone(user)) {
            Entry::Occupied(mut open) if *open.get() < self.most => {
                *open.get_mut() += 1;
                true
            }
            Entry::Vacant(none) if self.most > 0 => {
                none.insert(1);
                true
            }
            Entry::Occupied(_) | Entry::Vacant(_) => false,
        }
    }

    pub fn closed(&self, user: &Arc<str>) {
        let Entry::Occupied(mut open) = self.open.entry(Arc::clone(user)) else {
            return;
        };
        *open.get_mut() -= 1;
        if *open.get() == 0 {
            open.remove();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_person_has_room_again_when_a_socket_closes() {
        let connections = Connections::new(2);
        let anna: Arc<str> = "anna".into();
        assert!(connections.open(&anna));
        assert!(connections.open(&anna));
        assert!(!connections.open(&anna));
        connections.closed(&anna);
        assert!(connections.open(&anna));
        connections.closed(&anna);
        connections.closed(&anna);
        assert!(connections.open.is_empty());
    }

    #[test]
    fn of_many_who_come_at_once_no_more_get_in_than_there_is_room_for() {
        let connections = Connections::new(5);
        let anna: Arc<str> = "anna".into();
        let inside: usize = std::thread::scope(|scope| {
            let coming: Vec<_> = (0..8)
                .map(|_| scope.spawn(|| (0..100).filter(|_| connections.open(&anna)).count()))
                .collect();
            coming
                .into_iter()
                .map(|thread| thread.join().expect("no panic"))
                .sum()
        });
        assert_eq!(inside, 5);
    }
}
