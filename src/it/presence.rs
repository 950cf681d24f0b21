//! Who is there: the same on every instance, without flicker, without a customer's name, and gone
//! once when an instance is killed. Locks have one holder, whichever instances they are asked of.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::{
    binary::ServerProcess,
    company::{Company, ZONE},
    database::TestDb,
    people::TestPerson,
    redis::TestRedis,
    schemas::assert_is,
    server::{Api, TestServer},
    socket::TestSocket,
};

const PATIENCE: Duration = Duration::from_mins(1);
const CHANNEL: &str = "presence:center";

/// Two instances over one Redis, and a company.
struct Fleet {
    redis: TestRedis,
    db: TestDb,
    one: TestServer,
    two: TestServer,
    company: Company,
}

impl Fleet {
    async fn start(settings: &[(&'static str, &str)]) -> Self {
        let (db, redis) = (TestDb::new().await, TestRedis::start().await);
        let mut settings = settings.to_vec();
        settings.push(("redis_url", &redis.url));
        let one = TestServer::with(&db, &settings).await;
        let two = TestServer::with(&db, &settings).await;
        let company = Company::found(&db.url, &one).await;
        Self {
            redis,
            db,
            one,
            two,
            company,
        }
    }

    async fn stop(self) {
        self.one.stop().await;
        self.two.stop().await;
    }
}

/// Somebody of the staff who watches who is there, and every state that they were told.
struct Colleague {
    id: String,
    socket: TestSocket,
    states: Vec<Value>,
}

impl Colleague {
    async fn watches(server: &Api, person: &TestPerson) -> Self {
        let mut socket = TestSocket::connect(server, Some(&person.token)).await;
        let snapshot = socket.subscribe(CHANNEL).await;
        assert_is("presence.snapshot", &snapshot["data"]);
        Self {
            id: person.id.to_string(),
            socket,
            states: Vec::new(),
        }
    }

    /// The next state that satisfies `wanted`; those before it are kept too.
    async fn until(&mut self, wanted: impl Fn(&Value) -> bool) -> Value {
        let begun = Instant::now();
        loop {
            // States are repeated for ever: waiting for one would never end by itself.
            let last = self.states.last();
            assert!(begun.elapsed() < PATIENCE, "not told; the last is {last:?}");
            let told = self.socket.publication(CHANNEL, |_| true).await;
            assert!(told.get("offset").is_none(), "{told}");
            assert_is("presence.publication", &told["data"]);
            let row = told["data"]["set"][0].clone();
            assert_eq!(
                (&row["kind"], &row["id"]),
                (&json!("presence"), &json!(ZONE))
            );
            let before = self.states.last().map(|state| state["version"].as_i64());
            assert!(before <= Some(row["version"].as_i64()), "{row}");
            self.states.push(row.clone());
            if wanted(&row) {
                return row;
            }
        }
    }

    /// Tells colleagues something; the answer to it.
    async fn tells(&mut self, method: &str, said: Value) -> Value {
        let mut data = json!({ "zone": ZONE });
        for (name, value) in said.as_object().expect("fields") {
            data[name] = value.clone();
        }
        let request = json!({"method": method, "data": data});
        let reply = self.socket.ask("rpc", request).await;
        let outcome = reply["rpc"]["data"].clone();
        assert_is(&format!("{method}.outcome"), &outcome);
        outcome
    }

    async fn locks(&mut self, job: &str, take_over: bool) -> Value {
        let said = json!({"job": job, "take_over": take_over});
        let outcome = self.tells("presence.lock", said).await;
        assert_eq!(outcome["outcome"], "accepted", "{outcome}");
        outcome["result"].clone()
    }
}

fn has(row: &Value, list: &str, id: &str) -> bool {
    let people = row[list].as_array().expect("a list");
    people.iter().any(|person| person["id"] == id)
}

fn focus_of<'r>(row: &'r Value, id: &str) -> &'r Value {
    let people = row["dispatchers"].as_array().expect("a list");
    let person = people.iter().find(|person| person["id"] == id);
    person.map_or(&Value::Null, |person| &person["focus"])
}

fn holder_of<'r>(row: &'r Value, job: &str) -> &'r Value {
    let locks = row["locks"].as_array().expect("a list");
    let lock = locks.iter().find(|lock| lock["job"] == job);
    lock.map_or(&Value::Null, |lock| &lock["holder"])
}

fn job() -> String {
    Uuid::now_v7().to_string()
}

