//! Input that no decent client sends: malformed, huge, deep, endless. The server must end such a
//! connection, or answer, in time, and must not mind otherwise.

use std::{net::SocketAddr, time::Duration};

use anyhow::Result;
use futures_util::{SinkExt as _, StreamExt as _};
use rand::{Rng as _, RngCore as _, rngs::StdRng, seq::IndexedRandom as _};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    time::timeout,
};
use tokio_tungstenite::{
    client_async,
    tungstenite::{
        Bytes, Message,
        protocol::frame::{
            Frame,
            coding::{Data, OpCode},
        },
    },
};

use super::{Fault, Ordeal};

/// Within this the server must have ended what never ends.
const PATIENCE: Duration = Duration::from_secs(20);
/// Strange clients at once.
const STRANGERS: usize = 4;
/// More than any message may have.
const HUGE: usize = 1024 * 1024;
const DEPTH: usize = 20_000;
/// What is never ended is sent up to here, bit by bit.
const ENDLESS: usize = 8 * 1024 * 1024;
const BIT: usize = 4096;

pub(super) async fn inflict(mut ordeal: Ordeal<'_>) -> Result<()> {
    let instance = ordeal.some_instance();
    let (address, target) = (instance.public(), super::name_of(instance));
    ordeal.begun(&target);
    for _ in 0..STRANGERS {
        let bore = bother(address, ordeal.fault, ordeal.dice);
        let ended = timeout(PATIENCE, bore).await;
        // An instance that another fault has taken away refuses; that is no news.
        if ended.is_err() && instance.is_ready().await {
            let what = format!(
                "{}: {target} still listens after {PATIENCE:?}",
                ordeal.fault.name()
            );
            ordeal.stage.complain(what);
        }
    }
    ordeal.healed(&target);
    Ok(())
}

/// Returns when the server has ended the connection, or has answered what can be answered.
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "those of the other families are inflicted by their files"
)]
async fn bother(address: SocketAddr, fault: Fault, dice: &mut StdRng) -> Result<()> {
    match fault {
        Fault::Malformed => malformed(address, dice).await,
        Fault::Huge => {
            let text = format!(r#"{{"id":1,"connect":{{"token":"{}"}}}}"#, "x".repeat(HUGE));
            say(address, Message::text(text)).await
        }
        Fault::Deep => {
            let (open, close) = ("[".repeat(DEPTH), "]".repeat(DEPTH));
            let text = format!(r#"{{"id":1,"connect":{{"data":{open}{close}}}}}"#);
            say(address, Message::text(text)).await
        }
        _ if dice.random() => endless_headers(address).await,
        _ => endless_message(address).await,
    }
}

async fn malformed(address: SocketAddr, dice: &mut StdRng) -> Result<()> {
    let texts = [
        "{",
        "null",
        "[]",
        "\u{0}",
        r#"{"id":1}"#,
        r#"{"id":-1,"connect":{}}"#,
        r#"{"id":1,"connect":{"token":7}}"#,
        r#"{"id":1,"subscribe":{"channel":"control:x:y"}}"#,
        r#"{"connect":{}}{"connect":{}}"#,
        r#"{"id":1,"rpc":{"method":"hold.place","data":"#,
    ];
    if dice.random() {
        let text = *texts.choose(dice).expect("a list");
        return say(address, Message::text(text)).await;
    }
    let mut noise = vec![0; dice.random_range(1..2000)];
    dice.fill_bytes(&mut noise);
    if dice.random() {
        return say(address, Message::binary(noise)).await;
    }
    // Not even a request.
    let mut stream = TcpStream::connect(address).await?;
    stream.write_all(&noise).await?;
    stream.shutdown().await?;
    drain(&mut stream).await;
    Ok(())
}

/// Says one thing on a new socket, and waits until the server ends it; a first error reply will do,
/// for then it is the client's turn.
async fn say(address: SocketAddr, message: Message) -> Result<()> {
    let stream = TcpStream::connect(address).await?;
    let url = format!("ws://{address}/connection/websocket");
    let (mut socket, _) = client_async(url, stream).await?;
    socket.send(message).await?;
    while let Some(Ok(message)) = socket.next().await {
        if let Message::Text(_) | Message::Close(_) = message {
            break;
        }
    }
    Ok(())
}

async fn endless_headers(address: SocketAddr) -> Result<()> {
    let mut stream = TcpStream::connect(address).await?;
    stream.write_all(b"GET / HTTP/1.1\r\nHost: x\r\n").await?;
    let line = format!("X-Endless: {}\r\n", "x".repeat(BIT));
    for _ in 0..ENDLESS / BIT {
        stream.write_all(line.as_bytes()).await?;
    }
    drain(&mut stream).await;
    Ok(())
}

/// A message in fragments, none of which is the last.
async fn endless_message(address: SocketAddr) -> Result<()> {
    let stream = TcpStream::connect(address).await?;
    let url = format!("ws://{address}/connection/websocket");
    let (mut socket, _) = client_async(url, stream).await?;
    let bit = Bytes::from(vec![b' '; BIT]);
    let mut opcode = OpCode::Data(Data::Text);
    for _ in 0..ENDLESS / BIT {
        let frame = Frame::message(bit.clone(), opcode, false);
        socket.send(Message::Frame(frame)).await?;
        opcode = OpCode::Data(Data::Continue);
    }
    while let Some(Ok(_)) = socket.next().await {}
    Ok(())
}

async fn drain(stream: &mut TcpStream) {
    let mut buffer = [0; BIT];
    while stream.read(&mut buffer).await.is_ok_and(|read| read > 0) {}
}
