//! A whole server in the test's process, on ports of its own and a database of its own, and a
//! client that speaks HTTP to it.

use std::ops::Deref;

use dispatch_hub::{
    app,
    app::RunningApp,
    config::{Config, Layers},
};
use reqwest::{Method, RequestBuilder, StatusCode};
use serde_json::{Value, json};

use super::database::TestDb;

/// The HTTP surface of a server, wherever it runs.
pub(crate) struct Api {
    pub(crate) http: reqwest::Client,
    base: String,
}

impl Api {
    pub(crate) fn at(base: &str) -> Self {
        Self {
            http: reqwest::Client::new(),
            base: base.to_owned(),
        }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }

    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.http.request(method, self.url(path))
    }

    pub(crate) async fn get(&self, path: &str, token: Option<&str>) -> (StatusCode, Value) {
        answer(bearing(self.request(Method::GET, path), token)).await
    }

    pub(crate) async fn post(
        &self,
        path: &str,
        token: Option<&str>,
        body: &Value,
    ) -> (StatusCode, Value) {
        answer(bearing(self.request(Method::POST, path), token).json(body)).await
    }

    /// Signs in and returns the session.
    pub(crate) async fn sign_in(&self, email: &str, password: &str) -> Value {
        let body = json!({"email": email, "password": password});
        let (status, session) = self.post("/api/v1/sessions", None, &body).await;
        assert_eq!(status, StatusCode::OK, "{session}");
        session
    }

    pub(crate) async fn guest(&self) -> Value {
        let guest = json!({"guest": true});
        let (status, session) = self.post("/api/v1/sessions", None, &guest).await;
        assert_eq!(status, StatusCode::OK, "{session}");
        session
    }

    /// Runs a command over HTTP under a new id.
    pub(crate) async fn command(
        &self,
        token: &str,
        kind: &str,
        parameters: &Value,
    ) -> (StatusCode, Value) {
        let id = uuid::Uuid::now_v7().to_string();
        let path = format!("/api/v1/commands/{kind}");
        let request = bearing(self.request(Method::POST, &path), Some(token));
        answer(request.header("idempotency-key", id).json(parameters)).await
    }

    /// Runs a command that must be accepted, and returns its result.
    pub(crate) async fn accepted(&self, token: &str, kind: &str, parameters: &Value) -> Value {
        let (status, body) = self.command(token, kind, parameters).await;
        assert_eq!(status, StatusCode::OK, "{kind} {parameters}: {body}");
        assert_eq!(body["outcome"], "accepted");
        body["result"].clone()
    }
}

/// One instance in the test's process. To be stopped by [`TestServer::stop`]; dropped, it ends
/// with the test's runtime.
pub(crate) struct TestServer {
    pub(crate) app: RunningApp,
    api: Api,
}

impl Deref for TestServer {
    type Target = Api;

    fn deref(&self) -> &Api {
        &self.api
    }
}

impl TestServer {
    pub(crate) async fn start(db: &TestDb) -> Self {
        Self::with(db, &[]).await
    }

    /// With settings of the test's own, as keys and values.
    pub(crate) async fn with(db: &TestDb, settings: &[(&'static str, &str)]) -> Self {
        Self::on(&db.url, settings).await
    }

    /// On a database of the test's own.
    pub(crate) async fn on(url: &str, settings: &[(&'static str, &str)]) -> Self {
        let app = app::start(settings_for(url, settings), &|_| ())
            .await
            .expect("the server starts");
        Self {
            api: Api::at(&format!("http://{}", app.public_addr)),
            app,
        }
    }

    pub(crate) fn ops_url(&self, path: &str) -> String {
        format!("http://{}{path}", self.app.ops_addr)
    }

    pub(crate) async fn stop(self) {
        self.app.shutdown().await;
    }
}

/// Settings for an instance on this database: ports of the system's choice, short waits.
pub(crate) fn settings_for(url: &str, settings: &[(&'static str, &str)]) -> Config {
    let mut flags = vec![
        ("listen", "127.0.0.1:0".to_owned()),
        ("ops_listen", "127.0.0.1:0".to_owned()),
        ("database_url", url.to_owned()),
        // All of a test's customers are at one address.
        ("limits.holds_burst", "100000".to_owned()),
        ("shutdown.drain_ms", "100".to_owned()),
        ("shutdown.linger_ms", "50".to_owned()),
        ("hub.close_wait_ms", "500".to_owned()),
        ("database.command_connections", "8".to_owned()),
        ("database.read_connections", "6".to_owned()),
    ];
    flags.extend(
        settings
            .iter()
            .map(|(key, value)| (*key, (*value).to_owned())),
    );
    let layers = Layers {
        flags,
        ..Layers::default()
    };
    layers.load().expect("the test's settings are valid")
}

pub(crate) fn bearing(request: RequestBuilder, token: Option<&str>) -> RequestBuilder {
    match token {
        Some(token) => request.bearer_auth(token),
        None => request,
    }
}

/// Status and body; a body that is not JSON is `null`.
pub(crate) async fn answer(request: RequestBuilder) -> (StatusCode, Value) {
    let response = request.send().await.expect("an answer");
    let status = response.status();
    let text = response.text().await.expect("a body");
    (status, serde_json::from_str(&text).unwrap_or(Value::Null))
}
