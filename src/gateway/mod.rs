//! The business as the hub asks for it: recognises connections, says who may read what, and turns
//! calls into commands. HTTP goes through the very same functions.
//!
//! JSON becomes types here, once, and passwords become hashes. What is not allowed by the tables
//! of `audience` is refused before anything is read for it, and noted in the security log.

mod classes;
mod connections;
pub mod input;
mod lists;
mod location;
mod presence;
mod queries;
mod records;
#[cfg(test)]
mod strange;
mod tally;

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use hub::ports::{
    Application, Body, Caller, ChannelName, ConnectRefused, Denied, Grant, Hello, Identity, Offer,
    Publication, PublishIntent, RefreshRefused, Snapshot, SubscribeIntent, Via,
};
use jiff::Timestamp;
use serde_json::value::RawValue;
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tracing::Instrument;
use uuid::Uuid;

use crate::{
    audience::{self, AnyChannel, Channel, EphemeralChannel, LiveBody},
    config::Limits,
    domain::{Actor, Command, Role, contract::location::LOCATION_REPORT, ids::AccountId},
    execute::{self, Executor, Outcome, Refusal},
    limits::{Key, Limit, Neighbour, Rate, sharing::Book},
    presence::Presence,
    sign_in::{self, SignIn, password},
    store::{
        Pools, StoreError, outage,
        security::{self, SecurityEvent},
    },
    tracking::{Ephemeral, Tracking},
};
use connections::Connections;

/// Denials noted per person and minute; what is beyond is only counted.
const NOTED_DENIALS: u32 = 30;

/// What the gateway is made of.
pub struct Parts {
    pub pools: Pools,
    pub executor: Executor,
    pub sign_in: Arc<SignIn>,
    pub live: Arc<dyn Ephemeral>,
    pub tracking: Arc<Tracking>,
    pub presence: Arc<Presence>,
    pub limits: Limits,
    /// What instances have in common of the limits.
    pub book: Book,
    /// Cancelled when the instance begins to stop: from then on commands are refused.
    pub draining: CancellationToken,
    /// Small tasks of ours, to be waited for at the end.
    pub tasks: TaskTracker,
}

/// The server's side of the hub.
pub struct Gateway {
    pools: Pools,
    executor: Executor,
    sign_in: Arc<SignIn>,
    live: Arc<dyn Ephemeral>,
    tracking: Arc<Tracking>,
    presence: Arc<Presence>,
    commands: classes::Limits,
    holds: Limit<Neighbour>,
    reports: Limit<AccountId>,
    tellings: Limit<AccountId>,
    queries: Limit<queries::Asker>,
    denials: Limit<AccountId>,
    connections: Connections,
    counts: tally::Counts,
    draining: CancellationToken,
    tasks: TaskTracker,
}

impl Gateway {
    pub fn new(parts: Parts) -> Self {
        let (limits, book) = (&parts.limits, &parts.book);
        let rate = |per_minute, burst| Rate { per_minute, burst };
        let holds = rate(limits.holds_per_minute, limits.holds_burst);
        let reports = rate(limits.reports_per_minute, limits.reports_burst);
        let queries = rate(limits.queries_per_minute, limits.queries_burst);
        let tellings = rate(limits.presence_per_minute, limits.presence_burst);
        Self {
            pools: parts.pools,
            executor: parts.executor,
            sign_in: parts.sign_in,
            live: parts.live,
            tracking: parts.tracking,
            reports: Limit::shared(book, "reports", reports),
            commands: classes::Limits::new(limits, book),
            holds: Limit::shared(book, "holds", holds),
            queries: Limit::shared(book, "queries", queries),
            tellings: Limit::shared(book, "tellings", tellings),
            presence: parts.presence,
            denials: Limit::per_minute(NOTED_DENIALS, NOTED_DENIALS),
            connections: Connections::new(limits.connections_per_user),
            counts: tally::Counts::default(),
            draining: parts.draining,
            tasks: parts.tasks,
        }
    }

    /// Forgets what limits need no longer. To be called now and then.
    pub fn prune(&self) {
        self.commands.prune();
        self.holds.prune();
        self.reports.prune();
        self.tellings.prune();
        self.tracking.prune();
        self.queries.prune();
        self.denials.prune();
    }

    /// How commands were answered so far.
    pub fn tally(&self) -> tally::Tally {
        self.counts.tally()
    }

