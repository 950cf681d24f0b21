//! Questions of one kind that come while the database is busy with earlier ones are asked together,
//! in one statement: when everybody comes back at once, what the database is asked follows from how
//! fast it answers and not from how many they are.
//!
//! Each question is answered by a statement that began after it was asked.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use futures_util::future::BoxFuture;
use tokio::{sync::oneshot, time::Instant};

use super::{Pools, StoreError};

/// Statements of one kind under way at once.
const AT_ONCE: usize = 2;
/// How long a statement may go on asking for a connection. There are so few of them that they may
/// wait longer than others do; if they gave up, all who wait would come again. With the last try it
/// stays below the second within which a request is refused while the database is away.
const PATIENCE: Duration = Duration::from_millis(400);
/// Questions in one statement.
const MOST: usize = 256;

/// Answers questions in their order, one each.
type Read<Q, A> = fn(Pools, Vec<Q>) -> BoxFuture<'static, Result<Vec<A>, StoreError>>;
type Answer<A> = Result<A, StoreError>;

/// See the module. Clones are the same.
#[derive(Debug)]
pub struct Together<Q, A>(Arc<Mutex<State<Q, A>>>);

#[derive(Debug)]
struct State<Q, A> {
    waiting: Vec<(Q, oneshot::Sender<Answer<A>>)>,
    under_way: usize,
}

impl<Q, A> Clone for Together<Q, A> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<Q, A> Default for Together<Q, A> {
    fn default() -> Self {
        Self(Arc::new(Mutex::new(State {
            waiting: Vec::new(),
            under_way: 0,
        })))
    }
}

impl<Q: Clone + Send + 'static, A: Send + 'static> Together<Q, A> {
    pub(super) async fn ask(&self, question: Q, pools: &Pools, read: Read<Q, A>) -> Answer<A> {
        let (answer, answered) = oneshot::channel();
        self.state().waiting.push((question, answer));
        if let Some(turn) = self.turn() {
            // In a task of its own, because whoever asked first may go away before the others. It
            // lasts as long as its statements, for which the pools wait when they are closed.
            tokio::spawn(turn.run(pools.clone(), read));
        }
        // A reader that panicked has answered nobody.
        answered
            .await
            .unwrap_or(Err(sqlx::Error::WorkerCrashed.into()))
    }

    fn state(&self) -> MutexGuard<'_, State<Q, A>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn turn(&self) -> Option<Turn<Q, A>> {
        let mut state = self.state();
        if state.under_way == AT_ONCE {
            return None;
        }
        state.under_way += 1;
        Some(Turn(self.clone()))
    }
}

/// The right to have a statement under way, given back when dropped.
struct Turn<Q, A>(Together<Q, A>);

impl<Q: Clone + Send + 'static, A: Send + 'static> Turn<Q, A> {
    async fn run(self, pools: Pools, read: Read<Q, A>) {
        loop {
            let (questions, askers) = {
                let mut state = self.0.state();
                let most = state.waiting.len().min(MOST);
                state.waiting.drain(..most).unzip::<_, _, Vec<_>, Vec<_>>()
            };
            if questions.is_empty() {
                return;
            }
            match insist(&pools, questions, read).await {
                Ok(answers) => {
                    for (asker, answer) in askers.into_iter().zip(answers) {
                        // Whoever asked may have gone.
                        let _ = asker.send(Ok(answer));
                    }
                }
                Err(error) => {
                    let error = Arc::new(error);
                    for asker in askers {
                        let _ = asker.send(Err(StoreError::Shared(Arc::clone(&error))));
                    }
                }
            }
        }
    }
}

async fn insist<Q: Clone, A>(
    pools: &Pools,
    questions: Vec<Q>,
    read: Read<Q, A>,
) -> Result<Vec<A>, StoreError> {
    let begun = Instant::now();
    loop {
        match read(pools.clone(), questions.clone()).await {
            Err(StoreError::Database(sqlx::Error::PoolTimedOut)) if begun.elapsed() < PATIENCE => {}
            answered => return answered,
        }
    }
}

impl<Q, A> Drop for Turn<Q, A> {
    fn drop(&mut self) {
        let mut state = self.0.0.lock().unwrap_or_else(PoisonError::into_inner);
        state.under_way -= 1;
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use futures_util::{FutureExt, future::join_all};

    use super::*;
    use crate::store::{Failure, PoolSizes};

    fn nowhere() -> Pools {
        Pools::open("postgres://127.0.0.1:1/none", PoolSizes::default()).expect("a URL")
    }

    static STATEMENTS: AtomicUsize = AtomicUsize::new(0);

    fn doubled(_: Pools, numbers: Vec<u32>) -> BoxFuture<'static, Result<Vec<u32>, StoreError>> {
        STATEMENTS.fetch_add(1, Ordering::SeqCst);
        async move {
            tokio::time::sleep(Duration::from_millis(10)).await;
            Ok(numbers.into_iter().map(|number| number * 2).collect())
        }
        .boxed()
    }

    #[tokio::test]
    async fn a_thousand_who_ask_at_once_are_answered_by_few_statements() {
        let (together, pools) = (Together::default(), nowhere());
        let asking = (0..1_000_u32).map(|number| together.ask(number, &pools, doubled));
        for (number, answer) in (0..).zip(join_all(asking).await) {
            assert_eq!(answer.expect("an answer"), number * 2);
        }
        let asked = STATEMENTS.swap(0, Ordering::SeqCst);
        assert!(asked <= 2 + 1_000_usize.div_ceil(MOST), "{asked}");
        let alone = together.ask(7, &pools, doubled).await;
        assert_eq!(alone.expect("an answer"), 14);
    }

    fn refused(_: Pools, _: Vec<u32>) -> BoxFuture<'static, Result<Vec<u32>, StoreError>> {
        async {
            tokio::time::sleep(Duration::from_millis(250)).await;
            Err(sqlx::Error::PoolTimedOut.into())
        }
        .boxed()
    }

    fn panicking(_: Pools, _: Vec<u32>) -> BoxFuture<'static, Result<Vec<u32>, StoreError>> {
        async { panic!("a reader that fails") }.boxed()
    }

    #[tokio::test]
    async fn what_one_statement_fails_by_everybody_in_it_is_told_and_the_next_is_another() {
        let (together, pools) = (Together::default(), nowhere());
        for read in [refused, panicking] as [Read<u32, u32>; 2] {
            for answer in join_all((0..9).map(|number| together.ask(number, &pools, read))).await {
                let error = answer.expect_err("it failed");
                assert_eq!(error.failure(), Failure::Unavailable);
            }
        }
        assert!(together.state().waiting.is_empty());
        tokio::task::yield_now().await;
        assert_eq!(together.state().under_way, 0);
    }
}
