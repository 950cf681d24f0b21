//! Signing in and staying so: passwords, guests, rotating refresh tokens, signing out.

use dispatch_hub::domain::Role;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::support::{
    database::TestDb,
    people::{self, PASSWORD},
    server::{TestServer, answer, bearing},
    socket::TestSocket,
};

fn text<'a>(session: &'a Value, key: &str) -> &'a str {
    session[key].as_str().expect("text")
}

async fn refresh(server: &TestServer, token: &str) -> (StatusCode, Value) {
    let body = json!({"refresh_token": token});
    server.post("/api/v1/sessions/refresh", None, &body).await
}

/// Whether an access token is good for anything that needs one.
async fn is_recognised(server: &TestServer, token: &str) -> bool {
    let (status, _) = server.get("/api/v1/zones", Some(token)).await;
    assert_eq!(status, StatusCode::OK, "zones are for anybody");
    let body = json!({"command_id": uuid::Uuid::now_v7(), "job": uuid::Uuid::now_v7()});
    let (status, _) = server
        .post("/api/v1/commands/job.claim", Some(token), &body)
        .await;
    status != StatusCode::UNAUTHORIZED
}

#[tokio::test]
async fn a_password_gives_a_session_and_a_wrong_one_the_same_answer_as_an_unknown_address() {
    let db = TestDb::new().await;
    let server = TestServer::start(&db).await;
    let dana = people::staff(&db.url, Role::Dispatcher, "dana@example.org").await;
    let session = server.sign_in(" Dana@Example.org ", PASSWORD).await;
    assert_eq!(session["user"]["id"], json!(dana.id));
    assert_eq!(session["user"]["role"], "dispatcher");
    let expires_in = session["expires_in"].as_u64().expect("seconds");
    assert!((480..=600).contains(&expires_in), "{expires_in}");
    let mut answers = Vec::new();
    for email in [
        "dana@example.org",
        "nobody@example.org",
        "null\0@example.org",
    ] {
        let body = json!({"email": email, "password": "wrong"});
        answers.push(server.post("/api/v1/sessions", None, &body).await);
    }
    assert!(
        answers.iter().all(|answer| *answer == answers[0]),
        "{answers:?}"
    );
    assert_eq!(answers[0].0, StatusCode::UNAUTHORIZED);
    assert_eq!(answers[0].1["code"], "unauthenticated");
    server.stop().await;
}

#[tokio::test]
async fn repeated_failures_wait_and_lock_nobody_out() {
    let db = TestDb::new().await;
    let proxies = [
        ("http.trusted_proxies", "127.0.0.1"),
        ("sign_in.failures_free", "1"),
    ];
    let server = TestServer::with(&db, &proxies).await;
    people::staff(&db.url, Role::Dispatcher, "dana@example.org").await;
    let attempt = async |address: &str, password: &str| {
        let body = json!({"email": "dana@example.org", "password": password});
        let request = server.request(Method::POST, "/api/v1/sessions");
        answer(request.header("x-forwarded-for", address).json(&body)).await
    };
    assert_eq!(
        attempt("1.1.1.1", "wrong").await.0,
        StatusCode::UNAUTHORIZED
    );
    assert_eq!(
        attempt("1.1.1.1", "wrong").await.0,
        StatusCode::UNAUTHORIZED
    );
    let (status, problem) = attempt("1.1.1.1", PASSWORD).await;
    assert_eq!(status, StatusCode::TOO_MANY_REQUESTS, "{problem}");
    assert!(
        problem["details"]["retry_after_ms"]
            .as_u64()
            .is_some_and(|wait| wait <= 250)
    );
    assert_eq!(attempt("2.2.2.2", PASSWORD).await.0, StatusCode::OK);
    server.stop().await;
}

#[tokio::test]
async fn guests_are_customers_of_their_own() {
    let db = TestDb::new().await;
    let server = TestServer::start(&db).await;
    let (first, second) = (server.guest().await, server.guest().await);
    assert_ne!(first["user"]["id"], second["user"]["id"]);
    assert_eq!(first["user"]["role"], "customer");
    let own = format!("/api/v1/channels/customer:{}", text(&first["user"], "id"));
    let (status, body) = server.get(&own, first["access_token"].as_str()).await;
    assert_eq!(status, StatusCode::OK, "{body}");
    assert!(
        body["epoch"].is_string() && body["offset"].is_u64(),
        "{body}"
    );
    let (status, _) = server.get(&own, second["access_token"].as_str()).await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    let (status, _) = server.get(&own, None).await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    server.stop().await;
}

