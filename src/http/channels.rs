//! Reading without a socket: a channel's snapshot, and what is sold where.

use std::sync::Arc;

use axum::{extract::State, response::IntoResponse};
use http::header;
use serde::Serialize;

use super::{
    Site,
    extract::{Asking, Name, stored},
    problem::Problem,
};
use crate::audience::Channel;

/// A channel's state at a position: what a subscription would begin with.
#[derive(Serialize)]
struct ChannelBody {
    data: hub::ports::Body,
    offset: u64,
    epoch: String,
}

const NO_STORE: [(header::HeaderName, &str); 1] = [(header::CACHE_CONTROL, "no-store")];

pub async fn read(
    State(site): State<Arc<Site>>,
    Name(name): Name,
    Asking(caller): Asking,
) -> Result<impl IntoResponse, Problem> {
    // Absent, misspelled and another's: one answer.
    let channel: Channel = name.parse().map_err(|_| Problem::not_found())?;
    let readable = site.gateway.may_read(&caller.identity, &channel).await;
    if !readable.map_err(|error| stored(&error))? {
        return Err(Problem::not_found());
    }
    let snapshot = site.gateway.read(&channel).await;
    let snapshot = snapshot.map_err(|error| stored(&error))?;
    let (offset, epoch) = snapshot
        .position
        .map_or((0, String::new()), |at| (at.offset, at.epoch.to_string()));
    let body = ChannelBody {
        data: snapshot.data,
        offset,
        epoch,
    };
    Ok((NO_STORE, axum::Json(body)))
}

pub async fn zones(State(site): State<Arc<Site>>) -> Result<impl IntoResponse, Problem> {
    let zones = crate::store::catalog::zones(&site.pools).await;
    let zones = zones.map_err(|error| stored(&error))?;
    Ok((NO_STORE, axum::Json(zones)))
}

pub async fn services(State(site): State<Arc<Site>>) -> Result<impl IntoResponse, Problem> {
    let services = crate::store::catalog::services(&site.pools).await;
    let services = services.map_err(|error| stored(&error))?;
    Ok((NO_STORE, axum::Json(services)))
}
