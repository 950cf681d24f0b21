//! Queries: what may be asked by whom, read from the pool of reads, answered by the domain. An
//! answer is the plain value; what is not answered is refused as a command would be.

use std::time::Instant;

use hub::ports::Caller;
use jiff::Timestamp;
use serde_json::Value;
use uuid::Uuid;

use super::{Gateway, actor_of, input::Invalid, lists};
use crate::{
    audience,
    domain::{
        Actor, Answer, Context, Objection, Query, Thresholds,
        decide::{job_targets, nearest_slots},
        fate::Fate,
        ids::{AccountId, CommandId},
        query::{HistoryOf, Now, TargetsOf},
        search::Sought,
    },
    execute::{Outcome, Refusal},
    limits::{Key, Neighbour},
    store::{
        StoreError,
        history::job_history,
        load,
        load::Loaded,
        outage::{self, Told},
        pools::ReadTurn,
        search::search,
    },
};

/// Who asks, for the limit: a person, or where nobody is signed in an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Asker {
    Person(AccountId),
    Anybody(Option<Neighbour>),
}

/// People's numbers are UUIDs of this time, and no address looks like one.
impl Key for Asker {
    fn number(&self) -> u128 {
        match self {
            Self::Person(account) => account.number(),
            Self::Anybody(Some(neighbour)) => neighbour.number(),
            Self::Anybody(None) => 0,
        }
    }
}

impl Gateway {
    /// Answers a query, or says as a refused outcome why not.
    pub async fn ask(
        &self,
        caller: &Caller,
        query: Result<Query, Invalid>,
    ) -> Result<Value, Outcome> {
        let query =
            query.map_err(|invalid| Outcome::invalid_argument(&invalid.field, invalid.reason))?;
        let started = Instant::now();
        let answer = self.answer(caller, &query).await;
        let outcome = match &answer {
            Ok(_) => "answered",
            Err(refused) => refused.label(),
        };
        let seconds = started.elapsed().as_secs_f64();
        metrics::histogram!("query_seconds", "kind" => query.kind(), "outcome" => outcome.to_owned())
            .record(seconds);
        Ok(answer?.value())
    }

    async fn answer(&self, caller: &Caller, query: &Query) -> Result<Answer, Outcome> {
        let actor = actor_of(&caller.identity);
        if !audience::may_ask(actor.map(|actor| actor.role), query) {
            if actor.is_none() {
                return Err(Outcome::refused(Refusal::Unauthenticated, "sign in first"));
            }
            self.note_denial(caller, query.kind(), "");
            return Err(Outcome::forbidden());
        }
        self.answer_to(caller, actor, query).await
    }

    /// What somebody is told whose role may ask it.
    async fn answer_to(
        &self,
        caller: &Caller,
        actor: Option<Actor>,
        query: &Query,
    ) -> Result<Answer, Outcome> {
        match query {
            Query::Clock(_) => Ok(Answer::Clock(Now {
                now: Timestamp::now(),
            })),
            Query::Search(asked) => {
                let sought = Sought::of(asked).map_err(refused)?;
                // For the account of the one who asks.
                let (_, _turn) = self.load(caller, actor, query).await?;
                let found = search(&self.pools, &sought).await;
                found.map(Answer::Search).map_err(|error| unread(&error))
            }
            Query::JobHistory(asked) => self.history(caller, actor, (query, asked)).await,
            Query::JobFate(asked) => {
                // For the account of the one who asks.
                let (_, _turn) = self.load(caller, actor, query).await?;
                let told = job_history(&self.pools, asked.job).await;
                let told = told.map_err(|error| unread(&error))?;
                let own = actor.and_then(Actor::cleaner);
                let fate = told.zip(own).and_then(|(told, own)| Fate::of(&told, own));
                fate.map(Answer::JobFate).ok_or_else(Outcome::not_found)
            }
            Query::JobTargets(asked) => self.targets(caller, actor, (query, asked)).await,
            Query::NearestSlots(asked) => {
                let (loaded, _turn) = self.load(caller, actor, query).await?;
                let answer = nearest_slots(asked, &loaded.world, &context(actor, &loaded));
                answer.map(Answer::NearestSlots).map_err(refused)
            }
            Query::ReadCatalogue(_) => {
                let listed = lists::catalogue(&self.pools);
                self.listed(caller, actor, query, listed).await
            }
            Query::ListUsers(asked) => {
                let listed = lists::users(&self.pools, asked);
                self.listed(caller, actor, query, listed).await
            }
            Query::ListCleaners(asked) => {
                let listed = lists::cleaners(&self.pools, asked);
                self.listed(caller, actor, query, listed).await
            }
            Query::ListShifts(asked) => {
                let listed = lists::shifts(&self.pools, asked);
                self.listed(caller, actor, query, listed).await
            }
            Query::ListTemplates(asked) => {
                let listed = lists::templates(&self.pools, asked);
                self.listed(caller, actor, query, listed).await
            }
            Query::ListTimeOff(asked) => {
                let listed = lists::time_off(&self.pools, asked, actor);
                self.listed(caller, actor, query, listed).await
            }
        }
    }

