//! An application whose rules are in the names it is given, an instance around it, and a client.

use std::{
    collections::HashSet,
    sync::{
        Arc, Mutex, OnceLock,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json, value::RawValue};
use tokio::{io::DuplexStream, sync::Semaphore, time::timeout};
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{Message, protocol::Role},
};

use crate::{
    Hub, HubConfig,
    adapters::memory::{MemoryBus, MemoryLog, MemoryPresence},
    ports::{
        Application, Body, Broker, Caller, ChannelLog, ChannelName, ConnectRefused, Denied, Grant,
        Hello, Identity, Offer, Presence, PublishIntent, RefreshRefused, Snapshot, SubscribeIntent,
    },
    protocol::Encoding,
};

pub fn body(value: &Value) -> Body {
    Body::from_value(value).unwrap()
}

/// Rules by name. Tokens: `NAME`, `NAME expires=SECONDS channels=SERVER,SIDE`, or the name of a refusal. Channels by
/// prefix: `doc.` with snapshots, `log.` without but with deltas, `eph.` ephemeral, `crew.` with presence and
/// joins, `brief.` a right of 30 s, `ask.` and `bare.` with what is asked for, where `bare.` has no
/// rights to it; everything else is denied.
pub struct Rules {
    log: MemoryLog,
    pub hub: OnceLock<Hub>,
    pub revoked: Mutex<HashSet<String>>,
    pub snapshots: AtomicUsize,
    /// Calls of `wait` and snapshots of `doc.gated` need a permit each.
    pub gate: Semaphore,
    pub executed: AtomicUsize,
    pub connected: AtomicUsize,
    /// Connection and channel of each `subscribed` without its `unsubscribed`.
    pub followed: Mutex<Vec<(Arc<str>, ChannelName)>>,
    pub disconnected: AtomicUsize,
    pub undecided: Mutex<bool>,
    /// How many more of the user `crowd` are admitted.
    pub room: Mutex<usize>,
}

fn identity(token: &str) -> Identity {
    let user = token.split(' ').next().unwrap_or_default();
    let word = |name: &str| token.split(' ').find_map(|word| word.strip_prefix(name));
    let seconds = word("expires=").map(|seconds| seconds.parse().unwrap());
    let channels = word("channels=").map(|channels| channels.split(','));
    Identity {
        channels: channels.into_iter().flatten().map(Arc::from).collect(),
        session: Some(format!("session of {user}").into()),
        info: Some(body(&json!({ "name": user }))),
        expires_in: seconds.map(Duration::from_secs),
        ..Identity::of(user)
    }
}

#[async_trait]
impl Application for Rules {
    async fn authenticate(&self, hello: Hello) -> Result<Identity, ConnectRefused> {
        match hello.token.as_str() {
            "invalid" => Err(ConnectRefused::InvalidToken),
            "expired" => Err(ConnectRefused::TokenExpired),
            "unauthorized" => Err(ConnectRefused::Unauthorized),
            "limit" => Err(ConnectRefused::ConnectionLimit),
            "busy" => Err(ConnectRefused::TooManyRequests),
            "unavailable" => Err(ConnectRefused::Unavailable),
            "forever" => std::future::pending().await,
            token => Ok(identity(token)),
        }
    }

    fn admit(&self, identity: &Identity) -> Result<(), ConnectRefused> {
        if &*identity.user != "crowd" {
            return Ok(());
        }
        let mut room = self.room.lock().unwrap();
        *room = room.checked_sub(1).ok_or(ConnectRefused::ConnectionLimit)?;
        Ok(())
    }

    async fn refresh(&self, _: &Caller, token: &str) -> Result<Identity, RefreshRefused> {
        match token {
            "invalid" => Err(RefreshRefused::InvalidToken),
            "expired" => Err(RefreshRefused::Expired),
            "unavailable" => Err(RefreshRefused::Unavailable),
            token => Ok(identity(token)),
        }
    }

