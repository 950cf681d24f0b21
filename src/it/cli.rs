//! The command line as people meet it.

use std::net::TcpListener;

use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::support::{
    binary::{ServerProcess, dispatch_hub, run, succeed},
    database::TestDb,
};

#[tokio::test]
async fn the_first_person_is_made_and_signs_in() {
    let db = TestDb::new().await;
    let admin = |email: &str, input: &str| {
        let mut command = dispatch_hub();
        command.args([
            "admin",
            "create",
            "--database-url",
            &db.url,
            "--email",
            email,
        ]);
        run(&mut command, input)
    };
    let given = admin("Admin@Example.org", "a good password\n");
    assert!(given.status.success(), "{given:?}");
    let made_up = admin("second@example.org", "");
    let text = String::from_utf8(made_up.stdout).expect("text");
    let password = text
        .lines()
        .find_map(|line| line.strip_prefix("Password: "))
        .expect("a password is printed");
    for (email, input) in [
        ("admin@example.org", "another password"),
        ("not an address", "a good password"),
        ("third@example.org", "short"),
    ] {
        assert!(!admin(email, input).status.success(), "{email} {input}");
    }
    let server = ServerProcess::start(&db, &[]);
    let client = reqwest::Client::new();
    for (email, password) in [
        ("admin@example.org", "a good password"),
        ("second@example.org", password),
    ] {
        let body = json!({"email": email, "password": password});
        let url = format!("{}/api/v1/sessions", server.url);
        let answer = client
            .post(url)
            .json(&body)
            .send()
            .await
            .expect("an answer");
        assert_eq!(answer.status(), StatusCode::OK, "{email}");
        let session: Value = answer.json().await.expect("JSON");
        assert_eq!(session["user"]["role"], "admin");
    }
    server.stop();
}

#[tokio::test]
async fn a_token_for_somebody_works_while_it_lasts() {
    let db = TestDb::new().await;
    let database = ["--database-url", db.url.as_str()];
    let email = ["--email", "admin@example.org"];
    succeed(
        dispatch_hub()
            .args(["admin", "create"])
            .args(database)
            .args(email),
        "",
    );
    let user = ["--user", "admin@example.org"];
    let token = succeed(dispatch_hub().arg("token").args(database).args(user), "");
    let server = ServerProcess::start(&db, &[]);
    let command = format!("{}/api/v1/commands/job.claim", server.url);
    let request = reqwest::Client::new()
        .post(command)
        .bearer_auth(token.trim());
    let answer = request.json(&json!({})).send().await.expect("an answer");
    assert_eq!(
        answer.status(),
        StatusCode::BAD_REQUEST,
        "recognised, but without a body"
    );
    server.stop();
    let unknown = ["token", "--user", "nobody@example.org"];
    assert!(
        !run(dispatch_hub().args(unknown).args(database), "")
            .status
            .success()
    );
}

#[tokio::test]
async fn a_busy_port_is_named_with_the_flag_that_changes_it() {
    let db = TestDb::new().await;
    let taken = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = taken.local_addr().expect("bound").to_string();
    for (flag, other) in [("--listen", "--ops-listen"), ("--ops-listen", "--listen")] {
        let mut command = dispatch_hub();
        command.args(["serve", "--database-url", &db.url, flag, &address]);
        command.args([other, "127.0.0.1:0"]);
        let output = run(&mut command, "");
        let errors = String::from_utf8(output.stderr).expect("text");
        assert!(!output.status.success());
        let port = address.rsplit(':').next().expect("a port");
        assert!(errors.contains(port) && errors.contains(flag), "{errors}");
    }
}

#[test]
fn the_effective_settings_are_printed_without_secrets() {
    let mut command = dispatch_hub();
    command
        .env("DATABASE_URL", "postgres://hub:secret@db.example/hub")
        .env("DISPATCH_HUB_LOG__FORMAT", "json")
        .arg("config");
    let printed = succeed(&mut command, "");
    assert!(
        printed.contains("postgres://hub:***@db.example/hub"),
        "{printed}"
    );
    assert!(printed.contains("format = \"json\""), "{printed}");
    assert!(!printed.contains("secret"), "{printed}");
}

#[test]
fn all_faults_of_the_settings_are_told_at_once() {
    let mut command = dispatch_hub();
    command
        .env("DISPATCH_HUB_LISTEN", "nowhere")
        .env("DISPATCH_HUB_LOG__FORMAT", "xml")
        .env("DISPATCH_HUB_COLOUR", "blue")
        .arg("config");
    let output = run(&mut command, "");
    assert!(!output.status.success());
    let errors = String::from_utf8(output.stderr).expect("text");
    for key in ["listen", "log.format", "colour"] {
        assert!(errors.contains(key), "{errors}");
    }
}

#[tokio::test]
async fn a_renewed_epoch_is_what_readers_are_given() {
    let db = TestDb::new().await;
    let mut renew = dispatch_hub();
    renew.args(["epoch", "renew", "--database-url", &db.url]);
    let first = succeed(&mut renew, "");
    let second = succeed(&mut renew, "");
    assert_ne!(first, second);
    let epoch: String = sqlx::query_scalar("select log_name()")
        .fetch_one(&db.pool)
        .await
        .expect("a name");
    assert!(second.contains(&epoch), "{second}");
    let mut migrate = dispatch_hub();
    migrate.args(["migrate", "--database-url", &db.url]);
    succeed(&mut migrate, "");
}

#[tokio::test]
async fn a_server_stops_cleanly_when_told_to() {
    let db = TestDb::new().await;
    let server = ServerProcess::start(&db, &[]);
    let ready = reqwest::get(format!("{}/readyz", server.ops_url)).await;
    assert_eq!(ready.expect("an answer").status(), StatusCode::OK);
    server.stop();
}
