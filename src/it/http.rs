//! The HTTP surface: what each route says to good and to bad input, what is kept apart from the
//! public, and the headers that browsers act upon.

use dispatch_hub::domain::Role;
use reqwest::{Method, StatusCode, header};
use serde_json::{Value, json};

use crate::support::{
    company::Company,
    database::TestDb,
    people,
    server::{TestServer, answer, bearing},
};

#[tokio::test]
async fn operations_are_answered_on_their_own_listener_only() {
    let db = TestDb::new().await;
    let server = TestServer::start(&db).await;
    for path in ["/livez", "/readyz", "/metrics"] {
        let public = server
            .http
            .get(server.url(path))
            .send()
            .await
            .expect("an answer");
        assert_eq!(public.status(), StatusCode::NOT_FOUND, "{path}");
        let own = server
            .http
            .get(server.ops_url(path))
            .send()
            .await
            .expect("an answer");
        assert_eq!(own.status(), StatusCode::OK, "{path}");
    }
    let metrics = server.http.get(server.ops_url("/metrics")).send().await;
    let metrics = metrics.expect("an answer").text().await.expect("text");
    for measured in [
        "http_request_seconds_count",
        "hub_connections ",
        "hub_queued_bytes ",
        "hub_outbound_batches ",
        "hub_log_look_age_seconds ",
        "database_connections{pool=\"commands\",state=\"allowed\"}",
        "process_start_time_seconds",
        "process_tasks ",
    ] {
        assert!(metrics.contains(measured), "{measured} in {metrics}");
    }
    server.stop().await;
}

#[tokio::test]
async fn pages_come_with_headers_that_keep_browsers_safe() {
    let db = TestDb::new().await;
    let server = TestServer::start(&db).await;
    for path in ["/", "/control/center", "/api/v1/zones", "/api/v1/nothing"] {
        let response = server
            .http
            .get(server.url(path))
            .send()
            .await
            .expect("an answer");
        let text = |name: &str| {
            let value = response.headers().get(name);
            value
                .and_then(|value| value.to_str().ok())
                .unwrap_or_default()
                .to_owned()
        };
        let policy = text("content-security-policy");
        for part in [
            "default-src 'self'",
            "frame-ancestors 'none'",
            "connect-src 'self' ws://127",
        ] {
            assert!(policy.contains(part), "{path}: {policy}");
        }
        assert!(!policy.contains("unsafe"), "{path}: {policy}");
        assert_eq!(text("x-content-type-options"), "nosniff", "{path}");
        assert_eq!(text("referrer-policy"), "no-referrer", "{path}");
        assert_eq!(text("x-request-id").len(), 36, "{path}");
    }
    server.stop().await;
}

#[tokio::test]
async fn only_the_embedded_page_may_be_framed_and_only_where_the_operator_says() {
    let db = TestDb::new().await;
    let closed = TestServer::start(&db).await;
    let shop = [("http.embed_origins", "https://shop.example")];
    let open = TestServer::with(&db, &shop).await;
    for (server, path, ancestors, options) in [
        (&closed, "/embed", "'none'", Some("DENY")),
        (&open, "/embed", "'self' https://shop.example", None),
        (&open, "/", "'none'", Some("DENY")),
        (&open, "/control", "'none'", Some("DENY")),
    ] {
        let response = server.http.get(server.url(path)).send().await;
        let response = response.expect("an answer");
        let text = |name: &str| Some(response.headers().get(name)?.to_str().expect("text"));
        let policy = text("content-security-policy").expect("a policy");
        let expected = format!("frame-ancestors {ancestors}");
        assert!(policy.ends_with(&expected), "{path}: {policy}");
        assert_eq!(text("x-frame-options"), options, "{path}");
    }
    closed.stop().await;
    open.stop().await;
}

#[tokio::test]
async fn routes_of_the_client_get_its_page_and_missing_files_do_not() {
    let db = TestDb::new().await;
    let server = TestServer::start(&db).await;
    for (path, expected) in [
        ("/", StatusCode::OK),
        ("/board/center", StatusCode::OK),
        ("/assets/none.js", StatusCode::NOT_FOUND),
        ("/api/v2/zones", StatusCode::NOT_FOUND),
        ("/connection/sockjs", StatusCode::NOT_FOUND),
    ] {
        let response = server
            .http
            .get(server.url(path))
            .send()
            .await
            .expect("an answer");
        assert_eq!(response.status(), expected, "{path}");
        if expected == StatusCode::OK {
            let kind = response.headers()[header::CONTENT_TYPE]
                .to_str()
                .expect("text");
            assert!(kind.starts_with("text/html"), "{path}: {kind}");
        }
    }
    server.stop().await;
}