    async fn authorize(&self, _: &Caller, intent: &SubscribeIntent) -> Result<Grant, Denied> {
        if *self.undecided.lock().unwrap() {
            return Err(Denied::Unavailable);
        }
        let revoked = self.revoked.lock().unwrap().clone();
        if revoked.contains(&intent.channel) || revoked.contains(&intent.token) {
            return Err(Denied::PermissionDenied);
        }
        let (family, _) = intent.channel.split_once('.').unwrap_or_default();
        if intent.token == "expired" {
            return Err(Denied::TokenExpired);
        }
        if intent.token == "stolen" {
            return Err(Denied::InvalidToken);
        }
        let known = ["doc", "log", "eph", "crew", "brief", "ask", "bare"].contains(&family);
        if !known {
            return Err(Denied::PermissionDenied);
        }
        Ok(Grant {
            presence: ["crew", "ask"].contains(&family),
            join_leave: match family {
                "crew" => Offer::Always,
                "ask" | "bare" => Offer::OnRequest,
                _ => Offer::Never,
            },
            recovery: match family {
                "eph" => Offer::Never,
                "ask" | "bare" => Offer::OnRequest,
                _ => Offer::Always,
            },
            history: ["log", "ask"].contains(&family),
            snapshot: family == "doc",
            delta: family == "log",
            chan_info: (family == "crew").then(|| body(&json!("here"))),
            expires_in: (family == "brief").then(|| Duration::from_secs(30)),
            ..if family == "eph" {
                Grant::ephemeral()
            } else {
                Grant::durable()
            }
        })
    }

    async fn snapshot(&self, channel: &str) -> Result<Snapshot, Denied> {
        self.snapshots.fetch_add(1, Ordering::SeqCst);
        let head = self
            .log
            .head(channel)
            .await
            .map_err(|_| Denied::Unavailable)?;
        if channel == "doc.gated" {
            self.gate.acquire().await.unwrap().forget();
        }
        let data = if channel == "doc.big" {
            json!("x".repeat(200_000))
        } else if channel == "doc.huge" {
            json!("x".repeat(2 << 20))
        } else {
            json!({ "upto": head.offset })
        };
        Ok(Snapshot {
            data: body(&data),
            position: Some(head),
        })
    }

    async fn execute(
        &self,
        caller: &Caller,
        method: &str,
        data: Option<&RawValue>,
    ) -> Result<Body, Denied> {
        match method {
            "echo" => {
                Ok(data.map_or_else(|| body(&Value::Null), |raw| Body::from_raw(raw).unwrap()))
            }
            "whoami" => Ok(body(&json!({ "user": &*caller.identity.user }))),
            "wait" => {
                self.gate.acquire().await.unwrap().forget();
                self.executed.fetch_add(1, Ordering::SeqCst);
                Ok(body(&json!("done")))
            }
            "refuse" => Err(Denied::Application {
                code: 400,
                message: "not today".to_owned(),
            }),
            "panic" => panic!("a call that fails"),
            _ => Err(Denied::MethodNotFound),
        }
    }

    async fn publish(&self, _: &Caller, intent: PublishIntent) -> Result<(), Denied> {
        if !intent.channel.starts_with("log.") {
            return Err(Denied::PermissionDenied);
        }
        let info = intent.info;
        let assigned = vec![self.log.append_from(&intent.channel, &intent.data, info)];
        self.hub.get().unwrap().committed(assigned);
        Ok(())
    }

    fn subscribed(&self, caller: &Caller, channel: &ChannelName) {
        let mut followed = self.followed.lock().unwrap();
        followed.push((caller.client.clone(), channel.clone()));
    }

    fn unsubscribed(&self, caller: &Caller, channel: &ChannelName) {
        let mut followed = self.followed.lock().unwrap();
        let pair = (caller.client.clone(), channel.clone());
        let at = followed.iter().position(|known| *known == pair);
        followed.swap_remove(at.expect("it was told before"));
    }

