//! Promises of a [`Broker`]. `instance` makes the end of one more instance on the same wire.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use tokio::time::timeout;

use crate::ports::{Body, Broker, ClientInfo, Control, Feed, FeedItem, Publication, Told};

/// How long something that must come may take.
const PATIENCE: Duration = Duration::from_secs(30);
/// Channels enough for every partition of a wire to carry some.
const CHANNELS: u64 = 100;
/// More than any feed holds.
const TOO_MANY: u64 = 40_000;
const BATCH: usize = 500;

fn publication(channel: &str, offset: u64) -> Publication {
    Publication {
        channel: channel.into(),
        offset,
        epoch: "epoch".into(),
        key: None,
        body: Body::from_text("{\"n\":1.50,\"t\":\"ü\"}").expect("it is JSON"),
        info: None,
    }
}

async fn next(feed: &mut Feed) -> FeedItem {
    let item = timeout(PATIENCE, feed.recv()).await;
    item.expect("something is heard").expect("the feed goes on")
}

/// Past interruptions, which may come at any time, and what was said before the promise began.
async fn next_news(feed: &mut Feed) -> FeedItem {
    loop {
        match next(feed).await {
            FeedItem::Interrupted => {}
            FeedItem::Publication(probe) if probe.offset == 0 => {}
            item @ (FeedItem::Publication(_) | FeedItem::Control(_)) => return item,
        }
    }
}

/// A feed of an instance that hears another one on every channel used here.
async fn hearing(from: &impl Broker, by: &impl Broker) -> Feed {
    let mut feed = by.feed().await.expect("a feed");
    let mut unheard: BTreeSet<u64> = (0..CHANNELS).collect();
    let begun = tokio::time::Instant::now();
    while !unheard.is_empty() {
        assert!(begun.elapsed() < PATIENCE, "not heard on {unheard:?}");
        let probes = unheard.iter().map(|number| publication(&name(*number), 0));
        // What fails is offered again.
        let _ = from.publish(probes.collect()).await;
        while let Ok(Some(item)) = timeout(Duration::from_millis(50), feed.recv()).await {
            if let FeedItem::Publication(heard) = item {
                unheard.retain(|number| name(*number) != *heard.channel);
            }
        }
    }
    feed
}

fn name(number: u64) -> String {
    format!("channel.{number}")
}

/// A feed says when it is whole, and at first.
pub async fn a_feed_begins_with_an_interruption<B: Broker>(instance: impl Fn() -> B) {
    let mut feed = instance().feed().await.expect("a feed");
    let first = next(&mut feed).await;
    assert!(matches!(first, FeedItem::Interrupted), "{first:?}");
}

/// Everything gets to the others, as it was, in each channel's order.
pub async fn what_is_published_is_heard_by_the_others<B: Broker>(instance: impl Fn() -> B) {
    let (one, two, three) = (instance(), instance(), instance());
    let mut feeds = [hearing(&one, &two).await, hearing(&one, &three).await];
    let info = ClientInfo {
        user: "ann".to_owned(),
        client: "c".to_owned(),
        conn_info: Some(Body::from_text("[1]").expect("it is JSON")),
        chan_info: None,
    };
    for offset in 1..=3 {
        let batch = (0..CHANNELS).map(|number| Publication {
            key: Some("k\"".into()),
            info: Some(Arc::new(info.clone())),
            ..publication(&name(number), offset)
        });
        one.publish(batch.collect()).await.expect("it is offered");
    }
    for feed in &mut feeds {
        let mut reached = vec![0; usize::try_from(CHANNELS).expect("few")];
        while reached.iter().any(|offset| *offset < 3) {
            let FeedItem::Publication(heard) = next_news(feed).await else {
                panic!("nobody sent a control message");
            };
            let sent = publication(&heard.channel, heard.offset);
            assert_eq!(heard.body, sent.body);
            assert_eq!(heard.epoch, sent.epoch);
            assert_eq!(heard.key.as_deref(), Some("k\""));
            assert_eq!(heard.info.as_deref(), Some(&info));
            let number = heard.channel.strip_prefix("channel.");
            let number: usize = number.and_then(|n| n.parse().ok()).expect("ours");
            assert_eq!(heard.offset, reached[number] + 1);
            reached[number] = heard.offset;
        }
    }
}

