//! One attempt at a command, up to the brink of its commit.
//!
//! Locks are found optimistically: `decide` is pure, so deciding again is free. Most commands name
//! what they are about, and those rows with their ties are locked at once. For the others a first
//! decision without locks tells which rows are concerned. Rows are locked in the one global order,
//! the state is read after, and what is decided then counts if it needs no further lock.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{
    Outcome, Refusal, Request,
    locks::{self, Locks},
};
use crate::{
    audience::{Channel, Difference, Facts, Lapse, Stamp, is_valid, lapsed, may_subscribe},
    domain::{
        Actor, Command, Context, Decision, Objection, Rejection, Thresholds, World, decide,
        ids::CustomerId,
    },
    store::{
        self, Extent, Pools, StoreError, Transaction,
        append::{self, Append, Ended, Verdict},
        load::{self, Loaded, Numbering, Reach},
        receipt::{self, Receipt},
    },
};

/// Rounds of finding further locks after which the whole roster is locked.
const ROUNDS_OF_GUESSING: u32 = 3;

/// Where an attempt has led.
pub(super) enum Prepared {
    /// There is an answer and nothing to commit.
    Answer(Outcome),
    /// All is written but for the last statement, which appends and commits.
    Ready(Box<Ready>),
    /// The decision needs more locks than it had: again, with the plan's.
    MoreLocks,
}

pub(super) struct Ready {
    pub(super) transaction: Transaction,
    pub(super) publications: Vec<Append>,
    pub(super) verdict: Kept,
    pub(super) lapses: Vec<Lapse>,
}

/// The decision, as it is answered once it is committed.
pub(super) enum Kept {
    Accepted(Value),
    Rejected(Outcome),
}

/// How long a command may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Pace {
    /// Somebody waits for it.
    Usual,
    /// It brings thousands of rows.
    Patient,
}

pub(super) fn pace(command: &Command) -> Pace {
    if matches!(command, Command::ImportCompany(_)) {
        Pace::Patient
    } else {
        Pace::Usual
    }
}

/// What the attempts have learnt so far about the locks that are needed.
#[derive(Default)]
pub(super) struct Plan {
    locks: Option<Locks>,
    rounds: u32,
}

pub(super) struct Attempt<'a> {
    pub(super) pools: &'a Pools,
    pub(super) request: &'a Request,
    pub(super) body_hash: &'a [u8],
    pub(super) thresholds: Thresholds,
}

