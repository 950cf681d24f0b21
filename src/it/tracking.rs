//! Positions: from a cleaner's phone to the staff and to the customer at whose door they will be,
//! across instances, at work only, and nowhere else.

use jiff::{SignedDuration, Timestamp};
use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::support::{
    company::{Company, ZONE},
    database::TestDb,
    people::TestPerson,
    redis::TestRedis,
    schemas::assert_is,
    server::{Api, TestServer},
    socket::TestSocket,
};

/// Somewhere between the places of the test's company; its digits are looked for in what leaves.
const LON: f64 = 13.487_654_321;

fn fix(seconds_ago: i64, lon: f64) -> Value {
    let at = Timestamp::now() - SignedDuration::from_secs(seconds_ago);
    json!({"at": at, "lon": lon, "lat": 52.512_345_678, "accuracy_m": 5.0, "speed": 8.0})
}

async fn report(server: &Api, cleaner: &TestPerson, fixes: Value) -> (StatusCode, Value) {
    let path = "/api/v1/commands/location.report";
    server
        .post(path, Some(&cleaner.token), &json!({ "fixes": fixes }))
        .await
}

async fn shown(server: &Api, cleaner: &TestPerson, fixes: Value) -> bool {
    let (status, outcome) = report(server, cleaner, fixes).await;
    assert_eq!(status, StatusCode::OK, "{outcome}");
    assert_is("location.report.outcome", &outcome);
    outcome["result"]["shown"].as_bool().expect("a yes or no")
}

/// The next row or key of a row that a channel pushes.
async fn pushed(socket: &mut TestSocket, channel: &str) -> Value {
    loop {
        let push = socket.push().await;
        if push["channel"] == channel && push["pub"].is_object() {
            assert!(push["pub"].get("offset").is_none(), "{push}");
            let family = channel.split(':').next().expect("a name");
            assert_is(&format!("{family}.publication"), &push["pub"]["data"]);
            return push["pub"]["data"].clone();
        }
    }
}

struct Day {
    db: TestDb,
    company: Company,
    anna: TestPerson,
    clara: TestPerson,
    booking: Value,
    job: Value,
}

impl Day {
    /// Clara has booked, Anna will come; her shift begins in a quarter of an hour at most.
    async fn begin(db: TestDb, server: &Api) -> Self {
        let company = Company::found(&db.url, server).await;
        let anna = company.hire(&db.url, server, "Anna").await;
        let (clara, home) = company.customer(server, "Clara").await;
        let hold = Company::hold(company.first_start());
        let hold = server.accepted(&clara.token, "hold.place", &hold).await["hold"].clone();
        let order = json!({"hold": hold, "property": home});
        let booked = server
            .accepted(&clara.token, "booking.confirm", &order)
            .await;
        let (booking, job) = (booked["booking"].clone(), booked["job"].clone());
        let claim = json!({ "job": job });
        server.accepted(&anna.token, "job.claim", &claim).await;
        Self {
            db,
            company,
            anna,
            clara,
            booking,
            job,
        }
    }

    async fn work(&self, server: &Api, command: &str) {
        let job = json!({ "job": self.job });
        server.accepted(&self.anna.token, command, &job).await;
    }

    fn track(&self) -> String {
        format!("track:{}", self.booking.as_str().expect("an id"))
    }
}

