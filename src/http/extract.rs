//! What handlers take from a request: who is asking, from where, and a body of known shape.

use std::sync::Arc;

use axum::{
    body::Bytes,
    extract::{FromRequest, FromRequestParts, Path, Request, State, rejection::BytesRejection},
    middleware::Next,
    response::{IntoResponse, Response},
};
use http::{HeaderMap, StatusCode, header, request::Parts};
use hub::ports::{Caller, Identity, Via};
use serde::de::DeserializeOwned;
use uuid::Uuid;

use super::{Site, guard::Remote, problem::Problem};
use crate::{
    gateway::{self, input},
    limits::Neighbour,
    sign_in,
    store::outage::{self, Told},
};

/// A body as `T` has it; a fault names its field.
pub struct Json<T>(pub T);

impl<T: DeserializeOwned> FromRequest<Arc<Site>> for Json<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, site: &Arc<Site>) -> Result<Self, Problem> {
        let bytes = body(request, site).await?;
        input::read(&bytes)
            .map(Self)
            .map_err(|invalid| Problem::invalid(&invalid.field, invalid.reason))
    }
}

/// The body of a request that says that it is JSON, or says nothing: what a page of another origin
/// can send without being asked first is neither.
pub async fn body(request: Request, site: &Arc<Site>) -> Result<Bytes, Problem> {
    let headers = request.headers();
    if headers.contains_key(header::CONTENT_TYPE) && !says(headers, "application/json") {
        return Err(unknown_kind("Content-Type must be application/json"));
    }
    bytes(request, site).await
}

/// A body of any kind, within the limit of its route.
pub async fn bytes(request: Request, site: &Arc<Site>) -> Result<Bytes, Problem> {
    Bytes::from_request(request, site)
        .await
        .map_err(|rejection: BytesRejection| {
            if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE {
                too_large("The body is too large")
            } else {
                Problem::invalid("body", "The body could not be read")
            }
        })
}

pub fn too_large(message: &str) -> Problem {
    Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "invalid_argument", message)
        .with(serde_json::json!({ "field": "body" }))
}

pub fn unknown_kind(message: &str) -> Problem {
    let status = StatusCode::UNSUPPORTED_MEDIA_TYPE;
    Problem::new(status, "invalid_argument", message)
        .with(serde_json::json!({ "field": "content-type" }))
}

/// Whether the body says that it is of this kind.
pub fn says(headers: &HeaderMap, expected: &str) -> bool {
    headers.get(header::CONTENT_TYPE).is_some_and(|sent| {
        sent.to_str().is_ok_and(|sent| {
            let kind = sent.split(';').next().unwrap_or_default().trim();
            kind.eq_ignore_ascii_case(expected)
        })
    })
}

/// The name in a path. One that is not even text is a name of nothing.
pub struct Name(pub String);

impl<S: Send + Sync> FromRequestParts<S> for Name {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, site: &S) -> Result<Self, Problem> {
        let path = Path::<String>::from_request_parts(parts, site).await;
        path.map(|Path(name)| Self(name))
            .map_err(|_| Problem::not_found())
    }
}

/// Where a request came from.
pub struct From(pub Option<std::net::IpAddr>);

impl From {
    /// As whom it counts. Without an address, as in a test without a socket, all count as one.
    pub fn neighbour(&self) -> Neighbour {
        self.0
            .unwrap_or(std::net::IpAddr::V4(std::net::Ipv4Addr::UNSPECIFIED))
            .into()
    }
}

impl<S: Send + Sync> FromRequestParts<S> for From {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        Ok(Self(
            parts.extensions.get::<Remote>().map(|remote| remote.0),
        ))
    }
}

/// Whoever is asking: the owner of the bearer token, or nobody in particular without one. A token
/// that is not valid is an error and not nobody.
pub struct Asking(pub Caller);

impl FromRequestParts<Arc<Site>> for Asking {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, site: &Arc<Site>) -> Result<Self, Problem> {
        let identity = match bearer(&parts.headers)? {
            Some(token) => recognise(site, token).await?,
            None => gateway::anonymous(),
        };
        Ok(Self(Caller {
            identity,
            client: Uuid::new_v4().to_string().into(),
            remote: parts.extensions.get::<Remote>().map(|remote| remote.0),
            via: Via::Http,
        }))
    }
}

async fn recognise(site: &Site, token: &str) -> Result<Identity, Problem> {
    match site.sign_in.recognise(token).await {
        Ok(recognised) => Ok(gateway::identity_of(&recognised)),
        Err(refused) => Err(refusal(&refused)),
    }
}

/// The token of `Authorization: Bearer …`.
fn bearer(headers: &HeaderMap) -> Result<Option<&str>, Problem> {
    let Some(sent) = headers.get(header::AUTHORIZATION) else {
        return Ok(None);
    };
    let sent = sent.to_str().map_err(|_| Problem::unauthenticated())?;
    match sent.split_once(' ') {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => Ok(Some(token.trim())),
        _ => Err(Problem::unauthenticated()),
    }
}

/// How sign-in's refusals are told over HTTP.
pub fn refusal(refused: &sign_in::Refused) -> Problem {
    match refused {
        sign_in::Refused::WrongCredentials { .. } => Problem::new(
            StatusCode::UNAUTHORIZED,
            "unauthenticated",
            "Unknown address or wrong password",
        ),
        sign_in::Refused::InvalidToken
        | sign_in::Refused::Expired
        | sign_in::Refused::Ended
        | sign_in::Refused::Reused { .. } => Problem::unauthenticated(),
        sign_in::Refused::TooSoon(wait) => Problem::rate_limited(*wait),
        sign_in::Refused::Store(error) => stored(error),
    }
}

/// How the database's failures are told over HTTP.
pub fn stored(error: &crate::store::StoreError) -> Problem {
    match outage::tell("a request could not be answered", error) {
        Told::Passing => Problem::unavailable(),
        Told::Fault { trace_id } => Problem::internal(&trace_id),
    }
}

/// Requests to the API are limited by address.
pub async fn limit_requests(
    State(site): State<Arc<Site>>,
    from: From,
    request: Request,
    next: Next,
) -> Response {
    match site.requests.take(&from.neighbour()) {
        Ok(()) => next.run(request).await,
        Err(wait) => Problem::rate_limited(wait).into_response(),
    }
}
