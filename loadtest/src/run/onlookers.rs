//! Those who only look, by thousands: held by the light client of the benchmarks, each on one channel,
//! and each held against its channel's dense offsets up to the head that the server tells.

use std::{
    collections::{BTreeMap, HashMap},
    net::Ipv4Addr,
    time::Duration,
};

use anyhow::{Result, ensure};
use serde::Serialize;
use tokio::task::block_in_place;

use super::scene::Scene;
use crate::bench::{
    coordinator::Crew,
    oracle::Faults,
    wire::Language,
    worker::{Party, Report},
};

/// Connections of one process.
const EACH: usize = 5000;
/// Connections that are being opened at any time.
const AT_ONCE: usize = 64;

/// A channel, and the token of who may look at it; none: anybody may.
pub(super) type View = (String, Option<String>);

/// See the module.
pub(super) struct Onlookers {
    crew: Crew,
    views: Vec<View>,
    pub opening: Duration,
}

/// What came of it.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Seen {
    pub connections: usize,
    pub opened_per_second: f64,
    pub deliveries: u64,
    pub faults: Faults,
    /// Connections that ended, by what the server said.
    pub ended: BTreeMap<String, u64>,
}

impl Onlookers {
    /// The first looks at the first view, the next at the next, and round again.
    pub(super) fn come(scene: &Scene, count: usize, views: Vec<View>) -> Result<Self> {
        ensure!(!views.is_empty(), "there is something to look at");
        let (channels, tokens) = views.iter().cloned().unzip::<_, _, Vec<_>, Vec<_>>();
        let party = Party {
            address: scene.doors.instances[0],
            path: "/connection/websocket".to_owned(),
            language: Language::Json,
            token: String::new(),
            channels,
            tokens: tokens.into_iter().map(Option::unwrap_or_default).collect(),
            subscribers: count,
            worker: 0,
            workers: count.div_ceil(EACH).max(1),
            sources: vec![Ipv4Addr::LOCALHOST],
            at_once: AT_ONCE,
        };
        block_in_place(|| {
            let mut crew = Crew::start(&party)?;
            let opening = crew.open(&party)?;
            Ok(Self {
                crew,
                views,
                opening,
            })
        })
    }

    /// What has come to all of them so far, as of the last time that they told.
    pub(super) fn deliveries(&mut self) -> u64 {
        self.crew.progress().deliveries
    }

    /// When nobody acts any more: whether everybody has had everything.
    pub(super) async fn look(mut self, scene: &Scene) -> Result<Seen> {
        let mut known = HashMap::new();
        let mut heads = Vec::with_capacity(self.views.len());
        for (channel, token) in &self.views {
            let head = match known.get(channel) {
                Some(head) => *head,
                None => scene.head(channel, token.as_deref()).await?,
            };
            known.insert(channel, head);
            heads.push(head);
        }
        let connections = self.crew.progress().subscribed;
        let Report {
            tally,
            faults,
            ended,
            ..
        } = block_in_place(|| {
            self.crew.settle(&heads)?;
            self.crew.report(&heads)
        })?;
        #[expect(clippy::cast_precision_loss, reason = "for people to read")]
        let opened_per_second = connections as f64 / self.opening.as_secs_f64().max(1e-9);
        Ok(Seen {
            connections,
            opened_per_second,
            deliveries: tally.all,
            faults,
            ended,
        })
    }
}

impl Seen {
    pub fn is_good(&self) -> bool {
        !self.faults.any() && self.ended.is_empty()
    }
}
