//! The screens, embedded at build time. Hashed assets never change under their name; everything
//! else is revalidated. Paths without a file are the client's own routes and get its page.

use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header};
use rust_embed::{EmbeddedFile, RustEmbed};

use super::problem::Problem;

#[derive(RustEmbed)]
#[folder = "web-client/dist"]
struct Files;

/// Shown where the client was not built.
const PLACEHOLDER: &str = include_str!("placeholder.html");

/// Whatever is not a route of the API.
pub async fn page(method: Method, uri: Uri, headers: HeaderMap) -> Response {
    if method != Method::GET && method != Method::HEAD {
        return Problem::not_found().into_response();
    }
    let path = uri.path().trim_start_matches('/');
    if is_ours(path) {
        return Problem::not_found().into_response();
    }
    if let Some(file) = Files::get(path) {
        return answer(path, &file, &headers);
    }
    // Something with a file's name that does not exist is missing, not a page.
    if path
        .rsplit('/')
        .next()
        .is_some_and(|name| name.contains('.'))
    {
        return Problem::not_found().into_response();
    }
    match Files::get("index.html") {
        Some(index) => answer("index.html", &index, &headers),
        None => (
            [
                (header::CONTENT_TYPE, "text/html; charset=utf-8"),
                (header::CACHE_CONTROL, "no-store"),
            ],
            PLACEHOLDER,
        )
            .into_response(),
    }
}

/// Paths that are never pages: a wrong one is an error to be seen. Operations live elsewhere.
fn is_ours(path: &str) -> bool {
    let first = path.split('/').next().unwrap_or_default();
    ["api", "connection", "livez", "readyz", "metrics"].contains(&first)
}

fn answer(path: &str, file: &EmbeddedFile, headers: &HeaderMap) -> Response {
    let tag = tag_of(file);
    let cache = if path.starts_with("assets/") {
        "public, max-age=31536000, immutable"
    } else {
        "no-cache"
    };
    let known = headers
        .get(header::IF_NONE_MATCH)
        .and_then(|sent| sent.to_str().ok())
        .is_some_and(|sent| sent.split(',').any(|one| one.trim() == tag));
    let mut response = if known {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        file.data.clone().into_owned().into_response()
    };
    let set = response.headers_mut();
    if let Ok(kind) = HeaderValue::from_str(file.metadata.mimetype()) {
        set.insert(header::CONTENT_TYPE, kind);
    }
    set.insert(header::CACHE_CONTROL, HeaderValue::from_static(cache));
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        set.insert(header::ETAG, tag);
    }
    response
}

fn tag_of(file: &EmbeddedFile) -> String {
    use std::fmt::Write as _;
    let hash = file.metadata.sha256_hash();
    hash[..12].iter().fold(String::from("\""), |mut tag, byte| {
        let _ = write!(tag, "{byte:02x}");
        tag
    }) + "\""
}
