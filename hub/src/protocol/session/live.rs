//! Subscriptions that have been answered: deliveries in order, rights asked for again, and the end.

use super::{
    super::{
        ChannelEvent, CloseCode, Moment, News, UnsubscribeCode,
        command::Request,
        moment::earliest,
        reply::{Push, Reply},
        subscription::{Live, Recheck, State, Step, Subscription},
    },
    Ask, Counted, Delivery, Effect, Effects, Session, SubscriptionId,
};
use crate::ports::{Denied, Grant, Publication, Side};

/// When a subscription wants to be looked at.
pub(super) fn due(subscription: &Subscription) -> Option<Moment> {
    match &subscription.state {
        State::Joining(join) => join.impatient_at,
        State::Live(live) => match live.recheck {
            Recheck::RetryAt(at) => earliest(live.expires_at, Some(at)),
            Recheck::Idle | Recheck::Asking | Recheck::AskAgain => live.expires_at,
        },
    }
}

impl Session {
    /// Hands an event to the client, if it is what comes next; a subscription still being made
    /// keeps it for later. Nothing else follows from one that is sent or dropped, and nearly all
    /// are.
    pub(super) fn delivered(&mut self, delivery: Delivery, now: Moment, effects: &mut Effects) {
        let id = delivery.subscription;
        let Some(subscription) = self.subscriptions.get_mut(&id.number) else {
            return;
        };
        if subscription.id != id {
            return;
        }
        match &mut subscription.state {
            State::Joining(join) => {
                #[cfg(any(test, feature = "breakages"))]
                if matches!(
                    self.breakage,
                    super::super::breakage::Breakage::NothingIsBuffered
                        | super::super::breakage::Breakage::SnapshotWithoutBuffer
                ) {
                    return;
                }
                join.keep(delivery);
                self.bound_buffers(effects);
                self.take_stock(now, effects);
            }
            State::Live(live) => {
                #[cfg(any(test, feature = "breakages"))]
                let verdict = broken_verdict(self.breakage, live, &delivery.event);
                #[cfg(not(any(test, feature = "breakages")))]
                let verdict = verdict(live, &delivery.event);
                let bodies = live.bodies;
                match verdict {
                    Verdict::Send => {
                        let frame = delivery.event.frame(self.endpoint.encoding, bodies);
                        live.bodies = bodies.after(&delivery.event);
                        effects.push(Effect::Send(frame));
                    }
                    Verdict::Drop => {}
                    Verdict::Insufficient => {
                        effects.push(Effect::Count(Counted::OutOfOrder));
                        self.end_live(id, UnsubscribeCode::INSUFFICIENT_STATE, effects);
                        self.take_stock(now, effects);
                    }
                }
            }
        }
    }

    fn bound_buffers(&mut self, effects: &mut Effects) {
        let buffered: usize = self
            .subscriptions
            .values()
            .map(|subscription| match &subscription.state {
                State::Joining(join) => join.buffered_bytes,
                State::Live(_) => 0,
            })
            .sum();
        if buffered > self.config.join_buffer_bytes {
            self.close(CloseCode::SLOW, effects);
        }
    }

    pub(super) fn unsubscribe(
        &mut self,
        id: u32,
        channel: String,
        now: Moment,
        effects: &mut Effects,
    ) {
        if channel.is_empty() {
            return self.close(CloseCode::BAD_REQUEST, effects);
        }
        if self.joining_channel(&channel).is_some() {
            return self.wait_for_join(id, Request::Unsubscribe { channel }, now, effects);
        }
        let Some(subscription) = self
            .by_channel
            .remove(channel.as_str())
            .and_then(|number| self.subscriptions.remove(&number))
        else {
            return self.reply(id, &Reply::Unsubscribe, effects);
        };
        self.take_leave(&subscription, Some(id), effects);
    }

