//! One connection: it feeds the session from the transport, the queue, finished operations and the
//! clock, and carries out what the session wishes. A task waits for all of these. Deliveries come
//! by turns in [`super::rounds`], which ask nothing of the task where nothing but writing is to be
//! done; so the connection is behind a lock, which nobody holds while waiting and nobody waits for
//! but the task itself.

use std::{
    cell::RefCell,
    net::IpAddr,
    panic::{AssertUnwindSafe, catch_unwind},
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, Weak},
    task::{Context, Poll},
    time::Duration,
};

use futures_util::{FutureExt, StreamExt, future::BoxFuture, stream::FuturesUnordered};
use governor::{
    Quota, RateLimiter,
    middleware::NoOpMiddleware,
    state::{InMemoryState, NotKeyed},
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    task::JoinHandle,
    time::Sleep,
};
use tracing::Instrument;

use super::{
    clock::{Tick, Timekeeper},
    config::HubConfig,
    emulation::Held,
    handle::{Handle, Outlet, Turn},
    hub::Hub,
    metrics as count,
    operations::Operation,
    presence::{Change, Tail},
    queue::{Item, Taken},
    registry::{Subscriber, SubscriberKey},
    socket::Socket,
    transport::{Event, Link, Reading, Transport},
};
use crate::{
    ports::{Caller, ChannelName, ClientInfo, Control},
    protocol::{CloseCode, Effect, Encoding, Endpoint, Input, Moment, Session, SubscriptionId},
};

type FrameLimit = RateLimiter<NotKeyed, InMemoryState, Timekeeper, NoOpMiddleware<Tick>>;

/// Replies that may wait for a blocked socket before the client's next frames are read.
pub(super) const UNWRITTEN_REPLIES: usize = 64 << 10;
/// Deliveries taken from the queue at once.
const PORTION: usize = 64 << 10;
/// Things that happen to one connection before other tasks have their turn.
const STEPS: usize = 64;

thread_local! {
    /// Lent to whichever connection handles something at this moment.
    static EFFECTS: RefCell<Vec<Effect>> = const { RefCell::new(Vec::new()) };
}

struct Connection<L> {
    hub: Hub,
    number: u64,
    handle: Arc<Handle>,
    transport: Transport<L>,
    session: Session,
    /// Those under way; `None` where there are none, which is nearly always.
    operations: Option<Box<FuturesUnordered<Operation>>>,
    /// Something came of what was handled besides messages for the client.
    stirred: bool,
    presence_tail: Tail,
    /// The application being told of the connection; it hears of the end only after that.
    told: Option<JoinHandle<()>>,
    frames: FrameLimit,
    /// Wakes the task at the session's deadline, or earlier.
    timer: Pin<Box<Sleep>>,
    timer_at: Moment,
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
        let _ = self
            .begin_websocket(stream, &[], remote, encoding, ())
            .await;
    }

    /// The same in a task of its own, so that whoever goes away does not skip the leave-taking.
    /// `read` was read from the stream with the handshake; `kept` is dropped when the connection
    /// has ended.
    pub fn begin_websocket<S, K>(
        &self,
        stream: S,
        read: &[u8],
        remote: Option<IpAddr>,
        encoding: Encoding,
        kept: K,
    ) -> JoinHandle<()>
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
        K: Send + 'static,
    {
        let socket = Socket::new(stream, read, self.config());
        let traffic = self.traffic().clone();
        let transport = Transport::over(socket, self.write_stall(), traffic);
        let connection = self.clone().serve(transport, remote, encoding, None);
        let connection = async move {
            connection.await;
            drop(kept);
        };
        self.tracker().spawn(connection.in_current_span())
    }

    /// The one life of a connection, of whichever kind.
    pub(super) fn serve<L: Link>(
        self,
        transport: Transport<L>,
        remote: Option<IpAddr>,
        encoding: Encoding,
        held: Option<Held>,
    ) -> impl Future<Output = ()> + Send + 'static {
        let connection = self.connection(transport, remote, encoding, held);
        async move {
            match connection {
                Ok(connection) => connection.run().await,
                Err(refused) => refused.await,
            }
        }
    }

    /// Begins a connection; while draining, all it gets is a close.
    fn connection<L: Link>(
        self,
        transport: Transport<L>,
        remote: Option<IpAddr>,
        encoding: Encoding,
        held: Option<Held>,
    ) -> Result<Arc<Shared<L>>, BoxFuture<'static, ()>> {
        let Some((number, handle)) = self.enter_connection() else {
            let wait = self.close_wait();
            return Err(transport.close(CloseCode::SHUTDOWN, wait).boxed());
        };
        let endpoint = Endpoint {
            client: uuid::Uuid::new_v4().to_string().into(),
            remote,
            encoding,
            emulation: held.as_ref().map(Held::emulation),
        };
        let now = self.now();
        let session = Session::new(self.session_config(), endpoint, self.first_ping(), now);
        #[cfg(feature = "breakages")]
        let session = session.broken(super::breakage::chosen());
        let timer_at = session.deadline().unwrap_or(now);
        let connection = Connection {
            frames: frame_limit(self.config(), self.timekeeper()),
            number,
            handle: handle.clone(),
            transport,
            session,
            operations: None,
            stirred: false,
            presence_tail: None,
            told: None,
            timer: Box::pin(tokio::time::sleep_until(self.instant(timer_at))),
            timer_at,
            held,
            closing: None,
            stalled: false,
            hub: self,
        };
        let shared = Arc::new(Shared(Mutex::new(Some(connection))));
        let outlet = Arc::downgrade(&shared);
        handle.reached_by(outlet as Weak<dyn Outlet>);
        Ok(shared)
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

