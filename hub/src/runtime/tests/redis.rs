//! Two instances over one Redis, which is killed, emptied, stopped and cut off.

use std::{sync::Arc, time::Duration};

use serde_json::json;
use tokio::time::{Instant, timeout};

use super::world::{Client, Instance, Shared};
use crate::{
    HubConfig,
    adapters::redis::{
        connect,
        tests::{Proxy, RedisServer, quick},
    },
    ports::{ClientInfo, Control, Presence},
};

struct Pair {
    server: RedisServer,
    one: Instance,
    two: Instance,
}

impl Pair {
    async fn start() -> Self {
        let server = RedisServer::start().await;
        let shared = Shared::new();
        let one = instance(&shared, &server).await;
        let two = instance(&shared, &server).await;
        let pair = Self { server, one, two };
        pair.wired().await;
        pair
    }

    /// Waits until ephemeral messages, which nothing repairs, get through.
    async fn wired(&self) {
        let mut client = self.two.client("probe").await;
        client.subscribe("eph.probe").await;
        let probe = crate::ports::Publication {
            channel: "eph.probe".into(),
            offset: 0,
            epoch: "".into(),
            key: None,
            body: super::world::body(&json!(1)),
            info: None,
        };
        let deadline = Instant::now() + Duration::from_secs(20);
        while Instant::now() < deadline {
            self.one.hub.committed(vec![probe.clone()]);
            let heard = timeout(Duration::from_millis(50), client.message()).await;
            if heard.is_ok() {
                return;
            }
        }
        panic!("the instances never heard each other");
    }

    /// Publishes on one instance and times the arrival at a client of the other.
    async fn publish(&self, client: &mut Client, offset: u64) -> Duration {
        let begun = Instant::now();
        self.one.publish("doc.a", &json!(offset));
        assert_eq!(client.push().await["pub"]["offset"], json!(offset));
        begun.elapsed()
    }
}

async fn instance(shared: &Shared, server: &RedisServer) -> Instance {
    let (broker, presence) = server.instance();
    let config = HubConfig {
        presence_beat_ms: 100,
        ..HubConfig::default()
    };
    shared
        .instance_over(config, Arc::new(broker), Arc::new(presence))
        .await
}

const A_SECOND: Duration = Duration::from_secs(1);

#[tokio::test]
async fn a_publication_on_one_instance_is_seen_on_the_other() {
    let pair = Pair::start().await;
    let mut client = pair.two.client("ann").await;
    client.subscribe("doc.a").await;
    let mut quickest = A_SECOND;
    for offset in 1..=20 {
        quickest = quickest.min(pair.publish(&mut client, offset).await);
    }
    assert!(
        quickest < Duration::from_millis(30),
        "over the wire: {quickest:?}"
    );
}

#[tokio::test]
async fn redis_killed_and_restarted_loses_nothing() {
    let mut pair = Pair::start().await;
    let mut client = pair.two.client("ann").await;
    client.subscribe("doc.a").await;
    pair.publish(&mut client, 1).await;
    pair.server.kill();
    for offset in 2..=5 {
        let taken = pair.publish(&mut client, offset).await;
        assert!(taken < A_SECOND, "{taken:?}");
    }
    pair.server.restart().await;
    pair.publish(&mut client, 6).await;
    pair.wired().await;
    let taken = pair.publish(&mut client, 7).await;
    assert!(taken < A_SECOND, "{taken:?}");
}

#[tokio::test]
async fn a_listener_that_is_cut_off_listens_again_and_misses_nothing() {
    let pair = Pair::start().await;
    let mut client = pair.two.client("ann").await;
    client.subscribe("doc.a").await;
    for offset in 1..=10 {
        pair.server
            .command(&["client", "kill", "type", "pubsub"])
            .await;
        let taken = pair.publish(&mut client, offset).await;
        assert!(taken < A_SECOND, "{taken:?}");
    }
    pair.server.command(&["flushall"]).await;
    pair.wired().await;
}

#[tokio::test]
async fn a_redis_that_hangs_delays_by_less_than_a_second() {
    let pair = Pair::start().await;
    let mut client = pair.two.client("ann").await;
    client.subscribe("doc.a").await;
    pair.server.signal("STOP");
    for offset in 1..=5 {
        let taken = pair.publish(&mut client, offset).await;
        assert!(taken < A_SECOND, "{taken:?}");
    }
    pair.server.signal("CONT");
    pair.wired().await;
}

/// Two instances, of which the second has its Redis behind a proxy and, by itself, would look at the
/// log once in ten minutes only.
async fn behind_a_proxy() -> (Pair, Proxy) {
    let server = RedisServer::start().await;
    let proxy = Proxy::before(server.socket());
    let shared = Shared::new();
    let one = instance(&shared, &server).await;
    let (broker, presence) = connect(&proxy.url(), quick()).unwrap();
    let config = HubConfig {
        heads_ms: 600_000,
        epoch_ms: 600_000,
        ..HubConfig::default()
    };
    let two = shared
        .instance_over(config, Arc::new(broker), Arc::new(presence))
        .await;
    let pair = Pair { server, one, two };
    pair.wired().await;
    (pair, proxy)
}

