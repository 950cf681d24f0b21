//! The screens, embedded at build time with what the build has compressed of them. Hashed assets never
//! change under their name; everything else is revalidated, the service worker above all. Paths without
//! a file are the client's own routes and get its page; below `/work` that is the cleaner's app, a build
//! of its own.

use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri, header};
use rust_embed::{EmbeddedFile, RustEmbed};

use super::problem::Problem;

#[derive(RustEmbed)]
#[folder = "web-client/dist"]
struct Files;

/// The service worker of the cleaner's app.
const WORKER: &str = "work/sw.js";

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
    if let Some(response) = file(path, &headers) {
        return response;
    }
    // Something with a file's name that does not exist is missing, not a page.
    if path
        .rsplit('/')
        .next()
        .is_some_and(|name| name.contains('.'))
    {
        return Problem::not_found().into_response();
    }
    file(page_of(path), &headers).unwrap_or_else(|| {
        (
            [
                (header::CONTENT_TYPE, "text/html; charset=utf-8"),
                (header::CACHE_CONTROL, "no-store"),
            ],
            PLACEHOLDER,
        )
            .into_response()
    })
}

/// Paths that are never pages: a wrong one is an error to be seen. Operations live elsewhere.
fn is_ours(path: &str) -> bool {
    let first = path.split('/').next().unwrap_or_default();
    ["api", "connection", "livez", "readyz", "metrics"].contains(&first)
}

/// A file as small as its reader takes it.
fn file(path: &str, headers: &HeaderMap) -> Option<Response> {
    let plain = Files::get(path)?;
    let kind = plain.metadata.mimetype().to_owned();
    let compressed = Coding::ALL.into_iter().find_map(|coding| {
        let takes = coding.is_taken(headers);
        let file = takes.then(|| Files::get(&format!("{path}.{}", coding.ending())))??;
        Some((coding, file))
    });
    let (coding, file) = match compressed {
        Some((coding, file)) => (Some(coding), file),
        None => (None, plain),
    };
    let mut response = answer(path, &file, headers);
    let set = response.headers_mut();
    // The name tells what it is; the file that is sent may be another, compressed.
    if let Ok(kind) = HeaderValue::from_str(&kind) {
        set.insert(header::CONTENT_TYPE, kind);
    }
    set.insert(
        header::VARY,
        HeaderValue::from_static(header::ACCEPT_ENCODING.as_str()),
    );
    if let Some(coding) = coding {
        set.insert(
            header::CONTENT_ENCODING,
            HeaderValue::from_static(coding.name()),
        );
    }
    Some(response)
}

/// How the build compresses, the smallest first.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Coding {
    Brotli,
    Gzip,
}

impl Coding {
    const ALL: [Self; 2] = [Self::Brotli, Self::Gzip];

    fn name(self) -> &'static str {
        match self {
            Self::Brotli => "br",
            Self::Gzip => "gzip",
        }
    }

    fn ending(self) -> &'static str {
        match self {
            Self::Brotli => "br",
            Self::Gzip => "gz",
        }
    }

    /// Whether the reader names it, or everything, and does not give it the weight of nothing.
    fn is_taken(self, headers: &HeaderMap) -> bool {
        let lines = headers.get_all(header::ACCEPT_ENCODING).iter();
        let named: Vec<(&str, bool)> = lines
            .filter_map(|line| line.to_str().ok())
            .flat_map(|line| line.split(','))
            .map(|one| {
                let (name, weight) = one.split_once(';').unwrap_or((one, ""));
                let nothing = weight.trim().strip_prefix("q=").is_some_and(|weight| {
                    weight
                        .trim()
                        .parse::<f32>()
                        .is_ok_and(|weight| weight <= 0.0)
                });
                (name.trim(), !nothing)
            })
            .collect();
        let said = |asked: &str| {
            named
                .iter()
                .find(|(name, _)| name.eq_ignore_ascii_case(asked))
        };
        said(self.name())
            .or_else(|| said("*"))
            .is_some_and(|(_, taken)| *taken)
    }
}

/// The page of the part of the product that a path belongs to.
fn page_of(path: &str) -> &'static str {
    match path.split('/').next() {
        Some("work") => "work/index.html",
        Some(_) | None => "index.html",
    }
}

/// How long a file may be used without asking.
fn caching(path: &str) -> &'static str {
    if path.starts_with("assets/") || path.starts_with("work/assets/") {
        "public, max-age=31536000, immutable"
    } else {
        "no-cache"
    }
}

fn answer(path: &str, file: &EmbeddedFile, headers: &HeaderMap) -> Response {
    let tag = tag_of(file);
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
    set.insert(
        header::CACHE_CONTROL,
        HeaderValue::from_static(caching(path)),
    );
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        set.insert(header::ETAG, tag);
    }
    if path == WORKER {
        // Without it the worker's scope would end in a slash, and miss the app's own address.
        let scope = HeaderValue::from_static("/work");
        set.insert(HeaderName::from_static("service-worker-allowed"), scope);
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cleaners_app_is_a_page_of_its_own() {
        for path in ["work", "work/", "work/today"] {
            assert_eq!(page_of(path), "work/index.html", "{path}");
        }
        for path in ["", "control", "works", "bookings/work"] {
            assert_eq!(page_of(path), "index.html", "{path}");
        }
    }

    #[test]
    fn a_coding_is_taken_by_whoever_names_it() {
        for (sent, brotli, gzip) in [
            (None, false, false),
            (Some("gzip, deflate, br, zstd"), true, true),
            (Some("gzip"), false, true),
            (Some("GZIP;q=0.5, br;q=0"), false, true),
            (Some("*"), true, true),
            (Some("*, gzip;q=0"), true, false),
            (Some("identity"), false, false),
            (Some("br;q=rubbish"), true, false),
        ] {
            let mut headers = HeaderMap::new();
            if let Some(sent) = sent {
                headers.insert(header::ACCEPT_ENCODING, HeaderValue::from_static(sent));
            }
            let taken = Coding::ALL.map(|coding| coding.is_taken(&headers));
            assert_eq!(taken, [brotli, gzip], "{sent:?}");
        }
    }

    #[test]
    fn only_what_is_named_by_its_content_is_used_without_asking() {
        for path in ["assets/a-1.js", "work/assets/a-1.js"] {
            assert!(caching(path).ends_with("immutable"), "{path}");
        }
        for path in ["index.html", "work/index.html", WORKER, "work/icon.svg"] {
            assert_eq!(caching(path), "no-cache", "{path}");
        }
    }
}
