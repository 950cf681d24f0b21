//! How many sockets each person has open on this instance.

use std::sync::Arc;

use dashmap::{DashMap, mapref::entry::Entry};

/// Counts by user; anonymous readers are not counted here, their address is limited instead.
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

    pub fn are_full(&self, user: &Arc<str>) -> bool {
        self.open.get(user).is_some_and(|open| *open >= self.most)
    }

    pub fn opened(&self, user: &Arc<str>) {
        if !user.is_empty() {
            *self.open.entry(Arc::clone(user)).or_insert(0) += 1;
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
        connections.opened(&anna);
        assert!(!connections.are_full(&anna));
        connections.opened(&anna);
        assert!(connections.are_full(&anna));
        connections.closed(&anna);
        assert!(!connections.are_full(&anna));
        connections.closed(&anna);
        assert!(connections.open.is_empty());
    }
}
