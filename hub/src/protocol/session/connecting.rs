//! Who the connection belongs to: the first command, and newer tokens.

use std::{collections::BTreeSet, sync::Arc};

use super::{
    super::{
        CloseCode, ErrorCode, Moment,
        command::{Command, ConnectRequest, Request},
        reply::{ConnectResult, Expiry, Reply},
        subscription::{Answer, Step},
    },
    Effect, Effects, Phase, Session,
};
use crate::ports::{Caller, ConnectRefused, Hello, Identity, RefreshRefused, Via};

impl Session {
    pub(super) fn command(&mut self, command: Command, now: Moment, effects: &mut Effects) {
        match self.phase {
            // While connect is being answered no command is read.
            Phase::Closed | Phase::Authenticating { .. } | Phase::Subscribing { .. } => {}
            Phase::Fresh => self.first_command(command, effects),
            Phase::Refused => self.close(CloseCode::BAD_REQUEST, effects),
            Phase::Connected => match command {
                Command::Malformed => self.close(CloseCode::BAD_REQUEST, effects),
                Command::Pong => {
                    if let Err(code) = self.heartbeat.pong() {
                        self.close(code, effects);
                    }
                }
                Command::BadBody { id } => self.refuse(id, &ErrorCode::BAD_REQUEST, effects),
                Command::Request { id, request } => self.request(id, request, now, effects),
            },
        }
    }

    fn first_command(&mut self, command: Command, effects: &mut Effects) {
        let Command::Request {
            id,
            request: Request::Connect(connect),
        } = command
        else {
            return self.close(CloseCode::BAD_REQUEST, effects);
        };
        self.phase = Phase::Authenticating { command: id };
        effects.push(Effect::Authenticate(self.hello(connect)));
    }

    fn hello(&mut self, connect: ConnectRequest) -> Hello {
        self.resume = connect.subs;
        let mut hello = Hello {
            token: connect.token,
            data: connect.data,
            name: connect.name,
            version: connect.version,
            remote: self.endpoint.remote,
        };
        truncate(&mut hello.name, 16);
        truncate(&mut hello.version, 64);
        hello
    }

    pub(super) fn authenticated(
        &mut self,
        result: Result<Identity, ConnectRefused>,
        now: Moment,
        effects: &mut Effects,
    ) {
        let Phase::Authenticating { command } = self.phase else {
            return;
        };
        match result {
            Ok(identity) => self.recognised(command, identity, now, effects),
            Err(refused) => self.connect_refused(command, &refused, effects),
        }
    }

    fn recognised(&mut self, id: u32, identity: Identity, now: Moment, effects: &mut Effects) {
        self.phase = Phase::Subscribing { command: id };
        self.expires_at = self.expiry(&identity, now);
        let channels = identity.channels.clone();
        let caller = Arc::new(Caller {
            identity,
            client: self.endpoint.client.clone(),
            remote: self.endpoint.remote,
            via: match self.endpoint.emulation {
                None => Via::WebSocket,
                Some(_) => Via::Http,
            },
        });
        self.caller = Some(caller.clone());
        effects.push(Effect::Connected(caller));
        for channel in &*channels {
            self.subscribe_by_server(channel, Answer::Connect, effects);
        }
        self.resume.clear();
        self.answer_connect(now, effects);
    }

