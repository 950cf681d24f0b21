//! Limits of people and addresses, on one instance and over several.

use std::time::Duration;

use dispatch_hub::domain::Role;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::support::{
    database::TestDb,
    people,
    redis::TestRedis,
    server::{TestServer, answer},
};

/// A handshake from an address, as a trusted proxy tells it. The connection is open for as long as
/// the response is there.
async fn handshake(server: &TestServer, address: &str) -> reqwest::Response {
    let request = server
        .request(Method::GET, "/connection/websocket")
        .header("connection", "upgrade")
        .header("upgrade", "websocket")
        .header("sec-websocket-version", "13")
        .header("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ==")
        .header("x-forwarded-for", address);
    request.send().await.expect("an answer")
}

async fn stream(server: &TestServer, address: &str) -> reqwest::Response {
    let request = server
        .request(Method::POST, "/connection/http_stream")
        .header("x-forwarded-for", address)
        .json(&json!({"id": 1, "connect": {}}));
    request.send().await.expect("an answer")
}

#[tokio::test]
async fn an_address_has_no_more_connections_than_its_share_and_others_have_theirs() {
    let db = TestDb::new().await;
    let settings = [
        ("http.trusted_proxies", "127.0.0.1"),
        ("limits.connections_per_address", "2"),
    ];
    let server = TestServer::with(&db, &settings).await;
    let socket = handshake(&server, "2001:db8::1").await;
    assert_eq!(socket.status(), StatusCode::SWITCHING_PROTOCOLS);
    let reply_stream = stream(&server, "2001:db8::2").await;
    assert_eq!(reply_stream.status(), StatusCode::OK);
    for third in [
        handshake(&server, "2001:db8::3").await,
        stream(&server, "2001:db8::3").await,
    ] {
        assert_eq!(third.status(), StatusCode::TOO_MANY_REQUESTS);
        let problem: Value = third.json().await.expect("JSON");
        assert!(problem["details"]["retry_after_ms"].is_u64(), "{problem}");
    }
    let other = handshake(&server, "2001:db8:0:1::1").await;
    assert_eq!(other.status(), StatusCode::SWITCHING_PROTOCOLS);
    drop(reply_stream);
    // It is noticed soon that nobody reads any more.
    while handshake(&server, "2001:db8::1").await.status() != StatusCode::SWITCHING_PROTOCOLS {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    drop(socket);
    server.stop().await;
}

#[tokio::test]
async fn a_full_instance_says_so_before_anything_is_opened() {
    let db = TestDb::new().await;
    let server = TestServer::with(&db, &[("limits.connections", "1")]).await;
    let first = stream(&server, "ignored").await;
    assert_eq!(first.status(), StatusCode::OK);
    let second = handshake(&server, "ignored").await;
    assert_eq!(second.status(), StatusCode::SERVICE_UNAVAILABLE);
    let problem: Value = second.json().await.expect("JSON");
    assert_eq!(problem["code"], "unavailable");
    assert!(problem["details"]["retry_after_ms"].is_u64(), "{problem}");
    let (status, _) = server.get("/api/v1/zones", None).await;
    assert_eq!(status, StatusCode::OK, "requests have room");
    drop(first);
    server.stop().await;
}

/// One command that counts and decides nothing. Whether it was within the limit.
async fn is_granted(server: &TestServer, token: &str, kind: &str) -> bool {
    let (status, problem) = server.command(token, kind, &json!({})).await;
    if status != StatusCode::TOO_MANY_REQUESTS {
        assert_eq!(status, StatusCode::BAD_REQUEST, "{problem}");
        return true;
    }
    assert_eq!(problem["code"], "rate_limited");
    let wait = problem["details"]["retry_after_ms"].as_u64();
    assert!(wait.is_some_and(|wait| wait > 0), "{problem}");
    false
}

#[tokio::test]
async fn one_class_of_commands_takes_nothing_from_another() {
    let db = TestDb::new().await;
    let settings = [
        ("limits.commands_per_minute", "1"),
        ("limits.commands_burst", "2"),
        ("limits.administration_per_minute", "1"),
        ("limits.administration_burst", "2"),
    ];
    let server = TestServer::with(&db, &settings).await;
    let admin = people::staff(&db.url, Role::Admin, "admin@example.org").await;
    // What cannot be read counts as everyday work.
    for expected in [true, true, false] {
        let granted = is_granted(&server, &admin.token, "job.claim").await;
        assert_eq!(granted, expected);
    }
    let user = json!({"account": uuid::Uuid::now_v7(), "role": "manager", "name": "x"});
    for expected in [404, 404, 429] {
        let (status, _) = server.command(&admin.token, "admin.user_save", &user).await;
        assert_eq!(status.as_u16(), expected);
    }
    let guest = server.guest().await;
    let guest = guest["access_token"].as_str().expect("a token");
    assert!(is_granted(&server, guest, "hold.place").await);
    server.stop().await;
}

#[tokio::test]
async fn what_is_used_on_one_instance_counts_on_the_others_while_redis_is_there() {
    const BUDGET: usize = 12;
    let (db, mut redis) = (TestDb::new().await, TestRedis::start().await);
    let settings = [
        ("redis_url", redis.url.as_str()),
        ("limits.commands_per_minute", "1"),
        ("limits.commands_burst", "12"),
        ("limits.shared_ms", "20"),
    ];
    let here = Box::pin(TestServer::with(&db, &settings)).await;
    let there = Box::pin(TestServer::with(&db, &settings)).await;
    let anna = people::staff(&db.url, Role::Dispatcher, "anna@example.org").await;
    let boris = people::staff(&db.url, Role::Dispatcher, "boris@example.org").await;
    let mut first = 0;
    while is_granted(&here, &anna.token, "job.claim").await {
        first += 1;
    }
    assert_eq!(first, BUDGET);
    let mut second = 0;
    while is_granted(&there, &anna.token, "job.claim").await {
        second += 1;
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    assert!(second < BUDGET, "{second}");
    assert!(is_granted(&there, &boris.token, "job.claim").await);

    redis.kill();
    let clara = people::staff(&db.url, Role::Dispatcher, "clara@example.org").await;
    for server in [&here, &there] {
        let mut granted = 0;
        while is_granted(server, &clara.token, "job.claim").await {
            granted += 1;
        }
        assert_eq!(granted, BUDGET, "each by its own count");
    }
    tokio::join!(here.stop(), there.stop());
}

/// Without a proxy that is trusted, nobody is somebody else by saying so.
#[tokio::test]
async fn nobody_escapes_a_limit_by_a_header() {
    let db = TestDb::new().await;
    let server = TestServer::with(&db, &[("limits.sign_ins_per_minute", "2")]).await;
    for (address, expected) in [("1.1.1.1", 200), ("2.2.2.2", 200), ("3.3.3.3", 429)] {
        let request = server.request(Method::POST, "/api/v1/sessions");
        let request = request.header("x-forwarded-for", address);
        let (status, _) = answer(request.json(&json!({"guest": true}))).await;
        assert_eq!(status.as_u16(), expected);
    }
    server.stop().await;
}
