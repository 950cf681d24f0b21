//! The hub as the command trip sees it. The two need each other, so this is filled in once both
//! are there; before that nothing is committed.

use std::sync::OnceLock;

use hub::{
    Hub,
    ports::{Control, Publication},
};
use tokio_util::task::TaskTracker;

use crate::execute::Committed;

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
