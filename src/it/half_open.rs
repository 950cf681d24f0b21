//! Connections whose other end is gone without a word: nothing comes, and nothing breaks.

use std::time::{Duration, Instant};

use serde_json::json;
use tokio::time::sleep;

use crate::support::{
    company::Company, database::TestDb, relay::Relay, server::TestServer, socket::TestSocket,
};

/// One that is asked for a decision gives one, or says within this that it cannot.
const ANSWERED_WITHIN: Duration = Duration::from_secs(2);
/// Commands and looks at the log find other connections.
const BACK_WITHIN: Duration = Duration::from_secs(8);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn half_open_connections_to_postgres_are_given_up_and_nothing_is_lost() {
    let db = TestDb::new().await;
    let relay = Relay::start(&db);
    let server = TestServer::on(&relay.url, &[]).await;
    let company = Company::found(&db.url, &server).await;
    let (customer, _) = company.customer(&server, "Clara").await;
    let mut socket = TestSocket::connect(&server, Some(&customer.token)).await;
    let channel = format!("customer:{}", customer.id);
    socket.subscribe(&channel).await;

    relay.leave_half_open();
    let left = Instant::now();
    let id = uuid::Uuid::now_v7();
    let named = json!({"command_id": id, "name": "Carla", "phone": "+49 30 1234567"});
    loop {
        let begun = Instant::now();
        let outcome = socket.try_command("customer.update", &named).await;
        let outcome = outcome.expect("the socket stays");
        assert!(begun.elapsed() < ANSWERED_WITHIN, "{:?}", begun.elapsed());
        if outcome["outcome"] == "accepted" {
            break;
        }
        assert_eq!(outcome["code"], "unavailable", "{outcome}");
        assert!(left.elapsed() < BACK_WITHIN, "commands do not come back");
        sleep(Duration::from_millis(100)).await;
    }
    // What somebody else has written is found in the log, by connections of another pool.
    let other = TestServer::on(&db.url, &[]).await;
    let again = json!({"name": "Cora", "phone": "+49 30 1234567"});
    other
        .accepted(&customer.token, "customer.update", &again)
        .await;
    let told = Instant::now();
    socket
        .publication(&channel, |body| body.to_string().contains("Cora"))
        .await;
    assert!(told.elapsed() < BACK_WITHIN, "{:?}", told.elapsed());
    socket.close().await;
    other.stop().await;
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_that_is_gone_without_a_word_is_given_up_by_its_silence() {
    let db = TestDb::new().await;
    let settings = [("hub.ping_ms", "400"), ("hub.pong_timeout_ms", "300")];
    let server = TestServer::with(&db, &settings).await;
    let mut there = TestSocket::connect(&server, None).await;
    // It reads nothing from now on, and its connection stays.
    let gone = TestSocket::connect(&server, None).await;
    assert_eq!(server.app.connections(), 2);
    let begun = Instant::now();
    let waiting = async {
        while server.app.connections() > 1 {
            sleep(Duration::from_millis(10)).await;
        }
        begun.elapsed()
    };
    let given_up = tokio::select! {
        given_up = waiting => given_up,
        code = there.closed() => panic!("who answers stays: {code:?}"),
    };
    assert!(given_up < BACK_WITHIN, "{given_up:?}");
    drop(gone);
    there.close().await;
    server.stop().await;
}
