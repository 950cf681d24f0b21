//! Two hundred people at their own sockets, on two instances, all wanting one slot that three can
//! have. Whoever is refused tries again under the same id, as a screen does.

use std::{sync::Arc, time::Duration};

use jiff::Timestamp;
use serde_json::{Value, json};
use sqlx::PgPool;
use tokio::{sync::Barrier, task::JoinSet, time::sleep};

use crate::support::{
    company::Company,
    database::TestDb,
    redis::TestRedis,
    server::{Api, TestServer},
    socket::TestSocket,
};

const CLIENTS: usize = 200;
const CAPACITY: usize = 3;
/// Tries after which somebody who only ever hears "later" has a complaint.
const TRIES: usize = 100;

/// What came of one client's wish, and how often it had to ask.
struct Answer {
    outcome: Value,
    tries: usize,
}

async fn two_instances(db: &TestDb, redis: &TestRedis) -> [TestServer; 2] {
    let settings = [
        ("redis_url", redis.url.as_str()),
        ("limits.sign_ins_per_minute", "1000"),
        ("limits.handshakes_per_minute", "1000"),
    ];
    [
        TestServer::with(db, &settings).await,
        TestServer::with(db, &settings).await,
    ]
}

/// Connected as a guest, with everything but the wish done.
async fn guest(api: &Api) -> TestSocket {
    let session = api.guest().await;
    TestSocket::connect(api, session["access_token"].as_str()).await
}

/// Asks for the slot until there is a decision.
async fn insist(socket: &mut TestSocket, start: Timestamp) -> Answer {
    let mut wish = Company::hold(start);
    wish["command_id"] = json!(uuid::Uuid::now_v7());
    for tries in 1..=TRIES {
        let outcome = socket.try_command("hold.place", &wish).await;
        let outcome = outcome.expect("the connection stays open");
        if outcome["outcome"] != "refused" {
            return Answer { outcome, tries };
        }
        let wait = outcome["details"]["retry_after_ms"].as_u64().unwrap_or(100);
        sleep(Duration::from_millis(wait)).await;
    }
    panic!("refused {TRIES} times");
}

async fn overlaps(pool: &PgPool) -> i64 {
    let pairs = "select count(*) from occupancy a join occupancy b
        on a.cleaner_id = b.cleaner_id and a.id < b.id and a.busy && b.busy";
    sqlx::query_scalar(pairs)
        .fetch_one(pool)
        .await
        .expect("a count")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_hundred_sockets_on_two_instances_three_get_the_slot() {
    let (db, redis) = (TestDb::new().await, TestRedis::start().await);
    let servers = two_instances(&db, &redis).await;
    let company = Company::found(&db.url, &servers[0]).await;
    for number in 0..CAPACITY {
        let name = format!("Cleaner {number}");
        company.hire(&db.url, &servers[0], &name).await;
    }
    // In the middle of the shift, so that there are other times to offer.
    let start = company.after_opening(4 * 60);
    let (ready, mut clients) = (Arc::new(Barrier::new(CLIENTS)), JoinSet::new());
    for number in 0..CLIENTS {
        let mut socket = guest(&servers[number % 2]).await;
        let ready = Arc::clone(&ready);
        clients.spawn(async move {
            ready.wait().await;
            insist(&mut socket, start).await
        });
    }
    let (mut held, mut gone, mut tries) = (0, 0, 0);
    while let Some(answer) = clients.join_next().await {
        let answer = answer.expect("no client panics");
        tries += answer.tries;
        if answer.outcome["outcome"] == "accepted" {
            held += 1;
            continue;
        }
        assert_eq!(answer.outcome["code"], "slot_gone", "{}", answer.outcome);
        let offered = answer.outcome["details"]["alternatives"].as_array();
        assert_eq!(offered.map(Vec::len), Some(3), "{}", answer.outcome);
        gone += 1;
    }
    println!("{tries} tries by {CLIENTS} clients");
    assert_eq!((held, gone), (CAPACITY, CLIENTS - CAPACITY));
    assert_eq!(overlaps(&db.pool).await, 0);
    for server in servers {
        server.stop().await;
    }
}
