//! The application: who is who by their token, and what each mode allows.

use std::{
    collections::BTreeMap,
    sync::{Arc, OnceLock},
};

use async_trait::async_trait;
use hub::{
    Hub,
    adapters::memory::MemoryLog,
    ports::{
        Application, Body, Caller, ConnectRefused, Denied, Grant, Hello, Identity, PublishIntent,
        RefreshRefused, Side, Snapshot, SubscribeIntent,
    },
};
use serde_json::value::RawValue;

use crate::{
    namespaces::{self, Mode},
    tokens::{self, Claims, Expiry, Fault, Payload},
};

pub struct Rules {
    mode: Mode,
    log: MemoryLog,
    /// Made after the rules, which it asks.
    hub: OnceLock<Hub>,
}

impl Rules {
    pub fn new(mode: Mode, log: MemoryLog) -> Arc<Self> {
        Arc::new(Self {
            mode,
            log,
            hub: OnceLock::new(),
        })
    }

    pub fn publish_through(&self, hub: Hub) {
        // Once, as there is one hub.
        let _ = self.hub.set(hub);
    }

    fn expiry(&self) -> Expiry {
        match self.mode {
            Mode::Open => Expiry::Ignored,
            Mode::Tokens => Expiry::Enforced,
        }
    }

    /// Who bears a token; an empty one is an anonymous reader's, where those are allowed.
    fn identify(&self, token: &str) -> Result<Identity, NotIdentified> {
        if token.is_empty() {
            return match self.mode {
                Mode::Open => Ok(Identity::of("")),
                Mode::Tokens => Err(NotIdentified::NoToken),
            };
        }
        let claims = tokens::read(token, self.expiry()).map_err(NotIdentified::Faulty)?;
        if claims.channel.is_some() {
            // A subscription token opens no connection.
            return Err(NotIdentified::Faulty(Fault::Invalid));
        }
        Ok(self.identity(&claims))
    }

    fn identity(&self, claims: &Claims) -> Identity {
        let mut channels = claims.channels.clone();
        channels.extend(claims.subs.keys().cloned());
        if self.mode == Mode::Tokens && !claims.sub.is_empty() {
            channels.push(format!("#{}", claims.sub));
        }
        channels.sort();
        channels.dedup();
        Identity {
            info: claims.payload().info(),
            // What the server's own subscriptions say is kept with the connection.
            scope: serde_json::to_string(&claims.subs)
                .expect("claims came from JSON")
                .into(),
            expires_in: claims.expires_in(self.expiry()),
            channels: channels.into_iter().map(Arc::from).collect(),
            ..Identity::of(&claims.sub)
        }
    }

    /// What the client's own wish is worth.
    fn authorize_client(
        &self,
        caller: &Caller,
        intent: &SubscribeIntent,
        grant: Grant,
    ) -> Result<Grant, Denied> {
        if intent.token.is_empty() {
            let allowed = match self.mode {
                Mode::Open => true,
                Mode::Tokens => is_listed(&caller.identity.user, &intent.channel),
            };
            return if allowed {
                Ok(grant)
            } else {
                Err(Denied::PermissionDenied)
            };
        }
        let claims = tokens::read(&intent.token, self.expiry()).map_err(|fault| match fault {
            Fault::Invalid => Denied::PermissionDenied,
            Fault::Expired => Denied::TokenExpired,
        })?;
        let client = claims.client.as_deref().unwrap_or_default();
        let matches = claims.channel.as_deref() == Some(&*intent.channel)
            && claims.sub == *caller.identity.user
            && (client.is_empty() || client == &*caller.client);
        if !matches {
            return Err(Denied::InvalidToken);
        }
        Ok(Grant {
            data: claims.payload().data(),
            chan_info: claims.payload().info(),
            expires_in: claims.expires_in(self.expiry()),
            ..grant
        })
    }
}

enum NotIdentified {
    NoToken,
    Faulty(Fault),
}

/// The names after `#` say who may subscribe.
fn is_listed(user: &str, channel: &str) -> bool {
    let Some((_, users)) = channel.split_once('#') else {
        return false;
    };
    !user.is_empty() && users.split(',').any(|listed| listed == user)
}

#[async_trait]
impl Application for Rules {
    async fn authenticate(&self, hello: Hello) -> Result<Identity, ConnectRefused> {
        self.identify(&hello.token).map_err(|fault| match fault {
            NotIdentified::NoToken => ConnectRefused::Unauthorized,
            NotIdentified::Faulty(Fault::Invalid) => ConnectRefused::InvalidToken,
            NotIdentified::Faulty(Fault::Expired) => ConnectRefused::TokenExpired,
        })
    }

    async fn refresh(&self, _: &Caller, token: &str) -> Result<Identity, RefreshRefused> {
        self.identify(token).map_err(|fault| match fault {
            NotIdentified::NoToken | NotIdentified::Faulty(Fault::Invalid) => {
                RefreshRefused::InvalidToken
            }
            NotIdentified::Faulty(Fault::Expired) => RefreshRefused::Expired,
        })
    }

    async fn authorize(&self, caller: &Caller, intent: &SubscribeIntent) -> Result<Grant, Denied> {
        let namespace = namespaces::of(self.mode, &intent.channel);
        let grant = namespace.ok_or(Denied::UnknownChannel)?.grant();
        match intent.side {
            Side::Client => self.authorize_client(caller, intent, grant),
            Side::Server => {
                let subs: BTreeMap<String, Payload> =
                    serde_json::from_str(&caller.identity.scope).unwrap_or_default();
                let payload = subs.get(&intent.channel);
                Ok(Grant {
                    data: payload.and_then(Payload::data),
                    chan_info: payload.and_then(Payload::info),
                    ..grant
                })
            }
        }
    }

    async fn snapshot(&self, _: &str) -> Result<Snapshot, Denied> {
        Err(Denied::NotAvailable)
    }

    async fn execute(&self, _: &Caller, _: &str, _: Option<&RawValue>) -> Result<Body, Denied> {
        Err(Denied::NotAvailable)
    }

    async fn publish(&self, _: &Caller, intent: PublishIntent) -> Result<(), Denied> {
        if namespaces::of(self.mode, &intent.channel).is_none() {
            return Err(Denied::UnknownChannel);
        }
        if self.mode == Mode::Tokens && !intent.subscribed {
            return Err(Denied::PermissionDenied);
        }
        let assigned = self
            .log
            .append_from(&intent.channel, &intent.data, intent.info);
        let hub = self.hub.get().ok_or(Denied::Unavailable)?;
        hub.committed(vec![assigned]);
        Ok(())
    }
}
