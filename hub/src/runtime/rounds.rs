//! Who has something to take, and when they take it.
//!
//! Deliveries are not written one by one as they come, and connections are not woken for them.
//! Whoever gets the first is put on a list, and everybody on the list has its turn in one round:
//! it takes all that waits for it, and writes it at once. Many take, then the same many write, so
//! that writes follow each other closely: a reader on this machine that is woken by the first is
//! still awake for the others, and waking it is a third of what a write costs.
//!
//! While connections have one message to take, rounds follow each other. Where they have several, a
//! round is followed by a pause in proportion to how long it took, in which the frames of busy
//! connections gather: the busier an instance is, the more of them leave in one write, and the more
//! of its time is left to those who publish.

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

use super::{clock::Timekeeper, handle::Handle};
use crate::protocol::Moment;

/// Connections of one worker that have something to take.
#[derive(Default)]
pub(super) struct Rounds {
    listed: Mutex<Vec<Arc<Handle>>>,
    filled: Notify,
}

/// Connections that take, and then write, before other tasks have their turn.
const PORTION: usize = 64;
/// A round of busy connections is followed by a pause up to this many times as long as it took.
const REST: f64 = 3.0;
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
    pub(super) async fn run(self: Arc<Self>, time: Timekeeper) {
        let mut round = Vec::new();
        loop {
            self.filled.notified().await;
            {
                let mut listed = self.listed.lock().unwrap_or_else(PoisonError::into_inner);
                std::mem::swap(&mut *listed, &mut round);
            }
            let (turns, mut messages, mut took) = (round.len(), 0, Duration::ZERO);
            while !round.is_empty() {
                let begun = Instant::now();
                messages += portion(&mut round, time.now()).await;
                took += begun.elapsed();
                yield_now().await;
            }
            let pause = pause_after(took, turns, messages);
            if pause >= SHORTEST_PAUSE {
                sleep(pause).await;
            }
        }
    }
}

/// How long frames gather after a round in which so many connections took so many messages.
fn pause_after(took: Duration, turns: usize, messages: usize) -> Duration {
    let rounded = |count| f64::from(u32::try_from(count).unwrap_or(u32::MAX));
    let beyond_one = rounded(messages) / rounded(turns.max(1)) - 1.0;
    took.mul_f64(beyond_one.clamp(0.0, REST)).min(LONGEST_PAUSE)
}

/// A portion of the round; returns how many messages were taken. One task's budget would not do
/// for the sockets of many connections.
async fn portion(round: &mut Vec<Arc<Handle>>, now: Moment) -> usize {
    let portion = round.len().saturating_sub(PORTION);
    let turns = poll_fn(|_| {
        let taking = round[portion..].iter().map(|handle| handle.take(now));
        let messages = taking.sum();
        for handle in round.drain(portion..) {
            handle.write();
        }
        Poll::Ready(messages)
    });
    unconstrained(turns).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_connections_with_several_messages_make_a_pause() {
        let ms = Duration::from_millis;
        assert_eq!(pause_after(ms(3), 1_000, 1_000), ms(0));
        assert_eq!(pause_after(ms(3), 1_000, 2_000), ms(3));
        assert_eq!(pause_after(ms(3), 1_000, 50_000), ms(9));
        assert_eq!(pause_after(ms(30), 10_000, 50_000), LONGEST_PAUSE);
        assert_eq!(pause_after(ms(3), 0, 0), ms(0));
        assert_eq!(
            pause_after(ms(3), 10, 0),
            ms(0),
            "others had taken what was there"
        );
    }
}