#[tokio::test]
async fn every_instance_tells_the_same_and_customers_are_a_number() {
    let fleet = Fleet::start(&[]).await;
    let (company, db) = (&fleet.company, &fleet.db);
    let anna = company.hire(&db.url, &fleet.one, "Anna").await;
    let (canary, _) = company.customer(&fleet.one, "Canary Customer").await;
    let mut here = Colleague::watches(&fleet.one, &company.dispatcher).await;
    let mut there = Colleague::watches(&fleet.two, &company.manager).await;
    let _phone = TestSocket::connect(&fleet.one, Some(&anna.token)).await;
    // A customer with two tabs on two instances, and somebody who is not signed in.
    let mut tabs = Vec::new();
    for (server, token) in [
        (&fleet.one, Some(canary.token.as_str())),
        (&fleet.two, Some(canary.token.as_str())),
        (&fleet.two, None),
    ] {
        let mut tab = TestSocket::connect(server, token).await;
        tab.subscribe(&company.slots()).await;
        tabs.push(tab);
    }
    // A dispatcher with a second window elsewhere.
    let _window = Colleague::watches(&fleet.two, &company.dispatcher).await;

    let all = json!({"customers": 1, "visitors": 1, "cleaners": 1, "dispatchers": 2});
    let mut rows = Vec::new();
    for colleague in [&mut here, &mut there] {
        let mut row = colleague.until(|row| row["counts"] == all).await;
        row["version"] = Value::Null;
        rows.push(row);
    }
    assert_eq!(rows[0], rows[1]);
    assert_eq!(
        rows[0]["cleaners"],
        json!([{"id": anna.id, "name": "Anna"}])
    );
    let roles: Vec<&Value> = rows[0]["dispatchers"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|person| &person["role"])
        .collect();
    assert_eq!(roles, ["dispatcher", "manager"]);

    // Whoever asks over HTTP, or comes later, is told the same.
    let path = format!("/api/v1/channels/{CHANNEL}");
    let token = company.admin.token.as_str();
    for server in [&fleet.one, &fleet.two] {
        let (_, read) = server.get(&path, Some(token)).await;
        assert_eq!(read["data"]["set"][0]["counts"], all, "{read}");
    }
    for state in here.states.iter().chain(&there.states) {
        let text = state.to_string();
        assert!(
            !text.contains("Canary") && !text.contains(&canary.id.to_string()),
            "{text}"
        );
    }
    fleet.stop().await;
}

#[tokio::test]
async fn whoever_is_back_within_the_grace_was_never_away() {
    let fleet = Fleet::start(&[("presence.grace_ms", "1500")]).await;
    let company = &fleet.company;
    let mut watcher = Colleague::watches(&fleet.one, &company.dispatcher).await;
    let manager = company.manager.id.to_string();
    let there = |row: &Value| has(row, "dispatchers", &manager);

    let mut flapping = Colleague::watches(&fleet.two, &company.manager).await;
    watcher.until(there).await;
    let met = watcher.states.len();
    for server in [&fleet.one, &fleet.two, &fleet.one] {
        flapping.socket.close().await;
        flapping = Colleague::watches(server, &company.manager).await;
        // Long enough for what is true to have been told.
        let lock = job();
        flapping.locks(&lock, false).await;
        watcher
            .until(|row| *holder_of(row, &lock) == manager.as_str())
            .await;
    }
    assert!(watcher.states[met..].iter().all(there), "no flicker");

    let left = Instant::now();
    flapping.socket.close().await;
    let gone = watcher.until(|row| !there(row)).await;
    let taken = left.elapsed();
    assert!(taken >= Duration::from_millis(1_400), "after {taken:?}");
    assert_eq!(gone["locks"], json!([]), "locks go with their holder");
    fleet.stop().await;
}

