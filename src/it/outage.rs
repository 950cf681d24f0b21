//! Postgres away and back: commands are refused within a second, and work again soon after.

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use dispatch_hub::{
    execute::Outcome,
    postgres::{Durability, EmbeddedCluster, EmbeddedConfig},
    store::{
        self,
        pools::{PoolSizes, Pools},
    },
};
use sqlx::postgres::PgConnectOptions;
use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, UnixStream},
};

use crate::{
    company::{Company, customer_actor, insist, request},
    support::database::node_modules,
};

async fn cluster(folder: &Path) -> EmbeddedCluster {
    let mut config = EmbeddedConfig::new(folder.join("data"), Durability::Durable);
    config.node_modules = node_modules();
    EmbeddedCluster::start(config).await.expect("a cluster")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn commands_are_unavailable_while_postgres_is_away_and_work_when_it_is_back() {
    let folder = tempfile::tempdir().expect("a folder");
    open_to_all(folder.path());
    let postgres = cluster(folder.path()).await;
    postgres.ensure_database("hub").await.expect("a database");
    let url = postgres.url("hub");
    store::migrate(&url).await.expect("the schema");
    let company = Company::on(&url, 2, 1).await;
    let customer = customer_actor(company.customers[0].0);
    company
        .accept(customer, Company::place("home", company.at(10, 0)))
        .await;
    company.pool.close().await;
    postgres.stop().await;

    let unserved = request(customer, Company::place("home", company.at(12, 0)));
    for _ in 0..3 {
        let start = Instant::now();
        let outcome = company.executor.execute(unserved.clone()).await;
        assert_eq!(outcome.label(), "unavailable");
        assert!(
            start.elapsed() < Duration::from_secs(1),
            "{:?}",
            start.elapsed()
        );
    }

    let postgres = cluster(folder.path()).await;
    let back = Instant::now();
    let outcome = insist(&company.executor, unserved).await;
    assert!(matches!(outcome, Outcome::Accepted { .. }), "{outcome:?}");
    assert!(
        back.elapsed() < Duration::from_secs(2),
        "{:?}",
        back.elapsed()
    );
    company.pools.close().await;
    postgres.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_restart_in_a_stream_of_commands_loses_none_that_was_acknowledged() {
    let folder = tempfile::tempdir().expect("a folder");
    open_to_all(folder.path());
    let postgres = cluster(folder.path()).await;
    postgres.ensure_database("hub").await.expect("a database");
    let url = postgres.url("hub");
    store::migrate(&url).await.expect("the schema");
    let company = Company::on(&url, 12, 40).await;
    let trips: Vec<_> = company
        .customers
        .iter()
        .enumerate()
        .map(|(number, (id, _))| {
            let hour = 9 + i8::try_from(number % 3 * 3).expect("small");
            let request = request(
                customer_actor(*id),
                Company::place("home", company.at(hour, 0)),
            );
            let executor = company.executor.clone();
            tokio::spawn(async move { insist(&executor, request).await })
        })
        .collect();
    let start = Instant::now();
    while company.live.publications.lock().expect("whole").len() < 8 {
        assert!(start.elapsed() < Duration::from_secs(20), "commands run");
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    company.pool.close().await;
    postgres.stop().await;
    let postgres = cluster(folder.path()).await;
    let mut accepted = 0;
    for trip in trips {
        let outcome = trip.await.expect("no client panics");
        match outcome {
            Outcome::Accepted { .. } => accepted += 1,
            Outcome::Rejected { code, .. } => assert_eq!(code, "slot_gone"),
            refused @ Outcome::Refused { .. } => panic!("{refused:?}"),
        }
    }
    assert_eq!(accepted, 36, "twelve cleaners at three times");
    let pool = sqlx::PgPool::connect(&url).await.expect("a pool");
    let held: i64 = sqlx::query_scalar("select count(*) from hold where status = 'active'")
        .fetch_one(&pool)
        .await
        .expect("a count");
    assert_eq!(held, accepted);
    pool.close().await;
    company.pools.close().await;
    postgres.stop().await;
}

/// Whoever cannot wait for a connection gives up, and the connection is opened all the same: else
/// many who give up keep the database busy with connections that nobody gets.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connections_that_take_long_to_open_are_there_for_those_who_come_later() {
    let folder = tempfile::tempdir().expect("a folder");
    open_to_all(folder.path());
    let postgres = cluster(folder.path()).await;
    let pools = by_slow_door(&postgres).await;

    let start = Instant::now();
    let first = pools.ping().await;
    assert!(first.is_err(), "nobody waits for a connection to be opened");
    assert!(
        start.elapsed() < Duration::from_millis(390),
        "{:?}",
        start.elapsed()
    );
    let callers: Vec<_> = (0..100)
        .map(|_| {
            let pools = pools.clone();
            tokio::spawn(async move { while pools.ping().await.is_err() {} })
        })
        .collect();
    for caller in callers {
        let patience = Duration::from_secs(5);
        let served = tokio::time::timeout(patience, caller).await;
        served.expect("somebody gets it").expect("no caller panics");
    }
    pools.close().await;
    postgres.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_waits_for_a_connection_to_be_opened_takes_one_that_comes_back_before() {
    let folder = tempfile::tempdir().expect("a folder");
    open_to_all(folder.path());
    let postgres = cluster(folder.path()).await;
    let pools = by_slow_door(&postgres).await;
    assert!(pools.health.acquire().await.is_err(), "the first is opened");
    while pools.health.num_idle() == 0 {
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    let only = pools.health.acquire().await.expect("it is open");
    let waiting = tokio::spawn({
        let pools = pools.clone();
        async move { pools.health.acquire().await.is_ok() }
    });
    while pools.health.size() < 2 {
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    drop(only);
    assert!(waiting.await.expect("it does not panic"));
    pools.close().await;
    postgres.stop().await;
}

/// Pools whose connections take longer to open than callers wait.
async fn by_slow_door(postgres: &EmbeddedCluster) -> Pools {
    let direct: PgConnectOptions = postgres.url("postgres").parse().expect("a URL");
    let socket = direct.get_socket().expect("a unix socket").clone();
    let socket = socket.join(format!(".s.PGSQL.{}", direct.get_port()));
    let door = slow_door(socket, Duration::from_millis(400)).await;
    let user = direct.get_username();
    let url = format!("postgres://{user}@{door}/postgres?sslmode=disable");
    Pools::open(&url, PoolSizes::default()).expect("a URL")
}

/// A way to a unix socket on which each connection takes so long to begin.
async fn slow_door(socket: PathBuf, delay: Duration) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("its address");
    tokio::spawn(async move {
        while let Ok((mut near, _)) = listener.accept().await {
            let socket = socket.clone();
            tokio::spawn(async move {
                tokio::time::sleep(delay).await;
                let mut far = UnixStream::connect(socket).await.expect("the cluster");
                let _ = copy_bidirectional(&mut near, &mut far).await;
            });
        }
    });
    address
}

/// The cluster may run as another account than the test.
fn open_to_all(folder: &Path) {
    use std::os::unix::fs::PermissionsExt as _;
    let permissions = std::fs::Permissions::from_mode(0o755);
    std::fs::set_permissions(folder, permissions).expect("it is ours");
}
