//! The demo in a database: what people see is true of it, and seeding again changes nothing.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::{Duration, Instant},
};

use dispatch_hub::{
    audience::{self, Body, Channel, Row, RowKey, SlotsBody},
    demo::{self, seed::seed},
    execute::Committed,
    store::{self, PoolSizes, Pools},
};

use jiff::Timestamp;
use tokio::{net::TcpListener, time::timeout};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{
    company::Recorder,
    support::{database::TestDb, server::TestServer},
};

const UNDER_WAY: &str = "select count(*) from job where status in
    ('en_route', 'arrived', 'in_progress', 'paused')";
const OVERLAPS: &str = "select count(*) from occupancy a join occupancy b
    on a.cleaner_id = b.cleaner_id and a.id < b.id and a.busy && b.busy";
const LEFT_LYING: &str = "select count(*) from job where status not in
    ('completed', 'verified', 'cancelled', 'no_access')
    and starts_at + make_interval(mins => duration_minutes + 45) < now()";

struct Demo {
    db: TestDb,
    pools: Pools,
    live: Arc<Recorder>,
    /// The demo's time stands still, however slow the machine is.
    now: Timestamp,
}

impl Demo {
    async fn new() -> Self {
        let db = TestDb::new().await;
        let pools = Pools::open(&db.url, PoolSizes::default()).expect("a URL");
        store::epoch::ensure(&pools).await.expect("an epoch");
        let live = Arc::new(Recorder::default());
        Self {
            db,
            pools,
            live,
            now: Timestamp::now(),
        }
    }

    async fn seed(&self) -> usize {
        let live: Arc<dyn Committed> = self.live.clone();
        let seeded = seed(&self.pools, &live, -1..=1, self.now)
            .await
            .expect("a demo");
        assert_eq!(seeded.left_out, 0);
        seeded.commands
    }

    async fn count(&self, sql: &'static str) -> i64 {
        let counted = sqlx::query_scalar(sql).fetch_one(&self.db.pool).await;
        counted.expect("the test's SQL is right")
    }
}

/// What a reader of all publications of a channel knows.
#[derive(Debug, Default)]
struct Folded {
    rows: BTreeMap<RowKey, Row>,
    free: BTreeMap<(String, String), i32>,
}

impl Folded {
    fn apply(&mut self, channel: &Channel, body: &str) {
        if let Channel::Slots { .. } = channel {
            let body: SlotsBody = serde_json::from_str(body).expect("a slots body");
            for change in body.free {
                let key = (change.service.to_string(), change.start.to_string());
                *self.free.entry(key).or_default() += change.by;
            }
            self.free.retain(|_, free| *free != 0);
        } else {
            let body: Body = serde_json::from_str(body).expect("a body");
            self.rows
                .extend(body.set.into_iter().map(|row| (row.key(), row)));
            self.rows.retain(|key, _| !body.unset.contains(key));
        }
    }
}