    async fn connected(&self, _: &Caller) {
        self.connected.fetch_add(1, Ordering::SeqCst);
    }

    async fn disconnected(&self, caller: &Caller) {
        if &*caller.identity.user == "crowd" {
            *self.room.lock().unwrap() += 1;
        }
        self.disconnected.fetch_add(1, Ordering::SeqCst);
    }
}

/// One instance.
pub struct Instance {
    pub hub: Hub,
    pub rules: Arc<Rules>,
    pub log: MemoryLog,
}

/// What instances share.
#[derive(Clone)]
pub struct Shared {
    pub log: MemoryLog,
    pub bus: MemoryBus,
    pub presence: MemoryPresence,
}

impl Shared {
    pub fn new() -> Self {
        Self {
            log: MemoryLog::new("epoch"),
            bus: MemoryBus::new(),
            presence: MemoryPresence::new(),
        }
    }

    pub async fn instance(&self, config: HubConfig) -> Instance {
        let presence = Arc::new(self.presence.clone());
        self.instance_over(config, Arc::new(self.bus.broker()), presence)
            .await
    }

    pub async fn instance_over(
        &self,
        config: HubConfig,
        broker: Arc<dyn Broker>,
        presence: Arc<dyn Presence>,
    ) -> Instance {
        let log = Arc::new(self.log.clone());
        self.instance_reading(config, log, broker, presence).await
    }

    /// One that reads the log by a way of its own.
    pub async fn instance_reading(
        &self,
        config: HubConfig,
        log: Arc<dyn ChannelLog>,
        broker: Arc<dyn Broker>,
        presence: Arc<dyn Presence>,
    ) -> Instance {
        let rules = Arc::new(Rules {
            log: self.log.clone(),
            hub: OnceLock::new(),
            revoked: Mutex::default(),
            snapshots: AtomicUsize::new(0),
            gate: Semaphore::new(0),
            executed: AtomicUsize::new(0),
            connected: AtomicUsize::new(0),
            followed: Mutex::default(),
            disconnected: AtomicUsize::new(0),
            undecided: Mutex::new(false),
            room: Mutex::new(3),
        });
        let hub = Hub::new(config, rules.clone(), log, broker, presence);
        let _ = rules.hub.set(hub.clone());
        hub.start().await;
        // The feed listens before the first publication.
        tokio::task::yield_now().await;
        Instance {
            hub,
            rules,
            log: self.log.clone(),
        }
    }
}

impl Instance {
    pub async fn new() -> Self {
        Self::with(HubConfig::default()).await
    }

    pub async fn with(config: HubConfig) -> Self {
        Shared::new().instance(config).await
    }

    /// Appends and tells the hub, as a committed transaction does.
    pub fn publish(&self, channel: &str, value: &Value) {
        let assigned = self.log.append(&[(channel, body(value))]);
        self.hub.committed(assigned);
    }

    /// A WebSocket that has not sent anything.
    pub async fn socket(&self) -> Client {
        self.socket_with(1 << 20).await
    }

    /// The client's end of a connection in this encoding.
    pub async fn stream(&self, buffer: usize, encoding: Encoding) -> WebSocketStream<DuplexStream> {
        let (ours, theirs) = tokio::io::duplex(buffer);
        let hub = self.hub.clone();
        tokio::spawn(async move { hub.serve_websocket(theirs, None, encoding).await });
        WebSocketStream::from_raw_socket(ours, Role::Client, None).await
    }

    pub async fn socket_with(&self, buffer: usize) -> Client {
        Client {
            stream: self.stream(buffer, Encoding::Json).await,
            last_id: 0,
            pushes: Vec::new(),
            pings: 0,
        }
    }

    /// A connected client.
    pub async fn client(&self, token: &str) -> Client {
        let mut client = self.socket().await;
        let reply = client
            .request(&json!({ "connect": { "token": token } }))
            .await;
        assert!(reply["connect"]["client"].is_string(), "{reply}");
        client
    }
}

