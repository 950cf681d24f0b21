//! The task of a client: one connection after the other, to one instance after the other.

use std::{
    sync::{Arc, atomic::Ordering},
    time::{Duration, Instant},
};

use futures_util::{SinkExt as _, StreamExt as _};
use rand::{Rng as _, SeedableRng as _, rngs::StdRng};
use tokio::{
    net::TcpStream,
    sync::mpsc::UnboundedReceiver,
    time::{sleep_until, timeout},
};
use tokio_tungstenite::{
    WebSocketStream, client_async_with_config,
    tungstenite::{Error as WsError, Message, protocol::WebSocketConfig},
};

use super::{
    Order, Settings, Standing,
    session::{Session, Verdict},
};

/// For a connection to be there, handshake included.
const OPEN: Duration = Duration::from_secs(2);
/// For the kernel to take what is sent.
const WRITE: Duration = Duration::from_secs(5);
/// The wait before a new connection is between nothing and this, doubled with every one that came
/// to nothing.
const RETURN: Duration = Duration::from_millis(200);
const RETURN_AT_MOST: Duration = Duration::from_secs(3);
/// Closes from this code up to 3999 mean that the same token is not welcome back at once.
const TERMINAL: u16 = 3500;
const AFTER_TERMINAL: Duration = Duration::from_secs(5);
/// How often a client looks at what is overdue when nothing happens.
const LOOK: Duration = Duration::from_secs(1);
const READ_BUFFER: usize = 4096;

type Socket = WebSocketStream<TcpStream>;

/// See the module.
pub(super) struct Life {
    settings: Settings,
    session: Session,
    standing: Arc<Standing>,
    dice: StdRng,
    failures: u32,
    stopped: bool,
    /// The instance that it began with.
    home: usize,
    goes_home: bool,
}

/// Why a connection is over.
enum End {
    /// By a close frame with this code, or without one.
    Closed(Option<u16>),
    TokenExpired,
    /// Told to go away for so long.
    Dropped(Duration),
    Stopped,
}

impl Life {
    pub(super) fn new(settings: Settings, standing: Arc<Standing>) -> Self {
        let session = Session::new(
            settings.number,
            settings.recorder.clone(),
            settings.done.clone(),
        );
        Self {
            dice: StdRng::seed_from_u64(settings.seed),
            home: settings.instance,
            goes_home: false,
            settings,
            session,
            standing,
            failures: 0,
            stopped: false,
        }
    }

    pub(super) async fn live(mut self, mut orders: UnboundedReceiver<Order>) {
        while !self.stopped {
            let end = self.connect_and_follow(&mut orders).await;
            let was_connected = self.session.connected().is_some();
            let code = match end {
                End::Closed(code) => code,
                End::TokenExpired | End::Dropped(_) | End::Stopped => None,
            };
            self.session.cut(code, Instant::now());
            self.standing.caught_up.store(false, Ordering::Release);
            *self.standing.connection() = None;
            self.failures = if was_connected { 0 } else { self.failures + 1 };
            let pause = match end {
                End::Stopped => return,
                End::Dropped(pause) => pause,
                End::Closed(Some(TERMINAL..=3999)) => {
                    self.forget_token();
                    AFTER_TERMINAL
                }
                End::TokenExpired => {
                    self.forget_token();
                    self.backoff()
                }
                End::Closed(_) => self.backoff(),
            };
            self.settings.instance = self.another_instance();
            self.wait(pause, &mut orders).await;
        }
    }

    fn backoff(&mut self) -> Duration {
        let widest = (RETURN * 2_u32.pow(self.failures.min(5))).min(RETURN_AT_MOST);
        widest.mul_f64(self.dice.random())
    }

    /// Another than the last, if there is one.
    fn another_instance(&mut self) -> usize {
        if std::mem::take(&mut self.goes_home) {
            return self.home;
        }
        let count = self.settings.doors.instances.len();
        let step = if count > 1 {
            self.dice.random_range(1..count)
        } else {
            0
        };
        (self.settings.instance + step) % count
    }

    /// What can be renewed is, before the next connection.
    fn forget_token(&mut self) {
        if let Some(tokens) = &mut self.settings.tokens
            && tokens.refresh.is_some()
        {
            tokens.expires_at = Some(Instant::now());
        }
    }

    /// Takes orders while there is no connection.
    async fn wait(&mut self, pause: Duration, orders: &mut UnboundedReceiver<Order>) {
        let until = tokio::time::Instant::now() + pause;
        loop {
            tokio::select! {
                () = sleep_until(until) => break,
                order = orders.recv() => {
                    if self.obey(order, Instant::now()).is_some_and(|end| matches!(end, End::Stopped)) {
                        self.stopped = true;
                        return;
                    }
                }
            }
        }
        if std::mem::take(&mut self.goes_home) {
            self.settings.instance = self.home;
        }
        self.session.give_up(Instant::now());
    }

    async fn connect_and_follow(&mut self, orders: &mut UnboundedReceiver<Order>) -> End {
        let now = Instant::now();
        if let Some(tokens) = &self.settings.tokens
            && tokens.is_stale(now)
            && !self.renew().await
        {
            return End::Closed(None);
        }
        let opened = timeout(OPEN, self.open()).await;
        let Ok(Ok(mut socket)) = opened else {
            return End::Closed(None);
        };
        let instance = self.settings.instance;
        self.standing.instance.store(instance, Ordering::Relaxed);
        let token = self
            .settings
            .tokens
            .as_ref()
            .map(|tokens| tokens.access.clone());
        self.session.open(token.as_deref(), Instant::now());
        let end = self.follow(&mut socket, orders).await;
        if let End::Closed(None) | End::TokenExpired | End::Stopped = end {
            let close = socket.close(None);
            // The other side may be gone already.
            let _ = timeout(OPEN, close).await;
        }
        end
    }