    /// Runs a command. `None`: there is no command of that name.
    pub async fn run(
        &self,
        caller: &Caller,
        kind: &str,
        data: Option<&RawValue>,
        id_beside: Option<&str>,
    ) -> Option<Outcome> {
        if kind == LOCATION_REPORT {
            let outcome = self.report_location(caller, data).await;
            metrics::counter!("location_reports_total", "outcome" => outcome.label().to_owned())
                .increment(1);
            return Some(outcome);
        }
        if let Some(telling) = presence::Telling::of(kind) {
            let outcome = self.tell_presence(caller, telling, data).await;
            metrics::counter!("presence_tellings_total", "outcome" => outcome.label().to_owned())
                .increment(1);
            return Some(outcome);
        }
        let parsed = input::command(kind, data, id_beside)?;
        let span = tracing::info_span!(
            "command",
            command.kind = kind,
            command.id = tracing::field::Empty,
            actor.id = &*caller.identity.user,
            actor.role = &*caller.identity.scope,
            client.id = &*caller.client,
        );
        let started = std::time::Instant::now();
        let outcome = self
            .admit(caller, kind, parsed)
            .instrument(span.clone())
            .await;
        let elapsed = started.elapsed();
        self.counts.count(&outcome);
        let kind = Command::KINDS.iter().find(|known| **known == kind)?;
        span.in_scope(|| tell(kind, &outcome, elapsed));
        Some(outcome)
    }

    async fn admit(
        &self,
        caller: &Caller,
        kind: &str,
        parsed: Result<(crate::domain::ids::CommandId, Command), input::Invalid>,
    ) -> Outcome {
        let Some(actor) = actor_of(&caller.identity) else {
            return Outcome::refused(Refusal::Unauthenticated, "sign in first");
        };
        if self.draining.is_cancelled() {
            return Outcome::try_again(Refusal::Draining, "this instance is stopping", 1000);
        }
        let command = parsed.as_ref().ok().map(|(_, command)| command);
        if let Err(wait) = self.commands.take(actor, command) {
            return too_fast("too many commands", wait);
        }
        let (command_id, command) = match parsed {
            Ok(parsed) => parsed,
            Err(invalid) => return Outcome::invalid_argument(&invalid.field, invalid.reason),
        };
        tracing::Span::current().record("command.id", tracing::field::display(command_id));
        if !audience::may_run(actor.role, &command) {
            self.note_denial(caller, kind, "");
            return Outcome::refused(Refusal::Forbidden, "this is not for your role");
        }
        if let Err(wait) = self.hold_allowed(actor, caller, &command) {
            return too_fast("too many holds from where you are", wait);
        }
        let command = match self.with_hashed_password(command).await {
            Ok(command) => command,
            Err(outcome) => return outcome,
        };
        let request = execute::Request {
            actor,
            via: via(caller.via),
            command_id,
            command,
            trace_id: Uuid::now_v7().simple().to_string(),
        };
        self.executor.execute(request).await
    }

    /// Guests are made for the asking, so what one customer may hold at a time does not bound what
    /// one machine may: their address does.
    fn hold_allowed(
        &self,
        actor: Actor,
        caller: &Caller,
        command: &Command,
    ) -> Result<(), Duration> {
        if let Command::PlaceHold(_) = command
            && actor.role == Role::Customer
            && let Some(remote) = caller.remote
        {
            self.holds.take(&remote.into())?;
        }
        Ok(())
    }

    /// The plain password goes no further than this.
    async fn with_hashed_password(&self, command: Command) -> Result<Command, Outcome> {
        let Command::SaveUser(mut save) = command else {
            return Ok(command);
        };
        if let Some(new) = &mut save.password {
            let plain = new.plain().to_owned();
            if plain.chars().count() < password::MIN_PASSWORD_CHARS
                || plain.len() > password::MAX_PASSWORD_BYTES
            {
                let reason = "between 8 characters and 1024 bytes are expected";
                return Err(Outcome::invalid_argument("password", reason));
            }
            let hashed = self.sign_in.hasher().hash(plain).await;
            new.hash = Some(hashed.map_err(|password::Busy| {
                Outcome::try_again(Refusal::RateLimited, "too many passwords at once", 1000)
            })?);
        }
        Ok(Command::SaveUser(save))
    }

    /// May this caller read this channel now?
    pub async fn may_read(
        &self,
        identity: &Identity,
        channel: &AnyChannel,
    ) -> Result<bool, StoreError> {
        let actor = actor_of(identity);
        match channel {
            AnyChannel::Durable(channel) => {
                let facts = crate::store::facts(&self.pools, actor, channel).await?;
                Ok(audience::may_subscribe(actor, channel, &facts))
            }
            AnyChannel::Ephemeral(channel) => {
                let facts = crate::store::tracking::live_facts(&self.pools, actor, channel).await?;
                Ok(audience::may_follow(actor, channel, &facts))
            }
        }
    }

