//! The routes for connections whose replies go out as the body of one response, and for the
//! commands of their clients.

use axum::{
    Router,
    body::{Body, Bytes},
    extract::{Query, State},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use hub::{
    Framing, Hub,
    ports::EmulationRefused,
    protocol::{EmulationRequest, Encoding},
};
use serde::Deserialize;

pub fn routes<S>(hub: Hub) -> Router<S> {
    Router::new()
        .route("/connection/http_stream", post(open_lines))
        .route("/connection/sse", get(open_events))
        .route("/emulation", post(emulate))
        .with_state(hub)
}

async fn open_lines(State(hub): State<Hub>, headers: HeaderMap, first: Bytes) -> Response {
    match encoding(&headers) {
        Encoding::Json => open(&hub, first, Framing::Lines, "application/x-ndjson"),
        Encoding::Protobuf => open(&hub, first, Framing::Lengths, "application/octet-stream"),
    }
}

#[derive(Deserialize)]
struct Connect {
    cf_connect: String,
}

async fn open_events(State(hub): State<Hub>, Query(connect): Query<Connect>) -> Response {
    let first = connect.cf_connect.into();
    open(&hub, first, Framing::Events, "text/event-stream")
}

fn open(hub: &Hub, first: Bytes, framing: Framing, kind: &'static str) -> Response {
    match hub.serve_stream(first, None, framing) {
        Ok(replies) => {
            let mut response = Body::from_stream(replies).into_response();
            let headers = response.headers_mut();
            headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
            headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
            response
        }
        Err(refused) => status(refused).into_response(),
    }
}

async fn emulate(State(hub): State<Hub>, headers: HeaderMap, body: Bytes) -> StatusCode {
    let Some(request) = EmulationRequest::read(encoding(&headers), &body) else {
        return StatusCode::BAD_REQUEST;
    };
    match hub.emulate(request).await {
        Ok(()) => StatusCode::NO_CONTENT,
        Err(refused) => status(refused),
    }
}

fn encoding(headers: &HeaderMap) -> Encoding {
    let protobuf = HeaderValue::from_static("application/octet-stream");
    if headers.get(header::CONTENT_TYPE) == Some(&protobuf) {
        Encoding::Protobuf
    } else {
        Encoding::Json
    }
}

fn status(refused: EmulationRefused) -> StatusCode {
    match refused {
        EmulationRefused::UnknownSession => StatusCode::NOT_FOUND,
        EmulationRefused::Empty => StatusCode::BAD_REQUEST,
        EmulationRefused::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        EmulationRefused::Busy => StatusCode::TOO_MANY_REQUESTS,
        EmulationRefused::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
    }
}
