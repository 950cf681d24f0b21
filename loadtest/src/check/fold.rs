//! The one reducer, written anew from the glossary: what a view is, how a body changes it, and how
//! two views differ.
//!
//! Rows are set and unset by kind and id; counts of free cleaners are added up, and a start that
//! comes down to none is forgotten. Some channels show what is near in time only: a row may leave
//! the view of a later snapshot, or enter it, by the passing of time alone.

use std::collections::HashMap;

use serde::Deserialize;
use serde_json::Value;

use super::instant::{DAY, Micros, instant};

/// A channel as a reader keeps it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Folded {
    rows: HashMap<(String, String), Value>,
    /// By service and start.
    free: HashMap<(String, String), i64>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Body {
    at: String,
    set: Vec<Value>,
    unset: Vec<Key>,
    free: Vec<Free>,
}

#[derive(Debug, Deserialize)]
struct Key {
    kind: String,
    id: String,
}

#[derive(Debug, Deserialize)]
struct Free {
    service: String,
    start: String,
    by: i64,
}

/// A snapshot, read: the view and when it was.
#[derive(Debug)]
pub struct Snapshot {
    pub view: Folded,
    pub at: Micros,
}

impl Snapshot {
    pub fn read(json: &str) -> Result<Self, serde_json::Error> {
        let body: Body = serde_json::from_str(json)?;
        let at = instant(&body.at).unwrap_or_default();
        let mut view = Folded::default();
        view.change(body);
        Ok(Self { view, at })
    }
}

impl Folded {
    pub fn apply(&mut self, body: &str) -> Result<(), serde_json::Error> {
        self.change(serde_json::from_str(body)?);
        Ok(())
    }

    fn change(&mut self, body: Body) {
        for row in body.set {
            let part = |name: &str| row[name].as_str().unwrap_or_default().to_owned();
            self.rows.insert((part("kind"), part("id")), row);
        }
        for key in body.unset {
            self.rows.remove(&(key.kind, key.id));
        }
        for Free { service, start, by } in body.free {
            let key = (service, start);
            let free = self.free.entry(key.clone()).or_default();
            *free += by;
            if *free == 0 {
                self.free.remove(&key);
            }
        }
    }

    /// Starts at which fewer than nobody are free.
    pub fn below_zero(&self) -> impl Iterator<Item = String> {
        let free = self.free.iter().filter(|(_, free)| **free < 0);
        free.map(|((service, start), free)| format!("{free} are free for {service} at {start}"))
    }

    /// How a fresh snapshot differs from this view of before, but for what time explains.
    pub fn differences(&self, channel: &str, fresh: &Snapshot) -> Vec<String> {
        let mut found = Vec::new();
        for (key, row) in &self.rows {
            let name = format!("{} {}", key.0, key.1);
            match fresh.view.rows.get(key) {
                Some(now) if now == row => {}
                Some(now) => found.push(format!("{name} is {now}, not {row}")),
                None if is_long_over(channel, row, fresh.at) => {}
                None => found.push(format!("{name} is not there: {row}")),
            }
        }
        for (key, row) in &fresh.view.rows {
            if !self.rows.contains_key(key) && !is_far_ahead(channel, row, fresh.at) {
                found.push(format!("{} {} is there: {row}", key.0, key.1));
            }
        }
        for (key, free) in &self.free {
            let now = fresh.view.free.get(key).copied().unwrap_or_default();
            if now != *free {
                found.push(format!("{now} free for {} at {}, not {free}", key.0, key.1));
            }
        }
        for (key, free) in &fresh.view.free {
            if !self.free.contains_key(key) {
                found.push(format!("{free} free for {} at {}, not 0", key.0, key.1));
            }
        }
        found
    }
}

/// How long after its time a row may leave the view: of work on the board and on agendas a day, of
/// a customer's visits two months. Beginnings count where there is no end, so the longest work is
/// taken off.
fn is_long_over(channel: &str, row: &Value, at: Micros) -> bool {
    let kept = match channel.split(':').next() {
        Some("board" | "agenda") => DAY - DAY / 3,
        Some("customer") => 59 * DAY,
        _ => return false,
    };
    latest(row).is_some_and(|over| over + kept < at)
}

