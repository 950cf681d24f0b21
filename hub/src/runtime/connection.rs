//! The task that owns one connection: it feeds the session from the transport, the queue, finished
//! operations and the clock, and carries out what the session wishes.

use std::{
    net::IpAddr,
    sync::{Arc, OnceLock},
    time::Duration,
};

use futures_util::{FutureExt, StreamExt, stream::FuturesUnordered};
use governor::{
    Quota, RateLimiter,
    middleware::NoOpMiddleware,
    state::{InMemoryState, NotKeyed},
};
use metrics::counter;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    select,
    task::JoinHandle,
    time::sleep_until,
};
use tracing::Instrument;

use super::{
    clock::{Tick, Timekeeper},
    config::HubConfig,
    emulation::Held,
    hub::Hub,
    metrics as count,
    operations::Operation,
    presence::{Change, Tail},
    queue::{Item, Queue},
    registry::{Subscriber, SubscriberKey},
    socket::Socket,
    transport::{Event, Link, Reading, Transport},
};
use crate::{
    ports::{Caller, ChannelName, ClientInfo, Control},
    protocol::{CloseCode, Effect, Encoding, Endpoint, Input, Session, SubscriptionId},
};

/// What the hub knows of a connection from outside its task.
#[derive(Debug)]
pub(super) struct Handle {
    pub(super) queue: Arc<Queue>,
    caller: OnceLock<Arc<Caller>>,
}

impl Handle {
    /// As recognised at connect; the user never changes after.
    pub(super) fn caller(&self) -> Option<&Arc<Caller>> {
        self.caller.get()
    }
}

type FrameLimit = RateLimiter<NotKeyed, InMemoryState, Timekeeper, NoOpMiddleware<Tick>>;

/// Replies that may wait for a blocked socket before the client's next frames are read.
pub(super) const UNWRITTEN_REPLIES: usize = 64 << 10;
/// Deliveries taken from the queue at once.
const PORTION: usize = 64 << 10;

struct Connection<L> {
    hub: Hub,
    number: u64,
    handle: Arc<Handle>,
    transport: Transport<L>,
    session: Session,
    operations: FuturesUnordered<Operation>,
    effects: Vec<Effect>,
    presence_tail: Tail,
    /// The application being told of the connection; it hears of the end only after that.
    told: Option<JoinHandle<()>>,
    frames: FrameLimit,
    /// By which messages find the connection, where they come apart from it.
    held: Option<Held>,
    closing: Option<CloseCode>,
    /// Nothing can be written any more, not even a close.
    stalled: bool,
}

impl Hub {
    /// Serves one connection over a stream that has been upgraded to WebSocket already, until it
    /// ends.
    pub async fn serve_websocket<S>(&self, stream: S, remote: Option<IpAddr>, encoding: Encoding)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let hub = self.clone();
        // A tracked task, so that a caller that goes away does not skip the leave-taking.
        let connection = async move {
            let socket = Socket::new(stream, hub.config()).await;
            let transport = Transport::over(socket, hub.write_stall());
            hub.serve(transport, remote, encoding, None).await;
        };
        let task = self.tracker().spawn(connection.in_current_span());
        let _ = task.await;
    }

    /// The one life of a connection, of whichever kind.
    pub(super) async fn serve<L: Link>(
        self,
        transport: Transport<L>,
        remote: Option<IpAddr>,
        encoding: Encoding,
        held: Option<Held>,
    ) {
        let handle = Arc::new(Handle {
            queue: Arc::new(Queue::new(self.config().queue())),
            caller: OnceLock::new(),
        });
        let Some(number) = self.enter_connection(handle.clone()) else {
            drop(held);
            return transport
                .close(CloseCode::SHUTDOWN, self.close_wait())
                .await;
        };
        let endpoint = Endpoint {
            client: uuid::Uuid::new_v4().to_string().into(),
            remote,
            encoding,
            emulation: held.as_ref().map(Held::emulation),
        };
        let session = Session::new(
            self.session_config(),
            endpoint,
            self.first_ping(),
            self.now(),
        );
        #[cfg(feature = "breakages")]
        let session = session.broken(super::breakage::chosen());
        let connection = Connection {
            frames: frame_limit(self.config(), self.timekeeper()),
            number,
            handle,
            transport,
            session,
            operations: FuturesUnordered::new(),
            effects: Vec::new(),
            presence_tail: None,
            told: None,
            held,
            closing: None,
            stalled: false,
            hub: self,
        };
        connection.run().await;
    }

    fn first_ping(&self) -> Duration {
        let period = self.config().ping_ms.max(2);
        Duration::from_millis(rand::random_range(period / 2..=period))
    }

    pub(super) fn write_stall(&self) -> Duration {
        Duration::from_millis(self.config().write_stall_ms)
    }

    fn close_wait(&self) -> Duration {
        Duration::from_millis(self.config().close_wait_ms)
    }
}

