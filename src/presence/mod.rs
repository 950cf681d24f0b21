//! Who is there: `presence:{zone}`, made on every instance alike from the lists that all share.
//!
//! [`Roll`] says which entries this instance's connections should have, a task keeps the shared
//! lists so, under this instance's lease; [`Room`] makes a zone's state of its lists. Each instance
//! looks at the zones where somebody of the staff watches by it, and tells its own subscribers:
//! nothing is passed on, and no instance speaks for the others. A killed instance's entries end
//! with its lease. Nothing here is read by any rule of the business.

mod connection;
mod entry;
mod locking;
mod roll;
mod room;

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use futures_util::{StreamExt, stream};
use hub::ports::{self, Caller, ChannelName, Listed, PresenceError};
use jiff::Timestamp;
use tokio::{
    sync::{Mutex as Turn, Notify},
    time::{Instant, sleep, sleep_until, timeout},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{
    audience::{AnyChannel, EphemeralChannel, LiveBody, LiveRow, presence::FocusReport},
    config,
    domain::{Role, ids::ZoneSlug},
    store::{self, Pools},
};
pub use connection::Card;
use entry::{Look, claims_list, people_list};
pub use roll::Absent;
use roll::{Change, ClientId, Lives, Roll};
use room::{Lists, Room};

/// Changes of entries under way at once.
const WRITES: usize = 16;
/// Zones being looked at, at once.
const LOOKS: usize = 8;
/// The longest wait for the lists.
const PATIENCE: Duration = Duration::from_millis(600);
/// Looks take at most a tenth of the time, unless they would be further apart than this.
const SLOWEST_LOOKS: Duration = Duration::from_secs(2);
/// How often names and home zones are read again.
const CARDS_AGE: Duration = Duration::from_mins(1);
/// Pause after questions that the database did not answer.
const ASK_AGAIN: Duration = Duration::from_secs(1);

/// This instance's subscribers, as far as this module speaks to them. Must not wait.
pub trait Here: Send + Sync + 'static {
    fn tell(&self, channel: &EphemeralChannel, key: &str, body: &LiveBody);
}

/// Why nobody was told.
#[derive(Debug, Clone, Copy)]
pub enum Untold {
    /// The caller does not watch that zone by this connection.
    Absent,
    /// The lists cannot be read just now.
    Unavailable,
}

impl From<Absent> for Untold {
    fn from(_: Absent) -> Self {
        Self::Absent
    }
}

impl From<PresenceError> for Untold {
    fn from(error: PresenceError) -> Self {
        tracing::debug!(%error, "presence lists could not be read");
        Self::Unavailable
    }
}

/// What it is made of.
pub struct Parts {
    pub pools: Pools,
    pub lists: Arc<dyn ports::Presence>,
    pub here: Arc<dyn Here>,
    pub settings: config::Presence,
    /// How long instances may take to mend lists that were lost.
    pub restoring: Duration,
}

/// A room is locked while its lists are read, so that it never goes back to an older reading.
type Rooms = HashMap<ZoneSlug, Arc<Turn<Room>>>;

/// See the module.
pub struct Presence {
    parts: Parts,
    roll: Mutex<Roll>,
    rooms: Mutex<Rooms>,
    /// Whoever writes entries: the changes of one are made in their order.
    writing: Turn<()>,
    changed: Notify,
    questions: Notify,
    stopped: CancellationToken,
}

impl Presence {
    pub fn new(parts: Parts) -> Arc<Self> {
        let settings = &parts.settings;
        let lives = Lives {
            grace: Duration::from_millis(settings.grace_ms),
            typing: Duration::from_millis(settings.typing_ms),
            claim: Duration::from_millis(settings.lock_ms),
        };
        Arc::new(Self {
            parts,
            roll: Mutex::new(Roll::new(lives)),
            rooms: Mutex::default(),
            writing: Turn::default(),
            changed: Notify::new(),
            questions: Notify::new(),
            stopped: CancellationToken::new(),
        })
    }

