//! What keeps strangers out of the listeners: who may open what, within which bounds. Tried on a
//! real server from outside.

use std::time::Duration;

use dispatch_hub::{
    config::Config,
    contracts::Contracts,
    domain::Role,
    http::{self, operations},
};
use reqwest::{Method, StatusCode};
use serde_json::json;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

use crate::support::{
    binary::ServerProcess,
    database::TestDb,
    people,
    server::{Api, TestServer, answer, bearing},
    socket::TestSocket,
};

const PATIENCE: Duration = Duration::from_secs(10);

/// Sends bytes and reads until the server closes.
async fn raw(server: &TestServer, sent: &str) -> String {
    let mut stream = TcpStream::connect(server.app.public_addr)
        .await
        .expect("a connection");
    // The server may answer, and close, before all of it is there.
    let _ = stream.write_all(sent.as_bytes()).await;
    let mut told = Vec::new();
    let read = timeout(PATIENCE, stream.read_to_end(&mut told)).await;
    // A reset is a close as well.
    let _ = read.expect("the server closes in time");
    String::from_utf8_lossy(&told).into_owned()
}

#[tokio::test]
async fn headers_are_bounded_in_size_number_and_time() {
    let db = TestDb::new().await;
    let server = TestServer::with(&db, &[("http.header_timeout_ms", "300")]).await;
    let request = |headers: &str| {
        format!("GET /api/v1/zones HTTP/1.1\r\nhost: x\r\nconnection: close\r\n{headers}\r\n")
    };
    assert!(raw(&server, &request("")).await.starts_with("HTTP/1.1 200"));
    let long = format!("x-long: {}\r\n", "x".repeat(20_000));
    let many: String = (10..90)
        .flat_map(|number| ["x-".to_owned(), number.to_string(), ": 1\r\n".to_owned()])
        .collect();
    for headers in [&long, &many] {
        let told = raw(&server, &request(headers)).await;
        assert!(
            told.is_empty() || told.starts_with("HTTP/1.1 431"),
            "{told}"
        );
    }
    // Never finished: it is not waited for.
    let told = raw(&server, "GET /api/v1/zones HTTP/1.1\r\nhost: x\r\n").await;
    assert!(!told.starts_with("HTTP/1.1 200"), "{told}");
    server.stop().await;
}

#[tokio::test]
async fn a_socket_that_does_not_connect_or_says_too_much_is_closed() {
    assert_eq!(Config::defaults().hub.stale_ms, 10_000);
    let db = TestDb::new().await;
    let server = TestServer::with(&db, &[("hub.stale_ms", "200")]).await;
    let mut silent = TestSocket::open(&server.url("/connection/websocket")).await;
    assert_eq!(silent.closed().await, Some(3502));
    let mut loud = TestSocket::connect(&server, None).await;
    loud.send("rpc", json!({"method": "x", "data": "x".repeat(70_000)}))
        .await;
    assert_eq!(loud.closed().await, Some(1009));
    server.stop().await;
}

#[tokio::test]
async fn nothing_that_is_anybodys_own_is_compressed() {
    let db = TestDb::new().await;
    let server = TestServer::start(&db).await;
    let offer = server
        .request(Method::GET, "/connection/websocket")
        .header("connection", "Upgrade")
        .header("upgrade", "websocket")
        .header("sec-websocket-version", "13")
        .header("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ==")
        .header(
            "sec-websocket-extensions",
            "permessage-deflate; client_max_window_bits",
        );
    let response = offer.send().await.expect("an answer");
    assert_eq!(response.status(), StatusCode::SWITCHING_PROTOCOLS);
    assert!(!response.headers().contains_key("sec-websocket-extensions"));
    for path in ["/api/v1/openapi.json", "/api/v1/zones", "/plain"] {
        let request = server
            .request(Method::GET, path)
            .header("accept-encoding", "gzip, deflate, br, zstd");
        let response = request.send().await.expect("an answer");
        assert_eq!(response.status(), StatusCode::OK);
        assert!(
            !response.headers().contains_key("content-encoding"),
            "{path}"
        );
    }
    server.stop().await;
}

