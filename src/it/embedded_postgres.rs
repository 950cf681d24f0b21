//! The embedded cluster with every kind of binaries, and what becomes of it when its supervisor
//! stops or is killed.

use std::io::{BufRead as _, BufReader};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use dispatch_hub::postgres::{
    Durability, EmbeddedCluster, EmbeddedConfig, EmbeddedError, npm_binaries,
};
use sqlx::{ConnectOptions as _, Connection as _};
use tempfile::TempDir;

use crate::support::database::{TestDb, node_modules};

/// Tells a copy of this test binary to hold a cluster in the folder until it is killed.
const HOLD: &str = "DISPATCH_HUB_TEST_HOLD_CLUSTER";

/// A folder with a space in its path, which as a rule (0o755) every account may enter: the tests
/// may run as root, PostgreSQL does not.
fn folder(mode: u32) -> TempDir {
    let folder = tempfile::Builder::new()
        .prefix("hub ")
        .tempdir()
        .expect("a folder");
    let permissions = std::fs::Permissions::from_mode(mode);
    std::fs::set_permissions(folder.path(), permissions).expect("it is ours");
    folder
}

fn config(folder: &Path) -> EmbeddedConfig {
    let mut config = EmbeddedConfig::new(folder.join("data"), Durability::Durable);
    config.node_modules = node_modules();
    config
}

/// Keeps a row over a stop and a start, and has the extensions the schema needs.
async fn exercise(config: EmbeddedConfig) {
    let cluster = EmbeddedCluster::start(config.clone())
        .await
        .expect("a new cluster");
    let database = cluster.ensure_database("hub").await.expect("a database");
    let mut connection = database.connect().await.expect("a connection");
    let setup = "create extension btree_gist; create extension pg_trgm; create table kept (n int);
                 insert into kept values (42)";
    sqlx::raw_sql(setup)
        .execute(&mut connection)
        .await
        .expect("the setup succeeds");
    connection.close().await.expect("closing a connection");
    cluster.stop().await;

    let cluster = EmbeddedCluster::start(config)
        .await
        .expect("the same cluster again");
    let url = cluster.url("hub");
    let mut connection = sqlx::PgConnection::connect(&url)
        .await
        .expect("the URL leads there");
    let kept: i32 = sqlx::query_scalar("select n from kept")
        .fetch_one(&mut connection)
        .await
        .expect("the row is there");
    assert_eq!(kept, 42);
    connection.close().await.expect("closing a connection");
    cluster.stop().await;
}

#[tokio::test]
async fn the_cluster_runs_with_a_system_postgres_where_there_is_one() {
    let temp = folder(0o755);
    let mut config = config(temp.path());
    config.node_modules = PathBuf::from("/nonexistent");
    match EmbeddedCluster::start(config.clone()).await {
        Ok(cluster) => cluster.stop().await,
        Err(EmbeddedError::NoBinaries { .. }) => {
            eprintln!("no system PostgreSQL here: only npm's is tested");
            return;
        }
        Err(error) => panic!("the cluster does not start: {error}"),
    }
    exercise(config).await;
}

#[tokio::test]
async fn the_cluster_runs_with_npms_binaries() {
    let temp = folder(0o755);
    let mut config = config(temp.path());
    let bin = npm_binaries(&node_modules());
    assert!(
        bin.is_dir(),
        "`npm ci` in web-client brings {}",
        bin.display()
    );
    config.binaries = Some(bin);
    exercise(config).await;
}

#[tokio::test]
async fn what_is_behind_a_closed_folder_of_roots_is_put_where_postgres_can_reach_it() {
    if !rustix::process::geteuid().is_root() {
        return;
    }
    let closed = folder(0o700);
    let native = closed.path().join("native");
    let bin = npm_binaries(&node_modules());
    let copied = std::process::Command::new("cp")
        .arg("-a")
        .args([bin.parent().expect("it has one"), &native])
        .status();
    assert!(copied.expect("cp runs").success());
    let mut config = config(closed.path());
    config.binaries = Some(native.join("bin"));
    let cluster = EmbeddedCluster::start(config.clone())
        .await
        .expect("a cluster");
    let moved = [cluster.folder().to_owned(), cluster.binaries().join("..")];
    let theirs = [closed.path(), &node_modules()];
    assert!(
        moved
            .iter()
            .all(|place| theirs.iter().all(|not_ours| !place.starts_with(not_ours))),
        "{moved:?}"
    );
    cluster.stop().await;
    exercise(config).await;
    for place in moved {
        std::fs::remove_dir_all(place.canonicalize().expect("it exists")).expect("it is ours");
    }
}

#[tokio::test]
async fn a_folder_in_use_is_refused() {
    let temp = folder(0o755);
    let cluster = EmbeddedCluster::start(config(temp.path()))
        .await
        .expect("a cluster");
    let second = EmbeddedCluster::start(config(temp.path())).await;
    assert!(matches!(second, Err(EmbeddedError::InUse { .. })));
    cluster.stop().await;
}

