//! What the people see: slots and control rooms, folded once for all who follow a channel, because
//! everyone gets the same bytes. Good enough to choose by; whether each client saw everything is the
//! checker's question, and it does not ask here.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use jiff::Timestamp;
use serde::Deserialize;
use uuid::Uuid;

use crate::{
    client::{Listener, Topic},
    history::Position,
};

/// A channel's rows as they are known.
#[derive(Debug, Default)]
pub struct Seen<V> {
    position: Option<Position>,
    pub view: V,
}

/// A channel that is followed with open eyes.
pub struct Watched<V> {
    pub topic: Arc<Topic>,
    seen: Arc<Mutex<Seen<V>>>,
}

/// What a channel's bodies do to a view.
pub trait View: Default + Send + 'static {
    fn apply(&mut self, body: &str);
}

struct Eyes<V>(Arc<Mutex<Seen<V>>>);

impl<V: View> Watched<V> {
    pub fn new(channel: String) -> Self {
        let seen = Arc::new(Mutex::new(Seen::default()));
        let eyes: Box<dyn Listener> = Box::new(Eyes(Arc::clone(&seen)));
        Self {
            topic: Arc::new(Topic {
                name: channel,
                listener: Some(eyes),
            }),
            seen,
        }
    }

    pub fn look(&self) -> MutexGuard<'_, Seen<V>> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<V> Eyes<V> {
    fn open(&self) -> MutexGuard<'_, Seen<V>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<V: View> Listener for Eyes<V> {
    fn take_snapshot(&self, position: Option<&Position>, body: &str) {
        let mut seen = self.open();
        let is_newer = match (&seen.position, position) {
            (Some(known), Some(new)) => known.epoch != new.epoch || known.offset < new.offset,
            (None, _) | (_, None) => true,
        };
        if is_newer {
            seen.position = position.cloned();
            seen.view = V::default();
            seen.view.apply(body);
        }
    }

    fn take_publication(&self, position: &Position, body: &str) {
        let mut seen = self.open();
        let is_next = seen.position.as_ref().is_some_and(|known| {
            known.epoch == position.epoch && known.offset + 1 == position.offset
        });
        if is_next {
            seen.position = Some(position.clone());
            seen.view.apply(body);
        }
    }
}

/// `slots:{zone}:{date}`: how many cleaners are free, by service and start.
#[derive(Debug, Default)]
pub struct Slots(pub HashMap<(String, Timestamp), i64>);

#[derive(Deserialize)]
struct SlotsBody {
    free: Vec<Change>,
}

#[derive(Deserialize)]
struct Change {
    service: String,
    start: Timestamp,
    by: i64,
}

impl View for Slots {
    fn apply(&mut self, body: &str) {
        let Ok(body) = serde_json::from_str::<SlotsBody>(body) else {
            return;
        };
        for Change { service, start, by } in body.free {
            *self.0.entry((service, start)).or_default() += by;
        }
    }
}

/// `control:{zone}:{date}`: its jobs and alerts.
#[derive(Debug, Default)]
pub struct Control {
    pub jobs: HashMap<Uuid, Job>,
    pub alerts: HashMap<Uuid, Alert>,
}

/// A job as the control room has it, as far as people choose by it.
#[derive(Debug, Clone, Deserialize)]
pub struct Job {
    pub id: Uuid,
    pub version: i64,
    pub status: String,
    pub starts_at: Timestamp,
    pub service: String,
    pub seats: Vec<Option<Uuid>>,
    pub lead: Option<Uuid>,
    pub booking: Uuid,
    pub booking_version: i64,
    pub customer: Uuid,
}

#[derive(Debug, Clone, Deserialize)]
pub struct Alert {
    pub id: Uuid,
    pub version: i64,
    pub status: String,
}

#[derive(Deserialize)]
struct Body {
    set: Vec<Row>,
    unset: Vec<Key>,
}

#[derive(Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
enum Row {
    Job(Job),
    Alert(Alert),
    #[serde(other)]
    Other,
}

#[derive(Deserialize)]
struct Key {
    kind: String,
    id: String,
}

impl View for Control {
    fn apply(&mut self, body: &str) {
        let Ok(body) = serde_json::from_str::<Body>(body) else {
            return;
        };
        for row in body.set {
            match row {
                Row::Job(job) => drop(self.jobs.insert(job.id, job)),
                Row::Alert(alert) => drop(self.alerts.insert(alert.id, alert)),
                Row::Other => {}
            }
        }
        for Key { kind, id } in body.unset {
            let Ok(id) = id.parse::<Uuid>() else { continue };
            match kind.as_str() {
                "job" => drop(self.jobs.remove(&id)),
                "alert" => drop(self.alerts.remove(&id)),
                _ => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(offset: u64) -> Position {
        Position {
            offset,
            epoch: "e".to_owned(),
        }
    }

    #[test]
    fn of_many_who_follow_each_publication_counts_once() {
        let watched = Watched::<Slots>::new("slots:a:2026-11-21".to_owned());
        let eyes = watched.topic.listener.as_ref().expect("open eyes");
        let body = |by| {
            format!(
                r#"{{"at":"2026-11-21T00:00:00Z","free":[{{"service":"quick","start":"2026-11-21T08:00:00Z","by":{by}}}]}}"#
            )
        };
        eyes.take_snapshot(Some(&at(4)), &body(3));
        for _ in 0..3 {
            eyes.take_publication(&at(5), &body(-1));
        }
        eyes.take_publication(&at(7), &body(-1));
        eyes.take_snapshot(Some(&at(4)), &body(3));
        let free: Vec<i64> = watched.look().view.0.values().copied().collect();
        assert_eq!(free, [2]);
    }

    #[test]
    fn rows_come_and_go_and_those_of_no_interest_are_let_be() {
        let mut control = Control::default();
        let id = Uuid::from_u128(1);
        control.apply(&format!(
            r#"{{"at":"2026-11-21T00:00:00Z","set":[{{"kind":"alert","id":"{id}","version":1,"status":"open"}},
            {{"kind":"shift","id":"{id}"}}],"unset":[]}}"#
        ));
        assert_eq!(control.alerts[&id].status, "open");
        control.apply(&format!(
            r#"{{"at":"2026-11-21T00:00:00Z","set":[],"unset":[{{"kind":"alert","id":"{id}"}}]}}"#
        ));
        assert!(control.alerts.is_empty());
    }
}
