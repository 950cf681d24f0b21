//! One connection, without its socket: what comes in, what is wished for, and by when it wants to
//! be called again. Nothing here waits, so a session is the same in production and in tests.

mod answering;
mod connecting;
mod effects;
#[cfg(test)]
mod fuzzing;
mod joining;
mod live;
mod renewing;
mod requests;
mod server_side;
#[cfg(test)]
mod steps;
#[cfg(test)]
mod tests;

use std::{
    collections::{BTreeMap, VecDeque},
    sync::Arc,
    time::Duration,
};

#[cfg(test)]
pub(crate) use super::subscription::RecoveryOutcome;
pub use effects::{
    Ask, Counted, Delivery, Effect, Effects, Emulation, Endpoint, HistoryQuery, Input, Order,
    PresenceQuery, Read, SessionConfig, SubscriptionId,
};

use self::effects::Calls;
use super::{
    CloseCode, ErrorCode, Moment,
    command::{Command, Since},
    heartbeat::{Beat, Heartbeat},
    moment::earliest,
    reply::Reply,
    subscription::{Answer, Subscription},
};
use crate::ports::{Caller, ChannelName, ClientInfo, Denied, Grant};

/// How long mistakes are remembered.
const MISTAKES_PERIOD: Duration = Duration::from_mins(1);

/// How far the connection has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    Fresh,
    Authenticating {
        command: u32,
    },
    /// The server's own subscriptions are being made; then connect is answered.
    Subscribing {
        command: u32,
    },
    Connected,
    /// Connect was answered with an error; nothing but the end can follow.
    Refused,
    Closed,
}

impl Phase {
    fn is_connecting(self) -> bool {
        match self {
            Self::Authenticating { .. } | Self::Subscribing { .. } => true,
            Self::Fresh | Self::Connected | Self::Refused | Self::Closed => false,
        }
    }
}

/// See the module.
#[derive(Debug)]
pub struct Session {
    config: Arc<SessionConfig>,
    endpoint: Endpoint,
    phase: Phase,
    caller: Option<Arc<Caller>>,
    heartbeat: Heartbeat,
    /// Closed as stale then, unless connected by then.
    stale_at: Moment,
    /// The token's expiry and its grace.
    expires_at: Option<Moment>,
    /// What came with or after connect before it was answered, undecoded.
    behind_connect: VecDeque<Vec<u8>>,
    /// Where the client stands in channels that the server may subscribe it to again.
    resume: BTreeMap<String, Since>,
    calls: Calls,
    /// Most connections have one or two, so that nodes of them would be mostly empty.
    subscriptions: BTreeMap<u32, Box<Subscription>>,
    by_channel: BTreeMap<ChannelName, u32>,
    last_number: u32,
    /// The subscription whose snapshot is being read or written, and those that wait for it.
    snapshot: Option<u32>,
    snapshot_queue: VecDeque<u32>,
    refused_frames: u32,
    /// Requests refused for what they ask, in the minute that began then.
    mistakes: u32,
    mistakes_since: Moment,
    /// The earliest of all subscriptions' timers.
    subscriptions_due: Option<Moment>,
    draining_until: Option<Moment>,
    #[cfg(any(test, feature = "breakages"))]
    pub breakage: super::breakage::Breakage,
}

impl Session {
    /// The same, broken on purpose.
    #[cfg(feature = "breakages")]
    #[must_use]
    pub fn broken(mut self, breakage: super::breakage::Breakage) -> Self {
        self.breakage = breakage;
        self
    }

    /// A connection that was just accepted. `first_ping` is drawn by the caller from half to the
    /// whole ping period.
    pub fn new(
        config: Arc<SessionConfig>,
        endpoint: Endpoint,
        first_ping: Duration,
        now: Moment,
    ) -> Self {
        Self {
            heartbeat: Heartbeat::new(config.ping, config.pong_timeout, first_ping, now),
            stale_at: now + config.stale_after,
            config,
            endpoint,
            phase: Phase::Fresh,
            caller: None,
            expires_at: None,
            behind_connect: VecDeque::new(),
            resume: BTreeMap::new(),
            calls: Calls::default(),
            subscriptions: BTreeMap::new(),
            by_channel: BTreeMap::new(),
            last_number: 0,
            snapshot: None,
            snapshot_queue: VecDeque::new(),
            refused_frames: 0,
            mistakes: 0,
            mistakes_since: now,
            subscriptions_due: None,
            draining_until: None,
            #[cfg(any(test, feature = "breakages"))]
            breakage: super::breakage::Breakage::None,
        }
    }

