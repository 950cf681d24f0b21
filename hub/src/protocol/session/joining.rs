//! The trip of a subscribe: authorise, open and register, obtain, authorise once more, answer.
//!
//! Everything delivered meanwhile is buffered. What was obtained must join the buffer without a
//! gap, else it is read again (P3, P4).

use super::{
    super::{
        CloseCode, ErrorCode, Moment, Recovery,
        command::{FOSSIL, Request, SubscribeRequest},
        subscription::{Answer, Join, Live, RecoveryOutcome, State, Step, Subscription},
    },
    Ask, Counted, Effect, Effects, Session, SubscriptionId,
};
use crate::ports::{ChannelName, Class, Denied, Grant, Position, Side, Snapshot, SubscribeIntent};

impl Session {
    pub(super) fn subscribe(
        &mut self,
        id: u32,
        request: SubscribeRequest,
        now: Moment,
        effects: &mut Effects,
    ) {
        let known_delta = request.delta.is_empty() || request.delta == FOSSIL;
        if request.channel.is_empty() || !known_delta {
            return self.close(CloseCode::BAD_REQUEST, effects);
        }
        if let Some(join) = self.joining_channel(&request.channel)
            && !join.afterwards.is_empty()
        {
            return self.wait_for_join(id, Request::Subscribe(request), now, effects);
        }
        if let Some(error) = self.refuses_subscribe(&request) {
            return self.refuse(id, &error, effects);
        }
        self.begin(request, Answer::Command(id), effects);
    }

    /// Begins a subscription that nothing speaks against yet.
    pub(super) fn begin(
        &mut self,
        request: SubscribeRequest,
        answer: Answer,
        effects: &mut Effects,
    ) {
        self.last_number = self.last_number.wrapping_add(1);
        let subscription = Subscription {
            id: SubscriptionId {
                number: self.last_number,
                attempt: 0,
            },
            channel: request.channel.as_str().into(),
            request,
            side: match answer {
                Answer::Command(_) => Side::Client,
                Answer::Connect | Answer::Push => Side::Server,
            },
            state: State::Joining(Box::new(Join::new(answer))),
        };
        effects.push(Effect::Authorize {
            ask: Ask::Join(subscription.id),
            intent: subscription.intent(),
        });
        let number = subscription.id.number;
        self.by_channel.insert(subscription.channel.clone(), number);
        self.subscriptions.insert(number, Box::new(subscription));
    }

    fn refuses_subscribe(&self, request: &SubscribeRequest) -> Option<ErrorCode> {
        if !self.is_channel_name(&request.channel) || request.tag_filter {
            return Some(ErrorCode::BAD_REQUEST);
        }
        if request.kind != 0 {
            return Some(ErrorCode::NOT_AVAILABLE);
        }
        if self.by_channel.contains_key(request.channel.as_str()) {
            return Some(ErrorCode::ALREADY_SUBSCRIBED);
        }
        (self.by_channel.len() >= self.config.channels).then_some(ErrorCode::LIMIT_EXCEEDED)
    }

    pub(super) fn is_channel_name(&self, name: &str) -> bool {
        name.len() <= self.config.channel_name_bytes && name.bytes().all(|b| b.is_ascii_graphic())
    }

    /// Puts a command behind the answer to a subscribe of the same channel.
    pub(super) fn wait_for_join(
        &mut self,
        id: u32,
        request: Request,
        now: Moment,
        effects: &mut Effects,
    ) {
        let impatient_at = now + self.config.join_patience;
        let most = self.config.waiting_calls;
        let (Request::Subscribe(SubscribeRequest { channel, .. })
        | Request::Unsubscribe { channel }) = &request
        else {
            return;
        };
        let channel = channel.clone();
        let Some(join) = self.joining_channel(&channel) else {
            return;
        };
        if join.afterwards.len() >= most {
            return self.close(CloseCode::TOO_MANY_REQUESTS, effects);
        }
        join.afterwards.push_back((id, request));
        join.impatient_at.get_or_insert(impatient_at);
    }

    pub(super) fn joining_channel(&mut self, channel: &str) -> Option<&mut Join> {
        let number = self.by_channel.get(channel)?;
        match &mut self.subscriptions.get_mut(number)?.state {
            State::Joining(join) => Some(join),
            State::Live(_) => None,
        }
    }

    /// Takes the join that a result belongs to, if it still waits for that.
    pub(super) fn take_join(&mut self, id: SubscriptionId, step: Step) -> Option<Joining> {
        let subscription = self.subscriptions.remove(&id.number)?;
        match *subscription {
            Subscription {
                id: current,
                channel,
                request,
                side,
                state: State::Joining(join),
            } if current == id && join.step == step => Some(Joining {
                id,
                channel,
                request,
                side,
                join,
            }),
            other => {
                self.subscriptions.insert(id.number, Box::new(other));
                None
            }
        }
    }

    pub(super) fn put_back(&mut self, joining: Joining) {
        self.subscriptions
            .insert(joining.id.number, Box::new(joining.into_subscription()));
    }

