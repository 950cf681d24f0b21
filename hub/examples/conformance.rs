//! A server for other people's tests: the real engine over the memory adapters, with an application
//! that allows everything. The Centrifugo SDKs' own suites run against it, and load generators can.
//!
//! `cargo run -p hub --example conformance -- --mode open|tokens [--port 8000]` listens on
//! 127.0.0.1 and, where the system has it, on `::1`. Tokens are HS256 with the secret `secret`, the
//! key of the HTTP API is `test-api-key`: nothing in here is for production.

#[path = "conformance/http.rs"]
mod http_api;
#[path = "conformance/namespaces.rs"]
mod namespaces;
#[path = "conformance/rules.rs"]
mod rules;
#[path = "conformance/streams.rs"]
mod streams;
#[path = "conformance/tokens.rs"]
mod tokens;

use std::{
    io,
    net::{Ipv4Addr, Ipv6Addr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use anyhow::Context;
use axum::serve::ListenerExt;
use clap::Parser;
use hub::{
    Hub, HubConfig,
    adapters::memory::{MemoryBroker, MemoryLog, MemoryPresence},
};
use tokio::net::{TcpListener, TcpSocket, TcpStream};

use crate::{
    namespaces::{Mode, Namespace},
    rules::Rules,
};

#[derive(Debug, Parser)]
struct Arguments {
    /// What is allowed, and which channels there are.
    #[arg(long, value_enum)]
    mode: Mode,
    /// 0 takes a free one; the address is printed.
    #[arg(long, default_value_t = 8000)]
    port: u16,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let Arguments { mode, port } = Arguments::parse();
    let four = listen(SocketAddr::from((Ipv4Addr::LOCALHOST, port)))
        .with_context(|| format!("port {port} of 127.0.0.1 cannot be listened on"))?;
    let address = four.local_addr()?;
    let six = SocketAddr::from((Ipv6Addr::LOCALHOST, address.port()));
    let six = match listen(six) {
        Ok(listener) => Some(listener),
        Err(error) if error.kind() == io::ErrorKind::AddrNotAvailable => None,
        Err(error) => return Err(error).context(format!("{six} cannot be listened on")),
    };

    // Of this run, so that clients of the last one notice that its memory is gone.
    let epoch = uuid::Uuid::new_v4().simple().to_string();
    let log = MemoryLog::with_retention(&epoch[..8], move |channel| {
        namespaces::of(mode, channel).map_or_else(Default::default, Namespace::retention)
    });
    let rules = Rules::new(mode, log.clone());
    let hub = Hub::new(
        config(),
        rules.clone(),
        Arc::new(log.clone()),
        Arc::new(MemoryBroker::default()),
        Arc::new(MemoryPresence::new()),
    );
    rules.publish_through(hub.clone());
    hub.start().await;

    let routes = http_api::routes(mode, hub.clone(), log);
    for listener in std::iter::once(four).chain(six) {
        let routes = routes.clone();
        tokio::spawn(async move { axum::serve(listener.tap_io(answer_at_once), routes).await });
    }
    println!("listening on http://{address}");
    tokio::signal::ctrl_c().await?;
    hub.drain(Duration::ZERO).await;
    Ok(())
}

/// As many may wait to be let in as come back at once from a storm: whom the kernel turns away tries
/// again a second later.
fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    const BACKLOG: u32 = 4096;
    let socket = if address.is_ipv4() {
        TcpSocket::new_v4()?
    } else {
        TcpSocket::new_v6()?
    };
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

/// Small replies do not wait for one another.
fn answer_at_once(stream: &mut TcpStream) {
    // Without it everything works, only slower.
    let _ = stream.set_nodelay(true);
}

/// Suites and load generators send faster than people do.
fn config() -> HubConfig {
    HubConfig {
        frames_per_second: 100_000,
        frame_burst: 100_000,
        // Namespaces forget on purpose.
        ring_publications: 0,
        ..HubConfig::default()
    }
}