    /// The server ends a live subscription.
    pub(super) fn end_live(
        &mut self,
        id: SubscriptionId,
        code: UnsubscribeCode,
        effects: &mut Effects,
    ) {
        if self.live(id).is_none() {
            return;
        }
        let side = self.subscriptions.get(&id.number).map(|ended| ended.side);
        if side == Some(Side::Server)
            && let Some(close) = code.of_the_connection()
        {
            // There is nothing on the client that would subscribe again.
            return self.close(close, effects);
        }
        let Some(subscription) = self.subscriptions.remove(&id.number) else {
            return;
        };
        self.by_channel.remove(&subscription.channel);
        effects.push(Effect::Count(Counted::Unsubscribed(code.code)));
        let encoding = self.endpoint.encoding;
        let frame = encoding.push(&subscription.channel, Push::Unsubscribe(code));
        effects.push(Effect::Send(frame));
        self.take_leave(&subscription, None, effects);
    }

    /// Undoes whatever a subscription holds outside the session, and answers an unsubscribe as
    /// soon as others do not see it any more.
    pub(super) fn take_leave(
        &self,
        subscription: &Subscription,
        reply: Option<u32>,
        effects: &mut Effects,
    ) {
        let (registered, listed, announced, grant) = match &subscription.state {
            State::Joining(join) => {
                let registered = !matches!(join.step, Step::Authorizing | Step::QueuedToOpen);
                (registered, join.listed, false, join.grant.as_ref())
            }
            State::Live(live) => (true, live.listed, live.announced, Some(&live.grant)),
        };
        if registered {
            effects.push(Effect::Leave {
                subscription: subscription.id,
                channel: subscription.channel.clone(),
            });
        }
        if listed || announced {
            return effects.push(Effect::Withdraw {
                channel: subscription.channel.clone(),
                info: self.info_on(grant),
                listed,
                announced,
                reply,
            });
        }
        if let Some(id) = reply {
            self.reply(id, &Reply::Unsubscribe, effects);
        }
    }

    pub(super) fn live(&mut self, id: SubscriptionId) -> Option<&mut Live> {
        let subscription = self.subscriptions.get_mut(&id.number)?;
        if subscription.id != id {
            return None;
        }
        match &mut subscription.state {
            State::Live(live) => Some(live),
            State::Joining(_) => None,
        }
    }

    #[cfg(test)]
    pub(crate) fn is_live(&self, channel: &str) -> bool {
        self.live_grant(channel).is_some()
    }

    #[cfg(test)]
    pub(crate) fn is_joining(&self, id: SubscriptionId) -> bool {
        self.subscriptions
            .get(&id.number)
            .is_some_and(|subscription| {
                subscription.id == id && matches!(subscription.state, State::Joining(_))
            })
    }

    /// The right to read a channel is in doubt.
    pub(super) fn reauthorize(&mut self, channel: &str, effects: &mut Effects) {
        let Some(subscription) = self
            .by_channel
            .get(channel)
            .and_then(|number| self.subscriptions.get_mut(number))
        else {
            return;
        };
        match &mut subscription.state {
            State::Joining(join) => {
                // Earlier steps are followed by a confirmation anyway.
                if matches!(join.step, Step::Confirming | Step::Entering | Step::Ready) {
                    join.confirm_again = true;
                }
            }
            State::Live(live) => match live.recheck {
                Recheck::Idle | Recheck::RetryAt(_) => {
                    live.recheck = Recheck::Asking;
                    ask_recheck(subscription, effects);
                }
                Recheck::Asking | Recheck::AskAgain => live.recheck = Recheck::AskAgain,
            },
        }
    }

    pub(super) fn authorized(
        &mut self,
        ask: Ask,
        result: Result<Grant, Denied>,
        now: Moment,
        effects: &mut Effects,
    ) {
        match ask {
            Ask::Join(id) => self.join_authorized(id, result, now, effects),
            Ask::Confirm(id) => self.join_confirmed(id, result, now, effects),
            Ask::Recheck(id) => self.rechecked(id, result, now, effects),
            Ask::Renew {
                id,
                subscription,
                token,
            } => self.renewed(id, (subscription, token), result, now, effects),
            Ask::Read { id, read } => self.read_authorized(id, read, result, now, effects),
        }
    }

