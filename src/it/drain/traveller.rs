//! Somebody who works on while instances come and go: comes back to whichever is there, takes up
//! every channel where it was, and asks again, under the same id, for what was not answered.

use std::{
    collections::BTreeMap,
    sync::{Arc, RwLock},
    time::{Duration, Instant},
};

use serde_json::{Value, json};
use tokio::time::sleep;

use crate::support::{people::TestPerson, server::Api, socket::TestSocket, watcher::View};

/// Between two tries to be let in.
const PAUSE: Duration = Duration::from_millis(20);
/// Nothing that one waits for takes as long as this, unless it is lost.
const PATIENCE: Duration = Duration::from_secs(15);

/// The instances that take connections at the moment.
#[derive(Clone, Default)]
pub(super) struct Fleet(Arc<RwLock<Vec<Arc<Api>>>>);

impl Fleet {
    pub(super) fn enter(&self, url: &str) {
        let mut instances = self.0.write().expect("nobody panics holding it");
        instances.push(Arc::new(Api::at(url)));
    }

    pub(super) fn leave(&self, url: &str) {
        let mut instances = self.0.write().expect("nobody panics holding it");
        instances.retain(|instance| instance.url("") != url);
    }

    pub(super) fn any(&self) -> Arc<Api> {
        let instances = self.0.read().expect("nobody panics holding it");
        instances[rand::random_range(0..instances.len())].clone()
    }
}

/// See the module.
pub(super) struct Traveller {
    pub(super) person: TestPerson,
    fleet: Fleet,
    socket: Option<TestSocket>,
    views: BTreeMap<String, View>,
    /// Connections after the first.
    pub(super) returns: u32,
    /// The longest that an outcome was waited for.
    pub(super) longest: Duration,
}

impl Traveller {
    pub(super) async fn start(fleet: &Fleet, person: TestPerson, channels: &[String]) -> Self {
        let mut traveller = Self {
            person,
            fleet: fleet.clone(),
            socket: None,
            views: channels
                .iter()
                .map(|name| (name.clone(), View::default()))
                .collect(),
            returns: 0,
            longest: Duration::ZERO,
        };
        traveller.arrive().await;
        traveller.returns = 0;
        traveller
    }

    /// Connects to any instance and takes up all channels.
    async fn arrive(&mut self) {
        let begun = Instant::now();
        while self.socket.is_none() {
            assert!(begun.elapsed() < PATIENCE, "no instance lets anybody in");
            let instance = self.fleet.any();
            let socket = TestSocket::try_connect(&instance, &self.person.token).await;
            self.socket = match socket {
                Some(socket) => self.take_up(socket).await,
                None => None,
            };
            if self.socket.is_none() {
                sleep(PAUSE).await;
            }
        }
        self.returns += 1;
    }

    /// Every channel from where it was. `None`: the connection ended before.
    async fn take_up(&mut self, mut socket: TestSocket) -> Option<TestSocket> {
        for (channel, view) in &mut self.views {
            let request = json!({
                "channel": channel, "recover": true, "offset": view.offset, "epoch": view.epoch,
            });
            let reply = socket.try_ask("subscribe", request).await?;
            let result = &reply["subscribe"];
            assert!(result.is_object(), "{channel}: {reply}");
            if result["data"].is_null() {
                assert_eq!(result["recovered"], true, "{channel}: {reply}");
                for publication in result["publications"].as_array().into_iter().flatten() {
                    view.publication(channel, publication);
                }
            } else {
                *view = View::of(result);
            }
        }
        Some(socket)
    }

    fn apply(&mut self, push: &Value) {
        let channel = push["channel"].as_str().expect("a push has a channel");
        assert!(push.get("unsubscribe").is_none(), "{push}");
        if let Some(publication) = push.get("pub") {
            let view = self.views.get_mut(channel).expect("it was subscribed to");
            view.publication(channel, publication);
        }
    }

    /// Applies what has come so far.
    fn catch_up(&mut self) {
        let pushes = self.socket.as_mut().map(TestSocket::waiting_pushes);
        for push in pushes.into_iter().flatten() {
            self.apply(&push);
        }
    }

    /// Asks under one id, of whichever instances it takes, until there is an outcome.
    pub(super) async fn insist(&mut self, kind: &str, data: &Value) -> Value {
        let begun = Instant::now();
        loop {
            assert!(begun.elapsed() < PATIENCE, "{kind} {data} has no outcome");
            let Some(socket) = &mut self.socket else {
                self.arrive().await;
                continue;
            };
            let outcome = socket.try_command(kind, data).await;
            self.catch_up();
            match outcome {
                None => self.socket = None,
                Some(outcome) if outcome["outcome"] == "refused" => {
                    let wait = outcome["details"]["retry_after_ms"].as_u64();
                    let wait = wait.unwrap_or_else(|| panic!("{kind} {data}: {outcome}"));
                    sleep(Duration::from_millis(wait)).await;
                }
                Some(outcome) => {
                    self.longest = self.longest.max(begun.elapsed());
                    return outcome;
                }
            }
        }
    }

    /// Reads on until the channel has come as far as this.
    async fn follow(&mut self, channel: &str, offset: u64) {
        let begun = Instant::now();
        self.catch_up();
        while self.views[channel].offset < offset {
            assert!(
                begun.elapsed() < PATIENCE,
                "{channel} does not reach {offset}"
            );
            let Some(socket) = &mut self.socket else {
                self.arrive().await;
                continue;
            };
            match socket.try_push().await {
                Some(push) => self.apply(&push),
                None => self.socket = None,
            }
        }
    }

    /// Everything it has been told adds up to what a reader who comes now is shown.
    pub(super) async fn assert_up_to_date(&mut self) {
        let channels: Vec<String> = self.views.keys().cloned().collect();
        for channel in channels {
            let path = format!("/api/v1/channels/{channel}");
            let (status, snapshot) = self.fleet.any().get(&path, Some(&self.person.token)).await;
            assert_eq!(status, 200, "{channel}: {snapshot}");
            let fresh = View::of(&snapshot);
            self.follow(&channel, fresh.offset).await;
            assert_eq!(
                self.views[&channel], fresh,
                "{channel} adds up to something else"
            );
        }
    }
}
