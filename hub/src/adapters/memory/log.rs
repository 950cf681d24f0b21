//! A channel log in memory. Appending is atomic over all channels, like the transaction it stands
//! in for; offsets are dense per channel (P2).

use std::{
    collections::{HashMap, VecDeque},
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use tokio::time::Instant;

use crate::ports::{
    Body, ChannelLog, ChannelName, ClientInfo, Epoch, LogError, LogRead, Position, Publication,
    RecentCursor,
};

/// A cheap handle; clones share the log.
#[derive(Debug, Clone)]
pub struct MemoryLog(Arc<Mutex<State>>);

/// What is kept of one channel. Its head is never forgotten.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retention {
    pub publications: usize,
    /// How long each publication is kept; `None` for as long as the process lives.
    pub ttl: Option<Duration>,
}

impl Default for Retention {
    fn default() -> Self {
        Self {
            publications: 10_000,
            ttl: None,
        }
    }
}

type RetentionOf = Box<dyn Fn(&str) -> Retention + Send>;

struct State {
    epoch: Epoch,
    retention: RetentionOf,
    renewals: u64,
    channels: HashMap<ChannelName, Channel>,
    /// Which channel each append touched, numbered from `first_append`.
    appends: VecDeque<ChannelName>,
    first_append: u64,
    reachable: bool,
}

#[derive(Debug, Default)]
struct Channel {
    head: u64,
    kept: VecDeque<Kept>,
}

#[derive(Debug)]
struct Kept {
    publication: Publication,
    expires_at: Option<Instant>,
}

impl fmt::Debug for State {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("State")
            .field("epoch", &self.epoch)
            .field("channels", &self.channels)
            .finish_non_exhaustive()
    }
}

/// Appends remembered for looks at recent heads. A look that comes later than that sees all heads.
const REMEMBERED_APPENDS: usize = 65_536;

impl MemoryLog {
    pub fn new(epoch: &str) -> Self {
        Self::with_retention(epoch, |_| Retention::default())
    }

    /// `retention` is asked by the name of a channel that is written to.
    pub fn with_retention(
        epoch: &str,
        retention: impl Fn(&str) -> Retention + Send + 'static,
    ) -> Self {
        Self(Arc::new(Mutex::new(State {
            epoch: epoch.into(),
            retention: Box::new(retention),
            renewals: 0,
            channels: HashMap::new(),
            appends: VecDeque::new(),
            first_append: 0,
            reachable: true,
        })))
    }

    /// Appends to several channels at once and returns what was assigned, for
    /// [`crate::Hub::committed`].
    pub fn append(&self, entries: &[(&str, Body)]) -> Vec<Publication> {
        let mut state = self.state();
        entries
            .iter()
            .map(|(channel, body)| state.append(channel, body, None))
            .collect()
    }

    /// Appends what a client published.
    pub fn append_from(&self, channel: &str, body: &Body, info: Arc<ClientInfo>) -> Publication {
        self.state().append(channel, body, Some(info))
    }

    /// Forgets everything up to `offset`.
    pub fn trim(&self, channel: &str, offset: u64) {
        if let Some(channel) = self.state().channels.get_mut(channel) {
            channel.kept.retain(|kept| kept.publication.offset > offset);
        }
    }

    /// Takes back everything after `offset`, as a restore from an older backup does.
    pub fn restore(&self, channel: &str, offset: u64) {
        if let Some(channel) = self.state().channels.get_mut(channel) {
            channel
                .kept
                .retain(|kept| kept.publication.offset <= offset);
            channel.head = channel.head.min(offset);
        }
    }

    /// Whether reads succeed, to rehearse a database that is away.
    pub fn set_reachable(&self, reachable: bool) {
        self.state().reachable = reachable;
    }

    pub fn is_reachable(&self) -> bool {
        self.state().reachable
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn read<T>(&self, read: impl FnOnce(&State) -> T) -> Result<T, LogError> {
        let state = self.state();
        if !state.reachable {
            return Err(LogError("switched off".to_owned()));
        }
        Ok(read(&state))
    }
}

impl State {
    fn append(&mut self, channel: &str, body: &Body, info: Option<Arc<ClientInfo>>) -> Publication {
        let retention = (self.retention)(channel);
        let now = Instant::now();
        let name: ChannelName = match self.channels.get_key_value(channel) {
            Some((name, _)) => name.clone(),
            None => channel.into(),
        };
        let entry = self.channels.entry(name.clone()).or_default();
        entry.head += 1;
        let publication = Publication {
            channel: name.clone(),
            offset: entry.head,
            epoch: self.epoch.clone(),
            key: None,
            body: body.clone(),
            info,
        };
        entry.kept.push_back(Kept {
            publication: publication.clone(),
            expires_at: retention.ttl.map(|ttl| now + ttl),
        });
        let too_many = entry.kept.len().saturating_sub(retention.publications);
        entry.kept.drain(..too_many);
        while entry.kept.front().is_some_and(|kept| kept.is_over(now)) {
            entry.kept.pop_front();
        }
        self.appends.push_back(name);
        if self.appends.len() > REMEMBERED_APPENDS {
            self.appends.pop_front();
            self.first_append += 1;
        }
        publication
    }