async fn assert_views_are_true(demo: &Demo) {
    let rows: Vec<(String, String)> = sqlx::query_as(
        "select channel, body::text from publication order by channel, channel_offset",
    )
    .fetch_all(&demo.db.pool)
    .await
    .expect("the log");
    let mut views: BTreeMap<Channel, Folded> = BTreeMap::new();
    for (name, body) in rows {
        let channel: Channel = name.parse().expect("a channel");
        views
            .entry(channel.clone())
            .or_default()
            .apply(&channel, &body);
    }
    let families: BTreeSet<_> = views
        .keys()
        .map(std::mem::discriminant)
        .map(|d| format!("{d:?}"))
        .collect();
    assert_eq!(families.len(), 6, "something on every family of channels");
    for (channel, folded) in views {
        let snapshot = store::snapshot(&demo.pools, &channel)
            .await
            .expect("a snapshot");
        let body = audience::snapshot(&channel, &snapshot.world, snapshot.at);
        assert!(
            body.get().len() < audience::SNAPSHOT_LIMIT_BYTES,
            "{channel} is too big"
        );
        let mut fresh = Folded::default();
        fresh.apply(&channel, body.get());
        assert_eq!(folded.free, fresh.free, "{channel}");
        for (key, row) in &fresh.rows {
            assert_eq!(folded.rows.get(key), Some(row), "{channel}");
        }
        // Agendas and boards forget what lies more than a day back.
        if !matches!(channel, Channel::Agenda(_) | Channel::Board(_)) {
            assert_eq!(folded.rows.len(), fresh.rows.len(), "{channel}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_demo_is_alive_and_what_people_see_of_it_is_true() {
    let demo = Demo::new().await;
    let commands = demo.seed().await;
    assert!(commands > 500, "{commands}");
    let under_way = demo.count(UNDER_WAY).await;
    assert!(under_way >= 3, "{under_way} jobs under way");
    assert_eq!(demo.count(OVERLAPS).await, 0);
    assert_eq!(demo.count(LEFT_LYING).await, 0);
    let announced = demo.live.publications.lock().expect("nobody panics").len();
    let stored = demo.count("select count(*) from publication").await;
    assert_eq!(i64::try_from(announced).expect("few"), stored);
    assert_views_are_true(&demo).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn simulated_people_act_through_the_public_door_and_never_for_visitors() {
    let demo = Demo::new().await;
    demo.seed().await;
    let server = TestServer::start(&demo.db).await;
    let (stop, tasks) = (CancellationToken::new(), TaskTracker::new());
    let parts = demo::Parts {
        pools: demo.pools.clone(),
        live: demo.live.clone(),
        server: server.app.public_addr,
        pause_ms: 0..=20,
    };
    demo::start(parts, &stop, &tasks);
    let kinds = "select count(distinct kind) from audit
        where via = 'http' and outcome = 'accepted' and kind <> 'job.claim'";
    let patience = Instant::now() + Duration::from_mins(1);
    while demo.count(kinds).await < 4 {
        assert!(Instant::now() < patience, "they do little");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    stop.cancel();
    tasks.close();
    tasks.wait().await;
    server.stop().await;
    let visitors: Vec<_> = demo::visitors()
        .iter()
        .map(|person| person.id().0)
        .collect();
    let acted: Vec<uuid::Uuid> =
        sqlx::query_scalar("select distinct actor_id from audit where via = 'http'")
            .fetch_all(&demo.db.pool)
            .await
            .expect("the audit trail");
    assert!(acted.len() > 4, "{} people", acted.len());
    assert!(acted.iter().all(|id| !visitors.contains(id)));
    assert_eq!(demo.count(OVERLAPS).await, 0);
    assert_views_are_true(&demo).await;
}

/// Two instances with the same demo would otherwise play at double the pace.
#[tokio::test(flavor = "multi_thread")]
async fn simulated_people_act_on_one_instance_and_on_another_when_that_is_gone() {
    let demo = Demo::new().await;
    demo.seed().await;
    let doors = [
        TcpListener::bind("127.0.0.1:0").await.expect("a port"),
        TcpListener::bind("127.0.0.1:0").await.expect("a port"),
    ];
    let stops = [CancellationToken::new(), CancellationToken::new()];
    let tasks = TaskTracker::new();
    for (door, stop) in doors.iter().zip(&stops) {
        let parts = demo::Parts {
            pools: demo.pools.clone(),
            live: demo.live.clone(),
            server: door.local_addr().expect("bound"),
            pause_ms: 0..=5,
        };
        demo::start(parts, stop, &tasks);
    }
    // Whoever comes is sent away, and somebody comes again.
    let first = tokio::select! {
        come = doors[0].accept() => come.map(|_| 0),
        come = doors[1].accept() => come.map(|_| 1),
    };
    let first = first.expect("somebody acts");
    let second = 1 - first;
    for _ in 0..20 {
        tokio::select! {
            come = doors[first].accept() => drop(come.expect("a connection")),
            _ = doors[second].accept() => panic!("both instances play"),
        }
    }
    stops[first].cancel();
    let taken_over = timeout(Duration::from_secs(20), doors[second].accept()).await;
    taken_over.expect("in time").expect("a connection");
    stops[second].cancel();
    tasks.close();
    tasks.wait().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn visitors_sign_in_where_there_is_a_demo_and_nowhere_else() {
    let demo = Demo::new().await;
    let server = TestServer::start(&demo.db).await;
    let visitors = demo::visitors();
    let roles: BTreeSet<_> = visitors.iter().map(|person| person.role).collect();
    assert_eq!(roles.len(), 5, "somebody of every role that signs in");
    let body =
        serde_json::json!({ "email": visitors[0].email, "password": demo::people::PASSWORD });
    let (status, _) = server.post("/api/v1/sessions", None, &body).await;
    assert_eq!(status.as_u16(), 401);
    demo.seed().await;
    demo::open_accounts(&demo.pools).await.expect("opened");
    for person in visitors {
        let session = server.sign_in(&person.email, demo::people::PASSWORD).await;
        assert_eq!(session["user"]["id"], person.id().to_string());
        assert_eq!(session["user"]["role"], person.role.as_str());
    }
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn seeding_again_settles_and_then_adds_nothing() {
    let demo = Demo::new().await;
    let first = demo.seed().await;
    // A visit that found no room when it was booked may find some once others are over.
    let mut again = demo.seed().await;
    assert!(again * 20 < first, "{first} commands, then {again}");
    for _ in 0..5 {
        if again == 0 {
            break;
        }
        again = demo.seed().await;
    }
    let bookings = demo.count("select count(*) from booking").await;
    assert_eq!(demo.seed().await, 0, "commands at the same time");
    assert_eq!(demo.count("select count(*) from booking").await, bookings);
    assert_views_are_true(&demo).await;
}
