//! Queries, asked over the socket and over HTTP: one answer, one table of rights, bad input with the
//! field at fault.

use jiff::Timestamp;
use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::support::{
    company::{Company, SERVICE, ZONE},
    database::TestDb,
    schemas::assert_is,
    server::{Api, TestServer},
    socket::TestSocket,
};

/// The answer over the socket, and what HTTP says, which must agree.
async fn ask(
    api: &Api,
    token: Option<&str>,
    kind: &str,
    parameters: &Value,
) -> (StatusCode, Value) {
    let mut socket = TestSocket::connect(api, token).await;
    let data = json!({"method": kind, "data": parameters});
    let told = socket.ask("rpc", data).await["rpc"]["data"].clone();
    socket.close().await;
    let fields = parameters.as_object().expect("an object");
    let fields = fields.iter().map(|(name, value)| {
        let text = value.as_str().map_or(value.to_string(), str::to_owned);
        format!("{name}={}", text.replace('+', "%2B"))
    });
    let fields: Vec<_> = fields.collect();
    let path = format!("/api/v1/queries/{kind}?{}", fields.join("&"));
    let (status, body) = api.get(&path, token).await;
    if status == StatusCode::OK {
        assert_is(&format!("{kind}.answer"), &told);
        assert_eq!(told.get("outcome"), None, "{told}");
    } else {
        assert_is("refused", &told);
        assert_eq!(told["code"], body["code"], "{told} {body}");
        assert_eq!(told["details"], body["details"], "{told} {body}");
        assert_eq!(told["outcome"], "refused", "{told}");
    }
    if kind != "clock.now" && status == StatusCode::OK {
        assert_eq!(told, body);
    }
    (status, body)
}

#[tokio::test]
async fn anybody_asks_for_the_time_and_for_the_nearest_slots() {
    let db = TestDb::new().await;
    let server = TestServer::start(&db).await;
    let company = Company::found(&db.url, &server).await;
    company.hire(&db.url, &server, "Anna").await;
    let (clara, _) = company.customer(&server, "Clara").await;
    let (_, body) = ask(&server, None, "clock.now", &json!({})).await;
    let now: Timestamp = body["now"].as_str().expect("text").parse().expect("a time");
    assert!(now.duration_since(Timestamp::now()).abs().as_secs() < 60);
    let start = company.first_start();
    let wanted = json!({"zone": ZONE, "service": SERVICE, "start": start, "limit": 2});
    let (status, before) = ask(&server, None, "slots.nearest", &wanted).await;
    assert_eq!(status, StatusCode::OK, "{before}");
    assert_eq!(before["slots"][0]["start"], json!(start));
    server
        .accepted(&clara.token, "hold.place", &Company::hold(start))
        .await;
    let (_, after) = ask(&server, Some(&clara.token), "slots.nearest", &wanted).await;
    assert_eq!(after["slots"].as_array().expect("a list").len(), 2);
    let next = company.after_opening(15 + 60 + 15);
    assert_eq!(after["slots"][0]["start"], json!(next));
    server.stop().await;
}

#[tokio::test]
async fn what_is_wrong_with_a_question_is_told_with_its_field() {
    let db = TestDb::new().await;
    let server = TestServer::start(&db).await;
    let company = Company::found(&db.url, &server).await;
    let start = company.first_start();
    let good = json!({"zone": ZONE, "service": SERVICE, "start": start});
    for (name, value, field) in [
        ("zone", json!("No Zone"), "zone"),
        ("start", json!("noon"), "start"),
        ("limit", json!(0), "limit"),
        ("limit", json!(1000), "limit"),
        ("colour", json!("red"), "colour"),
    ] {
        let mut bad = good.clone();
        bad[name] = value;
        let (status, body) = ask(&server, None, "slots.nearest", &bad).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{body}");
        assert_eq!(body["details"]["field"], field, "{body}");
    }
    let mut elsewhere = good.clone();
    elsewhere["zone"] = json!("nowhere");
    let (status, _) = ask(&server, None, "slots.nearest", &elsewhere).await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    let (status, _) = server.get("/api/v1/queries/slots.farthest", None).await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    server.stop().await;
}