#[tokio::test]
async fn colleagues_see_what_each_looks_at_and_who_types() {
    let fleet = Fleet::start(&[("presence.typing_ms", "700")]).await;
    let company = &fleet.company;
    let mut watcher = Colleague::watches(&fleet.one, &company.dispatcher).await;
    let mut other = Colleague::watches(&fleet.two, &company.manager).await;
    let (job, me) = (job(), other.id.clone());
    let focus = json!({"job": job, "typing": true});
    let outcome = other.tells("presence.focus", focus.clone()).await;
    assert_eq!(outcome["outcome"], "accepted", "{outcome}");
    watcher.until(|row| *focus_of(row, &me) == focus).await;
    // Nothing is said again: the typing is forgotten, the look is not.
    let quiet = json!({"job": job, "typing": false});
    watcher.until(|row| *focus_of(row, &me) == quiet).await;
    other.tells("presence.focus", json!({ "job": null })).await;
    watcher.until(|row| focus_of(row, &me).is_null()).await;
    // At most two a second: what changes faster is told by its last.
    let before = watcher.states.len();
    let begun = Instant::now();
    let mut last = Value::Null;
    for _ in 0..20 {
        last = json!({"job": self::job(), "typing": false});
        other.tells("presence.focus", last.clone()).await;
    }
    watcher.until(|row| *focus_of(row, &me) == last).await;
    let told = watcher.states.len() - before;
    let most = begun.elapsed().as_millis() / 500 + 2;
    assert!(
        told as u128 <= most,
        "{told} states in {:?}",
        begun.elapsed()
    );
    fleet.stop().await;
}

#[tokio::test]
async fn a_lock_asked_of_two_instances_has_one_holder_who_can_be_taken_over_from() {
    let fleet = Fleet::start(&[]).await;
    let company = &fleet.company;
    let mut one = Colleague::watches(&fleet.one, &company.dispatcher).await;
    let mut two = Colleague::watches(&fleet.two, &company.manager).await;
    for _ in 0..10 {
        let job = job();
        let (left, right) = tokio::join!(one.locks(&job, false), two.locks(&job, false));
        assert_ne!(left["yours"], right["yours"], "{left} {right}");
        assert_eq!(left["lock"]["holder"], right["lock"]["holder"]);
        // Both take over at once: again one of them has it, and the other is told who.
        let (left, right) = tokio::join!(one.locks(&job, true), two.locks(&job, true));
        let now = two.locks(&job, false).await;
        assert!(
            left["yours"] == true || right["yours"] == true,
            "{left} {right}"
        );
        let holder = now["lock"]["holder"].as_str().expect("somebody").to_owned();
        for colleague in [&mut one, &mut two] {
            colleague
                .until(|row| *holder_of(row, &job) == holder.as_str())
                .await;
        }
        for colleague in [&mut one, &mut two] {
            let unlock = json!({ "job": job });
            colleague.tells("presence.unlock", unlock).await;
        }
        one.until(|row| holder_of(row, &job).is_null()).await;
    }
    let job = job();
    one.locks(&job, false).await;
    let refused = two.locks(&job, false).await;
    assert_eq!(
        (&refused["yours"], &refused["lock"]["holder"]),
        (&json!(false), &json!(one.id))
    );
    let taken = two.locks(&job, true).await;
    assert_eq!(taken["yours"], true, "{taken}");
    let told = one
        .until(|row| *holder_of(row, &job) == two.id.as_str())
        .await;
    assert_eq!(told["locks"][0]["taken_from"], one.id);
    // The former's claim is given up: it does not count again when the lock ends.
    let freed = two.tells("presence.unlock", json!({ "job": job })).await;
    assert_eq!(freed["result"]["lock"], Value::Null, "{freed}");
    let free = one.until(|row| holder_of(row, &job).is_null()).await;
    assert_eq!(free["locks"], json!([]));
    fleet.stop().await;
}

#[tokio::test]
async fn people_of_a_killed_instance_are_gone_once_within_ten_seconds() {
    let (db, redis) = (TestDb::new().await, TestRedis::start().await);
    let survivor = TestServer::with(&db, &[("redis_url", &redis.url)]).await;
    let company = Company::found(&db.url, &survivor).await;
    let anna = company.hire(&db.url, &survivor, "Anna").await;
    let mut killed = ServerProcess::start(&db, &["--redis-url", &redis.url]);
    let api = Api::at(&killed.url);
    let mut watcher = Colleague::watches(&survivor, &company.dispatcher).await;
    let mut lost = Colleague::watches(&api, &company.manager).await;
    let _phone = TestSocket::connect(&api, Some(&anna.token)).await;
    let job = job();
    lost.locks(&job, false).await;
    let manager = lost.id.clone();
    let is_there = |row: &Value| {
        has(row, "dispatchers", &manager)
            && has(row, "cleaners", &anna.id.to_string())
            && *holder_of(row, &job) == manager.as_str()
    };
    let is_gone = |row: &Value| {
        !has(row, "dispatchers", &manager)
            && !has(row, "cleaners", &anna.id.to_string())
            && holder_of(row, &job).is_null()
    };
    watcher.until(is_there).await;
    let met = watcher.states.len();
    killed.kill();
    let died = Instant::now();
    watcher.until(is_gone).await;
    let taken = died.elapsed();
    assert!(taken < Duration::from_secs(10), "after {taken:?}");
    // The next repetitions bring nobody back, and all went in one state.
    let repeated = watcher.states.len() + 2;
    watcher.until(|_| true).await;
    watcher.until(|_| true).await;
    assert_eq!(watcher.states.len(), repeated);
    let flips = watcher.states[met - 1..].windows(2);
    let flips = flips.filter(|pair| is_there(&pair[0]) && !is_there(&pair[1]));
    assert_eq!(flips.count(), 1);
    let after = watcher.states[met..].iter();
    assert!(
        after.clone().all(|row| is_there(row) || is_gone(row)),
        "at once"
    );
    assert!(after.skip_while(|row| is_there(row)).all(is_gone), "once");
    survivor.stop().await;
}

