//! What a reader keeps of a channel: a snapshot and the publications after it, folded. It must be
//! what a fresh snapshot shows, whatever happened in between.

use std::collections::{BTreeMap, BTreeSet};

use dispatch_hub::{
    audience::{self, Body, Channel, Row, RowKey, SlotsBody},
    store,
};
use jiff::ToSpan;

use crate::{company::Company, support::schemas::assert_is};

/// Channels by name, each with the offset it has reached.
pub(crate) type Views = BTreeMap<String, (Folded, u64)>;

/// A channel as a reader keeps it.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Folded {
    rows: BTreeMap<RowKey, Row>,
    free: BTreeMap<(String, String), i32>,
}

impl Folded {
    fn apply(&mut self, channel: &Channel, body: &str) {
        if let Channel::Slots { .. } = channel {
            let body: SlotsBody = serde_json::from_str(body).expect("a slots body");
            for change in body.free {
                let key = (change.service.to_string(), change.start.to_string());
                *self.free.entry(key).or_default() += change.by;
            }
            self.free.retain(|_, free| *free != 0);
            return;
        }
        let body: Body = serde_json::from_str(body).expect("a body");
        for row in body.set {
            self.rows.insert(row.key(), row);
        }
        for key in body.unset {
            self.rows.remove(&key);
        }
    }
}

/// A body is as the channel's published schema says.
fn assert_told(channel: &str, part: &str, body: &str) {
    let family = channel.split(':').next().expect("a name");
    let body = serde_json::from_str(body).expect("a body is JSON");
    assert_is(&format!("{family}.{part}"), &body);
}

async fn fresh(company: &Company, channel: &Channel) -> (Folded, u64) {
    let snapshot = store::snapshot(&company.pools, channel)
        .await
        .expect("a snapshot");
    let body = audience::snapshot(channel, &snapshot.world, snapshot.at);
    assert_told(&channel.to_string(), "snapshot", body.get());
    let mut folded = Folded::default();
    folded.apply(channel, body.get());
    (folded, snapshot.position.offset)
}

/// Every channel that was written: its first snapshot (as given, else nothing) with all its
/// publications on top equals a fresh one.
pub(crate) async fn assert_views_fold(company: &Company, first: &Views) {
    let rows: Vec<(String, i64, String)> = sqlx::query_as(
        "select channel, channel_offset, body::text from publication order by channel, channel_offset",
    )
    .fetch_all(&company.pool)
    .await
    .expect("publications");
    let mut views: Views = first.clone();
    let mut anew: BTreeSet<String> = BTreeSet::new();
    for (channel, offset, body) in rows {
        let offset = u64::try_from(offset).expect("positive");
        let (view, reached) = views.entry(channel.clone()).or_default();
        if offset <= *reached {
            continue;
        }
        if offset == *reached + 2 && channel.starts_with("slots:") {
            // Readers are told to start from a fresh snapshot, which is gone by now.
            anew.insert(channel.clone());
        } else {
            assert_eq!(offset, *reached + 1, "{channel} has a gap");
        }
        assert_told(&channel, "publication", &body);
        view.apply(&channel.parse().expect("a channel"), &body);
        *reached = offset;
    }
    for (name, (view, reached)) in views {
        let channel = name.parse().expect("a channel");
        let (now, head) = fresh(company, &channel).await;
        assert_eq!(reached, head, "{name}");
        let same = view == now || anew.contains(&name);
        assert!(
            same,
            "{name} folds to something else: {view:?}, not {now:?}"
        );
    }
}

/// Snapshots of all the channels of the company's days and people, before anything happens.
pub(crate) async fn first_snapshots(company: &Company) -> Views {
    let mut names: BTreeSet<String> = BTreeSet::from(["board:center".to_owned()]);
    for day in -5..=2 {
        let date = company.date.checked_add(day.days()).expect("in range");
        names.insert(format!("slots:center:{date}"));
        names.insert(format!("control:center:{date}"));
    }
    names.extend(company.cleaners.iter().map(|id| format!("agenda:{id}")));
    names.extend(
        company
            .customers
            .iter()
            .map(|(id, _)| format!("customer:{id}")),
    );
    let written: Vec<String> = sqlx::query_scalar("select name from channel")
        .fetch_all(&company.pool)
        .await
        .expect("the channels");
    names.extend(written);
    let mut first = BTreeMap::new();
    for name in names {
        let channel = name.parse().expect("a channel");
        let snapshot = fresh(company, &channel).await;
        first.insert(name, snapshot);
    }
    first
}
