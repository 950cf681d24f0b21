//! Postgres away for a while, as people with open screens meet it: sockets stay, commands are
//! refused at once, and work goes on right after its return.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::Path,
    process::Command,
    time::{Duration, Instant},
};

use dispatch_hub::{
    postgres::{Durability, EmbeddedCluster, EmbeddedConfig},
    store,
};
use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::support::{
    binary::signal, company::Company, database::node_modules, server::TestServer,
    socket::TestSocket,
};

const AWAY: Duration = Duration::from_secs(20);
const REFUSED_WITHIN: Duration = Duration::from_secs(1);
const BACK_WITHIN: Duration = Duration::from_secs(2);

/// A cluster of the test's own.
struct Postgres {
    cluster: EmbeddedCluster,
    url: String,
}

impl Postgres {
    async fn start(folder: &Path) -> Self {
        // It may run as another account than the test.
        let open = fs::Permissions::from_mode(0o755);
        fs::set_permissions(folder, open).expect("it is ours");
        let mut config = EmbeddedConfig::new(folder.join("data"), Durability::Durable);
        config.node_modules = node_modules();
        let cluster = EmbeddedCluster::start(config).await.expect("a cluster");
        cluster.ensure_database("hub").await.expect("a database");
        let url = cluster.url("hub");
        Self { cluster, url }
    }

    /// The postmaster and its children, which are in process groups of their own.
    fn processes(&self) -> Vec<u32> {
        let mut files = vec![self.cluster.folder().to_owned()];
        while let Some(path) = files.pop() {
            let pid_file = path.join("postmaster.pid");
            if let Ok(text) = fs::read_to_string(&pid_file) {
                let postmaster = text
                    .lines()
                    .next()
                    .and_then(|line| line.trim().parse().ok());
                let postmaster: u32 = postmaster.expect("a process id");
                return std::iter::once(postmaster)
                    .chain(children(postmaster))
                    .collect();
            }
            let entries = fs::read_dir(&path).into_iter().flatten().flatten();
            files.extend(
                entries
                    .map(|entry| entry.path())
                    .filter(|path| path.is_dir()),
            );
        }
        panic!("no postmaster.pid in {}", self.cluster.folder().display());
    }

    /// Nothing answers any more, and no connection breaks.
    fn freeze(&self) -> Frozen {
        let processes = self.processes();
        // The postmaster first, so that it starts no further ones.
        for process in &processes {
            signal(*process, "STOP");
        }
        Frozen(processes)
    }
}

/// Goes on when dropped, also where a test fails.
struct Frozen(Vec<u32>);

impl Drop for Frozen {
    fn drop(&mut self) {
        for process in &self.0 {
            // It may have been ended meanwhile.
            let _ = Command::new("kill")
                .args(["-CONT", &process.to_string()])
                .status();
        }
    }
}

/// From the process table: the parent's id is the second field after the name in brackets.
fn children(parent: u32) -> Vec<u32> {
    let processes = fs::read_dir("/proc").expect("the process table").flatten();
    let ids = processes.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    ids.filter(|id| {
        let stat = fs::read_to_string(format!("/proc/{id}/stat")).unwrap_or_default();
        let after_name = stat.rsplit_once(')').map_or("", |(_, rest)| rest);
        after_name.split_whitespace().nth(1) == Some(&parent.to_string())
    })
    .collect()
}

/// A server on it, with a customer's socket that watches their channel.
async fn customer_watching(server: &TestServer, url: &str) -> (TestSocket, String, String) {
    let company = Company::found(url, server).await;
    let (customer, _) = company.customer(server, "Clara").await;
    let mut socket = TestSocket::connect(server, Some(&customer.token)).await;
    let channel = format!("customer:{}", customer.id);
    socket.subscribe(&channel).await;
    (socket, channel, customer.token)
}

async fn is_refused_in_time(socket: &mut TestSocket) {
    let begun = Instant::now();
    let outcome = socket
        .command("customer.update", &json!({"name": "Clara"}))
        .await;
    assert_eq!(outcome["code"], "unavailable", "{outcome}");
    assert!(outcome["details"]["retry_after_ms"].is_u64(), "{outcome}");
    assert!(begun.elapsed() < REFUSED_WITHIN, "{:?}", begun.elapsed());
}

