//! The cluster with the real binary and real servers.

use std::{fs, path::Path};

use rustix::process::Signal;
use tempfile::TempDir;

use super::*;

fn config(folder: &TempDir, instances: usize) -> ClusterConfig {
    let binary = built_binary().expect("it is built before tests are run");
    ClusterConfig {
        node_modules: Path::new(env!("CARGO_MANIFEST_DIR")).join("../web-client/node_modules"),
        settings: vec![("DISPATCH_HUB_LOG__FILTER".to_owned(), "info".to_owned())],
        ..ClusterConfig::new(folder.path().join("cluster"), binary, instances)
    }
}

fn folder() -> TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    // PostgreSQL may run as another account than ours.
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).expect("it is ours");
    folder
}

async fn eventually(what: &str, holds: impl AsyncFnMut() -> bool) {
    let waited = wait_until(what, Duration::from_secs(20), holds).await;
    waited.expect("in time");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn instances_come_back_at_their_address_after_kills_stops_and_cuts() {
    let folder = folder();
    let cluster = Cluster::start(config(&folder, 2)).await.expect("a cluster");
    let (first, second) = (cluster.instance(1), cluster.instance(2));
    let written = fs::read_to_string(first.files().pid).expect("a file with its id");
    assert_eq!(written.trim().parse().ok(), first.process().id());

    first.kill().await;
    assert!(!first.is_ready().await);
    assert!(second.is_ready().await);
    first.start().await.expect("it starts again");

    first.process().pause();
    assert!(!first.is_ready().await, "it does not answer while stopped");
    first.process().resume();
    first.wait_ready().await.expect("it goes on");

    let status = first.terminate().await.expect("it ran");
    assert!(status.success(), "{status}: {}", first.files().last_words());
    first.start().await.expect("it starts again");

    first.postgres_wire().sever();
    eventually(
        "an instance without a database not to be ready",
        async || !first.is_ready().await,
    )
    .await;
    assert!(second.is_ready().await);
    first.postgres_wire().heal();
    first.wait_ready().await.expect("it has its database back");

    let resources = first.resources().await.expect("it runs");
    assert!(resources.descriptors > 10, "{resources:?}");
    assert!(
        resources.tasks.is_some_and(|tasks| tasks > 1),
        "{resources:?}"
    );
    cluster.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn postgres_survives_what_is_done_to_it() {
    let folder = folder();
    let cluster = Cluster::start(config(&folder, 1)).await.expect("a cluster");
    let (instance, postgres) = (cluster.instance(1), cluster.postgres());
    let durable: String = {
        let mut connection = postgres.connect(DATABASE).await.expect("it runs");
        sqlx::query_scalar("select current_setting('fsync')")
            .fetch_one(&mut connection)
            .await
            .expect("a setting")
    };
    assert_eq!(durable, "on");

    for how in [Stop::Fast, Stop::Immediate, Stop::Kill] {
        postgres.restart(how).await.expect("it recovers");
        instance
            .wait_ready()
            .await
            .expect("it has its database back");
    }
    assert!(postgres.kill_backend(DATABASE).await.expect("it runs"));
    eventually("the database to recover", async || {
        postgres.connect(DATABASE).await.is_ok()
    })
    .await;
    instance
        .wait_ready()
        .await
        .expect("it has its database back");
    postgres.pause().expect("it runs");
    assert!(postgres.connect(DATABASE).await.is_err(), "it stands still");
    postgres.resume().expect("it runs");
    instance
        .wait_ready()
        .await
        .expect("it has its database back");

    postgres.set_access(Access::ReadOnly).await.expect("set");
    let write = "create table refused ()";
    eventually("writes to be refused", async || {
        postgres.execute(DATABASE, write).await.is_err()
    })
    .await;
    postgres.set_access(Access::ReadWrite).await.expect("set");
    eventually("writes to be taken", async || {
        postgres
            .execute(DATABASE, "create table if not exists taken ()")
            .await
            .is_ok()
    })
    .await;
    cluster.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn redis_survives_what_is_done_to_it() {
    let folder = folder();
    let cluster = Cluster::start(config(&folder, 1)).await;
    let cluster = cluster.expect("a cluster");
    let redis = cluster.redis();
    redis.flush_all().await.expect("it runs");
    let listening = async || redis.kill_listeners().await.expect("it runs") > 0;
    eventually("the instance to listen", listening).await;
    eventually("the instance to listen again", listening).await;
    redis.process().pause();
    assert!(redis.ask("PING").await.is_err(), "it stands still");
    redis.process().resume();
    redis.restart().await.expect("it starts again");
    eventually("the instance to listen to the new one", listening).await;
    cluster.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dropped_cluster_leaves_no_process() {
    let folder = folder();
    let cluster = Cluster::start(config(&folder, 1)).await.expect("a cluster");
    let postgres = cluster.postgres();
    let processes = [
        cluster.instance(1).process(),
        cluster.redis().process(),
        postgres.process(),
    ];
    let ids = processes.map(|slot| slot.id().expect("it runs"));
    // Not even one that does not listen.
    cluster.redis().process().signal(Signal::STOP);
    drop((cluster, postgres));
    for id in ids {
        assert!(!Path::new(&format!("/proc/{id}")).exists(), "{id} runs");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_clock_jumps_for_one_process() {
    let folder = folder();
    if !Cluster::can_jump_clocks() {
        let mut config = config(&folder, 1);
        config.instances[0].false_clock = true;
        let refused = Cluster::start(config).await.expect_err("no library");
        assert!(refused.to_string().contains("libfaketime"), "{refused}");
        return;
    }
    let mut config = config(&folder, 2);
    config.instances[0].false_clock = true;
    let cluster = Cluster::start(config).await.expect("a cluster");
    let year = async |number: usize| -> i32 {
        let address = cluster.instance(number).public();
        let answer = http::get(address, "/api/v1/queries/clock.now").await;
        let body = answer.expect("it answers").body;
        let now = body.strip_prefix("{\"now\":\"").expect(&body);
        now[..4].parse().expect(&body)
    };
    let this = year(2).await;
    assert_eq!(year(1).await, this);
    let jumping = cluster.instance(1);
    jumping.jump_clock(Offset(86_400 * 730)).expect("set");
    assert_eq!((year(1).await, year(2).await), (this + 2, this));
    jumping.restart().await.expect("it starts again");
    assert_eq!(year(1).await, this + 2);
    jumping.jump_clock(Offset(0)).expect("set");
    assert_eq!(year(1).await, this);
    cluster.stop().await;
}

/// Where `PostgreSQL` came without the programs for copies.
fn tells_what_is_missing(outcome: anyhow::Result<()>) {
    let error = outcome.expect_err("the programs are missing");
    assert!(error.to_string().contains("did not come with"), "{error}");
}

/// How many of its own tables the database has.
async fn tables(cluster: &Cluster) -> i64 {
    let mut connection = cluster.postgres().connect(DATABASE).await.expect("it runs");
    sqlx::query_scalar("select count(*) from pg_tables where tablename like 'mark%'")
        .fetch_one(&mut connection)
        .await
        .expect("a count")
}

/// What the log is called.
async fn name(cluster: &Cluster) -> String {
    let mut connection = cluster.postgres().connect(DATABASE).await.expect("it runs");
    sqlx::query_scalar("select log_name()")
        .fetch_one(&mut connection)
        .await
        .expect("a name")
}

async fn mark(cluster: &Cluster, number: u8) {
    let statement = format!("create table mark{number} ()");
    let made = cluster.postgres().execute(DATABASE, &statement).await;
    made.expect("a table");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_standby_takes_over_with_what_it_has_heard() {
    let folder = folder();
    let cluster = Cluster::start(config(&folder, 1)).await;
    let cluster = cluster.expect("a cluster");
    let instance = cluster.instance(1);
    let added = cluster.add_standby(Replication::Synchronous).await;
    if !cluster.postgres().has_tools() {
        return tells_what_is_missing(added);
    }
    added.expect("a standby");
    let before = name(&cluster).await;
    mark(&cluster, 1).await;
    cluster.promote(Stop::Kill).await.expect("it takes over");
    assert_eq!(tables(&cluster).await, 1, "it was acknowledged");
    assert_ne!(name(&cluster).await, before);
    instance.wait_ready().await.expect("it was led there");

    let added = cluster.add_standby(Replication::Asynchronous).await;
    added.expect("another standby");
    mark(&cluster, 2).await;
    cluster.wait_for_standby().await.expect("it follows");
    cluster.part_standby().await.expect("it hears no more");
    mark(&cluster, 3).await;
    let promoted = cluster.promote(Stop::Immediate).await;
    promoted.expect("it takes over");
    assert_eq!(tables(&cluster).await, 2, "the last one was not heard");
    instance.wait_ready().await.expect("it was led there");
    cluster.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn older_states_come_back_under_a_running_instance() {
    let folder = folder();
    let cluster = Cluster::start(config(&folder, 1)).await;
    let cluster = cluster.expect("a cluster");
    let instance = cluster.instance(1);
    let dump = cluster.dump().await;
    if !cluster.postgres().has_tools() {
        return tells_what_is_missing(dump.map(drop));
    }
    let dump = dump.expect("a dump");
    mark(&cluster, 1).await;
    let older = cluster.keep_data().await.expect("a copy");
    mark(&cluster, 2).await;
    // What nobody had seen cannot be missed.
    let marked = Instant::now();
    eventually("the instance to have seen the mark", async || {
        let metrics = instance.metrics().await.expect("it serves them");
        let mut lines = metrics.lines();
        let age = lines.find_map(|line| line.strip_prefix("hub_log_look_age_seconds "));
        let age: f64 = age.expect("a gauge").parse().expect("a number");
        age < marked.elapsed().as_secs_f64()
    })
    .await;
    let before = name(&cluster).await;
    cluster.bring_back(older).await.expect("the copy is back");
    assert_eq!(tables(&cluster).await, 1);
    instance.wait_ready().await.expect("it has a database");
    eventually("the instance to rename a log that went back", async || {
        name(&cluster).await != before
    })
    .await;
    let before = name(&cluster).await;
    cluster.restore(&dump).await.expect("the dump is back");
    assert_eq!(tables(&cluster).await, 0);
    assert_ne!(name(&cluster).await, before);
    let before = name(&cluster).await;
    cluster.renew_epoch().await.expect("there is an epoch");
    assert_ne!(name(&cluster).await, before);
    instance.wait_ready().await.expect("it has a database");
    cluster.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_balancer_leaves_out_whoever_is_down() {
    let folder = folder();
    let mut config = config(&folder, 2);
    config
        .settings
        .push((TRUST.0.to_owned(), TRUST.1.to_owned()));
    let cluster = Cluster::start(config).await.expect("a cluster");
    let balancer = cluster.add_balancer(None).await.expect("nginx");
    let serves = async || {
        // A page: no database is asked, which may be busy with the tests beside this one.
        let answer = http::get(balancer.address(), "/").await;
        answer.is_ok_and(|answer| answer.status == 200)
    };
    for number in [1, 2] {
        cluster.instance(number).kill().await;
        // That the other one is back is noticed within a second.
        eventually("the balancer to count on the other one", serves).await;
        for _ in 0..6 {
            assert!(serves().await, "the other one serves");
        }
        cluster.instance(number).start().await.expect("it starts");
    }
    cluster.stop().await;
}