#[tokio::test]
async fn a_position_is_live_on_every_instance_and_ends_with_the_arrival() {
    let (db, redis) = (TestDb::new().await, TestRedis::start().await);
    let one = TestServer::with(&db, &[("redis_url", &redis.url)]).await;
    let other = TestServer::with(&db, &[("redis_url", &redis.url)]).await;
    let day = Day::begin(db, &one).await;
    let positions = format!("positions:{ZONE}");
    let mut staff = TestSocket::connect(&other, Some(&day.company.dispatcher.token)).await;
    let empty = staff.subscribe(&positions).await;
    assert_eq!(empty["data"]["set"], json!([]));
    assert!(empty.get("epoch").is_none() && empty.get("recoverable").is_none());

    day.work(&one, "job.depart").await;
    let mut customer = TestSocket::connect(&other, Some(&day.clara.token)).await;
    customer.subscribe(&day.track()).await;
    assert!(shown(&one, &day.anna, json!([fix(3, 13.0), fix(1, LON)])).await);
    let body = pushed(&mut staff, &positions).await;
    let row = &body["set"][0];
    assert_eq!(
        (&row["id"], &row["lon"]),
        (&json!(day.anna.id), &json!(LON))
    );
    assert_eq!(row["to"], day.booking);
    let body = pushed(&mut customer, &day.track()).await;
    assert_eq!(body["set"][0]["lon"], 13.488, "coarse");
    let arrives: Timestamp = body["set"][0]["arrives_at"]
        .as_str()
        .and_then(|at| at.parse().ok())
        .expect("an instant");
    assert!(arrives > Timestamp::now());

    // Both instances have heard it.
    for server in [&one, &other] {
        let token = Some(day.company.dispatcher.token.as_str());
        let path = format!("/api/v1/channels/{positions}");
        let (_, snapshot) = server.get(&path, token).await;
        assert_eq!(snapshot["data"]["set"][0]["lon"], LON, "{snapshot}");
    }
    // Nothing goes back in time, on whichever instance it is told.
    assert!(!shown(&one, &day.anna, json!([fix(2, 13.1)])).await);
    assert!(!shown(&other, &day.anna, json!([fix(2, 13.1)])).await);

    day.work(&one, "job.arrive").await;
    loop {
        let push = customer.push().await;
        if push["channel"] == day.track().as_str() && push["unsubscribe"].is_object() {
            assert_eq!(push["unsubscribe"]["code"], 2000);
            break;
        }
    }
    let reply = customer
        .ask("subscribe", json!({"channel": day.track()}))
        .await;
    assert_eq!(reply["error"]["code"], 103);
    customer.close().await;
    staff.close().await;
    one.stop().await;
    other.stop().await;
}

#[tokio::test]
async fn people_are_followed_at_work_only_and_taken_off_the_map_after() {
    let db = TestDb::new().await;
    let server = TestServer::start(&db).await;
    let day = Day::begin(db, &server).await;
    let (status, outcome) = report(&server, &day.anna, json!([fix(0, LON)])).await;
    assert_eq!(status, StatusCode::CONFLICT, "{outcome}");
    assert_eq!(outcome["code"], "not_tracking");

    let positions = format!("positions:{ZONE}");
    let mut staff = TestSocket::connect(&server, Some(&day.company.dispatcher.token)).await;
    staff.subscribe(&positions).await;
    let duty = |duty: &str| json!({ "duty": duty });
    server
        .accepted(&day.anna.token, "duty.set", &duty("on"))
        .await;
    assert!(shown(&server, &day.anna, json!([fix(0, LON)])).await);
    let set = pushed(&mut staff, &positions).await;
    assert!(set["set"][0].get("to").is_none(), "{set}");
    server
        .accepted(&day.anna.token, "duty.set", &duty("break"))
        .await;
    let gone = pushed(&mut staff, &positions).await;
    let expected = json!([{"kind": "position", "id": day.anna.id}]);
    assert_eq!((&gone["set"], &gone["unset"]), (&json!([]), &expected));
    let (status, outcome) = report(&server, &day.anna, json!([fix(0, LON)])).await;
    assert_eq!(status, StatusCode::CONFLICT, "{outcome}");
    let snapshot = staff
        .ask("unsubscribe", json!({"channel": positions}))
        .await;
    assert!(snapshot["unsubscribe"].is_object());
    let again = staff.subscribe(&positions).await;
    assert_eq!(again["data"]["set"], json!([]));
    staff.close().await;
    server.stop().await;
}

