//! Tokens that somebody made up, at every door that a token opens.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use dispatch_hub::domain::Role;
use jsonwebtoken::{Algorithm, EncodingKey};
use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::support::{database::TestDb, people, server::TestServer, socket::TestSocket};

/// A token signed with the server's own key, but for what is wrong with it.
fn forged(kid: &str, secret: &[u8], header: &Value, claims: &Value) -> String {
    let mut full = json!({"alg": "HS256", "typ": "JWT", "kid": kid});
    for (name, value) in header.as_object().expect("an object") {
        full[name] = value.clone();
    }
    let text = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let message = format!("{}.{}", text(&full), text(claims));
    let key = EncodingKey::from_secret(secret);
    let signature = jsonwebtoken::crypto::sign(message.as_bytes(), &key, Algorithm::HS256);
    format!("{message}.{}", signature.expect("signed"))
}

/// Whether it opens any of the doors that tokens open.
async fn opens(server: &TestServer, genuine: &str, token: &str) -> bool {
    let (status, _) = server.get("/api/v1/audit", Some(token)).await;
    let over_http = status == StatusCode::OK;
    let accepts = async |mut socket: TestSocket, request: &str| {
        let reply = socket.try_ask(request, json!({"token": token})).await;
        reply.is_some_and(|reply| reply[request].is_object())
    };
    let socket = TestSocket::open(&server.url("/connection/websocket")).await;
    let over_socket = accepts(socket, "connect").await;
    let renewed = accepts(TestSocket::connect(server, Some(genuine)).await, "refresh").await;
    let body = json!({"refresh_token": token});
    let (status, _) = server.post("/api/v1/sessions/refresh", None, &body).await;
    assert_ne!(status, StatusCode::OK, "access is not for refreshing");
    assert_eq!((over_http, over_http), (over_socket, renewed), "{token}");
    over_http
}

#[tokio::test]
async fn a_forged_token_opens_no_door() {
    let db = TestDb::new().await;
    let server = TestServer::start(&db).await;
    let dana = people::staff(&db.url, Role::Manager, "dana@example.org").await;
    let (kid, secret): (String, Vec<u8>) = sqlx::query_as("select kid, secret from signing_key")
        .fetch_one(&db.pool)
        .await
        .expect("one key");
    let genuine = dana.token.split('.').nth(1).expect("three parts");
    let genuine = URL_SAFE_NO_PAD.decode(genuine).expect("base64");
    let claims: Value = serde_json::from_slice(&genuine).expect("claims");
    let but = |name: &str, value: Option<Value>| {
        let mut claims = claims.clone();
        let fields = claims.as_object_mut().expect("an object");
        match value {
            Some(value) => fields.insert(name.to_owned(), value),
            None => fields.remove(name),
        };
        claims
    };
    let sign = |header: Value, claims: &Value| forged(&kid, &secret, &header, claims);
    assert!(
        opens(&server, &dana.token, &sign(json!({}), &claims)).await,
        "the test can sign"
    );
    let unsigned = |header: Value| {
        let token = sign(header, &claims);
        token.rsplit_once('.').expect("three parts").0.to_owned() + "."
    };
    let now = jsonwebtoken::get_current_timestamp();
    let forgeries = [
        unsigned(json!({})),
        unsigned(json!({"alg": "none"})),
        sign(json!({"alg": "RS256"}), &claims),
        sign(json!({"alg": "HS384"}), &claims),
        sign(json!({"kid": "unknown"}), &claims),
        sign(json!({"kid": null}), &claims),
        forged(
            &kid,
            b"another key, as long as needed ..",
            &json!({}),
            &claims,
        ),
        sign(json!({}), &but("exp", None)),
        sign(json!({}), &but("exp", Some(json!(now - 31)))),
        sign(json!({}), &but("sub", None)),
        sign(json!({}), &but("aud", None)),
        sign(json!({}), &but("sid", Some(json!(uuid::Uuid::now_v7())))),
        sign(json!({}), &but("sub", Some(json!(uuid::Uuid::now_v7())))),
        // Tried for a refresh it counts as a stolen one, and ends the sign-in: so it is the last.
        sign(json!({}), &but("aud", Some(json!("dispatch-hub/refresh")))),
    ];
    for (number, token) in forgeries.iter().enumerate() {
        assert!(
            !opens(&server, &dana.token, token).await,
            "forgery {number}: {token}"
        );
    }
    server.stop().await;
}