fn frame_limit(config: &HubConfig, clock: Timekeeper) -> FrameLimit {
    use std::num::NonZeroU32;
    let at_least_one = |number| NonZeroU32::new(number).unwrap_or(NonZeroU32::MIN);
    let quota = Quota::per_second(at_least_one(config.frames_per_second))
        .allow_burst(at_least_one(config.frame_burst));
    RateLimiter::direct_with_clock(quota, clock)
}

impl<L: Link> Connection<L> {
    async fn run(mut self) {
        count::connections(1.0);
        while !self.session.is_closed() {
            self.step().await;
        }
        self.hub.leave_connection(self.number);
        drop(self.held);
        count::connections(-1.0);
        let wait = self.hub.close_wait();
        if let Some(code) = &self.closing {
            count::closed(code);
        }
        if !self.stalled {
            self.transport.end(self.closing, wait).await;
        }
    }

    /// Waits for one thing to happen. Input comes before time, so that a pong which has already
    /// arrived is seen before its deadline.
    async fn step(&mut self) {
        let reading = if self.session.accepts_frames()
            && self.transport.outgoing_bytes() < UNWRITTEN_REPLIES
        {
            Reading::On
        } else {
            Reading::Off
        };
        let queue = self.handle.queue.clone();
        let deadline = self.session.deadline().map(|at| self.hub.instant(at));
        let clear = self.transport.is_clear();
        select! {
            biased;
            event = self.transport.next(reading) => self.take_event(event),
            Some(input) = self.operations.next(), if !self.operations.is_empty() => {
                let input = self.admitted(input);
                self.handle(input);
            }
            code = queue.ended() => self.handle(Input::End(code)),
            () = queue.filled(), if clear => self.take_queue(),
            () = async {
                match deadline {
                    Some(at) => sleep_until(at).await,
                    None => std::future::pending().await,
                }
            } => self.handle(Input::Tick),
        }
    }

