//! The contract, in memory.

use async_trait::async_trait;

use super::{MemoryBus, MemoryLog, MemoryPresence};
use crate::{
    contract::{
        broker,
        log::{self, Appending},
        presence,
    },
    ports::Body,
};

#[async_trait]
impl Appending for MemoryLog {
    async fn append(&self, channels: &[&str], json: &str) {
        let body = Body::from_text(json).unwrap();
        let entries: Vec<_> = channels.iter().map(|name| (*name, body.clone())).collect();
        Self::append(self, &entries);
    }

    async fn trim(&self, channel: &str, upto: u64) {
        Self::trim(self, channel, upto);
    }
}

macro_rules! contract {
    ($(broker $broker:ident,)* $(presence $presence:ident,)* $(log $log:ident,)*) => {
        $(#[tokio::test]
        async fn $broker() {
            let bus = MemoryBus::new();
            broker::$broker(|| bus.broker()).await;
        })*
        $(#[tokio::test]
        async fn $presence() {
            let lists = MemoryPresence::new();
            presence::$presence(|| lists.clone()).await;
        })*
        $(#[tokio::test]
        async fn $log() {
            let log = MemoryLog::new("epoch");
            log::$log(&log, &log).await;
        })*
    };
}

contract! {
    broker a_feed_begins_with_an_interruption,
    broker what_is_published_is_heard_by_the_others,
    broker an_instance_hears_the_others_and_not_itself,
    broker one_instance_can_be_told_something,
    broker names_are_their_own,
    broker what_is_not_taken_in_time_shows_as_an_interruption,
    presence everybody_is_listed_on_every_instance,
    presence a_call_says_whether_it_changed_anything,
    presence lists_are_in_the_order_of_entry,
    presence the_living_stay,
    log reads_are_contiguous_and_know_the_head,
    log what_is_trimmed_is_missing_at_the_front,
    log a_look_sees_what_was_written_since_the_last,
    log the_log_is_renamed_once_however_many_ask,
}
