//! Live channels where no WebSocket gets through: replies go out as the body of one response,
//! commands come by requests of their own, to any instance. The hub does both; this translates.

use std::{sync::Arc, time::Duration};

use ::hub::{Framing, ports::EmulationRefused, protocol::EmulationRequest, protocol::Encoding};
use axum::{
    Router,
    body::{Body, Bytes},
    extract::{DefaultBodyLimit, Extension, Query, Request, State},
    middleware,
    response::Response,
};
use futures_util::StreamExt;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use serde::Deserialize;
use serde_json::json;

use super::{
    Site, cors,
    endpoint::{self, Endpoint, Operation, Verb},
    extract::{self, From},
    problem::Problem,
    server::UnderWay,
};
use crate::execute::Refusal;

/// When to send a command again that the other instance has no room for.
const BUSY_WAIT: Duration = Duration::from_secs(1);

/// The routes, which pages of allowed origins may use.
pub fn routes(site: &Arc<Site>, body_bytes: usize) -> Router<Arc<Site>> {
    let open = middleware::from_fn_with_state(Arc::clone(site), cors::open_to_pages);
    endpoint::routes(endpoints())
        // Here already, so that the layers are around it.
        .method_not_allowed_fallback(super::method_not_allowed)
        .layer(DefaultBodyLimit::max(body_bytes))
        .layer(open)
}

pub fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::new("/connection/http_stream", open_lines, lines()),
        Endpoint::new("/connection/sse", open_events, events()),
        Endpoint::new("/emulation", emulate, emulation()),
    ]
}

fn lines() -> Operation {
    let connect = json!({
        "type": "object",
        "description": "A connect command of the client protocol.",
        "required": ["id", "connect"],
        "properties": { "id": { "type": "integer" }, "connect": { "type": "object" } },
    });
    Operation::new(
        Verb::Post,
        "live",
        "connection.http_stream",
        "Live channels over the body of one response.",
    )
    .described(
        "The answer stays open and holds one reply per line; further commands go to `/emulation`. \
         With `Content-Type: application/octet-stream` everything is Protobuf, each message with \
         its length before it.",
    )
    .takes(&connect, &json!({ "id": 1, "connect": {} }))
    .answers_as(
        200,
        "Replies, as they come.",
        "application/x-ndjson",
        &json!({}),
    )
    .refuses(&REFUSALS)
}

fn events() -> Operation {
    Operation::new(
        Verb::Get,
        "live",
        "connection.sse",
        "Live channels as server-sent events.",
    )
    .described(
        "One reply per event; further commands go to `/emulation`. The address holds the token, \
         and proxies note addresses: where both are possible, `/connection/http_stream` is better.",
    )
    .parameter(json!({
        "name": "cf_connect", "in": "query", "required": true,
        "description": "A connect command of the client protocol, as JSON.",
        "schema": { "type": "string" },
    }))
    .answers_as(
        200,
        "Replies, as they come.",
        "text/event-stream",
        &json!({}),
    )
    .refuses(&[Refusal::InvalidArgument])
    .refuses(&REFUSALS)
}

fn emulation() -> Operation {
    let envelope = json!({
        "type": "object",
        "required": ["session", "node", "data"],
        "properties": {
            "session": { "type": "string", "description": "As the reply to connect said." },
            "node": { "type": "string", "description": "As the reply to connect said." },
            "data": { "type": "string", "description": "Commands, one per line." },
        },
    });
    let example = json!({ "session": "", "node": "", "data": "{\"id\":2,\"rpc\":{}}" });
    Operation::new(
        Verb::Post,
        "live",
        "emulation",
        "Commands for a connection that only receives, on any instance.",
    )
    .takes(&envelope, &example)
    .answers_empty(204, "The connection has the commands; it answers them.")
    .refuses(&[Refusal::NotFound])
    .refuses(&REFUSALS)
}

const REFUSALS: [Refusal; 4] = [
    Refusal::Forbidden,
    Refusal::RateLimited,
    Refusal::Unavailable,
    Refusal::Internal,
];

