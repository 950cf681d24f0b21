//! The hub as the command trip sees it. The two need each other, so this is filled in once both
//! are there; before that nothing is committed.

use std::sync::{Arc, OnceLock};

use hub::{
    Hub,
    ports::{Body, Control, Publication},
};
use tokio_util::task::TaskTracker;

use crate::{
    audience::{EphemeralChannel, LiveBody},
    execute::Committed,
    presence::Here,
    tracking::Ephemeral,
};

pub struct Live {
    hub: OnceLock<Hub>,
    tasks: TaskTracker,
}

impl Live {
    pub fn new(tasks: TaskTracker) -> Self {
        Self {
            hub: OnceLock::new(),
            tasks,
        }
    }

    pub fn attach(&self, hub: Hub) {
        // Called once, where the hub is made.
        let _ = self.hub.set(hub);
    }
}

impl Committed for Live {
    fn committed(&self, publications: Vec<Publication>) {
        if let Some(hub) = self.hub.get() {
            hub.committed(publications);
        }
    }

    fn control(&self, control: Control) {
        if let Some(hub) = self.hub.get().cloned() {
            self.tasks.spawn(async move { hub.control(control).await });
        }
    }
}

impl Here for Live {
    fn tell(&self, channel: &EphemeralChannel, key: &str, body: &LiveBody) {
        if let Some(hub) = self.hub.get() {
            let body = Body::from_value(body).expect("bodies are plain data");
            hub.tell_here(&Arc::from(channel.to_string()), Arc::from(key), body);
        }
    }
}

impl Ephemeral for Live {
    fn say(&self, channel: &EphemeralChannel, key: &str, body: &LiveBody) {
        if let Some(hub) = self.hub.get() {
            let body = Body::from_value(body).expect("bodies are plain data");
            hub.ephemeral(Arc::from(channel.to_string()), Arc::from(key), body);
        }
    }

    fn heard(&self, channel: &EphemeralChannel) -> Vec<LiveBody> {
        let Some(hub) = self.hub.get() else {
            return Vec::new();
        };
        let heard = hub.remembered(&channel.to_string()).into_iter();
        // What another version says and this one cannot read is left out until it is said anew.
        heard
            .filter_map(|(_, body)| serde_json::from_str(body.get()).ok())
            .collect()
    }
}