#[tokio::test]
async fn data_of_another_major_version_is_refused_by_name() {
    let temp = folder(0o755);
    let cluster = temp.path().join("data/cluster");
    std::fs::create_dir_all(&cluster).expect("a folder");
    std::fs::write(cluster.join("PG_VERSION"), "9\n").expect("a file");
    let error = EmbeddedCluster::start(config(temp.path()))
        .await
        .expect_err("nobody has it");
    assert!(
        error.to_string().contains("was made by PostgreSQL 9"),
        "{error}"
    );
}

#[tokio::test]
async fn a_pid_file_that_names_another_process_is_no_obstacle() {
    let temp = folder(0o755);
    let cluster = EmbeddedCluster::start(config(temp.path()))
        .await
        .expect("a cluster");
    let file = cluster.folder().join("cluster/postmaster.pid");
    let content = std::fs::read_to_string(&file).expect("it runs");
    cluster.stop().await;
    // As after a crash of the machine, when the number has gone to somebody else since: to us.
    let (_, rest) = content
        .split_once('\n')
        .expect("the first line is the number");
    std::fs::write(&file, format!("{}\n{rest}", std::process::id())).expect("it can be written");
    exercise(config(temp.path())).await;
}

#[tokio::test]
async fn a_failing_postgres_is_started_again() {
    let temp = folder(0o755);
    let cluster = EmbeddedCluster::start(config(temp.path()))
        .await
        .expect("a cluster");
    let first = postmaster(cluster.folder()).expect("it runs");
    kill(first, "QUIT");
    until("another process took over", || {
        postmaster(cluster.folder()).is_some_and(|now| now != first)
    });
    cluster.stop().await;
    assert!(!is_alive(first));
}

#[tokio::test]
async fn a_killed_supervisor_leaves_no_postgres_and_its_data_can_be_used_again() {
    if !cfg!(target_os = "linux") {
        return;
    }
    let temp = folder(0o755);
    let (mut supervisor, folder) = hold_a_cluster(temp.path());
    let postgres = postmaster(&folder).expect("it runs");
    supervisor.kill().expect("it is ours to kill");
    supervisor.wait().expect("it is our child");
    let killed = Instant::now();
    until("PostgreSQL followed its supervisor", || !is_alive(postgres));
    assert!(
        killed.elapsed() < Duration::from_secs(2),
        "{:?}",
        killed.elapsed()
    );

    // At once and without waiting for the end of the one before: that is the start's own duty.
    let (mut supervisor, _) = hold_a_cluster(temp.path());
    supervisor.kill().expect("it is ours to kill");
    supervisor.wait().expect("it is our child");
    exercise(config(temp.path())).await;
}

#[tokio::test]
async fn every_test_gets_a_database_of_its_own() {
    let (one, other) = tokio::join!(TestDb::new(), TestDb::new());
    let make = "create table mine (n int)";
    sqlx::query(make)
        .execute(&one.pool)
        .await
        .expect("it is not there");
    let mut by_url = sqlx::PgConnection::connect(&other.url)
        .await
        .expect("the URL leads there");
    sqlx::query(make)
        .execute(&mut by_url)
        .await
        .expect("nor is it here");
}

/// Starts this binary again with only [`hold_until_killed`] to run, and waits for its cluster.
/// Returns the process and the cluster's folder.
fn hold_a_cluster(folder: &Path) -> (Child, PathBuf) {
    let mut command = Command::new(std::env::current_exe().expect("we run from a file"));
    command.args([
        "--exact",
        "embedded_postgres::hold_until_killed",
        "--nocapture",
    ]);
    command
        .env(HOLD, folder)
        .stdin(Stdio::null())
        .stdout(Stdio::piped());
    let mut child = command.spawn().expect("this binary starts again");
    let output = BufReader::new(child.stdout.take().expect("it is piped"));
    let mut lines = output.lines().map_while(Result::ok);
    let folder = lines.find_map(|line| Some(line.split_once("holding ")?.1.to_owned()));
    (
        child,
        folder.expect("the other process has a cluster").into(),
    )
}

/// Not a test by itself: the process that [`hold_a_cluster`] starts and its caller kills.
#[tokio::test]
async fn hold_until_killed() {
    let Some(folder) = std::env::var_os(HOLD) else {
        return;
    };
    let config = config(Path::new(&folder));
    let cluster = EmbeddedCluster::start(config).await.expect("a cluster");
    println!("holding {}", cluster.folder().display());
    std::future::pending::<()>().await;
}

fn postmaster(folder: &Path) -> Option<u32> {
    let file = std::fs::read_to_string(folder.join("cluster/postmaster.pid")).ok()?;
    file.lines().next()?.parse().ok()
}

fn is_alive(pid: u32) -> bool {
    // A process that ended but was not waited for has no command line any more.
    std::fs::read(format!("/proc/{pid}/cmdline")).is_ok_and(|arguments| !arguments.is_empty())
}

fn kill(pid: u32, signal: &str) {
    let status = Command::new("kill")
        .args(["-s", signal, &pid.to_string()])
        .status();
    assert!(status.expect("there is a kill").success());
}

fn until(what: &str, condition: impl Fn() -> bool) {
    let start = Instant::now();
    while !condition() {
        assert!(
            start.elapsed() < Duration::from_secs(20),
            "waited in vain until {what}"
        );
        std::thread::sleep(Duration::from_millis(5));
    }
}
