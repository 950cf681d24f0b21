//! Failures over HTTP: `application/problem+json` with the same `code` that an rpc would carry.

use std::time::Duration;

use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use serde_json::{Value, json};

use crate::limits::Full;

/// When to come again where an address has all the connections that it may have.
const FULL_WAIT: Duration = Duration::from_secs(5);

/// A request that was not granted.
#[derive(Debug, Clone)]
pub struct Problem {
    pub status: StatusCode,
    pub code: String,
    pub message: String,
    pub details: Value,
}

impl Problem {
    pub fn new(status: StatusCode, code: &str, message: impl Into<String>) -> Self {
        Self {
            status,
            code: code.to_owned(),
            message: message.into(),
            details: json!({}),
        }
    }

    #[must_use]
    pub fn with(mut self, details: Value) -> Self {
        self.details = details;
        self
    }

    pub fn invalid(field: &str, message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "invalid_argument", message)
            .with(json!({ "field": field }))
    }

    pub fn not_found() -> Self {
        Self::new(StatusCode::NOT_FOUND, "not_found", "There is no such thing")
    }

    pub fn unauthenticated() -> Self {
        let message = "Sign in first, or again";
        Self::new(StatusCode::UNAUTHORIZED, "unauthenticated", message)
    }

    pub fn unavailable() -> Self {
        let message = "Not available at the moment, try again";
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", message)
            .with(json!({ "retry_after_ms": 1000 }))
    }

    pub fn rate_limited(wait: Duration) -> Self {
        let message = "Too many requests, wait a little";
        let wait_ms = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX);
        Self::new(StatusCode::TOO_MANY_REQUESTS, "rate_limited", message)
            .with(json!({ "retry_after_ms": wait_ms.max(1) }))
    }

    /// There is no room for another live connection: another instance, or a later time, may have.
    pub fn full(full: Full) -> Self {
        match full {
            Full::Address => Self::rate_limited(FULL_WAIT),
            Full::Instance => Self::unavailable(),
        }
    }

    /// The log has more, by this id.
    pub fn internal(trace_id: &str) -> Self {
        let message = "Something went wrong on our side";
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", message)
            .with(json!({ "trace_id": trace_id }))
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let body = json!({
            "type": "about:blank",
            "title": self.status.canonical_reason().unwrap_or("Problem"),
            "status": self.status.as_u16(),
            "detail": self.message,
            "code": self.code,
            "details": self.details,
        });
        let mut response = (self.status, body.to_string()).into_response();
        let headers = response.headers_mut();
        let problem = HeaderValue::from_static("application/problem+json");
        headers.insert(header::CONTENT_TYPE, problem);
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if let Some(wait_ms) = self.details.get("retry_after_ms").and_then(Value::as_u64) {
            headers.insert(header::RETRY_AFTER, wait_ms.div_ceil(1000).into());
        }
        if self.status == StatusCode::UNAUTHORIZED {
            let bearer = HeaderValue::from_static("Bearer");
            headers.insert(header::WWW_AUTHENTICATE, bearer);
        }
        response
    }
}