    /// The application has the last word on who comes in. Whoever it admits is connected by the
    /// session at once, because nothing else happens in between.
    fn admitted(&self, input: Input<'static>) -> Input<'static> {
        let Input::Authenticated(Ok(identity)) = input else {
            return input;
        };
        let admitted = self.hub.application().admit(&identity);
        Input::Authenticated(admitted.map(|()| identity))
    }

    fn take_event(&mut self, event: Event) {
        match event {
            Event::Message(_, message) => {
                counter!("hub_frames_received_total").increment(1);
                if self.frames.check().is_ok() {
                    self.handle(Input::Frame(&message));
                } else {
                    counter!("hub_frames_refused_total").increment(1);
                    self.handle(Input::FrameOverLimit(&message));
                }
            }
            Event::SnapshotWritten => self.handle(Input::SnapshotWritten),
            Event::Clear => {}
            Event::Gone => self.handle(Input::Gone),
            Event::Fault(code) => self.handle(Input::End(code)),
            Event::Stalled => {
                self.stalled = true;
                self.handle(Input::End(CloseCode::WRITE_ERROR));
            }
        }
    }

    fn take_queue(&mut self) {
        let mut items = Vec::new();
        let queue = self.handle.queue.clone();
        let more = queue.take(PORTION, &mut items);
        for item in items {
            match item {
                Item::Delivery(delivery) => self.handle(Input::Delivered(delivery)),
                Item::Reauthorize(channel) => {
                    self.handle(Input::Reauthorize { channel: &channel });
                }
                Item::Resync(subscription) => self.handle(Input::Resync { subscription }),
                Item::Subscribe(channel) => self.handle(Input::Subscribe { channel: &channel }),
                Item::Unsubscribe(channel, code) => {
                    self.handle(Input::Unsubscribe {
                        channel: &channel,
                        code,
                    });
                }
                Item::Drain => self.handle(Input::Drain),
            }
        }
        if more {
            queue.nudge();
        }
    }

    fn handle(&mut self, input: Input<'_>) {
        let mut effects = std::mem::take(&mut self.effects);
        self.session.handle(input, self.hub.now(), &mut effects);
        for effect in effects.drain(..) {
            self.carry_out(effect);
        }
        self.effects = effects;
    }

    fn carry_out(&mut self, effect: Effect) {
        match effect {
            Effect::Send(frame) => self.transport.send(frame),
            Effect::SendSnapshot(frame) => self.transport.send_snapshot(frame),
            Effect::Close(code) => self.closing = Some(code),
            Effect::Count(counted) => count::counted(counted),
            Effect::Authenticate(hello) => self.operations.push(self.hub.authenticate(hello)),
            Effect::Connected(caller) => self.connected(caller),
            Effect::Disconnected(caller) => self.disconnected(caller),
            Effect::Leave {
                subscription,
                channel,
            } => self.leave(subscription, &channel),
            Effect::Enter {
                subscription,
                channel,
                info,
            } => self.enter(subscription, channel, info),
            Effect::AnnounceJoin { channel, info } => {
                self.hub.announce(Control::Join { channel, info });
            }
            Effect::Withdraw {
                channel,
                info,
                listed,
                announced,
                reply,
            } => {
                let change = Change::Withdraw { listed, announced };
                let done = self.change_presence(channel, info, change);
                let withdrawn = done.map(move |_| Input::Withdrawn { reply });
                self.operations.push(withdrawn.boxed());
            }
            Effect::ReadSnapshot {
                subscription,
                channel,
            } => {
                let read = self.hub.snapshot_for(subscription, channel);
                self.operations.push(read);
            }
            Effect::Recover {
                subscription,
                channel,
                offset,
                epoch,
            } => {
                let recovery = self.hub.recover_for(subscription, channel, offset, epoch);
                self.operations.push(recovery);
            }
            Effect::Read { id, read } => self.operations.push(self.hub.read_for(id, read)),
            asking @ (Effect::Refresh { .. }
            | Effect::Authorize { .. }
            | Effect::Open { .. }
            | Effect::Call { .. }
            | Effect::Publish { .. }) => self.carry_out_as_caller(asking),
        }
    }

    /// Effects that name the caller.
    fn carry_out_as_caller(&mut self, effect: Effect) {
        let Some(caller) = self.session.caller().cloned() else {
            return;
        };
        let operation = match effect {
            Effect::Refresh { id, token } => self.hub.refresh(caller, id, token),
            Effect::Authorize { ask, intent } => self.hub.authorize(caller, ask, intent),
            Effect::Open {
                subscription,
                channel,
                class,
                join_leave,
            } => {
                let subscriber = Subscriber {
                    queue: self.handle.queue.clone(),
                    user: caller.identity.user.clone(),
                    join_leave,
                };
                let key = self.key(subscription);
                self.hub.application().subscribed(&caller, &channel);
                self.hub.open_for(channel, class, key, subscriber)
            }
            Effect::Call { id, method, data } => self.hub.call(caller, id, method, data),
            Effect::Publish { id, intent } => self.hub.publish(caller, id, intent),
            Effect::Send(_)
            | Effect::SendSnapshot(_)
            | Effect::Close(_)
            | Effect::Count(_)
            | Effect::Authenticate(_)
            | Effect::Connected(_)
            | Effect::Disconnected(_)
            | Effect::Leave { .. }
            | Effect::Enter { .. }
            | Effect::AnnounceJoin { .. }
            | Effect::Withdraw { .. }
            | Effect::ReadSnapshot { .. }
            | Effect::Recover { .. }
            | Effect::Read { .. } => return,
        };
        self.operations.push(operation);
    }

    fn key(&self, subscription: SubscriptionId) -> SubscriberKey {
        SubscriberKey {
            connection: self.number,
            subscription,
        }
    }

    fn connected(&mut self, caller: Arc<Caller>) {
        // Connect succeeds once.
        let _ = self.handle.caller.set(caller.clone());
        let hub = self.hub.clone();
        let telling = async move { hub.application().connected(&caller).await };
        self.told = Some(self.hub.tracker().spawn(telling));
    }

    fn disconnected(&mut self, caller: Arc<Caller>) {
        let (hub, told) = (self.hub.clone(), self.told.take());
        self.hub.tracker().spawn(async move {
            if let Some(told) = told {
                // One that panicked is over too.
                let _ = told.await;
            }
            hub.application().disconnected(&caller).await;
        });
    }

    fn leave(&self, subscription: SubscriptionId, channel: &ChannelName) {
        let key = self.key(subscription);
        self.hub.registry().leave(channel, key, self.hub.now());
        if let Some(caller) = self.session.caller() {
            self.hub.application().unsubscribed(caller, channel);
        }
    }

    fn enter(&mut self, subscription: SubscriptionId, channel: ChannelName, info: Arc<ClientInfo>) {
        let done = self.change_presence(channel, info, Change::Enter);
        let entered = done.map(move |_| Input::Entered { subscription });
        self.operations.push(entered.boxed());
    }

    fn change_presence(
        &mut self,
        channel: ChannelName,
        info: Arc<ClientInfo>,
        change: Change,
    ) -> tokio::sync::oneshot::Receiver<()> {
        let tail = &mut self.presence_tail;
        self.hub.change_presence(tail, channel, info, change)
    }
}