#[tokio::test]
async fn an_emptied_redis_takes_nobody_away_and_a_restarted_one_neither() {
    let mut fleet = Fleet::start(&[]).await;
    let company = &fleet.company;
    let mut here = Colleague::watches(&fleet.one, &company.dispatcher).await;
    let mut there = Colleague::watches(&fleet.two, &company.manager).await;
    let (dispatcher, manager) = (here.id.clone(), there.id.clone());
    let lock = job();
    there.locks(&lock, false).await;
    let complete = |row: &Value| {
        has(row, "dispatchers", &dispatcher)
            && has(row, "dispatchers", &manager)
            && *holder_of(row, &lock) == manager.as_str()
    };
    for colleague in [&mut here, &mut there] {
        colleague.until(complete).await;
        colleague.states.clear();
    }
    fleet.redis.command("FLUSHALL").await;
    // Two repetitions: longer than it takes to believe what the lists say.
    for colleague in [&mut here, &mut there] {
        for _ in 0..2 {
            colleague.until(|_| true).await;
        }
        assert!(
            colleague.states.iter().all(complete),
            "{:?}",
            colleague.states
        );
    }
    fleet.redis.kill();
    here.until(|_| true).await;
    fleet.redis.restart().await;
    let newcomer = Colleague::watches(&fleet.two, &company.admin).await;
    for colleague in [&mut here, &mut there] {
        colleague
            .until(|row| has(row, "dispatchers", &newcomer.id))
            .await;
        assert!(
            colleague.states.iter().all(complete),
            "{:?}",
            colleague.states
        );
    }
    fleet.stop().await;
}

#[tokio::test]
async fn only_the_staff_tell_colleagues_and_only_where_they_are() {
    let db = TestDb::new().await;
    let server = TestServer::with(&db, &[("limits.presence_burst", "5")]).await;
    let company = Company::found(&db.url, &server).await;
    let anna = company.hire(&db.url, &server, "Anna").await;
    let (clara, _) = company.customer(&server, "Clara").await;
    let said = json!({"zone": ZONE, "job": job()});
    for method in ["presence.focus", "presence.lock", "presence.unlock"] {
        let path = format!("/api/v1/commands/{method}");
        for (token, code) in [
            (None, "unauthenticated"),
            (Some(clara.token.as_str()), "forbidden"),
            (Some(anna.token.as_str()), "forbidden"),
            // A request of its own is no connection that watches.
            (Some(company.admin.token.as_str()), "not_found"),
        ] {
            let (_, problem) = server.post(&path, token, &said).await;
            assert_eq!(problem["code"], code, "{method} {problem}");
        }
    }
    let mut staff = Colleague::watches(&server, &company.dispatcher).await;
    for (wrong, field) in [
        (json!({"job": "x"}), "job"),
        (json!({"job": null, "typing": "yes"}), "typing"),
        (json!({"job": null, "more": 1}), "more"),
    ] {
        let outcome = staff.tells("presence.focus", wrong).await;
        assert_eq!(outcome["code"], "invalid_argument", "{outcome}");
        assert_eq!(outcome["details"]["field"], field, "{outcome}");
    }
    let elsewhere = json!({"zone": "nowhere", "job": null});
    let outcome = staff.tells("presence.focus", elsewhere).await;
    assert_eq!(outcome["code"], "not_found", "{outcome}");
    staff.tells("presence.focus", json!({ "job": null })).await;
    let outcome = staff.tells("presence.focus", json!({ "job": null })).await;
    assert_eq!(outcome["code"], "rate_limited", "{outcome}");
    assert!(outcome["details"]["retry_after_ms"].is_u64());
    server.stop().await;
}