/// What a connection leaves in its queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Queued {
    Nothing,
    /// There was more than a portion.
    More,
}

/// A connection between its task and the rounds; empty at its end.
struct Shared<L>(Mutex<Option<Connection<L>>>);

impl<L: Link> Shared<L> {
    async fn run(self: Arc<Self>) {
        count::connections(1.0);
        let end = std::future::poll_fn(|context| self.poll(context)).await;
        drop(self);
        if let Some(end) = end {
            end.await;
        }
    }

    /// Ready with its end when the connection has come to that. The end has a place of its own
    /// because it is large, and tasks are as large as whatever they hold at any time.
    fn poll(&self, context: &mut Context<'_>) -> Poll<Option<BoxFuture<'static, ()>>> {
        let mut place = self.place();
        match place.as_mut().map(|connection| connection.poll(context)) {
            Some(Poll::Pending) => Poll::Pending,
            Some(Poll::Ready(())) | None => {
                Poll::Ready(place.take().map(|connection| connection.end().boxed()))
            }
        }
    }

    fn place(&self) -> MutexGuard<'_, Option<Connection<L>>> {
        self.0
            .lock()
            .expect("whatever panics in a turn ends its connection")
    }
}

impl<L: Link> Shared<L> {
    /// Does something with the connection, unless its task has it right now.
    fn try_with<T>(&self, turn: impl FnOnce(&mut Connection<L>) -> T) -> Option<T> {
        let mut place = self.0.try_lock().ok()?;
        // A panic is the connection's own: the lock is poisoned by it, and the task ends.
        let turn = move || place.as_mut().map(turn);
        catch_unwind(AssertUnwindSafe(turn)).ok().flatten()
    }
}

impl<L: Link> Outlet for Shared<L> {
    fn take(&self, now: Moment) -> (usize, Turn) {
        // The task may have looked at the queue already.
        self.try_with(|connection| connection.take_turn(now))
            .unwrap_or((0, Turn::ForTheTask))
    }

    fn write(&self) -> Turn {
        self.try_with(Connection::write_turn)
            .unwrap_or(Turn::ForTheTask)
    }
}