    fn rechecked(
        &mut self,
        id: SubscriptionId,
        result: Result<Grant, Denied>,
        now: Moment,
        effects: &mut Effects,
    ) {
        let retry_at = now + self.config.recheck_retry;
        let Some(live) = self.live(id) else {
            return;
        };
        let asked_again = live.recheck == Recheck::AskAgain;
        match result {
            Ok(grant) => {
                live.grant = grant;
                live.recheck = if asked_again {
                    Recheck::Asking
                } else {
                    Recheck::Idle
                };
            }
            // Nobody can say now. The view stays, and the question too.
            Err(Denied::Unavailable | Denied::TooManyRequests) => {
                live.recheck = Recheck::RetryAt(retry_at);
                return;
            }
            Err(Denied::TokenExpired) => {
                return self.end_live(id, UnsubscribeCode::EXPIRED, effects);
            }
            Err(Denied::InvalidToken) => return self.close(CloseCode::INVALID_TOKEN, effects),
            Err(
                Denied::UnknownChannel
                | Denied::PermissionDenied
                | Denied::MethodNotFound
                | Denied::BadRequest
                | Denied::LimitExceeded
                | Denied::NotAvailable
                | Denied::Application { .. },
            ) => return self.end_live(id, UnsubscribeCode::SERVER, effects),
        }
        if asked_again && let Some(subscription) = self.subscriptions.get(&id.number) {
            ask_recheck(subscription, effects);
        }
    }

    /// Looks at every subscription whose time has come.
    pub(super) fn tick_subscriptions(&mut self, now: Moment, effects: &mut Effects) {
        let ids: Vec<_> = self
            .subscriptions
            .values()
            .filter(|subscription| due(subscription).is_some_and(|at| at <= now))
            .map(|subscription| subscription.id)
            .collect();
        for id in ids {
            let Some(live) = self.live(id) else {
                // A subscribe that is not answered while others wait for it.
                return self.close(CloseCode::INTERNAL, effects);
            };
            if live.expires_at.is_some_and(|at| at <= now) {
                self.end_live(id, UnsubscribeCode::EXPIRED, effects);
                continue;
            }
            live.recheck = Recheck::Asking;
            if let Some(subscription) = self.subscriptions.get(&id.number) {
                ask_recheck(subscription, effects);
            }
        }
    }
}

fn ask_recheck(subscription: &Subscription, effects: &mut Effects) {
    effects.push(Effect::Authorize {
        ask: Ask::Recheck(subscription.id),
        intent: subscription.intent(),
    });
}

/// What becomes of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verdict {
    Send,
    Drop,
    /// Something is missing: the client has to recover. Never a silent gap.
    Insufficient,
}

fn verdict(live: &mut Live, event: &ChannelEvent) -> Verdict {
    match &event.news {
        News::Ephemeral(_) => Verdict::Send,
        News::Join(_) | News::Leave(_) if live.hears_joins => Verdict::Send,
        News::Join(_) | News::Leave(_) => Verdict::Drop,
        News::Publication(publication) => {
            let Publication { offset, epoch, .. } = &**publication;
            let Some(position) = &mut live.position else {
                return Verdict::Insufficient;
            };
            if *epoch != position.epoch || *offset > position.offset + 1 {
                return Verdict::Insufficient;
            }
            if *offset <= position.offset {
                return Verdict::Drop;
            }
            position.offset = *offset;
            Verdict::Send
        }
    }
}

#[cfg(any(test, feature = "breakages"))]
fn broken_verdict(
    breakage: super::super::breakage::Breakage,
    live: &mut Live,
    event: &ChannelEvent,
) -> Verdict {
    use super::super::breakage::Breakage;
    let before = live.position.clone();
    let verdict = verdict(live, event);
    let News::Publication(publication) = &event.news else {
        return verdict;
    };
    let offset = &publication.offset;
    match (verdict, before) {
        (Verdict::Drop, Some(_)) if breakage == Breakage::NoDeduplication => Verdict::Send,
        (Verdict::Insufficient, Some(before))
            if matches!(
                breakage,
                Breakage::SessionIgnoresGaps
                    | Breakage::GapsAreIgnored
                    | Breakage::SnapshotWithoutBuffer
            ) && *offset > before.offset =>
        {
            live.position = Some(crate::ports::Position {
                offset: *offset,
                epoch: before.epoch,
            });
            Verdict::Send
        }
        (verdict, _) => verdict,
    }
}
