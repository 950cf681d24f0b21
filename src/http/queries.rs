//! Queries over HTTP: `GET /api/v1/queries/{name}?field=value`, the same function as an rpc.

use std::sync::Arc;

use axum::{
    extract::{Query, State},
    response::IntoResponse,
};
use http::header;
use serde_json::{Value, json};

use super::{
    Site, commands,
    endpoint::{Endpoint, Operation, Verb, Who},
    extract::{Asking, Name},
    problem::Problem,
};
use crate::{
    contracts::{Contracts, Definitions, queries::Question},
    execute::Refusal,
    gateway::input,
};

pub fn endpoints(contracts: &mut Contracts) -> Vec<Endpoint> {
    let questions = contracts.queries.iter();
    let operations = questions.map(|question| operation(question, &contracts.definitions));
    vec![Endpoint::standing_for(
        "/api/v1/queries/{name}",
        Verb::Get,
        ask,
        operations.collect(),
    )]
}

fn operation(question: &Question, definitions: &Definitions) -> Operation {
    let who = if question.anybody {
        Who::MaybeSignedIn
    } else {
        Who::SignedIn
    };
    let refusals: &[Refusal] = if question.anybody {
        &[Refusal::InvalidArgument, Refusal::NotFound]
    } else {
        &[
            Refusal::InvalidArgument,
            Refusal::NotFound,
            Refusal::Forbidden,
        ]
    };
    let operation = Operation::new(Verb::Get, "queries", question.name, &question.summary)
        .at(&format!("/api/v1/queries/{}", question.name))
        .described(question.audience())
        .by(who)
        .answers(200, "The answer.", &question.answer())
        .refuses(refusals);
    let parameters = definitions.resolve(&question.parameters());
    let required = parameters["required"].as_array().cloned();
    let required = required.unwrap_or_default();
    let fields = parameters["properties"].as_object().cloned();
    fields
        .unwrap_or_default()
        .into_iter()
        .fold(operation, |operation, (name, schema)| {
            operation.parameter(parameter(&name, &schema, &required, &question.example))
        })
}

/// One field in the query string. What is not required is left out, it is never `null`.
fn parameter(name: &str, schema: &Value, required: &[Value], example: &Value) -> Value {
    let mut schema = schema.clone();
    if let Some(kinds) = schema.get_mut("type").and_then(Value::as_array_mut) {
        kinds.retain(|kind| kind != "null");
    }
    if let Some(choices) = schema.get_mut("anyOf").and_then(Value::as_array_mut) {
        choices.retain(|choice| choice["type"] != "null");
    }
    let required = required.iter().any(|field| field == name);
    let mut parameter =
        json!({ "name": name, "in": "query", "required": required, "schema": schema });
    if let Some(example) = example.get(name) {
        parameter["example"] = example.clone();
    }
    if parameter["schema"].get("items").is_some() {
        parameter["explode"] = json!(false);
    }
    parameter
}

async fn ask(
    State(site): State<Arc<Site>>,
    Name(name): Name,
    Query(pairs): Query<Vec<(String, String)>>,
    Asking(caller): Asking,
) -> Result<impl IntoResponse, Problem> {
    let query = input::query_text(&name, pairs).ok_or_else(Problem::not_found)?;
    match site.gateway.ask(&caller, query).await {
        Ok(answer) => Ok(([(header::CACHE_CONTROL, "no-store")], axum::Json(answer))),
        Err(refused) => Err(commands::problem(refused)),
    }
}