    async fn targets(
        &self,
        caller: &Caller,
        actor: Option<Actor>,
        (query, asked): (&Query, &TargetsOf),
    ) -> Result<Answer, Outcome> {
        let (loaded, _turn) = self.load(caller, actor, query).await?;
        let (asked, context) = (asked.clone(), context(actor, &loaded));
        // A day of moves for everybody takes a while to go through.
        let answer = move || job_targets(&asked, &loaded.world, &context);
        let answer = tokio::task::spawn_blocking(answer).await;
        let answer = answer.map_err(|failure| {
            let trace_id = Uuid::now_v7().simple().to_string();
            tracing::error!(%failure, trace_id, "a query failed");
            Outcome::internal(&trace_id)
        })?;
        answer.map(Answer::JobTargets).map_err(refused)
    }

    /// A list, for somebody whose account is what it was.
    async fn listed(
        &self,
        caller: &Caller,
        actor: Option<Actor>,
        query: &Query,
        reading: impl Future<Output = Result<Answer, lists::Untold>>,
    ) -> Result<Answer, Outcome> {
        let (_, _turn) = self.load(caller, actor, query).await?;
        reading.await.map_err(lists::Untold::outcome)
    }

    async fn history(
        &self,
        caller: &Caller,
        actor: Option<Actor>,
        (query, asked): (&Query, &HistoryOf),
    ) -> Result<Answer, Outcome> {
        // For the account of the one who asks.
        let (_, _turn) = self.load(caller, actor, query).await?;
        let told = job_history(&self.pools, asked.job).await;
        let told = told.map_err(|error| unread(&error))?;
        told.map(Answer::JobHistory).ok_or_else(Outcome::not_found)
    }

    /// The world that a query is about, where the one who asks still may; with a turn, to be kept
    /// until it is answered.
    async fn load(
        &self,
        caller: &Caller,
        actor: Option<Actor>,
        query: &Query,
    ) -> Result<(Loaded, ReadTurn), Outcome> {
        let asker = actor.map_or_else(
            || Asker::Anybody(caller.remote.map(Neighbour::from)),
            |actor| Asker::Person(actor.id),
        );
        if let Err(wait) = self.queries.take(&asker) {
            let wait_ms = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX);
            let message = "too many queries";
            return Err(Outcome::try_again(
                Refusal::RateLimited,
                message,
                wait_ms.max(1),
            ));
        }
        let turn = self
            .pools
            .query_turn()
            .await
            .map_err(|error| unread(&error))?;
        let loaded = load::for_query(&self.pools, query, actor)
            .await
            .map_err(|error| unread(&error))?;
        if actor.is_some_and(|actor| !audience::is_valid(actor, &loaded.world)) {
            let message = "this account may not ask any more";
            return Err(Outcome::refused(Refusal::Unauthenticated, message));
        }
        Ok((loaded, turn))
    }
}

/// Nothing is made, so no command's id is needed; and what anybody may ask depends on nobody.
fn context(actor: Option<Actor>, loaded: &Loaded) -> Context {
    Context {
        actor: actor.unwrap_or(Actor::SYSTEM),
        command_id: CommandId(Uuid::nil()),
        now: loaded.now,
        thresholds: Thresholds::default(),
    }
}

pub(super) fn refused(objection: Objection) -> Outcome {
    match objection {
        Objection::Rejected(rejection) => Outcome::rejected(&rejection),
        Objection::NotFound => Outcome::not_found(),
        Objection::Forbidden => Outcome::forbidden(),
        Objection::InvalidArgument { field, reason } => Outcome::invalid_argument(field, reason),
    }
}

pub(super) fn unread(error: &StoreError) -> Outcome {
    match outage::tell("a query could not be read for", error) {
        Told::Passing => Outcome::try_again(Refusal::Unavailable, "not available just now", 1000),
        Told::Fault { trace_id } => Outcome::internal(&trace_id),
    }
}
