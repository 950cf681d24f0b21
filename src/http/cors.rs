//! Which pages may use what: streams are for pages of other origins where these are on the list, who may
//! not is turned away, and browsers that ask beforehand get their answer. No other page changes anything.

use std::sync::Arc;

use axum::{
    extract::{Request, State},
    middleware::Next,
    response::{IntoResponse, Response},
};
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};

use super::{Site, origin, problem::Problem};

/// How long a browser may remember what it was allowed.
const REMEMBERED_SECONDS: &str = "600";

/// The layer of routes for our own pages and for programs: a page of another origin changes nothing
/// here, not even where it needs no answer. Who may open a stream may also call.
pub async fn no_strange_pages(
    State(site): State<Arc<Site>>,
    request: Request,
    next: Next,
) -> Response {
    let harmless = request.method().is_safe();
    if !harmless && !origin::is_allowed(request.headers(), request.uri(), &site.allowed_origins) {
        let message = "Pages of this origin may change nothing";
        return Problem::new(StatusCode::FORBIDDEN, "forbidden", message).into_response();
    }
    next.run(request).await
}

/// The layer of such routes.
pub async fn open_to_pages(
    State(site): State<Arc<Site>>,
    request: Request,
    next: Next,
) -> Response {
    let headers = request.headers();
    if !origin::is_allowed(headers, request.uri(), &site.allowed_origins) {
        let message = "Pages of this origin may not connect";
        let problem = Problem::new(StatusCode::FORBIDDEN, "forbidden", message);
        return varying(problem.into_response());
    }
    let origin = headers.get(header::ORIGIN).cloned();
    let beforehand = request.method() == Method::OPTIONS
        && headers.contains_key(header::ACCESS_CONTROL_REQUEST_METHOD);
    let mut response = if beforehand {
        preflight(headers)
    } else {
        next.run(request).await
    };
    if let Some(origin) = origin {
        let headers = response.headers_mut();
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
    }
    varying(response)
}

fn preflight(asked: &HeaderMap) -> Response {
    let mut response = StatusCode::NO_CONTENT.into_response();
    let headers = response.headers_mut();
    for (name, value) in [
        (header::ACCESS_CONTROL_ALLOW_METHODS, "GET, POST"),
        (header::ACCESS_CONTROL_MAX_AGE, REMEMBERED_SECONDS),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    // None of them has a meaning here that would have to be kept from a page we let in.
    if let Some(wanted) = asked.get(header::ACCESS_CONTROL_REQUEST_HEADERS) {
        headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, wanted.clone());
    }
    response
}

/// Caches keep answers apart by who asked.
fn varying(mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.append(header::VARY, HeaderValue::from_static("Origin"));
    response
}
