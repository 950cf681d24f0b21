//! What a sign-in page has to know of the installation before anybody is signed in: whether there is
//! anybody to sign in as, and whom the demo offers. Only a server that was started as the demo tells
//! accounts, and only those that it prints at its start.

use std::sync::Arc;

use axum::{extract::State, response::IntoResponse};
use http::header;
use schemars::JsonSchema;
use serde::Serialize;
use ts_rs::TS;

use super::{
    Site,
    endpoint::{Endpoint, Operation, Verb},
    extract::stored,
    problem::Problem,
};
use crate::{contracts::Contracts, domain::Role, store::account};

#[derive(Debug, Clone, Serialize, TS, JsonSchema)]
pub struct Installation {
    /// Whether anybody can sign in as an admin. Where nobody can, `dispatch-hub admin create` makes one.
    pub has_admin: bool,
    /// Absent from anything but the demo.
    pub demo: Option<Demo>,
}

/// Accounts for whoever looks at the demo.
#[derive(Debug, Clone, Serialize, TS, JsonSchema)]
pub struct Demo {
    /// Of all of them.
    pub password: String,
    pub people: Vec<DemoPerson>,
}

#[derive(Debug, Clone, Serialize, TS, JsonSchema)]
pub struct DemoPerson {
    pub role: Role,
    pub name: String,
    pub email: String,
}

pub fn endpoints(contracts: &mut Contracts) -> Vec<Endpoint> {
    let body = contracts.definitions.publish_written::<Installation>();
    let told = Operation::new(
        Verb::Get,
        "sessions",
        "installation",
        "Whether there is anybody to sign in as, and whom the demo offers.",
    );
    vec![Endpoint::new(
        "/api/v1/installation",
        installation,
        told.answers(200, "How the installation stands.", &body),
    )]
}

async fn installation(State(site): State<Arc<Site>>) -> Result<impl IntoResponse, Problem> {
    let has_admin = account::has_admin(&site.pools).await;
    let body = Installation {
        has_admin: has_admin.map_err(|error| stored(&error))?,
        demo: site.demo.clone(),
    };
    Ok(([(header::CACHE_CONTROL, "no-store")], axum::Json(body)))
}
