//! What the engine's steps cost, one by one: `cargo bench -p hub`.
//!
//! No sockets and no kernel: connections are over streams that take whatever is written to them.
//! Times are of this machine at this moment; to compare two versions, run both.

use std::{
    io,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll},
    time::Duration,
};

use async_trait::async_trait;
use divan::{Bencher, counter::ItemsCount};
use hub::{
    Hub, HubConfig,
    adapters::memory::{MemoryBroker, MemoryLog, MemoryPresence},
    ports::{
        Application, Body, Caller, ConnectRefused, Denied, Grant, Hello, Identity, Position,
        Publication, PublishIntent, RefreshRefused, Snapshot, SubscribeIntent,
    },
    protocol::{
        Bodies, ChannelEvent, Delivery, Effect, Effects, Encoding, Endpoint, Input, Moment,
        Session, SubscriptionId, session::SessionConfig,
    },
};
use serde_json::value::RawValue;
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    runtime::{Builder, Runtime},
};

fn main() {
    divan::main();
}

fn body() -> Body {
    Body::from_value(&"x".repeat(126)).expect("a text")
}

fn publication(offset: u64) -> Arc<Publication> {
    Arc::new(Publication {
        channel: "news".into(),
        offset,
        epoch: "e".into(),
        key: None,
        body: body(),
        info: None,
    })
}

#[divan::bench(args = [Encoding::Json, Encoding::Protobuf])]
fn encode_a_publication(bencher: Bencher<'_, '_>, encoding: Encoding) {
    let publication = publication(8);
    bencher.bench(|| {
        let event = ChannelEvent::publication(publication.clone(), None);
        event.frame(encoding, Bodies::Plain)
    });
}

#[divan::bench]
fn share_an_encoded_publication(bencher: Bencher<'_, '_>) {
    let event = ChannelEvent::publication(publication(8), None);
    bencher.bench(|| event.frame(Encoding::Json, Bodies::Plain));
}

fn limits() -> SessionConfig {
    SessionConfig {
        version: "bench".to_owned(),
        ping: Duration::from_secs(25),
        pong_timeout: Duration::from_secs(10),
        stale_after: Duration::from_secs(10),
        expiry_grace: Duration::from_secs(25),
        channels: 128,
        channel_name_bytes: 255,
        calls: 16,
        waiting_calls: 64,
        call_patience: Duration::from_secs(4),
        join_buffer_bytes: 1 << 20,
        join_attempts: 5,
        join_patience: Duration::from_secs(5),
        history: 300,
        refused_frames: 200,
        commands: 1_000,
        refused_requests: 300,
        recheck_retry: Duration::from_secs(1),
        drain_patience: Duration::from_secs(5),
    }
}

const CONNECT: &[u8] = br#"{"id":1,"connect":{}}"#;
const SUBSCRIBE: &[u8] = br#"{"id":2,"subscribe":{"channel":"news"}}"#;

/// What an application that allows everything says to a wish.
fn answer(effect: Effect, opened: &mut Option<SubscriptionId>) -> Option<Input<'static>> {
    if let Effect::Authenticate(_) = effect {
        return Some(Input::Authenticated(Ok(Identity::of("u"))));
    }
    if let Effect::Authorize { ask, .. } = effect {
        let result = Ok(Grant::durable());
        return Some(Input::Authorized { ask, result });
    }
    let Effect::Open { subscription, .. } = effect else {
        return None;
    };
    *opened = Some(subscription);
    let epoch = "e".into();
    let result = Ok(Some(Position { offset: 0, epoch }));
    Some(Input::Opened {
        subscription,
        result,
    })
}

/// A session that follows the channel from its beginning.
fn subscribed() -> (Session, SubscriptionId) {
    let endpoint = Endpoint {
        client: "c".into(),
        remote: None,
        encoding: Encoding::Json,
        emulation: None,
    };
    let now = Moment::default();
    let ping = Duration::from_secs(20);
    let mut session = Session::new(Arc::new(limits()), endpoint, ping, now);
    let mut opened = None;
    let mut effects = Effects::new();
    for frame in [CONNECT, SUBSCRIBE] {
        session.handle(Input::Frame(frame), now, &mut effects);
        while let Some(effect) = effects.pop() {
            if let Some(input) = answer(effect, &mut opened) {
                session.handle(input, now, &mut effects);
            }
        }
    }
    (session, opened.expect("the channel was opened"))
}

#[divan::bench(sample_count = 20)]
fn a_session_handles_a_thousand_deliveries(bencher: Bencher<'_, '_>) {
    let events: Vec<_> = (1..=1_000)
        .map(|offset| Arc::new(ChannelEvent::publication(publication(offset), None)))
        .collect();
    bencher
        .counter(ItemsCount::new(events.len()))
        .with_inputs(subscribed)
        .bench_local_values(|(mut session, subscription)| {
            let mut effects = Effects::new();
            for event in &events {
                let event = event.clone();
                let delivery = Delivery {
                    subscription,
                    event,
                };
                session.handle(Input::Delivered(delivery), Moment::default(), &mut effects);
                assert!(matches!(effects.pop(), Some(Effect::Send(_))));
            }
            session
        });
}

