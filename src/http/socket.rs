//! The socket's handshake. The stream then belongs to the hub, which frames it itself.

use std::sync::Arc;

use ::hub::protocol::Encoding;
use axum::{
    body::Body,
    extract::{Request, State},
    response::{IntoResponse, Response},
};
use http::{HeaderMap, HeaderValue, StatusCode, Version, header};
use hyper_util::rt::TokioIo;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tracing::Instrument;

use super::{Site, extract::From, origin, problem::Problem};

/// The subprotocol that JSON clients may offer; it is the default as well.
const JSON: &str = "centrifuge-json";

pub async fn open(State(site): State<Arc<Site>>, from: From, mut request: Request) -> Response {
    if let Err(wait) = site.handshakes.take(&from.neighbour()) {
        return Problem::rate_limited(wait).into_response();
    }
    if site.draining.is_cancelled() {
        return Problem::unavailable().into_response();
    }
    let headers = request.headers();
    if !origin::is_allowed(headers, request.uri(), &site.allowed_origins) {
        let message = "Pages of this origin may not connect";
        return Problem::new(StatusCode::FORBIDDEN, "forbidden", message).into_response();
    }
    let Some(key) = key_of(&request) else {
        let message = "A WebSocket handshake is expected, version 13";
        return Problem::invalid("upgrade", message).into_response();
    };
    let accept = derive_accept_key(key.as_bytes());
    let offers_json = offers(headers, JSON);
    let upgrade = hyper::upgrade::on(&mut request);
    let hub = site.hub.clone();
    let remote = from.0.map(tracing::field::display);
    let span = tracing::info_span!(parent: None, "connection", remote.address = remote);
    let connection = async move {
        match upgrade.await {
            Ok(stream) => {
                let stream = TokioIo::new(stream);
                hub.serve_websocket(stream, from.0, Encoding::Json).await;
            }
            Err(error) => tracing::debug!(error = %error, "a handshake ended early"),
        }
    };
    site.tasks.spawn(connection.instrument(span));
    switching(&accept, offers_json)
}

/// The handshake's key, if the request is a handshake.
fn key_of(request: &Request) -> Option<&HeaderValue> {
    let headers = request.headers();
    let asks = request.version() == Version::HTTP_11
        && offers_in(headers, &header::CONNECTION, "upgrade")
        && offers_in(headers, &header::UPGRADE, "websocket")
        && headers
            .get(header::SEC_WEBSOCKET_VERSION)
            .is_some_and(|version| version == "13");
    headers
        .get(header::SEC_WEBSOCKET_KEY)
        .filter(|key| asks && key.len() == 24)
}

/// Clients may send the header empty, or offer what we do not know: then nothing is chosen.
fn offers(headers: &HeaderMap, protocol: &str) -> bool {
    offers_in(headers, &header::SEC_WEBSOCKET_PROTOCOL, protocol)
}

fn offers_in(headers: &HeaderMap, name: &header::HeaderName, wanted: &str) -> bool {
    headers
        .get_all(name)
        .iter()
        .filter_map(|line| line.to_str().ok())
        .flat_map(|line| line.split(','))
        .any(|offer| offer.trim().eq_ignore_ascii_case(wanted))
}

fn switching(accept: &str, json: bool) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    let headers = response.headers_mut();
    headers.insert(header::CONNECTION, HeaderValue::from_static("upgrade"));
    headers.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
    if let Ok(accept) = HeaderValue::from_str(accept) {
        headers.insert(header::SEC_WEBSOCKET_ACCEPT, accept);
    }
    if json {
        let protocol = HeaderValue::from_static(JSON);
        headers.insert(header::SEC_WEBSOCKET_PROTOCOL, protocol);
    }
    response
}