    /// Keeps the lists and tells subscribers, until [`Presence::stop`].
    pub fn start(self: &Arc<Self>, tasks: &TaskTracker) {
        let [writes, looks, asks] = std::array::from_fn(|_| Arc::clone(self));
        tasks.spawn(async move {
            let stopped = writes.stopped.clone();
            stopped.run_until_cancelled(writes.keep_lists()).await;
        });
        tasks.spawn(async move {
            let stopped = looks.stopped.clone();
            stopped.run_until_cancelled(looks.keep_looking()).await;
        });
        tasks.spawn(async move {
            let stopped = asks.stopped.clone();
            stopped.run_until_cancelled(asks.keep_asking()).await;
        });
    }

    /// Leaves the entries to their lease: whoever was here has that long to come back elsewhere.
    pub fn stop(&self) {
        self.stopped.cancel();
    }

    fn roll(&self) -> MutexGuard<'_, Roll> {
        self.roll.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn rooms(&self) -> MutexGuard<'_, Rooms> {
        self.rooms.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn room(&self, zone: &ZoneSlug) -> Arc<Turn<Room>> {
        let mut rooms = self.rooms();
        let room = rooms.entry(zone.clone()).or_insert_with(|| {
            let room = Room::new(zone.clone(), self.parts.restoring);
            Arc::new(Turn::new(room))
        });
        Arc::clone(room)
    }

    /// A connection was answered.
    pub fn connected(&self, caller: &Caller) {
        let role = Role::parse(&caller.identity.scope);
        // Everybody else is there by what they follow.
        if role == Some(Role::Cleaner) {
            self.roll()
                .came(&caller.client, &caller.identity.user, role);
            self.questions.notify_one();
        }
    }

    /// A connection follows a channel from now on.
    pub fn subscribed(&self, caller: &Caller, name: &ChannelName) {
        let Ok(channel) = name.parse::<AnyChannel>() else {
            return;
        };
        let role = Role::parse(&caller.identity.scope);
        let unknown = {
            let mut here = self.roll();
            here.came(&caller.client, &caller.identity.user, role);
            here.follows(&caller.client, name, &channel, Instant::now())
        };
        if unknown {
            self.questions.notify_one();
        }
        self.changed.notify_one();
    }

    pub fn unsubscribed(&self, caller: &Caller, name: &ChannelName) {
        self.roll().unfollows(&caller.client, name, Instant::now());
        self.changed.notify_one();
    }

    pub fn disconnected(&self, caller: &Caller) {
        self.roll().went(&caller.client, Instant::now());
        self.changed.notify_one();
    }

    /// Somebody of the staff looks at a job, or at none.
    pub fn focus(&self, client: &ClientId, report: &FocusReport) -> Result<(), Untold> {
        let look = Look {
            job: report.job,
            typing: report.typing.unwrap_or(false) && report.job.is_some(),
            at_ms: Timestamp::now().as_millisecond(),
        };
        self.roll()
            .looks(client, &report.zone, look, Instant::now())?;
        self.changed.notify_one();
        Ok(())
    }

    /// The state of a zone, read now unless it was a moment ago.
    pub async fn snapshot(&self, zone: &ZoneSlug) -> LiveBody {
        let fresh = Duration::from_millis(self.parts.settings.look_ms) * 2;
        let room = self.room(zone);
        let mut room = room.lock().await;
        let age = Timestamp::now().duration_since(room.state().1);
        if age.unsigned_abs() >= fresh {
            self.look(&mut room).await;
        }
        if room.is_known() {
            return body(&room);
        }
        // Nothing is known yet: the first look tells.
        LiveBody::snapshot(Timestamp::now(), std::iter::empty())
    }

    async fn list(&self, name: &str) -> Result<Vec<Listed>, PresenceError> {
        let read = timeout(PATIENCE, self.parts.lists.list(name)).await;
        read.unwrap_or_else(|_| Err(PresenceError("no answer in time".to_owned())))
    }

    async fn keep_lists(&self) {
        loop {
            let deadline = self.roll().deadline();
            tokio::select! {
                () = self.changed.notified() => {}
                () = async {
                    match deadline {
                        Some(at) => sleep_until(at).await,
                        None => std::future::pending().await,
                    }
                } => {}
            }
            self.write().await;
        }
    }

