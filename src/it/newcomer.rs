//! What a newcomer does: serve without naming a database, make the first person beside the
//! running server, stop it or lose it, and find everything again.

use std::{
    path::Path,
    process::Command,
    time::{Duration, Instant},
};

use dispatch_hub::postgres::npm_binaries;
use reqwest::StatusCode;
use serde_json::json;

use crate::support::{
    binary::{ServerProcess, dispatch_hub, succeed},
    database::node_modules,
    server::Api,
};

/// A start with its data already there.
const AGAIN_WITHIN: Duration = Duration::from_secs(5);
/// After a kill of the server its PostgreSQL is gone.
const GONE_WITHIN: Duration = Duration::from_secs(2);

fn in_folder(data: &Path) -> Command {
    let mut command = dispatch_hub();
    command
        .arg("--data")
        .arg(data)
        .env("DISPATCH_HUB_EMBEDDED__NODE_MODULES", node_modules());
    command
}

fn serve(data: &Path) -> ServerProcess {
    let mut command = in_folder(data);
    command.args([
        "serve",
        "--listen",
        "127.0.0.1:0",
        "--ops-listen",
        "127.0.0.1:0",
    ]);
    ServerProcess::spawn(command)
}

/// Processes that have this folder on their command line.
fn processes_about(folder: &Path) -> usize {
    let folder = folder.to_str().expect("text");
    let processes = std::fs::read_dir("/proc")
        .expect("the process table")
        .flatten();
    processes
        .filter_map(|entry| std::fs::read_to_string(entry.path().join("cmdline")).ok())
        .filter(|command| command.contains(folder) && command.contains("postgres"))
        .count()
}

async fn signs_in(server: &ServerProcess) -> StatusCode {
    let body = json!({"email": "first@example.org", "password": "a good password"});
    let (status, _) = Api::at(&server.url)
        .post("/api/v1/sessions", None, &body)
        .await;
    status
}

#[tokio::test]
async fn a_server_of_its_own_keeps_its_data_through_a_stop_and_a_kill() {
    let folder = tempfile::Builder::new()
        .prefix("with a space ")
        .tempdir()
        .expect("a folder");
    std::fs::set_permissions(
        folder.path(),
        std::os::unix::fs::PermissionsExt::from_mode(0o755),
    )
    .expect("it is ours");
    let data = folder.path().join("data");
    let server = serve(&data);
    let mut admin = in_folder(&data);
    admin.args(["admin", "create", "--email", "first@example.org"]);
    let made = succeed(&mut admin, "a good password\n");
    assert!(made.contains("first@example.org"), "{made}");
    assert_eq!(signs_in(&server).await, StatusCode::OK);
    server.stop();

    let begun = Instant::now();
    let mut server = serve(&data);
    assert!(begun.elapsed() < AGAIN_WITHIN, "{:?}", begun.elapsed());
    assert_eq!(signs_in(&server).await, StatusCode::OK);
    assert!(
        processes_about(&data) > 0,
        "PostgreSQL runs while the server does"
    );
    server.kill();
    let killed = Instant::now();
    while processes_about(&data) > 0 {
        assert!(
            killed.elapsed() < GONE_WITHIN,
            "PostgreSQL outlives its server"
        );
        tokio::time::sleep(Duration::from_millis(20)).await;
    }

    // Without a server the command line starts the database itself, and stops it again.
    let mut token = in_folder(&data);
    token.args(["token", "--user", "first@example.org"]);
    assert_eq!(succeed(&mut token, "").trim().split('.').count(), 3);
    assert_eq!(processes_about(&data), 0);
}

#[tokio::test]
async fn a_server_runs_on_the_postgresql_that_npm_brings() {
    let binaries = npm_binaries(&node_modules());
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::set_permissions(
        folder.path(),
        std::os::unix::fs::PermissionsExt::from_mode(0o755),
    )
    .expect("it is ours");
    let mut command = in_folder(&folder.path().join("data"));
    command
        .env("DISPATCH_HUB_EMBEDDED__BINARIES", binaries)
        .args([
            "serve",
            "--listen",
            "127.0.0.1:0",
            "--ops-listen",
            "127.0.0.1:0",
        ]);
    let server = ServerProcess::spawn(command);
    let ready = reqwest::get(format!("{}/readyz", server.ops_url)).await;
    assert_eq!(ready.expect("an answer").status(), StatusCode::OK);
    server.stop();
}
