//! Each live view equals a fresh snapshot, and every snapshot that anybody got equals the ones
//! before it with the publications in between (P4).
//!
//! That a client got every publication, and got the log's bytes, is checked elsewhere; so what it
//! sees is its snapshot with the log's bodies on top. Per channel one view is folded through the
//! log, and each snapshot of the history is held against it at its offset: if all are equal, so are
//! all the views that began with them. What is left is that nobody stays behind: at rest each live
//! view must reach a fresh snapshot's offset at once.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    path::Path,
};

use futures_util::TryStreamExt;
use sqlx::{PgConnection, Row};

use crate::history::{Event, Position, digest};

use super::{
    clients::{Clients, Phase},
    excuses::Excuses,
    finding::{Evidence, Finding},
    fold::{Folded, Snapshot},
    log::{Entry, Log},
    reading::{Again, Placed},
};

/// How long a live view may be behind at rest, in microseconds.
const LATE: u64 = 2_000_000;
/// Differences of a view that are told.
const TOLD: usize = 3;

#[derive(Debug)]
pub struct Views {
    finding: Finding,
    snapshots: BTreeMap<String, Vec<Shown>>,
    behind: HashMap<(u32, String), Behind>,
    settled: Option<Settled>,
}

/// How the views stood when everything had come to rest for the last time.
#[derive(Debug, Default)]
struct Settled {
    line: u64,
    /// Whether anything has been read anew since.
    read_anew: bool,
    /// One view of each epoch in which any lived, with how many did.
    epochs: BTreeMap<String, (u64, u32, String)>,
}

/// A snapshot in the history.
#[derive(Debug, Clone)]
struct Shown {
    offset: u64,
    epoch: String,
    at: u64,
    line: u64,
    place: u64,
    client: u32,
}

/// A live view that has to reach an offset.
#[derive(Debug)]
struct Behind {
    offset: u64,
    until: u64,
    line: u64,
}

impl Default for Views {
    fn default() -> Self {
        Self {
            finding: Finding::new("views are what a fresh snapshot shows"),
            snapshots: BTreeMap::new(),
            behind: HashMap::new(),
            settled: None,
        }
    }
}

impl Views {
    pub fn see(&mut self, placed: &Placed, clients: &Clients) {
        let (client, event) = (placed.line.client, &placed.line.event);
        if let Event::Subscribed {
            channel,
            position: Some(position),
            snapshot: Some(_),
            ..
        } = event
        {
            self.shown(placed, channel, position);
            self.behind.remove(&(client, channel.clone()));
        } else if let Event::Fresh {
            channel, position, ..
        } = event
        {
            self.shown(placed, channel, position);
            if let Some(settled) = &mut self.settled {
                settled.read_anew = true;
            }
            self.wait_for(placed, channel, position, clients);
        } else if let Event::Published { channel, seen } = event {
            self.reached(placed, channel, seen.offset);
        } else if let Event::Unsubscribed { channel, .. }
        | Event::Denied { channel, .. }
        | Event::Left { channel } = event
        {
            self.behind.remove(&(client, channel.clone()));
        } else if let Event::Closed { .. } = event {
            self.behind.retain(|(of, _), _| *of != client);
        } else if let Event::Fault { healed: false, .. } = event {
            self.behind.clear();
            self.settled = None;
        } else if let Event::Settled = event {
            self.settled = Some(Settled::at(placed.number, clients));
        }
    }

    fn shown(&mut self, placed: &Placed, channel: &str, position: &Position) {
        let shown = Shown {
            offset: position.offset,
            epoch: position.epoch.clone(),
            at: placed.line.at,
            line: placed.number,
            place: placed.place,
            client: placed.line.client,
        };
        match self.snapshots.get_mut(channel) {
            Some(known) => known.push(shown),
            None => drop(self.snapshots.insert(channel.to_owned(), vec![shown])),
        }
    }

    /// All who follow the channel have, or get at once, what the fresh snapshot shows.
    fn wait_for(&mut self, placed: &Placed, channel: &str, fresh: &Position, clients: &Clients) {
        for (client, _, subscription) in clients.live_on(channel) {
            self.finding.checked += 1;
            let Some(view) = &subscription.view else {
                continue;
            };
            if view.epoch != fresh.epoch {
                let what = format!("lives in epoch {}, the log in {}", view.epoch, fresh.epoch);
                let evidence = Evidence::at(placed.number, client, what);
                self.finding.violated(evidence.on(channel));
            } else if view.offset < fresh.offset {
                let behind = Behind {
                    offset: fresh.offset,
                    until: placed.line.at + LATE,
                    line: placed.number,
                };
                let key = (client, channel.to_owned());
                self.behind.entry(key).or_insert(behind);
            }
        }
    }

    fn reached(&mut self, placed: &Placed, channel: &str, offset: u64) {
        if self.behind.is_empty() {
            return;
        }
        let key = (placed.line.client, channel.to_owned());
        let Some(behind) = self.behind.get(&key) else {
            return;
        };
        if offset < behind.offset {
            return;
        }
        if placed.line.at > behind.until {
            let what = format!("reached {} too late", behind.offset);
            let evidence = Evidence::at(behind.line, placed.line.client, what);
            self.finding.violated(evidence.on(channel));
        }
        self.behind.remove(&key);
    }

