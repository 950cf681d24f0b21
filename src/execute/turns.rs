//! Turns of which there may be fewer or more while they are taken.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering::SeqCst},
};

use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::{Instant, timeout_at},
};

/// See the module.
pub(super) struct Turns {
    free: Arc<Semaphore>,
    most: AtomicUsize,
    /// So many of those taken are not given back.
    owed: AtomicUsize,
}

/// A turn, over when it is dropped.
pub(super) struct OneTurn {
    of: Arc<Turns>,
    permit: Option<OwnedSemaphorePermit>,
}

impl Turns {
    pub(super) fn new(most: usize) -> Arc<Self> {
        Arc::new(Self {
            free: Arc::new(Semaphore::new(most)),
            most: AtomicUsize::new(most),
            owed: AtomicUsize::new(0),
        })
    }

    /// How many there are, taken or not.
    pub(super) fn most(&self) -> usize {
        self.most.load(SeqCst)
    }

    pub(super) fn take_free(self: &Arc<Self>) -> Option<OneTurn> {
        let permit = Arc::clone(&self.free).try_acquire_owned().ok()?;
        Some(self.taken(permit))
    }

    /// The next one that is free, or `None` where there is none in time.
    pub(super) async fn take(self: &Arc<Self>, until: Instant) -> Option<OneTurn> {
        let taking = timeout_at(until, Arc::clone(&self.free).acquire_owned());
        let permit = taking.await.ok()?.expect("the turns are never closed");
        Some(self.taken(permit))
    }

    fn taken(self: &Arc<Self>, permit: OwnedSemaphorePermit) -> OneTurn {
        OneTurn {
            of: Arc::clone(self),
            permit: Some(permit),
        }
    }

    /// Makes them more, or fewer: then as soon as those in use end. One caller at a time.
    pub(super) fn resize(&self, most: usize) {
        let before = self.most.swap(most, SeqCst);
        if let Some(more) = most.checked_sub(before) {
            let owed = self.forgive(more);
            self.free.add_permits(more - owed);
        } else {
            let fewer = before - most;
            let forgotten = self.free.forget_permits(fewer);
            self.owed.fetch_add(fewer - forgotten, SeqCst);
        }
    }

    /// Lessens what is owed by at most so many, and says by how many.
    fn forgive(&self, most: usize) -> usize {
        let lessened = self
            .owed
            .fetch_update(SeqCst, SeqCst, |owed| Some(owed - owed.min(most)));
        lessened.map_or(0, |owed| owed.min(most))
    }
}

impl Drop for OneTurn {
    fn drop(&mut self) {
        if let Some(permit) = self.permit.take()
            && self.of.forgive(1) == 1
        {
            permit.forget();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fewer_turns_are_fewer_once_those_in_use_end_and_more_at_once() {
        let turns = Turns::new(4);
        let mut taken: Vec<_> = (0..3).filter_map(|_| turns.take_free()).collect();
        turns.resize(1);
        assert!(turns.take_free().is_none());
        taken.truncate(1);
        assert!(turns.take_free().is_none(), "one is in use");
        taken.clear();
        let one = turns.take_free();
        assert!(one.is_some());
        assert!(turns.take_free().is_none(), "there is one");
        turns.resize(3);
        let more: Vec<_> = (0..9).map_while(|_| turns.take_free()).collect();
        assert_eq!(more.len(), 2, "of three one is in use");
    }

    #[test]
    fn what_is_owed_is_forgiven_first() {
        let turns = Turns::new(3);
        let taken: Vec<_> = (0..3).filter_map(|_| turns.take_free()).collect();
        turns.resize(1);
        turns.resize(2);
        assert!(turns.take_free().is_none(), "three are in use");
        drop(taken);
        let taken: Vec<_> = (0..9).map_while(|_| turns.take_free()).collect();
        assert_eq!(taken.len(), 2);
    }
}