    /// A channel's state and head at one instant; of an ephemeral one what this instance has heard.
    pub async fn read(&self, channel: &AnyChannel) -> Result<Snapshot, StoreError> {
        match channel {
            AnyChannel::Durable(channel) => self.read_durable(channel).await,
            AnyChannel::Ephemeral(channel) => Ok(self.recall(channel).await),
        }
    }

    async fn recall(&self, channel: &EphemeralChannel) -> Snapshot {
        let body = match channel {
            EphemeralChannel::Presence(zone) => self.presence.snapshot(zone).await,
            EphemeralChannel::Positions(_) | EphemeralChannel::Track(_) | EphemeralChannel::Ops => {
                let heard = self.live.heard(channel);
                LiveBody::snapshot(Timestamp::now(), heard.into_iter())
            }
        };
        Snapshot {
            data: Body::from_value(&body).expect("bodies are plain data"),
            position: None,
        }
    }

    async fn read_durable(&self, channel: &Channel) -> Result<Snapshot, StoreError> {
        let read = crate::store::snapshot(&self.pools, channel).await?;
        let data = audience::snapshot(channel, &read.world, read.at);
        let bytes = data.get().len();
        metrics::histogram!("channel_snapshot_bytes")
            .record(u32::try_from(bytes).map_or(f64::MAX, f64::from));
        let data = Body::from_raw(&data).map_err(|error| StoreError::Unreadable {
            what: "snapshot",
            reason: error.to_string(),
        })?;
        Ok(Snapshot {
            data,
            position: Some(read.position),
        })
    }

    /// Notes what somebody tried without the right to, without making them wait for it.
    fn note_denial(&self, caller: &Caller, kind: &str, subject: &str) {
        metrics::counter!("denials_total").increment(1);
        let actor = actor_of(&caller.identity).map(|actor| actor.id);
        let key = actor.unwrap_or(AccountId(Uuid::nil()));
        if self.denials.take(&key).is_err() {
            return;
        }
        let (pools, remote) = (self.pools.clone(), caller.remote);
        let (kind, subject) = (kind.to_owned(), subject.to_owned());
        self.tasks.spawn(async move {
            let event = SecurityEvent {
                actor,
                remote,
                kind: &kind,
                code: "forbidden",
                subject: &subject,
            };
            if let Err(error) = security::record(&pools, event).await {
                outage::tell("a denial could not be noted", &error);
            }
        });
    }
}

#[async_trait]
impl Application for Gateway {
    async fn authenticate(&self, hello: Hello) -> Result<Identity, ConnectRefused> {
        if hello.token.is_empty() {
            return Ok(anonymous());
        }
        let recognised = self.sign_in.recognise(&hello.token).await;
        let recognised = recognised.map_err(|refused| match refused {
            sign_in::Refused::Expired => ConnectRefused::TokenExpired,
            sign_in::Refused::Store(error) => {
                outage::tell("somebody could not be recognised", &error);
                ConnectRefused::Unavailable
            }
            sign_in::Refused::TooSoon(_) => ConnectRefused::Unavailable,
            sign_in::Refused::InvalidToken
            | sign_in::Refused::Ended
            | sign_in::Refused::WrongCredentials { .. }
            | sign_in::Refused::Reused { .. } => ConnectRefused::InvalidToken,
        })?;
        Ok(identity_of(&recognised))
    }

    fn admit(&self, identity: &Identity) -> Result<(), ConnectRefused> {
        if self.connections.open(&identity.user) {
            Ok(())
        } else {
            Err(ConnectRefused::ConnectionLimit)
        }
    }

    async fn refresh(&self, caller: &Caller, token: &str) -> Result<Identity, RefreshRefused> {
        let recognised = self.sign_in.recognise(token).await;
        let identity = identity_of(&recognised.map_err(|refused| match refused {
            sign_in::Refused::Expired => RefreshRefused::Expired,
            sign_in::Refused::Store(error) => {
                outage::tell("somebody could not be recognised again", &error);
                RefreshRefused::Unavailable
            }
            sign_in::Refused::TooSoon(_) => RefreshRefused::Unavailable,
            sign_in::Refused::InvalidToken
            | sign_in::Refused::Ended
            | sign_in::Refused::WrongCredentials { .. }
            | sign_in::Refused::Reused { .. } => RefreshRefused::InvalidToken,
        })?);
        if identity.user == caller.identity.user {
            Ok(identity)
        } else {
            Err(RefreshRefused::InvalidToken)
        }
    }

    async fn authorize(&self, caller: &Caller, intent: &SubscribeIntent) -> Result<Grant, Denied> {
        let channel: AnyChannel = match intent.channel.parse() {
            Ok(channel) => channel,
            // The same answer as for a channel that is another's.
            Err(audience::channel::UnknownChannel) => return Err(Denied::PermissionDenied),
        };
        match self.may_read(&caller.identity, &channel).await {
            Ok(true) => Ok(grant(&channel)),
            Ok(false) => {
                self.note_denial(caller, "subscribe", &intent.channel);
                Err(Denied::PermissionDenied)
            }
            Err(error) => Err(unavailable(&error)),
        }
    }

