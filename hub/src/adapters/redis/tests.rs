//! A Redis server of the test's own, and what the adapters promise with it alone.

use std::{
    path::PathBuf,
    process::{Child, Command, Stdio},
    time::Duration,
};

use tempfile::TempDir;

use super::{RedisBroker, RedisConfig, RedisPresence, connect};
use crate::ports::{
    Body, Broker, ClientInfo, Control, FeedItem, Listed, Presence, PresenceChange, Told,
};

/// Listens on a unix socket in a directory of its own, keeps nothing, and ends with the test.
pub(crate) struct RedisServer {
    directory: TempDir,
    process: Child,
}

impl RedisServer {
    pub(crate) async fn start() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let process = spawn(&directory);
        let server = Self { directory, process };
        server.ready().await;
        server
    }

    fn socket(&self) -> PathBuf {
        self.directory.path().join("redis.sock")
    }

    pub(crate) fn url(&self) -> String {
        format!("redis+unix://{}", self.socket().display())
    }

    async fn ready(&self) {
        for _ in 0..5_000 {
            if tokio::net::UnixStream::connect(self.socket()).await.is_ok() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        panic!("redis-server did not start");
    }

    pub(crate) fn kill(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
        let _ = std::fs::remove_file(self.socket());
    }

    pub(crate) async fn restart(&mut self) {
        self.process = spawn(&self.directory);
        self.ready().await;
    }

    /// STOP or CONT.
    pub(crate) fn signal(&self, signal: &str) {
        let status = Command::new("kill")
            .args([format!("-{signal}"), self.process.id().to_string()])
            .status()
            .unwrap();
        assert!(status.success());
    }

    pub(crate) async fn command(&self, words: &[&str]) {
        let client = redis::Client::open(self.url()).unwrap();
        let mut connection = client.get_multiplexed_async_connection().await.unwrap();
        let mut command = redis::cmd(words[0]);
        for word in &words[1..] {
            command.arg(*word);
        }
        let _: redis::Value = command.query_async(&mut connection).await.unwrap();
    }

    /// Both adapters of one more instance.
    pub(crate) fn instance(&self) -> (RedisBroker, RedisPresence) {
        let config = RedisConfig {
            beacon_ms: 50,
            deaf_ms: 300,
            lease_ms: 400,
            ..RedisConfig::default()
        };
        connect(&self.url(), config).unwrap()
    }
}