#[tokio::test]
async fn a_refresh_token_works_once_and_its_reuse_ends_the_sign_in() {
    let db = TestDb::new().await;
    let server = TestServer::start(&db).await;
    let first = server.guest().await;
    let (status, second) = refresh(&server, text(&first, "refresh_token")).await;
    assert_eq!(status, StatusCode::OK, "{second}");
    assert_eq!(second["user"], first["user"]);
    let (status, third) = refresh(&server, text(&second, "refresh_token")).await;
    assert_eq!(status, StatusCode::OK, "{third}");
    let mut socket = TestSocket::connect(&server, third["access_token"].as_str()).await;
    // A thief who copied the first one, two exchanges ago, comes with it now.
    let (status, problem) = refresh(&server, text(&first, "refresh_token")).await;
    assert_eq!(status, StatusCode::UNAUTHORIZED, "{problem}");
    assert_eq!(socket.closed().await, Some(3503));
    let (status, _) = refresh(&server, text(&third, "refresh_token")).await;
    assert_eq!(status, StatusCode::UNAUTHORIZED);
    assert!(!is_recognised(&server, text(&third, "access_token")).await);
    server.stop().await;
    let noted: Vec<String> = sqlx::query_scalar("select code from security_event order by id")
        .fetch_all(&db.pool)
        .await
        .expect("rows");
    assert_eq!(noted, ["reused"]);
}

#[tokio::test]
async fn a_lost_answer_to_a_refresh_is_given_again() {
    let db = TestDb::new().await;
    let server = TestServer::start(&db).await;
    let session = server.guest().await;
    let token = text(&session, "refresh_token");
    // Two pages ask at once, and a third time the first one does: it never saw the answer.
    let (a, b) = tokio::join!(refresh(&server, token), refresh(&server, token));
    let c = refresh(&server, token).await;
    for answer in [&a, &b, &c] {
        assert_eq!(answer.0, StatusCode::OK, "{}", answer.1);
        assert_eq!(answer.1["refresh_token"], a.1["refresh_token"]);
        assert!(is_recognised(&server, text(&answer.1, "access_token")).await);
    }
    let (status, next) = refresh(&server, text(&a.1, "refresh_token")).await;
    assert_eq!(status, StatusCode::OK, "{next}");
    server.stop().await;
}

/// The database goes back to what it knew of sign-ins when this was called.
async fn dump(db: &TestDb) {
    sqlx::raw_sql("create table dump as table sign_in")
        .execute(&db.pool)
        .await
        .expect("a copy");
}

async fn restore(db: &TestDb) {
    let back = "begin; delete from sign_in; insert into sign_in table dump; commit";
    let done = sqlx::raw_sql(back).execute(&db.pool).await;
    done.expect("put back");
}

#[tokio::test]
async fn who_exchanged_tokens_that_a_restored_database_does_not_know_stays_signed_in() {
    let db = TestDb::new().await;
    let server = TestServer::start(&db).await;
    let first = server.guest().await;
    let (_, second) = refresh(&server, text(&first, "refresh_token")).await;
    dump(&db).await;
    let (_, third) = refresh(&server, text(&second, "refresh_token")).await;
    let (_, fourth) = refresh(&server, text(&third, "refresh_token")).await;
    restore(&db).await;
    let token = text(&fourth, "refresh_token");
    let (a, b) = tokio::join!(refresh(&server, token), refresh(&server, token));
    for answer in [&a, &b] {
        assert_eq!(answer.0, StatusCode::OK, "{}", answer.1);
        assert_eq!(answer.1["user"], first["user"]);
        assert_eq!(answer.1["refresh_token"], a.1["refresh_token"]);
    }
    let (status, next) = refresh(&server, text(&a.1, "refresh_token")).await;
    assert_eq!(status, StatusCode::OK, "{next}");
    // One from between, which somebody copied: the database never saw it, and yet it is old.
    let (status, _) = refresh(&server, text(&third, "refresh_token")).await;
    assert_eq!(status, StatusCode::UNAUTHORIZED);
    let (status, _) = refresh(&server, text(&next, "refresh_token")).await;
    assert_eq!(status, StatusCode::UNAUTHORIZED);
    server.stop().await;
}

#[tokio::test]
async fn a_copied_token_that_a_restored_database_took_is_found_when_it_goes_on() {
    let db = TestDb::new().await;
    let server = TestServer::start(&db).await;
    let first = server.guest().await;
    dump(&db).await;
    let (_, second) = refresh(&server, text(&first, "refresh_token")).await;
    let (_, third) = refresh(&server, text(&second, "refresh_token")).await;
    let (_, owners) = refresh(&server, text(&third, "refresh_token")).await;
    restore(&db).await;
    let (status, thiefs) = refresh(&server, text(&second, "refresh_token")).await;
    assert_eq!(status, StatusCode::OK, "{thiefs}");
    let (status, owners) = refresh(&server, text(&owners, "refresh_token")).await;
    assert_eq!(status, StatusCode::OK, "{owners}");
    let (status, _) = refresh(&server, text(&thiefs, "refresh_token")).await;
    assert_eq!(status, StatusCode::UNAUTHORIZED);
    let (status, _) = refresh(&server, text(&owners, "refresh_token")).await;
    assert_eq!(status, StatusCode::UNAUTHORIZED, "nobody has it any more");
    server.stop().await;
}

