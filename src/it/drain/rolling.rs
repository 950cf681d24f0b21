//! A rolling restart of three instances under load: every command has an outcome and one effect,
//! every channel every publication (P3, P5, P8, P9).

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use serde_json::{Value, json};
use uuid::Uuid;

use super::traveller::{Fleet, Traveller};
use crate::support::{
    binary::{ServerProcess, dispatch_hub},
    company::Company,
    database::TestDb,
    redis::TestRedis,
    server::Api,
};

const INSTANCES: usize = 3;
const CUSTOMERS: u32 = 9;
/// Commands decided before, between and after the restarts.
const COMMANDS: usize = 60;
/// As far as the settings below allow: the drain, the finish, and a second; twice, because the
/// machine has other things to do as well.
const STOPPED_WITHIN: Duration = Duration::from_secs(20);

fn instance(db: &TestDb, redis: &TestRedis) -> ServerProcess {
    let mut command = dispatch_hub();
    command.args([
        "serve",
        "--database-url",
        &db.url,
        "--redis-url",
        &redis.url,
    ]);
    command.args(["--listen", "127.0.0.1:0", "--ops-listen", "127.0.0.1:0"]);
    command.args(["--drain-rate", "10"]);
    for (name, value) in [
        ("LIMITS__COMMANDS_PER_MINUTE", "1000000"),
        ("LIMITS__COMMANDS_BURST", "1000000"),
        ("LIMITS__HOLDS_PER_MINUTE", "1000000"),
        ("SHUTDOWN__DRAIN_MS", "4000"),
        ("SHUTDOWN__FINISH_MS", "5000"),
        ("DATABASE__COMMAND_CONNECTIONS", "6"),
        ("DATABASE__READ_CONNECTIONS", "4"),
    ] {
        command.env(format!("DISPATCH_HUB_{name}"), value);
    }
    ServerProcess::spawn(command)
}

/// What a customer was told.
struct Told {
    traveller: Traveller,
    properties: Vec<Uuid>,
    holds: Vec<Value>,
    commands: Vec<Uuid>,
}

/// Adds properties, and holds times that others want too, until told to stop.
async fn work(
    mut traveller: Traveller,
    company: Arc<Company>,
    decided: Arc<AtomicUsize>,
    stop: Arc<AtomicBool>,
) -> Told {
    let (mut properties, mut holds, mut commands) = (Vec::new(), Vec::new(), Vec::new());
    let mut round = rand::random_range(0..8_i64);
    while !stop.load(Ordering::Relaxed) {
        round += 1;
        let add = Uuid::now_v7();
        let property = json!({
            "command_id": add, "address": format!("House {add}"), "lon": 13.4, "lat": 52.5,
        });
        let outcome = traveller.insist("property.add", &property).await;
        assert_eq!(outcome["outcome"], "accepted", "{outcome}");
        properties.push(add);

        let place = Uuid::now_v7();
        let mut hold = Company::hold(company.after_opening(15 + 75 * (round % 5)));
        hold["command_id"] = json!(place);
        let outcome = traveller.insist("hold.place", &hold).await;
        decided.fetch_add(2, Ordering::Relaxed);
        commands.extend([add, place]);
        if outcome["outcome"] == "rejected" {
            continue;
        }
        let hold = outcome["result"]["hold"].clone();
        let release = Uuid::now_v7();
        let released = json!({ "command_id": release, "hold": hold });
        let outcome = traveller.insist("hold.release", &released).await;
        assert_eq!(outcome["outcome"], "accepted", "{outcome}");
        decided.fetch_add(1, Ordering::Relaxed);
        holds.push(hold);
        commands.push(release);
    }
    Told {
        traveller,
        properties,
        holds,
        commands,
    }
}

