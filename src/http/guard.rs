//! What every request passes: who is at the other end, an id, bounds, headers, the log line.

use std::{
    net::IpAddr,
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use axum::{
    extract::{MatchedPath, Request, State},
    middleware::Next,
    response::{IntoResponse, Response},
};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, Uri, header};
use tracing::Instrument;
use uuid::Uuid;

use super::{problem::Problem, server::Peer};
use crate::config::Network;

/// Who sent a request, after trusted proxies.
#[derive(Debug, Clone, Copy)]
pub struct Remote(pub IpAddr);

/// What the outermost layer needs to know.
pub struct Guard {
    pub trusted_proxies: Vec<Network>,
    pub request_timeout: Duration,
    /// Which sites may show the page for embedding in a frame, as the policy writes them.
    pub embed_origins: Vec<String>,
}

/// Longer than an import takes: its decision has 30 s, its commit 15.
const IMPORTED_WITHIN: Duration = Duration::from_mins(1);

/// Whether a request may take longer than others. Said once it is known who asks for what.
#[derive(Debug, Clone, Default)]
pub struct Patience(Arc<AtomicBool>);

impl Patience {
    pub fn ask(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    fn is_asked(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// The answer, as long as the request may take.
async fn in_time(
    usual: Duration,
    patience: Patience,
    answer: impl Future<Output = Response>,
) -> Response {
    let mut answer = pin!(answer);
    let late = |_elapsed| Problem::unavailable().into_response();
    match tokio::time::timeout(usual, &mut answer).await {
        Ok(response) => response,
        Err(_elapsed) if patience.is_asked() => tokio::time::timeout(IMPORTED_WITHIN, answer)
            .await
            .unwrap_or_else(late),
        Err(elapsed) => late(elapsed),
    }
}

/// The outermost layer.
pub async fn guard(State(guard): State<Arc<Guard>>, mut request: Request, next: Next) -> Response {
    let peer = request.extensions().get::<Peer>().map(|peer| peer.0);
    let remote = peer.map(|peer| client_address(peer, request.headers(), &guard.trusted_proxies));
    if let Some(remote) = remote {
        request.extensions_mut().insert(Remote(remote));
    }
    let id = Uuid::now_v7();
    let (method, policy) = (
        request.method().clone(),
        policy(request.headers(), request.uri(), &guard.embed_origins),
    );
    let route = request
        .extensions()
        .get::<MatchedPath>()
        .map_or("(page)", MatchedPath::as_str)
        .to_owned();
    let span = tracing::info_span!(
        "request", request.id = %id, http.method = %method, http.route = %route,
        remote.address = remote.map(tracing::field::display),
    );
    let started = std::time::Instant::now();
    let patience = Patience::default();
    request.extensions_mut().insert(patience.clone());
    let mut response = in_time(guard.request_timeout, patience, next.run(request))
        .instrument(span.clone())
        .await;
    record(&span, &route, &response, started.elapsed());
    harden(&mut response, &policy, &id);
    response
}

fn record(span: &tracing::Span, route: &str, response: &Response, elapsed: Duration) {
    let status = response.status();
    let elapsed_ms = u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX);
    span.in_scope(|| {
        // What is only not available now is counted, and told by whoever found it so.
        if status.is_server_error() && status != StatusCode::SERVICE_UNAVAILABLE {
            tracing::warn!(http.status = status.as_u16(), elapsed_ms, "request failed");
        } else {
            tracing::debug!(
                http.status = status.as_u16(),
                elapsed_ms,
                "request answered"
            );
        }
    });
    let labels = [
        ("route", route.to_owned()),
        ("status", status.as_u16().to_string()),
    ];
    metrics::histogram!("http_request_seconds", &labels).record(elapsed.as_secs_f64());
}

/// The page that other sites may show in a frame, and what lies below it.
pub const EMBED: &str = "/embed";

fn is_embedded(path: &str) -> bool {
    path.strip_prefix(EMBED)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// A page may load and call what this server gives it, and nothing else; and no other site may frame it,
/// but for one page and whom the operator has named.
fn policy(headers: &HeaderMap, uri: &Uri, embed_origins: &[String]) -> String {
    let host = host_of(headers, uri).filter(|host| {
        let allowed = |b: u8| b.is_ascii_alphanumeric() || b".-:[]".contains(&b);
        !host.is_empty() && host.bytes().all(allowed)
    });
    // Browsers of before 2022 do not count a socket to the same host as 'self'.
    let sockets = host.map_or(String::new(), |host| format!(" ws://{host} wss://{host}"));
    let ancestors = if is_embedded(uri.path()) && !embed_origins.is_empty() {
        format!("'self' {}", embed_origins.join(" "))
    } else {
        NOBODY.to_owned()
    };
    format!(
        "default-src 'self'; connect-src 'self'{sockets}; img-src 'self' data:; object-src 'none'; \
         base-uri 'none'; form-action 'self'; frame-ancestors {ancestors}"
    )
}

const NOBODY: &str = "'none'";

/// What is only ever part of a page is under the page's policy; told again with each of its files, it
/// would weigh more than many of them.
fn is_part_of_a_page(headers: &HeaderMap) -> bool {
    let cache = headers.get(header::CACHE_CONTROL);
    cache.is_some_and(|cache| cache.as_bytes().ends_with(b"immutable"))
}

fn harden(response: &mut Response, policy: &str, id: &Uuid) {
    let headers = response.headers_mut();
    headers.insert(
        header::X_CONTENT_TYPE_OPTIONS,
        HeaderValue::from_static("nosniff"),
    );
    if is_part_of_a_page(headers) {
        return;
    }
    if policy.ends_with(NOBODY) {
        headers.insert(header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
    }
    headers
        .entry(header::REFERRER_POLICY)
        .or_insert(HeaderValue::from_static("no-referrer"));
    let fixed: [(HeaderName, &'static str); 2] = [
        (
            HeaderName::from_static("cross-origin-opener-policy"),
            "same-origin",
        ),
        (
            HeaderName::from_static("permissions-policy"),
            "camera=(), microphone=(), geolocation=(self)",
        ),
    ];
    for (name, value) in fixed {
        headers.insert(name, HeaderValue::from_static(value));
    }
    if let Ok(policy) = HeaderValue::from_str(policy) {
        headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    if let Ok(id) = HeaderValue::from_str(&id.to_string()) {
        headers.insert(HeaderName::from_static("x-request-id"), id);
    }
}

/// The host that was asked for, with its port.
pub fn host_of<'a>(headers: &'a HeaderMap, uri: &'a Uri) -> Option<&'a str> {
    headers
        .get(header::HOST)
        .and_then(|host| host.to_str().ok())
        .or_else(|| uri.authority().map(http::uri::Authority::as_str))
}

/// The nearest address that is not one of our own proxies. What stands further left in
/// `X-Forwarded-For` was written by strangers.
fn client_address(peer: IpAddr, headers: &HeaderMap, proxies: &[Network]) -> IpAddr {
    let trusted = |address: IpAddr| proxies.iter().any(|network| network.contains(address));
    let mut nearest = peer;
    let forwarded: Vec<&str> = headers
        .get_all("x-forwarded-for")
        .iter()
        .filter_map(|line| line.to_str().ok())
        .flat_map(|line| line.split(','))
        .collect();
    for hop in forwarded.iter().rev() {
        if !trusted(nearest) {
            break;
        }
        let Ok(address) = hop.trim().parse::<IpAddr>() else {
            break;
        };
        nearest = address.to_canonical();
    }
    nearest
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> IpAddr {
        text.parse().expect("an address")
    }

    fn seen(peer: &str, forwarded: &[&'static str], proxies: &[&str]) -> IpAddr {
        let mut headers = HeaderMap::new();
        for line in forwarded {
            headers.append("x-forwarded-for", HeaderValue::from_static(line));
        }
        let proxies: Vec<Network> = proxies
            .iter()
            .map(|n| n.parse().expect("a network"))
            .collect();
        client_address(address(peer), &headers, &proxies)
    }

    #[test]
    fn forwarded_addresses_count_only_from_trusted_proxies() {
        for (peer, forwarded, proxies, expected) in [
            ("9.9.9.9", &["1.1.1.1"][..], &[][..], "9.9.9.9"),
            ("10.0.0.1", &["1.1.1.1"], &["10.0.0.0/8"], "1.1.1.1"),
            (
                "10.0.0.1",
                &["6.6.6.6, 1.1.1.1"],
                &["10.0.0.0/8"],
                "1.1.1.1",
            ),
            (
                "10.0.0.1",
                &["1.1.1.1, 10.0.0.2"],
                &["10.0.0.0/8"],
                "1.1.1.1",
            ),
            (
                "10.0.0.1",
                &["6.6.6.6", "1.1.1.1"],
                &["10.0.0.0/8"],
                "1.1.1.1",
            ),
            ("10.0.0.1", &["rubbish"], &["10.0.0.0/8"], "10.0.0.1"),
            ("10.0.0.1", &[], &["10.0.0.0/8"], "10.0.0.1"),
        ] {
            assert_eq!(
                seen(peer, forwarded, proxies),
                address(expected),
                "{forwarded:?}"
            );
        }
    }

    #[test]
    fn a_strange_host_does_not_get_into_the_policy() {
        let mut headers = HeaderMap::new();
        headers.insert(header::HOST, HeaderValue::from_static("x; script-src *"));
        assert!(!policy(&headers, &Uri::from_static("/"), &[]).contains("script-src"));
        headers.insert(header::HOST, HeaderValue::from_static("localhost:8080"));
        assert!(policy(&headers, &Uri::from_static("/"), &[]).contains("ws://localhost:8080"));
    }

    #[test]
    fn only_the_page_for_it_is_framed_and_only_by_whom_the_operator_names() {
        let shop = ["https://shop.example".to_owned()];
        for (path, origins, expected) in [
            ("/", &shop[..], "frame-ancestors 'none'"),
            ("/embedded", &shop, "frame-ancestors 'none'"),
            ("/plain", &shop, "frame-ancestors 'none'"),
            ("/embed", &[], "frame-ancestors 'none'"),
            (
                "/embed",
                &shop,
                "frame-ancestors 'self' https://shop.example",
            ),
            (
                "/embed/bookings/1",
                &shop,
                "frame-ancestors 'self' https://shop.example",
            ),
        ] {
            let policy = policy(&HeaderMap::new(), &Uri::from_static(path), origins);
            assert!(policy.ends_with(expected), "{path}: {policy}");
        }
    }
}
