//! The whole trip of one command: attempts until one commits, and what follows a commit.
//!
//! A command is refused `unavailable` rather than kept waiting: within a second of its arrival the
//! one who asked knows. A refusal stores nothing, so the same id may be tried again.

use std::{sync::Arc, time::Duration};

use hub::ports::Control;
use jiff::Timestamp;
use rand::Rng;
use tokio::time::{Instant, timeout, timeout_at};
use tracing::Instrument;

use super::{
    Inner, Outcome, ReachedPosition, Refusal, Request,
    admission::{Busy, Lane, Turn},
    attempt::{Attempt, Kept, Pace, Plan, Prepared, Ready, pace},
};
use crate::{
    audience::{Lapse, may_run},
    domain::{
        Command, Role,
        ids::{AccountId, CommandId},
    },
    store::{
        Failure, StoreError,
        append::{self, Appended},
        outage, receipt,
        security::{self, SecurityEvent},
    },
};

/// From the command's arrival to its last statement.
const PREPARE_WITHIN: Duration = Duration::from_millis(900);
/// For the last statement; then its fate counts as unknown.
const COMMIT_WITHIN: Duration = Duration::from_secs(2);
/// More time, once, to learn what became of a commit whose answer was lost.
const RESOLVE_WITHIN: Duration = Duration::from_millis(900);
/// For noting a denial, which nobody waits for longer.
const NOTE_WITHIN: Duration = Duration::from_millis(300);
/// Tries after a deadlock or a lost race, each after a pause of its own.
const CONFLICTS: u32 = 3;
/// An id made longer ago than this is not executed any more: receipts are kept 30 days.
const OLDEST_ID: jiff::SignedDuration = jiff::SignedDuration::from_hours(7 * 24);

/// The same for a command that brings thousands of rows; the database's limits are wider then, too.
const PREPARE_PATIENTLY: Duration = Duration::from_secs(30);
const COMMIT_PATIENTLY: Duration = Duration::from_secs(15);

fn prepare_within(command: &Command) -> Duration {
    match pace(command) {
        Pace::Usual => PREPARE_WITHIN,
        Pace::Patient => PREPARE_PATIENTLY,
    }
}

fn commit_within(command: &Command) -> Duration {
    match pace(command) {
        Pace::Usual => COMMIT_WITHIN,
        Pace::Patient => COMMIT_PATIENTLY,
    }
}

/// How an attempt has ended, if it has.
enum Step {
    Done(Outcome),
    Again,
}

/// What the attempts of one command have used up.
struct Budget {
    until: Instant,
    conflicts: u32,
    lost: u64,
    resolving: bool,
    /// Rights that end if a commit of unknown fate turns out to have been made.
    unsaid: Vec<Lapse>,
}

impl Inner {
    pub(super) async fn run(&self, request: &Request, arrived: Instant) -> Outcome {
        let kind = request.command.kind();
        let span = tracing::info_span!(
            "command",
            command.kind = kind,
            command.id = %request.command_id,
            actor.id = %request.actor.id,
            actor.role = request.actor.role.as_str(),
            via = request.via.as_str(),
            trace.id = request.trace_id,
        );
        let outcome = self.trip(request, arrived).instrument(span.clone()).await;
        self.note_denial(request, &outcome).await;
        let seconds = arrived.elapsed().as_secs_f64();
        let label = outcome.label().to_owned();
        metrics::counter!("commands_total", "kind" => kind, "outcome" => label.clone())
            .increment(1);
        span.in_scope(|| tracing::debug!(outcome = label, seconds, "command ended"));
        outcome
    }