async fn until_decided(decided: &AtomicUsize, commands: usize) {
    let begun = Instant::now();
    let wanted = decided.load(Ordering::Relaxed) + commands;
    while decided.load(Ordering::Relaxed) < wanted {
        assert!(
            begun.elapsed() < Duration::from_mins(1),
            "commands are decided"
        );
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// Each of them is replaced, one after the other, while commands run.
async fn roll(
    instances: &mut [Option<ServerProcess>],
    fleet: &Fleet,
    decided: &AtomicUsize,
    start: impl Fn() -> ServerProcess,
) {
    for place in instances {
        until_decided(decided, COMMANDS).await;
        let old = place.take().expect("every place has an instance");
        // As a balancer does that has asked /readyz.
        fleet.leave(&old.url);
        let begun = Instant::now();
        let stopped = tokio::task::spawn_blocking(move || old.stop()).await;
        stopped.expect("it ends well");
        let taken = begun.elapsed();
        assert!(taken < STOPPED_WITHIN, "{taken:?}");
        let new = start();
        fleet.enter(&new.url);
        *place = Some(new);
    }
    until_decided(decided, COMMANDS).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rolling_restart_loses_no_command_and_no_publication() {
    let (db, redis) = (TestDb::new().await, TestRedis::start().await);
    let fleet = Fleet::default();
    let mut instances: Vec<_> = (0..INSTANCES)
        .map(|_| Some(instance(&db, &redis)))
        .collect();
    for one in instances.iter().flatten() {
        fleet.enter(&one.url);
    }
    let first: Arc<Api> = fleet.any();
    let company = Arc::new(Company::found(&db.url, &first).await);
    for name in ["Anna", "Berta"] {
        company.hire(&db.url, &first, name).await;
    }
    let watched = [company.slots(), company.control()];
    let dispatcher = company.dispatcher.clone();
    let mut dispatcher = Traveller::start(&fleet, dispatcher, &watched).await;
    let (decided, stop) = (
        Arc::new(AtomicUsize::new(0)),
        Arc::new(AtomicBool::new(false)),
    );
    let mut working = Vec::new();
    for number in 0..CUSTOMERS {
        let (person, _) = company
            .customer(&first, &format!("Customer {number}"))
            .await;
        let channels = [format!("customer:{}", person.id), company.slots()];
        let traveller = Traveller::start(&fleet, person, &channels).await;
        let (company, decided, stop) = (
            Arc::clone(&company),
            Arc::clone(&decided),
            Arc::clone(&stop),
        );
        working.push(tokio::spawn(work(traveller, company, decided, stop)));
    }
    roll(&mut instances, &fleet, &decided, || instance(&db, &redis)).await;
    stop.store(true, Ordering::Relaxed);
    let (mut returns, mut longest) = (0, Duration::ZERO);
    for working in working {
        let mut told = working.await.expect("no customer panics");
        told.traveller.assert_up_to_date().await;
        assert_one_effect_each(&db, &told).await;
        returns += told.traveller.returns;
        longest = longest.max(told.traveller.longest);
    }
    dispatcher.assert_up_to_date().await;
    println!(
        "{} commands, {returns} returns, the longest wait {longest:?}",
        decided.load(Ordering::Relaxed)
    );
    assert!(returns >= CUSTOMERS, "everybody has met a restart");
    for instance in instances.into_iter().flatten() {
        instance.stop();
    }
}

/// What a customer was told is what there is, once, and there is nothing else.
async fn assert_one_effect_each(db: &TestDb, told: &Told) {
    let customer = told.traveller.person.id.0;
    let addresses: Vec<String> = sqlx::query_scalar(
        "select address from property where customer_id = $1 and address like 'House %' order by 1",
    )
    .bind(customer)
    .fetch_all(&db.pool)
    .await
    .expect("rows");
    let mut expected: Vec<_> = told
        .properties
        .iter()
        .map(|id| format!("House {id}"))
        .collect();
    expected.sort();
    assert_eq!(addresses, expected);
    let holds: Vec<Uuid> = sqlx::query_scalar(
        "select id from hold where customer_id = $1 and status = 'released' order by 1",
    )
    .bind(customer)
    .fetch_all(&db.pool)
    .await
    .expect("rows");
    let mut expected: Vec<Uuid> = told
        .holds
        .iter()
        .map(|id| id.as_str().expect("an id").parse().expect("a UUID"))
        .collect();
    expected.sort();
    assert_eq!(holds, expected);
    let receipts: i64 = sqlx::query_scalar(
        "select count(*) from command where actor_id = $1 and command_id = any($2)",
    )
    .bind(customer)
    .bind(&told.commands)
    .fetch_one(&db.pool)
    .await
    .expect("a count");
    assert_eq!(usize::try_from(receipts), Ok(told.commands.len()));
}
