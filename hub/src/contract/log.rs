//! Promises of a [`ChannelLog`].

use std::time::{Duration, Instant};

use async_trait::async_trait;

use crate::ports::{ChannelLog, LogRead, RecentCursor};

/// Whoever appends to the log under test, which the engine never does.
#[async_trait]
pub trait Appending: Send + Sync {
    /// Commits one publication to each of these channels, with this JSON.
    async fn append(&self, channels: &[&str], json: &str);
    /// Forgets what a channel has up to an offset.
    async fn trim(&self, channel: &str, upto: u64);
}

/// How long others may hold back what a look must see again.
const PATIENCE: Duration = Duration::from_secs(30);

fn offsets(read: &LogRead) -> Vec<u64> {
    read.publications.iter().map(|entry| entry.offset).collect()
}

/// Reads are contiguous, bounded, in order, and know the head of the same instant.
pub async fn reads_are_contiguous_and_know_the_head(
    log: &impl ChannelLog,
    writer: &impl Appending,
) {
    for number in 1..=5 {
        writer
            .append(&["x", "y"], &format!("{{\"n\":{number}}}"))
            .await;
    }
    let read = log.read_after("x", 2, 2).await.expect("a read");
    assert_eq!((offsets(&read), read.head.offset), (vec![3, 4], 5));
    assert_eq!(read.publications[0].body.get(), "{\"n\":3}");
    assert_eq!(read.publications[0].epoch, read.head.epoch);
    assert_eq!(&*read.publications[0].channel, "x");
    let read = log.read_after("x", 5, 2).await.expect("a read");
    assert_eq!((offsets(&read), read.head.offset), (vec![], 5));
    let read = log.read_after("x", 9, 2).await.expect("a read");
    assert_eq!((offsets(&read), read.head.offset), (vec![], 5));
    let read = log.read_before("x", None, 2).await.expect("a read");
    assert_eq!((offsets(&read), read.head.offset), (vec![5, 4], 5));
    let read = log.read_before("x", Some(3), 9).await.expect("a read");
    assert_eq!((offsets(&read), read.head.offset), (vec![2, 1], 5));
    let read = log.read_after("never", 0, 9).await.expect("a read");
    assert_eq!((offsets(&read), read.head.offset), (vec![], 0));
    assert_eq!(log.head("x").await.expect("a head").offset, 5);
    assert_eq!(log.head("never").await.expect("a head").offset, 0);
}

/// What is forgotten is missing at the front; heads are never forgotten.
pub async fn what_is_trimmed_is_missing_at_the_front(
    log: &impl ChannelLog,
    writer: &impl Appending,
) {
    for _ in 1..=4 {
        writer.append(&["x"], "1").await;
    }
    writer.trim("x", 2).await;
    let read = log.read_after("x", 0, 9).await.expect("a read");
    assert_eq!((offsets(&read), read.head.offset), (vec![3, 4], 4));
    writer.trim("x", 4).await;
    let read = log.read_after("x", 0, 9).await.expect("a read");
    assert_eq!((offsets(&read), read.head.offset), (vec![], 4));
    writer.append(&["x"], "1").await;
    let read = log.read_before("x", None, 9).await.expect("a read");
    assert_eq!((offsets(&read), read.head.offset), (vec![5], 5));
}

/// A look sees every channel written since the one before it, and at last nothing.
pub async fn a_look_sees_what_was_written_since_the_last(
    log: &impl ChannelLog,
    writer: &impl Appending,
) {
    writer.append(&["old"], "1").await;
    let first = log.recent_heads(None).await.expect("a look");
    assert!(first.0.is_empty(), "the first look sees nothing");
    let mut cursor = quiet(log, first.1).await;
    for round in 1..=3 {
        writer.append(&["x", "y"], "1").await;
        writer.append(&["x"], "1").await;
        let (heads, next) = log.recent_heads(Some(cursor)).await.expect("a look");
        let mut seen: Vec<_> = heads
            .iter()
            .map(|(name, at)| (&**name, at.offset))
            .collect();
        seen.sort_unstable();
        assert_eq!(seen, [("x", 2 * round), ("y", round)]);
        cursor = quiet(log, next).await;
    }
}

/// Looks until nothing is seen any more: others may hold the horizon back for a moment.
async fn quiet(log: &impl ChannelLog, mut cursor: RecentCursor) -> RecentCursor {
    let begun = Instant::now();
    loop {
        let (heads, next) = log.recent_heads(Some(cursor)).await.expect("a look");
        if heads.is_empty() {
            return next;
        }
        assert!(begun.elapsed() < PATIENCE, "what is old is seen for ever");
        cursor = next;
    }
}

/// The log is renamed once, however many ask, and every read says the name.
pub async fn the_log_is_renamed_once_however_many_ask(
    log: &impl ChannelLog,
    writer: &impl Appending,
) {
    writer.append(&["x"], "1").await;
    let first = log.epoch().await.expect("a name");
    assert_eq!(log.epoch().await.expect("a name"), first, "it stays");
    let second = log.renew_epoch(&first).await.expect("a name");
    assert_ne!(second, first);
    let late = log.renew_epoch(&first).await.expect("a name");
    assert_eq!(late, second, "somebody else was first");
    assert_eq!(log.epoch().await.expect("a name"), second);
    assert_eq!(log.head("x").await.expect("a head").epoch, second);
    let read = log.read_after("x", 0, 9).await.expect("a read");
    assert_eq!(read.head.epoch, second);
    let third = log.renew_epoch(&second).await.expect("a name");
    assert!(third != second && third != first, "no name comes back");
}