#[tokio::test]
async fn what_was_lost_while_cut_off_is_looked_for_as_soon_as_the_wire_is_whole() {
    let (pair, proxy) = behind_a_proxy().await;
    let mut client = pair.two.client("ann").await;
    client.subscribe("doc.a").await;
    pair.publish(&mut client, 1).await;
    proxy.cut();
    pair.one.publish("doc.a", &json!(2));
    client.expect_silence().await;
    proxy.heal();
    assert_eq!(client.push().await["pub"]["offset"], json!(2));
}

#[tokio::test]
async fn a_subscription_that_only_seems_alive_is_unmasked_by_the_beacon() {
    let (pair, proxy) = behind_a_proxy().await;
    let mut client = pair.two.client("ann").await;
    client.subscribe("doc.a").await;
    pair.publish(&mut client, 1).await;
    proxy.swallow();
    pair.one.publish("doc.a", &json!(2));
    let begun = Instant::now();
    assert_eq!(client.push().await["pub"]["offset"], json!(2));
    assert!(begun.elapsed() < 10 * A_SECOND, "{:?}", begun.elapsed());
    pair.wired().await;
}

#[tokio::test]
async fn an_emptied_redis_takes_nobody_off_the_lists() {
    let pair = Pair::start().await;
    let mut ann = pair.one.client("ann").await;
    ann.subscribe("crew.a").await;
    let mut bob = pair.two.client("bob").await;
    bob.subscribe("crew.a").await;
    let stats = json!({ "presence_stats": { "channel": "crew.a" } });
    for _ in 0..3 {
        pair.server.command(&["flushall"]).await;
        let deadline = Instant::now() + 20 * A_SECOND;
        while ann.request(&stats).await["presence_stats"]["num_clients"] != json!(2) {
            assert!(Instant::now() < deadline, "they come back");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
    let leaves = ann.pushes.iter().filter(|push| push["leave"].is_object());
    assert_eq!(leaves.count(), 0, "{:?}", ann.pushes);
}

#[tokio::test]
async fn joins_leaves_and_lists_span_the_instances() {
    let pair = Pair::start().await;
    let mut ann = pair.one.client("ann").await;
    ann.subscribe("crew.a").await;
    assert_eq!(ann.push().await["join"]["info"]["user"], json!("ann"));
    let mut bob = pair.two.client("bob").await;
    bob.subscribe("crew.a").await;
    let join = ann.push().await;
    assert_eq!(join["join"]["info"]["user"], json!("bob"));
    assert_eq!(join["join"]["info"]["chan_info"], json!("here"));
    let reply = ann
        .request(&json!({ "presence_stats": { "channel": "crew.a" } }))
        .await;
    assert_eq!(
        reply["presence_stats"],
        json!({ "num_clients": 2, "num_users": 2 })
    );
    drop(bob);
    assert_eq!(ann.push().await["leave"]["info"]["user"], json!("bob"));
    let reply = ann
        .request(&json!({ "presence_stats": { "channel": "crew.a" } }))
        .await;
    assert_eq!(
        reply["presence_stats"],
        json!({ "num_clients": 1, "num_users": 1 })
    );
}

#[tokio::test]
async fn those_whom_a_dead_instance_held_leave_once() {
    let pair = Pair::start().await;
    let mut ann = pair.one.client("ann").await;
    ann.subscribe("crew.a").await;
    assert_eq!(ann.push().await["join"]["info"]["user"], json!("ann"));
    let (_, dead) = pair.server.instance();
    let held = ClientInfo {
        user: "bob".to_owned(),
        client: "held".to_owned(),
        conn_info: None,
        chan_info: None,
    };
    dead.enter(&"crew.a".into(), &held).await.unwrap();
    let reply = ann
        .request(&json!({ "presence_stats": { "channel": "crew.a" } }))
        .await;
    assert_eq!(reply["presence_stats"]["num_clients"], json!(2));
    assert_eq!(ann.push().await["leave"]["info"]["client"], json!("held"));
    let more = timeout(A_SECOND, ann.message()).await;
    assert!(more.is_err(), "{more:?}");
}

#[tokio::test]
async fn a_control_message_reaches_the_other_instance() {
    let pair = Pair::start().await;
    let mut client = pair.two.client("ann").await;
    pair.one
        .hub
        .control(Control::Disconnect {
            user: "ann".into(),
            session: None,
            code: 3503,
            reason: "force disconnect".into(),
        })
        .await;
    assert_eq!(client.closed().await.code, 3503);
}
