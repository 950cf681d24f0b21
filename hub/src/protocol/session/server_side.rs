//! Subscriptions that the server makes: while the connection connects, told by the connect reply, or
//! later, told by a push. Nothing on the client would subscribe again, so where a client's own
//! subscription ends and comes back, here the connection does.

use super::{
    super::{
        CloseCode, ErrorCode, Moment, UnsubscribeCode,
        command::SubscribeRequest,
        subscription::{Answer, State, Step},
    },
    Counted, Effect, Effects, Phase, Session,
    joining::Joining,
};

impl Session {
    pub(super) fn subscribe_by_server(
        &mut self,
        channel: &str,
        answer: Answer,
        effects: &mut Effects,
    ) {
        let answer = match self.phase {
            Phase::Subscribing { .. } => Answer::Connect,
            Phase::Connected => answer,
            Phase::Fresh | Phase::Authenticating { .. } | Phase::Refused | Phase::Closed => return,
        };
        if self.by_channel.contains_key(channel) {
            return;
        }
        if channel.is_empty() || !self.is_channel_name(channel) {
            return effects.push(Effect::Count(Counted::Error(ErrorCode::BAD_REQUEST.code)));
        }
        if self.by_channel.len() >= self.config.channels {
            return self.close(CloseCode::CHANNEL_LIMIT, effects);
        }
        let since = self.resume.remove(channel);
        let request = SubscribeRequest {
            channel: channel.to_owned(),
            recover: since.is_some(),
            // What the server subscribes to is recoverable where it can be.
            recoverable: true,
            ..SubscribeRequest::default()
        };
        let since = since.unwrap_or_default();
        let request = SubscribeRequest {
            offset: since.offset,
            epoch: since.epoch,
            ..request
        };
        self.begin(request, answer, effects);
    }

    /// Made, and told when all are.
    pub(super) fn ready(&mut self, mut joining: Joining, now: Moment, effects: &mut Effects) {
        joining.join.step = Step::Ready;
        let number = joining.id.number;
        self.put_back(joining);
        if self.snapshot == Some(number) {
            // All snapshots of connect go out in one reply.
            self.release_snapshot(effects);
        }
        self.answer_connect(now, effects);
    }

    /// A subscription of connect could not be made. What may be tried again is, all of it; the
    /// client takes a channel that is missing from the reply for ended.
    pub(super) fn left_out(&mut self, error: &ErrorCode, now: Moment, effects: &mut Effects) {
        let Phase::Subscribing { command } = self.phase else {
            return;
        };
        if !error.temporary {
            return self.answer_connect(now, effects);
        }
        self.phase = Phase::Refused;
        self.behind_connect.clear();
        self.by_channel.clear();
        for (_, subscription) in std::mem::take(&mut self.subscriptions) {
            self.take_leave(&subscription, None, effects);
        }
        self.refuse(command, error, effects);
    }

    /// The server ends a subscription, whoever made it.
    pub(super) fn unsubscribe_by_server(
        &mut self,
        channel: &str,
        code: UnsubscribeCode,
        now: Moment,
        effects: &mut Effects,
    ) {
        let Some(subscription) = self
            .by_channel
            .get(channel)
            .and_then(|number| self.subscriptions.get(number))
        else {
            return;
        };
        let id = subscription.id;
        match &subscription.state {
            State::Live(_) => self.end_live(id, code, effects),
            State::Joining(join) => {
                let step = join.step;
                if let Some(joining) = self.take_join(id, step) {
                    self.refuse_join(joining, &ErrorCode::PERMISSION_DENIED, now, effects);
                }
            }
        }
    }
}