    pub(super) fn join_authorized(
        &mut self,
        id: SubscriptionId,
        result: Result<Grant, Denied>,
        now: Moment,
        effects: &mut Effects,
    ) {
        let Some(mut joining) = self.take_join(id, Step::Authorizing) else {
            return;
        };
        let grant = match result {
            Ok(grant) => grant,
            Err(denied) => return self.deny_join(joining, denied, now, effects),
        };
        joining.join.grant = Some(grant);
        let snapshot_is_certain = joining.wants_snapshot() && !joining.recovers();
        if snapshot_is_certain && !self.acquire_snapshot(id.number) {
            joining.join.step = Step::QueuedToOpen;
            return self.put_back(joining);
        }
        self.open(joining, effects);
    }

    fn open(&mut self, mut joining: Joining, effects: &mut Effects) {
        joining.join.step = Step::Opening;
        let class = joining
            .join
            .grant
            .as_ref()
            .map_or(Class::Durable, |grant| grant.class);
        effects.push(Effect::Open {
            subscription: joining.id,
            channel: joining.channel.clone(),
            class,
            join_leave: joining.hears_joins(),
        });
        self.put_back(joining);
    }

    pub(super) fn opened(
        &mut self,
        id: SubscriptionId,
        result: Result<Option<Position>, Denied>,
        now: Moment,
        effects: &mut Effects,
    ) {
        let Some(mut joining) = self.take_join(id, Step::Opening) else {
            return;
        };
        match result {
            Ok(position) => joining.join.opened_at = position,
            Err(denied) => return self.deny_join(joining, denied, now, effects),
        }
        let with_snapshot = joining.wants_snapshot();
        if joining.recovers() {
            if with_snapshot && joining.request.epoch.is_empty() {
                return self.unrecoverable(joining, now, effects);
            }
            let (offset, epoch) = (joining.request.offset, joining.request.epoch.clone());
            return self.recover(joining, Step::Recovering, offset, epoch, effects);
        }
        if with_snapshot {
            return self.read_snapshot(joining, effects);
        }
        joining
            .join
            .obtained
            .position
            .clone_from(&joining.join.opened_at);
        self.confirm(joining, effects);
    }

    fn recover(
        &mut self,
        mut joining: Joining,
        step: Step,
        offset: u64,
        epoch: String,
        effects: &mut Effects,
    ) {
        joining.join.step = step;
        effects.push(Effect::Recover {
            subscription: joining.id,
            channel: joining.channel.clone(),
            offset,
            epoch,
        });
        self.put_back(joining);
    }

    pub(super) fn recovered(
        &mut self,
        id: SubscriptionId,
        result: Result<Recovery, Denied>,
        now: Moment,
        effects: &mut Effects,
    ) {
        let Some(mut joining) = self
            .take_join(id, Step::Recovering)
            .or_else(|| self.take_join(id, Step::FillingUp))
        else {
            return;
        };
        let filling_up = joining.join.step == Step::FillingUp;
        let obtained = &mut joining.join.obtained;
        match result {
            Err(denied) => self.deny_join(joining, denied, now, effects),
            Ok(Recovery::Impossible) if filling_up => self.start_over(joining, now, effects),
            Ok(Recovery::Impossible) => self.unrecoverable(joining, now, effects),
            Ok(Recovery::Complete {
                publications,
                position,
            }) => {
                if !filling_up {
                    obtained.outcome = RecoveryOutcome::Recovered;
                }
                if obtained.snapshot.is_some() || obtained.outcome != RecoveryOutcome::Recovered {
                    obtained.following.extend(publications);
                } else {
                    obtained.missed.extend(publications);
                }
                obtained.position = Some(position);
                self.check_reach(joining, now, effects);
            }
        }
    }

    fn unrecoverable(&mut self, mut joining: Joining, now: Moment, effects: &mut Effects) {
        if joining.request.rejects_unrecoverable() {
            let error = ErrorCode::UNRECOVERABLE_POSITION;
            return self.refuse_join(joining, &error, now, effects);
        }
        joining.join.obtained.outcome = RecoveryOutcome::Failed;
        if joining.wants_snapshot() {
            return self.read_snapshot(joining, effects);
        }
        joining
            .join
            .obtained
            .position
            .clone_from(&joining.join.opened_at);
        self.confirm(joining, effects);
    }

    fn read_snapshot(&mut self, mut joining: Joining, effects: &mut Effects) {
        if self.acquire_snapshot(joining.id.number) {
            joining.join.step = Step::ReadingSnapshot;
            effects.push(Effect::ReadSnapshot {
                subscription: joining.id,
                channel: joining.channel.clone(),
            });
        } else {
            joining.join.step = Step::QueuedForSnapshot;
        }
        self.put_back(joining);
    }