impl Attempt<'_> {
    pub(super) async fn prepare(&self, plan: &mut Plan) -> Result<Prepared, StoreError> {
        let mut transaction = Transaction::begin(self.pools).await?;
        if pace(&self.request.command) == Pace::Patient {
            transaction.be_patient().await?;
        }
        match self.take_receipt(&mut transaction).await? {
            Receipt::First => {}
            Receipt::Decided(outcome) => {
                return answer(transaction, stored_outcome(&outcome)?).await;
            }
            Receipt::Mismatch => {
                let outcome = Outcome::refused(
                    Refusal::IdempotencyMismatch,
                    "this command id was used for something else",
                );
                return answer(transaction, outcome).await;
            }
        }
        let Request { command, actor, .. } = self.request;
        let (mut locks, extent) = match plan.locks.take() {
            Some(locks) => (locks, Extent::Named),
            None if locks::names_all(command, *actor) => {
                (locks::named(command, *actor), Extent::WithTies)
            }
            None => match self.guess(&mut transaction).await? {
                Ok(locks) => (locks, Extent::Named),
                Err(refused) => return answer(transaction, refused).await,
            },
        };
        transaction.lock(&mut locks, extent).await?;
        self.decide_locked(transaction, locks, plan).await
    }

    async fn take_receipt(&self, transaction: &mut Transaction) -> Result<Receipt, StoreError> {
        let request = self.request;
        #[cfg(feature = "breakages")]
        if crate::breakage::is(crate::breakage::Breakage::ReceiptIsApart) {
            let mut apart = self.pools.reads.acquire().await?;
            return receipt::take(
                &mut apart,
                request.actor.id,
                request.command_id,
                &request.command,
                self.body_hash,
            )
            .await;
        }
        receipt::take(
            transaction.on(),
            request.actor.id,
            request.command_id,
            &request.command,
            self.body_hash,
        )
        .await
    }

    async fn load(
        &self,
        transaction: &mut Transaction,
        reach: Reach,
        numbering: Numbering,
    ) -> Result<Loaded, StoreError> {
        let Request { command, actor, .. } = self.request;
        load::for_command(transaction.on(), command, *actor, reach, numbering).await
    }

    fn decide(&self, loaded: &Loaded) -> Result<Decision, Objection> {
        let context = Context {
            actor: self.request.actor,
            command_id: self.request.command_id,
            now: loaded.now,
            thresholds: self.thresholds,
        };
        decide(&self.request.command, &loaded.world, &context)
    }

    /// Decides without locks, to see what has to be locked. A rejection seen here does not count:
    /// it is decided again below the locks of what the command names.
    async fn guess(
        &self,
        transaction: &mut Transaction,
    ) -> Result<Result<Locks, Outcome>, StoreError> {
        let loaded = self
            .load(transaction, Reach::Slot, Numbering::Placeholder)
            .await?;
        if !is_valid(self.request.actor, &loaded.world) {
            return Ok(Err(unauthenticated()));
        }
        let mut locks = locks::named(&self.request.command, self.request.actor);
        match self.decide(&loaded) {
            Ok(decision) => {
                let after = applied(&loaded.world, &decision);
                let difference = Difference::between(&loaded.world, &after);
                locks.extend(locks::needed(&loaded.world, &after, &difference));
            }
            Err(objection) => {
                if let Err(refused) = rejection(objection) {
                    return Ok(Err(refused));
                }
            }
        }
        Ok(Ok(locks))
    }

    async fn decide_locked(
        &self,
        mut transaction: Transaction,
        locks: Locks,
        plan: &mut Plan,
    ) -> Result<Prepared, StoreError> {
        // Others than those who are locked could not be chosen anyway.
        let among = Reach::Among(locks::cleaners(&locks));
        let mut loaded = self.load(&mut transaction, among, Numbering::Taken).await?;
        if !is_valid(self.request.actor, &loaded.world) {
            return answer(transaction, unauthenticated()).await;
        }
        let mut decided = self.decide(&loaded);
        if let Err(Objection::Rejected(Rejection::SlotGone { .. })) = decided {
            loaded = self
                .load(&mut transaction, Reach::Alternatives, Numbering::Taken)
                .await?;
            decided = self.decide(&loaded);
        }
        match decided {
            Ok(decision) => self.keep(transaction, &loaded, decision, locks, plan).await,
            Err(objection) => match rejection(objection) {
                Ok(rejection) => self.reject(transaction, &loaded, &rejection).await,
                Err(refused) => answer(transaction, refused).await,
            },
        }
    }

    async fn keep(
        &self,
        mut transaction: Transaction,
        loaded: &Loaded,
        decision: Decision,
        mut locks: Locks,
        plan: &mut Plan,
    ) -> Result<Prepared, StoreError> {
        let before = &loaded.world;
        let after = applied(before, &decision);
        let difference = Difference::between(before, &after);
        let needed = locks::needed(before, &after, &difference);
        if !needed.is_subset(&locks) {
            transaction.rollback().await?;
            locks.extend(needed);
            plan.rounds += 1;
            if plan.rounds >= ROUNDS_OF_GUESSING {
                locks.extend(locks::whole_roster(before));
            }
            plan.locks = Some(locks);
            return Ok(Prepared::MoreLocks);
        }
        store::save(transaction.on(), before, &after, &self.thresholds).await?;
        let lapses = lapsed(before, &after);
        store::lapse::record(transaction.on(), &lapses).await?;
        let publications = self.publications(difference, loaded, &after);
        let verdict = Verdict::Accepted {
            result: &decision.result,
            events: &decision.events,
            after: &after,
            publications: &publications,
        };
        append::record(transaction.on(), &self.ended(loaded, verdict)).await?;
        Ok(Prepared::Ready(Box::new(Ready {
            transaction,
            publications,
            verdict: Kept::Accepted(decision.result),
            lapses,
        })))
    }

    async fn reject(
        &self,
        mut transaction: Transaction,
        loaded: &Loaded,
        rejection: &Rejection,
    ) -> Result<Prepared, StoreError> {
        let outcome = Outcome::rejected(rejection);
        #[cfg(feature = "breakages")]
        if crate::breakage::is(crate::breakage::Breakage::RejectionsAreNotStored) {
            return answer(transaction, outcome).await;
        }
        let stored = serde_json::to_value(&outcome).expect("outcomes are plain data");
        let verdict = Verdict::Rejected {
            code: outcome.label(),
            outcome: &stored,
        };
        append::record(transaction.on(), &self.ended(loaded, verdict)).await?;
        Ok(Prepared::Ready(Box::new(Ready {
            transaction,
            publications: Vec::new(),
            verdict: Kept::Rejected(outcome),
            lapses: Vec::new(),
        })))
    }

    fn publications(&self, difference: Difference, loaded: &Loaded, after: &World) -> Vec<Append> {
        let stamp = Stamp {
            at: loaded.now,
            by: self.request.actor.id,
            command_id: self.request.command_id,
        };
        let actor = self.request.actor;
        let anew = difference.anew().clone();
        difference
            .publications(stamp)
            .into_iter()
            .map(|(channel, body)| Append {
                anew: anew.contains(&channel),
                readable: may_read(actor, &channel, after),
                channel,
                body,
            })
            .collect()
    }

    fn ended<'a>(&'a self, loaded: &Loaded, verdict: Verdict<'a>) -> Ended<'a> {
        let request = self.request;
        Ended {
            actor: request.actor,
            on_behalf_of: request.command.on_behalf_of(request.actor, &loaded.world),
            via: request.via.as_str(),
            command_id: request.command_id,
            command: &request.command,
            trace_id: &request.trace_id,
            at: loaded.now,
            verdict,
        }
    }
}

