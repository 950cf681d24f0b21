//! Reading without a socket: a channel's snapshot, and what is sold where.

use std::sync::Arc;

use axum::{extract::State, response::IntoResponse};
use http::header;
use serde::Serialize;
use serde_json::json;

use super::{
    Site,
    endpoint::{Endpoint, Operation, Verb, Who},
    extract::{Asking, Name, stored},
    problem::Problem,
};
use crate::{
    audience::AnyChannel,
    contracts::{Contracts, Family, families},
    domain::entity::{Service, Zone},
    execute::Refusal,
};

/// A channel's state at a position: what a subscription would begin with.
#[derive(Serialize)]
struct ChannelBody {
    data: hub::ports::Body,
    offset: u64,
    epoch: String,
}

pub fn endpoints(contracts: &mut Contracts) -> Vec<Endpoint> {
    let zone = contracts.definitions.publish_written::<Zone>();
    let service = contracts.definitions.publish_written::<Service>();
    let list = |items| json!({ "type": "array", "items": items });
    let told = |id: &str, summary: &str| Operation::new(Verb::Get, "catalogue", id, summary);
    vec![
        Endpoint::standing_for(
            "/api/v1/channels/{channel}",
            Verb::Get,
            read,
            families::FAMILIES.iter().map(operation).collect(),
        ),
        Endpoint::new(
            "/api/v1/zones",
            zones,
            told("zones", "Where the company works.").answers(
                200,
                "All zones by name.",
                &list(zone),
            ),
        ),
        Endpoint::new(
            "/api/v1/services",
            services,
            told("services", "What is on sale.").answers(200, "Services by name.", &list(service)),
        ),
    ]
}

/// A channel's name is one segment of the path, its parts apart by colons.
fn operation(family: &Family) -> Operation {
    let id = format!("channels.{}", family.name);
    let operation = Operation::new(Verb::Get, "channels", &id, family.summary)
        .at(&format!("/api/v1/channels/{}", family.address))
        .described(format!(
            "What a subscription would begin with. For: {}.",
            family.readers
        ))
        .by(Who::MaybeSignedIn)
        .answers(200, "The channel's state and its position.", &family.read())
        .refuses(&[Refusal::NotFound]);
    let parameters = family.parameters().into_iter();
    parameters.fold(operation, |operation, name| {
        operation.in_path(name, &families::parameter(name))
    })
}

const NO_STORE: [(header::HeaderName, &str); 1] = [(header::CACHE_CONTROL, "no-store")];

pub async fn read(
    State(site): State<Arc<Site>>,
    Name(name): Name,
    Asking(caller): Asking,
) -> Result<impl IntoResponse, Problem> {
    // Absent, misspelled and another's: one answer.
    let channel: AnyChannel = name.parse().map_err(|_| Problem::not_found())?;
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