    async fn trip(&self, request: &Request, arrived: Instant) -> Outcome {
        if !may_run(request.actor.role, &request.command) {
            return Outcome::forbidden();
        }
        if let Err(refused) = check_id(request.command_id, request.actor.role) {
            return refused;
        }
        let until = arrived + prepare_within(&request.command);
        let _turn = match self.turn(request, until).await {
            Ok(turn) => turn,
            Err(refused) => return refused,
        };
        let body_hash = receipt::body_hash(&request.command);
        let attempt = Attempt {
            pools: &self.pools,
            request,
            body_hash: &body_hash,
            thresholds: self.settings.thresholds,
        };
        let mut budget = Budget {
            until,
            conflicts: 0,
            lost: 0,
            resolving: false,
            unsaid: Vec::new(),
        };
        let mut plan = Plan::default();
        loop {
            // Nobody waits for it any more: it is not begun.
            if budget.until <= Instant::now() {
                return budget.unavailable();
            }
            let prepared = match timeout_at(budget.until, attempt.prepare(&mut plan)).await {
                Ok(Ok(prepared)) => prepared,
                Ok(Err(error)) => match budget.after(&error, request).await {
                    Step::Done(outcome) => return outcome,
                    Step::Again => continue,
                },
                Err(_late) => return budget.unavailable(),
            };
            match prepared {
                Prepared::Answer(outcome) => {
                    if let Outcome::Accepted { .. } = outcome {
                        self.end_rights(budget.unsaid);
                    }
                    return outcome;
                }
                Prepared::MoreLocks => {}
                Prepared::Ready(ready) => match self.commit(*ready, &mut budget, request).await {
                    Step::Done(outcome) => return outcome,
                    Step::Again => {}
                },
            }
        }
    }

    /// A turn at the connections, which are the scarce thing.
    async fn turn(&self, request: &Request, until: Instant) -> Result<Turn, Outcome> {
        let lane = Lane::of(request.actor.role, &request.command);
        self.admission
            .turn(lane, until)
            .await
            .map_err(|Busy { retry_after_ms }| {
                let message = "there is too much to do just now";
                Outcome::try_again(Refusal::Unavailable, message, retry_after_ms)
            })
    }

    async fn commit(&self, ready: Ready, budget: &mut Budget, request: &Request) -> Step {
        let Ready {
            transaction,
            publications,
            verdict,
            lapses,
        } = ready;
        #[cfg(feature = "breakages")]
        let transaction = match self.publish_early(transaction, &publications).await {
            Ok(transaction) => transaction,
            Err(error) => return budget.after(&error, request).await,
        };
        let committed = timeout(
            commit_within(&request.command),
            append::commit(transaction, &publications),
        )
        .await;
        let unknown = match committed {
            Ok(Ok(appended)) => return Step::Done(self.announce(appended, verdict, lapses)),
            Ok(Err(error)) if error.is_answer() => return budget.after(&error, request).await,
            Ok(Err(error)) => error.to_string(),
            Err(late) => late.to_string(),
        };
        budget.unsaid = lapses;
        budget.after_unknown(&unknown)
    }

    /// Broken on purpose: subscribers hear of it a while before it is committed.
    #[cfg(feature = "breakages")]
    async fn publish_early(
        &self,
        mut transaction: crate::store::Transaction,
        publications: &[append::Append],
    ) -> Result<crate::store::Transaction, StoreError> {
        if crate::breakage::is(crate::breakage::Breakage::PublishedBeforeCommit) {
            let early = append::foreseen(&mut transaction, publications).await?;
            self.live.committed(early);
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        Ok(transaction)
    }

    /// It is committed: the live side hears of it, and so does the one who asked.
    fn announce(&self, appended: Appended, verdict: Kept, lapses: Vec<Lapse>) -> Outcome {
        let result = match verdict {
            Kept::Rejected(outcome) => return outcome,
            Kept::Accepted(result) => result,
        };
        let positions = appended
            .readable
            .iter()
            .map(|publication| {
                let reached = ReachedPosition {
                    offset: publication.offset,
                    epoch: publication.epoch.to_string(),
                };
                (publication.channel.to_string(), reached)
            })
            .collect();
        if !appended.publications.is_empty() {
            self.live.committed(appended.publications);
        }
        self.end_rights(lapses);
        Outcome::Accepted { result, positions }
    }

    fn end_rights(&self, lapses: Vec<Lapse>) {
        for lapse in lapses {
            self.live.control(control(lapse));
        }
    }

    /// Who may not do this, or not any more, goes to the security log.
    async fn note_denial(&self, request: &Request, outcome: &Outcome) {
        let Outcome::Refused {
            code: code @ (Refusal::Forbidden | Refusal::Unauthenticated),
            ..
        } = outcome
        else {
            return;
        };
        let event = SecurityEvent {
            actor: Some(request.actor.id),
            remote: None,
            kind: request.command.kind(),
            code: code.as_str(),
            subject: request.via.as_str(),
        };
        match timeout(NOTE_WITHIN, security::record(&self.pools, event)).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => {
                outage::tell("a denial could not be recorded", &error);
            }
            Err(late) => tracing::debug!(error = %late, "a denial could not be recorded"),
        }
    }
}

