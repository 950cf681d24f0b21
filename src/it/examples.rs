//! The examples that the documentation shows, run as they stand.

use crate::support::{
    binary::{ServerProcess, dispatch_hub, succeed},
    database::TestDb,
};

#[tokio::test]
async fn a_day_with_curl_goes_from_nothing_to_a_completed_job() {
    let db = TestDb::new().await;
    let server = ServerProcess::start(&db, &[]);
    let mut admin = dispatch_hub();
    let email = ["--email", "admin@example.org"];
    admin
        .args(["admin", "create", "--database-url", &db.url])
        .args(email);
    succeed(&mut admin, "a good password\n");
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/examples/day.sh");
    let mut day = std::process::Command::new("bash");
    day.arg(script)
        .arg(&server.url)
        .env("ADMIN_PASSWORD", "a good password");
    let printed = succeed(&mut day, "");
    assert!(printed.trim_end().ends_with("completed"), "{printed}");
    let statuses: Vec<String> = sqlx::query_scalar("select status from job")
        .fetch_all(&db.pool)
        .await
        .expect("rows");
    assert_eq!(statuses, ["completed"]);
    server.stop();
}