    pub async fn finding(
        mut self,
        history: &Path,
        database: &mut PgConnection,
        log: &Log,
        excuses: &Excuses,
    ) -> anyhow::Result<Finding> {
        for ((client, channel), behind) in std::mem::take(&mut self.behind) {
            let what = format!("never reached {}", behind.offset);
            let evidence = Evidence::at(behind.line, client, what);
            self.finding.violated(evidence.on(&channel));
        }
        if let Some(settled) = self.settled.take() {
            settled.judge(log, &mut self.finding);
        }
        let mut again = Again::open(history)?;
        for (channel, mut shown) in std::mem::take(&mut self.snapshots) {
            shown.retain(|shown| shown.epoch == log.epoch || !excuses.may_be_lost(shown.at));
            shown.sort_by_key(|shown| (shown.offset, shown.line));
            let mut course = Course::new(&channel, &mut self.finding);
            course.run(&shown, &mut again, database, log).await?;
        }
        Ok(self.finding)
    }
}

impl Settled {
    fn at(line: u64, clients: &Clients) -> Self {
        let mut settled = Self {
            line,
            ..Self::default()
        };
        for (number, client) in clients.iter() {
            for (channel, subscription) in &client.subscriptions {
                let followed = subscription.phase == Phase::Live;
                if let Some(view) = subscription.view.as_ref().filter(|_| followed) {
                    let known = settled.epochs.entry(view.epoch.clone());
                    known.or_insert((0, number, channel.clone())).0 += 1;
                }
            }
        }
        settled
    }

    fn judge(self, log: &Log, finding: &mut Finding) {
        if !self.read_anew {
            let what = "at rest nothing could be read anew";
            finding.violated(Evidence::at(self.line, 0, what));
        }
        for (epoch, (count, client, channel)) in self.epochs {
            finding.checked += count;
            if epoch != log.epoch {
                let what = format!("{count} views live in epoch {epoch}, not in {}", log.epoch);
                finding.violated(Evidence::at(self.line, client, what).on(&channel));
            }
        }
    }
}

/// One channel's way through the log, past all snapshots of it.
struct Course<'a> {
    channel: &'a str,
    finding: &'a mut Finding,
    /// None before the first snapshot, and after an order to start anew.
    view: Option<Folded>,
    /// Snapshots that were found equal here, without their instants.
    equal: HashSet<u64>,
}

impl<'a> Course<'a> {
    fn new(channel: &'a str, finding: &'a mut Finding) -> Self {
        Self {
            channel,
            finding,
            view: None,
            equal: HashSet::new(),
        }
    }

    async fn run(
        &mut self,
        shown: &[Shown],
        again: &mut Again,
        database: &mut PgConnection,
        log: &Log,
    ) -> anyhow::Result<()> {
        let Some(first) = shown.first() else {
            return Ok(());
        };
        let mut bodies = sqlx::query(
            "select channel_offset, body::text as body from publication
             where channel = $1 and channel_offset > $2 order by channel_offset",
        )
        .bind(self.channel)
        .bind(i64::try_from(first.offset).unwrap_or(i64::MAX))
        .fetch(database);
        let mut reached = first.offset;
        for shown in shown {
            while reached < shown.offset {
                let Some(row) = bodies.try_next().await? else {
                    break;
                };
                let offset = u64::try_from(row.get::<i64, _>(0)).unwrap_or_default();
                self.equal.clear();
                if log.at(self.channel, reached + 1) == Entry::LeftOut {
                    self.view = None;
                }
                if let Some(view) = &mut self.view {
                    view.apply(row.get(1))?;
                }
                reached = offset;
            }
            if is_place(log.at(self.channel, shown.offset), shown.offset) {
                self.pass(shown, again)?;
            } else {
                let what = format!("a snapshot at {}, where nothing is", shown.offset);
                self.found(shown, what);
            }
        }
        Ok(())
    }

    /// Holds a snapshot against the view folded so far, and goes on from it.
    fn pass(&mut self, shown: &Shown, again: &mut Again) -> anyhow::Result<()> {
        self.finding.checked += 1;
        let line = again.line(shown.place)?;
        let (Event::Subscribed {
            snapshot: Some(json),
            ..
        }
        | Event::Fresh { snapshot: json, .. }) = &line.event
        else {
            return Ok(());
        };
        if !self.equal.insert(without_its_instant(json.get())) {
            return Ok(());
        }
        let fresh = match Snapshot::read(json.get()) {
            Ok(fresh) => fresh,
            Err(error) => {
                self.found(shown, format!("a snapshot is no body: {error}"));
                return Ok(());
            }
        };
        if let Some(what) = fresh.view.below_zero().next() {
            self.found(shown, what);
        }
        let differences = match &self.view {
            Some(view) => view.differences(self.channel, &fresh),
            None => Vec::new(),
        };
        if !differences.is_empty() {
            let first = differences[..differences.len().min(TOLD)].join("; ");
            let what = format!(
                "the snapshot at {} differs in {} from what was there and came since: {first}",
                shown.offset,
                differences.len()
            );
            self.found(shown, what);
        }
        self.view = Some(fresh.view);
        Ok(())
    }

    fn found(&mut self, shown: &Shown, what: String) {
        let evidence = Evidence::at(shown.line, shown.client, what);
        self.finding.violated(evidence.on(self.channel));
    }
}

/// Whether a view may stand at this offset.
fn is_place(entry: Entry, offset: u64) -> bool {
    match entry {
        Entry::Body { .. } => true,
        Entry::LeftOut => false,
        Entry::Beyond => offset == 0,
    }
}

/// A snapshot begins with when it was read.
fn without_its_instant(json: &str) -> u64 {
    let rest = json.starts_with(r#"{"at":"#).then(|| json.split_once(','));
    digest(rest.flatten().map_or(json, |(_, rest)| rest).as_bytes())
}

#[cfg(test)]
mod tests;