impl<L: Link> Connection<L> {
    async fn end(self) {
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

    /// Ready when the session is over.
    fn poll(&mut self, context: &mut Context<'_>) -> Poll<()> {
        // A handle keeps the memory of its task.
        self.told.take_if(|told| told.is_finished());
        self.presence_tail.take_if(|last| last.is_finished());
        for _ in 0..STEPS {
            if self.session.is_closed() {
                return Poll::Ready(());
            }
            if self.poll_step(context).is_pending() {
                return Poll::Pending;
            }
        }
        context.waker().wake_by_ref();
        Poll::Pending
    }

    /// Ready when something has happened. Input comes before time, so that a pong which has already
    /// arrived is seen before its deadline.
    fn poll_step(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let reading = if self.session.accepts_frames()
            && self.transport.outgoing_bytes() < UNWRITTEN_REPLIES
        {
            Reading::On
        } else {
            Reading::Off
        };
        if let Poll::Ready(event) = self.transport.poll_next(reading, context) {
            self.take_event(event);
            return Poll::Ready(());
        }
        if let Some(input) = self.poll_operations(context) {
            let input = self.admitted(input);
            self.handle(input);
            return Poll::Ready(());
        }
        if self.handle.was_called(context.waker())
            && let Some(code) = self.handle.queue.ended()
        {
            self.handle(Input::End(code));
            return Poll::Ready(());
        }
        if self.transport.is_clear() && self.take_queue(self.hub.now()).0 > 0 {
            return Poll::Ready(());
        }
        self.poll_deadline(context)
    }

    /// The answer to one that is over.
    fn poll_operations(&mut self, context: &mut Context<'_>) -> Option<Input<'static>> {
        let operations = self.operations.as_mut()?;
        match operations.poll_next_unpin(context) {
            Poll::Pending => None,
            Poll::Ready(input) => {
                if operations.is_empty() {
                    self.operations = None;
                }
                input
            }
        }
    }

    fn poll_deadline(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let Some(deadline) = self.session.deadline() else {
            return Poll::Pending;
        };
        loop {
            if deadline < self.timer_at || self.timer.is_elapsed() {
                self.timer.as_mut().reset(self.hub.instant(deadline));
                self.timer_at = deadline;
            }
            if self.timer.as_mut().poll(context).is_pending() {
                return Poll::Pending;
            }
            if self.timer_at >= deadline {
                self.handle(Input::Tick);
                return Poll::Ready(());
            }
        }
    }

    /// Deliveries are taken. The task is needed where anything came of them but messages.
    fn take_turn(&mut self, now: Moment) -> (usize, Turn) {
        if !self.transport.is_clear() {
            // The task waits for the socket, and takes the queue after that.
            return (0, Turn::Done);
        }
        self.stirred = false;
        let (items, queued) = self.take_queue(now);
        if self.stirred || queued == Queued::More {
            (items, Turn::ForTheTask)
        } else {
            (items, Turn::Done)
        }
    }

    fn write_turn(&mut self) -> Turn {
        if self.transport.try_write() {
            Turn::Done
        } else {
            Turn::ForTheTask
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
                self.hub.traffic().received.increment(1);
                if self.frames.check().is_ok() {
                    self.handle(Input::Frame(&message));
                } else {
                    self.hub.traffic().refused.increment(1);
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

    /// Takes a portion of what waits; returns how many items that was.
    fn take_queue(&mut self, now: Moment) -> (usize, Queued) {
        let (items, left) = match self.handle.queue.take(PORTION) {
            Taken::Nothing => return (0, Queued::Nothing),
            Taken::One(item) => {
                let mut effects = EFFECTS.take();
                self.take_item(item, now, &mut effects);
                EFFECTS.set(effects);
                return (1, Queued::Nothing);
            }
            Taken::All(items) => (items, Queued::Nothing),
            Taken::Some(items) => (items, Queued::More),
        };
        let count = items.len();
        let mut effects = EFFECTS.take();
        for item in items {
            self.take_item(item, now, &mut effects);
        }
        EFFECTS.set(effects);
        (count, left)
    }

    fn take_item(&mut self, item: Item, now: Moment, effects: &mut Vec<Effect>) {
        self.stirred |= !matches!(item, Item::Delivery(_));
        match item {
            Item::Delivery(delivery) => self.handle_at(Input::Delivered(delivery), now, effects),
            Item::Reauthorize(channel) => {
                self.handle_at(Input::Reauthorize { channel: &channel }, now, effects);
            }
            Item::Resync(subscription) => {
                self.handle_at(Input::Resync { subscription }, now, effects);
            }
            Item::Subscribe(channel) => {
                self.handle_at(Input::Subscribe { channel: &channel }, now, effects);
            }
            Item::Unsubscribe(told) => {
                let (channel, code) = &*told;
                let code = *code;
                self.handle_at(Input::Unsubscribe { channel, code }, now, effects);
            }
            Item::Drain => self.handle_at(Input::Drain, now, effects),
        }
    }

    fn handle(&mut self, input: Input<'_>) {
        let mut effects = EFFECTS.take();
        self.handle_at(input, self.hub.now(), &mut effects);
        EFFECTS.set(effects);
    }

    fn handle_at(&mut self, input: Input<'_>, now: Moment, effects: &mut Vec<Effect>) {
        self.session.handle(input, now, effects);
        for effect in effects.drain(..) {
            self.carry_out(effect);
        }
    }

    fn begin(&mut self, operation: Operation) {
        self.operations.get_or_insert_default().push(operation);
    }

    fn carry_out(&mut self, effect: Effect) {
        if let Effect::Send(frame) = effect {
            return self.transport.send(frame);
        }
        self.stirred = true;
        match effect {
            Effect::Send(frame) => self.transport.send(frame),
            Effect::SendSnapshot(frame) => self.transport.send_snapshot(frame),
            Effect::Close(code) => self.closing = Some(code),
            Effect::Count(counted) => count::counted(counted),
            Effect::Authenticate(hello) => self.begin(self.hub.authenticate(hello)),
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
                self.begin(withdrawn.boxed());
            }
            Effect::ReadSnapshot {
                subscription,
                channel,
            } => {
                let read = self.hub.snapshot_for(subscription, channel);
                self.begin(read);
            }
            Effect::Recover {
                subscription,
                channel,
                offset,
                epoch,
            } => {
                let recovery = self.hub.recover_for(subscription, channel, offset, epoch);
                self.begin(recovery);
            }
            Effect::Read { id, read } => self.begin(self.hub.read_for(id, read)),
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
                    handle: self.handle.clone(),
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
        self.begin(operation);
    }

    fn key(&self, subscription: SubscriptionId) -> SubscriberKey {
        SubscriberKey {
            connection: self.number,
            subscription,
        }
    }

    fn connected(&mut self, caller: Arc<Caller>) {
        self.handle.recognised(caller.clone());
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
        self.begin(entered.boxed());
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
