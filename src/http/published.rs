//! The contracts as other people's programs read them: schemas, the OpenAPI and `AsyncAPI`
//! documents, the reference page. Made once, from the endpoints and the types themselves.

use std::sync::LazyLock;

use axum::response::{IntoResponse, Response};
use http::header;
use serde_json::{Map, Value, json};

use super::{
    endpoint::{Endpoint, Operation, Verb},
    extract::Name,
    problem::Problem,
};
use crate::{
    contracts::{Contracts, asyncapi, definitions::redirect},
    execute::Refusal,
};

/// Where OpenAPI keeps schemas.
const COMPONENTS: &str = "#/components/schemas/";

const ABOUT: &str = "Scheduling and dispatch for a cleaning company.\n\n\
    Everything the screens do goes over these interfaces. Commands run at most once under the id \
    that the client makes (`Idempotency-Key`), also when they are sent again. Problems are \
    `application/problem+json` with a `code` that programs may rely on. Requests are limited by \
    address and commands by person: `429` says in `Retry-After` when to come back, and so does \
    `503`, when an instance stops or its database is away. Every answer has an `x-request-id`.\n\n\
    Live channels and commands over one socket are described by `/api/v1/asyncapi.json`, the \
    schemas of both by `/api/v1/schema`.";

/// Everything that is published, as it is served.
pub struct Published {
    pub contracts: Contracts,
    pub openapi: Value,
    pub asyncapi: Value,
}

pub static PUBLISHED: LazyLock<Published> = LazyLock::new(|| {
    let mut contracts = Contracts::collect();
    let endpoints = super::endpoints(&mut contracts);
    let operations: Vec<Operation> = endpoints
        .into_iter()
        .flat_map(|endpoint| endpoint.operations)
        .collect();
    Published {
        openapi: openapi(&contracts, &operations),
        asyncapi: asyncapi::document(&contracts),
        contracts,
    }
});

fn openapi(contracts: &Contracts, operations: &[Operation]) -> Value {
    let mut paths: Map<String, Value> = Map::new();
    for operation in operations {
        let path = paths.entry(&operation.path).or_insert_with(|| json!({}));
        let mut document = operation.document();
        redirect(&mut document, COMPONENTS);
        path[operation.verb.as_str()] = document;
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Dispatch hub",
            "version": env!("CARGO_PKG_VERSION"),
            "description": ABOUT,
            "license": { "name": "MIT OR Apache-2.0", "identifier": "MIT OR Apache-2.0" },
        },
        "servers": [{ "url": "/" }],
        "paths": paths,
        "components": {
            "schemas": contracts.definitions.under(COMPONENTS),
            "securitySchemes": { "bearer": {
                "type": "http", "scheme": "bearer", "bearerFormat": "JWT",
                "description": "The `access_token` of a session.",
            } },
        },
    })
}

pub fn endpoints() -> Vec<Endpoint> {
    let object = json!({ "type": "object" });
    let told = |id: &str, summary: &str| Operation::new(Verb::Get, "contracts", id, summary);
    vec![
        Endpoint::new(
            "/api/v1/openapi.json",
            openapi_document,
            told("openapi", "This description of the HTTP routes.").answers(
                200,
                "OpenAPI 3.1.",
                &object,
            ),
        ),
        Endpoint::new(
            "/api/v1/asyncapi.json",
            asyncapi_document,
            told("asyncapi", "The channels and rpcs of the socket.").answers(
                200,
                "AsyncAPI 3.0.",
                &object,
            ),
        ),
        Endpoint::new(
            "/api/v1/schema",
            index,
            told("schemas", "Names and addresses of all schemas.").answers(
                200,
                "Addresses by name.",
                &json!({ "type": "object", "additionalProperties": { "type": "string" } }),
            ),
        ),
        Endpoint::new(
            "/api/v1/schema/{name}",
            schema,
            told("schema", "One schema with all that it refers to.")
                .in_path(
                    "name",
                    &json!({ "type": "string", "examples": ["hold.place.parameters"] }),
                )
                .answers_as(
                    200,
                    "JSON Schema 2020-12.",
                    "application/schema+json",
                    &object,
                )
                .refuses(&[Refusal::NotFound]),
        ),
    ]
}

fn address(name: &str) -> String {
    format!("/api/v1/schema/{name}")
}

fn document(media_type: &'static str, document: &Value) -> Response {
    let headers = [
        (header::CONTENT_TYPE, media_type),
        (header::CACHE_CONTROL, "no-cache"),
    ];
    (headers, document.to_string()).into_response()
}

async fn openapi_document() -> Response {
    document("application/json", &PUBLISHED.openapi)
}

async fn asyncapi_document() -> Response {
    document("application/json", &PUBLISHED.asyncapi)
}

async fn index() -> Response {
    let names = PUBLISHED.contracts.definitions.published();
    let index: Map<_, _> = names
        .map(|name| (name.to_owned(), json!(address(name))))
        .collect();
    document("application/json", &Value::Object(index))
}

async fn schema(Name(name): Name) -> Result<Response, Problem> {
    let definitions = &PUBLISHED.contracts.definitions;
    let schema = definitions.document(&name, &address(&name));
    let schema = schema.ok_or_else(Problem::not_found)?;
    Ok(document("application/schema+json", &schema))
}
