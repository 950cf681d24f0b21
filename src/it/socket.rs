//! The socket's handshake and what is readable over it.

use reqwest::{Method, StatusCode};
use serde_json::json;

use crate::support::{
    database::TestDb,
    server::{TestServer, answer},
    socket::TestSocket,
};

async fn handshake(server: &TestServer, headers: &[(&str, &str)]) -> reqwest::Response {
    let request = server
        .request(Method::GET, "/connection/websocket")
        .header("connection", "Upgrade")
        .header("upgrade", "websocket")
        .header("sec-websocket-version", "13")
        .header("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ==");
    let request = headers.iter().fold(request, |request, (name, value)| {
        request.header(*name, *value)
    });
    request.send().await.expect("an answer")
}

#[tokio::test]
async fn a_plain_request_is_told_what_is_expected() {
    let db = TestDb::new().await;
    let server = TestServer::start(&db).await;
    let (status, _) = answer(server.request(Method::GET, "/connection/websocket")).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    let (status, _) = answer(server.request(Method::POST, "/connection/websocket")).await;
    assert_eq!(status, StatusCode::METHOD_NOT_ALLOWED);
    server.stop().await;
}

#[tokio::test]
async fn pages_of_other_origins_may_not_connect() {
    let db = TestDb::new().await;
    let allowed = [("http.allowed_origins", "https://app.example")];
    let server = TestServer::with(&db, &allowed).await;
    let own = format!("http://{}", server.app.public_addr);
    for (origin, expected) in [
        (None, StatusCode::SWITCHING_PROTOCOLS),
        (Some(own.as_str()), StatusCode::SWITCHING_PROTOCOLS),
        (Some("https://app.example"), StatusCode::SWITCHING_PROTOCOLS),
        (Some("https://evil.example"), StatusCode::FORBIDDEN),
        (Some("null"), StatusCode::FORBIDDEN),
    ] {
        let headers: Vec<_> = origin.iter().map(|origin| ("origin", *origin)).collect();
        let response = handshake(&server, &headers).await;
        assert_eq!(response.status(), expected, "{origin:?}");
    }
    server.stop().await;
}

#[tokio::test]
async fn a_subprotocol_is_echoed_only_when_it_is_ours() {
    let db = TestDb::new().await;
    let server = TestServer::start(&db).await;
    for (offered, chosen) in [
        ("centrifuge-json", Some("centrifuge-json")),
        ("x, centrifuge-json", Some("centrifuge-json")),
        (
            "centrifuge-json, centrifuge-protobuf",
            Some("centrifuge-protobuf"),
        ),
        ("", None),
        ("graphql-ws", None),
    ] {
        let response = handshake(&server, &[("sec-websocket-protocol", offered)]).await;
        assert_eq!(
            response.status(),
            StatusCode::SWITCHING_PROTOCOLS,
            "{offered:?}"
        );
        let echoed = response.headers().get("sec-websocket-protocol");
        assert_eq!(
            echoed.and_then(|echoed| echoed.to_str().ok()),
            chosen,
            "{offered:?}"
        );
        let accept = &response.headers()["sec-websocket-accept"];
        assert_eq!(accept, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    }
    server.stop().await;
}

#[tokio::test]
async fn a_flood_of_handshakes_is_limited_by_address() {
    let db = TestDb::new().await;
    let server = TestServer::with(&db, &[("limits.handshakes_per_minute", "2")]).await;
    for expected in [101, 101, 429] {
        let response = handshake(&server, &[]).await;
        assert_eq!(response.status().as_u16(), expected);
    }
    server.stop().await;
}

#[tokio::test]
async fn an_invalid_token_ends_the_connection_for_good() {
    let db = TestDb::new().await;
    let server = TestServer::start(&db).await;
    let mut socket = TestSocket::open(&server.url("/connection/websocket")).await;
    socket.send("connect", json!({"token": "a.b.c"})).await;
    assert_eq!(socket.closed().await, Some(3500));
    server.stop().await;
}

#[tokio::test]
async fn the_server_says_goodbye_when_it_stops() {
    let db = TestDb::new().await;
    let server = TestServer::start(&db).await;
    let mut socket = TestSocket::connect(&server, None).await;
    let (closed, ()) = tokio::join!(socket.closed(), server.stop());
    assert_eq!(closed, Some(3001));
}

#[tokio::test]
async fn unknown_methods_are_told_apart_from_commands() {
    let db = TestDb::new().await;
    let server = TestServer::start(&db).await;
    let mut socket = TestSocket::connect(&server, None).await;
    let reply = socket
        .ask("rpc", json!({"method": "job.juggle", "data": {}}))
        .await;
    assert_eq!(reply["error"]["code"], 104, "{reply}");
    let reply = socket
        .ask("rpc", json!({"method": "job.claim", "data": {}}))
        .await;
    assert_eq!(reply["rpc"]["data"]["code"], "unauthenticated", "{reply}");
    let reply = socket
        .ask("publish", json!({"channel": "board:center", "data": {}}))
        .await;
    assert!(reply["error"]["code"].is_u64(), "{reply}");
    socket.close().await;
    server.stop().await;
}