    fn head(&self, channel: &str) -> Position {
        Position {
            offset: self.channels.get(channel).map_or(0, |entry| entry.head),
            epoch: self.epoch.clone(),
        }
    }

    /// What is kept of a channel, oldest first.
    fn kept(&self, channel: &str) -> impl DoubleEndedIterator<Item = &Publication> {
        let now = Instant::now();
        self.channels
            .get(channel)
            .into_iter()
            .flat_map(|entry| &entry.kept)
            .filter(move |kept| !kept.is_over(now))
            .map(|kept| &kept.publication)
    }

    fn recent_heads(&self, cursor: Option<RecentCursor>) -> Vec<(ChannelName, Position)> {
        let Some(cursor) = cursor else {
            return Vec::new();
        };
        if cursor < self.first_append {
            let all = self.channels.keys();
            return all.map(|name| (name.clone(), self.head(name))).collect();
        }
        let skip = usize::try_from(cursor - self.first_append).unwrap_or(usize::MAX);
        let names: std::collections::BTreeSet<_> = self.appends.iter().skip(skip).collect();
        names
            .into_iter()
            .map(|name| (name.clone(), self.head(name)))
            .collect()
    }
}

impl Kept {
    fn is_over(&self, now: Instant) -> bool {
        self.expires_at.is_some_and(|at| at <= now)
    }
}

#[async_trait]
impl ChannelLog for MemoryLog {
    async fn epoch(&self) -> Result<Epoch, LogError> {
        self.read(|state| state.epoch.clone())
    }

    async fn head(&self, channel: &str) -> Result<Position, LogError> {
        self.read(|state| state.head(channel))
    }

    async fn read_after(
        &self,
        channel: &str,
        after: u64,
        limit: usize,
    ) -> Result<LogRead, LogError> {
        self.read(|state| LogRead {
            publications: state
                .kept(channel)
                .filter(|publication| publication.offset > after)
                .take(limit)
                .cloned()
                .collect(),
            head: state.head(channel),
        })
    }

    async fn read_before(
        &self,
        channel: &str,
        before: Option<u64>,
        limit: usize,
    ) -> Result<LogRead, LogError> {
        self.read(|state| LogRead {
            publications: state
                .kept(channel)
                .rev()
                .filter(|publication| before.is_none_or(|before| publication.offset < before))
                .take(limit)
                .cloned()
                .collect(),
            head: state.head(channel),
        })
    }

    async fn renew_epoch(&self, seen: &str) -> Result<Epoch, LogError> {
        let mut state = self.state();
        if !state.reachable {
            return Err(LogError("switched off".to_owned()));
        }
        if &*state.epoch == seen {
            state.renewals += 1;
            let renewed = format!("{seen}.{}", state.renewals);
            state.epoch = renewed.into();
        }
        Ok(state.epoch.clone())
    }

    async fn recent_heads(
        &self,
        cursor: Option<RecentCursor>,
    ) -> Result<(Vec<(ChannelName, Position)>, RecentCursor), LogError> {
        self.read(|state| {
            let next = state.first_append + state.appends.len() as u64;
            (state.recent_heads(cursor), next)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body(text: &str) -> Body {
        Body::from_text(text).unwrap()
    }

    #[tokio::test(start_paused = true)]
    async fn a_channel_keeps_so_many_for_so_long_and_its_head_for_ever() {
        let log = MemoryLog::with_retention("e", |channel| Retention {
            publications: if channel == "small" { 2 } else { 100 },
            ttl: Some(Duration::from_mins(5)),
        });
        let three = [
            ("small", body("1")),
            ("small", body("2")),
            ("small", body("3")),
        ];
        log.append(&three);
        log.append(&[("large", body("1"))]);
        let read = log.read_after("small", 0, 10).await.unwrap();
        let offsets: Vec<_> = read.publications.iter().map(|p| p.offset).collect();
        assert_eq!(offsets, [2, 3]);
        tokio::time::advance(Duration::from_secs(299)).await;
        log.append(&[("large", body("2"))]);
        tokio::time::advance(Duration::from_secs(1)).await;
        let read = log.read_before("large", None, 10).await.unwrap();
        let offsets: Vec<_> = read.publications.iter().map(|p| p.offset).collect();
        assert_eq!(offsets, [2]);
        let read = log.read_after("small", 0, 10).await.unwrap();
        assert!(read.publications.is_empty());
        assert_eq!(read.head.offset, 3);
    }
}
