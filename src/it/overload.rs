//! Three times too much is asked: as much gets done as ever, what is accepted is quick, the rest is
//! refused at once with a time to come back, and health answers throughout.
//!
//! The cost of a command is made by the database, so that it is the connections that are scarce and
//! not this machine's processors, which builds and other tests share.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use reqwest::StatusCode;
use serde_json::{Value, json};
use tokio::sync::Mutex;
use tokio_util::sync::CancellationToken;

use crate::support::{
    company::Company, database::TestDb, people::TestPerson, server::TestServer, socket::TestSocket,
};

/// What every command costs besides.
const COST: &str = "0.04";
/// With four connections and that cost, at most so many are done in a second.
const CAPACITY: u32 = 100;
const FOR: Duration = Duration::from_secs(3);
/// Nobody who is accepted waits longer than for a turn and the command itself.
const LONGEST: Duration = Duration::from_secs(1);
const SETTINGS: [(&str, &str); 7] = [
    ("limits.queries_per_minute", "1000000"),
    ("limits.queries_burst", "1000000"),
    ("database.command_connections", "4"),
    ("limits.commands_per_minute", "100000"),
    ("limits.commands_burst", "100000"),
    ("limits.orders_per_minute", "100000"),
    ("limits.orders_burst", "100000"),
];

async fn make_commands_cost(db: &TestDb) {
    let cost = format!(
        "create function cost() returns trigger language plpgsql as
             $$ begin perform pg_sleep({COST}); return null; end $$;
         create trigger command_costs after insert on command
             for each row execute function cost()"
    );
    let made = sqlx::raw_sql(sqlx::AssertSqlSafe(cost)).execute(&db.pool);
    made.await.expect("a trigger");
}

/// One of many who ask.
struct Asker {
    socket: Mutex<TestSocket>,
    about: Value,
}

/// What came of a time of asking.
#[derive(Debug, Default)]
struct Tally {
    accepted: u32,
    refused: u32,
    slowest: Duration,
}

impl Tally {
    fn add(&mut self, outcome: &Value, took: Duration) {
        if outcome["outcome"] == "accepted" {
            self.accepted += 1;
            self.slowest = self.slowest.max(took);
            return;
        }
        assert_eq!(outcome["code"], "unavailable", "{outcome}");
        let wait = outcome["details"]["retry_after_ms"].as_u64();
        assert!(
            wait.is_some_and(|wait| (50..=5_000).contains(&wait)),
            "{outcome}"
        );
        self.refused += 1;
    }
}

/// Asks at an even pace, whatever becomes of what was asked: each asker asks in turn, and asks
/// nothing while its last question is open. Enough of them keep the pace.
async fn ask(askers: &[Arc<Asker>], per_second: u32) -> Tally {
    let tally = Arc::new(Mutex::new(Tally::default()));
    let (mut tasks, began) = (tokio::task::JoinSet::new(), Instant::now());
    let pause = Duration::from_secs(1) / per_second;
    let mut next = tokio::time::Instant::now();
    for asker in askers.iter().cycle() {
        if began.elapsed() > FOR {
            break;
        }
        next += pause;
        tokio::time::sleep_until(next).await;
        let (asker, tally) = (Arc::clone(asker), Arc::clone(&tally));
        tasks.spawn(async move {
            let mut socket = asker.socket.lock().await;
            let sent = Instant::now();
            let outcome = socket.command("customer.update", &asker.about).await;
            tally.lock().await.add(&outcome, sent.elapsed());
        });
    }
    while let Some(done) = tasks.join_next().await {
        done.expect("no asker panics");
    }
    let tally = Arc::into_inner(tally).expect("all are done");
    tally.into_inner()
}

async fn customers(server: &TestServer, company: &Company, count: u32) -> Vec<TestPerson> {
    let mut customers = Vec::new();
    for number in 0..count {
        let name = format!("Customer {number}");
        customers.push(company.customer(server, &name).await.0);
    }
    customers
}

/// Each about a customer of its own, so that nobody waits for a row.
async fn askers(
    server: &TestServer,
    customers: &[TestPerson],
    token: impl Fn(&TestPerson) -> String,
) -> Vec<Arc<Asker>> {
    let mut askers = Vec::new();
    for customer in customers {
        let socket = TestSocket::connect(server, Some(&token(customer))).await;
        askers.push(Arc::new(Asker {
            socket: Mutex::new(socket),
            about: json!({"customer": customer.id, "name": "Somebody"}),
        }));
    }
    askers
}