#[tokio::test]
async fn a_token_in_an_address_is_no_token() {
    let db = TestDb::new().await;
    let server = TestServer::start(&db).await;
    let dana = people::staff(&db.url, Role::Manager, "dana@example.org").await;
    let token = &dana.token;
    for key in [
        "token",
        "access_token",
        "authorization",
        "jwt",
        "cf_connect",
    ] {
        let path = format!("/api/v1/audit?{key}={token}");
        let (status, _) = server.get(&path, None).await;
        assert_ne!(status, StatusCode::OK, "{key}");
        let url = server.url(&format!("/connection/websocket?{key}={token}"));
        let mut socket = TestSocket::open(&url).await;
        let reply = socket.ask("connect", json!({})).await;
        assert!(reply["connect"].is_object(), "{reply}");
        let denied = socket
            .ask("rpc", json!({"method": "search", "data": {"text": "x"}}))
            .await;
        assert_eq!(
            denied["rpc"]["data"]["code"], "unauthenticated",
            "{key}: {denied}"
        );
        socket.close().await;
    }
    server.stop().await;
}

async fn tries(server: &TestServer, forwarded: &str) -> StatusCode {
    let body = json!({"email": "nobody@example.org", "password": "wrong password"});
    let request = server.request(Method::POST, "/api/v1/sessions");
    answer(request.header("x-forwarded-for", forwarded).json(&body))
        .await
        .0
}

#[tokio::test]
async fn a_forwarded_address_is_believed_of_proxies_only() {
    for (proxies, expected) in [
        (None, [401, 429, 429]),
        (Some("10.0.0.0/8"), [401, 429, 429]),
        (Some("127.0.0.0/8"), [401, 401, 401]),
    ] {
        let db = TestDb::new().await;
        let mut settings = vec![("limits.sign_ins_per_minute", "1")];
        settings.extend(proxies.map(|proxies| ("http.trusted_proxies", proxies)));
        let server = TestServer::with(&db, &settings).await;
        for (number, expected) in expected.into_iter().enumerate() {
            let told = tries(&server, &format!("198.51.100.{number}")).await;
            assert_eq!(told.as_u16(), expected, "{proxies:?}, {number}");
        }
        server.stop().await;
        let remotes: Vec<String> = sqlx::query_scalar("select host(remote) from security_event")
            .fetch_all(&db.pool)
            .await
            .expect("rows");
        let told = remotes
            .iter()
            .all(|remote| remote.starts_with("198.51.100."));
        assert_eq!(told, expected[1] == 401, "{remotes:?}");
    }
}

#[tokio::test]
async fn a_page_of_another_origin_changes_nothing() {
    let db = TestDb::new().await;
    let allowed = [("http.allowed_origins", "https://app.example")];
    let server = TestServer::with(&db, &allowed).await;
    let dana = people::staff(&db.url, Role::Manager, "dana@example.org").await;
    let own = format!("http://{}", server.app.public_addr);
    let zone = json!({"name": "x"});
    for (origin, refused) in [
        (None, false),
        (Some(own.as_str()), false),
        (Some("https://app.example"), false),
        (Some("https://evil.example"), true),
        (Some("null"), true),
        (Some("http://127.0.0.1:1"), true),
    ] {
        for (method, path, body) in [
            (Method::POST, "/api/v1/sessions", json!({"guest": true})),
            (
                Method::POST,
                "/api/v1/sessions/refresh",
                json!({"refresh_token": "x"}),
            ),
            (
                Method::POST,
                "/api/v1/commands/admin.zone_save",
                zone.clone(),
            ),
            (Method::DELETE, "/api/v1/sessions", json!({})),
        ] {
            // Signing out is tried by those only who are refused: the others need their token.
            if method == Method::DELETE && !refused {
                continue;
            }
            let request = bearing(server.request(method, path), Some(&dana.token)).json(&body);
            let request = match origin {
                Some(origin) => request.header("origin", origin),
                None => request,
            };
            let response = request.send().await.expect("an answer");
            let forbidden = response.status() == StatusCode::FORBIDDEN;
            assert_eq!(
                forbidden,
                refused,
                "{path} of {origin:?}: {}",
                response.status()
            );
            let headers = response.headers();
            assert!(
                !headers.contains_key("access-control-allow-origin"),
                "{path}"
            );
            assert!(
                !headers.contains_key("set-cookie"),
                "{path}: nothing here goes by cookies"
            );
        }
    }
    server.stop().await;
}

