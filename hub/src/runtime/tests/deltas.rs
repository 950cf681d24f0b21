//! Publications as differences from the one before, for subscribers who ask for that.

use serde_json::{Value, json};

use super::world::{Client, Instance};
use crate::protocol::delta;

/// A client that takes deltas and puts the bodies together again.
struct Reader {
    client: Client,
    body: Option<String>,
}

impl Reader {
    async fn on(instance: &Instance, request: Value) -> (Self, Value) {
        let mut client = instance.client("ann").await;
        let reply = client.request(&json!({ "subscribe": request })).await;
        let reader = Self { client, body: None };
        (reader, reply["subscribe"].clone())
    }

    /// Reads a publication; true when it was a delta.
    fn reads(&mut self, publication: &Value) -> bool {
        let text = publication["data"].as_str().expect("text in a string");
        let is_delta = publication["delta"] == true;
        let body = if is_delta {
            let old = self.body.as_ref().expect("something to differ from");
            let new = delta::apply(old.as_bytes(), text.as_bytes()).expect("a delta that fits");
            String::from_utf8(new).expect("text")
        } else {
            text.to_owned()
        };
        self.body = Some(body);
        is_delta
    }

    async fn next(&mut self) -> bool {
        let push = self.client.message().await.expect("open");
        self.reads(&push["push"]["pub"])
    }

    fn value(&self) -> Value {
        serde_json::from_str(self.body.as_ref().expect("a body")).expect("JSON")
    }
}

fn asking() -> Value {
    json!({ "channel": "log.a", "delta": "fossil" })
}

/// Long, with a few changes that are far apart.
fn map(first: &str, last: &str) -> Value {
    let middle: Vec<_> = (0..40).map(|n| format!("стоянка {n}")).collect();
    json!({ "first": first, "middle": middle, "last": last })
}

#[tokio::test(start_paused = true)]
async fn deltas_are_for_who_asks_and_may_have_them() {
    let instance = Instance::new().await;
    let (_, result) = Reader::on(&instance, asking()).await;
    assert_eq!(result["delta"], true);
    let (_, result) = Reader::on(&instance, json!({ "channel": "log.a" })).await;
    assert_eq!(result["delta"], Value::Null);
    let doc = json!({ "channel": "doc.a", "delta": "fossil" });
    let (_, result) = Reader::on(&instance, doc).await;
    assert_eq!(result["delta"], Value::Null);
    assert!(result["data"].is_object(), "subscribed all the same");
}

#[tokio::test(start_paused = true)]
async fn the_first_is_whole_and_each_following_differs_from_the_one_before() {
    let instance = Instance::new().await;
    let (mut early, _) = Reader::on(&instance, asking()).await;
    let mut plain = instance.client("bob").await;
    plain.subscribe("log.a").await;
    let bodies = [map("é", "1"), map("è", "2"), json!("short"), map("a", "b")];
    let were_deltas = [false, true, false, false];
    for (body, was_delta) in bodies.iter().zip(were_deltas) {
        instance.publish("log.a", body);
        assert_eq!(early.next().await, was_delta);
        assert_eq!(&early.value(), body);
        let push = plain.message().await.unwrap();
        assert_eq!(&push["push"]["pub"]["data"], body, "as it is");
    }
    // Who comes later has nothing to differ from.
    let (mut late, _) = Reader::on(&instance, asking()).await;
    for (last, late_delta) in [("c", false), ("d", true)] {
        let body = map("a", last);
        instance.publish("log.a", &body);
        assert!(early.next().await);
        assert_eq!(late.next().await, late_delta);
        assert_eq!((early.value(), late.value()), (body.clone(), body));
    }
}

#[tokio::test(start_paused = true)]
async fn a_recovery_brings_deltas_and_what_follows_differs_from_its_last() {
    let instance = Instance::new().await;
    for number in 1..=4 {
        instance.publish("log.a", &map("a", &number.to_string()));
    }
    let mut since = asking();
    since["recover"] = true.into();
    since["offset"] = 1.into();
    since["epoch"] = "epoch".into();
    let (mut reader, result) = Reader::on(&instance, since).await;
    assert_eq!(result["recovered"], true);
    let missed = result["publications"].as_array().unwrap();
    let were_deltas: Vec<_> = missed.iter().map(|missed| reader.reads(missed)).collect();
    assert_eq!(were_deltas, [false, true, true]);
    assert_eq!(reader.value(), map("a", "4"));
    instance.publish("log.a", &map("a", "5"));
    // The instance opened the channel after the fourth, so it may not know that one.
    reader.next().await;
    assert_eq!(reader.value(), map("a", "5"));
    instance.publish("log.a", &map("a", "6"));
    assert!(reader.next().await);
    assert_eq!(reader.value(), map("a", "6"));
}

#[tokio::test(start_paused = true)]
async fn a_recovery_of_nothing_is_followed_by_a_whole_one() {
    let instance = Instance::new().await;
    let (mut other, _) = Reader::on(&instance, asking()).await;
    instance.publish("log.a", &map("a", "1"));
    other.next().await;
    let mut since = asking();
    since["recover"] = true.into();
    since["offset"] = 1.into();
    let (mut reader, result) = Reader::on(&instance, since).await;
    assert_eq!(result["recovered"], true);
    assert_eq!(result["publications"], Value::Null);
    instance.publish("log.a", &map("a", "2"));
    assert!(other.next().await);
    assert!(!reader.next().await);
    assert_eq!(reader.value(), map("a", "2"));
}

#[tokio::test(start_paused = true)]
async fn history_is_plain() {
    let instance = Instance::new().await;
    let (mut reader, _) = Reader::on(&instance, asking()).await;
    for last in ["1", "2"] {
        instance.publish("log.a", &map("a", last));
        reader.next().await;
    }
    let history = json!({ "history": { "channel": "log.a", "limit": 10 } });
    let reply = reader.client.request(&history).await;
    let publications = reply["history"]["publications"].as_array().unwrap();
    assert_eq!(publications[1]["data"], map("a", "2"));
    assert_eq!(publications[1]["delta"], Value::Null);
}
