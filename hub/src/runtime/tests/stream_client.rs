//! A client of a connection whose replies are the body of an HTTP response.

use std::time::Duration;

use bytes::Bytes;
use futures_util::StreamExt;
use serde_json::{Value, json};
use tokio::time::timeout;

use crate::{Framing, Hub, ReplyBody, ports::Emulated, protocol::EmulationRequest};

/// A client as the SDKs are one over HTTP: it reads one body and sends by requests of their own.
pub struct StreamClient {
    pub body: ReplyBody,
    read: Vec<u8>,
    framing: Framing,
    pub session: String,
    pub node: String,
    last_id: u64,
    pushes: Vec<Value>,
}

impl StreamClient {
    /// Not connected yet: the answer has not been read.
    pub fn open(hub: &Hub, token: &str, framing: Framing) -> Self {
        let connect = json!({ "id": 1, "connect": { "token": token } }).to_string();
        let body = hub.serve_stream(connect.into(), None, framing).unwrap();
        Self {
            body,
            read: Vec::new(),
            framing,
            session: String::new(),
            node: String::new(),
            last_id: 1,
            pushes: Vec::new(),
        }
    }

    pub async fn connect(hub: &Hub, token: &str) -> Self {
        let mut client = Self::open(hub, token, Framing::Lines);
        client.connected().await;
        client
    }

    pub async fn connected(&mut self) -> Value {
        let reply = self.message().await.expect("an answer");
        self.session = reply["connect"]["session"].as_str().unwrap().to_owned();
        self.node = reply["connect"]["node"].as_str().unwrap().to_owned();
        reply
    }

    /// The next reply of the body, whatever it is; `None` at its end.
    pub async fn next(&mut self) -> Option<Value> {
        let (before, after): (&[u8], &[u8]) = match self.framing {
            Framing::Lines => (b"", b"\n"),
            Framing::Events => (b"data: ", b"\n\n"),
            Framing::Lengths => panic!("this client reads JSON"),
        };
        loop {
            let end = self.read.windows(after.len()).position(|end| end == after);
            if let Some(end) = end {
                let reply: Vec<u8> = self.read.drain(..end + after.len()).collect();
                let reply = reply[..end].strip_prefix(before).unwrap();
                return Some(serde_json::from_slice(reply).unwrap());
            }
            let chunk = timeout(Duration::from_mins(5), self.body.next());
            match chunk.await.expect("something within five minutes") {
                Some(chunk) => self.read.extend_from_slice(&chunk.unwrap()),
                None => return None,
            }
        }
    }

    /// The next reply that is not a ping; pings are answered, not being a command.
    pub async fn message(&mut self) -> Option<Value> {
        loop {
            let reply = self.next().await?;
            if reply != json!({}) {
                return Some(reply);
            }
        }
    }

    pub fn envelope(&self, message: impl Into<Bytes>) -> EmulationRequest {
        EmulationRequest {
            session: self.session.clone(),
            node: self.node.clone(),
            data: message.into(),
        }
    }

    pub async fn send(&mut self, through: &Hub, command: &Value) -> (u64, Emulated) {
        self.last_id += 1;
        let mut command = command.clone();
        command["id"] = json!(self.last_id);
        let message = self.envelope(command.to_string());
        (self.last_id, through.emulate(message).await)
    }

    pub async fn ask(&mut self, through: &Hub, command: &Value) -> Value {
        let (id, sent) = self.send(through, command).await;
        sent.unwrap();
        loop {
            let message = self.message().await.expect("still open");
            if message["id"] == json!(id) {
                return message;
            }
            self.pushes.push(message["push"].clone());
        }
    }

    pub async fn push(&mut self) -> Value {
        if !self.pushes.is_empty() {
            return self.pushes.remove(0);
        }
        let message = self.message().await.expect("still open");
        assert!(message["push"].is_object(), "{message}");
        message["push"].clone()
    }

    /// The last push, after which the body has ended.
    pub async fn disconnected(&mut self) -> Value {
        let mut last = Value::Null;
        while let Some(message) = self.message().await {
            last = message;
        }
        assert_eq!(last["push"].get("channel"), None, "{last}");
        last["push"]["disconnect"].clone()
    }
}
