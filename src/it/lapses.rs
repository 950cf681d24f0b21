//! Rights end on every instance: told by the wire at once, and found in the database where no wire
//! tells of them.

use std::time::{Duration, Instant};

use dispatch_hub::domain::Role;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::{
    streams::wired,
    support::{
        company::{Company, ZONE},
        database::TestDb,
        people::{self, PASSWORD, TestPerson},
        redis::TestRedis,
        server::{TestServer, answer, bearing},
        socket::TestSocket,
        stream::{Kind, TestStream},
    },
};

const WITHOUT_THE_WIRE: Duration = Duration::from_secs(6);
const WITH_THE_WIRE: Duration = Duration::from_secs(1);

async fn sign_out(server: &TestServer, token: &str) {
    let request = server.request(Method::DELETE, "/api/v1/sessions");
    let (status, problem) = answer(bearing(request, Some(token))).await;
    assert_eq!(status, StatusCode::NO_CONTENT, "{problem}");
}

async fn closes_with(socket: &mut TestSocket, code: u16, within: Duration) {
    let since = Instant::now();
    assert_eq!(socket.closed().await, Some(code));
    assert!(since.elapsed() < within, "{:?}", since.elapsed());
}

async fn is_open(socket: &mut TestSocket) {
    let answer = socket.ask("rpc", json!({"method": "clock.now"})).await;
    assert!(answer["rpc"]["data"]["now"].is_string(), "{answer}");
}

/// Somebody who is signed in by a password, so that signing out ends only that.
async fn dana(db: &TestDb, server: &TestServer) -> (TestPerson, String) {
    let dana = people::staff(&db.url, Role::Dispatcher, "dana@example.org").await;
    let session = server.sign_in("dana@example.org", PASSWORD).await;
    let token = session["access_token"].as_str().expect("a token");
    (dana, token.to_owned())
}

/// Two instances that nothing connects but the database.
async fn apart(db: &TestDb) -> (TestServer, TestServer) {
    let (here, there) = (TestServer::start(db), TestServer::start(db));
    tokio::join!(Box::pin(here), Box::pin(there))
}

#[tokio::test]
async fn signing_out_ends_sockets_and_streams_that_no_wire_reaches() {
    let db = TestDb::new().await;
    let (here, there) = apart(&db).await;
    let (dana, token) = dana(&db, &here).await;
    let mut socket = TestSocket::connect(&there, Some(&token)).await;
    let mut events = TestStream::connect(&there, Kind::Events, Some(&token)).await;
    let mut lines = TestStream::connect(&there, Kind::Lines, Some(&token)).await;
    let mut kept = TestSocket::connect(&there, Some(&dana.token)).await;
    sign_out(&here, &token).await;
    let since = Instant::now();
    closes_with(&mut socket, 3503, WITHOUT_THE_WIRE).await;
    for stream in [&mut events, &mut lines] {
        assert_eq!(stream.disconnected().await["code"], 3503);
    }
    assert!(since.elapsed() < WITHOUT_THE_WIRE, "{:?}", since.elapsed());
    is_open(&mut kept).await;
    kept.close().await;
    tokio::join!(here.stop(), there.stop());
}

#[tokio::test]
async fn whatever_ends_an_account_or_its_role_is_found() {
    let db = TestDb::new().await;
    let (here, there) = apart(&db).await;
    let company = Company::found(&db.url, &here).await;
    let mut dispatcher = TestSocket::connect(&there, Some(&company.dispatcher.token)).await;
    let mut manager = TestSocket::connect(&there, Some(&company.manager.token)).await;
    let mut admin = TestSocket::connect(&there, Some(&company.admin.token)).await;
    let promoted = json!({
        "account": company.dispatcher.id, "role": "manager", "name": "Dana", "expected_version": 1,
    });
    here.accepted(&company.manager.token, "admin.user_save", &promoted)
        .await;
    closes_with(&mut dispatcher, 3011, WITHOUT_THE_WIRE).await;
    // By hand, as an operator might.
    sqlx::query("update account set disabled_at = now() where id = $1")
        .bind(company.manager.id.0)
        .execute(&db.pool)
        .await
        .expect("disabled");
    closes_with(&mut manager, 3503, WITHOUT_THE_WIRE).await;
    is_open(&mut admin).await;
    admin.close().await;
    tokio::join!(here.stop(), there.stop());
}

#[tokio::test]
async fn a_channel_that_is_lost_is_lost_where_no_wire_reaches() {
    let db = TestDb::new().await;
    let (here, there) = apart(&db).await;
    let company = Company::found(&db.url, &here).await;
    let anna = company.hire(&db.url, &here, "Anna").await;
    let mut socket = TestSocket::connect(&there, Some(&anna.token)).await;
    let board = format!("board:{ZONE}");
    socket.subscribe(&board).await;
    let leaves = json!({
        "cleaner": anna.id, "name": "Anna", "zones": [ZONE], "skills": ["cleaning"],
        "active": false, "expected_version": 1,
    });
    here.accepted(&company.manager.token, "admin.cleaner_save", &leaves)
        .await;
    let since = Instant::now();
    let ended = |push: &Value| push["unsubscribe"]["code"] == 2000 && push["channel"] == board;
    while !ended(&socket.push().await) {}
    assert!(since.elapsed() < WITHOUT_THE_WIRE, "{:?}", since.elapsed());
    socket.close().await;
    tokio::join!(here.stop(), there.stop());
}

/// What is noted names an account, and that account may have come back meanwhile.
#[tokio::test]
async fn who_signed_in_again_keeps_the_new_connections() {
    let db = TestDb::new().await;
    let slowly = [("sign_in.lapse_look_ms", "2000")];
    let (here, there) = (TestServer::start(&db), TestServer::with(&db, &slowly));
    let (here, there) = tokio::join!(Box::pin(here), Box::pin(there));
    let (_, token) = dana(&db, &here).await;
    let mut old = TestSocket::connect(&there, Some(&token)).await;
    sign_out(&here, &token).await;
    let session = there.sign_in("dana@example.org", PASSWORD).await;
    let mut new = TestSocket::connect(&there, session["access_token"].as_str()).await;
    closes_with(&mut old, 3503, WITHOUT_THE_WIRE).await;
    is_open(&mut new).await;
    new.close().await;
    tokio::join!(here.stop(), there.stop());
}

#[tokio::test]
async fn the_wire_tells_within_a_second_and_when_it_is_cut_the_database_does() {
    let (db, mut redis) = (TestDb::new().await, TestRedis::start().await);
    let patiently = [
        ("redis_url", redis.url.as_str()),
        // Not what tells within a second.
        ("sign_in.lapse_look_ms", "5000"),
    ];
    let there = TestServer::with(&db, &patiently);
    let here = TestServer::with(&db, &patiently);
    let (here, there) = tokio::join!(Box::pin(here), Box::pin(there));
    wired(&here, &there).await;
    wired(&there, &here).await;
    let (dana, token) = dana(&db, &here).await;
    let mut socket = TestSocket::connect(&there, Some(&token)).await;
    let mut stream = TestStream::connect(&there, Kind::Events, Some(&token)).await;
    sign_out(&here, &token).await;
    closes_with(&mut socket, 3503, WITH_THE_WIRE).await;
    assert_eq!(stream.disconnected().await["code"], 3503);

    let mut socket = TestSocket::connect(&there, Some(&dana.token)).await;
    redis.kill();
    sign_out(&here, &dana.token).await;
    closes_with(&mut socket, 3503, WITHOUT_THE_WIRE).await;
    tokio::join!(here.stop(), there.stop());
}