    pub(super) fn snapshot_read(
        &mut self,
        id: SubscriptionId,
        result: Result<Snapshot, Denied>,
        now: Moment,
        effects: &mut Effects,
    ) {
        let Some(mut joining) = self.take_join(id, Step::ReadingSnapshot) else {
            return;
        };
        let Snapshot { data, position } = match result {
            Ok(snapshot) => snapshot,
            Err(denied) => return self.deny_join(joining, denied, now, effects),
        };
        let offset = position.as_ref().map_or(0, |at| at.offset);
        joining.join.obtained.snapshot = Some((data, offset));
        if !joining.join.is_durable() {
            return self.confirm(joining, effects);
        }
        if position.is_none() {
            // A durable channel's snapshot without its offset cannot be followed.
            return self.refuse_join(joining, &ErrorCode::INTERNAL, now, effects);
        }
        joining.join.obtained.position = position;
        self.check_reach(joining, now, effects);
    }

    /// What was obtained has to reach the point from which deliveries are buffered.
    fn check_reach(&mut self, joining: Joining, now: Moment, effects: &mut Effects) {
        let (Some(reached), Some(opened)) =
            (&joining.join.obtained.position, &joining.join.opened_at)
        else {
            return self.confirm(joining, effects);
        };
        if reached.epoch != opened.epoch {
            return self.start_over(joining, now, effects);
        }
        #[cfg(any(test, feature = "breakages"))]
        if self.breakage == super::super::breakage::Breakage::SnapshotIsNotFilledUp {
            return self.confirm(joining, effects);
        }
        if reached.offset < opened.offset {
            return self.fill_up(joining, now, effects);
        }
        self.confirm(joining, effects);
    }

    /// Reads what lies between the part obtained and the buffer.
    pub(super) fn fill_up(&mut self, mut joining: Joining, now: Moment, effects: &mut Effects) {
        let Some(Position { offset, epoch }) = joining.join.obtained.position.clone() else {
            return self.start_over(joining, now, effects);
        };
        joining.join.attempts += 1;
        if joining.join.attempts > self.config.join_attempts {
            return self.refuse_join(joining, &ErrorCode::INTERNAL, now, effects);
        }
        self.recover(joining, Step::FillingUp, offset, epoch.to_string(), effects);
    }

    pub(super) fn start_over(&mut self, mut joining: Joining, now: Moment, effects: &mut Effects) {
        if joining.join.attempts >= self.config.join_attempts {
            return self.refuse_join(joining, &ErrorCode::INTERNAL, now, effects);
        }
        effects.push(Effect::Count(Counted::JoinStartedOver));
        effects.push(Effect::Leave {
            subscription: joining.id,
            channel: joining.channel.clone(),
        });
        joining.id.attempt += 1;
        joining.join.start_over();
        self.open(joining, effects);
    }

    /// Snapshots go one at a time: true when it is this subscription's turn, else it is queued.
    pub(super) fn acquire_snapshot(&mut self, number: u32) -> bool {
        if self.snapshot.is_none() || self.snapshot == Some(number) {
            self.snapshot = Some(number);
            return true;
        }
        self.snapshot_queue.push_back(number);
        false
    }

    pub(super) fn release_snapshot(&mut self, effects: &mut Effects) {
        self.snapshot = None;
        while let Some(number) = self.snapshot_queue.pop_front() {
            let Some(id) = self.subscriptions.get(&number).map(|queued| queued.id) else {
                continue;
            };
            if let Some(joining) = self.take_join(id, Step::QueuedToOpen) {
                self.snapshot = Some(number);
                return self.open(joining, effects);
            }
            if let Some(joining) = self.take_join(id, Step::QueuedForSnapshot) {
                return self.read_snapshot(joining, effects);
            }
        }
    }
}

/// A join taken out of the session while it is worked on.
pub(super) struct Joining {
    pub(super) id: SubscriptionId,
    pub(super) channel: ChannelName,
    pub(super) request: SubscribeRequest,
    pub(super) side: Side,
    pub(super) join: Box<Join>,
}

impl Joining {
    fn wants_snapshot(&self) -> bool {
        self.join.grant.as_ref().is_some_and(|grant| grant.snapshot)
    }

    /// A recovery was asked for, and this subscriber may have it.
    fn recovers(&self) -> bool {
        self.request.recover && self.is_recoverable()
    }

    pub(super) fn is_recoverable(&self) -> bool {
        self.tracks(self.request.recoverable)
    }

    pub(super) fn is_positioned(&self) -> bool {
        self.is_recoverable() || self.tracks(self.request.positioned)
    }

    fn tracks(&self, requested: bool) -> bool {
        self.join.grant.as_ref().is_some_and(|grant| {
            grant.class == Class::Durable && grant.recovery.taken(requested && grant.history)
        })
    }

    pub(super) fn hears_joins(&self) -> bool {
        self.join.grant.as_ref().is_some_and(|grant| {
            let requested = self.request.join_leave && grant.presence;
            grant.join_leave.taken(requested)
        })
    }

    pub(super) fn intent(&self) -> SubscribeIntent {
        self.request.intent(self.side)
    }

    pub(super) fn into_subscription(self) -> Subscription {
        Subscription {
            id: self.id,
            channel: self.channel,
            request: self.request,
            side: self.side,
            state: State::Joining(self.join),
        }
    }

    pub(super) fn into_live(self, live: Live) -> Subscription {
        Subscription {
            id: self.id,
            channel: self.channel,
            request: self.request,
            side: self.side,
            state: State::Live(live),
        }
    }
}
