//! Redis frozen, emptied, killed and back under two instances: it is a wire, so that commands do not
//! wait for it and nobody misses anything (P1).

use std::time::{Duration, Instant};

use serde_json::json;

use crate::support::{
    company::Company, database::TestDb, redis::TestRedis, server::TestServer, socket::TestSocket,
};

/// Whoever waited for Redis would wait as long.
const ENDLESS_MS: &str = "60000";
/// Commands on a busy machine take less.
const PROMPT: Duration = Duration::from_secs(5);
const COMMANDS: usize = 20;

struct Instances {
    servers: [TestServer; 2],
    near: TestSocket,
    far: TestSocket,
    channel: String,
}

impl Instances {
    async fn start(db: &TestDb, redis: &TestRedis) -> Self {
        let settings = [
            ("redis_url", redis.url.as_str()),
            ("redis.response_ms", ENDLESS_MS),
            ("redis.connect_ms", ENDLESS_MS),
            ("hub.broker_timeout_ms", ENDLESS_MS),
            ("limits.orders_burst", "1000"),
        ];
        let servers = [
            TestServer::with(db, &settings).await,
            TestServer::with(db, &settings).await,
        ];
        let company = Company::found(&db.url, &servers[0]).await;
        let (customer, _) = company.customer(&servers[0], "Clara").await;
        let channel = format!("customer:{}", customer.id);
        let mut near = TestSocket::connect(&servers[0], Some(&customer.token)).await;
        let mut far = TestSocket::connect(&servers[1], Some(&customer.token)).await;
        near.subscribe(&channel).await;
        far.subscribe(&channel).await;
        Self {
            servers,
            near,
            far,
            channel,
        }
    }

    /// Commands on one instance, each at once, and each seen on both.
    async fn work(&mut self, round: &str) {
        for number in 0..COMMANDS {
            let name = format!("Clara {round} {number}.");
            let begun = Instant::now();
            let update = json!({ "name": name });
            self.near.accepted("customer.update", &update).await;
            for socket in [&mut self.near, &mut self.far] {
                socket
                    .publication(&self.channel, |body| body.to_string().contains(&name))
                    .await;
            }
            assert!(begun.elapsed() < PROMPT, "{name} {:?}", begun.elapsed());
        }
    }

    async fn stop(self) {
        self.near.close().await;
        self.far.close().await;
        for server in self.servers {
            server.stop().await;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_command_waits_for_redis_and_nobody_misses_anything() {
    let db = TestDb::new().await;
    let mut redis = TestRedis::start().await;
    let mut instances = Instances::start(&db, &redis).await;
    instances.work("with Redis").await;
    redis.signal("STOP");
    instances.work("frozen").await;
    redis.signal("CONT");
    redis.command("FLUSHALL").await;
    instances.work("emptied").await;
    redis.kill();
    instances.work("away").await;
    redis.restart().await;
    instances.work("back").await;
    instances.stop().await;
}
