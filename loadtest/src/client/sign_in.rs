//! Where the instances are, and tokens: signing in as a guest and renewing what one has, by HTTP.

use std::{
    net::SocketAddr,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, bail, ensure};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::time::sleep;
use uuid::Uuid;

/// For one request.
const PATIENCE: Duration = Duration::from_secs(5);
/// For one command of the preparations, with all that it is tried again.
const PREPARATION: Duration = Duration::from_mins(1);

/// The public addresses of all instances.
pub struct Doors {
    pub instances: Vec<SocketAddr>,
    http: reqwest::Client,
}

/// What somebody shows at the door.
#[derive(Debug, Clone)]
pub struct Tokens {
    pub access: String,
    /// None: the access token lasts for the whole run.
    pub refresh: Option<String>,
    pub expires_at: Option<Instant>,
    /// An access token that lasts, for whoever reads anew at the end.
    pub spare: Option<String>,
}

/// Somebody who has signed in.
#[derive(Debug, Clone)]
pub struct SignedIn {
    pub user: Uuid,
    pub tokens: Tokens,
}

#[derive(Deserialize)]
struct Session {
    access_token: String,
    refresh_token: String,
    expires_in: u64,
    user: User,
}

#[derive(Deserialize)]
struct User {
    id: Uuid,
}

impl Tokens {
    /// A token that outlasts the run.
    pub fn lasting(access: String) -> Self {
        Self {
            access,
            refresh: None,
            expires_at: None,
            spare: None,
        }
    }

    pub fn is_stale(&self, now: Instant) -> bool {
        self.expires_at.is_some_and(|at| at <= now)
    }
}

impl Doors {
    pub fn new(instances: Vec<SocketAddr>) -> Result<Self> {
        ensure!(!instances.is_empty(), "there is no instance to connect to");
        let http = reqwest::Client::builder().timeout(PATIENCE).build()?;
        Ok(Self { instances, http })
    }

    pub fn url(&self, instance: usize, path: &str) -> String {
        format!("http://{}{path}", self.instances[instance])
    }

    /// Signs in as a new guest.
    pub async fn enter_as_guest(&self, instance: usize) -> Result<SignedIn> {
        let body = json!({ "guest": true });
        self.begin(instance, "/api/v1/sessions", &body).await
    }

    /// Exchanges a refresh token, once: the one in the answer is the next. None: not now.
    pub async fn renew(&self, instance: usize, tokens: &Tokens) -> Option<Tokens> {
        let body = json!({ "refresh_token": tokens.refresh.as_ref()? });
        let session = self
            .begin(instance, "/api/v1/sessions/refresh", &body)
            .await;
        Some(Tokens {
            spare: tokens.spare.clone(),
            ..session.ok()?.tokens
        })
    }

    async fn begin(&self, instance: usize, path: &str, body: &Value) -> Result<SignedIn> {
        let asked = Instant::now();
        let request = self.http.post(self.url(instance, path)).json(body);
        let answer = request.send().await?.error_for_status()?;
        let session: Session = answer.json().await?;
        // Four fifths, as on the connection: never shown when it may have expired.
        let life = Duration::from_millis(session.expires_in * 800);
        Ok(SignedIn {
            user: session.user.id,
            tokens: Tokens {
                access: session.access_token,
                refresh: Some(session.refresh_token),
                expires_at: Some(asked + life),
                spare: None,
            },
        })
    }

    /// Gives a command over HTTP and returns its result; for preparations, which must succeed, and
    /// are tried again where the server has too much to do.
    pub async fn command(
        &self,
        instance: usize,
        token: &str,
        kind: &str,
        parameters: &Value,
    ) -> Result<Value> {
        let path = format!("/api/v1/commands/{kind}");
        let id = Uuid::now_v7().to_string();
        let until = Instant::now() + PREPARATION;
        loop {
            let request = self
                .http
                .post(self.url(instance, &path))
                .timeout(PREPARATION)
                .bearer_auth(token)
                .header("idempotency-key", &id)
                .json(parameters);
            let mut answer: Value = request.send().await?.json().await?;
            if answer["outcome"] == "accepted" {
                return Ok(answer["result"].take());
            }
            let pause = answer["details"]["retry_after_ms"].as_u64();
            let Some(pause) = pause.filter(|_| Instant::now() < until) else {
                bail!("{kind} {parameters}: {answer}");
            };
            sleep(Duration::from_millis(pause)).await;
        }
    }

    /// A channel's snapshot as it is read over HTTP: the answer's text.
    pub async fn read(
        &self,
        instance: usize,
        token: Option<&str>,
        channel: &str,
    ) -> Result<String> {
        let path = format!("/api/v1/channels/{channel}");
        let mut request = self.http.get(self.url(instance, &path));
        if let Some(token) = token {
            request = request.bearer_auth(token);
        }
        let answer = request.send().await?.error_for_status()?;
        answer.text().await.context("a snapshot")
    }
}
