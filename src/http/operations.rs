//! The operations listener: is the process alive, is it ready for traffic, what does it count.
//! Never reachable on the public one.

use std::sync::Arc;

use axum::{Router, extract::State, response::IntoResponse, routing::get};
use http::{StatusCode, header};
use tokio_util::sync::CancellationToken;

use crate::{store::Pools, telemetry};

/// What readiness depends on.
pub struct Readiness {
    pub pools: Pools,
    /// Cancelled when the instance is about to stop.
    pub leaving: CancellationToken,
}

pub fn router(readiness: Arc<Readiness>) -> Router {
    Router::new()
        .route("/livez", get(|| async { "alive\n" }))
        .route("/readyz", get(ready))
        .route("/metrics", get(metrics))
        .with_state(readiness)
}

async fn ready(State(readiness): State<Arc<Readiness>>) -> impl IntoResponse {
    if readiness.leaving.is_cancelled() {
        return (StatusCode::SERVICE_UNAVAILABLE, "stopping\n");
    }
    match readiness.pools.ping().await {
        Ok(()) => (StatusCode::OK, "ready\n"),
        Err(error) => {
            tracing::debug!(error = %error, "not ready");
            (StatusCode::SERVICE_UNAVAILABLE, "the database is away\n")
        }
    }
}

async fn metrics() -> impl IntoResponse {
    let content_type = "text/plain; version=0.0.4; charset=utf-8";
    (
        [(header::CONTENT_TYPE, content_type)],
        telemetry::metrics().render(),
    )
}
