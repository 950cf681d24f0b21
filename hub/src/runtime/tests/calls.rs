//! rpc, publish, presence, history and what is not served.

use std::{sync::atomic::Ordering, time::Duration};

use serde_json::{Value, json};

use super::world::{Instance, until};
use crate::HubConfig;

#[tokio::test(start_paused = true)]
async fn an_rpc_answers_with_a_result_or_an_error() {
    let instance = Instance::new().await;
    let mut client = instance.client("ann").await;
    for (rpc, result) in [
        (
            json!({ "method": "echo", "data": { "a": [1, "ü"] } }),
            json!({ "data": { "a": [1, "ü"] } }),
        ),
        (
            json!({ "method": "whoami" }),
            json!({ "data": { "user": "ann" } }),
        ),
    ] {
        let reply = client.request(&json!({ "rpc": rpc })).await;
        assert_eq!(reply["rpc"], result);
    }
    let reply = client
        .request(&json!({ "rpc": { "method": "refuse" } }))
        .await;
    assert_eq!(
        reply["error"],
        json!({ "code": 400, "message": "not today" })
    );
    let reply = client
        .request(&json!({ "rpc": { "method": "unknown" } }))
        .await;
    assert_eq!(
        reply["error"],
        json!({ "code": 104, "message": "method not found" })
    );
    let reply = client
        .request(&json!({ "rpc": { "method": "panic" } }))
        .await;
    assert_eq!(
        reply["error"]["code"],
        json!(100),
        "and the connection lives"
    );
    client
        .request(&json!({ "rpc": { "method": "echo" } }))
        .await;
}