    async fn snapshot(&self, channel: &str) -> Result<Snapshot, Denied> {
        let channel: AnyChannel = channel
            .parse()
            .map_err(|audience::channel::UnknownChannel| Denied::PermissionDenied)?;
        self.read(&channel)
            .await
            .map_err(|error| unavailable(&error))
    }

    async fn execute(
        &self,
        caller: &Caller,
        method: &str,
        data: Option<&RawValue>,
    ) -> Result<Body, Denied> {
        if let Some(query) = input::query(method, data) {
            return Ok(match self.ask(caller, query).await {
                Ok(answer) => Body::from_value(&answer),
                Err(refused) => Body::from_value(&refused),
            }
            .expect("answers are plain data"));
        }
        let outcome = self.run(caller, method, data, None).await;
        let outcome = outcome.ok_or(Denied::MethodNotFound)?;
        Ok(Body::from_value(&outcome).expect("outcomes are plain data"))
    }

    async fn publish(&self, _caller: &Caller, _intent: PublishIntent) -> Result<(), Denied> {
        // Everything that changes is changed by a command.
        Err(Denied::NotAvailable)
    }

    fn observed(&self, publication: &Publication) {
        self.tracking.observed(&publication.channel);
    }

    fn subscribed(&self, caller: &Caller, channel: &ChannelName) {
        self.presence.subscribed(caller, channel);
    }

    fn unsubscribed(&self, caller: &Caller, channel: &ChannelName) {
        self.presence.unsubscribed(caller, channel);
    }

    async fn connected(&self, caller: &Caller) {
        self.presence.connected(caller);
    }

    async fn disconnected(&self, caller: &Caller) {
        self.presence.disconnected(caller);
        self.connections.closed(&caller.identity.user);
    }
}

/// An anonymous reader, who may see what anybody may.
pub fn anonymous() -> Identity {
    Identity::of("")
}

/// The identity behind a valid access token.
pub fn identity_of(recognised: &sign_in::Recognised) -> Identity {
    Identity {
        session: Some(recognised.sign_in.to_string().into()),
        scope: recognised.person.role.as_str().into(),
        expires_in: Some(recognised.expires_in),
        ..Identity::of(&recognised.person.id.to_string())
    }
}

/// Who asks, where somebody is signed in.
pub fn actor_of(identity: &Identity) -> Option<Actor> {
    let id = identity.user.parse().ok()?;
    let role = Role::parse(&identity.scope)?;
    Some(Actor { id, role })
}

/// Presence shows who is connected, so it is for the staff's own channel only.
fn grant(channel: &AnyChannel) -> Grant {
    let staff_only = match channel {
        AnyChannel::Ephemeral(_) => {
            return Grant {
                snapshot: true,
                ..Grant::ephemeral()
            };
        }
        AnyChannel::Durable(channel) => match channel {
            Channel::Control { .. } => true,
            Channel::Slots { .. }
            | Channel::Booking(_)
            | Channel::Customer(_)
            | Channel::Agenda(_)
            | Channel::Board(_) => false,
        },
    };
    Grant {
        presence: staff_only,
        join_leave: if staff_only {
            Offer::Always
        } else {
            Offer::Never
        },
        history: true,
        snapshot: true,
        ..Grant::durable()
    }
}

fn via(via: Via) -> execute::Via {
    match via {
        Via::WebSocket => execute::Via::Socket,
        Via::Http => execute::Via::Http,
    }
}

fn unavailable(error: &StoreError) -> Denied {
    outage::tell("a channel could not be read", error);
    Denied::Unavailable
}

fn tell(kind: &'static str, outcome: &Outcome, elapsed: Duration) {
    let code = outcome.label();
    let word = match outcome {
        Outcome::Accepted { .. } => "accepted",
        Outcome::Rejected { .. } => "rejected",
        Outcome::Refused { .. } => "refused",
    };
    let elapsed_ms = u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX);
    tracing::info!(
        command.outcome = word,
        command.code = code,
        elapsed_ms,
        "command answered"
    );
    metrics::histogram!("command_seconds", "kind" => kind, "outcome" => word)
        .record(elapsed.as_secs_f64());
}

impl Key for AccountId {
    fn number(&self) -> u128 {
        self.0.number()
    }
}

fn too_fast(message: &'static str, wait: Duration) -> Outcome {
    let wait_ms = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX);
    Outcome::try_again(Refusal::RateLimited, message, wait_ms.max(1))
}
