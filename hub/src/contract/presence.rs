//! Promises of a [`Presence`]. `instance` makes the lists as one more instance of a fleet sees
//! them.

use std::time::{Duration, Instant};

use crate::ports::{ClientInfo, Presence, PresenceChange};

/// How long a lease may take to run out.
const PATIENCE: Duration = Duration::from_secs(30);
const PAUSE: Duration = Duration::from_millis(20);

fn info(client: &str) -> ClientInfo {
    ClientInfo {
        user: "ann".to_owned(),
        client: client.to_owned(),
        conn_info: None,
        chan_info: None,
    }
}

async fn listed(presence: &impl Presence, channel: &str) -> Vec<String> {
    let list = presence.list(channel).await.expect("a list");
    let mut clients: Vec<_> = list.into_iter().map(|entry| entry.info.client).collect();
    clients.sort_unstable();
    clients
}

/// Whoever enters is listed everywhere, until they leave.
pub async fn everybody_is_listed_on_every_instance<P: Presence>(instance: impl Fn() -> P) {
    let (one, two) = (instance(), instance());
    for presence in [&one, &two] {
        presence.beat().await.expect("a beat");
    }
    let (channel, other) = ("a".into(), "b".into());
    one.enter(&channel, &info("x")).await.expect("an entry");
    one.enter(&other, &info("x")).await.expect("an entry");
    two.enter(&channel, &info("y")).await.expect("an entry");
    for presence in [&one, &two] {
        assert_eq!(listed(presence, "a").await, ["x", "y"]);
        assert_eq!(listed(presence, "b").await, ["x"]);
    }
    one.leave(&channel, "x").await.expect("a leave");
    for presence in [&one, &two] {
        assert_eq!(listed(presence, "a").await, ["y"]);
        assert_eq!(listed(presence, "b").await, ["x"]);
        assert!(listed(presence, "never").await.is_empty());
    }
}

/// What a call changed is known from it; what others see is what was entered last.
pub async fn a_call_says_whether_it_changed_anything<P: Presence>(instance: impl Fn() -> P) {
    let presence = instance();
    presence.beat().await.expect("a beat");
    let channel = "a".into();
    let entered = presence.enter(&channel, &info("x")).await;
    assert_eq!(entered.expect("an entry"), PresenceChange::Changed);
    let entered = presence.enter(&channel, &info("x")).await;
    assert_eq!(entered.expect("an entry"), PresenceChange::Unchanged);
    let renamed = ClientInfo {
        user: "bob".to_owned(),
        ..info("x")
    };
    presence.enter(&channel, &renamed).await.expect("an entry");
    let list = presence.list("a").await.expect("a list");
    let infos: Vec<_> = list.into_iter().map(|entry| entry.info).collect();
    assert_eq!(infos, [renamed]);
    let left = presence.leave(&channel, "x").await;
    assert_eq!(left.expect("a leave"), PresenceChange::Changed);
    let left = presence.leave(&channel, "x").await;
    assert_eq!(left.expect("a leave"), PresenceChange::Unchanged);
    assert!(listed(&presence, "a").await.is_empty());
}

/// Of those who enter, every instance finds the same one first, until it leaves.
pub async fn lists_are_in_the_order_of_entry<P: Presence>(instance: impl Fn() -> P) {
    let (one, two) = (instance(), instance());
    for presence in [&one, &two] {
        presence.beat().await.expect("a beat");
    }
    let channel = "a".into();
    // The client that comes last in the alphabet is the first.
    one.enter(&channel, &info("z")).await.expect("an entry");
    let others = ["b", "a"].map(info);
    let (left, right) = tokio::join!(
        one.enter(&channel, &others[0]),
        two.enter(&channel, &others[1])
    );
    left.expect("an entry");
    right.expect("an entry");
    let seen = one.list("a").await.expect("a list");
    assert_eq!(seen, two.list("a").await.expect("a list"));
    assert_eq!(seen[0].info.client, "z");
    let changed = ClientInfo {
        user: "bob".to_owned(),
        ..info("z")
    };
    one.enter(&channel, &changed).await.expect("an entry");
    let kept = two.list("a").await.expect("a list");
    assert_eq!(kept[0].info, changed);
    assert_eq!(
        kept[0].since_us, seen[0].since_us,
        "a change keeps its place"
    );
    one.leave(&channel, "z").await.expect("a leave");
    one.enter(&channel, &changed).await.expect("an entry");
    let last = &two.list("a").await.expect("a list")[2];
    assert_eq!(last.info, changed);
}

/// A beat removes nobody whose instance lives.
pub async fn the_living_stay<P: Presence>(instance: impl Fn() -> P) {
    let (one, two) = (instance(), instance());
    for presence in [&one, &two] {
        presence.beat().await.expect("a beat");
    }
    let channel = "a".into();
    one.enter(&channel, &info("x")).await.expect("an entry");
    for _ in 0..50 {
        for presence in [&one, &two] {
            let removed = presence.beat().await.expect("a beat");
            assert!(removed.is_empty(), "{removed:?}");
        }
        tokio::time::sleep(PAUSE).await;
    }
    assert_eq!(listed(&two, "a").await, ["x"]);
}

/// Where instances can die apart: a dead one's entries go, and one survivor tells.
pub async fn a_dead_instance_leaves_and_one_survivor_tells<P: Presence>(instance: impl Fn() -> P) {
    let (dead, one, two) = (instance(), instance(), instance());
    for presence in [&dead, &one, &two] {
        presence.beat().await.expect("a beat");
    }
    let channel = "a".into();
    dead.enter(&channel, &info("gone")).await.expect("an entry");
    one.enter(&channel, &info("here")).await.expect("an entry");
    assert_eq!(listed(&two, "a").await, ["gone", "here"]);
    let (mut removed, begun) = (Vec::new(), Instant::now());
    while removed.is_empty() {
        assert!(begun.elapsed() < PATIENCE, "the dead stay");
        tokio::time::sleep(PAUSE).await;
        for presence in [&one, &two] {
            removed.extend(presence.beat().await.expect("a beat"));
        }
    }
    for presence in [&one, &two, &one] {
        removed.extend(presence.beat().await.expect("a beat"));
    }
    let told: Vec<_> = removed
        .iter()
        .map(|(at, who)| (&**at, &*who.client))
        .collect();
    assert_eq!(told, [("a", "gone")], "told once");
    assert_eq!(listed(&two, "a").await, ["here"]);
    // It was only asleep.
    dead.beat().await.expect("a beat");
    assert_eq!(listed(&two, "a").await, ["gone", "here"]);
}