    /// Takes in one thing that happened and adds what is to be done about it.
    pub fn handle(&mut self, input: Input<'_>, now: Moment, effects: &mut Effects) {
        if self.phase == Phase::Closed {
            return;
        }
        match input {
            Input::Frame(frame) => self.frame(frame, now, effects),
            Input::FrameOverLimit(frame) => self.frame_over_limit(frame, now, effects),
            Input::Tick => self.tick(now, effects),
            Input::Delivered(delivery) => return self.delivered(delivery, now, effects),
            Input::Authenticated(result) => self.authenticated(result, now, effects),
            Input::Refreshed { id, result } => self.refreshed(id, result, now, effects),
            Input::Authorized { ask, result } => self.authorized(ask, result, now, effects),
            Input::Opened {
                subscription,
                result,
            } => self.opened(subscription, result, now, effects),
            Input::Recovered {
                subscription,
                result,
            } => self.recovered(subscription, result, now, effects),
            Input::SnapshotRead {
                subscription,
                result,
            } => self.snapshot_read(subscription, result, now, effects),
            Input::SnapshotWritten => self.release_snapshot(effects),
            Input::Entered { subscription } => self.entered(subscription, now, effects),
            Input::Withdrawn { reply } => {
                if let Some(id) = reply {
                    self.reply(id, &Reply::Unsubscribe, effects);
                }
            }
            Input::Called { id, result } => self.called(id, result, now, effects),
            Input::Published { id, result } => self.published(id, result, now, effects),
            Input::Listed { id, query, result } => self.listed(id, query, result, now, effects),
            Input::HistoryRead { id, epoch, result } => {
                self.history_read(id, epoch, result, now, effects);
            }
            Input::Reauthorize { channel } => self.reauthorize(channel, effects),
            Input::Subscribe { channel } => {
                self.subscribe_by_server(channel, Answer::Push, effects);
            }
            Input::Unsubscribe { channel, code } => {
                self.unsubscribe_by_server(channel, code, now, effects);
            }
            Input::Resync { subscription } => self.resync(subscription, now, effects),
            Input::End(code) => self.close(code, effects),
            Input::Drain => self.drain(now, effects),
            Input::Gone => self.end(effects),
        }
        self.take_stock(now, effects);
    }

    /// What can follow from anything that happened.
    fn take_stock(&mut self, now: Moment, effects: &mut Effects) {
        self.judge_mistakes(now, effects);
        self.finish_drain(now, effects);
        self.subscriptions_due = self
            .subscriptions
            .values()
            .filter_map(|one| live::due(one))
            .min();
    }

    /// When [`Input::Tick`] is wanted.
    pub fn deadline(&self) -> Option<Moment> {
        match self.phase {
            Phase::Fresh
            | Phase::Authenticating { .. }
            | Phase::Subscribing { .. }
            | Phase::Refused => Some(self.stale_at),
            Phase::Connected => {
                let own = earliest(self.expires_at, self.draining_until);
                earliest(
                    self.heartbeat.deadline(),
                    earliest(own, self.subscriptions_due),
                )
            }
            Phase::Closed => None,
        }
    }

    /// Whether the next frame may be handed in now. While connect is being answered it may not.
    pub fn accepts_frames(&self) -> bool {
        !self.phase.is_connecting() && self.draining_until.is_none()
    }

    pub fn is_closed(&self) -> bool {
        self.phase == Phase::Closed
    }

    /// Whose connection this is, once that is known.
    pub fn caller(&self) -> Option<&Arc<Caller>> {
        self.caller.as_ref()
    }

    fn frame(&mut self, frame: &[u8], now: Moment, effects: &mut Effects) {
        let mut commands = self.endpoint.encoding.commands(frame);
        let mut taken = 0;
        while self.phase != Phase::Closed
            && !self.phase.is_connecting()
            && let Some(command) = commands.next()
        {
            taken += 1;
            if taken > self.config.commands {
                return self.close(CloseCode::TOO_MANY_REQUESTS, effects);
            }
            self.command(command, now, effects);
        }
        if self.phase.is_connecting() {
            self.behind_connect
                .extend(commands.rest().map(<[u8]>::to_vec));
        }
    }

    /// Takes what came before connect was answered.
    fn catch_up(&mut self, now: Moment, effects: &mut Effects) {
        while let Some(frame) = self.behind_connect.pop_front() {
            self.frame(&frame, now, effects);
        }
    }

