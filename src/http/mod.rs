//! The HTTP surface: the socket's handshake, reply streams, sign-in, commands and channels over REST, the
//! embedded screens; and the operations listener apart from it.
//!
//! It translates and bounds; what is allowed and what happens is decided by `gateway` and
//! `sign_in`. Every failure is problem+json.

mod channels;
mod client;
mod commands;
mod cors;
pub mod endpoint;
mod extract;
pub mod guard;
pub mod installation;
pub mod operations;
mod origin;
mod plain;
pub mod problem;
pub mod published;
mod queries;
mod records;
mod reference;
pub mod server;
pub mod sessions;
mod socket;
mod streams;

use std::{sync::Arc, time::Duration};

use axum::{
    Router,
    extract::DefaultBodyLimit,
    middleware,
    response::{IntoResponse, Response},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tower_http::catch_panic::CatchPanicLayer;

use crate::{
    config::{self, Limits},
    contracts::Contracts,
    execute::Refusal,
    gateway::Gateway,
    limits::{Limit, Neighbour, Places, Rate, sharing::Book},
    sign_in::SignIn,
    store::Pools,
};
use endpoint::Endpoint;
use guard::Guard;
use problem::Problem;

/// What the public routes are made of.
pub struct Parts {
    pub pools: Pools,
    pub gateway: Arc<Gateway>,
    pub sign_in: Arc<SignIn>,
    pub hub: hub::Hub,
    pub http: config::Http,
    pub limits: Limits,
    /// Whom visitors sign in as, where this is the demo.
    pub demo: Option<installation::Demo>,
    /// What instances have in common of the limits.
    pub book: Book,
    pub draining: CancellationToken,
    pub tasks: TaskTracker,
}

/// Shared by the public routes.
pub struct Site {
    pools: Pools,
    gateway: Arc<Gateway>,
    sign_in: Arc<SignIn>,
    hub: hub::Hub,
    allowed_origins: Vec<String>,
    import_bytes: usize,
    demo: Option<installation::Demo>,
    handshakes: Limit<Neighbour>,
    sign_ins: Limit<Neighbour>,
    requests: Limit<Neighbour>,
    emulated: Limit<Neighbour>,
    /// Sockets and reply streams that are open.
    places: Arc<Places>,
    draining: CancellationToken,
    tasks: TaskTracker,
}

impl Site {
    pub fn new(parts: Parts) -> Arc<Self> {
        // A minute's worth may come at once: people behind one address arrive together.
        let limit = |name, per_minute| {
            let burst = per_minute;
            Limit::shared(&parts.book, name, Rate { per_minute, burst })
        };
        let limits = &parts.limits;
        Arc::new(Self {
            handshakes: limit("handshakes", limits.handshakes_per_minute),
            sign_ins: limit("sign_ins", limits.sign_ins_per_minute),
            requests: limit("requests", limits.requests_per_minute),
            emulated: limit("emulated", limits.emulated_per_minute),
            places: Places::new(limits.connections, limits.connections_per_address),
            pools: parts.pools,
            gateway: parts.gateway,
            sign_in: parts.sign_in,
            hub: parts.hub,
            import_bytes: parts.http.import_bytes,
            demo: parts.demo,
            allowed_origins: parts.http.allowed_origins,
            draining: parts.draining,
            tasks: parts.tasks,
        })
    }

    /// Forgets what limits need no longer. To be called now and then.
    pub fn prune(&self) {
        self.handshakes.prune();
        self.sign_ins.prune();
        self.requests.prune();
        self.emulated.prune();
        self.sign_in.prune();
    }
}

/// The routes of the API, whose requests are limited by address.
fn api_endpoints(contracts: &mut Contracts) -> Vec<Endpoint> {
    endpoint::define_problems(&mut contracts.definitions);
    let mut endpoints = Vec::new();
    endpoints.extend(sessions::endpoints(contracts));
    endpoints.extend(installation::endpoints(contracts));
    endpoints.extend(commands::endpoints(contracts));
    endpoints.extend(queries::endpoints(contracts));
    endpoints.extend(channels::endpoints(contracts));
    endpoints.extend(records::endpoints(contracts));
    endpoints.extend(published::endpoints());
    endpoints.extend(reference::endpoints());
    for operation in endpoints.iter_mut().flat_map(|one| &mut one.operations) {
        let anywhere = [
            Refusal::RateLimited,
            Refusal::Unavailable,
            Refusal::Internal,
        ];
        *operation = operation.clone().refuses(&anywhere);
    }
    endpoints
}

/// Every route of the public listener; what is none of these is the client's.
pub fn endpoints(contracts: &mut Contracts) -> Vec<Endpoint> {
    let mut endpoints = api_endpoints(contracts);
    endpoints.extend(socket::endpoints());
    endpoints.extend(streams::endpoints());
    endpoints
}

/// Everything on the public listener.
pub fn router(site: Arc<Site>, bounds: &config::Http) -> Router {
    let guard = Arc::new(Guard {
        trusted_proxies: bounds.trusted_proxies.clone(),
        request_timeout: Duration::from_millis(bounds.request_timeout_ms),
        embed_origins: bounds.embed_origins.clone(),
    });
    let limited = middleware::from_fn_with_state(Arc::clone(&site), extract::limit_requests);
    let ours = middleware::from_fn_with_state(Arc::clone(&site), cors::no_strange_pages);
    let api = endpoint::routes(api_endpoints(&mut Contracts::collect()))
        .layer(ours)
        .layer(limited);
    Router::new()
        .merge(api)
        .merge(endpoint::routes(socket::endpoints()))
        .merge(streams::routes(&site, bounds.emulation_body_bytes))
        .merge(plain::routes(&site))
        .fallback(client::page)
        .method_not_allowed_fallback(method_not_allowed)
        .with_state(site)
        .layer(DefaultBodyLimit::max(bounds.body_bytes))
        .layer(CatchPanicLayer::custom(panicked))
        .layer(middleware::from_fn_with_state(guard, guard::guard))
}

async fn method_not_allowed() -> Problem {
    let message = "This is not how it is asked for";
    Problem::new(
        http::StatusCode::METHOD_NOT_ALLOWED,
        "method_not_allowed",
        message,
    )
}

#[expect(clippy::needless_pass_by_value, reason = "the layer's signature")]
fn panicked(panic: Box<dyn std::any::Any + Send>) -> Response {
    let message = panic
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| panic.downcast_ref::<&str>().copied())
        .unwrap_or("of unknown cause");
    let trace_id = uuid::Uuid::now_v7().simple().to_string();
    tracing::error!(panic = message, trace_id, "a request panicked");
    Problem::internal(&trace_id).into_response()
}
