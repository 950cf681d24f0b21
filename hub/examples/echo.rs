//! A server for other people's tests of WebSocket framing: sockets as in production, with an echo in
//! place of the protocol.
//!
//! `cargo run -p hub --example echo` listens on a port of 127.0.0.1 that it prints. Messages may be
//! as long as such tests make them; every other figure is the default.

use std::{net::Ipv4Addr, sync::Arc};

use axum::{
    Router,
    extract::{Request, State},
    response::{IntoResponse, Response},
    routing::get,
};
use http::{HeaderValue, StatusCode, header};
use hub::HubConfig;
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

/// The longest message of the suites has 16 MiB.
const MESSAGE_BYTES: usize = 16 << 20;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    println!("listening on http://{}", listener.local_addr()?);
    let config = HubConfig {
        message_bytes: MESSAGE_BYTES,
        ..HubConfig::default()
    };
    let routes = Router::new()
        .route("/", get(open))
        .with_state(Arc::new(config));
    axum::serve(listener, routes).await?;
    Ok(())
}

async fn open(State(config): State<Arc<HubConfig>>, mut request: Request) -> Response {
    let Some(key) = request.headers().get(header::SEC_WEBSOCKET_KEY) else {
        return StatusCode::BAD_REQUEST.into_response();
    };
    let Ok(accept) = HeaderValue::from_str(&derive_accept_key(key.as_bytes())) else {
        return StatusCode::BAD_REQUEST.into_response();
    };
    let upgrade = hyper::upgrade::on(&mut request);
    tokio::spawn(async move {
        if let Ok(stream) = upgrade.await {
            hub::echo_websocket(TokioIo::new(stream), &config).await;
        }
    });
    let headers = [
        (header::CONNECTION, HeaderValue::from_static("upgrade")),
        (header::UPGRADE, HeaderValue::from_static("websocket")),
        (header::SEC_WEBSOCKET_ACCEPT, accept),
    ];
    (StatusCode::SWITCHING_PROTOCOLS, headers).into_response()
}