    /// Answers with an error, so that a client which counts too fast learns of it, and closes on
    /// one that does not listen.
    fn frame_over_limit(&mut self, frame: &[u8], now: Moment, effects: &mut Effects) {
        self.refused_frames += 1;
        if self.refused_frames > self.config.refused_frames {
            return self.close(CloseCode::TOO_MANY_REQUESTS, effects);
        }
        if self.phase != Phase::Connected {
            return self.frame(frame, now, effects);
        }
        for (command, taken) in self.endpoint.encoding.commands(frame).zip(1..) {
            if taken > self.config.commands {
                return self.close(CloseCode::TOO_MANY_REQUESTS, effects);
            }
            if self.phase != Phase::Connected {
                return;
            }
            match command {
                Command::Pong | Command::Malformed => self.command(command, now, effects),
                Command::Request { id: 0, .. } | Command::BadBody { id: 0 } => {}
                Command::Request { id, .. } | Command::BadBody { id } => {
                    self.refuse(id, &ErrorCode::TOO_MANY_REQUESTS, effects);
                }
            }
        }
    }

    fn tick(&mut self, now: Moment, effects: &mut Effects) {
        if self.phase != Phase::Connected {
            if self.stale_at <= now {
                self.close(CloseCode::STALE, effects);
            }
            return;
        }
        if self.expires_at.is_some_and(|at| at <= now) {
            return self.close(CloseCode::EXPIRED, effects);
        }
        match self.heartbeat.tick(now) {
            Beat::Nothing => {}
            Beat::Ping => effects.push(Effect::Send(self.endpoint.encoding.ping())),
            Beat::Dead => return self.close(CloseCode::NO_PONG, effects),
        }
        if self.subscriptions_due.is_some_and(|at| at <= now) {
            self.tick_subscriptions(now, effects);
        }
    }

    fn drain(&mut self, now: Moment, effects: &mut Effects) {
        if self.phase != Phase::Connected {
            return self.close(CloseCode::SHUTDOWN, effects);
        }
        self.draining_until
            .get_or_insert(now + self.config.drain_patience);
    }

    fn finish_drain(&mut self, now: Moment, effects: &mut Effects) {
        let Some(until) = self.draining_until else {
            return;
        };
        if self.phase == Phase::Connected && (self.calls.under_way == 0 || until <= now) {
            self.close(CloseCode::SHUTDOWN, effects);
        }
    }

    /// A client that goes on asking for what it cannot have is sent away.
    fn judge_mistakes(&mut self, now: Moment, effects: &mut Effects) {
        if now.since(self.mistakes_since) >= MISTAKES_PERIOD {
            self.mistakes = 0;
            self.mistakes_since = now;
        }
        if self.mistakes > self.config.refused_requests {
            self.close(CloseCode::TOO_MANY_ERRORS, effects);
        }
    }

    /// Ends the connection with a code the client can read.
    fn close(&mut self, code: CloseCode, effects: &mut Effects) {
        if self.phase == Phase::Closed {
            return;
        }
        effects.push(Effect::Close(code));
        self.end(effects);
    }

    /// Takes leave of everything.
    fn end(&mut self, effects: &mut Effects) {
        self.phase = Phase::Closed;
        self.behind_connect.clear();
        self.calls.waiting.clear();
        self.by_channel.clear();
        for (_, subscription) in std::mem::take(&mut self.subscriptions) {
            self.take_leave(&subscription, None, effects);
        }
        if let Some(caller) = &self.caller {
            effects.push(Effect::Disconnected(caller.clone()));
        }
    }

    fn reply(&self, id: u32, answer: &Reply<'_>, effects: &mut Effects) {
        effects.push(Effect::Send(self.endpoint.encoding.reply(id, answer)));
    }

    fn refuse(&mut self, id: u32, error: &ErrorCode, effects: &mut Effects) {
        self.mistakes += u32::from(error.is_mistake());
        effects.push(Effect::Count(Counted::Error(error.code)));
        self.reply(id, &Reply::Error(error), effects);
    }

    /// Refuses, or closes where the refusal is one of the whole connection.
    fn deny(&mut self, id: u32, denied: Denied, effects: &mut Effects) {
        if denied == Denied::InvalidToken {
            return self.close(CloseCode::INVALID_TOKEN, effects);
        }
        self.refuse(id, &denied.into(), effects);
    }

    /// How others see this connection on a channel.
    fn info_on(&self, grant: Option<&Grant>) -> Arc<ClientInfo> {
        let identity = self.caller.as_ref().map(|caller| &caller.identity);
        Arc::new(ClientInfo {
            user: identity.map_or_else(String::new, |identity| identity.user.to_string()),
            client: self.endpoint.client.to_string(),
            conn_info: identity.and_then(|identity| identity.info.clone()),
            chan_info: grant.and_then(|grant| grant.chan_info.clone()),
        })
    }
}
