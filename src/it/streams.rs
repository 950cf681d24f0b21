//! Live channels over plain HTTP: replies in one response, commands through any instance.

use std::time::{Duration, Instant};

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::support::{
    company::Company,
    database::TestDb,
    redis::TestRedis,
    server::{Api, TestServer, answer},
    stream::{Kind, TestStream},
};

async fn with_redis(db: &TestDb, redis: &TestRedis) -> TestServer {
    TestServer::with(db, &[("redis_url", &redis.url)]).await
}

/// Waits until commands for a connection on the one get through the other.
pub(crate) async fn wired(one: &Api, other: &Api) {
    let probe = TestStream::connect(one, Kind::Lines, None).await;
    let pong = probe.envelope("{}");
    let begun = Instant::now();
    while other.post("/emulation", None, &pong).await.0 != StatusCode::NO_CONTENT {
        assert!(begun.elapsed() < Duration::from_secs(10), "never");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

#[tokio::test]
async fn a_slot_is_held_over_a_stream_of_one_instance_with_commands_through_another() {
    let (db, redis) = (TestDb::new().await, TestRedis::start().await);
    let (one, other) = (with_redis(&db, &redis).await, with_redis(&db, &redis).await);
    let company = Company::found(&db.url, &one).await;
    company.hire(&db.url, &one, "Anna Schmidt").await;
    let (customer, _) = company.customer(&one, "Clara").await;
    let own = format!("customer:{}", customer.id);
    wired(&one, &other).await;
    for (kind, minutes) in [(Kind::Events, 15), (Kind::Lines, 120)] {
        let mut clara = TestStream::connect(&one, kind, Some(&customer.token)).await;
        let subscribe = json!({"channel": own});
        let reply = clara.ask(&other, "subscribe", subscribe).await;
        assert!(reply["subscribe"]["data"].is_object(), "{kind:?}: {reply}");
        let mut place = Company::hold(company.after_opening(minutes));
        place["command_id"] = json!(uuid::Uuid::now_v7());
        let call = json!({"method": "hold.place", "data": place});
        let reply = clara.ask(&other, "rpc", call).await;
        assert_eq!(reply["rpc"]["data"]["outcome"], "accepted", "{reply}");
        let hold = reply["rpc"]["data"]["result"]["hold"].clone();
        let holds = |body: &Value| body["set"].to_string().contains(&hold.to_string());
        clara.publication(&own, holds).await;
        let release = json!({
            "method": "hold.release",
            "data": {"hold": hold, "command_id": uuid::Uuid::now_v7()},
        });
        let reply = clara.ask(&one, "rpc", release).await;
        assert_eq!(reply["rpc"]["data"]["outcome"], "accepted", "{reply}");
    }
    tokio::join!(one.stop(), other.stop());
}

#[tokio::test]
async fn a_reader_that_vanishes_takes_its_session_with_it_on_every_instance() {
    let (db, redis) = (TestDb::new().await, TestRedis::start().await);
    let (one, other) = (with_redis(&db, &redis).await, with_redis(&db, &redis).await);
    wired(&one, &other).await;
    let stream = TestStream::connect(&one, Kind::Events, None).await;
    let late = stream.envelope("{}");
    drop(stream);
    let begun = Instant::now();
    while one.app.connections() > 0 {
        assert!(begun.elapsed() < Duration::from_secs(10), "still there");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    for server in [&one, &other] {
        let (status, problem) = server.post("/emulation", None, &late).await;
        assert_eq!(status, StatusCode::NOT_FOUND, "{problem}");
        assert_eq!(problem["code"], "not_found");
    }
    tokio::join!(one.stop(), other.stop());
}

#[tokio::test]
async fn a_stream_is_passed_on_at_once_by_caches_and_proxies() {
    let db = TestDb::new().await;
    let server = TestServer::start(&db).await;
    for (kind, expected) in [
        (Kind::Events, "text/event-stream"),
        (Kind::Lines, "application/x-ndjson"),
    ] {
        let stream = TestStream::connect(&server, kind, None).await;
        let headers = stream.response.headers();
        assert_eq!(headers["content-type"], expected);
        assert_eq!(headers["cache-control"], "no-cache, no-transform");
        assert_eq!(headers["x-accel-buffering"], "no");
    }
    server.stop().await;
}

#[tokio::test]
async fn a_server_that_stops_says_goodbye_and_does_not_wait_for_readers() {
    let db = TestDb::new().await;
    let server = TestServer::start(&db).await;
    let mut events = TestStream::connect(&server, Kind::Events, None).await;
    let mut lines = TestStream::connect(&server, Kind::Lines, None).await;
    let begun = Instant::now();
    let (first, second, ()) =
        tokio::join!(events.disconnected(), lines.disconnected(), server.stop());
    let goodbye = json!({"code": 3001, "reason": "shutdown", "reconnect": true});
    assert_eq!((&first, &second), (&goodbye, &goodbye));
    assert!(begun.elapsed() < Duration::from_secs(5), "{begun:?}");
}

#[tokio::test]
async fn an_invalid_token_is_told_before_the_body_ends() {
    let db = TestDb::new().await;
    let server = TestServer::start(&db).await;
    let connect = json!({"id": 1, "connect": {"token": "a.b.c"}});
    let request = server.request(Method::POST, "/connection/http_stream");
    let (status, reply) = answer(request.json(&connect)).await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(reply["push"]["disconnect"]["code"], 3500, "{reply}");
    server.stop().await;
}

#[tokio::test]
async fn what_cannot_be_a_command_is_refused_with_a_reason() {
    let db = TestDb::new().await;
    let server = TestServer::start(&db).await;
    let stream = TestStream::connect(&server, Kind::Lines, None).await;
    let to_us = |body: &Value| server.request(Method::POST, "/emulation").json(body);
    let text = |kind: &'static str, body: &'static str| {
        let request = server.request(Method::POST, "/emulation");
        request.header("content-type", kind).body(body)
    };
    let long = stream.envelope(&"x".repeat(65_537));
    let huge = stream.envelope(&"x".repeat(200_000));
    let mut strange = stream.envelope("{}");
    strange["session"] = json!("nobody's");
    let mut elsewhere = stream.envelope("{}");
    elsewhere["node"] = json!("nowhere");
    for (request, status, code) in [
        (to_us(&strange), 404, "not_found"),
        (to_us(&elsewhere), 404, "not_found"),
        (to_us(&stream.envelope("")), 400, "invalid_argument"),
        (to_us(&long), 413, "invalid_argument"),
        (to_us(&huge), 413, "invalid_argument"),
        (text("application/json", "{"), 400, "invalid_argument"),
        (
            text("application/octet-stream", "\u{fffd}"),
            400,
            "invalid_argument",
        ),
        (text("text/plain", "{}"), 415, "invalid_argument"),
        (
            server.request(Method::GET, "/emulation"),
            405,
            "method_not_allowed",
        ),
        (
            server.request(Method::GET, "/connection/sse"),
            400,
            "invalid_argument",
        ),
    ] {
        let (found, problem) = answer(request).await;
        assert_eq!(found.as_u16(), status, "{problem}");
        assert_eq!(problem["code"], code, "{problem}");
    }
    server.stop().await;
}

#[tokio::test]
async fn pages_of_allowed_origins_may_use_streams_and_others_may_not() {
    let db = TestDb::new().await;
    let allowed = [("http.allowed_origins", "https://app.example")];
    let server = TestServer::with(&db, &allowed).await;
    let connect = json!({"id": 1, "connect": {"token": "a.b.c"}}).to_string();
    for path in ["/connection/http_stream", "/connection/sse", "/emulation"] {
        let beforehand = server
            .request(Method::OPTIONS, path)
            .header("origin", "https://app.example")
            .header("access-control-request-method", "POST")
            .header("access-control-request-headers", "content-type");
        let response = beforehand.send().await.expect("an answer");
        assert_eq!(response.status(), StatusCode::NO_CONTENT, "{path}");
        let headers = response.headers();
        assert_eq!(
            headers["access-control-allow-origin"],
            "https://app.example"
        );
        assert_eq!(headers["access-control-allow-headers"], "content-type");
        assert_eq!(headers["access-control-allow-methods"], "GET, POST");
        assert_eq!(headers["vary"], "Origin");
        let evil = server.request(Method::OPTIONS, path);
        let evil = evil.header("origin", "https://evil.example").send().await;
        let evil = evil.expect("an answer");
        assert_eq!(evil.status(), StatusCode::FORBIDDEN, "{path}");
        assert!(!evil.headers().contains_key("access-control-allow-origin"));
    }
    for (origin, status) in [
        ("https://app.example", StatusCode::OK),
        ("https://evil.example", StatusCode::FORBIDDEN),
        ("null", StatusCode::FORBIDDEN),
    ] {
        let request = server.request(Method::GET, "/connection/sse");
        let request = request.query(&[("cf_connect", &connect)]);
        let response = request.header("origin", origin).send().await;
        let response = response.expect("an answer");
        assert_eq!(response.status(), status, "{origin}");
        let told = response.headers().get("access-control-allow-origin");
        let expected = (status == StatusCode::OK).then_some(origin);
        assert_eq!(told.and_then(|told| told.to_str().ok()), expected);
    }
    server.stop().await;
}

#[tokio::test]
async fn streams_and_their_commands_are_limited_by_address() {
    let db = TestDb::new().await;
    let limits = [
        ("limits.handshakes_per_minute", "2"),
        ("limits.emulated_per_minute", "2"),
    ];
    let server = TestServer::with(&db, &limits).await;
    for expected in [400, 400, 429] {
        let request = server.request(Method::GET, "/connection/sse");
        assert_eq!(answer(request).await.0.as_u16(), expected);
    }
    for expected in [404, 404, 429] {
        let (status, _) = server.post("/emulation", None, &json!({"data": "x"})).await;
        assert_eq!(status.as_u16(), expected);
    }
    server.stop().await;
}

#[tokio::test]
async fn a_person_has_no_more_connections_than_allowed_when_all_come_at_once() {
    let db = TestDb::new().await;
    let server = TestServer::with(&db, &[("limits.connections_per_user", "3")]).await;
    let session = server.guest().await;
    let token = session["access_token"].as_str().expect("a token");
    let connect = json!({"id": 1, "connect": {"token": token}});
    let coming = (0..12).map(|_| {
        let request = server.request(Method::POST, "/connection/http_stream");
        let request = request.json(&connect);
        async move {
            let mut response = request.send().await.expect("an answer");
            let first = response.chunk().await.expect("a body");
            let first = first.expect("a reply");
            let reply: Value = serde_json::from_slice(&first).expect("one line of JSON");
            (reply, response)
        }
    });
    let answers = futures_util::future::join_all(coming).await;
    let inside = answers
        .iter()
        .filter(|(reply, _)| reply["connect"].is_object());
    assert_eq!(inside.count(), 3);
    let outside = answers.iter().filter(|(reply, _)| {
        let disconnect = &reply["push"]["disconnect"];
        disconnect["code"] == 3504
    });
    assert_eq!(outside.count(), 9);
    drop(answers);
    server.stop().await;
}
