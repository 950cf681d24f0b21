//! The proxy on real sockets, before an echo.

use std::{future::Future, io, time::Duration};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream, UnixListener},
    time::{Instant, timeout},
};

use super::{CommitLoss, Door, Flow, Passage, Proxy, Route, Target, Weather};

/// Longer than anything here takes.
const PATIENCE: Duration = Duration::from_secs(10);
/// Long enough to notice that something comes which should not.
const SILENCE: Duration = Duration::from_millis(100);

async fn within<T>(future: impl Future<Output = T>) -> T {
    timeout(PATIENCE, future).await.expect("in time")
}

/// Says back whatever it hears, with a prefix that tells which echo it is.
async fn echo(prefix: &'static [u8]) -> Target {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("bound");
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                let mut buffer = vec![0; 64 * 1024];
                while let Ok(read @ 1..) = stream.read(&mut buffer).await {
                    let said = [prefix, &buffer[..read]].concat();
                    if stream.write_all(&said).await.is_err() {
                        return;
                    }
                }
            });
        }
    });
    Target::Tcp(address)
}

async fn before_echo() -> Proxy {
    let route = Route::to(echo(b"").await);
    Proxy::start(route).await.expect("a port")
}

async fn connect(proxy: &Proxy) -> TcpStream {
    within(TcpStream::connect(proxy.address()))
        .await
        .expect("the proxy listens")
}

async fn say(stream: &mut TcpStream, text: &[u8]) {
    within(stream.write_all(text)).await.expect("it is open");
}

async fn hear(stream: &mut TcpStream, text: &[u8]) {
    let mut heard = vec![0; text.len()];
    within(stream.read_exact(&mut heard)).await.expect("bytes");
    assert_eq!(heard, text);
}

async fn hear_nothing(stream: &mut TcpStream) {
    let mut byte = [0];
    let heard = timeout(SILENCE, stream.read(&mut byte)).await;
    assert!(heard.is_err(), "{heard:?}");
}

async fn is_reset(stream: &mut TcpStream) {
    let mut rest = Vec::new();
    let end = within(stream.read_to_end(&mut rest)).await;
    let error = end.expect_err("a reset, not an orderly end");
    assert_eq!(error.kind(), io::ErrorKind::ConnectionReset);
}

fn flow(flow: Flow) -> Passage {
    Passage {
        flow,
        ..Passage::default()
    }
}

#[tokio::test]
async fn in_fair_weather_everything_passes_both_ways() {
    let proxy = before_echo().await;
    let mut stream = connect(&proxy).await;
    let much = vec![7; 3 * 1024 * 1024];
    let (mut reader, mut writer) = stream.split();
    let mut heard = vec![0; much.len()];
    let (said, listened) =
        within(async { tokio::join!(writer.write_all(&much), reader.read_exact(&mut heard)) })
            .await;
    said.expect("all was said");
    listened.expect("all was heard");
    assert_eq!(heard, much);
    assert_eq!(proxy.connections(), 1);
    // The end passes too.
    within(writer.shutdown()).await.expect("it is open");
    assert_eq!(within(reader.read(&mut heard)).await.expect("an end"), 0);
}

#[tokio::test]
async fn a_unix_socket_is_a_target_too() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("socket");
    let listener = UnixListener::bind(&path).expect("a socket");
    let proxy = Proxy::start(Route::to(Target::Unix(path))).await;
    let proxy = proxy.expect("a port");
    let mut stream = connect(&proxy).await;
    let (mut far, _) = within(listener.accept()).await.expect("a connection");
    say(&mut stream, b"up").await;
    let mut heard = [0; 2];
    within(far.read_exact(&mut heard)).await.expect("bytes");
    assert_eq!(&heard, b"up");
    drop(far);
    let mut rest = Vec::new();
    within(stream.read_to_end(&mut rest)).await.expect("an end");
}

