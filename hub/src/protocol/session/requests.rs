//! Commands of a connected client: who answers them, and the calls that are answered by somebody else.

use std::sync::Arc;

use super::{
    super::{
        CloseCode, ErrorCode, Moment,
        command::{HistoryRequest, PublishRequest, Request},
        reply::Reply,
        subscription::State,
    },
    Ask, Effect, Effects, HistoryQuery, PresenceQuery, Read, Session,
    effects::Waiting,
};
use crate::ports::{Body, ClientInfo, Denied, Grant, LogRead, PublishIntent, SubscribeIntent};

impl Session {
    pub(super) fn request(
        &mut self,
        id: u32,
        request: Request,
        now: Moment,
        effects: &mut Effects,
    ) {
        match request {
            // Only the first command may connect.
            Request::Connect(_) => self.close(CloseCode::BAD_REQUEST, effects),
            Request::Ping => self.refuse(id, &ErrorCode::NOT_AVAILABLE, effects),
            Request::Send => self.close(CloseCode::NOT_AVAILABLE, effects),
            Request::Subscribe(subscribe) => self.subscribe(id, subscribe, now, effects),
            Request::Unsubscribe { channel } => self.unsubscribe(id, channel, now, effects),
            Request::Publish(publish) => self.publish(id, publish, now, effects),
            Request::Presence { channel } => {
                self.presence((id, &channel), PresenceQuery::List, now, effects);
            }
            Request::PresenceStats { channel } => {
                self.presence((id, &channel), PresenceQuery::Stats, now, effects);
            }
            Request::History(history) => self.history(id, &history, now, effects),
            Request::Rpc { method, data } => {
                self.start_call(id, Effect::Call { id, method, data }, now, effects);
            }
            Request::Refresh { token } => self.refresh(id, token, effects),
            Request::SubRefresh(refresh) => self.sub_refresh(id, refresh, effects),
        }
    }

    fn publish(&mut self, id: u32, request: PublishRequest, now: Moment, effects: &mut Effects) {
        let channel = request.channel.as_str();
        if channel.is_empty() {
            return self.close(CloseCode::BAD_REQUEST, effects);
        }
        if request.kind != 0 {
            return self.refuse(id, &ErrorCode::NOT_AVAILABLE, effects);
        }
        let Some(data) = request.data else {
            return self.refuse(id, &ErrorCode::BAD_REQUEST, effects);
        };
        let grant = self.live_grant(channel);
        let intent = PublishIntent {
            channel: channel.into(),
            data,
            info: self.info_on(grant),
            subscribed: grant.is_some(),
        };
        self.start_call(id, Effect::Publish { id, intent }, now, effects);
    }

    fn presence(
        &mut self,
        (id, channel): (u32, &str),
        query: PresenceQuery,
        now: Moment,
        effects: &mut Effects,
    ) {
        if channel.is_empty() {
            return self.close(CloseCode::BAD_REQUEST, effects);
        }
        let channel = channel.into();
        self.read(id, Read::Presence { channel, query }, now, effects);
    }

    fn history(&mut self, id: u32, request: &HistoryRequest, now: Moment, effects: &mut Effects) {
        if request.channel.is_empty() {
            return self.close(CloseCode::BAD_REQUEST, effects);
        }
        let Some(query) = HistoryQuery::of(request, self.config.history) else {
            return self.refuse(id, &ErrorCode::BAD_REQUEST, effects);
        };
        let channel = request.channel.as_str().into();
        self.read(id, Read::History { channel, query }, now, effects);
    }

    /// Reads with the rights of the subscription, where there is one; else the application decides.
    fn read(&mut self, id: u32, read: Read, now: Moment, effects: &mut Effects) {
        let channel = match &read {
            Read::Presence { channel, .. } | Read::History { channel, .. } => channel.clone(),
        };
        let Some(grant) = self.live_grant(&channel) else {
            let intent = SubscribeIntent {
                channel: channel.to_string(),
                ..SubscribeIntent::default()
            };
            let ask = Ask::Read { id, read };
            return self.start_call(id, Effect::Authorize { ask, intent }, now, effects);
        };
        if !permits(grant, &read) {
            return self.refuse(id, &ErrorCode::NOT_AVAILABLE, effects);
        }
        self.start_call(id, Effect::Read { id, read }, now, effects);
    }

