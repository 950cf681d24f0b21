//! A company out of files: by the command line, over HTTP, and a large one; and what its size asks
//! of those who change the terms for all of it.

use std::{
    fmt::Write as _,
    path::PathBuf,
    time::{Duration, Instant},
};

use dispatch_hub::{
    domain::{Actor, Command, Role, ids::AccountId},
    execute::Outcome,
    store,
};
use jiff::ToSpan;
use reqwest::StatusCode;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    company::Company,
    support::{
        self,
        binary::{dispatch_hub, run, succeed},
        database::TestDb,
        people,
        server::TestServer,
        socket::TestSocket,
    },
};

fn example(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("docs/examples/company")
        .join(name)
}

fn import(db: &TestDb) -> std::process::Command {
    let mut command = dispatch_hub();
    command.args(["import", "--database-url", &db.url]);
    for file in ["zones.geojson", "cleaners.csv", "shifts.csv"] {
        let flag = file.split('.').next().expect("a name");
        command.arg(format!("--{flag}")).arg(example(file));
    }
    command
}

#[tokio::test]
async fn the_sample_company_comes_in_by_the_command_line_whole_or_not_at_all() {
    let db = TestDb::new().await;
    let server = TestServer::start(&db).await;
    let rows = async || -> i64 {
        sqlx::query_scalar("select (select count(*) from zone) + (select count(*) from shift)")
            .fetch_one(&db.pool)
            .await
            .expect("a number")
    };
    // Nobody asks for the skills yet.
    let refused = run(&mut import(&db), "");
    let errors = String::from_utf8(refused.stderr).expect("text");
    assert!(!refused.status.success());
    assert!(errors.contains("cleaners.csv:2: skills: "), "{errors}");
    assert!(errors.contains("cleaners.csv:7: skills: "), "{errors}");
    assert_eq!(rows().await, 0);
    let admin = people::staff(&db.url, Role::Admin, "admin@example.org").await;
    let services = std::fs::read(example("services.json")).expect("the services");
    let services: Vec<Value> = serde_json::from_slice(&services).expect("JSON");
    for service in &services {
        server
            .accepted(&admin.token, "admin.service_save", service)
            .await;
    }
    let would = succeed(import(&db).arg("--dry-run"), "");
    assert!(would.contains("shifts: 30 would be new"), "{would}");
    assert_eq!(rows().await, 0);
    let done = succeed(&mut import(&db), "");
    assert!(done.contains("cleaners: 6 are new, 0 changed"), "{done}");
    assert_eq!(rows().await, 32);
    let again = succeed(&mut import(&db), "");
    let same = "shifts: 0 are new, 0 changed, 30 as they were";
    assert!(again.contains(same), "{again}");
    let slots = server
        .get("/api/v1/channels/slots:mitte:2026-11-24", None)
        .await;
    assert_eq!(slots.0, StatusCode::OK);
    let free = slots.1["data"]["free"].as_array().expect("counts");
    assert!(free.iter().any(|count| count["service"] == "windows"));
    server.stop().await;
}

#[tokio::test]
async fn an_import_may_be_large_over_http_and_only_for_those_who_may_import() {
    let db = TestDb::new().await;
    let server = TestServer::start(&db).await;
    let manager = people::staff(&db.url, Role::Manager, "m@example.org").await;
    let dispatcher = people::staff(&db.url, Role::Dispatcher, "d@example.org").await;
    let mut cleaners = "email,name,zones\n".to_owned();
    for number in 0..2000 {
        writeln!(
            cleaners,
            "c{number}@example.org,Cleaner number {number},nowhere"
        )
        .expect("text");
    }
    assert!(cleaners.len() > 65_536);
    let files = json!({"cleaners": cleaners, "dry_run": true});
    let (status, body) = server
        .command(&dispatcher.token, "admin.import", &files)
        .await;
    assert_eq!(status, StatusCode::PAYLOAD_TOO_LARGE, "{body}");
    let (status, body) = server.command(&manager.token, "admin.import", &files).await;
    assert_eq!(status, StatusCode::OK, "{body}");
    assert_eq!(body["result"]["fault_count"], 2000);
    let fault = json!({"file": "cleaners", "line": 2001, "field": "zones",
        "code": "unknown_zone", "message": "no zone nowhere"});
    assert_eq!(body["result"]["faults"][1999], fault);
    let files = json!({"cleaners": cleaners});
    let (status, body) = server.command(&manager.token, "admin.import", &files).await;
    assert_eq!(status, StatusCode::CONFLICT);
    assert_eq!(body["code"], "import_faults");
    assert_eq!(body["details"]["faults"][1999], fault);
    server.stop().await;
}

/// An import of many rows may take longer than other requests; whoever sent it is told how it went.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_import_is_answered_although_it_takes_longer_than_other_requests() {
    let db = TestDb::new().await;
    let settings = [("http.request_timeout_ms", "200")];
    let server = TestServer::with(&db, &settings).await;
    let manager = people::staff(&db.url, Role::Manager, "manager@example.org").await;
    let zones = std::fs::read_to_string(example("zones.geojson")).expect("zones");
    let files = json!({ "zones": zones });
    let (status, body) = server.command(&manager.token, "admin.import", &files).await;
    assert_eq!(status, StatusCode::OK, "{body}");
    let mut held = db.pool.begin().await.expect("a transaction");
    sqlx::query("select slug from zone for no key update")
        .execute(&mut *held)
        .await
        .expect("zones");
    let changed = json!({ "zones": zones.replace("Berlin Mitte", "Mitte") });
    let importing = server.command(&manager.token, "admin.import", &changed);
    let let_go = async {
        let waits_long = "select count(*) from pg_stat_activity
            where wait_event_type = 'Lock' and datname = current_database()
                and query_start < clock_timestamp() - interval '400 milliseconds'";
        let waits_long = || sqlx::query_scalar::<_, i64>(waits_long).fetch_one(&db.pool);
        while waits_long().await.expect("a number") == 0 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        held.rollback().await.expect("a connection");
    };
    let ((status, body), ()) = tokio::join!(importing, let_go);
    assert_eq!(status, StatusCode::OK, "{body}");
    server.stop().await;
}