/// Tries again under the same id, as clients do, until a decision is made.
async fn insist(socket: &mut TestSocket, kind: &str, data: &Value) -> Value {
    loop {
        let outcome = socket.try_command(kind, data).await;
        let outcome = outcome.expect("the socket has stayed");
        if outcome["outcome"] != "refused" {
            return outcome;
        }
        assert_eq!(outcome["code"], "unavailable", "{outcome}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

async fn works_again(socket: &mut TestSocket, channel: &str, name: &str) {
    let back = Instant::now();
    let update = json!({"command_id": uuid::Uuid::now_v7(), "name": name});
    let outcome = insist(socket, "customer.update", &update).await;
    assert_eq!(outcome["outcome"], "accepted", "{outcome}");
    assert!(back.elapsed() < BACK_WITHIN, "{:?}", back.elapsed());
    socket
        .publication(channel, |body| body.to_string().contains(name))
        .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sockets_outlive_a_postgres_that_freezes_for_twenty_seconds() {
    let folder = tempfile::tempdir().expect("a folder");
    let postgres = Postgres::start(folder.path()).await;
    store::migrate(&postgres.url).await.expect("the schema");
    let server = TestServer::on(&postgres.url, &[]).await;
    let (mut socket, channel, token) = customer_watching(&server, &postgres.url).await;

    let frozen = postgres.freeze();
    let since = Instant::now();
    while since.elapsed() < AWAY {
        is_refused_in_time(&mut socket).await;
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    let begun = Instant::now();
    let update = json!({"name": "Clara"});
    let (status, problem) = server.command(&token, "customer.update", &update).await;
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE, "{problem}");
    assert!(
        begun.elapsed() < REFUSED_WITHIN,
        "over HTTP too: {:?}",
        begun.elapsed()
    );
    let ready = server.http.get(server.ops_url("/readyz")).send().await;
    assert_eq!(
        ready.expect("an answer").status(),
        StatusCode::SERVICE_UNAVAILABLE
    );
    let live = server.http.get(server.ops_url("/livez")).send().await;
    assert_eq!(live.expect("an answer").status(), StatusCode::OK);
    drop(frozen);
    works_again(&mut socket, &channel, "Clara Again").await;

    socket.close().await;
    server.stop().await;
    postgres.cluster.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sockets_outlive_a_postgres_that_is_restarted() {
    let folder = tempfile::tempdir().expect("a folder");
    let postgres = Postgres::start(folder.path()).await;
    store::migrate(&postgres.url).await.expect("the schema");
    let server = TestServer::on(&postgres.url, &[]).await;
    let (mut socket, channel, _) = customer_watching(&server, &postgres.url).await;
    postgres.cluster.stop().await;
    for _ in 0..5 {
        is_refused_in_time(&mut socket).await;
    }
    let postgres = Postgres::start(folder.path()).await;
    works_again(&mut socket, &channel, "Clara Again").await;
    socket.close().await;
    server.stop().await;
    postgres.cluster.stop().await;
}

/// After a power cut both start at once, and the database takes its time.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_start_waits_for_a_database_that_takes_no_connections_yet() {
    let folder = tempfile::tempdir().expect("a folder");
    let postgres = Postgres::start(folder.path()).await;
    let url = postgres.url.clone();
    postgres.cluster.stop().await;
    let starting = async {
        let server = TestServer::on(&url, &[]).await;
        (server, Instant::now())
    };
    let returning = async {
        // Long enough to be refused more than once.
        tokio::time::sleep(Duration::from_millis(500)).await;
        let returns = Instant::now();
        (Postgres::start(folder.path()).await, returns)
    };
    let ((server, started), (postgres, returns)) = tokio::join!(Box::pin(starting), returning);
    assert!(started > returns, "there was nothing to serve from");
    let ready = server.http.get(server.ops_url("/readyz")).send().await;
    assert_eq!(ready.expect("an answer").status(), StatusCode::OK);
    server.stop().await;
    postgres.cluster.stop().await;
}