#[tokio::test]
async fn a_refresh_token_that_comes_again_late_ends_the_sign_in() {
    let db = TestDb::new().await;
    let server = TestServer::start(&db).await;
    let first = server.guest().await;
    let (_, second) = refresh(&server, text(&first, "refresh_token")).await;
    sqlx::query("update sign_in set refreshed_at = now() - interval '61 seconds'")
        .execute(&db.pool)
        .await
        .expect("a minute passes");
    let (status, problem) = refresh(&server, text(&first, "refresh_token")).await;
    assert_eq!(status, StatusCode::UNAUTHORIZED, "{problem}");
    let (status, _) = refresh(&server, text(&second, "refresh_token")).await;
    assert_eq!(status, StatusCode::UNAUTHORIZED);
    server.stop().await;
}

#[tokio::test]
async fn access_and_refresh_tokens_do_not_stand_for_each_other() {
    let db = TestDb::new().await;
    let server = TestServer::start(&db).await;
    let session = server.guest().await;
    assert!(!is_recognised(&server, text(&session, "refresh_token")).await);
    let (status, _) = refresh(&server, text(&session, "access_token")).await;
    assert_eq!(status, StatusCode::UNAUTHORIZED);
    assert!(is_recognised(&server, text(&session, "access_token")).await);
    server.stop().await;
}

#[tokio::test]
async fn signing_out_ends_tokens_and_sockets_of_that_sign_in_only() {
    let db = TestDb::new().await;
    let server = TestServer::start(&db).await;
    people::staff(&db.url, Role::Dispatcher, "dana@example.org").await;
    let here = server.sign_in("dana@example.org", PASSWORD).await;
    let elsewhere = server.sign_in("dana@example.org", PASSWORD).await;
    let mut ended = TestSocket::connect(&server, here["access_token"].as_str()).await;
    let mut kept = TestSocket::connect(&server, elsewhere["access_token"].as_str()).await;
    let request = server.request(Method::DELETE, "/api/v1/sessions");
    let (status, _) = answer(bearing(request, here["access_token"].as_str())).await;
    assert_eq!(status, StatusCode::NO_CONTENT);
    assert_eq!(ended.closed().await, Some(3503));
    assert!(!is_recognised(&server, text(&here, "access_token")).await);
    let (status, _) = refresh(&server, text(&here, "refresh_token")).await;
    assert_eq!(status, StatusCode::UNAUTHORIZED);
    let presence = kept.ask("presence", json!({"channel": "board:none"})).await;
    assert!(
        presence["error"]["code"].is_u64(),
        "the other socket still answers: {presence}"
    );
    let (status, _) = answer(server.request(Method::DELETE, "/api/v1/sessions")).await;
    assert_eq!(status, StatusCode::UNAUTHORIZED);
    kept.close().await;
    server.stop().await;
}

#[tokio::test]
async fn a_new_password_ends_what_the_old_one_began() {
    let db = TestDb::new().await;
    let server = TestServer::start(&db).await;
    let dana = people::staff(&db.url, Role::Dispatcher, "dana@example.org").await;
    let mina = people::staff(&db.url, Role::Manager, "mina@example.org").await;
    let old = server.sign_in("dana@example.org", PASSWORD).await;
    let mut socket = TestSocket::connect(&server, old["access_token"].as_str()).await;
    let changed = json!({
        "account": dana.id, "role": "dispatcher", "name": "Dana", "password": "another secret",
        "expected_version": 1,
    });
    server
        .accepted(&mina.token, "admin.user_save", &changed)
        .await;
    assert_eq!(socket.closed().await, Some(3503));
    assert!(!is_recognised(&server, text(&old, "access_token")).await);
    let (status, _) = refresh(&server, text(&old, "refresh_token")).await;
    assert_eq!(status, StatusCode::UNAUTHORIZED);
    server.sign_in("dana@example.org", "another secret").await;
    assert!(is_recognised(&server, &mina.token).await);
    server.stop().await;
}

#[tokio::test]
async fn a_disabled_person_is_no_longer_recognised() {
    let db = TestDb::new().await;
    let server = TestServer::start(&db).await;
    let dana = people::staff(&db.url, Role::Dispatcher, "dana@example.org").await;
    assert!(is_recognised(&server, &dana.token).await);
    sqlx::query("update account set disabled_at = now() where id = $1")
        .bind(dana.id.0)
        .execute(&db.pool)
        .await
        .expect("disabled");
    assert!(!is_recognised(&server, &dana.token).await);
    let body = json!({"email": "dana@example.org", "password": PASSWORD});
    let (status, _) = server.post("/api/v1/sessions", None, &body).await;
    assert_eq!(status, StatusCode::UNAUTHORIZED);
    server.stop().await;
}
