//! The examples that the documentation shows, run as they stand.

use std::process::Command;

use crate::support::{
    binary::{ServerProcess, dispatch_hub, succeed},
    database::TestDb,
};

const PASSWORD: &str = "a good password";

/// Makes the first person and runs the script against a server.
fn a_day(db: &TestDb, server: &ServerProcess) -> String {
    let mut admin = dispatch_hub();
    let email = ["--email", "admin@example.org"];
    admin
        .args(["admin", "create", "--database-url", &db.url])
        .args(email);
    succeed(&mut admin, PASSWORD);
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/examples/day.sh");
    let mut day = Command::new("bash");
    day.arg(script)
        .arg(&server.url)
        .env("ADMIN_PASSWORD", PASSWORD);
    succeed(&mut day, "")
}

#[tokio::test]
async fn a_day_with_curl_goes_from_nothing_to_a_completed_job() {
    let db = TestDb::new().await;
    let server = ServerProcess::start(&db, &[]);
    let printed = a_day(&db, &server);
    assert!(printed.trim_end().ends_with("completed"), "{printed}");
    let statuses: Vec<String> = sqlx::query_scalar("select status from job")
        .fetch_all(&db.pool)
        .await
        .expect("rows");
    assert_eq!(statuses, ["completed"]);
    server.stop();
}

#[tokio::test]
async fn the_most_talkative_log_of_a_day_holds_no_secrets_and_no_private_data() {
    let db = TestDb::new().await;
    // A file, because a pipe that nobody reads would fill up.
    let log = tempfile::NamedTempFile::new().expect("a file");
    let mut command = dispatch_hub();
    command
        .args([
            "serve",
            "--listen",
            "127.0.0.1:0",
            "--ops-listen",
            "127.0.0.1:0",
        ])
        .env("DISPATCH_HUB_DATABASE_URL", &db.url)
        .env(
            "DISPATCH_HUB_LOG__FILTER",
            "info,dispatch_hub=trace,hub=trace,sqlx=debug",
        )
        .env("DISPATCH_HUB_LOG__FORMAT", "json")
        .stderr(log.reopen().expect("the same file"));
    let server = ServerProcess::spawn(command);
    a_day(&db, &server);
    server.stop();
    let log = std::fs::read_to_string(log.path()).expect("text");
    assert!(log.contains("command answered"), "{log}");
    // Words of the script: passwords, phone numbers, addresses, names; and how tokens begin.
    for private in [
        PASSWORD,
        "+49",
        "1234567",
        "Sample Street",
        "Clara",
        "Schmidt",
        "eyJ",
        "argon2id",
    ] {
        let line = log.lines().find(|line| line.contains(private));
        assert_eq!(line, None, "`{private}` is in the log");
    }
}
