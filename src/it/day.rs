//! A company imported from files lives through a day: simulated customers, cleaners and dispatchers
//! at two instances with Redis between them, the database's clock moved on as fast as they get
//! things done. In the evening every invariant is looked at from outside.

use std::{collections::BTreeMap, fs, sync::Arc, time::Duration};

use dispatch_hub::{
    demo::life::{Client, Habits, Household, Life, Place, Player, Trouble, Troupe},
    domain::{Role, entity::Zone, ids::AccountId},
    store,
};
use jiff::{SignedDuration, Timestamp, civil::Date, tz::TimeZone};
use reqwest::StatusCode;
use serde_json::{Value, json};
use sqlx::PgPool;
use tokio::{task::JoinSet, time::sleep};

use crate::{
    facts::assert_events_fold,
    support::{
        binary::{dispatch_hub, succeed},
        clock::SteppedClock,
        database::TestDb,
        people::{self, TestPerson},
        redis::TestRedis,
        server::{Api, TestServer},
        watcher::Watcher,
    },
};

const FILES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/examples/company");
/// The first day of the files, by the wall clocks of both zones.
const DATE: Date = jiff::civil::date(2026, 11, 23);
const TIME_ZONE: &str = "Europe/Berlin";
const OPENS_AT: i8 = 7;
const DAY: SignedDuration = SignedDuration::from_hours(15);
const STEP: SignedDuration = SignedDuration::from_mins(5);
const HOUSEHOLDS: usize = 8;
/// Groups of people at each instance, and what a group does between two looks at the clock.
const GROUPS: usize = 2;
const ACTS: usize = 3;

/// The imported company as its people know it.
struct Company {
    manager: TestPerson,
    troupe: Troupe,
}

impl Company {
    /// What the files say, and what they do not: who is in the office, and who books.
    async fn open(db: &TestDb, api: &Api) -> Self {
        let admin = people::staff(&db.url, Role::Admin, "admin@example.com").await;
        let manager = people::staff(&db.url, Role::Manager, "manager@example.com").await;
        let desk = people::staff(&db.url, Role::Dispatcher, "desk@example.com").await;
        let services = services();
        for service in &services {
            api.accepted(&admin.token, "admin.service_save", service)
                .await;
        }
        import(db);
        let desk = player(desk.id, "desk@example.com");
        let mut players = cleaners(&db.pool).await;
        players.push(desk.clone());
        let zones = store::catalog::zones(&people::pools(&db.url)).await;
        let mut places = Vec::new();
        for zone in zones.expect("the zones") {
            let mut households = Vec::new();
            for number in 0..HOUSEHOLDS {
                let email = format!("customer-{number}@{}.example", zone.slug);
                let household = settle(api, &manager, &zone, &email).await;
                players.push(player(household.customer, &email));
                households.push(household);
            }
            places.push(Place { zone, households });
        }
        let sold = services.into_iter().map(serde_json::from_value);
        let troupe = Troupe {
            players: Arc::new(players.into_iter().map(|one| (one.id, one)).collect()),
            control: desk,
            places,
            services: Arc::new(sold.map(|service| service.expect("a service")).collect()),
            habits: Habits {
                left_free: 0,
                days_ahead: 1,
                holds: 1,
                booked: 70,
                bookings: 8,
            },
        };
        Self { manager, troupe }
    }

    /// All that staff can see of the day.
    fn channels(&self) -> Vec<String> {
        let mut channels = Vec::new();
        for place in &self.troupe.places {
            let zone = &place.zone.slug;
            channels.push(format!("board:{zone}"));
            for days in 0..3 {
                let date = DATE + jiff::Span::new().days(days);
                channels.push(format!("control:{zone}:{date}"));
                channels.push(format!("slots:{zone}:{date}"));
            }
            let homes = place.households.iter();
            channels.extend(homes.map(|home| format!("customer:{}", home.customer)));
        }
        let cleaners = self.troupe.players.values();
        let cleaners = cleaners.filter(|one| one.email.ends_with("@example.org"));
        channels.extend(cleaners.map(|one| format!("agenda:{}", one.id)));
        channels
    }
}

fn player(id: AccountId, email: &str) -> Player {
    Player {
        id,
        email: email.to_owned(),
    }
}

