//! A small TCP proxy to break: what one process says to another goes through it, and its handle
//! decides at run time what becomes of that.
//!
//! It can pass, refuse, cut (RST), hold back, swallow, delay (each connection by as much more or
//! less as chance wants, so that they overtake each other), throttle, and lose what surrounds a
//! COMMIT. Within a connection bytes never change their order, as with TCP.
//!
//! Where it leads is a [`Route`], shared by all proxies to one server, so that a promotion is one
//! change.

mod commit;
mod connection;
mod direction;
#[cfg(test)]
mod tests;

use std::{
    io,
    net::SocketAddr,
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tokio::{net::TcpListener, sync::watch};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

pub use commit::CommitLoss;
use commit::Trap;

/// Where connections lead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    Tcp(SocketAddr),
    Unix(PathBuf),
}

/// A target that can be changed for all who share it. Connections that are open stay where they
/// are: cut them.
#[derive(Debug, Clone)]
pub struct Route(Arc<Mutex<Target>>);

impl Route {
    pub fn to(target: Target) -> Self {
        Self(Arc::new(Mutex::new(target)))
    }

    pub fn change(&self, target: Target) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = target;
    }

    pub fn target(&self) -> Target {
        let target = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        target.clone()
    }
}

/// What becomes of connections, old and new. The default is fair weather: everything passes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Weather {
    pub door: Door,
    /// From whoever connected to the server.
    pub up: Passage,
    /// From the server back.
    pub down: Passage,
}

impl Weather {
    /// Both directions alike.
    pub fn both(passage: Passage) -> Self {
        Self {
            door: Door::Open,
            up: passage.clone(),
            down: passage,
        }
    }
}

/// What becomes of new connections.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Door {
    #[default]
    Open,
    /// Reset at once.
    Refuses,
    /// They succeed and lead nowhere: nothing is ever read or said.
    Silent,
}

/// What becomes of bytes in one direction.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Passage {
    pub flow: Flow,
    pub delay: Duration,
    /// Each connection is delayed by a share of this more, drawn when it is opened.
    pub spread: Duration,
    /// None: as fast as it goes.
    pub bytes_per_second: Option<u32>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Flow {
    #[default]
    Open,
    /// A network that stands still: what is sent backs up, and goes on when it flows again.
    Held,
    /// Taken and thrown away, the end of the connection too. A connection that lost something so
    /// is cut when the weather changes.
    Swallowed,
}

/// The handle of a running proxy. Dropping it cuts every connection and frees the port.
#[derive(Debug)]
pub struct Proxy {
    address: SocketAddr,
    shared: Arc<Shared>,
    stop: CancellationToken,
}

/// What its connections know of a proxy.
#[derive(Debug)]
struct Shared {
    route: Route,
    weather: watch::Sender<Weather>,
    /// Replaced at each cut, so that connections opened afterwards are spared.
    cut: Mutex<CancellationToken>,
    open: TaskTracker,
    trap: Trap,
}

impl Proxy {
    /// Listens on a port of the system's choice on loopback.
    pub async fn start(route: Route) -> io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let proxy = Self {
            address: listener.local_addr()?,
            shared: Arc::new(Shared {
                route,
                weather: watch::Sender::default(),
                cut: Mutex::default(),
                open: TaskTracker::new(),
                trap: Trap::default(),
            }),
            stop: CancellationToken::new(),
        };
        tokio::spawn(accept(
            listener,
            Arc::clone(&proxy.shared),
            proxy.stop.clone(),
        ));
        Ok(proxy)
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Connections that are open now.
    pub fn connections(&self) -> usize {
        self.shared.open.len()
    }

    pub fn weather(&self) -> Weather {
        self.shared.weather.borrow().clone()
    }

    pub fn set_weather(&self, weather: Weather) {
        self.shared.weather.send_replace(weather);
    }

    /// Fair weather again, and no trap for COMMITs.
    pub fn heal(&self) {
        self.shared.trap.disarm();
        self.set_weather(Weather::default());
    }

    /// Resets every connection that is open. New ones are let in as the weather says.
    pub fn cut(&self) {
        let cut = self.shared.cut.lock();
        std::mem::take(&mut *cut.unwrap_or_else(PoisonError::into_inner)).cancel();
    }

    /// Cuts, and refuses until it is healed.
    pub fn sever(&self) {
        self.set_weather(Weather {
            door: Door::Refuses,
            ..self.weather()
        });
        self.cut();
    }

    /// From now on the next so many COMMITs that pass to `PostgreSQL` lose their answer, or never
    /// arrive; each costs its connection.
    pub fn lose_commits(&self, count: u32, loss: CommitLoss) {
        self.shared.trap.arm(count, loss);
    }

    /// COMMITs lost so far.
    pub fn commits_lost(&self) -> u64 {
        self.shared.trap.sprung()
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.stop.cancel();
        self.cut();
    }
}

impl Shared {
    fn cut_token(&self) -> CancellationToken {
        self.cut
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

async fn accept(listener: TcpListener, shared: Arc<Shared>, stop: CancellationToken) {
    loop {
        let accepted = tokio::select! {
            () = stop.cancelled() => return,
            accepted = listener.accept() => accepted,
        };
        // A connection that is gone again, or too many files: the next may do.
        let Ok((near, _)) = accepted else {
            tokio::time::sleep(Duration::from_millis(1)).await;
            continue;
        };
        let cut = shared.cut_token();
        let weather = shared.weather.subscribe();
        let connection = connection::serve(near, Arc::clone(&shared), weather, cut);
        shared.open.spawn(connection);
    }
}
