//! The operations listener: is the process alive, is it ready for traffic, what does it count.
//! Never reachable on the public one.

use std::sync::Arc;

use axum::{
    Router,
    extract::State,
    response::IntoResponse,
    routing::{MethodRouter, get},
};
use http::{StatusCode, header};
use hub::Hub;
use tokio_util::sync::CancellationToken;

use crate::{store::Pools, telemetry};

/// What is looked at.
pub struct Instance {
    pub pools: Pools,
    pub hub: Hub,
    /// Cancelled when the instance is about to stop.
    pub leaving: CancellationToken,
}

fn routes() -> [(&'static str, MethodRouter<Arc<Instance>>); 3] {
    [
        ("/livez", get(|| async { "alive\n" })),
        ("/readyz", get(ready)),
        ("/metrics", get(metrics)),
    ]
}

/// Every path of this listener, none of which the public one has.
pub fn paths() -> impl Iterator<Item = &'static str> {
    routes().into_iter().map(|(path, _)| path)
}

pub fn router(instance: Arc<Instance>) -> Router {
    let router = routes()
        .into_iter()
        .fold(Router::new(), |router, (path, route)| {
            router.route(path, route)
        });
    router.with_state(instance)
}

async fn ready(State(instance): State<Arc<Instance>>) -> impl IntoResponse {
    if instance.leaving.is_cancelled() {
        return (StatusCode::SERVICE_UNAVAILABLE, "stopping\n");
    }
    match instance.pools.ping().await {
        Ok(()) => (StatusCode::OK, "ready\n"),
        Err(error) => {
            tracing::debug!(error = %error, "not ready");
            (StatusCode::SERVICE_UNAVAILABLE, "the database is away\n")
        }
    }
}

async fn metrics(State(instance): State<Arc<Instance>>) -> impl IntoResponse {
    instance.hub.measure();
    instance.pools.measure();
    telemetry::measure();
    let content_type = "text/plain; version=0.0.4; charset=utf-8";
    (
        [(header::CONTENT_TYPE, content_type)],
        telemetry::metrics().render(),
    )
}