impl Drop for RedisServer {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn spawn(directory: &TempDir) -> Child {
    let path = directory.path();
    Command::new("redis-server")
        .args(["--port", "0", "--save", "", "--appendonly", "no"])
        .arg("--unixsocket")
        .arg(path.join("redis.sock"))
        .arg("--dir")
        .arg(path)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap_or_else(|error| {
            panic!(
                "these tests need redis-server on the PATH ({error}): \
                 install it with `apt-get update && apt-get install -y redis-server`"
            )
        })
}

fn info(client: &str) -> ClientInfo {
    ClientInfo {
        user: "ann".to_owned(),
        client: client.to_owned(),
        conn_info: None,
        chan_info: None,
    }
}

fn clients(list: &[Listed]) -> Vec<&str> {
    let mut clients: Vec<_> = list
        .iter()
        .map(|entry| entry.info.client.as_str())
        .collect();
    clients.sort_unstable();
    clients
}

#[tokio::test]
async fn an_instance_hears_the_others_and_not_itself() {
    let server = RedisServer::start().await;
    let (one, _) = server.instance();
    let (two, _) = server.instance();
    let mut heard_by_one = one.feed().await.unwrap();
    let mut heard_by_two = two.feed().await.unwrap();
    for feed in [&mut heard_by_one, &mut heard_by_two] {
        assert!(matches!(feed.recv().await, Some(FeedItem::Interrupted)));
    }
    one.control(Control::EpochChanged).await.unwrap();
    let heard = heard_by_two.recv().await;
    assert!(matches!(
        heard,
        Some(FeedItem::Control(Control::EpochChanged))
    ));
    let channel: std::sync::Arc<str> = "a".into();
    let user = None;
    two.control(Control::Reauthorize { channel, user })
        .await
        .unwrap();
    let heard = heard_by_one.recv().await;
    assert!(
        matches!(heard, Some(FeedItem::Control(Control::Reauthorize { .. }))),
        "its own message would have come first: {heard:?}"
    );
}

#[tokio::test]
async fn one_instance_can_be_told_something_and_a_name_of_nobody_is_known_as_such() {
    let server = RedisServer::start().await;
    let (one, _) = server.instance();
    let (two, _) = server.instance();
    let mut heard_by_one = one.feed().await.unwrap();
    let mut heard_by_two = two.feed().await.unwrap();
    for feed in [&mut heard_by_one, &mut heard_by_two] {
        assert!(matches!(feed.recv().await, Some(FeedItem::Interrupted)));
    }
    let answer = |number| Control::EmulationAnswered {
        number,
        answer: Ok(()),
    };
    let told = one.tell(&two.node(), answer(7)).await.unwrap();
    assert_eq!(told, Told::Sent);
    let nobody = one.tell("nobody", answer(8)).await.unwrap();
    assert_eq!(nobody, Told::NobodyThere);
    let heard = heard_by_two.recv().await;
    assert!(
        matches!(
            heard,
            Some(FeedItem::Control(Control::EmulationAnswered {
                number: 7,
                ..
            }))
        ),
        "{heard:?}"
    );
    two.control(Control::EpochChanged).await.unwrap();
    let heard = heard_by_one.recv().await;
    assert!(
        matches!(heard, Some(FeedItem::Control(Control::EpochChanged))),
        "what was meant for the other would have come first: {heard:?}"
    );
}

#[tokio::test]
async fn a_subscription_that_is_cut_or_only_seems_alive_is_made_anew() {
    let server = RedisServer::start().await;
    let (broker, _) = server.instance();
    let mut feed = broker.feed().await.unwrap();
    assert!(matches!(feed.recv().await, Some(FeedItem::Interrupted)));
    server.command(&["client", "kill", "type", "pubsub"]).await;
    assert!(matches!(feed.recv().await, Some(FeedItem::Interrupted)));
    // Nothing breaks, but nothing is heard.
    server.signal("STOP");
    tokio::time::sleep(Duration::from_millis(400)).await;
    server.signal("CONT");
    assert!(matches!(feed.recv().await, Some(FeedItem::Interrupted)));
}

#[tokio::test]
async fn a_dead_instance_leaves_the_lists_and_one_survivor_tells() {
    let server = RedisServer::start().await;
    let (_, dead) = server.instance();
    let (_, one) = server.instance();
    let (_, two) = server.instance();
    let channel = "a".into();
    for presence in [&dead, &one, &two] {
        presence.beat().await.unwrap();
    }
    dead.enter(&channel, &info("gone")).await.unwrap();
    one.enter(&channel, &info("here")).await.unwrap();
    assert_eq!(clients(&two.list("a").await.unwrap()), ["gone", "here"]);
    let mut removed = Vec::new();
    while removed.is_empty() {
        tokio::time::sleep(Duration::from_millis(20)).await;
        removed.extend(one.beat().await.unwrap());
        removed.extend(two.beat().await.unwrap());
    }
    for presence in [&one, &two, &one] {
        removed.extend(presence.beat().await.unwrap());
    }
    assert_eq!(removed.len(), 1, "told once");
    assert_eq!(
        (&*removed[0].0, removed[0].1.client.as_str()),
        ("a", "gone")
    );
    assert_eq!(clients(&two.list("a").await.unwrap()), ["here"]);
    // It was only asleep.
    dead.beat().await.unwrap();
    assert_eq!(clients(&two.list("a").await.unwrap()), ["gone", "here"]);
}

#[tokio::test]
async fn every_instance_finds_the_same_one_first_until_it_leaves() {
    let server = RedisServer::start().await;
    let (_, one) = server.instance();
    let (_, two) = server.instance();
    let channel = "a".into();
    // The client that comes last in the alphabet is the first.
    let others = ["b", "a"].map(info);
    one.enter(&channel, &info("z")).await.unwrap();
    let (left, right) = tokio::join!(
        one.enter(&channel, &others[0]),
        two.enter(&channel, &others[1])
    );
    (left.unwrap(), right.unwrap());
    let seen = one.list("a").await.unwrap();
    assert_eq!(seen, two.list("a").await.unwrap());
    assert_eq!(seen[0].info.client, "z");
    let changed = ClientInfo {
        chan_info: Some(Body::from_text("1").unwrap()),
        ..info("z")
    };
    let change = one.enter(&channel, &changed).await.unwrap();
    assert_eq!(change, PresenceChange::Changed);
    let change = one.enter(&channel, &changed).await.unwrap();
    assert_eq!(change, PresenceChange::Unchanged);
    let kept = two.list("a").await.unwrap();
    assert_eq!(
        (&kept[0].info, kept[0].since_us),
        (&changed, seen[0].since_us)
    );
    one.leave(&channel, "z").await.unwrap();
    one.enter(&channel, &changed).await.unwrap();
    assert_eq!(two.list("a").await.unwrap()[2].info, changed);
}

#[tokio::test]
async fn what_redis_forgot_or_missed_is_mended_by_the_next_beat() {
    let mut server = RedisServer::start().await;
    let (_, one) = server.instance();
    let (_, two) = server.instance();
    let channel = "a".into();
    one.beat().await.unwrap();
    one.enter(&channel, &info("stays")).await.unwrap();
    one.enter(&channel, &info("leaves")).await.unwrap();
    server.command(&["flushall"]).await;
    one.beat().await.unwrap();
    assert_eq!(clients(&two.list("a").await.unwrap()), ["leaves", "stays"]);
    server.signal("STOP");
    one.leave(&channel, "leaves").await.unwrap_err();
    one.enter(&channel, &info("comes")).await.unwrap_err();
    server.signal("CONT");
    while one.beat().await.is_err() {}
    assert_eq!(clients(&two.list("a").await.unwrap()), ["comes", "stays"]);
    server.kill();
    one.list("a").await.unwrap_err();
    server.restart().await;
    while one.beat().await.is_err() {}
    assert_eq!(clients(&one.list("a").await.unwrap()), ["comes", "stays"]);
}
