//! A client of the socket's protocol, JSON encoding, written against the protocol's description
//! and not against the server's code.

use std::{collections::VecDeque, time::Duration};

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::{net::TcpStream, time::timeout};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async, tungstenite::Message};

use super::server::Api;

const PATIENCE: Duration = Duration::from_secs(10);

/// One connection.
pub(crate) struct TestSocket {
    stream: WebSocketStream<MaybeTlsStream<TcpStream>>,
    last_id: u32,
    replies: Vec<Value>,
    pushes: VecDeque<Value>,
}

impl TestSocket {
    /// Connects and is recognised by the token; anonymous without one.
    pub(crate) async fn connect(server: &Api, token: Option<&str>) -> Self {
        let mut socket = Self::open(&server.url("/connection/websocket")).await;
        let request = token.map_or_else(|| json!({}), |token| json!({"token": token}));
        let reply = socket.ask("connect", request).await;
        assert!(reply["connect"]["client"].is_string(), "{reply}");
        socket
    }

    /// `None` where nobody lets it in, or not now.
    pub(crate) async fn try_connect(server: &Api, token: &str) -> Option<Self> {
        let mut socket = Self::try_open(&server.url("/connection/websocket")).await?;
        let reply = socket.try_ask("connect", json!({ "token": token })).await?;
        if reply["error"]["temporary"] == true {
            return None;
        }
        assert!(reply["connect"]["client"].is_string(), "{reply}");
        Some(socket)
    }

    pub(crate) async fn open(url: &str) -> Self {
        Self::try_open(url).await.expect("a handshake")
    }

    async fn try_open(url: &str) -> Option<Self> {
        let url = url.replacen("http", "ws", 1);
        let (stream, _) = connect_async(url).await.ok()?;
        Some(Self {
            stream,
            last_id: 0,
            replies: Vec::new(),
            pushes: VecDeque::new(),
        })
    }

    /// Sends a request and waits for its reply.
    pub(crate) async fn ask(&mut self, method: &str, request: Value) -> Value {
        let id = self.send(method, request).await;
        self.reply(id).await
    }

    /// Sends a request and does not wait.
    pub(crate) async fn send(&mut self, method: &str, request: Value) -> u32 {
        self.last_id += 1;
        let mut command = json!({"id": self.last_id});
        command[method] = request;
        let frame = Message::text(command.to_string());
        self.stream.send(frame).await.expect("sent");
        self.last_id
    }

    pub(crate) async fn reply(&mut self, id: u32) -> Value {
        let reply = self.reply_if_open(id).await;
        reply.expect("the connection is open")
    }

    /// `None`: the connection ended first.
    pub(crate) async fn try_ask(&mut self, method: &str, request: Value) -> Option<Value> {
        self.last_id += 1;
        let mut command = json!({"id": self.last_id});
        command[method] = request;
        let frame = Message::text(command.to_string());
        self.stream.send(frame).await.ok()?;
        self.reply_if_open(self.last_id).await
    }

    /// `None`: the connection ended first.
    async fn reply_if_open(&mut self, id: u32) -> Option<Value> {
        loop {
            if let Some(at) = self.replies.iter().position(|reply| reply["id"] == id) {
                return Some(self.replies.swap_remove(at));
            }
            self.read().await.ok()?;
        }
    }

    /// Runs a command under an id of the caller's; `None` where the connection ended before the
    /// outcome came.
    pub(crate) async fn try_command(&mut self, kind: &str, data: &Value) -> Option<Value> {
        let call = json!({"method": kind, "data": data});
        let reply = self.try_ask("rpc", call).await?;
        Some(reply["rpc"]["data"].clone())
    }

    /// Pushes that have come so far and were not asked for yet.
    pub(crate) fn waiting_pushes(&mut self) -> Vec<Value> {
        self.pushes.drain(..).collect()
    }

    /// Subscribes and returns the result, which has the snapshot.
    pub(crate) async fn subscribe(&mut self, channel: &str) -> Value {
        let reply = self.ask("subscribe", json!({"channel": channel})).await;
        assert!(reply.get("error").is_none(), "{channel}: {reply}");
        reply["subscribe"].clone()
    }

    /// Runs a command under a new id and returns its outcome.
    pub(crate) async fn command(&mut self, kind: &str, parameters: &Value) -> Value {
        let mut data = parameters.clone();
        data["command_id"] = json!(uuid::Uuid::now_v7());
        let reply = self.ask("rpc", json!({"method": kind, "data": data})).await;
        assert!(reply.get("error").is_none(), "{kind}: {reply}");
        reply["rpc"]["data"].clone()
    }

    /// Runs a command that must be accepted, and returns its result.
    pub(crate) async fn accepted(&mut self, kind: &str, parameters: &Value) -> Value {
        let outcome = self.command(kind, parameters).await;
        assert_eq!(
            outcome["outcome"], "accepted",
            "{kind} {parameters}: {outcome}"
        );
        outcome["result"].clone()
    }

    /// The next push of any kind.
    pub(crate) async fn push(&mut self) -> Value {
        let push = self.try_push().await;
        push.expect("the connection is open")
    }

    /// `None`: the connection ended first.
    pub(crate) async fn try_push(&mut self) -> Option<Value> {
        while self.pushes.is_empty() {
            self.read().await.ok()?;
        }
        self.pushes.pop_front()
    }

    /// Waits for a publication on a channel that satisfies `wanted`; others before it are passed.
    pub(crate) async fn publication(
        &mut self,
        channel: &str,
        wanted: impl Fn(&Value) -> bool,
    ) -> Value {
        loop {
            let push = self.push().await;
            let publication = &push["pub"];
            if push["channel"] == channel && wanted(&publication["data"]) {
                return publication.clone();
            }
        }
    }

    /// Reads until the server closes, and returns the code of its close frame.
    pub(crate) async fn closed(&mut self) -> Option<u16> {
        loop {
            match self.read().await {
                Ok(()) => {}
                Err(code) => return code,
            }
        }
    }

    pub(crate) async fn close(mut self) {
        // The server may have closed before.
        let _ = self.stream.close(None).await;
    }

    /// Takes in one frame. An error is the end, with the close frame's code.
    async fn read(&mut self) -> Result<(), Option<u16>> {
        let frame = timeout(PATIENCE, self.stream.next());
        let frame = frame.await.expect("the server answers in time");
        match frame {
            Some(Ok(Message::Text(text))) => {
                for line in text.as_str().lines() {
                    self.take(serde_json::from_str(line).expect("JSON")).await;
                }
                Ok(())
            }
            Some(Ok(Message::Close(close))) => Err(close.map(|close| close.code.into())),
            Some(Ok(_)) => Ok(()),
            Some(Err(_)) | None => Err(None),
        }
    }

    async fn take(&mut self, reply: Value) {
        if reply == json!({}) {
            // The server may have closed meanwhile, which the next read will tell.
            let _ = self.stream.send(Message::text("{}")).await;
        } else if let Some(push) = reply.get("push") {
            self.pushes.push_back(push.clone());
        } else {
            self.replies.push(reply);
        }
    }
}
