//! A plain client of the server's HTTP interface, with a sign-in for each simulated person.

use std::{collections::HashMap, net::SocketAddr, time::Duration};

use axum::body::Body;
use http::{Method, Request, StatusCode, header};
use hyper_util::rt::TokioIo;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tokio::{
    net::TcpStream,
    time::{Instant, timeout},
};
use uuid::Uuid;

use super::Player;
use crate::{
    audience::Channel,
    domain::ids::AccountId,
    sign_in::password::Hasher,
    store::{
        Pools, StoreError,
        account::{PASSWORD, link_identity},
    },
};

/// For one request and its answer.
const PATIENCE: Duration = Duration::from_secs(10);
/// The largest answer that is read.
const ANSWER_BYTES: usize = 1024 * 1024;
/// Tokens are renewed this long before they expire.
const RENEW_BEFORE: Duration = Duration::from_mins(1);

/// Why something did not come about.
#[derive(Debug, thiserror::Error)]
pub enum Trouble {
    #[error("the server cannot be reached: {0}")]
    Unreachable(String),
    #[error("{status}: {code}")]
    Refused { status: StatusCode, code: String },
    #[error("an answer that cannot be read: {0}")]
    Unreadable(#[from] serde_json::Error),
    #[error(transparent)]
    Store(#[from] StoreError),
}

struct SignedIn {
    access_token: String,
    refresh_token: String,
    expires_at: Instant,
}

/// See the module.
pub struct Client {
    pools: Pools,
    server: SocketAddr,
    hasher: Hasher,
    signed_in: HashMap<AccountId, SignedIn>,
}

impl Client {
    pub fn new(pools: Pools, server: SocketAddr) -> Self {
        Self {
            pools,
            server,
            hasher: Hasher::new(1, 4),
            signed_in: HashMap::new(),
        }
    }

    /// A channel's snapshot.
    pub(super) async fn read<T: DeserializeOwned>(
        &mut self,
        reader: Option<&Player>,
        channel: &Channel,
    ) -> Result<T, Trouble> {
        let token = match reader {
            Some(player) => Some(self.token(player).await?),
            None => None,
        };
        let path = format!("/api/v1/channels/{channel}");
        let mut answer = self.ask(Method::GET, &path, token.as_deref(), None).await?;
        Ok(serde_json::from_value(answer["data"].take())?)
    }

    /// Gives a command and returns its result.
    pub(super) async fn give(
        &mut self,
        player: &Player,
        kind: &str,
        parameters: &Value,
    ) -> Result<Value, Trouble> {
        let token = self.token(player).await?;
        let path = format!("/api/v1/commands/{kind}");
        let given = self
            .ask(Method::POST, &path, Some(&token), Some(parameters))
            .await;
        if let Err(Trouble::Refused {
            status: StatusCode::UNAUTHORIZED,
            ..
        }) = &given
        {
            self.signed_in.remove(&player.id);
        }
        Ok(given?["result"].take())
    }

    async fn token(&mut self, player: &Player) -> Result<String, Trouble> {
        let id = player.id;
        let session = match self.signed_in.remove(&id) {
            Some(known) if known.expires_at > Instant::now() => known,
            Some(known) => {
                let body = json!({ "refresh_token": known.refresh_token });
                self.begin("/api/v1/sessions/refresh", &body).await?
            }
            None => self.sign_in(player).await?,
        };
        let token = session.access_token.clone();
        self.signed_in.insert(id, session);
        Ok(token)
    }

    /// Nobody else knows the password: it is made for this sign-in.
    async fn sign_in(&self, player: &Player) -> Result<SignedIn, Trouble> {
        let password = Uuid::new_v4().to_string();
        let hash = self.hasher.hash(password.clone()).await;
        let hash = hash.map_err(|busy| Trouble::Unreachable(format!("{busy:?}")))?;
        link_identity(&self.pools, player.id, PASSWORD, &player.email, Some(&hash)).await?;
        let body = json!({ "email": player.email, "password": password });
        self.begin("/api/v1/sessions", &body).await
    }

    async fn begin(&self, path: &str, body: &Value) -> Result<SignedIn, Trouble> {
        let session = self.ask(Method::POST, path, None, Some(body)).await?;
        let text = |name: &str| session[name].as_str().unwrap_or_default().to_owned();
        let life = Duration::from_secs(session["expires_in"].as_u64().unwrap_or(0));
        Ok(SignedIn {
            access_token: text("access_token"),
            refresh_token: text("refresh_token"),
            expires_at: Instant::now() + life.saturating_sub(RENEW_BEFORE),
        })
    }

    async fn ask(
        &self,
        method: Method,
        path: &str,
        token: Option<&str>,
        body: Option<&Value>,
    ) -> Result<Value, Trouble> {
        let asked = timeout(PATIENCE, self.exchange(method, path, token, body)).await;
        let (status, text) = asked.map_err(unreachable)??;
        let answer: Value = serde_json::from_slice(&text)?;
        if status.is_success() {
            return Ok(answer);
        }
        let code = answer["code"].as_str().unwrap_or_default().to_owned();
        Err(Trouble::Refused { status, code })
    }

    async fn exchange(
        &self,
        method: Method,
        path: &str,
        token: Option<&str>,
        body: Option<&Value>,
    ) -> Result<(StatusCode, axum::body::Bytes), Trouble> {
        let stream = TcpStream::connect(self.server).await.map_err(unreachable)?;
        let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream))
            .await
            .map_err(unreachable)?;
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::HOST, self.server.to_string())
            .header(header::CONNECTION, "close")
            .header(header::CONTENT_TYPE, "application/json")
            .header("idempotency-key", Uuid::now_v7().to_string());
        if let Some(token) = token {
            request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
        }
        let body = body.map_or_else(Body::empty, |body| Body::from(body.to_string()));
        let request = request.body(body).map_err(unreachable)?;
        let answering = async {
            let answer = sender.send_request(request).await.map_err(unreachable)?;
            let status = answer.status();
            let body = Body::new(answer.into_body());
            let text = axum::body::to_bytes(body, ANSWER_BYTES).await;
            Ok((status, text.map_err(unreachable)?))
        };
        tokio::pin!(answering);
        tokio::select! {
            answered = &mut answering => answered,
            // The connection may end together with the answer.
            _ = connection => answering.await,
        }
    }
}

fn unreachable(reason: impl std::fmt::Display) -> Trouble {
    Trouble::Unreachable(reason.to_string())
}