fn services() -> Vec<Value> {
    let text = fs::read_to_string(format!("{FILES}/services.json")).expect("the file");
    serde_json::from_str(&text).expect("a list of services")
}

fn import(db: &TestDb) {
    let mut command = dispatch_hub();
    command.args(["import", "--database-url", &db.url]);
    let files = [
        ("--zones", "zones.geojson"),
        ("--cleaners", "cleaners.csv"),
        ("--shifts", "shifts.csv"),
    ];
    for (flag, file) in files {
        command.arg(flag).arg(format!("{FILES}/{file}"));
    }
    succeed(&mut command, "");
}

async fn cleaners(pool: &PgPool) -> Vec<Player> {
    let rows: Vec<(uuid::Uuid, String)> = sqlx::query_as(
        "select cleaner.id, subject from cleaner join identity on account_id = cleaner.id
         order by subject",
    )
    .fetch_all(pool)
    .await
    .expect("the cleaners");
    assert!(rows.len() >= 6, "the files have people in them");
    rows.into_iter()
        .map(|(id, email)| player(AccountId(id), &email))
        .collect()
}

/// Somebody who calls, and lives in the middle of the zone.
async fn settle(api: &Api, manager: &TestPerson, zone: &Zone, email: &str) -> Household {
    let details = json!({"name": email, "phone": "+49 30 1234567", "email": email});
    let made = api
        .accepted(&manager.token, "customer.create", &details)
        .await;
    let corners = &zone.polygon[1..];
    let middle = |axis: usize| {
        let sum: f64 = corners.iter().map(|corner| corner[axis]).sum();
        sum / f64::from(u32::try_from(corners.len()).expect("few"))
    };
    let home = json!({
        "customer": made["customer"], "address": "Sample Street 1", "lon": middle(0), "lat": middle(1),
    });
    let home = api.accepted(&manager.token, "property.add", &home).await;
    Household {
        customer: id_of(&made["customer"]),
        property: id_of(&home["property"]),
    }
}

fn id_of<T: serde::de::DeserializeOwned>(id: &Value) -> T {
    serde_json::from_value(id.clone()).expect("an id")
}

fn opens_at() -> Timestamp {
    let morning = DATE.at(OPENS_AT, 0, 0, 0);
    let zone = TimeZone::get(TIME_ZONE).expect("a zone of the database");
    morning.to_zoned(zone).expect("an instant").timestamp()
}

/// What is due by the clock has been done.
async fn timers_are_quiet(pool: &PgPool) {
    let due = "select count(*) from timer
        where finished_at is null and due_at <= (select at from stepped_clock)";
    for _ in 0..1500 {
        let left: i64 = sqlx::query_scalar(due)
            .fetch_one(pool)
            .await
            .expect("a count");
        if left == 0 {
            return;
        }
        sleep(Duration::from_millis(10)).await;
    }
    panic!("timers that are due do not fire");
}

/// Somebody was faster, the rules say no, or everybody wanted something at once. What the server
/// could not do at all is no part of a day.
fn is_a_days_work(trouble: &Trouble) -> bool {
    match trouble {
        Trouble::Refused { status, .. } => *status != StatusCode::INTERNAL_SERVER_ERROR,
        Trouble::Unreachable(_) | Trouble::Unreadable(_) | Trouble::Store(_) => false,
    }
}

/// From opening to after closing: people act at both instances at once, and the clock moves on when
/// they have.
async fn live(db: &TestDb, clock: &SteppedClock, servers: &[TestServer; 2], troupe: &Troupe) {
    let mut groups: Vec<Life> = Vec::new();
    for (number, server) in servers.iter().enumerate() {
        for group in 0..GROUPS {
            let client = Client::new(people::pools(&db.url), server.app.public_addr);
            let seed = format!("day {number} {group}");
            groups.push(Life::new(client, troupe.clone(), &seed));
        }
    }
    let mut now = opens_at();
    let evening = now + DAY;
    while now < evening {
        let mut acting = JoinSet::new();
        for mut group in groups.drain(..) {
            acting.spawn(async move {
                for _ in 0..ACTS {
                    if let Err(trouble) = group.act(now).await {
                        assert!(is_a_days_work(&trouble), "{trouble}");
                    }
                }
                group
            });
        }
        groups = acting.join_all().await;
        clock.advance(STEP).await;
        now += STEP;
        timers_are_quiet(&db.pool).await;
    }
}