    pub(super) fn live_grant(&self, channel: &str) -> Option<&Grant> {
        let number = self.by_channel.get(channel)?;
        match &self.subscriptions.get(number)?.state {
            State::Live(live) => Some(&live.grant),
            State::Joining(_) => None,
        }
    }

    pub(super) fn read_authorized(
        &mut self,
        id: u32,
        read: Read,
        result: Result<Grant, Denied>,
        now: Moment,
        effects: &mut Effects,
    ) {
        match result {
            Ok(grant) if permits(&grant, &read) => {
                return effects.push(Effect::Read { id, read });
            }
            Ok(_) => self.refuse(id, &ErrorCode::NOT_AVAILABLE, effects),
            Err(denied) => self.deny(id, denied, effects),
        }
        self.finish_call(now, effects);
    }

    /// Starts a call now, or when one under way has finished; calls start in their order.
    fn start_call(&mut self, id: u32, call: Effect, now: Moment, effects: &mut Effects) {
        if self.calls.under_way < self.config.calls {
            self.calls.under_way += 1;
            return effects.push(call);
        }
        if self.calls.waiting.len() >= self.config.waiting_calls {
            return self.refuse(id, &ErrorCode::TOO_MANY_REQUESTS, effects);
        }
        let until = now + self.config.call_patience;
        self.calls.waiting.push_back(Waiting { id, until, call });
    }

    /// The next call starts, but none that has waited so long that nobody waits for its answer.
    fn finish_call(&mut self, now: Moment, effects: &mut Effects) {
        while let Some(Waiting { id, until, call }) = self.calls.waiting.pop_front() {
            if now < until {
                return effects.push(call);
            }
            self.refuse(id, &ErrorCode::TOO_MANY_REQUESTS, effects);
        }
        self.calls.under_way = self.calls.under_way.saturating_sub(1);
    }

    pub(super) fn called(
        &mut self,
        id: u32,
        result: Result<Body, Denied>,
        now: Moment,
        effects: &mut Effects,
    ) {
        match result {
            Ok(data) => self.reply(id, &Reply::Rpc(&data), effects),
            Err(denied) => self.deny(id, denied, effects),
        }
        self.finish_call(now, effects);
    }

    pub(super) fn published(
        &mut self,
        id: u32,
        result: Result<(), Denied>,
        now: Moment,
        effects: &mut Effects,
    ) {
        match result {
            Ok(()) => self.reply(id, &Reply::Publish, effects),
            Err(denied) => self.deny(id, denied, effects),
        }
        self.finish_call(now, effects);
    }

    pub(super) fn listed(
        &mut self,
        id: u32,
        query: PresenceQuery,
        result: Result<Vec<ClientInfo>, Denied>,
        now: Moment,
        effects: &mut Effects,
    ) {
        match (result, query) {
            (Ok(list), PresenceQuery::List) => self.reply(id, &Reply::Presence(&list), effects),
            (Ok(list), PresenceQuery::Stats) => {
                self.reply(id, &Reply::PresenceStats(&list), effects);
            }
            (Err(denied), _) => self.deny(id, denied, effects),
        }
        self.finish_call(now, effects);
    }

    pub(super) fn history_read(
        &mut self,
        id: u32,
        epoch: Option<String>,
        result: Result<LogRead, Denied>,
        now: Moment,
        effects: &mut Effects,
    ) {
        match result {
            Ok(read) if epoch.is_some_and(|epoch| epoch != *read.head.epoch) => {
                self.refuse(id, &ErrorCode::UNRECOVERABLE_POSITION, effects);
            }
            Ok(read) => {
                let publications: Vec<_> = read.publications.into_iter().map(Arc::new).collect();
                let answer = Reply::History {
                    publications: &publications,
                    head: &read.head,
                };
                self.reply(id, &answer, effects);
            }
            Err(denied) => self.deny(id, denied, effects),
        }
        self.finish_call(now, effects);
    }
}

fn permits(grant: &Grant, read: &Read) -> bool {
    match read {
        Read::Presence { .. } => grant.presence,
        Read::History { .. } => grant.history,
    }
}