    /// Writes what has changed. What fails stays known to the lists, which mend it with a beat.
    async fn write(&self) {
        let _turn = self.writing.lock().await;
        let changes = self.roll().changes(Instant::now());
        let writes = changes.into_iter().map(|change| self.write_one(change));
        stream::iter(writes)
            .buffer_unordered(WRITES)
            .for_each(|()| async {})
            .await;
    }

    async fn write_one(&self, Change { list, client, info }: Change) {
        let lists = &self.parts.lists;
        let written = match &info {
            Some(info) => timeout(PATIENCE, lists.enter(&list, info)).await,
            None => timeout(PATIENCE, lists.leave(&list, &client)).await,
        };
        if !matches!(written, Ok(Ok(_))) {
            tracing::debug!(%list, "a presence entry could not be written");
        }
    }

    async fn keep_looking(&self) {
        let period = Duration::from_millis(self.parts.settings.look_ms);
        loop {
            let begun = Instant::now();
            let zones = self.roll().staffed();
            self.rooms().retain(|zone, _| zones.contains(zone));
            stream::iter(&zones)
                .for_each_concurrent(LOOKS, |zone| async {
                    let room = self.room(zone);
                    self.look(&mut *room.lock().await).await;
                })
                .await;
            let slow = (begun.elapsed() * 10).min(SLOWEST_LOOKS);
            sleep(slow.max(period)).await;
        }
    }

    /// Reads a zone's lists and tells its subscribers here where that is due.
    async fn look(&self, room: &mut Room) {
        let zone = room.state().0.id.clone();
        let names = (people_list(&zone), claims_list(&zone));
        let own = self.roll().listed_staff(&zone);
        let read = tokio::try_join!(self.list(&names.0), self.list(&names.1));
        let now = Instant::now();
        match read {
            Ok((people, claims)) => {
                room.read(Lists { people, claims }, &own, (now, Timestamp::now()));
            }
            Err(error) => tracing::debug!(%error, %zone, "presence lists could not be read"),
        }
        // A claim that was taken over must not count again when the other one ends.
        let mut roll = self.roll();
        for standing in room.standings() {
            if roll.yields(&zone, standing) {
                self.changed.notify_one();
            }
        }
        drop(roll);
        let repeat = Duration::from_millis(self.parts.settings.repeat_ms);
        if room.tell(now, repeat) {
            let channel = EphemeralChannel::Presence(zone.clone());
            self.parts.here.tell(&channel, zone.as_str(), &body(room));
        }
    }

    /// Asks the database for names, home zones and the zones of bookings, as they are wanted.
    async fn keep_asking(&self) {
        let mut refresh_at = Instant::now() + CARDS_AGE;
        loop {
            let refresh = tokio::select! {
                () = self.questions.notified() => false,
                () = sleep_until(refresh_at) => true,
            };
            if refresh {
                refresh_at = Instant::now() + CARDS_AGE;
            }
            if let Err(error) = self.ask(refresh).await {
                tracing::debug!(%error, "who is there could not be read");
                sleep(ASK_AGAIN).await;
                self.questions.notify_one();
            }
            self.changed.notify_one();
        }
    }

    async fn ask(&self, refresh: bool) -> Result<(), store::StoreError> {
        let (accounts, bookings) = {
            let roll = self.roll();
            (roll.cards_wanted(refresh), roll.places_wanted())
        };
        if !accounts.is_empty() {
            let cards = store::presence::cards(&self.parts.pools, &accounts).await?;
            let cards = cards
                .into_iter()
                .map(|(id, name, zones)| (id, Card { name, zones }))
                .collect();
            self.roll().learn_cards(&accounts, &cards, Instant::now());
        }
        if !bookings.is_empty() {
            let places = store::presence::places(&self.parts.pools, &bookings).await?;
            self.roll().learn_places(&bookings, &places, Instant::now());
        }
        Ok(())
    }
}

fn body(room: &Room) -> LiveBody {
    let (row, read_at) = room.state();
    LiveBody::one(read_at, LiveRow::Presence(row.clone()))
}
