//! The second half of a subscribe: authorised once more, listed, answered; or refused, or begun
//! again because deliveries ended meanwhile.

use super::{
    super::{
        Bodies, ChannelEvent, CloseCode, ErrorCode, Moment, UnsubscribeCode,
        command::FOSSIL,
        reply::{Expiry, Publications, Push, Reply, SubscribeResult},
        subscription::{Answer, BufferJoin, Live, Obtained, Recheck, RecoveryOutcome, Step},
    },
    Ask, Counted, Effect, Effects, Session, SubscriptionId,
    joining::Joining,
};
use crate::ports::{Class, Denied, Grant, Offer};

impl Session {
    pub(super) fn confirm(&mut self, mut joining: Joining, effects: &mut Effects) {
        joining.join.step = Step::Confirming;
        joining.join.confirm_again = false;
        effects.push(Effect::Authorize {
            ask: Ask::Confirm(joining.id),
            intent: joining.intent(),
        });
        self.put_back(joining);
    }

    pub(super) fn join_confirmed(
        &mut self,
        id: SubscriptionId,
        result: Result<Grant, Denied>,
        now: Moment,
        effects: &mut Effects,
    ) {
        let Some(mut joining) = self.take_join(id, Step::Confirming) else {
            return;
        };
        let mut grant = match result {
            Ok(grant) => grant,
            Err(denied) => return self.deny_join(joining, denied, now, effects),
        };
        if joining.join.confirm_again {
            return self.confirm(joining, effects);
        }
        // What the channel is was settled when it was opened.
        if let Some(before) = &joining.join.grant {
            grant.class = before.class;
            grant.snapshot = before.snapshot;
            grant.recovery = before.recovery;
            grant.join_leave = before.join_leave;
        }
        let list = grant.presence && !joining.join.listed;
        joining.join.grant = Some(grant);
        if !list {
            return self.finish(joining, now, effects);
        }
        joining.join.step = Step::Entering;
        joining.join.listed = true;
        effects.push(Effect::Enter {
            subscription: id,
            channel: joining.channel.clone(),
            info: self.info_on(joining.join.grant.as_ref()),
        });
        self.put_back(joining);
    }

    pub(super) fn entered(&mut self, id: SubscriptionId, now: Moment, effects: &mut Effects) {
        let Some(joining) = self.take_join(id, Step::Entering) else {
            return;
        };
        if joining.join.confirm_again {
            return self.confirm(joining, effects);
        }
        self.finish(joining, now, effects);
    }

    pub(super) fn finish(&mut self, joining: Joining, now: Moment, effects: &mut Effects) {
        match joining.join.buffer_joins() {
            BufferJoin::Contiguous => {}
            BufferJoin::Gap => return self.fill_up(joining, now, effects),
            BufferJoin::OtherEpoch => return self.start_over(joining, now, effects),
        }
        let encoding = self.endpoint.encoding;
        let frame = match joining.join.answer {
            Answer::Connect => return self.ready(joining, now, effects),
            Answer::Command(id) => encoding.reply(id, &Reply::Subscribe(joining.result())),
            Answer::Push => encoding.push(&joining.channel, Push::Subscribe(&joining.result())),
        };
        effects.push(match joining.join.obtained.snapshot {
            Some(_) => Effect::SendSnapshot(frame),
            None => Effect::Send(frame),
        });
        self.settle(joining, now, effects);
    }

    /// What has been answered goes live.
    pub(super) fn settle(&mut self, mut joining: Joining, now: Moment, effects: &mut Effects) {
        effects.push(Effect::Count(Counted::Subscribed(
            joining.join.obtained.outcome,
        )));
        let hears_joins = joining.hears_joins();
        let bodies = joining.bodies();
        let Some(grant) = joining.join.grant.take() else {
            return self.refuse_join(joining, &ErrorCode::INTERNAL, now, effects);
        };
        let (id, channel) = (joining.id, joining.channel.clone());
        let obtained = std::mem::take(&mut joining.join.obtained);
        if obtained.snapshot.is_none() && self.snapshot == Some(id.number) {
            self.release_snapshot(effects);
        }
        let position = obtained.position.clone();
        let bodies = self.send_following(obtained, bodies, effects);
        let announced = (grant.join_leave != Offer::Never).then(|| self.info_on(Some(&grant)));
        let live = Live {
            expires_at: grant
                .expires_in
                .map(|left| now + left + self.config.expiry_grace),
            listed: joining.join.listed,
            announced: announced.is_some(),
            hears_joins,
            bodies,
            position,
            recheck: Recheck::Idle,
            grant,
        };
        let buffer = std::mem::take(&mut joining.join.buffer);
        let afterwards = std::mem::take(&mut joining.join.afterwards);
        self.subscriptions
            .insert(id.number, Box::new(joining.into_live(live)));
        for delivery in buffer {
            self.delivered(delivery, now, effects);
        }
        if let Some(info) = announced {
            effects.push(Effect::AnnounceJoin { channel, info });
        }
        for (command, request) in afterwards {
            self.request(command, request, now, effects);
        }
    }