#[tokio::test]
async fn a_cut_resets_what_is_open_and_spares_what_comes() {
    let proxy = before_echo().await;
    let mut old = connect(&proxy).await;
    say(&mut old, b"a").await;
    hear(&mut old, b"a").await;
    proxy.cut();
    is_reset(&mut old).await;
    let mut new = connect(&proxy).await;
    say(&mut new, b"b").await;
    hear(&mut new, b"b").await;
}

#[tokio::test]
async fn a_severed_proxy_refuses_until_it_is_healed() {
    let proxy = before_echo().await;
    let mut old = connect(&proxy).await;
    say(&mut old, b"a").await;
    hear(&mut old, b"a").await;
    proxy.sever();
    is_reset(&mut old).await;
    is_reset(&mut connect(&proxy).await).await;
    proxy.heal();
    let mut new = connect(&proxy).await;
    say(&mut new, b"b").await;
    hear(&mut new, b"b").await;
}

#[tokio::test]
async fn a_silent_door_takes_connections_and_says_nothing() {
    let proxy = before_echo().await;
    proxy.set_weather(Weather {
        door: Door::Silent,
        ..Weather::default()
    });
    let mut stream = connect(&proxy).await;
    say(&mut stream, b"hello?").await;
    hear_nothing(&mut stream).await;
    proxy.heal();
    is_reset(&mut stream).await;
}

#[tokio::test]
async fn what_is_held_comes_when_it_flows_again() {
    let proxy = before_echo().await;
    let mut stream = connect(&proxy).await;
    proxy.set_weather(Weather {
        down: flow(Flow::Held),
        ..Weather::default()
    });
    say(&mut stream, b"patience").await;
    hear_nothing(&mut stream).await;
    proxy.heal();
    hear(&mut stream, b"patience").await;
}

#[tokio::test]
async fn what_is_swallowed_never_comes_and_costs_the_connection() {
    let proxy = before_echo().await;
    let mut losing = connect(&proxy).await;
    let mut idle = connect(&proxy).await;
    for stream in [&mut losing, &mut idle] {
        say(stream, b"a").await;
        hear(stream, b"a").await;
    }
    proxy.set_weather(Weather::both(flow(Flow::Swallowed)));
    say(&mut losing, b"lost").await;
    hear_nothing(&mut losing).await;
    proxy.heal();
    is_reset(&mut losing).await;
    say(&mut idle, b"b").await;
    hear(&mut idle, b"b").await;
}

#[tokio::test]
async fn delays_and_throttles_take_their_time() {
    let proxy = before_echo().await;
    let mut stream = connect(&proxy).await;
    proxy.set_weather(Weather {
        up: Passage {
            delay: Duration::from_millis(60),
            ..Passage::default()
        },
        ..Weather::default()
    });
    let start = Instant::now();
    say(&mut stream, b"slow").await;
    hear(&mut stream, b"slow").await;
    assert!(start.elapsed() >= Duration::from_millis(60));
    proxy.set_weather(Weather {
        down: Passage {
            bytes_per_second: Some(10_000),
            ..Passage::default()
        },
        ..Weather::default()
    });
    let start = Instant::now();
    let text = [b'x'; 2000];
    say(&mut stream, &text).await;
    hear(&mut stream, &text).await;
    // All but the last step of 500 bytes are paid for.
    let took = start.elapsed();
    assert!(took >= Duration::from_millis(140), "{took:?}");
}

#[tokio::test]
async fn a_spread_lets_connections_overtake_each_other() {
    let proxy = before_echo().await;
    proxy.set_weather(Weather {
        up: Passage {
            spread: Duration::from_millis(400),
            ..Passage::default()
        },
        ..Weather::default()
    });
    let mut arrivals = Vec::new();
    let mut waiting = tokio::task::JoinSet::new();
    for number in 0..12_u8 {
        let mut stream = connect(&proxy).await;
        say(&mut stream, &[number]).await;
        waiting.spawn(async move {
            hear(&mut stream, &[number]).await;
            number
        });
    }
    while let Some(arrived) = within(waiting.join_next()).await {
        arrivals.push(arrived.expect("no client panics"));
    }
    // That twelve draws are in order has a chance of one in 479,001,600.
    assert!(!arrivals.is_sorted(), "{arrivals:?}");
}

