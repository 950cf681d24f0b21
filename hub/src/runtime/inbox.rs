//! The messages of one connection that come by requests of their own, until its task takes them.
//! Bounded in bytes, because nothing else holds their sender back.

use std::{
    collections::VecDeque,
    sync::{Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, Waker},
};

use bytes::Bytes;

use crate::ports::{Emulated, EmulationRefused};

#[derive(Debug)]
pub(super) struct Inbox {
    limit: usize,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    waiting: VecDeque<Bytes>,
    bytes: usize,
    /// The newest numbers taken in.
    recent: VecDeque<u128>,
    reader: Option<Waker>,
}

/// What a message counts for besides its bytes.
const ENVELOPE: usize = 64;
/// Numbers remembered: a message that the wire repeats comes again soon or not at all.
const RECENT: usize = 64;

impl Inbox {
    /// With the message that began the connection.
    pub(super) fn beginning_with(first: Bytes, limit: usize) -> Self {
        let state = State {
            bytes: weight(&first),
            waiting: VecDeque::from([first]),
            ..State::default()
        };
        Self {
            limit,
            state: Mutex::new(state),
        }
    }

    /// Takes a message in. One that has been taken in before is not taken in again.
    pub(super) fn offer(&self, number: u128, message: Bytes) -> Emulated {
        let mut state = self.state();
        if state.recent.contains(&number) {
            return Ok(());
        }
        if state.bytes + weight(&message) > self.limit {
            return Err(EmulationRefused::Busy);
        }
        state.bytes += weight(&message);
        state.waiting.push_back(message);
        if state.recent.len() == RECENT {
            state.recent.pop_front();
        }
        state.recent.push_back(number);
        let reader = state.reader.take();
        drop(state);
        if let Some(reader) = reader {
            reader.wake();
        }
        Ok(())
    }

    /// The next message, in the order in which they came.
    pub(super) fn poll_next(&self, context: &mut Context<'_>) -> Poll<Bytes> {
        let mut state = self.state();
        let Some(message) = state.waiting.pop_front() else {
            state.reader = Some(context.waker().clone());
            return Poll::Pending;
        };
        state.bytes -= weight(&message);
        Poll::Ready(message)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn weight(message: &Bytes) -> usize {
    ENVELOPE + message.len()
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;

    use futures_util::FutureExt;

    use super::*;

    fn taken(inbox: &Inbox) -> Option<Bytes> {
        poll_fn(|context| inbox.poll_next(context)).now_or_never()
    }

    #[test]
    fn messages_keep_their_order_and_are_taken_in_once() {
        let inbox = Inbox::beginning_with("first".into(), 1_000);
        for (number, message) in [(1, "a"), (2, "b"), (1, "a"), (3, "c")] {
            inbox.offer(number, message.into()).unwrap();
        }
        for message in ["first", "a", "b", "c"] {
            assert_eq!(taken(&inbox).unwrap(), message);
        }
        assert_eq!(taken(&inbox), None);
    }

    #[test]
    fn what_does_not_fit_is_refused_until_something_was_taken() {
        let inbox = Inbox::beginning_with("first".into(), 3 * ENVELOPE);
        inbox.offer(1, "a".into()).unwrap();
        assert_eq!(inbox.offer(2, "b".into()), Err(EmulationRefused::Busy));
        taken(&inbox).unwrap();
        inbox.offer(2, "b".into()).unwrap();
        taken(&inbox).unwrap();
        assert_eq!(taken(&inbox).unwrap(), "b", "a refusal is not remembered");
    }
}
