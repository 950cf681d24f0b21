//! Somebody who watches channels over a socket all day and keeps what they are told, by the rules
//! that a client goes by and none of the server's code: `data` replaces the view, `set` and `unset`
//! change rows, `by` changes counts, and offsets go up one at a time.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use serde_json::Value;
use tokio::{task::JoinHandle, time::sleep};

use super::{server::Api, socket::TestSocket};

const PATIENCE: Duration = Duration::from_secs(20);

/// A channel as it is known from its snapshot and what came after.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct View {
    pub(crate) epoch: String,
    pub(crate) offset: u64,
    rows: BTreeMap<String, Value>,
    free: BTreeMap<String, i64>,
}

impl View {
    pub(crate) fn of(snapshot: &Value) -> Self {
        let mut view = Self {
            epoch: snapshot["epoch"].as_str().unwrap_or_default().to_owned(),
            offset: snapshot["offset"].as_u64().unwrap_or(0),
            ..Self::default()
        };
        view.apply(&snapshot["data"]);
        view
    }

    fn apply(&mut self, body: &Value) {
        let list = |name: &str| body[name].as_array().into_iter().flatten();
        let key = |row: &Value| format!("{} {}", row["kind"], row["id"]);
        for row in list("set") {
            self.rows.insert(key(row), row.clone());
        }
        for row in list("unset") {
            self.rows.remove(&key(row));
        }
        for change in list("free") {
            let at = format!("{} {}", change["service"], change["start"]);
            let by = change["by"].as_i64().expect("a number");
            *self.free.entry(at).or_default() += by;
        }
        self.free.retain(|_, free| *free != 0);
    }

    pub(crate) fn publication(&mut self, channel: &str, publication: &Value) {
        let offset = publication["offset"].as_u64().expect("a durable channel");
        assert_eq!(offset, self.offset + 1, "{channel} has a gap");
        self.offset = offset;
        self.apply(&publication["data"]);
    }
}

/// See the module. Ends with its connection, which ends with the test.
pub(crate) struct Watcher {
    views: Arc<Mutex<BTreeMap<String, View>>>,
    reading: JoinHandle<()>,
}

impl Watcher {
    pub(crate) async fn start(api: &Api, token: Option<&str>, channels: &[String]) -> Self {
        let mut socket = TestSocket::connect(api, token).await;
        let views: Arc<Mutex<BTreeMap<String, View>>> = Arc::default();
        for channel in channels {
            let snapshot = socket.subscribe(channel).await;
            let mut views = views.lock().expect("nobody panics holding it");
            views.insert(channel.clone(), View::of(&snapshot));
        }
        let known = Arc::clone(&views);
        let reading = tokio::spawn(async move {
            loop {
                let push = socket.push().await;
                let channel = push["channel"].as_str().expect("a push has a channel");
                let mut views = known.lock().expect("nobody panics holding it");
                let view = views.get_mut(channel).expect("it was subscribed to");
                assert!(push.get("unsubscribe").is_none(), "{push}");
                // Who else is looking comes and goes on the same channel.
                if let Some(publication) = push.get("pub") {
                    view.publication(channel, publication);
                }
            }
        });
        Self { views, reading }
    }

    /// Everything it has been told adds up to what a reader who comes now is shown.
    pub(crate) async fn assert_up_to_date(&self, api: &Api, token: Option<&str>) {
        let channels: Vec<String> = {
            let views = self.views.lock().expect("nobody panics holding it");
            views.keys().cloned().collect()
        };
        for channel in channels {
            let path = format!("/api/v1/channels/{channel}");
            let (status, snapshot) = api.get(&path, token).await;
            assert_eq!(status, 200, "{channel}: {snapshot}");
            let fresh = View::of(&snapshot);
            self.reaches(&channel, fresh.offset).await;
            let views = self.views.lock().expect("nobody panics holding it");
            assert_eq!(
                views[&channel], fresh,
                "{channel} adds up to something else"
            );
        }
    }

    /// The sum of all offsets it has reached.
    pub(crate) fn heard(&self) -> u64 {
        let views = self.views.lock().expect("nobody panics holding it");
        views.values().map(|view| view.offset).sum()
    }

    async fn reaches(&self, channel: &str, offset: u64) {
        let waiting = async {
            loop {
                assert!(
                    !self.reading.is_finished(),
                    "the watcher of {channel} ended"
                );
                let reached = {
                    let views = self.views.lock().expect("nobody panics holding it");
                    views[channel].offset
                };
                if reached >= offset {
                    return;
                }
                sleep(Duration::from_millis(10)).await;
            }
        };
        let reached = tokio::time::timeout(PATIENCE, waiting).await;
        reached.unwrap_or_else(|_| panic!("{channel} does not reach {offset}"));
    }
}

impl Drop for Watcher {
    fn drop(&mut self) {
        self.reading.abort();
    }
}