#[tokio::test]
async fn a_changed_route_is_for_those_who_come() {
    let route = Route::to(echo(b"1").await);
    let proxy = Proxy::start(route.clone()).await.expect("a port");
    let mut old = connect(&proxy).await;
    say(&mut old, b"a").await;
    hear(&mut old, b"1a").await;
    route.change(echo(b"2").await);
    say(&mut old, b"b").await;
    hear(&mut old, b"1b").await;
    let mut new = connect(&proxy).await;
    say(&mut new, b"c").await;
    hear(&mut new, b"2c").await;
}

fn startup() -> Vec<u8> {
    vec![0, 0, 0, 9, 0, 3, 0, 0, 0]
}

fn query(text: &str) -> Vec<u8> {
    let length = u32::try_from(text.len() + 5).expect("short");
    [
        b"Q",
        length.to_be_bytes().as_slice(),
        text.as_bytes(),
        b"\0",
    ]
    .concat()
}

/// A server that answers everything as a `PostgreSQL` answers a COMMIT, and notes what it heard.
async fn committing() -> (Proxy, tokio::sync::mpsc::UnboundedReceiver<Vec<u8>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let target = Target::Tcp(listener.local_addr().expect("bound"));
    let (heard, noted) = tokio::sync::mpsc::unbounded_channel();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let heard = heard.clone();
            tokio::spawn(async move {
                let mut buffer = vec![0; 1024];
                while let Ok(read @ 1..) = stream.read(&mut buffer).await {
                    let _ = heard.send(buffer[..read].to_vec());
                    let _ = stream.write_all(b"C\0\0\0\x0bCOMMIT\0Z\0\0\0\x05I").await;
                }
            });
        }
    });
    (
        Proxy::start(Route::to(target)).await.expect("a port"),
        noted,
    )
}

const ANSWER: &[u8] = b"C\0\0\0\x0bCOMMIT\0Z\0\0\0\x05I";

#[tokio::test]
async fn a_lost_reply_leaves_the_commit_made_and_the_next_one_passes() {
    let (proxy, mut noted) = committing().await;
    proxy.lose_commits(1, CommitLoss::Reply);
    let mut stream = connect(&proxy).await;
    say(&mut stream, &startup()).await;
    hear(&mut stream, ANSWER).await;
    say(&mut stream, &query("select 1")).await;
    hear(&mut stream, ANSWER).await;
    say(&mut stream, &query("execute append; commit")).await;
    is_reset(&mut stream).await;
    assert_eq!(proxy.commits_lost(), 1);
    for expected in [
        startup(),
        query("select 1"),
        query("execute append; commit"),
    ] {
        assert_eq!(within(noted.recv()).await, Some(expected));
    }
    let mut stream = connect(&proxy).await;
    say(&mut stream, &[startup(), query("commit")].concat()).await;
    hear(&mut stream, ANSWER).await;
    assert_eq!(proxy.commits_lost(), 1);
}

#[tokio::test]
async fn a_lost_request_never_arrives() {
    let (proxy, mut noted) = committing().await;
    proxy.lose_commits(1, CommitLoss::Request);
    let mut stream = connect(&proxy).await;
    say(&mut stream, &startup()).await;
    hear(&mut stream, ANSWER).await;
    say(&mut stream, &query("commit")).await;
    is_reset(&mut stream).await;
    assert_eq!(within(noted.recv()).await, Some(startup()));
    let mut stream = connect(&proxy).await;
    say(&mut stream, &startup()).await;
    assert_eq!(
        within(noted.recv()).await,
        Some(startup()),
        "no COMMIT before it"
    );
}