impl Budget {
    /// What follows an error that certainly left nothing behind.
    async fn after(&mut self, error: &StoreError, request: &Request) -> Step {
        match error.failure() {
            Failure::Conflict if self.conflicts < CONFLICTS => {
                self.conflicts += 1;
                tracing::debug!(%error, "a conflict: once more");
                self.pause(20 * u64::from(self.conflicts)).await;
                Step::Again
            }
            Failure::Conflict => {
                tracing::warn!(%error, "conflicts to the last try");
                Step::Done(self.unavailable())
            }
            // A connection that was idle while the database went away: another may be whole.
            Failure::ConnectionLost if Instant::now() < self.until => {
                tracing::debug!(%error, "a connection was lost: on another one");
                self.lost += 1;
                self.pause(self.lost.min(30)).await;
                Step::Again
            }
            Failure::ConnectionLost | Failure::Unavailable => {
                outage::tell("a command could not be run", error);
                Step::Done(self.unavailable())
            }
            Failure::Fault => {
                tracing::error!(%error, "a command failed");
                Step::Done(Outcome::internal(&request.trace_id))
            }
        }
    }

    /// What follows a commit without an answer: the next attempt's receipt waits for that
    /// transaction to end, and then either is the first or finds the outcome.
    fn after_unknown(&mut self, error: &str) -> Step {
        tracing::warn!(error, "the fate of a commit is unknown");
        #[cfg(feature = "breakages")]
        if crate::breakage::is(crate::breakage::Breakage::UnknownCommitsAreRefused) {
            return Step::Done(self.unavailable());
        }
        if self.resolving {
            return Step::Done(self.unavailable());
        }
        self.resolving = true;
        self.until = Instant::now() + RESOLVE_WITHIN;
        Step::Again
    }

    /// Nothing was decided; or, where a commit's fate could not be learnt, it may have been, which
    /// the same id tells once the database is back.
    fn unavailable(&self) -> Outcome {
        let retry_after_ms = rand::rng().random_range(150..=400);
        if self.resolving {
            return Outcome::in_doubt(retry_after_ms);
        }
        Outcome::try_again(
            Refusal::Unavailable,
            "not available just now",
            retry_after_ms,
        )
    }

    async fn pause(&self, most_ms: u64) {
        let pause = Duration::from_millis(rand::rng().random_range(1..=most_ms));
        tokio::time::sleep(pause).await;
    }
}

/// The id must be a version 7 UUID, and not older than what is kept of receipts allows. Timers may
/// be late: theirs are made from the instant they were due.
fn check_id(id: CommandId, role: Role) -> Result<(), Outcome> {
    let made_at = (id.0.get_version_num() == 7)
        .then(|| id.0.get_timestamp())
        .flatten()
        .and_then(|at| {
            let (seconds, nanoseconds) = at.to_unix();
            let nanoseconds = i32::try_from(nanoseconds).ok()?;
            Timestamp::new(i64::try_from(seconds).ok()?, nanoseconds).ok()
        })
        .ok_or_else(|| Outcome::invalid_argument("command_id", "must be a version 7 UUID"))?;
    if role != Role::System && Timestamp::now().duration_since(made_at) > OLDEST_ID {
        return Err(Outcome::refused(
            Refusal::CommandExpired,
            "this command id is more than seven days old",
        ));
    }
    Ok(())
}

/// 3503 ends the connection for good. With 3011 the client comes back, and is recognised as what
/// its account is by then.
fn control(lapse: Lapse) -> Control {
    let disconnect = |account: AccountId, code, reason| Control::Disconnect {
        user: Arc::from(account.to_string()),
        session: None,
        code,
        reason: Arc::from(reason),
    };
    match lapse {
        Lapse::Account(account) => disconnect(account, 3503, "force disconnect"),
        Lapse::Role(account) => disconnect(account, 3011, "force reconnect"),
        Lapse::Over(channel) => Control::Reauthorize {
            channel: Arc::from(channel.to_string()),
            user: None,
        },
        Lapse::Channel { channel, user } => Control::Reauthorize {
            channel: Arc::from(channel.to_string()),
            user: Some(Arc::from(user.to_string())),
        },
    }
}
