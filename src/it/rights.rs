//! Default deny, tried over the socket and over HTTP: every kind of channel with every kind of
//! person, own and another's, and names that are no channels.

use reqwest::StatusCode;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::{
    company::{Company, ZONE},
    database::TestDb,
    server::{Api, TestServer},
    socket::TestSocket,
};

/// The protocol's "permission denied".
const DENIED: u64 = 103;

/// Who may read a channel, in the order of the people of the test.
type Expected = [bool; 7];

/// Whether the channel is given over the socket; HTTP must say the same.
async fn is_readable(api: &Api, token: Option<&str>, channel: &str) -> bool {
    let mut socket = TestSocket::connect(api, token).await;
    let reply = socket.ask("subscribe", json!({"channel": channel})).await;
    socket.close().await;
    let over_socket = match reply["error"]["code"].as_u64() {
        None => true,
        Some(code) => {
            assert_eq!(code, DENIED, "{channel}: {reply}");
            false
        }
    };
    let (status, body) = api.get(&format!("/api/v1/channels/{channel}"), token).await;
    match status {
        StatusCode::OK => assert!(over_socket, "{channel}: {body}"),
        StatusCode::NOT_FOUND => assert!(!over_socket, "{channel}: {body}"),
        other => panic!("{channel}: {other} {body}"),
    }
    over_socket
}

async fn book(api: &Api, company: &Company, token: &str, property: &Value) -> String {
    let hold = Company::hold(company.first_start());
    let hold = api.accepted(token, "hold.place", &hold).await["hold"].clone();
    let order = json!({"hold": hold, "property": property});
    let booked = api.accepted(token, "booking.confirm", &order).await;
    booked["booking"].as_str().expect("an id").to_owned()
}

/// Those without a log. Nobody is on the way to the booking.
fn not_durable(booking: &str) -> [(String, Expected); 5] {
    let none: Expected = [false; 7];
    let admin = [false, false, false, false, false, false, true];
    let staff = [false, false, false, false, false, true, true];
    [
        ("ops".to_owned(), admin),
        (format!("positions:{ZONE}"), staff),
        ("positions:nowhere".to_owned(), none),
        (format!("track:{booking}"), none),
        (format!("track:{}", Uuid::now_v7()), none),
    ]
}

#[tokio::test]
async fn every_channel_is_given_to_its_audience_and_to_nobody_else() {
    let db = TestDb::new().await;
    let server = TestServer::start(&db).await;
    let company = Company::found(&db.url, &server).await;
    let anna = company.hire(&db.url, &server, "Anna").await;
    let boris = company.hire(&db.url, &server, "Boris").await;
    let (clara, home) = company.customer(&server, "Clara").await;
    let (dora, _) = company.customer(&server, "Dora").await;
    let booking = book(&server, &company, &clara.token, &home).await;

    // nobody, Clara, Dora, Anna, Boris, dispatcher, admin
    let people = [
        None,
        Some(clara.token.as_str()),
        Some(dora.token.as_str()),
        Some(anna.token.as_str()),
        Some(boris.token.as_str()),
        Some(company.dispatcher.token.as_str()),
        Some(company.admin.token.as_str()),
    ];
    let none: Expected = [false; 7];
    let elsewhere = company.slots().replace(ZONE, "nowhere");
    let durable: [(String, Expected); 12] = [
        (company.slots(), [true; 7]),
        (elsewhere, none),
        (
            format!("booking:{booking}"),
            [false, true, false, false, false, true, true],
        ),
        (
            format!("customer:{}", clara.id),
            [false, true, false, false, false, true, true],
        ),
        (
            format!("agenda:{}", anna.id),
            [false, false, false, true, false, true, true],
        ),
        (
            format!("board:{ZONE}"),
            [false, false, false, true, true, true, true],
        ),
        (
            company.control(),
            [false, false, false, false, false, true, true],
        ),
        (format!("booking:{}", Uuid::now_v7()), none),
        (format!("customer:{}", anna.id), none),
        (format!("agenda:{}", clara.id), none),
        ("board:nowhere".to_owned(), none),
        ("thread:x".to_owned(), none),
    ];
    for (channel, expected) in durable.iter().chain(&not_durable(&booking)) {
        for (number, (token, expected)) in people.iter().zip(expected).enumerate() {
            let readable = is_readable(&server, *token, channel).await;
            assert_eq!(readable, *expected, "{channel} by person {number}");
        }
    }
    server.stop().await;
}

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
