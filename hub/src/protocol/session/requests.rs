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
            Request::Publish(publish) => self.publish(id, publish, effects),
            Request::Presence { channel } => {
                self.presence(id, &channel, PresenceQuery::List, effects);
            }
            Request::PresenceStats { channel } => {
                self.presence(id, &channel, PresenceQuery::Stats, effects);
            }
            Request::History(history) => self.history(id, &history, effects),
            Request::Rpc { method, data } => {
                self.start_call(id, Effect::Call { id, method, data }, effects);
            }
            Request::Refresh { token } => self.refresh(id, token, effects),
            Request::SubRefresh(refresh) => self.sub_refresh(id, refresh, effects),
        }
    }

    fn publish(&mut self, id: u32, request: PublishRequest, effects: &mut Effects) {
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
        self.start_call(id, Effect::Publish { id, intent }, effects);
    }

    fn presence(&mut self, id: u32, channel: &str, query: PresenceQuery, effects: &mut Effects) {
        if channel.is_empty() {
            return self.close(CloseCode::BAD_REQUEST, effects);
        }
        let channel = channel.into();
        self.read(id, Read::Presence { channel, query }, effects);
    }

    fn history(&mut self, id: u32, request: &HistoryRequest, effects: &mut Effects) {
        if request.channel.is_empty() {
            return self.close(CloseCode::BAD_REQUEST, effects);
        }
        let Some(query) = HistoryQuery::of(request, self.config.history) else {
            return self.refuse(id, &ErrorCode::BAD_REQUEST, effects);
        };
        let channel = request.channel.as_str().into();
        self.read(id, Read::History { channel, query }, effects);
    }

    /// Reads with the rights of the subscription, where there is one; else the application decides.
    fn read(&mut self, id: u32, read: Read, effects: &mut Effects) {
        let channel = match &read {
            Read::Presence { channel, .. } | Read::History { channel, .. } => channel.clone(),
        };
        let Some(grant) = self.live_grant(&channel) else {
            let intent = SubscribeIntent {
                channel: channel.to_string(),
                ..SubscribeIntent::default()
            };
            let ask = Ask::Read { id, read };
            return self.start_call(id, Effect::Authorize { ask, intent }, effects);
        };
        if !permits(grant, &read) {
            return self.refuse(id, &ErrorCode::NOT_AVAILABLE, effects);
        }
        self.start_call(id, Effect::Read { id, read }, effects);
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
        effects: &mut Effects,
    ) {
        match result {
            Ok(grant) if permits(&grant, &read) => {
                return effects.push(Effect::Read { id, read });
            }
            Ok(_) => self.refuse(id, &ErrorCode::NOT_AVAILABLE, effects),
            Err(denied) => self.deny(id, denied, effects),
        }
        self.finish_call(effects);
    }

    /// Starts a call now, or when one under way has finished; calls start in their order.
    fn start_call(&mut self, id: u32, call: Effect, effects: &mut Effects) {
        if self.calls.under_way < self.config.calls {
            self.calls.under_way += 1;
            return effects.push(call);
        }
        if self.calls.waiting.len() >= self.config.waiting_calls {
            return self.refuse(id, &ErrorCode::TOO_MANY_REQUESTS, effects);
        }
        self.calls.waiting.push_back(call);
    }

    fn finish_call(&mut self, effects: &mut Effects) {
        if let Some(next) = self.calls.waiting.pop_front() {
            return effects.push(next);
        }
        self.calls.under_way = self.calls.under_way.saturating_sub(1);
    }

    pub(super) fn called(&mut self, id: u32, result: Result<Body, Denied>, effects: &mut Effects) {
        match result {
            Ok(data) => self.reply(id, &Reply::Rpc(&data), effects),
            Err(denied) => self.deny(id, denied, effects),
        }
        self.finish_call(effects);
    }

    pub(super) fn published(&mut self, id: u32, result: Result<(), Denied>, effects: &mut Effects) {
        match result {
            Ok(()) => self.reply(id, &Reply::Publish, effects),
            Err(denied) => self.deny(id, denied, effects),
        }
        self.finish_call(effects);
    }

    pub(super) fn listed(
        &mut self,
        id: u32,
        query: PresenceQuery,
        result: Result<Vec<ClientInfo>, Denied>,
        effects: &mut Effects,
    ) {
        match (result, query) {
            (Ok(list), PresenceQuery::List) => self.reply(id, &Reply::Presence(&list), effects),
            (Ok(list), PresenceQuery::Stats) => {
                self.reply(id, &Reply::PresenceStats(&list), effects);
            }
            (Err(denied), _) => self.deny(id, denied, effects),
        }
        self.finish_call(effects);
    }

    pub(super) fn history_read(
        &mut self,
        id: u32,
        epoch: Option<String>,
        result: Result<LogRead, Denied>,
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
        self.finish_call(effects);
    }
}

fn permits(grant: &Grant, read: &Read) -> bool {
    match read {
        Read::Presence { .. } => grant.presence,
        Read::History { .. } => grant.history,
    }
}