impl Company {
    /// Gives a command once, which must be accepted; how long it took.
    async fn once(&self, actor: Actor, kind: &str, parameters: Value) -> (Value, u128) {
        let command = Command::parse(kind, parameters).expect("a command");
        let start = Instant::now();
        match self.run(actor, command.expect("well formed")).await {
            Outcome::Accepted { result, .. } => (result, start.elapsed().as_millis()),
            other @ (Outcome::Rejected { .. } | Outcome::Refused { .. }) => {
                panic!("{kind}: {other:?}")
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_month_of_two_hundred_cleaners_is_imported_at_once_and_steered_after() {
    let company = Company::new(1, 1).await;
    let admin = AccountId(Uuid::now_v7());
    company.add_account(admin, "admin", "Ada").await;
    let (id, role) = (admin, Role::Admin);
    let admin = Actor { id, role };
    let mut cleaners = "email,name,zones,skills\n".to_owned();
    let mut shifts = "email,zone,date,starts,ends\n".to_owned();
    for number in 0..200 {
        let email = format!("c{number}@example.org");
        writeln!(cleaners, "{email},Cleaner {number},center,windows").expect("text");
        for day in 0..28 {
            let date = company.date.checked_add(day.days()).expect("in range");
            writeln!(shifts, "{email},center,{date},08:00,16:00").expect("text");
        }
    }
    let files = json!({"cleaners": cleaners, "shifts": shifts});
    let (done, took) = company.once(admin, "admin.import", files.clone()).await;
    eprintln!("imported in {took} ms");
    assert_eq!(done["shifts"]["new"], 5600);
    let (again, took) = company.once(admin, "admin.import", files).await;
    eprintln!("compared in {took} ms");
    assert_eq!(again["shifts"]["unchanged"], 5600);
    // Whoever reads the slots starts from a fresh snapshot: an offset is left out.
    let channel = company.channel("slots");
    let snapshot = store::snapshot(&company.pools, &channel).await;
    assert_eq!(snapshot.expect("a snapshot").position.offset, 2);
    let rows = "select count(*) from publication where channel like 'slots:%'";
    assert_eq!(company.count(rows).await, 28);
    let hours = json!({"opens": 540, "closes": 1080});
    let zone = json!({"slug": "center", "name": "Centre", "time_zone": "Europe/Berlin",
        "polygon": [[13.0, 52.0], [14.0, 52.0], [14.0, 53.0], [13.0, 53.0], [13.0, 52.0]],
        "opening_hours": vec![hours; 7], "expected_version": 1});
    let (_, took) = company.once(admin, "admin.zone_save", zone).await;
    eprintln!("zone saved in {took} ms");
    let service = json!({"slug": "home", "name": "Home", "duration_minutes": 180, "crew_size": 1,
        "skills": [], "travel_buffer_minutes": 15, "lead_time_minutes": 60,
        "booking_window_days": 30, "slot_step_minutes": 60, "price_minor": 9900,
        "currency": "EUR", "active": true, "expected_version": 1});
    let (_, took) = company.once(admin, "admin.service_save", service).await;
    eprintln!("service saved in {took} ms");
    let away = json!({"cleaner": company.cleaners[0], "start": company.at(0, 0),
        "end": company.at(0, 0) + (24 * 90).hours()});
    let (_, took) = company.once(company.dispatcher, "time_off.add", away).await;
    eprintln!("time off added in {took} ms");
}

#[tokio::test]
async fn who_watches_slots_starts_anew_when_what_they_are_counted_by_changes() {
    let db = TestDb::new().await;
    let server = TestServer::start(&db).await;
    let company = support::company::Company::found(&db.url, &server).await;
    company.hire(&db.url, &server, "Anna").await;
    let slots = company.slots();
    let mut reader = TestSocket::connect(&server, None).await;
    let first = reader.subscribe(&slots).await;
    let service = json!({
        "slug": support::company::SERVICE, "name": "Longer", "duration_minutes": 120,
        "crew_size": 1, "skills": ["cleaning"], "travel_buffer_minutes": 15,
        "lead_time_minutes": 0, "booking_window_days": 14, "slot_step_minutes": 15,
        "price_minor": 4900, "currency": "EUR", "active": true, "expected_version": 1,
    });
    server
        .accepted(&company.admin.token, "admin.service_save", &service)
        .await;
    let push = reader.push().await;
    assert_eq!(push["channel"], slots.as_str(), "{push}");
    assert_eq!(push["unsubscribe"]["code"], 2500, "{push}");
    let back = json!({"channel": slots, "recover": true, "offset": first["offset"],
        "epoch": first["epoch"]});
    let back = reader.ask("subscribe", back).await["subscribe"].clone();
    assert_ne!(back["recovered"], true, "{back}");
    assert_ne!(back["data"], first["data"], "a fresh snapshot: {back}");
    assert!(back["data"]["free"].is_array());
    server.stop().await;
}