    /// Pushes what follows the reply; returns how it goes on.
    fn send_following(
        &self,
        obtained: Obtained,
        mut bodies: Bodies,
        effects: &mut Effects,
    ) -> Bodies {
        let mut before = obtained.missed.last().cloned();
        if bodies == Bodies::WholeFirst && before.is_some() {
            bodies = Bodies::Deltas;
        }
        #[cfg(any(test, feature = "breakages"))]
        if bodies == Bodies::WholeFirst
            && self.breakage == super::super::breakage::Breakage::FirstIsADelta
        {
            bodies = Bodies::Deltas;
        }
        for publication in obtained.following {
            let event = ChannelEvent::publication(publication.clone(), before);
            effects.push(Effect::Send(event.frame(self.endpoint.encoding, bodies)));
            bodies = bodies.after(&event);
            before = Some(publication);
        }
        bodies
    }

    pub(super) fn deny_join(
        &mut self,
        joining: Joining,
        denied: Denied,
        now: Moment,
        effects: &mut Effects,
    ) {
        if denied == Denied::InvalidToken {
            self.put_back(joining);
            return self.close(CloseCode::INVALID_TOKEN, effects);
        }
        self.refuse_join(joining, &denied.into(), now, effects);
    }

    pub(super) fn refuse_join(
        &mut self,
        mut joining: Joining,
        error: &ErrorCode,
        now: Moment,
        effects: &mut Effects,
    ) {
        let number = joining.id.number;
        self.by_channel.remove(&joining.channel);
        match joining.join.answer {
            Answer::Command(id) => self.refuse(id, error, effects),
            Answer::Connect | Answer::Push => {
                effects.push(Effect::Count(Counted::Error(error.code)));
            }
        }
        let of_connect = joining.join.answer == Answer::Connect;
        let afterwards = std::mem::take(&mut joining.join.afterwards);
        self.take_leave(&joining.into_subscription(), None, effects);
        self.snapshot_queue.retain(|queued| *queued != number);
        if self.snapshot == Some(number) {
            self.release_snapshot(effects);
        }
        for (command, request) in afterwards {
            self.request(command, request, now, effects);
        }
        if of_connect {
            self.left_out(error, now, effects);
        }
    }

    /// Deliveries ended for this subscriber: another epoch, or a log that was trimmed.
    pub(super) fn resync(&mut self, id: SubscriptionId, now: Moment, effects: &mut Effects) {
        let registered = [
            Step::Opening,
            Step::Recovering,
            Step::QueuedForSnapshot,
            Step::ReadingSnapshot,
            Step::FillingUp,
            Step::Confirming,
            Step::Entering,
            Step::Ready,
        ];
        let joining = registered
            .into_iter()
            .find_map(|step| self.take_join(id, step));
        if let Some(joining) = joining {
            self.snapshot_queue.retain(|queued| *queued != id.number);
            return self.start_over(joining, now, effects);
        }
        self.end_live(id, UnsubscribeCode::INSUFFICIENT_STATE, effects);
    }
}

impl Joining {
    /// Deltas are for who asked for them, where they may be had.
    fn bodies(&self) -> Bodies {
        let offered = |grant: &Grant| grant.delta && grant.class == Class::Durable;
        let deltas = self.request.delta == FOSSIL && self.join.grant.as_ref().is_some_and(offered);
        if deltas {
            Bodies::WholeFirst
        } else {
            Bodies::Plain
        }
    }

    /// What a subscribe reply says.
    pub(super) fn result(&self) -> SubscribeResult<'_> {
        let obtained = &self.join.obtained;
        let recovered = obtained.outcome == RecoveryOutcome::Recovered;
        let grant = self.join.grant.as_ref();
        let snapshot = obtained.snapshot.as_ref().map(|(data, _)| data);
        let mut result = SubscribeResult {
            expiry: Expiry::after(grant.and_then(|grant| grant.expires_in)),
            recovered,
            was_recovering: obtained.outcome != RecoveryOutcome::NotAsked,
            data: snapshot.or_else(|| grant.and_then(|grant| grant.data.as_ref())),
            publications: match self.bodies() {
                Bodies::Plain => Publications::Plain(&obtained.missed),
                Bodies::WholeFirst | Bodies::Deltas => Publications::Deltas(&obtained.missed),
            },
            delta: self.bodies() != Bodies::Plain,
            ..SubscribeResult::default()
        };
        if let Some(position) = &obtained.position
            && self.is_positioned()
        {
            result.recoverable = self.is_recoverable();
            result.positioned = true;
            result.epoch = &position.epoch;
            result.offset = match &obtained.snapshot {
                Some((_, offset)) => *offset,
                None if recovered => self.request.offset,
                // Where it began: what follows is pushed.
                None => obtained
                    .following
                    .first()
                    .map_or(position.offset, |first| first.offset - 1),
            };
        }
        result
    }
}
