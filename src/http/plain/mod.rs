//! Booking without JavaScript: pages drawn here, forms that do what the screens do, by the very same
//! commands and rights. For readers whose browser runs no scripts, or whose network brings none.
//!
//! A form is taken only from a page of ours: by its Origin, and by a token that is bound to a cookie no
//! other site can make the browser send. Nothing here runs in the browser.

mod actions;
mod form;
mod pages;
mod read;
mod session;
mod words;

use std::sync::Arc;

use axum::{
    Router,
    extract::{FromRequestParts, Path, Query, State},
    middleware,
    response::{IntoResponse, Response},
    routing::{get, post},
};
use http::{HeaderValue, StatusCode, header};
use maud::Markup;
use serde::Deserialize;

use super::{Site, extract, problem::Problem};
use pages::Page;
use session::Visitor;
use words::Words;

/// Where the pages are.
pub const ROOT: &str = "/plain";

const STYLE: &str = concat!(
    include_str!("../../../web-client/src/ui/tokens.css"),
    include_str!("plain.css")
);

/// The routes, limited by address as the API's are.
pub fn routes(site: &Arc<Site>) -> Router<Arc<Site>> {
    let limited = middleware::from_fn_with_state(Arc::clone(site), extract::limit_requests);
    Router::new()
        .route("/plain", get(choose))
        .route("/plain/hold", post(actions::hold))
        .route("/plain/holds/{id}", get(details))
        .route("/plain/book", post(actions::book))
        .route("/plain/release", post(actions::release))
        .route("/plain/bookings", get(bookings))
        .route("/plain/bookings/{id}", get(booking))
        .route("/plain/cancel", post(actions::cancel))
        .route("/plain/{*rest}", get(nothing))
        .layer(limited)
        .route("/plain/style.css", get(style))
}

async fn style() -> Response {
    let headers = [
        (header::CONTENT_TYPE, "text/css; charset=utf-8"),
        (header::CACHE_CONTROL, "public, max-age=3600"),
    ];
    (headers, STYLE).into_response()
}

/// What was chosen so far.
#[derive(Debug, Default, Deserialize)]
pub struct Chosen {
    #[serde(default)]
    service: String,
    #[serde(default)]
    zone: String,
    #[serde(default)]
    date: String,
}

/// What, where and when: each a list of links, the last one a form.
async fn choose(
    State(site): State<Arc<Site>>,
    visitor: Visitor,
    Query(chosen): Query<Chosen>,
) -> Response {
    let sold = match read::sold(&site).await {
        Ok(sold) => sold,
        Err(problem) => return failed(&visitor, &problem),
    };
    let body = match sold.chosen(&chosen) {
        None => pages::catalog(&visitor, &sold, &chosen),
        Some((service, zone)) => {
            let now = jiff::Timestamp::now();
            match read::fortnight(&site, service, zone, now).await {
                Ok(days) => pages::times(&visitor, service, zone, &days, &chosen, None),
                Err(problem) => return failed(&visitor, &problem),
            }
        }
    };
    let title = visitor.words().title;
    shown(&visitor, StatusCode::OK, title, &body)
}

/// With a time held: who and where exactly.
async fn details(
    State(site): State<Arc<Site>>,
    visitor: Visitor,
    Path(id): Path<String>,
) -> Response {
    let own = match read::own(&site, &visitor).await {
        Ok(own) => own,
        Err(problem) => return failed(&visitor, &problem),
    };
    let (Some(hold), Ok(sold)) = (own.hold(&id), read::sold(&site).await) else {
        let body = pages::told(&visitor, visitor.words().hold_over);
        return shown(&visitor, StatusCode::GONE, visitor.words().title, &body);
    };
    let body = pages::details(
        &visitor,
        hold,
        &sold,
        &own,
        &pages::Entered::default(),
        None,
    );
    shown(&visitor, StatusCode::OK, visitor.words().details, &body)
}

async fn bookings(State(site): State<Arc<Site>>, visitor: Visitor) -> Response {
    match (read::own(&site, &visitor).await, read::sold(&site).await) {
        (Ok(own), Ok(sold)) => {
            let body = pages::bookings(&visitor, &own, &sold);
            shown(&visitor, StatusCode::OK, visitor.words().bookings, &body)
        }
        (Err(problem), _) | (_, Err(problem)) => failed(&visitor, &problem),
    }
}

async fn booking(
    State(site): State<Arc<Site>>,
    visitor: Visitor,
    Path(id): Path<String>,
) -> Response {
    booking_page(&site, &visitor, &id, StatusCode::OK, None).await
}

/// One booking as it stands, with what went wrong when it was to be changed.
async fn booking_page(
    site: &Arc<Site>,
    visitor: &Visitor,
    id: &str,
    status: StatusCode,
    objection: Option<&str>,
) -> Response {
    match (
        read::booking(site, visitor, id).await,
        read::sold(site).await,
    ) {
        (Ok(found), Ok(sold)) => {
            let now = jiff::Timestamp::now();
            let body = pages::booking(visitor, &found, &sold, now, objection);
            shown(visitor, status, visitor.words().visit, &body)
        }
        (Err(problem), _) | (_, Err(problem)) => failed(visitor, &problem),
    }
}

async fn nothing(visitor: Visitor) -> Response {
    failed(&visitor, &Problem::not_found())
}

/// A page, with the visitor's cookies as they are to be from now on. It is theirs alone.
fn shown(visitor: &Visitor, status: StatusCode, title: &str, body: &Markup) -> Response {
    let page = Page {
        words: visitor.words(),
        title,
        signed_in: visitor.account().is_some(),
    };
    let mut response = (status, page.around(body).into_string()).into_response();
    let headers = response.headers_mut();
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("text/html; charset=utf-8"),
    );
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(
        header::VARY,
        HeaderValue::from_static("accept-language, cookie"),
    );
    visitor.keep(&mut response);
    response
}

/// A problem in words, with its status.
fn failed(visitor: &Visitor, problem: &Problem) -> Response {
    let text = visitor.words().objection(&problem.code);
    let body = pages::told(visitor, text);
    shown(visitor, problem.status, visitor.words().title, &body)
}

impl FromRequestParts<Arc<Site>> for Visitor {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(
        parts: &mut http::request::Parts,
        site: &Arc<Site>,
    ) -> Result<Self, Self::Rejection> {
        Ok(Self::of(parts, site).await)
    }
}

impl Visitor {
    fn words(&self) -> &'static Words {
        Words::of(self.language)
    }
}