#[tokio::test]
async fn reports_are_checked_limited_and_leave_no_trace() {
    let db = TestDb::new().await;
    let server = TestServer::with(&db, &[("limits.reports_burst", "6")]).await;
    let day = Day::begin(db, &server).await;
    day.work(&server, "job.depart").await;
    let field = |fixes: Value| {
        let (server, anna) = (&server, &day.anna);
        async move {
            let (status, problem) = report(server, anna, fixes).await;
            assert_eq!(status, StatusCode::BAD_REQUEST, "{problem}");
            problem["details"]["field"].as_str().map(str::to_owned)
        }
    };
    assert_eq!(field(json!("x")).await.as_deref(), Some("fixes"));
    assert_eq!(field(json!([])).await.as_deref(), Some("fixes"));
    let wrong = json!([fix(0, LON), fix(0, 181.0)]);
    assert_eq!(field(wrong).await.as_deref(), Some("fixes[1].lon"));
    assert!(
        !shown(&server, &day.anna, json!([fix(600, LON)])).await,
        "old"
    );
    assert!(shown(&server, &day.anna, json!([fix(0, LON)])).await);
    // The sixth of a burst of six is told to wait.
    let mut status = StatusCode::OK;
    for _ in 0..2 {
        status = report(&server, &day.anna, json!([fix(0, LON)])).await.0;
    }
    assert_eq!(status, StatusCode::TOO_MANY_REQUESTS);

    let path = "/api/v1/commands/location.report";
    let body = json!({"fixes": [fix(0, LON)]});
    let staff = Some(day.company.dispatcher.token.as_str());
    let (status, _) = server.post(path, staff, &body).await;
    assert_eq!(status, StatusCode::FORBIDDEN);
    let (status, _) = server.post(path, None, &body).await;
    assert_eq!(status, StatusCode::UNAUTHORIZED);

    let digits = format!("%{}%", "487654321");
    for (table, column) in [
        ("command", "outcome::text"),
        ("audit", "parameters::text"),
        ("domain_event", "body::text"),
        ("publication", "body::text"),
        ("security_event", "subject"),
    ] {
        let count = format!("select count(*) from {table} where {column} like $1");
        let found: i64 = sqlx::query_scalar(sqlx::AssertSqlSafe(count))
            .bind(&digits)
            .fetch_one(&day.db.pool)
            .await
            .expect("a count");
        assert_eq!(found, 0, "{table}");
    }
    server.stop().await;
}

#[tokio::test]
async fn a_position_in_no_channel_but_its_own() {
    let db = TestDb::new().await;
    let server = TestServer::start(&db).await;
    let day = Day::begin(db, &server).await;
    day.work(&server, "job.depart").await;
    assert!(shown(&server, &day.anna, json!([fix(0, LON)])).await);
    let token = Some(day.company.admin.token.as_str());
    let booking = day.booking.as_str().expect("an id");
    for (channel, exact) in [
        (format!("positions:{ZONE}"), true),
        (format!("track:{booking}"), false),
        (format!("booking:{booking}"), false),
        (format!("customer:{}", day.clara.id), false),
        (format!("agenda:{}", day.anna.id), false),
        (format!("board:{ZONE}"), false),
        (day.company.control(), false),
        (day.company.slots(), false),
        ("ops".to_owned(), false),
    ] {
        let path = format!("/api/v1/channels/{channel}");
        let (status, body) = server.get(&path, token).await;
        assert_eq!(status, StatusCode::OK, "{channel}: {body}");
        let text = body.to_string();
        assert_eq!(text.contains("13.487654321"), exact, "{channel}");
        assert_eq!(text.contains("52.512345678"), exact, "{channel}");
    }
    server.stop().await;
}

#[tokio::test]
async fn every_instance_says_how_it_is_to_admins_of_all() {
    let (db, redis) = (TestDb::new().await, TestRedis::start().await);
    let one = TestServer::with(&db, &[("redis_url", &redis.url)]).await;
    let other = TestServer::with(&db, &[("redis_url", &redis.url)]).await;
    let company = Company::found(&db.url, &one).await;
    let mut admin = TestSocket::connect(&other, Some(&company.admin.token)).await;
    let mut rows: Vec<Value> = admin.subscribe("ops").await["data"]["set"]
        .as_array()
        .expect("rows")
        .clone();
    // Commands were given to one of the two, the socket is at the other.
    let seen = |rows: &[Value], field: &str| rows.iter().any(|row| row[field].as_u64() > Some(0));
    while !(seen(&rows, "accepted") && seen(&rows, "connections")) {
        let body = pushed(&mut admin, "ops").await;
        rows.extend(body["set"].as_array().expect("rows").clone());
    }
    let (working, connected) = (
        rows.iter().find(|row| row["accepted"].as_u64() > Some(0)),
        rows.iter()
            .find(|row| row["connections"].as_u64() > Some(0)),
    );
    let (working, connected) = (working.expect("seen"), connected.expect("seen"));
    assert_ne!(working["id"], connected["id"]);
    assert_eq!(
        (&working["kind"], &working["errors"]),
        (&json!("instance"), &json!(0))
    );
    assert_eq!(working["timers_overdue"], 0);
    admin.close().await;
    one.stop().await;
    other.stop().await;
}