async fn open_lines(
    State(site): State<Arc<Site>>,
    from: From,
    under_way: Option<Extension<UnderWay>>,
    request: Request,
) -> Result<Response, Problem> {
    admit(&site, &from)?;
    let (framing, kind) = match encoding_of(request.headers())? {
        Encoding::Json => (Framing::Lines, "application/x-ndjson"),
        Encoding::Protobuf => (Framing::Lengths, "application/octet-stream"),
    };
    let first = extract::bytes(request, &site).await?;
    open(&site, first, &from, framing, kind, under_way)
}

#[derive(Deserialize)]
struct Connect {
    cf_connect: String,
}

async fn open_events(
    State(site): State<Arc<Site>>,
    from: From,
    under_way: Option<Extension<UnderWay>>,
    connect: Result<Query<Connect>, axum::extract::rejection::QueryRejection>,
) -> Result<Response, Problem> {
    admit(&site, &from)?;
    let Ok(Query(connect)) = connect else {
        let message = "A connect command is expected";
        return Err(Problem::invalid("cf_connect", message));
    };
    let first = connect.cf_connect.into();
    let kind = "text/event-stream";
    open(&site, first, &from, Framing::Events, kind, under_way)
}

/// As for a socket's handshake.
fn admit(site: &Site, from: &From) -> Result<(), Problem> {
    site.handshakes
        .take(&from.neighbour())
        .map_err(Problem::rate_limited)?;
    if site.draining.is_cancelled() {
        return Err(Problem::unavailable());
    }
    Ok(())
}

fn open(
    site: &Site,
    first: Bytes,
    from: &From,
    framing: Framing,
    kind: &'static str,
    under_way: Option<Extension<UnderWay>>,
) -> Result<Response, Problem> {
    let place = site.places.take(from.neighbour()).map_err(Problem::full)?;
    let address = from.0.map(tracing::field::display);
    let span = tracing::info_span!(parent: None, "connection", remote.address = address);
    let replies = span.in_scope(|| site.hub.serve_stream(first, from.0, framing));
    // It is taken for as long as somebody may be reading.
    let replies = replies.map_err(refusal)?.inspect(move |_| {
        let _ = &place;
    });
    // From here on it is the hub's to end.
    if let Some(Extension(under_way)) = under_way {
        under_way.release();
    }
    let mut response = Response::new(Body::from_stream(replies));
    let headers = response.headers_mut();
    for (name, value) in [
        (header::CONTENT_TYPE, kind),
        (header::CACHE_CONTROL, "no-cache, no-transform"),
        // Proxies that collect answers before they pass them on are asked not to.
        (HeaderName::from_static("x-accel-buffering"), "no"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    Ok(response)
}

async fn emulate(
    State(site): State<Arc<Site>>,
    from: From,
    request: Request,
) -> Result<StatusCode, Problem> {
    site.emulated
        .take(&from.neighbour())
        .map_err(Problem::rate_limited)?;
    let encoding = encoding_of(request.headers())?;
    let body = extract::bytes(request, &site).await?;
    let Some(request) = EmulationRequest::read(encoding, &body) else {
        let message = "An object with session, node and data is expected";
        return Err(Problem::invalid("body", message));
    };
    site.hub.emulate(request).await.map_err(refusal)?;
    Ok(StatusCode::NO_CONTENT)
}

fn encoding_of(headers: &HeaderMap) -> Result<Encoding, Problem> {
    if extract::says(headers, "application/octet-stream") {
        return Ok(Encoding::Protobuf);
    }
    if headers.contains_key(header::CONTENT_TYPE) && !extract::says(headers, "application/json") {
        let message = "Content-Type must be application/json or application/octet-stream";
        return Err(extract::unknown_kind(message));
    }
    Ok(Encoding::Json)
}

fn refusal(refused: EmulationRefused) -> Problem {
    match refused {
        EmulationRefused::UnknownSession => Problem::not_found(),
        EmulationRefused::Empty => Problem::invalid("data", "There is no command in it"),
        EmulationRefused::TooLarge => extract::too_large("The message is too long"),
        EmulationRefused::Busy => Problem::rate_limited(BUSY_WAIT),
        EmulationRefused::Unavailable => Problem::unavailable(),
    }
}
