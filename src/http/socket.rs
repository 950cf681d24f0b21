//! The socket's handshake. The stream then belongs to the hub, which frames it itself.

use std::sync::Arc;

use ::hub::protocol::Handshake;
use axum::{
    body::Body,
    extract::{Request, State},
    response::{IntoResponse, Response},
};
use http::{HeaderMap, HeaderValue, StatusCode, Version, header};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tracing::Instrument;

use super::{
    Site,
    endpoint::{Endpoint, Operation, Verb},
    extract::From,
    origin,
    problem::Problem,
};
use crate::execute::Refusal;

pub fn endpoints() -> Vec<Endpoint> {
    let open_it = Operation::new(
        Verb::Get,
        "live",
        "connection.websocket",
        "Live channels and commands over one socket.",
    )
    .described("A WebSocket handshake; what is said then is described by `/api/v1/asyncapi.json`.")
    .answers_empty(101, "The socket is open.")
    .refuses(&[
        Refusal::InvalidArgument,
        Refusal::Forbidden,
        Refusal::RateLimited,
        Refusal::Unavailable,
        Refusal::Internal,
    ]);
    vec![Endpoint::new("/connection/websocket", open, open_it)]
}

async fn open(State(site): State<Arc<Site>>, from: From, mut request: Request) -> Response {
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
    let place = match site.places.take(from.neighbour()) {
        Ok(place) => place,
        Err(full) => return Problem::full(full).into_response(),
    };
    let accept = derive_accept_key(key.as_bytes());
    let handshake = Handshake::of(offers(headers), request.uri().query());
    let upgrade = hyper::upgrade::on(&mut request);
    let hub = site.hub.clone();
    let remote = from.0.map(tracing::field::display);
    let span = tracing::info_span!(parent: None, "connection", remote.address = remote);
    let kept = (place, site.tasks.token());
    let encoding = handshake.encoding;
    let connection = async move {
        let upgraded = match upgrade.await {
            Ok(upgraded) => upgraded,
            Err(error) => return tracing::debug!(error = %error, "a handshake ended early"),
        };
        match upgraded.downcast::<TokioIo<TcpStream>>() {
            Ok(parts) => {
                let stream = parts.io.into_inner();
                hub.begin_websocket(stream, &parts.read_buf, from.0, encoding, kept);
            }
            // Not over TCP: slower, and with no other difference.
            Err(upgraded) => {
                let stream = TokioIo::new(upgraded);
                hub.begin_websocket(stream, &[], from.0, encoding, kept);
            }
        }
    };
    site.tasks.spawn(connection.instrument(span));
    switching(&accept, handshake.subprotocol)
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

fn offers(headers: &HeaderMap) -> impl Iterator<Item = &str> {
    lines(headers, &header::SEC_WEBSOCKET_PROTOCOL)
}

fn lines<'a>(
    headers: &'a HeaderMap,
    name: &header::HeaderName,
) -> impl Iterator<Item = &'a str> + use<'a> {
    let lines = headers.get_all(name).iter();
    lines.filter_map(|line| line.to_str().ok())
}

fn offers_in(headers: &HeaderMap, name: &header::HeaderName, wanted: &str) -> bool {
    lines(headers, name)
        .flat_map(|line| line.split(','))
        .any(|offer| offer.trim().eq_ignore_ascii_case(wanted))
}

fn switching(accept: &str, subprotocol: Option<&'static str>) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    let headers = response.headers_mut();
    headers.insert(header::CONNECTION, HeaderValue::from_static("upgrade"));
    headers.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
    if let Ok(accept) = HeaderValue::from_str(accept) {
        headers.insert(header::SEC_WEBSOCKET_ACCEPT, accept);
    }
    if let Some(protocol) = subprotocol {
        let protocol = HeaderValue::from_static(protocol);
        headers.insert(header::SEC_WEBSOCKET_PROTOCOL, protocol);
    }
    response
}