/// Looks at the operations listener until told to stop; the longest that it took to answer.
async fn watch(ready: String, metrics: String, stop: CancellationToken) -> Duration {
    let (http, mut slowest) = (reqwest::Client::new(), Duration::ZERO);
    while !stop.is_cancelled() {
        for url in [&ready, &metrics] {
            let asked = Instant::now();
            let answer = http.get(url).send().await.expect("an answer");
            assert_eq!(answer.status(), StatusCode::OK, "{url}");
            slowest = slowest.max(asked.elapsed());
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    slowest
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn as_much_is_done_when_three_times_too_much_is_asked() {
    let db = TestDb::new().await;
    let server = Box::pin(TestServer::with(&db, &SETTINGS)).await;
    let company = Company::found(&db.url, &server).await;
    let customers = customers(&server, &company, 90).await;
    let desk = company.dispatcher.token.clone();
    // More than one person may have open.
    let tokens = [desk, company.manager.token.clone()];
    let turn = std::cell::Cell::new(0);
    let token = |_: &TestPerson| {
        turn.set(turn.get() + 1);
        tokens[turn.get() % 2].clone()
    };
    let askers = askers(&server, &customers, token).await;
    let before: i64 = receipts(&db).await;
    make_commands_cost(&db).await;

    let stop = CancellationToken::new();
    let (ready, metrics) = (server.ops_url("/readyz"), server.ops_url("/metrics"));
    let health = tokio::spawn(watch(ready, metrics, stop.clone()));
    let enough = ask(&askers, CAPACITY).await;
    let too_much = ask(&askers, 3 * CAPACITY).await;
    stop.cancel();
    let slowest_health = health.await.expect("health answers");

    println!("enough: {enough:?}; too much: {too_much:?}; health: {slowest_health:?}");
    assert!(too_much.refused > 0, "it is too much: {too_much:?}");
    let kept = f64::from(too_much.accepted) / f64::from(enough.accepted);
    assert!(kept >= 0.7, "{kept}: {enough:?}, {too_much:?}");
    assert!(too_much.slowest < LONGEST, "{too_much:?}");
    assert!(slowest_health < LONGEST, "{slowest_health:?}");
    // What was refused was never begun, so far as anybody can see.
    let kept = receipts(&db).await - before;
    assert_eq!(kept, i64::from(enough.accepted + too_much.accepted));
    server.stop().await;
}

async fn receipts(db: &TestDb) -> i64 {
    sqlx::query_scalar("select count(*) from command where kind = 'customer.update'")
        .fetch_one(&db.pool)
        .await
        .expect("a count")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_control_room_works_on_while_customers_and_queries_ask_too_much() {
    let db = TestDb::new().await;
    let server = Box::pin(TestServer::with(&db, &SETTINGS)).await;
    let company = Company::found(&db.url, &server).await;
    let customers = customers(&server, &company, 60).await;
    let token = |customer: &TestPerson| customer.token.clone();
    let mut flood = askers(&server, &customers, token).await;
    for asker in &mut flood {
        // They mean themselves.
        let own = Arc::get_mut(asker).expect("nobody asks yet");
        own.about = json!({"name": "Somebody"});
    }
    let desk = &company.dispatcher.token;
    let mut socket = TestSocket::connect(&server, Some(desk)).await;
    make_commands_cost(&db).await;
    let stop = CancellationToken::new();
    let queries = query_without_end(&server, &company.manager.token, &stop).await;
    let flooding = tokio::spawn(async move { ask(&flood, 3 * CAPACITY).await });
    let (mut done, mut slowest) = (0, Duration::ZERO);
    while !flooding.is_finished() {
        let asked = Instant::now();
        let call = json!({"customer": customers[0].id, "name": "Somebody"});
        socket.accepted("customer.update", &call).await;
        slowest = slowest.max(asked.elapsed());
        done += 1;
    }
    stop.cancel();
    assert!(queries.await.expect("no panic") > 0);
    let flooded = flooding.await.expect("no panic");
    assert!(flooded.refused > 0, "it is too much: {flooded:?}");
    assert!(done >= 10 && slowest < LONGEST, "{done}, {slowest:?}");
    socket.close().await;
    server.stop().await;
}

/// Eight at once search as fast as they are answered; returns how often they were.
async fn query_without_end(
    server: &TestServer,
    token: &str,
    stop: &CancellationToken,
) -> tokio::task::JoinHandle<u32> {
    let mut asking = tokio::task::JoinSet::new();
    for _ in 0..8 {
        let mut socket = TestSocket::connect(server, Some(token)).await;
        let stop = stop.clone();
        asking.spawn(async move {
            let mut answered = 0;
            let call = json!({"method": "search", "data": {"text": "customer"}});
            while !stop.is_cancelled() {
                let answer = socket.ask("rpc", call.clone()).await;
                answered += u32::from(answer["rpc"]["data"]["hits"].is_array());
            }
            answered
        });
    }
    tokio::spawn(async move { asking.join_all().await.into_iter().sum() })
}