#[tokio::test]
async fn each_listener_has_its_paths_and_none_of_the_others() {
    let db = TestDb::new().await;
    let server = TestServer::start(&db).await;
    assert!(Config::defaults().ops_listen.ip().is_loopback());
    let methods = [
        Method::GET,
        Method::HEAD,
        Method::POST,
        Method::PUT,
        Method::DELETE,
    ];
    let mut tried = 0;
    for path in operations::paths() {
        let own = server.http.get(server.ops_url(path)).send().await;
        assert_ne!(
            own.expect("an answer").status(),
            StatusCode::NOT_FOUND,
            "{path}"
        );
        for path in [
            path.to_owned(),
            format!("{path}/"),
            format!("{path}?x=1"),
            format!("{path}/x"),
        ] {
            for method in &methods {
                let (status, _) = answer(server.request(method.clone(), &path)).await;
                assert_eq!(status, StatusCode::NOT_FOUND, "{method} {path}");
                tried += 1;
            }
        }
    }
    assert!(tried > 0);
    for endpoint in http::endpoints(&mut Contracts::collect()) {
        for operation in &endpoint.operations {
            let path = operation.path.replace(['{', '}'], "");
            let other = server.http.get(server.ops_url(&path)).send().await;
            assert_eq!(
                other.expect("an answer").status(),
                StatusCode::NOT_FOUND,
                "{path}"
            );
        }
    }
    server.stop().await;
}

async fn hashes(server: &ServerProcess) -> u64 {
    let metrics = reqwest::get(format!("{}/metrics", server.ops_url)).await;
    let metrics = metrics.expect("an answer").text().await.expect("text");
    let line = metrics
        .lines()
        .find(|line| line.starts_with("password_hashes_total "));
    line.and_then(|line| line.rsplit(' ').next()?.parse().ok())
        .unwrap_or(0)
}

#[tokio::test]
async fn an_unknown_person_is_as_much_work_as_a_known_one() {
    let db = TestDb::new().await;
    people::staff(&db.url, Role::Dispatcher, "dana@example.org").await;
    people::staff(&db.url, Role::Dispatcher, "gone@example.org").await;
    sqlx::query("update account set disabled_at = now() where name = 'gone@example.org'")
        .execute(&db.pool)
        .await
        .expect("disabled");
    let server = ServerProcess::start(&db, &[]);
    let api = Api::at(&server.url);
    let mut answers = Vec::new();
    for (email, password) in [
        ("dana@example.org", "wrong password"),
        ("nobody@example.org", "wrong password"),
        ("nobody@example.org", people::PASSWORD),
        // Known, right, and not let in any more.
        ("gone@example.org", people::PASSWORD),
        ("no address at all", "wrong password"),
    ] {
        let before = hashes(&server).await;
        let body = json!({"email": email, "password": password});
        answers.push(api.post("/api/v1/sessions", None, &body).await);
        assert_eq!(hashes(&server).await - before, 1, "{email}");
    }
    assert!(
        answers.iter().all(|answer| *answer == answers[0]),
        "{answers:?}"
    );
    assert_eq!(answers[0].0, StatusCode::UNAUTHORIZED);
    // What is too long to be a password costs nothing, whoever is named.
    for email in ["dana@example.org", "nobody@example.org"] {
        let before = hashes(&server).await;
        let body = json!({"email": email, "password": "x".repeat(2000)});
        let (status, _) = api.post("/api/v1/sessions", None, &body).await;
        assert_eq!(status, StatusCode::UNAUTHORIZED);
        assert_eq!(hashes(&server).await, before, "{email}");
    }
    server.stop();
}