/// A client as the SDKs are one: it answers pings and keeps pushes.
pub struct Client {
    pub stream: WebSocketStream<DuplexStream>,
    last_id: u64,
    /// Pushes received while waiting for something else.
    pub pushes: Vec<Value>,
    pub pings: usize,
}

/// How a connection ended.
#[derive(Debug, PartialEq, Eq)]
pub struct Closed {
    pub code: u16,
    pub reason: String,
}

impl Client {
    pub async fn send_text(&mut self, text: &str) {
        self.stream.send(Message::text(text)).await.unwrap();
    }

    /// Sends a command under the next id.
    pub async fn send(&mut self, command: &Value) -> u64 {
        self.last_id += 1;
        let mut command = command.clone();
        command["id"] = json!(self.last_id);
        self.send_text(&command.to_string()).await;
        self.last_id
    }

    pub async fn request(&mut self, command: &Value) -> Value {
        let id = self.send(command).await;
        self.reply_to(id).await
    }

    pub async fn reply_to(&mut self, id: u64) -> Value {
        loop {
            let message = self.message().await.expect("still open");
            if message["id"] == json!(id) {
                return message;
            }
            assert!(message["push"].is_object(), "waiting for {id}: {message}");
            self.pushes.push(message["push"].clone());
        }
    }

    /// The next push, of those kept or from the socket.
    pub async fn push(&mut self) -> Value {
        if !self.pushes.is_empty() {
            return self.pushes.remove(0);
        }
        let message = self.message().await.expect("still open");
        assert!(message["push"].is_object(), "{message}");
        message["push"].clone()
    }

    pub async fn subscribe(&mut self, channel: &str) -> Value {
        let reply = self
            .request(&json!({ "subscribe": { "channel": channel, "flag": 1 } }))
            .await;
        assert!(reply["subscribe"].is_object(), "{reply}");
        reply["subscribe"].clone()
    }

    pub async fn recover(&mut self, channel: &str, offset: u64, epoch: &str) -> Value {
        let subscribe = json!({
            "channel": channel, "recover": true, "offset": offset, "epoch": epoch,
        });
        let reply = self.request(&json!({ "subscribe": subscribe })).await;
        assert!(reply["subscribe"].is_object(), "{reply}");
        reply["subscribe"].clone()
    }

    /// The next message that is not a ping.
    pub async fn message(&mut self) -> Result<Value, Closed> {
        loop {
            let received = timeout(Duration::from_mins(5), self.stream.next())
                .await
                .expect("something within five minutes");
            match received {
                Some(Ok(Message::Text(text))) if &*text == "{}" => {
                    self.pings += 1;
                    // The server may have closed already.
                    let _ = self.stream.send(Message::text("{}")).await;
                }
                Some(Ok(Message::Text(text))) => return Ok(serde_json::from_str(&text).unwrap()),
                Some(Ok(Message::Close(Some(frame)))) => {
                    return Err(Closed {
                        code: frame.code.into(),
                        reason: frame.reason.to_string(),
                    });
                }
                other => panic!("unexpected: {other:?}"),
            }
        }
    }

    /// Waits for the close frame, past whatever else comes.
    pub async fn closed(&mut self) -> Closed {
        loop {
            if let Err(closed) = self.message().await {
                return closed;
            }
        }
    }

    /// Nothing comes for a while.
    pub async fn expect_silence(&mut self) {
        assert!(self.pushes.is_empty(), "{:?}", self.pushes);
        let waited = timeout(Duration::from_secs(2), self.message()).await;
        assert!(waited.is_err(), "{waited:?}");
    }
}

#[track_caller]
pub fn assert_closed(closed: &Closed, code: u16, reason: &str) {
    assert_eq!((closed.code, closed.reason.as_str()), (code, reason));
}

/// Waits for a condition, which needs other tasks to run.
pub async fn until(what: &str, mut holds: impl FnMut() -> bool) {
    for _ in 0..60_000 {
        if holds() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    panic!("never happened: {what}");
}
