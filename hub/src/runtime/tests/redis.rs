//! Two instances over one Redis, which is killed, emptied, stopped and cut off.

use std::{sync::Arc, time::Duration};

use serde_json::json;
use tokio::time::{Instant, timeout};

use super::world::{Client, Instance, Shared};
use crate::{
    HubConfig,
    adapters::redis::tests::RedisServer,
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