    /// Answers connect, unless a subscription of the server's is still being made.
    pub(super) fn answer_connect(&mut self, now: Moment, effects: &mut Effects) {
        let Phase::Subscribing { command } = self.phase else {
            return;
        };
        if !self.subscriptions.values().all(|one| one.is_ready()) {
            return;
        }
        let ids: Vec<_> = self.subscriptions.values().map(|ready| ready.id).collect();
        let take = |id| self.take_join(id, Step::Ready);
        let ready: Vec<_> = ids.into_iter().filter_map(take).collect();
        let subs: Vec<_> = ready
            .iter()
            .map(|joining| (joining.channel.clone(), joining.result()))
            .collect();
        let identity = self.caller.as_ref().map(|caller| &caller.identity);
        let emulation = self.endpoint.emulation.as_ref();
        let session = emulation.map_or_else(String::new, |emulation| emulation.session.text());
        let result = ConnectResult {
            client: &self.endpoint.client,
            version: &self.config.version,
            expiry: Expiry::after(identity.and_then(|identity| identity.expires_in)),
            ping: self.config.ping.as_secs().max(1),
            pong: true,
            session: &session,
            node: emulation.map_or("", |emulation| &emulation.node),
            subs: &subs,
        };
        self.reply(command, &Reply::Connect(result), effects);
        self.phase = Phase::Connected;
        for joining in ready {
            let (channel, doubted) = (joining.channel.clone(), joining.join.confirm_again);
            self.settle(joining, now, effects);
            if doubted {
                self.reauthorize(&channel, effects);
            }
        }
        self.catch_up(now, effects);
    }

    fn connect_refused(&mut self, id: u32, refused: &ConnectRefused, effects: &mut Effects) {
        self.phase = Phase::Refused;
        self.behind_connect.clear();
        let error = match refused {
            ConnectRefused::InvalidToken => return self.close(CloseCode::INVALID_TOKEN, effects),
            ConnectRefused::ConnectionLimit => {
                return self.close(CloseCode::CONNECTION_LIMIT, effects);
            }
            ConnectRefused::TokenExpired => ErrorCode::TOKEN_EXPIRED,
            ConnectRefused::Unauthorized => ErrorCode::UNAUTHORIZED,
            ConnectRefused::TooManyRequests => ErrorCode::TOO_MANY_REQUESTS,
            ConnectRefused::Unavailable => ErrorCode::INTERNAL,
        };
        self.refuse(id, &error, effects);
    }

    pub(super) fn refresh(&mut self, id: u32, token: String, effects: &mut Effects) {
        if token.is_empty() {
            return self.close(CloseCode::BAD_REQUEST, effects);
        }
        effects.push(Effect::Refresh { id, token });
    }

    pub(super) fn refreshed(
        &mut self,
        id: u32,
        result: Result<Identity, RefreshRefused>,
        now: Moment,
        effects: &mut Effects,
    ) {
        let Some(caller) = self.caller.clone() else {
            return;
        };
        let identity = match result {
            Ok(identity) if identity.user == caller.identity.user => identity,
            Ok(_) | Err(RefreshRefused::InvalidToken) => {
                return self.close(CloseCode::INVALID_TOKEN, effects);
            }
            Err(RefreshRefused::NotAvailable) => {
                return self.refuse(id, &ErrorCode::NOT_AVAILABLE, effects);
            }
            Err(RefreshRefused::Expired) => return self.close(CloseCode::EXPIRED, effects),
            Err(RefreshRefused::Unavailable) => {
                return self.refuse(id, &ErrorCode::INTERNAL, effects);
            }
        };
        if !same_channels(&identity, &caller.identity) {
            // The client comes back and gets those of the new token.
            return self.close(CloseCode::INSUFFICIENT_STATE, effects);
        }
        self.expires_at = self.expiry(&identity, now);
        let expiry = Expiry::after(identity.expires_in);
        self.caller = Some(Arc::new(Caller {
            identity,
            ..(*caller).clone()
        }));
        self.reply(id, &Reply::Refresh(expiry), effects);
        // The new token may carry other rights.
        let channels: Vec<_> = self.by_channel.keys().cloned().collect();
        for channel in channels {
            self.reauthorize(&channel, effects);
        }
    }

    fn expiry(&self, identity: &Identity, now: Moment) -> Option<Moment> {
        let left = identity.expires_in?;
        Some(now + left + self.config.expiry_grace)
    }
}

fn same_channels(one: &Identity, other: &Identity) -> bool {
    let set = |identity: &Identity| identity.channels.iter().cloned().collect::<BTreeSet<_>>();
    one.channels == other.channels || set(one) == set(other)
}

/// Cuts text from clients to a length worth keeping.
fn truncate(text: &mut String, bytes: usize) {
    let mut end = text.len().min(bytes);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.truncate(end);
}