/// Agendas show the next month.
fn is_far_ahead(channel: &str, row: &Value, at: Micros) -> bool {
    channel.starts_with("agenda:") && latest(row).is_some_and(|begins| begins > at + 29 * DAY)
}

fn latest(row: &Value) -> Option<Micros> {
    let times = ["starts_at", "ends_at"].map(|name| row[name].as_str().and_then(instant));
    times.into_iter().flatten().max()
}

#[cfg(test)]
mod tests {
    use super::*;

    const AT: &str = "2027-03-01T12:00:00Z";

    fn snapshot(rows: &str) -> Snapshot {
        let json = format!(r#"{{"at":"{AT}","set":[{rows}],"unset":[]}}"#);
        Snapshot::read(&json).expect("a body")
    }

    fn job(status: &str, starts_at: &str) -> String {
        format!(r#"{{"kind":"job","id":"1","status":"{status}","starts_at":"{starts_at}"}}"#)
    }

    #[test]
    fn rows_are_set_and_unset_by_kind_and_id() {
        let mut view = snapshot(&job("assigned", AT)).view;
        let body = r#"{"at":"","set":[{"kind":"alert","id":"1"},{"kind":"job","id":"1","status":"paused"}],
            "unset":[{"kind":"alert","id":"1"},{"kind":"shift","id":"1"}]}"#;
        view.apply(body).expect("a body");
        let now = snapshot(r#"{"status":"paused","kind":"job","id":"1"}"#);
        assert_eq!(view.differences("control:a:b", &now), Vec::<String>::new());
    }

    #[test]
    fn counts_are_added_up_and_none_is_forgotten() {
        let free = |changes: &str| format!(r#"{{"at":"{AT}","free":[{changes}]}}"#);
        let one = r#"{"service":"s","start":"x","by":1}"#;
        let mut view = Snapshot::read(&free(one)).expect("a body").view;
        view.apply(&free(r#"{"service":"s","start":"x","by":-1}"#))
            .expect("a body");
        let nothing = Snapshot::read(&free("")).expect("a body");
        assert_eq!(view.differences("slots:a:b", &nothing).len(), 0);
        let fresh = Snapshot::read(&free(one)).expect("a body");
        assert_eq!(view.differences("slots:a:b", &fresh).len(), 1);
        assert_eq!(fresh.view.differences("slots:a:b", &nothing).len(), 1);
        view.apply(&free(r#"{"service":"s","start":"x","by":-2}"#))
            .expect("a body");
        assert_eq!(view.below_zero().count(), 1);
        assert_eq!(fresh.view.below_zero().count(), 0);
    }

    #[test]
    fn rows_that_differ_are_missing_or_too_many_are_found() {
        let one = || snapshot(&job("assigned", AT));
        for other in [snapshot(&job("paused", AT)), snapshot("")] {
            assert_eq!(one().view.differences("board:a", &other).len(), 1);
            assert_eq!(other.view.differences("board:a", &one()).len(), 1);
        }
    }

    #[test]
    fn what_is_long_over_or_far_ahead_may_leave_or_enter_by_itself() {
        let (nothing, over) = (
            snapshot(""),
            snapshot(&job("completed", "2027-02-28T08:00:00Z")),
        );
        assert_eq!(over.view.differences("board:a", &nothing).len(), 0);
        assert_eq!(over.view.differences("control:a:b", &nothing).len(), 1);
        assert_eq!(over.view.differences("customer:a", &nothing).len(), 1);
        let ahead = snapshot(&job("unassigned", "2027-03-31T11:00:00Z"));
        assert_eq!(nothing.view.differences("agenda:a", &ahead).len(), 0);
        assert_eq!(nothing.view.differences("board:a", &ahead).len(), 1);
    }
}