#[tokio::test(start_paused = true)]
async fn a_call_goes_on_when_its_connection_is_gone() {
    let instance = Instance::new().await;
    let mut client = instance.client("ann").await;
    client.send(&json!({ "rpc": { "method": "wait" } })).await;
    client
        .request(&json!({ "rpc": { "method": "echo" } }))
        .await;
    drop(client);
    until("the connection is gone", || instance.hub.connections() == 0).await;
    assert_eq!(instance.rules.executed.load(Ordering::SeqCst), 0);
    instance.rules.gate.add_permits(1);
    until("executed", || {
        instance.rules.executed.load(Ordering::SeqCst) == 1
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn slow_calls_hold_up_nothing_else_and_are_bounded() {
    let instance = Instance::with(HubConfig {
        concurrent_calls: 2,
        waiting_calls: 1,
        ..HubConfig::default()
    })
    .await;
    let mut client = instance.client("ann").await;
    let wait = json!({ "rpc": { "method": "wait" } });
    let first = client.send(&wait).await;
    let second = client.send(&wait).await;
    let third = client.send(&wait).await;
    let refused = client.request(&wait).await;
    assert_eq!(refused["error"]["code"], json!(111));
    client.subscribe("log.a").await;
    instance.rules.gate.add_permits(3);
    let mut answered = Vec::new();
    for _ in 0..3 {
        let reply = client.message().await.unwrap();
        assert_eq!(reply["rpc"]["data"], json!("done"));
        answered.push(reply["id"].as_u64().unwrap());
    }
    answered.sort_unstable();
    assert_eq!(answered, [first, second, third]);
}

#[tokio::test(start_paused = true)]
async fn a_call_that_nobody_waits_for_any_more_is_not_started() {
    let instance = Instance::with(HubConfig {
        concurrent_calls: 1,
        call_patience_ms: 3_000,
        ..HubConfig::default()
    })
    .await;
    let mut client = instance.client("ann").await;
    let wait = json!({ "rpc": { "method": "wait" } });
    let first = client.send(&wait).await;
    let stale = client.send(&wait).await;
    tokio::time::sleep(Duration::from_millis(2_900)).await;
    let fresh = client.send(&wait).await;
    tokio::time::sleep(Duration::from_millis(200)).await;
    instance.rules.gate.add_permits(3);
    for (id, code) in [(first, None), (stale, Some(111)), (fresh, None)] {
        let reply = client.message().await.unwrap();
        assert_eq!(reply["id"], json!(id));
        assert_eq!(reply["error"]["code"].as_u64(), code, "{reply}");
    }
    assert_eq!(instance.rules.executed.load(Ordering::SeqCst), 2);
}

#[tokio::test(start_paused = true)]
async fn a_publisher_gets_its_own_publication() {
    let instance = Instance::new().await;
    let mut client = instance.client("ann").await;
    client.subscribe("log.a").await;
    let publish = |channel: &str| json!({ "publish": { "channel": channel, "data": { "t": 1 } } });
    assert_eq!(
        client.request(&publish("log.a")).await["publish"],
        json!({})
    );
    assert_eq!(client.push().await["pub"]["data"], json!({ "t": 1 }));
    let reply = client.request(&publish("doc.a")).await;
    assert_eq!(reply["error"]["code"], json!(103));
    let reply = client
        .request(&json!({ "publish": { "channel": "log.a" } }))
        .await;
    assert_eq!(reply["error"]["code"], json!(107));
    client.send(&publish("")).await;
    assert_eq!(client.closed().await.code, 3501);
}

#[tokio::test(start_paused = true)]
async fn history_reads_forward_backward_and_the_position_alone() {
    let instance = Instance::new().await;
    for number in 1..=10 {
        instance.publish("log.a", &json!(number));
    }
    let mut client = instance.client("ann").await;
    let mut offsets = async |history: Value| {
        let mut history = history;
        history["channel"] = json!("log.a");
        let reply = client.request(&json!({ "history": history })).await;
        let result = &reply["history"];
        assert_eq!(
            (&result["offset"], &result["epoch"]),
            (&json!(10), &json!("epoch")),
            "{reply}"
        );
        let list = result["publications"].as_array().unwrap().clone();
        list.iter()
            .map(|publication| publication["offset"].as_u64().unwrap())
            .collect::<Vec<_>>()
    };
    assert!(offsets(json!({})).await.is_empty());
    assert_eq!(offsets(json!({ "limit": 3 })).await, [1, 2, 3]);
    assert_eq!(offsets(json!({ "limit": -1 })).await.len(), 10);
    assert_eq!(
        offsets(json!({ "limit": 2, "reverse": true })).await,
        [10, 9]
    );
    let since = json!({ "offset": 4, "epoch": "epoch" });
    assert_eq!(offsets(json!({ "limit": 2, "since": since })).await, [5, 6]);
    assert_eq!(
        offsets(json!({ "limit": 2, "since": since, "reverse": true })).await,
        [3, 2]
    );
}

#[tokio::test(start_paused = true)]
async fn history_that_makes_no_sense_or_is_not_allowed_is_an_error() {
    let instance = Instance::new().await;
    let mut client = instance.client("ann").await;
    for (history, code) in [
        (
            json!({ "channel": "log.a", "limit": 1, "reverse": true, "since": { "offset": 0 } }),
            107,
        ),
        (
            json!({ "channel": "log.a", "limit": 1, "since": { "offset": 1, "epoch": "other" } }),
            112,
        ),
        (json!({ "channel": "doc.a", "limit": 1 }), 108),
        (json!({ "channel": "secret", "limit": 1 }), 103),
    ] {
        let reply = client.request(&json!({ "history": history })).await;
        assert_eq!(reply["error"]["code"], json!(code), "{history}");
    }
    client.subscribe("doc.a").await;
    let reply = client
        .request(&json!({ "history": { "channel": "doc.a" } }))
        .await;
    assert_eq!(reply["error"]["code"], json!(108));
}

#[tokio::test(start_paused = true)]
async fn presence_lists_subscribers_and_forgets_them_at_once() {
    let instance = Instance::new().await;
    let mut ann = instance.client("ann").await;
    let mut bob = instance.client("bob").await;
    ann.subscribe("crew.a").await;
    let listed = ann
        .request(&json!({ "presence": { "channel": "crew.a" } }))
        .await;
    let presence = listed["presence"]["presence"].as_object().unwrap();
    assert_eq!(presence.len(), 1);
    let (client, info) = presence.iter().next().unwrap();
    assert_eq!(info["client"], json!(client));
    assert_eq!(info["user"], json!("ann"));
    assert_eq!(info["conn_info"], json!({ "name": "ann" }));
    assert_eq!(info["chan_info"], json!("here"));
    bob.subscribe("crew.a").await;
    let stats = json!({ "presence_stats": { "channel": "crew.a" } });
    let reply = bob.request(&stats).await;
    assert_eq!(
        reply["presence_stats"],
        json!({ "num_clients": 2, "num_users": 2 })
    );
    for client in [&mut ann, &mut bob] {
        client
            .request(&json!({ "unsubscribe": { "channel": "crew.a" } }))
            .await;
    }
    let reply = bob.request(&stats).await;
    assert_eq!(
        reply["presence_stats"],
        json!({ "num_clients": 0, "num_users": 0 })
    );
    let reply = bob
        .request(&json!({ "presence": { "channel": "crew.a" } }))
        .await;
    assert_eq!(reply["presence"], json!({ "presence": {} }));
    let reply = bob
        .request(&json!({ "presence": { "channel": "log.a" } }))
        .await;
    assert_eq!(reply["error"]["code"], json!(108));
    let reply = bob
        .request(&json!({ "presence_stats": { "channel": "secret" } }))
        .await;
    assert_eq!(reply["error"]["code"], json!(103));
}

#[tokio::test(start_paused = true)]
async fn joins_and_leaves_are_told_own_join_included() {
    let instance = Instance::new().await;
    let mut ann = instance.client("ann").await;
    ann.subscribe("crew.a").await;
    let own = ann.push().await;
    assert_eq!(own["join"]["info"]["user"], json!("ann"));
    let mut bob = instance.client("bob").await;
    bob.subscribe("crew.a").await;
    assert_eq!(ann.push().await["join"]["info"]["user"], json!("bob"));
    bob.request(&json!({ "unsubscribe": { "channel": "crew.a" } }))
        .await;
    assert_eq!(ann.push().await["leave"]["info"]["user"], json!("bob"));
    bob.subscribe("crew.a").await;
    assert_eq!(ann.push().await["join"]["info"]["user"], json!("bob"));
    drop(bob);
    assert_eq!(ann.push().await["leave"]["info"]["user"], json!("bob"));
}

#[tokio::test(start_paused = true)]
async fn what_is_not_served_says_so() {
    let instance = Instance::new().await;
    let mut client = instance.client("ann").await;
    let reply = client.request(&json!({ "ping": {} })).await;
    assert_eq!(reply["error"]["code"], json!(108));
    client.send_text("{\"send\":{\"data\":1}}").await;
    assert_eq!(client.closed().await.code, 3508);
}
