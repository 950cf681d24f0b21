//! The figures of a run, from its history and the log's times of publication: both clocks are this
//! machine's.

use std::{
    collections::{BTreeMap, HashMap},
    fs::File,
    io::{BufRead as _, BufReader},
    path::Path,
};

use anyhow::{Context as _, Result};
use futures_util::TryStreamExt as _;
use sqlx::{Connection as _, PgConnection, Row as _};

use super::{Stretch, histogram::Histogram, storm::Storm};
use crate::{
    history::{Event, Line, Outcome, Run, fault},
    people::director::Sample,
};

/// What a healed fault still shows in, in microseconds.
const AFTERMATH: u64 = 2_000_000;
const SECOND: u64 = 1_000_000;

/// See the module. Durations are in microseconds.
#[derive(Debug, Default)]
pub struct Figures {
    /// From when a command was meant to go to its outcome.
    pub acknowledged_quiet: Histogram,
    pub acknowledged_under_faults: Histogram,
    /// From a publication's commit to a client.
    pub delivered_quiet: Histogram,
    pub delivered_under_faults: Histogram,
    /// While nothing but Redis, or the wire to it, was at fault.
    pub delivered_under_redis_faults: Histogram,
    /// The worst of those.
    pub stalest: Option<Stale>,
    /// From the kill of their instance until clients were live again.
    pub caught_up: Histogram,
    /// Outcomes of commands given while instances were restarted one after the other.
    pub rolling: Histogram,
    pub rolling_unknown: u64,
    /// Publications that came, those of recoveries included.
    pub deliveries: u64,
    pub faults: BTreeMap<String, u64>,
    pub storm: Option<Storm>,
}

/// A delivery that came late. Times are in microseconds.
#[derive(Debug, Clone)]
pub struct Stale {
    pub took: u64,
    /// Since the run began.
    pub at: u64,
    pub client: u32,
    pub channel: String,
    /// The last fault before it, and when that came.
    pub after: Option<(String, u64)>,
}

impl Figures {
    pub(super) async fn of(
        folder: &Path,
        run: &Run,
        samples: &[Sample],
        quiet: Stretch,
        faults: Stretch,
        storm: Option<Storm>,
    ) -> Result<Self> {
        let published = Published::read(run).await?;
        let mut reader = Reader {
            figures: Self {
                storm,
                ..Self::default()
            },
            published,
            quiet,
            faults,
            weather: Weather::default(),
            last_fault: None,
            clients: HashMap::new(),
            restarts: Vec::new(),
        };
        let file = File::open(folder.join("history.jsonl"))?;
        for line in BufReader::new(file).lines() {
            let line = line?;
            reader.take(serde_json::from_str(&line).with_context(|| line.clone())?);
        }
        let Reader {
            mut figures,
            restarts,
            ..
        } = reader;
        for sample in samples {
            figures.take(sample, quiet, faults, &restarts);
        }
        Ok(figures)
    }

    fn take(&mut self, sample: &Sample, quiet: Stretch, faults: Stretch, restarts: &[Stretch]) {
        if quiet.holds(sample.at) {
            self.acknowledged_quiet.add(sample.took);
        }
        if faults.holds(sample.at) {
            self.acknowledged_under_faults.add(sample.took);
        }
        if restarts.iter().any(|restart| restart.holds(sample.at)) {
            self.rolling.add(sample.took);
            self.rolling_unknown += u64::from(sample.outcome == Outcome::Unknown);
        }
    }

    /// Of the commands given during rolling restarts, the share with a definite outcome in a second.
    pub fn definite_in_time(&self) -> Option<f64> {
        self.rolling.share_within(SECOND)
    }
}

/// When each publication was committed, by channel and offset.
struct Published {
    /// The run's start, and the commits, in microseconds since the Unix epoch.
    started_at: i64,
    times: HashMap<String, HashMap<u64, i64>>,
}

impl Published {
    async fn read(run: &Run) -> Result<Self> {
        let mut database = PgConnection::connect(&run.database_url).await?;
        let mut rows = sqlx::query(
            "select channel, channel_offset, (extract(epoch from published_at) * 1000000)::bigint
             from publication where published_at >= to_timestamp($1::double precision / 1000000)",
        )
        .bind(run.started_at)
        .fetch(&mut database);
        let mut published = Self {
            started_at: run.started_at,
            times: HashMap::new(),
        };
        while let Some(row) = rows.try_next().await? {
            let (channel, offset): (String, i64) = (row.try_get(0)?, row.try_get(1)?);
            let times = published.times.entry(channel).or_default();
            times.insert(u64::try_from(offset)?, row.try_get(2)?);
        }
        Ok(published)
    }

    /// Microseconds from its commit to this moment of the run. None: it is not in the log, or a
    /// database that went back has another under this offset, from later.
    fn age(&self, channel: &str, offset: u64, at: u64) -> Option<u64> {
        let published_at = self.times.get(channel)?.get(&offset)?;
        let received_at = self.started_at + i64::try_from(at).ok()?;
        u64::try_from(received_at - published_at).ok()
    }
}

