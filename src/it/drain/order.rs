//! What happens in which order, and how long it may take.

use std::time::{Duration, Instant};

use serde_json::json;
use tokio::{
    io::AsyncWriteExt,
    net::TcpStream,
    time::{sleep, timeout},
};

use super::requests::Caller;
use crate::support::{
    binary::{ServerProcess, dispatch_hub, signal},
    database::TestDb,
    server::{Api, TestServer},
    socket::TestSocket,
};

const SOCKETS: usize = 12;
/// Closed per second.
const RATE: u32 = 6;
const PATIENCE: Duration = Duration::from_secs(10);

const UPGRADE: &str = "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
     Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";

async fn readiness(url: &str) -> u16 {
    let answer = reqwest::get(url).await.expect("it says how it is");
    answer.status().as_u16()
}

async fn until_not_ready(url: &str) {
    let waiting = async {
        while readiness(url).await != 503 {
            sleep(Duration::from_millis(5)).await;
        }
    };
    timeout(PATIENCE, waiting).await.expect("it says no");
}

/// Runs commands until the server ends the socket; how many while it was stopping, and when it ended.
async fn work_to_the_end(mut socket: TestSocket, begun: Instant) -> (usize, Duration) {
    let mut accepted = 0;
    loop {
        let id = uuid::Uuid::now_v7();
        let named = json!({"command_id": id, "name": "Clara", "phone": "+49 30 1234567"});
        match socket.try_command("customer.update", &named).await {
            // A machine that is busy with other things may make people wait.
            Some(outcome) if outcome["code"] == "unavailable" => {}
            Some(outcome) => {
                assert_eq!(outcome["outcome"], "accepted", "{outcome}");
                accepted += 1;
            }
            None => return (accepted, begun.elapsed()),
        }
        sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sockets_work_until_their_turn_while_nobody_new_is_let_in() {
    let db = TestDb::new().await;
    let settings = [
        ("shutdown.closes_per_second", RATE.to_string()),
        ("shutdown.drain_ms", "60000".to_owned()),
        ("shutdown.linger_ms", "5000".to_owned()),
        ("limits.commands_per_minute", "100000".to_owned()),
        ("limits.commands_burst", "100000".to_owned()),
        // A guest's own, which a quiet machine uses up before the turn comes.
        ("limits.orders_per_minute", "100000".to_owned()),
        ("limits.orders_burst", "100000".to_owned()),
    ];
    let settings: Vec<_> = settings
        .iter()
        .map(|(key, value)| (*key, value.as_str()))
        .collect();
    let server = TestServer::with(&db, &settings).await;
    let ready = server.ops_url("/readyz");
    let address = server.app.public_addr.to_string();
    let api = Api::at(&server.url(""));
    assert_eq!(readiness(&ready).await, 200);
    let mut kept_alive = Caller::connect(&address).await.expect("it listens");
    let answer = kept_alive
        .ask("/api/v1/zones", "")
        .await
        .expect("an answer");
    assert!(!answer.is_last(), "{}", answer.head);
    let mut sockets = Vec::new();
    for _ in 0..SOCKETS {
        let guest = server.guest().await;
        sockets.push(TestSocket::connect(&api, guest["access_token"].as_str()).await);
    }

    let stopping = tokio::spawn(server.stop());
    until_not_ready(&ready).await;
    let begun = Instant::now();
    let working = sockets
        .into_iter()
        .map(|socket| work_to_the_end(socket, begun));
    let visitor = async {
        let answer = kept_alive.ask("/connection/websocket", UPGRADE).await;
        let answer = answer.expect("an answer to who was let in before");
        assert_eq!(answer.status, 503, "{}", answer.head);
        assert!(answer.is_last(), "{}", answer.head);
        assert!(
            TcpStream::connect(&address).await.is_err(),
            "nobody listens"
        );
        assert_eq!(readiness(&ready).await, 503);
    };
    let (ends, ()) = tokio::join!(futures_util::future::join_all(working), visitor);
    stopping.await.expect("it stops");
    let times = || ends.iter().map(|(_, end)| *end);
    let first = times().min().expect("sockets");
    let last = times().max().expect("sockets");
    let whole = Duration::from_secs(1) * u32::try_from(SOCKETS).expect("few") / RATE;
    assert!(first + whole / 4 < last, "closed at once: {ends:?}");
    let accepted: usize = ends.iter().map(|(accepted, _)| accepted).sum();
    assert!(accepted > 0, "commands are served until the turn comes");
}

fn process(db: &TestDb, settings: &[(&str, &str)]) -> ServerProcess {
    let mut command = dispatch_hub();
    command.args(["serve", "--database-url", &db.url]);
    command.args(["--listen", "127.0.0.1:0", "--ops-listen", "127.0.0.1:0"]);
    for (name, value) in settings {
        command.env(format!("DISPATCH_HUB_SHUTDOWN__{name}"), value);
    }
    ServerProcess::spawn(command)
}

/// A socket whose client has stopped, without a word.
async fn absent(url: &str) -> TcpStream {
    let address = url.strip_prefix("http://").expect("a URL of ours");
    let mut stream = TcpStream::connect(address).await.expect("it listens");
    let request = format!("GET /connection/websocket HTTP/1.1\r\nHost: {address}\r\n{UPGRADE}\r\n");
    stream.write_all(request.as_bytes()).await.expect("sent");
    stream.readable().await.expect("an answer");
    stream
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn clients_that_are_gone_do_not_hold_up_the_end() {
    let db = TestDb::new().await;
    let settings = [
        ("DRAIN_MS", "200"),
        ("FINISH_MS", "1000"),
        ("LINGER_MS", "60000"),
    ];
    let server = process(&db, &settings);
    let mut gone = Vec::new();
    for _ in 0..5 {
        gone.push(absent(&server.url).await);
    }
    let idle = TcpStream::connect(server.url.strip_prefix("http://").expect("a URL of ours"));
    let idle = idle.await.expect("it listens");
    let begun = Instant::now();
    let stopped = tokio::task::spawn_blocking(move || server.stop()).await;
    stopped.expect("it ends well");
    // The sum is 2.2 s; the rest is for a machine that has other things to do.
    let taken = begun.elapsed();
    assert!(taken < Duration::from_millis(4500), "{taken:?}");
    drop((gone, idle));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_signal_ends_it_at_once() {
    let db = TestDb::new().await;
    let settings = [("CLOSES_PER_SECOND", "1"), ("DRAIN_MS", "60000")];
    for second in ["TERM", "INT"] {
        let mut server = process(&db, &settings);
        let api = Api::at(&server.url);
        let mut sockets = Vec::new();
        for _ in 0..10 {
            sockets.push(TestSocket::connect(&api, None).await);
        }
        signal(server.id(), "TERM");
        until_not_ready(&format!("{}/readyz", server.ops_url)).await;
        let begun = Instant::now();
        signal(server.id(), second);
        let status = tokio::task::spawn_blocking(move || server.ended()).await;
        let status = status.expect("it ends");
        assert!(!status.success(), "{second}: not all was done");
        assert!(
            begun.elapsed() < Duration::from_secs(3),
            "{second}: {:?}",
            begun.elapsed()
        );
    }
}