/// Nobody hears what it said itself: it has done that already.
pub async fn an_instance_hears_the_others_and_not_itself<B: Broker>(instance: impl Fn() -> B) {
    let (one, two) = (instance(), instance());
    let mut heard_by_one = hearing(&two, &one).await;
    let mut heard_by_two = hearing(&one, &two).await;
    let channel: Arc<str> = "channel.1".into();
    let own = vec![publication(&channel, 1)];
    one.publish(own).await.expect("it is offered");
    let told = Control::Reauthorize {
        channel: channel.clone(),
        user: Some("one".into()),
    };
    one.control(told).await.expect("it is offered");
    for _ in 0..2 {
        let heard = next_news(&mut heard_by_two).await;
        assert!(
            matches!(
                heard,
                FeedItem::Publication(_) | FeedItem::Control(Control::Reauthorize { .. })
            ),
            "{heard:?}"
        );
    }
    let user = Some("two".into());
    let told = Control::Reauthorize { channel, user };
    two.control(told).await.expect("it is offered");
    let heard = next_news(&mut heard_by_one).await;
    let FeedItem::Control(Control::Reauthorize { user, .. }) = &heard else {
        panic!("its own would have come first: {heard:?}");
    };
    assert_eq!(user.as_deref(), Some("two"));
}

/// A message for one instance gets there and nowhere else.
pub async fn one_instance_can_be_told_something<B: Broker>(instance: impl Fn() -> B) {
    let (one, two, three) = (instance(), instance(), instance());
    let mut heard_by_two = hearing(&one, &two).await;
    let mut heard_by_three = hearing(&one, &three).await;
    let answer = |number| Control::EmulationAnswered {
        number,
        answer: Ok(()),
    };
    let told = one.tell(&two.node(), answer(7)).await;
    assert_eq!(told.expect("it is offered"), Told::Sent);
    let told = one.tell("nobody", answer(8)).await;
    assert_eq!(told.expect("it is offered"), Told::NobodyThere);
    one.control(answer(9)).await.expect("it is offered");
    let number = |item| match item {
        FeedItem::Control(Control::EmulationAnswered { number, .. }) => number,
        FeedItem::Publication(_) | FeedItem::Control(_) | FeedItem::Interrupted => {
            panic!("{item:?}")
        }
    };
    let mut numbers = [
        number(next_news(&mut heard_by_two).await),
        number(next_news(&mut heard_by_two).await),
    ];
    numbers.sort_unstable();
    assert_eq!(numbers, [7, 9]);
    assert_eq!(number(next_news(&mut heard_by_three).await), 9);
}

/// Each instance has a name of its own.
pub async fn names_are_their_own<B: Broker>(instance: impl Fn() -> B) {
    let (one, two) = (instance(), instance());
    assert_ne!(one.node(), two.node());
    assert_eq!(one.node(), one.node());
    drop(one.feed().await);
}

/// A feed is bounded, and what did not fit is told of.
pub async fn what_is_not_taken_in_time_shows_as_an_interruption<B: Broker>(
    instance: impl Fn() -> B,
) {
    let (one, two) = (instance(), instance());
    let mut feed = hearing(&one, &two).await;
    let all: Vec<_> = (1..=TOO_MANY).collect();
    for offsets in all.chunks(BATCH) {
        let batch = offsets
            .iter()
            .map(|offset| publication("channel.1", *offset));
        one.publish(batch.collect()).await.expect("it is offered");
    }
    let mut heard = 0;
    loop {
        let last = vec![publication("channel.1", TOO_MANY + 1)];
        one.publish(last).await.expect("it is offered");
        match next(&mut feed).await {
            FeedItem::Publication(_) => heard += 1,
            FeedItem::Interrupted => break,
            FeedItem::Control(_) => panic!("nobody sent one"),
        }
        assert!(heard < TOO_MANY, "everything was kept");
    }
}
