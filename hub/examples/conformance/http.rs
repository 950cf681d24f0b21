//! The routes: the socket's handshake, and the calls of the HTTP API that the suites, and
//! load generators, publish with.

use axum::{
    Json, Router,
    body::{Body as Bytes, to_bytes},
    extract::{Request, State},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use hub::{
    Hub,
    adapters::memory::MemoryLog,
    ports::{Body, ChannelLog, LogRead},
    protocol::Handshake,
};
use hyper_util::{
    rt::TokioIo,
    server::conn::auto::upgrade::{Parts, downcast},
};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Value, json, value::RawValue};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

use crate::{
    namespaces::{self, Mode},
    streams,
};

const API_KEY: &str = "test-api-key";
const REQUEST_BYTES: usize = 1 << 20;
/// A history of `limit` -1, or of more, is cut to this.
const HISTORY: usize = 300;

#[derive(Clone)]
struct Site {
    mode: Mode,
    hub: Hub,
    log: MemoryLog,
}

pub fn routes(mode: Mode, hub: Hub, log: MemoryLog) -> Router {
    Router::new()
        .route("/connection/websocket", get(open))
        .route("/api/publish", post(publish))
        .route("/api/batch", post(batch))
        .route("/api/history", post(history))
        .merge(streams::routes(hub.clone()))
        .with_state(Site { mode, hub, log })
}

async fn open(State(site): State<Site>, mut request: Request) -> Response {
    let headers = request.headers();
    let key = headers.get(header::SEC_WEBSOCKET_KEY);
    let (true, Some(key)) = (lists(headers, &header::UPGRADE, "websocket"), key) else {
        return (StatusCode::BAD_REQUEST, "a WebSocket handshake is expected").into_response();
    };
    let accept = derive_accept_key(key.as_bytes());
    let offered = headers.get_all(header::SEC_WEBSOCKET_PROTOCOL).iter();
    let handshake = Handshake::of(
        offered.filter_map(|offer| offer.to_str().ok()),
        request.uri().query(),
    );
    let upgrade = hyper::upgrade::on(&mut request);
    tokio::spawn(async move {
        let Ok(upgraded) = upgrade.await else {
            return;
        };
        if let Ok(Parts { io, read_buf, .. }) = downcast::<TokioIo<TcpStream>>(upgraded) {
            let stream = io.into_inner();
            site.hub
                .begin_websocket(stream, &read_buf, None, handshake.encoding, ());
        }
    });
    let mut response = StatusCode::SWITCHING_PROTOCOLS.into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONNECTION, HeaderValue::from_static("upgrade"));
    headers.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
    if let Ok(accept) = HeaderValue::from_str(&accept) {
        headers.insert(header::SEC_WEBSOCKET_ACCEPT, accept);
    }
    if let Some(subprotocol) = handshake.subprotocol {
        let subprotocol = HeaderValue::from_static(subprotocol);
        headers.insert(header::SEC_WEBSOCKET_PROTOCOL, subprotocol);
    }
    response
}

fn lists(headers: &HeaderMap, name: &HeaderName, wanted: &str) -> bool {
    headers
        .get_all(name)
        .iter()
        .filter_map(|line| line.to_str().ok())
        .flat_map(|line| line.split(','))
        .any(|one| one.trim().eq_ignore_ascii_case(wanted))
}

#[derive(Deserialize)]
struct Publish {
    channel: String,
    data: Box<RawValue>,
}

async fn publish(State(site): State<Site>, request: Request) -> Response {
    let asked: Publish = match asked(request).await {
        Ok(asked) => asked,
        Err(refused) => return refused,
    };
    if namespaces::of(site.mode, &asked.channel).is_none() {
        return error(102, "unknown channel");
    }
    let Ok(body) = Body::from_raw(&asked.data) else {
        return error(107, "bad request");
    };
    let assigned = site.log.append(&[(&asked.channel, body)]);
    let result = assigned
        .first()
        .map(|one| json!({ "offset": one.offset, "epoch": &*one.epoch }));
    site.hub.committed(assigned);
    Json(json!({ "result": result })).into_response()
}

#[derive(Deserialize)]
struct Batch {
    commands: Vec<Command>,
}

#[derive(Deserialize)]
struct Command {
    publish: Publish,
}

/// Publishes all of it as one commit, for load generators.
async fn batch(State(site): State<Site>, request: Request) -> Response {
    let asked: Batch = match asked(request).await {
        Ok(asked) => asked,
        Err(refused) => return refused,
    };
    let mut entries = Vec::with_capacity(asked.commands.len());
    for Command { publish } in &asked.commands {
        if namespaces::of(site.mode, &publish.channel).is_none() {
            return error(102, "unknown channel");
        }
        let Ok(body) = Body::from_raw(&publish.data) else {
            return error(107, "bad request");
        };
        entries.push((publish.channel.as_str(), body));
    }
    site.hub.committed(site.log.append(&entries));
    let replies = vec![json!({ "publish": {} }); entries.len()];
    Json(json!({ "replies": replies })).into_response()
}

#[derive(Deserialize)]
struct History {
    channel: String,
    #[serde(default)]
    limit: i64,
    since: Option<Since>,
    #[serde(default)]
    reverse: bool,
}

#[derive(Deserialize)]
struct Since {
    #[serde(default)]
    offset: u64,
    #[serde(default)]
    epoch: String,
}

async fn history(State(site): State<Site>, request: Request) -> Response {
    let asked: History = match asked(request).await {
        Ok(asked) => asked,
        Err(refused) => return refused,
    };
    let Ok(read) = read(&site.log, &asked).await else {
        return error(100, "internal server error");
    };
    let epoch = asked.since.map(|since| since.epoch).unwrap_or_default();
    if !epoch.is_empty() && *epoch != *read.head.epoch {
        return error(112, "unrecoverable position");
    }
    let publications: Vec<Value> = read
        .publications
        .iter()
        .map(|one| json!({ "data": one.body, "offset": one.offset }))
        .collect();
    let result = json!({
        "publications": publications,
        "offset": read.head.offset,
        "epoch": &*read.head.epoch,
    });
    Json(json!({ "result": result })).into_response()
}

async fn read(log: &MemoryLog, asked: &History) -> Result<LogRead, hub::ports::LogError> {
    let limit = usize::try_from(asked.limit).unwrap_or(HISTORY).min(HISTORY);
    let since = asked.since.as_ref().map(|since| since.offset);
    if asked.reverse {
        return log.read_before(&asked.channel, since, limit).await;
    }
    log.read_after(&asked.channel, since.unwrap_or(0), limit)
        .await
}

/// The body of a call with the right key.
async fn asked<T: DeserializeOwned>(request: Request<Bytes>) -> Result<T, Response> {
    let key = request.headers().get("x-api-key");
    if key.is_none_or(|key| key != API_KEY) {
        return Err(StatusCode::UNAUTHORIZED.into_response());
    }
    let body = to_bytes(request.into_body(), REQUEST_BYTES).await;
    let body = body.map_err(|_| StatusCode::PAYLOAD_TOO_LARGE.into_response())?;
    serde_json::from_slice(&body).map_err(|_| error(107, "bad request"))
}

/// As the API of the reference says no: with status 200.
fn error(code: u32, message: &str) -> Response {
    Json(json!({ "error": { "code": code, "message": message } })).into_response()
}