async fn count(pool: &PgPool, sql: &'static str) -> i64 {
    let counted = sqlx::query_scalar(sql).fetch_one(pool).await;
    counted.expect("the test's SQL is right")
}

/// The invariants of the business, asked in SQL that shares nothing with the server.
async fn assert_invariants(pool: &PgPool) {
    let none = [
        (
            "a cleaner is busy twice",
            "select count(*) from occupancy a join occupancy b
             on a.cleaner_id = b.cleaner_id and a.id < b.id and a.busy && b.busy",
        ),
        (
            "a hold made two bookings",
            "select count(*) from (select hold_id from booking where hold_id is not null
             group by hold_id having count(*) > 1) twice",
        ),
        (
            "a booking without its one job",
            "select count(*) from booking where 1 <> (select count(*) from job
             where job.booking_id = booking.id)",
        ),
        (
            "a filled seat of a live job without its time",
            "select count(*) from job_seat join job on job.id = job_id
             where cleaner_id is not null and job.status in ('assigned', 'acknowledged',
                 'en_route', 'arrived', 'in_progress', 'paused')
             and not exists (select from occupancy where occupancy.job_id = job.id
                 and occupancy.seat = job_seat.seat and occupancy.cleaner_id = job_seat.cleaner_id
                 and cause = 'assigned')",
        ),
        (
            "somebody at two jobs at once",
            "select count(*) from (select cleaner_id from job_seat join job on job.id = job_id
             where job_seat.seat = 0 and cleaner_id is not null
                 and status in ('en_route', 'arrived', 'in_progress', 'paused')
             group by cleaner_id having count(*) > 1) twice",
        ),
        (
            "a hold is kept beyond its time",
            "select count(*) from hold where status = 'active'
             and expires_at <= (select at from stepped_clock)",
        ),
        (
            "offsets with a gap",
            "select count(*) from (select head, count(*) as kept, max(channel_offset) as last
             from channel join publication on channel = name where name not like 'slots:%'
             group by name, head) log
             where kept <> head or last <> head",
        ),
        (
            "a decision that is not in the audit trail",
            "select count(*) from command where outcome is not null and not exists (
             select from audit where audit.command_id = command.command_id
                 and audit.actor_id = command.actor_id)",
        ),
    ];
    for (fault, sql) in none {
        assert_eq!(count(pool, sql).await, 0, "{fault}");
    }
}

/// How the day's work ended, by state.
async fn ends(pool: &PgPool) -> BTreeMap<String, i64> {
    let rows: Vec<(String, i64)> = sqlx::query_as("select status, count(*) from job group by 1")
        .fetch_all(pool)
        .await
        .expect("the jobs");
    rows.into_iter().collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_imported_company_lives_through_a_day_and_every_invariant_holds() {
    let (db, redis) = (TestDb::new().await, TestRedis::start().await);
    let clock = SteppedClock::install(&db, opens_at()).await;
    let settings = [
        ("redis_url", redis.url.as_str()),
        ("hub.ping_ms", "3000"),
        ("limits.sign_ins_per_minute", "10000"),
        ("limits.handshakes_per_minute", "10000"),
    ];
    let servers = [
        TestServer::with(&db, &settings).await,
        TestServer::with(&db, &settings).await,
    ];
    let company = Company::open(&db, &servers[0]).await;
    let token = Some(company.manager.token.as_str());
    let watcher = Watcher::start(&servers[1], token, &company.channels()).await;

    live(&db, &clock, &servers, &company.troupe).await;

    let ends = ends(&db.pool).await;
    println!("the day's jobs: {ends:?}");
    let completed = ends.get("completed").copied().unwrap_or(0);
    assert!(completed >= 6, "hardly anything was done: {ends:?}");
    assert_invariants(&db.pool).await;
    assert_events_fold(&people::pools(&db.url), &db.pool).await;
    // The token of the morning has run out by the day's clock.
    let token = people::token(&db.url, company.manager.id).await;
    watcher.assert_up_to_date(&servers[0], Some(&token)).await;
    let heard = watcher.heard();
    println!("{heard} publications watched");
    assert!(heard > 200, "hardly anything was said: {heard}");
    drop(watcher);
    for server in servers {
        server.stop().await;
    }
}
