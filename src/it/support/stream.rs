//! A client that reads replies from the body of a response and sends commands by requests of their
//! own, written against the protocol's description and not against the server's code.

use std::{collections::VecDeque, time::Duration};

use reqwest::{Method, Response, StatusCode};
use serde_json::{Value, json};
use tokio::time::timeout;

use super::server::Api;

const PATIENCE: Duration = Duration::from_secs(10);

/// How replies come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Lines,
    Events,
}

/// One connection.
pub(crate) struct TestStream {
    pub(crate) response: Response,
    kind: Kind,
    read: Vec<u8>,
    session: String,
    node: String,
    last_id: u32,
    pushes: VecDeque<Value>,
}

impl TestStream {
    /// Connects and is recognised by the token; anonymous without one.
    pub(crate) async fn connect(server: &Api, kind: Kind, token: Option<&str>) -> Self {
        let connect = token.map_or_else(|| json!({}), |token| json!({"token": token}));
        let connect = json!({"id": 1, "connect": connect}).to_string();
        let request = match kind {
            Kind::Lines => server
                .request(Method::POST, "/connection/http_stream")
                .header("content-type", "application/json")
                .body(connect),
            Kind::Events => server
                .request(Method::GET, "/connection/sse")
                .query(&[("cf_connect", connect)]),
        };
        let response = request.send().await.expect("an answer");
        assert_eq!(response.status(), StatusCode::OK);
        let mut stream = Self {
            response,
            kind,
            read: Vec::new(),
            session: String::new(),
            node: String::new(),
            last_id: 1,
            pushes: VecDeque::new(),
        };
        let reply = stream.next().await.expect("an answer to connect");
        let text = |member: &str| reply["connect"][member].as_str().map(str::to_owned);
        stream.session = text("session").unwrap_or_else(|| panic!("{reply}"));
        stream.node = text("node").unwrap_or_else(|| panic!("{reply}"));
        stream
    }

    pub(crate) fn envelope(&self, message: &str) -> Value {
        json!({"session": self.session, "node": self.node, "data": message})
    }

    /// Sends a request through this instance and waits for its reply.
    pub(crate) async fn ask(&mut self, through: &Api, method: &str, request: Value) -> Value {
        self.last_id += 1;
        let id = self.last_id;
        let mut command = json!({"id": id});
        command[method] = request;
        let envelope = self.envelope(&command.to_string());
        let (status, problem) = through.post("/emulation", None, &envelope).await;
        assert_eq!(status, StatusCode::NO_CONTENT, "{problem}");
        loop {
            let reply = self.next().await.expect("the stream is open");
            if reply["id"] == id {
                return reply;
            }
            self.pushes.push_back(reply["push"].clone());
        }
    }

    /// Waits for a publication on a channel that satisfies `wanted`; others before it are passed.
    pub(crate) async fn publication(
        &mut self,
        channel: &str,
        wanted: impl Fn(&Value) -> bool,
    ) -> Value {
        loop {
            let push = match self.pushes.pop_front() {
                Some(push) => push,
                None => self.next().await.expect("the stream is open")["push"].clone(),
            };
            if push["channel"] == channel && wanted(&push["pub"]["data"]) {
                return push["pub"].clone();
            }
        }
    }

    /// Reads until the body ends, and returns the disconnect that was told last.
    pub(crate) async fn disconnected(&mut self) -> Value {
        let mut last = Value::Null;
        while let Some(reply) = self.next().await {
            last = reply;
        }
        last["push"]["disconnect"].clone()
    }

    /// The next reply that is not a ping; `None` at the body's end.
    async fn next(&mut self) -> Option<Value> {
        let (before, after): (&[u8], &[u8]) = match self.kind {
            Kind::Lines => (b"", b"\n"),
            Kind::Events => (b"data: ", b"\n\n"),
        };
        loop {
            let end = self.read.windows(after.len()).position(|end| end == after);
            if let Some(end) = end {
                let reply: Vec<u8> = self.read.drain(..end + after.len()).collect();
                let reply = reply[..end].strip_prefix(before).expect("the framing");
                let reply: Value = serde_json::from_slice(reply).expect("JSON");
                if reply != json!({}) {
                    return Some(reply);
                }
                continue;
            }
            let chunk = timeout(PATIENCE, self.response.chunk()).await;
            let chunk = chunk.expect("the server answers in time");
            self.read.extend_from_slice(&chunk.expect("a whole body")?);
        }
    }
}