#[divan::bench]
fn a_session_connects_and_subscribes() -> (Session, SubscriptionId) {
    subscribed()
}

/// Lets everybody do everything.
struct Open;

#[async_trait]
impl Application for Open {
    async fn authenticate(&self, _: Hello) -> Result<Identity, ConnectRefused> {
        Ok(Identity::of("u"))
    }

    async fn refresh(&self, _: &Caller, _: &str) -> Result<Identity, RefreshRefused> {
        Err(RefreshRefused::NotAvailable)
    }

    async fn authorize(&self, _: &Caller, _: &SubscribeIntent) -> Result<Grant, Denied> {
        Ok(Grant::durable())
    }

    async fn snapshot(&self, _: &str) -> Result<Snapshot, Denied> {
        Err(Denied::NotAvailable)
    }

    async fn execute(&self, _: &Caller, _: &str, _: Option<&RawValue>) -> Result<Body, Denied> {
        Err(Denied::NotAvailable)
    }

    async fn publish(&self, _: &Caller, _: PublishIntent) -> Result<(), Denied> {
        Err(Denied::NotAvailable)
    }
}

/// A client that has said what it has to say, and takes whatever comes.
struct Listener {
    said: io::Cursor<Vec<u8>>,
    written: Arc<AtomicUsize>,
}

impl Listener {
    fn new(written: Arc<AtomicUsize>) -> Self {
        let mut said = Vec::new();
        for frame in [CONNECT, SUBSCRIBE] {
            let length = u8::try_from(frame.len()).expect("short");
            said.extend([0x81, 0x80 | length, 0, 0, 0, 0]);
            said.extend(frame);
        }
        let said = io::Cursor::new(said);
        Self { said, written }
    }
}

impl AsyncRead for Listener {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let read = Pin::new(&mut self.said).poll_read(context, buffer);
        if buffer.filled().len() == before {
            return Poll::Pending;
        }
        read
    }
}

impl AsyncWrite for Listener {
    fn poll_write(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.written.fetch_add(bytes.len(), Ordering::Relaxed);
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

/// An instance with so many subscribers of one channel.
struct Instance {
    runtime: Runtime,
    hub: Hub,
    log: MemoryLog,
    written: Arc<AtomicUsize>,
}

impl Instance {
    fn with_subscribers(count: usize) -> Self {
        let runtime = Builder::new_current_thread().enable_all().build();
        let runtime = runtime.expect("a runtime can be made");
        let log = MemoryLog::new("e");
        let hub = Hub::new(
            HubConfig::default(),
            Arc::new(Open),
            Arc::new(log.clone()),
            Arc::new(MemoryBroker::default()),
            Arc::new(MemoryPresence::new()),
        );
        let instance = Self {
            runtime,
            hub,
            log,
            written: Arc::default(),
        };
        instance.runtime.block_on(async {
            instance.hub.start().await;
            for _ in 0..count {
                let listener = Listener::new(instance.written.clone());
                instance
                    .hub
                    .begin_websocket(listener, &[], None, Encoding::Json, ());
            }
        });
        instance.settle();
        instance
    }

    /// Until nothing is written any more.
    fn settle(&self) {
        let mut before = usize::MAX;
        while before != self.written.load(Ordering::Relaxed) {
            before = self.written.load(Ordering::Relaxed);
            self.runtime.block_on(async {
                for _ in 0..1_000 {
                    tokio::task::yield_now().await;
                }
            });
        }
    }

    /// To every subscriber, until the last has it.
    fn publish(&self, publications: usize, subscribers: usize) {
        let before = self.written.load(Ordering::Relaxed);
        let body = body();
        for _ in 0..publications {
            self.hub
                .committed(self.log.append(&[("news", body.clone())]));
        }
        let least = before + publications * subscribers * body.get().len();
        self.runtime.block_on(async {
            while self.written.load(Ordering::Relaxed) < least {
                tokio::task::yield_now().await;
            }
        });
    }
}

/// From a commit to the streams of a thousand connections, so many publications at once.
#[divan::bench(args = [1, 16], sample_count = 50)]
fn fan_out_to_a_thousand(bencher: Bencher<'_, '_>, publications: usize) {
    const SUBSCRIBERS: usize = 1_000;
    let instance = Instance::with_subscribers(SUBSCRIBERS);
    bencher
        .counter(ItemsCount::new(SUBSCRIBERS * publications))
        .bench_local(|| instance.publish(publications, SUBSCRIBERS));
}