/// Nothing is kept of this transaction but its answer.
async fn answer(transaction: Transaction, outcome: Outcome) -> Result<Prepared, StoreError> {
    transaction.rollback().await?;
    Ok(Prepared::Answer(outcome))
}

/// The rules' no, which is kept, or else a refusal.
fn rejection(objection: Objection) -> Result<Rejection, Outcome> {
    match objection {
        Objection::Rejected(rejection) => Ok(rejection),
        Objection::Forbidden => Err(Outcome::forbidden()),
        Objection::NotFound => Err(Outcome::not_found()),
        Objection::InvalidArgument { field, reason } => {
            Err(Outcome::invalid_argument(field, reason))
        }
    }
}

fn applied(before: &World, decision: &Decision) -> World {
    let mut after = before.clone();
    for event in &decision.events {
        after.apply(event);
    }
    after
}

fn stored_outcome(text: &str) -> Result<Outcome, StoreError> {
    serde_json::from_str(text).map_err(|error| StoreError::Unreadable {
        what: "receipt",
        reason: error.to_string(),
    })
}

fn unauthenticated() -> Outcome {
    Outcome::refused(
        Refusal::Unauthenticated,
        "this account may not act any more",
    )
}

fn may_read(actor: Actor, channel: &Channel, world: &World) -> bool {
    let facts = Facts {
        exists: true,
        account_valid: is_valid(actor, world),
        booked_by: booked_by(channel, world),
        works_in: actor
            .cleaner()
            .and_then(|id| world.cleaners.get(&id))
            .filter(|cleaner| cleaner.active)
            .map(|cleaner| cleaner.zones.iter().cloned().collect::<BTreeSet<_>>()),
    };
    may_subscribe(Some(actor), channel, &facts)
}

fn booked_by(channel: &Channel, world: &World) -> Option<CustomerId> {
    match channel {
        Channel::Booking(id) => world.bookings.get(id).map(|booking| booking.customer),
        Channel::Slots { .. }
        | Channel::Customer(_)
        | Channel::Agenda(_)
        | Channel::Board(_)
        | Channel::Control { .. } => None,
    }
}
