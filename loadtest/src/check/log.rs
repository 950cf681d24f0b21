//! P2, in the database: per channel the log's offsets are dense from 1 to the head. One offset may
//! be left out on purpose: it is an order to start from a fresh snapshot, and the publication after
//! it says so by changing nothing. What is left in memory is one digest per publication.

use std::collections::HashMap;

use futures_util::TryStreamExt;
use serde_json::{Value, json};
use sqlx::{PgConnection, Row};

use crate::history::digest;

use super::finding::{Evidence, Finding};

/// The log as it stands after the run.
#[derive(Debug, Default)]
pub struct Log {
    pub epoch: String,
    channels: HashMap<String, Vec<Option<u64>>>,
}

/// What the log has at an offset.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Entry {
    Body {
        digest: u64,
    },
    /// Readers were told to start anew.
    LeftOut,
    /// Nothing was ever there.
    Beyond,
}

impl Log {
    pub fn at(&self, channel: &str, offset: u64) -> Entry {
        let entries = self.channels.get(channel);
        let index = offset
            .checked_sub(1)
            .and_then(|at| usize::try_from(at).ok());
        match index.and_then(|index| entries?.get(index)) {
            Some(Some(digest)) => Entry::Body { digest: *digest },
            Some(None) => Entry::LeftOut,
            None => Entry::Beyond,
        }
    }

    /// Every body is shown to `look` on the way.
    pub async fn read(
        database: &mut PgConnection,
        mut look: impl FnMut(&str, &str),
    ) -> sqlx::Result<(Self, Finding)> {
        let mut reading = Reading::default();
        reading.log.epoch = sqlx::query_scalar("select log_name()")
            .fetch_one(&mut *database)
            .await?;
        let mut rows = sqlx::query(
            "select channel, channel_offset, body::text as body
             from publication order by channel, channel_offset",
        )
        .fetch(&mut *database);
        while let Some(row) = rows.try_next().await? {
            let offset = u64::try_from(row.get::<i64, _>(1)).unwrap_or_default();
            let (channel, body) = (row.get(0), row.get(2));
            look(channel, body);
            reading.entry(channel, offset, body);
        }
        drop(rows);
        let heads: Vec<(String, i64)> = sqlx::query_as("select name, head from channel")
            .fetch_all(database)
            .await?;
        for (name, head) in heads {
            reading.head(&name, u64::try_from(head).unwrap_or_default());
        }
        Ok((reading.log, reading.finding))
    }

    /// A log of bodies, for tests: those of each channel from offset 1 on.
    #[cfg(test)]
    pub fn of(channel: &str, bodies: &[&str]) -> Self {
        let mut reading = Reading::default();
        reading.log.epoch = "first".to_owned();
        for (offset, body) in (1..).zip(bodies) {
            reading.entry(channel, offset, body);
        }
        reading.log
    }
}

struct Reading {
    log: Log,
    finding: Finding,
}

impl Default for Reading {
    fn default() -> Self {
        Self {
            log: Log::default(),
            finding: Finding::new("the log is dense, up to each channel's head"),
        }
    }
}

impl Reading {
    /// Entries come by channel, in the order of their offsets.
    fn entry(&mut self, channel: &str, offset: u64, body: &str) {
        self.finding.checked += 1;
        if !self.log.channels.contains_key(channel) {
            self.log.channels.insert(channel.to_owned(), Vec::new());
        }
        let entries = self
            .log
            .channels
            .get_mut(channel)
            .expect("it was put in just now");
        let last = entries.len() as u64;
        let fault = match offset.checked_sub(last) {
            Some(1) if is_order_to_start_anew(channel, body) => Some(format!(
                "{offset} says to start anew, but nothing is left out"
            )),
            Some(1) => None,
            Some(2) if is_order_to_start_anew(channel, body) => None,
            Some(0) => Some(format!("{offset} is there twice")),
            Some(_) | None => Some(format!("{offset} follows {last}")),
        };
        // A gap too wide is told once and not kept.
        if (last + 1..=last + 1000).contains(&offset) {
            entries.resize(usize::try_from(offset - 1).expect("small"), None);
            entries.push(Some(digest(body.as_bytes())));
        }
        if let Some(fault) = fault {
            self.finding.violated(Evidence::new(fault).on(channel));
        }
    }

    fn head(&mut self, channel: &str, head: u64) {
        let last = self.log.channels.get(channel).map_or(0, Vec::len) as u64;
        if last != head {
            let what = format!("its head is {head}, its last publication {last}");
            self.finding.violated(Evidence::new(what).on(channel));
        }
    }
}

/// Counts of free cleaners are published as changes; one that changes nothing is said only to those
/// who are to count anew.
fn is_order_to_start_anew(channel: &str, body: &str) -> bool {
    channel.starts_with("slots:")
        && serde_json::from_str::<Value>(body).is_ok_and(|body| body["free"] == json!([]))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ANEW: &str = r#"{"at":"2026-11-21T00:00:00Z","free":[]}"#;

    fn faults(entries: &[(&str, u64, &str)], heads: &[(&str, u64)]) -> Vec<String> {
        let mut reading = Reading::default();
        for (channel, offset, body) in entries {
            reading.entry(channel, *offset, body);
        }
        for (channel, head) in heads {
            reading.head(channel, *head);
        }
        let first = reading.finding.first.iter();
        first.map(ToString::to_string).collect()
    }

    #[test]
    fn a_dense_log_is_in_order_also_with_an_order_to_start_anew() {
        let entries = [
            ("board:a", 1, "{}"),
            ("board:a", 2, "{}"),
            ("slots:a:b", 2, ANEW),
            ("slots:a:b", 3, r#"{"free":[{"by":1}]}"#),
            ("slots:a:b", 5, ANEW),
        ];
        let heads = [("board:a", 2), ("slots:a:b", 5)];
        assert_eq!(faults(&entries, &heads), Vec::<String>::new());
    }

    #[test]
    fn gaps_and_repetitions_are_found() {
        for entries in [
            [("board:a", 1, "{}"), ("board:a", 3, ANEW)],
            [("slots:a:b", 1, "{}"), ("slots:a:b", 3, "{}")],
            [("slots:a:b", 1, "{}"), ("slots:a:b", 4, ANEW)],
            [("board:a", 1, "{}"), ("board:a", 1, "{}")],
            [("board:a", 2, "{}"), ("board:a", 3, "{}")],
            [("slots:a:b", 1, "{}"), ("slots:a:b", 2, ANEW)],
        ] {
            assert_eq!(faults(&entries, &[]).len(), 1, "{entries:?}");
        }
    }

    #[test]
    fn heads_that_are_not_the_last_publication_are_found() {
        for head in [1, 3] {
            let entries = [("board:a", 1, "{}"), ("board:a", 2, "{}")];
            assert_eq!(faults(&entries, &[("board:a", head)]).len(), 1);
        }
        assert_eq!(faults(&[], &[("board:a", 1)]).len(), 1);
    }

    #[test]
    fn what_is_where_is_told() {
        let mut reading = Reading::default();
        reading.entry("slots:a:b", 1, "{}");
        reading.entry("slots:a:b", 3, ANEW);
        let found = [0, 1, 2, 3, 4].map(|offset| reading.log.at("slots:a:b", offset));
        let body = |text: &str| Entry::Body {
            digest: digest(text.as_bytes()),
        };
        let expected = [
            Entry::Beyond,
            body("{}"),
            Entry::LeftOut,
            body(ANEW),
            Entry::Beyond,
        ];
        assert_eq!(found, expected);
    }
}