    async fn open(&self) -> anyhow::Result<Socket> {
        let address = self.settings.doors.instances[self.settings.instance];
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        let config = WebSocketConfig::default()
            .read_buffer_size(READ_BUFFER)
            .write_buffer_size(0);
        let url = format!("ws://{address}/connection/websocket");
        let (socket, _) = client_async_with_config(url, stream, Some(config)).await?;
        Ok(socket)
    }

    /// Exchanges the refresh token. False: not now.
    async fn renew(&mut self) -> bool {
        let Some(tokens) = &self.settings.tokens else {
            return true;
        };
        if tokens.refresh.is_none() {
            return true;
        }
        let doors = &self.settings.doors;
        let renewed = doors.renew(self.settings.instance, tokens).await;
        let is_renewed = renewed.is_some();
        if is_renewed {
            self.settings.tokens = renewed;
        }
        is_renewed
    }

    /// Lives on one connection until it ends.
    async fn follow(&mut self, socket: &mut Socket, orders: &mut UnboundedReceiver<Order>) -> End {
        let mut heard = Instant::now();
        loop {
            if let Some(end) = self.send(socket).await {
                return end;
            }
            let now = Instant::now();
            let due = self
                .session
                .next_due()
                .filter(|_| self.session.connected().is_some());
            let wake = due.map_or(now + LOOK, |due| due.min(now + LOOK));
            let ended = tokio::select! {
                message = socket.next() => {
                    heard = Instant::now();
                    self.take(message)
                }
                order = orders.recv() => self.obey_connected(order).await,
                () = sleep_until(wake.into()) => self.look(heard).await,
            };
            if let Some(end) = ended {
                return end;
            }
        }
    }

    /// Sends all that is due, if anything.
    async fn send(&mut self, socket: &mut Socket) -> Option<End> {
        self.session.send_due(Instant::now());
        if self.session.frame.is_empty() {
            return None;
        }
        let frame = Message::text(self.session.frame.take());
        match timeout(WRITE, socket.send(frame)).await {
            Ok(Ok(())) => None,
            Ok(Err(_)) | Err(_) => Some(End::Closed(None)),
        }
    }

    fn take(&mut self, message: Option<Result<Message, WsError>>) -> Option<End> {
        let verdict = match message {
            Some(Ok(Message::Text(text))) => {
                self.session
                    .take(&text, self.settings.instance, Instant::now())
            }
            Some(Ok(Message::Close(frame))) => {
                return Some(End::Closed(frame.map(|frame| frame.code.into())));
            }
            Some(Ok(
                Message::Binary(_) | Message::Ping(_) | Message::Pong(_) | Message::Frame(_),
            )) => Verdict::GoOn,
            Some(Err(_)) | None => Verdict::Reconnect,
        };
        self.publish_standing();
        match verdict {
            Verdict::GoOn => None,
            Verdict::TokenExpired => Some(End::TokenExpired),
            Verdict::Reconnect => Some(End::Closed(None)),
        }
    }

    fn publish_standing(&self) {
        let caught_up = self.session.is_caught_up();
        if self.standing.caught_up.swap(caught_up, Ordering::AcqRel) != caught_up {
            let connection = self
                .session
                .connected()
                .map(|connected| connected.id.clone());
            *self.standing.connection() = connection;
        }
    }

    /// Looks at what is overdue.
    async fn look(&mut self, heard: Instant) -> Option<End> {
        let now = Instant::now();
        self.session.give_up(now);
        if self.session.is_stuck(now) {
            return Some(End::Closed(None));
        }
        let connected = self.session.connected()?;
        if heard + connected.silence <= now {
            return Some(End::Closed(None));
        }
        if connected.renew_at.is_some_and(|at| at <= now) && self.can_renew() && self.renew().await
        {
            let tokens = self.settings.tokens.as_ref()?;
            let access = tokens.access.clone();
            self.session.refresh(&access, now);
        }
        None
    }

    fn can_renew(&self) -> bool {
        let tokens = self.settings.tokens.as_ref();
        tokens.is_some_and(|tokens| tokens.refresh.is_some())
    }

    async fn obey_connected(&mut self, order: Option<Order>) -> Option<End> {
        if let Some(Order::Stall(pause)) = order {
            tokio::time::sleep(pause).await;
            return None;
        }
        let end = self.obey(order, Instant::now());
        self.publish_standing();
        end
    }

    fn obey(&mut self, order: Option<Order>, now: Instant) -> Option<End> {
        match order {
            Some(Order::Follow(topic)) => self.session.follow(topic, now),
            Some(Order::Leave(channel)) => self.session.leave(&channel, now),
            Some(Order::Command(command)) => self.session.command(command, now),
            Some(Order::Presence(channel, answer)) => {
                self.session.list_presence(&channel, answer, now);
            }
            Some(Order::Location(place)) => self.session.tell_location(place, now),
            Some(Order::Drop(pause)) => return Some(End::Dropped(pause)),
            Some(Order::GoHome) if self.settings.instance != self.home => {
                self.goes_home = true;
                return Some(End::Dropped(Duration::ZERO));
            }
            Some(Order::GoHome | Order::Stall(_)) => {}
            None | Some(Order::Stop) => return Some(End::Stopped),
        }
        None
    }
}
