//! From the other instances to this one: the wire's feed, and the looks at the log that find
//! whatever the wire lost (P1: nobody is more than a second behind for it).

use std::time::Duration;

use metrics::counter;
use tokio::{select, time};

use super::{hub::Hub, metrics::channels};
use crate::ports::{Feed, FeedItem, RecentCursor};

/// Pause after a feed could not be had.
const FEED_RETRY: Duration = Duration::from_millis(500);

impl Hub {
    pub(super) async fn run_feed(self) {
        loop {
            match self.broker().feed().await {
                Ok(feed) => self.follow(feed).await,
                Err(error) => tracing::warn!(%error, "no feed from the broker"),
            }
            // Whatever was sent in between is missing.
            self.look_now();
            time::sleep(FEED_RETRY).await;
        }
    }

    async fn follow(&self, mut feed: Feed) {
        while let Some(item) = feed.recv().await {
            match item {
                FeedItem::Publication(publication) => {
                    counter!("hub_publications_total", "from" => "wire").increment(1);
                    self.heard(publication);
                }
                FeedItem::Control(control) => self.apply(&control),
                FeedItem::Interrupted => {
                    counter!("hub_interruptions_total").increment(1);
                    self.look_now();
                }
            }
        }
    }

    /// Looks at the heads of recently written channels, at its period and whenever the wire was
    /// interrupted. A failed look keeps its cursor, so that the next one covers it.
    pub(super) async fn run_looks(self) {
        let mut period = time::interval(Duration::from_millis(self.config().heads_ms.max(1)));
        period.set_missed_tick_behavior(time::MissedTickBehavior::Delay);
        let mut cursor = None;
        loop {
            select! {
                _ = period.tick() => {}
                () = self.look_wanted() => {}
            }
            if let Some(next) = self.look(cursor).await {
                cursor = Some(next);
            }
        }
    }

    async fn look(&self, cursor: Option<RecentCursor>) -> Option<RecentCursor> {
        let asked = self.now();
        match self.in_log_time(self.log().recent_heads(cursor)).await {
            Ok((heads, next)) => {
                for (channel, head) in heads {
                    self.head_seen(&channel, &head, asked);
                }
                if cursor.is_none() {
                    // The first look sees nothing of what was written before it, and channels may
                    // have been opened before that.
                    self.doubt_all();
                }
                self.looked(asked);
                Some(next)
            }
            Err(error) => {
                tracing::debug!(%error, "could not look at recent heads");
                None
            }
        }
    }

    /// Notices a new name of the log that nobody told of, and lets idle channels go.
    pub(super) async fn run_housekeeping(self) {
        let mut period = time::interval(Duration::from_millis(self.config().epoch_ms.max(1)));
        period.set_missed_tick_behavior(time::MissedTickBehavior::Delay);
        let mut known = None;
        loop {
            period.tick().await;
            if let Ok(epoch) = self.in_log_time(self.log().epoch()).await {
                // Also the first time: channels may have been opened under an earlier name.
                if known.as_ref() != Some(&epoch) {
                    self.doubt_all();
                }
                known = Some(epoch);
            }
            let linger = Duration::from_millis(self.config().channel_linger_ms);
            self.ephemerals().age(self.now());
            channels(self.registry().retire_idle(linger, self.now()));
        }
    }
}
