//! Presence entries of this instance's connections. One connection's changes are made in their
//! order, by tasks that outlive the socket, so that a leave never overtakes its enter.

use std::{sync::Arc, time::Duration};

use tokio::{sync::oneshot, task::JoinHandle, time};

use super::hub::Hub;
use crate::ports::{ChannelName, ClientInfo, Control, PRIVATE_LIST};

/// The last change of one connection under way.
pub(super) type Tail = Option<JoinHandle<()>>;

/// A change to the presence lists.
pub(super) enum Change {
    Enter,
    /// Taken off the list where `listed`; told to the channel's subscribers where `announced`.
    Withdraw {
        listed: bool,
        announced: bool,
    },
}

impl Hub {
    /// Makes the change after the one before it; the receiver resolves when it is made or has
    /// failed, for presence is advisory.
    pub(super) fn change_presence(
        &self,
        tail: &mut Tail,
        channel: ChannelName,
        info: Arc<ClientInfo>,
        change: Change,
    ) -> oneshot::Receiver<()> {
        let (done, receiver) = oneshot::channel();
        let (hub, before) = (self.clone(), tail.take());
        *tail = Some(self.tracker().spawn(async move {
            if let Some(before) = before {
                // A change that panicked is over too.
                let _ = before.await;
            }
            hub.make_change(&channel, info, change).await;
            let _ = done.send(());
        }));
        receiver
    }

    async fn make_change(&self, channel: &ChannelName, info: Arc<ClientInfo>, change: Change) {
        let limit = Duration::from_millis(self.config().answer_timeout_ms / 3);
        match change {
            Change::Enter => {
                let entered = time::timeout(limit, self.presence().enter(channel, &info)).await;
                if !matches!(entered, Ok(Ok(_))) {
                    tracing::debug!(%channel, "presence entry failed");
                }
            }
            Change::Withdraw { listed, announced } => {
                if listed {
                    let left = self.presence().leave(channel, &info.client);
                    if !matches!(time::timeout(limit, left).await, Ok(Ok(_))) {
                        tracing::debug!(%channel, "presence entry could not be removed");
                    }
                }
                if announced {
                    let channel = channel.clone();
                    self.announce(Control::Leave { channel, info });
                }
            }
        }
    }

    /// Keeps this instance's lease, and tells of the leaves of those who lost theirs.
    pub(super) async fn run_presence(self) {
        let period = Duration::from_millis(self.config().presence_beat_ms.max(1));
        let mut beats = time::interval(period);
        beats.set_missed_tick_behavior(time::MissedTickBehavior::Delay);
        loop {
            beats.tick().await;
            match time::timeout(period, self.presence().beat()).await {
                Ok(Ok(removed)) => {
                    let told = |channel: &ChannelName| !channel.starts_with(PRIVATE_LIST);
                    for (channel, info) in removed.into_iter().filter(|(list, _)| told(list)) {
                        let info = Arc::new(info);
                        self.announce(Control::Leave { channel, info });
                    }
                }
                Ok(Err(error)) => tracing::debug!(%error, "presence lease not renewed"),
                Err(_) => tracing::debug!("presence lease not renewed in time"),
            }
        }
    }
}
