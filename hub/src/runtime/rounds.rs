//! Who has something to take, and when they take it.
//!
//! Deliveries are not written one by one as they come, and connections are not woken for them.
//! Whoever gets the first is put on a list, and everybody on the list has its turn in one round:
//! it takes all that waits for it, and writes it at once. While nothing much goes on, a round
//! begins as soon as something was delivered. One that took long is followed by a pause in
//! proportion, in which the frames of busy connections gather: the busier an instance is, the more
//! of them leave in one write, and the more of its time is left to those who publish.

use std::{
    future::poll_fn,
    sync::{Arc, Mutex, PoisonError},
    task::Poll,
    time::Duration,
};

use tokio::{
    sync::Notify,
    task::{coop::unconstrained, yield_now},
    time::{Instant, sleep},
};

use super::handle::Handle;

/// Connections of one worker that have something to take.
#[derive(Default)]
pub(super) struct Rounds {
    listed: Mutex<Vec<Arc<Handle>>>,
    filled: Notify,
}

/// Turns taken before other tasks have theirs.
const PORTION: usize = 128;
/// A round is followed by a pause this many times as long as it took.
const REST: u32 = 2;
/// Shorter pauses are not worth a timer.
const SHORTEST_PAUSE: Duration = Duration::from_millis(1);
const LONGEST_PAUSE: Duration = Duration::from_millis(20);

impl Rounds {
    /// Gives the connection a turn in the next round.
    pub(super) fn enlist(&self, handle: Arc<Handle>) {
        let mut listed = self.listed.lock().unwrap_or_else(PoisonError::into_inner);
        listed.push(handle);
        if listed.len() == 1 {
            drop(listed);
            self.filled.notify_one();
        }
    }

    /// Holds rounds for as long as it is polled.
    pub(super) async fn run(self: Arc<Self>) {
        let mut round = Vec::new();
        loop {
            self.filled.notified().await;
            {
                let mut listed = self.listed.lock().unwrap_or_else(PoisonError::into_inner);
                std::mem::swap(&mut *listed, &mut round);
            }
            let mut took = Duration::ZERO;
            while !round.is_empty() {
                let begun = Instant::now();
                turns(&mut round).await;
                took += begun.elapsed();
                yield_now().await;
            }
            let pause = (took * REST).min(LONGEST_PAUSE);
            if pause >= SHORTEST_PAUSE {
                sleep(pause).await;
            }
        }
    }
}

/// A portion of the round. One task's budget would not do for the sockets of many connections.
async fn turns(round: &mut Vec<Arc<Handle>>) {
    let portion = round.len().saturating_sub(PORTION);
    let turns = poll_fn(|_| {
        for handle in round.drain(portion..) {
            handle.turn();
        }
        Poll::Ready(())
    });
    unconstrained(turns).await;
}
