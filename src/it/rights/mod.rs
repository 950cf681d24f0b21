//! Default deny: who may do and read what, held against tables written by hand, and rights that end.

mod channels;
mod commands;
mod maker;
mod parameters;
mod table;
mod town;

use serde_json::{Value, json};

use crate::support::{
    company::{Company, ZONE},
    database::TestDb,
    server::TestServer,
    socket::TestSocket,
};

#[tokio::test]
async fn a_right_that_lapses_ends_the_subscription() {
    let db = TestDb::new().await;
    let server = TestServer::start(&db).await;
    let company = Company::found(&db.url, &server).await;
    let anna = company.hire(&db.url, &server, "Anna").await;
    let mut socket = TestSocket::connect(&server, Some(&anna.token)).await;
    let board = format!("board:{ZONE}");
    socket.subscribe(&board).await;
    let leaves = json!({
        "cleaner": anna.id, "name": "Anna", "zones": [ZONE], "skills": ["cleaning"],
        "active": false, "expected_version": 1,
    });
    server
        .accepted(&company.manager.token, "admin.cleaner_save", &leaves)
        .await;
    loop {
        let push = socket.push().await;
        if push["unsubscribe"]["code"] == 2000 {
            assert_eq!(push["channel"], board);
            break;
        }
    }
    socket.close().await;
    server.stop().await;
}

#[tokio::test]
async fn a_changed_role_reconnects() {
    let db = TestDb::new().await;
    let server = TestServer::start(&db).await;
    let company = Company::found(&db.url, &server).await;
    let token = Some(company.dispatcher.token.as_str());
    let mut socket = TestSocket::connect(&server, token).await;
    let promoted = json!({
        "account": company.dispatcher.id, "role": "manager", "name": "Dana", "expected_version": 1,
    });
    server
        .accepted(&company.manager.token, "admin.user_save", &promoted)
        .await;
    assert_eq!(socket.closed().await, Some(3011));
    let mut socket = TestSocket::connect(&server, token).await;
    socket
        .subscribe(&format!("control:{ZONE}:2026-11-20"))
        .await;
    socket.close().await;
    server.stop().await;
}

#[tokio::test]
async fn a_disabled_account_loses_its_connections() {
    let db = TestDb::new().await;
    let server = TestServer::start(&db).await;
    let company = Company::found(&db.url, &server).await;
    let mut socket = TestSocket::connect(&server, Some(&company.dispatcher.token)).await;
    let disabled = json!({
        "account": company.dispatcher.id, "role": "dispatcher", "name": "Dana", "disabled": true,
        "expected_version": 1,
    });
    server
        .accepted(&company.manager.token, "admin.user_save", &disabled)
        .await;
    let code = socket.closed().await;
    assert!(
        code.is_some_and(|code| (3500..4000).contains(&code)),
        "{code:?}"
    );
    server.stop().await;
}

#[tokio::test]
async fn positions_name_only_what_the_actor_may_read() {
    let db = TestDb::new().await;
    let server = TestServer::start(&db).await;
    let company = Company::found(&db.url, &server).await;
    let anna = company.hire(&db.url, &server, "Anna").await;
    let duty = json!({"duty": "on", "command_id": uuid::Uuid::now_v7()});
    for _ in 0..2 {
        let (status, outcome) = server
            .post("/api/v1/commands/duty.set", Some(&anna.token), &duty)
            .await;
        assert!(status.is_success(), "{outcome}");
        let positions = outcome["positions"].as_object().expect("an object");
        let own = format!("agenda:{}", anna.id);
        assert_eq!(positions.keys().collect::<Vec<_>>(), [&own], "{outcome}");
    }
    server.stop().await;
}

/// A subscription with the position that one had.
async fn comes_back(server: &TestServer, token: &str, channel: &str, was: &Value) -> Value {
    let mut socket = TestSocket::connect(server, Some(token)).await;
    let request = json!({
        "channel": channel, "recover": true, "epoch": was["epoch"],
        "offset": was["offset"].as_u64().unwrap_or(0),
    });
    let reply = socket.ask("subscribe", request).await;
    socket.close().await;
    reply
}

#[tokio::test]
async fn who_comes_back_is_asked_again_for_their_right() {
    let db = TestDb::new().await;
    let server = TestServer::start(&db).await;
    let company = Company::found(&db.url, &server).await;
    let anna = company.hire(&db.url, &server, "Anna").await;
    let (board, agenda) = (format!("board:{ZONE}"), format!("agenda:{}", anna.id));
    let mut socket = TestSocket::connect(&server, Some(&anna.token)).await;
    let positions = [
        socket.subscribe(&board).await,
        socket.subscribe(&agenda).await,
    ];
    socket.close().await;
    let back = comes_back(&server, &anna.token, &board, &positions[0]).await;
    assert_eq!(back["subscribe"]["recovered"], true, "{back}");
    let leaves = json!({
        "cleaner": anna.id, "name": "Anna", "zones": [ZONE], "skills": ["cleaning"],
        "active": false, "expected_version": 1,
    });
    server
        .accepted(&company.manager.token, "admin.cleaner_save", &leaves)
        .await;
    for (channel, position) in [&board, &agenda].into_iter().zip(&positions) {
        let back = comes_back(&server, &anna.token, channel, position).await;
        assert_eq!(back["error"]["code"], 103, "{channel}: {back}");
    }
    server.stop().await;
}

#[tokio::test]
async fn who_renews_a_connection_is_asked_again_for_every_right() {
    let db = TestDb::new().await;
    let server = TestServer::start(&db).await;
    let company = Company::found(&db.url, &server).await;
    let dana = &company.dispatcher;
    let mut socket = TestSocket::connect(&server, Some(&dana.token)).await;
    let control = company.control();
    socket.subscribe(&control).await;
    socket.subscribe(&company.slots()).await;
    // Behind the server's back, so that nothing else tells it.
    let change = async |what: &str| {
        let statement = format!("update account set {what} where id = $1");
        sqlx::query(sqlx::AssertSqlSafe(statement))
            .bind(dana.id.0)
            .execute(&db.pool)
            .await
            .expect("changed");
    };
    change("role = 'cleaner'").await;
    let renewed = socket.ask("refresh", json!({"token": dana.token})).await;
    assert!(renewed["refresh"].is_object(), "{renewed}");
    loop {
        let push = socket.push().await;
        if push["unsubscribe"].is_object() {
            assert_eq!(
                push["channel"],
                control.as_str(),
                "what anybody may read stays"
            );
            break;
        }
    }
    change("disabled_at = now()").await;
    socket.send("refresh", json!({"token": dana.token})).await;
    assert_eq!(socket.closed().await, Some(3500));
    server.stop().await;
}