/// Which faults there are at the moment.
#[derive(Default)]
struct Weather {
    redis: Kind,
    other: Kind,
}

#[derive(Default)]
struct Kind {
    active: u32,
    over_at: u64,
}

impl Kind {
    fn take(&mut self, at: u64, healed: bool) {
        if healed {
            self.active = self.active.saturating_sub(1);
            self.over_at = at + AFTERMATH;
        } else {
            self.active += 1;
        }
    }

    fn is_felt(&self, at: u64) -> bool {
        self.active > 0 || at < self.over_at
    }
}

/// A client as far as its return is of interest.
#[derive(Default)]
struct Client {
    instance: Option<usize>,
    /// Subscriptions asked for and not answered.
    asked: usize,
    /// When its instance was killed.
    killed_at: Option<u64>,
}

struct Reader {
    figures: Figures,
    published: Published,
    quiet: Stretch,
    faults: Stretch,
    weather: Weather,
    last_fault: Option<(String, u64)>,
    clients: HashMap<u32, Client>,
    restarts: Vec<Stretch>,
}

impl Reader {
    fn take(&mut self, Line { at, client, event }: Line) {
        match event {
            Event::Published { channel, seen } => {
                self.figures.deliveries += 1;
                self.delivered(at, client, &channel, seen.offset);
            }
            Event::Fault {
                name,
                target,
                healed,
                ..
            } => self.fault(at, &name, &target, healed),
            Event::Connected { instance, .. } => {
                self.clients.entry(client).or_default().instance = Some(instance);
            }
            Event::Closed { .. } => {
                let known = self.clients.entry(client).or_default();
                (known.instance, known.asked) = (None, 0);
            }
            Event::Subscribing { .. } => self.clients.entry(client).or_default().asked += 1,
            Event::Subscribed { publications, .. } => {
                self.figures.deliveries += publications.len() as u64;
                self.answered(at, client);
            }
            Event::Denied { .. } => self.answered(at, client),
            Event::Person { .. }
            | Event::Unsubscribed { .. }
            | Event::Left { .. }
            | Event::Heard { .. }
            | Event::Sent { .. }
            | Event::Answered { .. }
            | Event::Fresh { .. }
            | Event::Present { .. }
            | Event::Settled
            | Event::Leaked { .. }
            | Event::Deadlocks { .. }
            | Event::Resources { .. } => {}
        }
    }

    fn answered(&mut self, at: u64, client: u32) {
        let known = self.clients.entry(client).or_default();
        known.asked = known.asked.saturating_sub(1);
        if known.asked == 0
            && let Some(killed_at) = known.killed_at.take()
        {
            self.figures.caught_up.add(at - killed_at);
        }
    }

    fn delivered(&mut self, at: u64, client: u32, channel: &str, offset: u64) {
        let Some(took) = self.published.age(channel, offset, at) else {
            return;
        };
        if self.quiet.holds(at) {
            self.figures.delivered_quiet.add(took);
        }
        if self.faults.holds(at) {
            self.figures.delivered_under_faults.add(took);
            if self.weather.redis.is_felt(at) && !self.weather.other.is_felt(at) {
                self.figures.delivered_under_redis_faults.add(took);
                let stalest = self.figures.stalest.as_ref();
                if stalest.is_none_or(|stalest| stalest.took < took) {
                    self.figures.stalest = Some(Stale {
                        took,
                        at,
                        client,
                        channel: channel.to_owned(),
                        after: self.last_fault.clone(),
                    });
                }
            }
        }
    }

    fn fault(&mut self, at: u64, name: &str, target: &str, healed: bool) {
        if name == fault::COPIED {
            return;
        }
        let is_redis = name.starts_with("redis.") || name.starts_with("wire.redis");
        let alone = !self.weather.redis.is_felt(at) && !self.weather.other.is_felt(at);
        let kind = if is_redis {
            &mut self.weather.redis
        } else {
            &mut self.weather.other
        };
        kind.take(at, healed);
        if healed {
            if let Some(restart) = self.restarts.last_mut()
                && name == "instance.rolling_restart"
                && restart.until == u64::MAX
            {
                restart.until = at;
            }
            return;
        }
        *self.figures.faults.entry(name.to_owned()).or_default() += 1;
        self.last_fault = Some((name.to_owned(), at));
        if !alone {
            return;
        }
        if name == "instance.rolling_restart" {
            self.restarts.push(Stretch {
                from: at,
                until: u64::MAX,
            });
        }
        if name == "instance.kill" {
            let number = target
                .strip_prefix("instance-")
                .and_then(|it| it.parse::<usize>().ok());
            for client in self.clients.values_mut() {
                if client.instance.map(|instance| instance + 1) == number {
                    client.killed_at = Some(at);
                }
            }
        }
    }
}
