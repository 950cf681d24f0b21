//! What a reader that does not read comes to when there is a real server and a real network between
//! the connection's task and it.

use std::{net::SocketAddr, time::Duration};

use axum::{Router, body::Body, routing::get};
use bytes::Bytes;
use serde_json::json;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpSocket, TcpStream},
    time::timeout,
};

use super::world::{Instance, until};
use crate::{Framing, Hub};

/// Serves event streams of anonymous clients that subscribe to `log.a` at once.
async fn serve(hub: &Hub) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let hub = hub.clone();
    let open = move || async move {
        let first = "{\"id\":1,\"connect\":{}}\n{\"id\":2,\"subscribe\":{\"channel\":\"log.a\"}}";
        let replies = hub.serve_stream(Bytes::from(first), None, Framing::Events);
        Body::from_stream(replies.unwrap())
    };
    let routes = Router::new().route("/", get(open));
    tokio::spawn(async move { axum::serve(listener, routes).await });
    address
}

/// A client with little room for what it does not read, subscribed.
async fn client(address: SocketAddr) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(4_096).unwrap();
    let mut stream = socket.connect(address).await.unwrap();
    let request = b"GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";
    stream.write_all(request).await.unwrap();
    let mut read = String::new();
    while !read.contains("\"subscribe\"") {
        let mut chunk = [0; 1_024];
        let length = stream.read(&mut chunk).await.unwrap();
        assert!(length > 0, "{read}");
        read.push_str(str::from_utf8(&chunk[..length]).unwrap());
    }
    stream
}

#[tokio::test]
async fn a_reader_that_does_not_read_costs_bounded_bytes_and_is_told_3008() {
    let instance = Instance::new().await;
    let mut slow = client(serve(&instance.hub).await).await;
    let text = "x".repeat(100_000);
    let mut published = 0;
    // The kernel holds a few megabytes of its own.
    while instance.hub.connections() > 0 {
        instance.publish("log.a", &json!(text));
        published += text.len();
        assert!(published < 64 << 20, "it holds everything");
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    let mut rest = Vec::new();
    let read = timeout(Duration::from_secs(30), slow.read_to_end(&mut rest)).await;
    read.expect("the body ends").expect("and whole");
    let end = String::from_utf8_lossy(&rest[rest.len().saturating_sub(200)..]).into_owned();
    assert!(end.contains("\"disconnect\":{\"code\":3008"), "{end}");
    assert!(end.ends_with("0\r\n\r\n"), "the last chunk: {end}");
}

#[tokio::test]
async fn a_client_that_closes_is_noticed_without_anything_being_written() {
    let instance = Instance::new().await;
    let client = client(serve(&instance.hub).await).await;
    assert_eq!(instance.hub.connections(), 1);
    drop(client);
    until("the connection ends", || instance.hub.connections() == 0).await;
}
