//! Requests while a server stops: whoever was let in is answered, the others are told at the door.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::TcpStream,
    time::timeout,
};

use crate::support::{database::TestDb, server::TestServer};

const CALLERS: usize = 16;
/// Answered before the stop, over all callers.
const ANSWERED: usize = 400;
const PATIENCE: Duration = Duration::from_secs(10);

/// One connection of a client that does nothing to hide a lost answer.
pub(super) struct Caller {
    stream: BufReader<TcpStream>,
}

pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) head: String,
}

impl Answer {
    pub(super) fn is_last(&self) -> bool {
        self.head.contains("\r\nconnection: close\r\n")
    }
}

impl Caller {
    /// `None`: nobody listens there.
    pub(super) async fn connect(address: &str) -> Option<Self> {
        let stream = TcpStream::connect(address).await.ok()?;
        Some(Self {
            stream: BufReader::new(stream),
        })
    }

    /// `None`: the connection was cut.
    pub(super) async fn ask(&mut self, path: &str, headers: &str) -> Option<Answer> {
        let request = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n{headers}\r\n");
        self.stream.write_all(request.as_bytes()).await.ok()?;
        let answer = timeout(PATIENCE, self.answer()).await;
        answer.expect("an answer, or an end")
    }

    async fn answer(&mut self) -> Option<Answer> {
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            if self.stream.read_line(&mut head).await.ok()? == 0 {
                return None;
            }
        }
        let head = head.to_lowercase();
        let (_, length) = head.split_once("\r\ncontent-length: ")?;
        let length = length.split("\r\n").next()?.parse().ok()?;
        self.stream.read_exact(&mut vec![0; length]).await.ok()?;
        let status = head.split(' ').nth(1)?.parse().ok()?;
        Some(Answer { status, head })
    }
}

#[derive(Default)]
struct Tally {
    stopping: AtomicBool,
    answered: AtomicUsize,
    cut: AtomicUsize,
}

/// Asks until nobody listens any more. Half of them use a connection for as long as they may.
async fn call(address: String, number: usize, tally: Arc<Tally>) {
    while let Some(mut caller) = Caller::connect(&address).await {
        loop {
            let Some(answer) = caller.ask("/api/v1/zones", "").await else {
                tally.cut.fetch_add(1, Ordering::Relaxed);
                break;
            };
            assert_eq!(answer.status, 200, "{}", answer.head);
            tally.answered.fetch_add(1, Ordering::Relaxed);
            if answer.is_last() || number.is_multiple_of(2) {
                break;
            }
        }
        if tally.cut.load(Ordering::Relaxed) > 100 {
            return;
        }
    }
    assert!(tally.stopping.load(Ordering::Relaxed), "nobody listens");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_request_that_was_let_in_is_cut_by_a_stop() {
    let db = TestDb::new().await;
    let unlimited = [("limits.requests_per_minute", "10000000")];
    let server = TestServer::with(&db, &unlimited).await;
    let address = server.app.public_addr.to_string();
    let tally = Arc::new(Tally::default());
    let callers: Vec<_> = (0..CALLERS)
        .map(|number| tokio::spawn(call(address.clone(), number, Arc::clone(&tally))))
        .collect();
    while tally.answered.load(Ordering::Relaxed) < ANSWERED {
        assert!(callers.iter().all(|caller| !caller.is_finished()));
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    tally.stopping.store(true, Ordering::Relaxed);
    server.stop().await;
    for caller in callers {
        caller.await.expect("nobody was turned away wrongly");
    }
    assert_eq!(tally.cut.load(Ordering::Relaxed), 0, "requests were cut");
}
