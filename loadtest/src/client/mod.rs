//! A client of the public protocol: connects, follows channels over every change of connection,
//! gives commands until their outcome is known, and records all of it as history.
//!
//! Each client is one task and a few kilobytes, so that thousands fit into a process. It knows the
//! protocol as written and nothing of cleaning; what bodies mean is the topics' business.

pub mod commands;
mod life;
pub mod recorder;
mod session;
mod sign_in;
pub(crate) mod wire;

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use tokio::{
    sync::{
        mpsc::{UnboundedSender, unbounded_channel},
        oneshot,
    },
    task::JoinHandle,
};

pub use self::{
    commands::{Command, Done},
    recorder::Recorder,
    sign_in::{Doors, SignedIn, Tokens},
};
use crate::history::Position;

/// What hears the bodies of a channel.
pub trait Listener: Send + Sync {
    fn take_snapshot(&self, position: Option<&Position>, body: &str);
    fn take_publication(&self, position: &Position, body: &str);
}

/// A channel, shared by all who follow it: everyone gets the same bytes, so one listener is enough.
pub struct Topic {
    pub name: String,
    pub listener: Option<Box<dyn Listener>>,
}

impl Topic {
    /// A channel whose bodies nobody reads.
    pub fn unread(name: String) -> Arc<Self> {
        Arc::new(Self {
            name,
            listener: None,
        })
    }

    fn take_snapshot(&self, position: Option<&Position>, body: &str) {
        if let Some(listener) = &self.listener {
            listener.take_snapshot(position, body);
        }
    }

    fn take_publication(&self, position: &Position, body: &str) {
        if let Some(listener) = &self.listener {
            listener.take_publication(position, body);
        }
    }
}

/// What a client is told to do.
enum Order {
    Follow(Arc<Topic>),
    Leave(String),
    Command(Command),
    Presence(String, oneshot::Sender<String>),
    /// Tell where the person is.
    Location([f64; 2]),
    /// Read nothing for so long.
    Stall(Duration),
    /// Let the connection go without a word, and come back after so long.
    Drop(Duration),
    /// Come back to the instance that it began with.
    GoHome,
    Stop,
}

/// How a client stands, for others to look at.
#[derive(Debug, Default)]
struct Standing {
    instance: AtomicUsize,
    caught_up: AtomicBool,
    connection: Mutex<Option<String>>,
}

/// A running client.
pub struct Client {
    pub number: u32,
    orders: UnboundedSender<Order>,
    standing: Arc<Standing>,
    task: JoinHandle<()>,
}

/// Who a client is and where it may connect.
pub struct Settings {
    pub number: u32,
    /// Every instance's door.
    pub doors: Arc<Doors>,
    /// The instance to begin with.
    pub instance: usize,
    /// None: a stranger.
    pub tokens: Option<Tokens>,
    pub recorder: Recorder,
    pub done: UnboundedSender<Done>,
    /// Of the client's own choices.
    pub seed: u64,
}

impl Client {
    pub fn spawn(settings: Settings) -> Self {
        let (orders, received) = unbounded_channel();
        let standing = Arc::new(Standing::default());
        let number = settings.number;
        let life = life::Life::new(settings, Arc::clone(&standing));
        Self {
            number,
            orders,
            standing,
            task: tokio::spawn(life.live(received)),
        }
    }

    pub fn follow(&self, topic: Arc<Topic>) {
        self.order(Order::Follow(topic));
    }

    pub fn leave(&self, channel: &str) {
        self.order(Order::Leave(channel.to_owned()));
    }

    pub fn command(&self, command: Command) {
        self.order(Order::Command(command));
    }

    pub fn tell_location(&self, place: [f64; 2]) {
        self.order(Order::Location(place));
    }

    pub fn stall(&self, pause: Duration) {
        self.order(Order::Stall(pause));
    }

    pub fn drop_connection(&self, pause: Duration) {
        self.order(Order::Drop(pause));
    }

    /// Lets it come back to where it began, unless it is there.
    pub fn go_home(&self) {
        self.order(Order::GoHome);
    }

    /// The reply to a request for a channel's presence, or an empty text.
    pub async fn presence(&self, channel: &str) -> String {
        let (answer, listed) = oneshot::channel();
        self.order(Order::Presence(channel.to_owned(), answer));
        let listed = tokio::time::timeout(commands::ANSWER, listed).await;
        listed.ok().and_then(Result::ok).unwrap_or_default()
    }

    /// Live on every channel that it may have?
    pub fn is_caught_up(&self) -> bool {
        self.standing.caught_up.load(Ordering::Acquire)
    }

    /// Where it is connected, or was last.
    pub fn instance(&self) -> usize {
        self.standing.instance.load(Ordering::Relaxed)
    }

    /// The server's name for its connection, while there is one.
    pub fn connection(&self) -> Option<String> {
        self.standing.connection().clone()
    }

    pub async fn stop(self) {
        self.order(Order::Stop);
        // A task that has panicked has said so.
        let _ = self.task.await;
    }

    fn order(&self, order: Order) {
        // A client that has stopped takes no orders.
        let _ = self.orders.send(order);
    }
}

impl Standing {
    fn connection(&self) -> std::sync::MutexGuard<'_, Option<String>> {
        self.connection
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}