/// Path, body and the field at fault; `ID` stands for an id.
const BAD_INPUT: [(&str, &str, &str); 17] = [
    ("sessions", "{", "body"),
    ("sessions", "[]", "body"),
    ("sessions", "{}", "email"),
    ("sessions", r#"{"email": "a@b"}"#, "password"),
    ("sessions", r#"{"email": 5, "password": "x"}"#, "email"),
    ("sessions", r#"{"guest": "yes"}"#, "guest"),
    ("sessions", r#"{"guest": true, "email": "a@b"}"#, "guest"),
    ("sessions", r#"{"guest": true, "role": "admin"}"#, "role"),
    ("sessions/refresh", "{}", "refresh_token"),
    (
        "sessions/refresh",
        r#"{"refresh_token": null}"#,
        "refresh_token",
    ),
    ("commands/hold.place", "{", "body"),
    ("commands/hold.place", "7", "body"),
    ("commands/hold.place", "{}", "command_id"),
    (
        "commands/hold.place",
        r#"{"command_id": "x"}"#,
        "command_id",
    ),
    ("commands/hold.place", r#"{"command_id": "ID"}"#, "zone"),
    (
        "commands/hold.release",
        r#"{"command_id": "ID", "hold": "x"}"#,
        "hold",
    ),
    (
        "commands/hold.release",
        r#"{"command_id": "ID", "hold": "ID", "why": 1}"#,
        "why",
    ),
];

#[tokio::test]
async fn bad_input_is_refused_with_the_field_at_fault() {
    let db = TestDb::new().await;
    let server = TestServer::start(&db).await;
    let session = server.guest().await;
    for (path, body, field) in BAD_INPUT {
        let body = body.replace("ID", &uuid::Uuid::now_v7().to_string());
        let request = server.request(Method::POST, &format!("/api/v1/{path}"));
        let request = bearing(request, session["access_token"].as_str())
            .header(header::CONTENT_TYPE, "application/json")
            .body(body.clone());
        let (status, problem) = answer(request).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{path} {body}: {problem}");
        assert_eq!(
            problem["code"], "invalid_argument",
            "{path} {body}: {problem}"
        );
        assert_eq!(
            problem["details"]["field"], field,
            "{path} {body}: {problem}"
        );
        assert_eq!(problem["status"], 400);
    }
    server.stop().await;
}

#[tokio::test]
async fn other_forms_than_json_and_too_much_of_it_are_refused() {
    let db = TestDb::new().await;
    let server = TestServer::with(&db, &[("http.body_bytes", "2048")]).await;
    let form = server
        .request(Method::POST, "/api/v1/sessions")
        .form(&[("guest", "true")]);
    let (status, problem) = answer(form).await;
    assert_eq!(status, StatusCode::UNSUPPORTED_MEDIA_TYPE, "{problem}");
    let long = json!({"email": "x".repeat(4096), "password": "x"});
    let (status, problem) = server.post("/api/v1/sessions", None, &long).await;
    assert_eq!(status, StatusCode::PAYLOAD_TOO_LARGE, "{problem}");
    let (status, problem) = answer(server.request(Method::PUT, "/api/v1/sessions")).await;
    assert_eq!(status, StatusCode::METHOD_NOT_ALLOWED);
    assert_eq!(problem["code"], "method_not_allowed");
    server.stop().await;
}

#[tokio::test]
async fn problems_say_that_they_are_problems() {
    let db = TestDb::new().await;
    let server = TestServer::start(&db).await;
    let response = server
        .http
        .get(server.url("/api/v1/nothing"))
        .send()
        .await
        .expect("an answer");
    assert_eq!(response.status(), StatusCode::NOT_FOUND);
    assert_eq!(
        response.headers()[header::CONTENT_TYPE],
        "application/problem+json"
    );
    let body: Value = response.json().await.expect("JSON");
    assert_eq!(body["code"], "not_found");
    let not_text = server.request(Method::GET, "/api/v1/channels/%ff");
    let (status, problem) = answer(not_text).await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    assert_eq!(problem["code"], "not_found");
    server.stop().await;
}

#[tokio::test]
async fn commands_ask_for_a_sign_in_and_for_the_role() {
    let db = TestDb::new().await;
    let server = TestServer::start(&db).await;
    let id = uuid::Uuid::now_v7();
    let body = json!({"command_id": id, "job": id});
    let (status, problem) = server.post("/api/v1/commands/job.claim", None, &body).await;
    assert_eq!(
        (status, &problem["code"]),
        (StatusCode::UNAUTHORIZED, &json!("unauthenticated"))
    );
    let (status, _) = server
        .post("/api/v1/commands/job.claim", Some("nonsense"), &body)
        .await;
    assert_eq!(status, StatusCode::UNAUTHORIZED);
    let guest = server.guest().await;
    let token = guest["access_token"].as_str();
    let (status, problem) = server
        .post("/api/v1/commands/job.claim", token, &body)
        .await;
    assert_eq!(
        (status, &problem["code"]),
        (StatusCode::FORBIDDEN, &json!("forbidden"))
    );
    let (status, problem) = server
        .post("/api/v1/commands/job.juggle", token, &body)
        .await;
    assert_eq!(
        (status, &problem["code"]),
        (StatusCode::NOT_FOUND, &json!("not_found"))
    );
    server.stop().await;
    let noted: Vec<(String, String)> =
        sqlx::query_as("select kind, code from security_event order by id")
            .fetch_all(&db.pool)
            .await
            .expect("rows");
    assert_eq!(noted, [("job.claim".to_owned(), "forbidden".to_owned())]);
}

#[tokio::test]
async fn a_flood_of_requests_is_told_when_to_come_back() {
    let db = TestDb::new().await;
    let server = TestServer::with(&db, &[("limits.requests_per_minute", "3")]).await;
    for _ in 0..3 {
        let (status, _) = server.get("/api/v1/zones", None).await;
        assert_eq!(status, StatusCode::OK);
    }
    let response = server
        .http
        .get(server.url("/api/v1/zones"))
        .send()
        .await
        .expect("an answer");
    assert_eq!(response.status(), StatusCode::TOO_MANY_REQUESTS);
    assert!(response.headers().contains_key(header::RETRY_AFTER));
    let problem: Value = response.json().await.expect("JSON");
    assert_eq!(problem["code"], "rate_limited");
    assert!(
        problem["details"]["retry_after_ms"]
            .as_u64()
            .is_some_and(|wait| wait > 0)
    );
    server.stop().await;
}

#[tokio::test]
async fn a_flood_of_commands_is_limited_by_person_and_nobody_else_is() {
    let db = TestDb::new().await;
    let limits = [
        ("limits.administration_per_minute", "1"),
        ("limits.administration_burst", "1"),
    ];
    let server = TestServer::with(&db, &limits).await;
    let first = people::staff(&db.url, Role::Admin, "first@example.org").await;
    let second = people::staff(&db.url, Role::Admin, "second@example.org").await;
    let body = json!({"account": uuid::Uuid::now_v7(), "role": "manager", "name": "x"});
    let (status, _) = server.command(&first.token, "admin.user_save", &body).await;
    assert_ne!(status, StatusCode::TOO_MANY_REQUESTS);
    let (status, problem) = server.command(&first.token, "admin.user_save", &body).await;
    assert_eq!(status, StatusCode::TOO_MANY_REQUESTS, "{problem}");
    assert!(problem["details"]["retry_after_ms"].is_u64(), "{problem}");
    let (status, _) = server
        .command(&second.token, "admin.user_save", &body)
        .await;
    assert_ne!(status, StatusCode::TOO_MANY_REQUESTS);
    server.stop().await;
}

#[tokio::test]
async fn guests_of_one_address_cannot_hold_a_whole_day_and_staff_may_go_on() {
    let db = TestDb::new().await;
    let limits = [
        ("limits.holds_per_minute", "1"),
        ("limits.holds_burst", "2"),
    ];
    let server = TestServer::with(&db, &limits).await;
    let company = Company::found(&db.url, &server).await;
    for name in ["Anna", "Bert", "Cem", "Dora"] {
        company.hire(&db.url, &server, name).await;
    }
    let wanted = Company::hold(company.first_start());
    for _ in 0..2 {
        let guest = server.guest().await;
        let token = guest["access_token"].as_str().expect("a token");
        server.accepted(token, "hold.place", &wanted).await;
    }
    let third = server.guest().await;
    let token = third["access_token"].as_str().expect("a token");
    let (status, problem) = server.command(token, "hold.place", &wanted).await;
    assert_eq!(status, StatusCode::TOO_MANY_REQUESTS, "{problem}");
    assert!(problem["details"]["retry_after_ms"].is_u64(), "{problem}");
    let (customer, _) = company.customer(&server, "Somebody on the phone").await;
    let mut for_them = wanted;
    for_them["customer"] = json!(customer.id);
    let desk = &company.dispatcher.token;
    server.accepted(desk, "hold.place", &for_them).await;
    server.stop().await;
}

#[tokio::test]
async fn a_taken_port_is_named_together_with_its_flag() {
    let db = TestDb::new().await;
    let server = TestServer::start(&db).await;
    let address = server.app.public_addr.to_string();
    for (key, flag) in [("listen", "--listen"), ("ops_listen", "--ops-listen")] {
        let settings = crate::support::server::settings_for(&db.url, &[(key, &address)]);
        let error = dispatch_hub::app::start(settings, &|_| ())
            .await
            .err()
            .expect("the port is taken")
            .to_string();
        let port = server.app.public_addr.port().to_string();
        assert!(error.contains(&port) && error.contains(flag), "{error}");
    }
    server.stop().await;
}
