//! Commands over HTTP: the same function as an rpc, the outcome as a status.

use std::sync::Arc;

use axum::{
    extract::{DefaultBodyLimit, Request, State},
    response::{IntoResponse, Response},
};
use http::{HeaderMap, StatusCode};
use hub::ports::Caller;
use serde_json::{json, value::RawValue};

use super::{
    Site,
    endpoint::{Endpoint, Operation, Verb, Who},
    extract::{self, Asking, Name},
    guard::Patience,
    problem::Problem,
};
use crate::{
    contracts::{Contracts, Definitions, Rpc},
    domain::Role,
    execute::{Outcome, Refusal},
    gateway,
};

pub fn endpoints(contracts: &Contracts) -> Vec<Endpoint> {
    let rpcs = contracts.rpcs.iter().filter(|rpc| rpc.is_public());
    vec![Endpoint::standing_for(
        "/api/v1/commands/{name}",
        Verb::Post,
        run,
        rpcs.map(|rpc| operation(rpc, &contracts.definitions))
            .collect(),
    )]
}

fn operation(rpc: &Rpc, definitions: &Definitions) -> Operation {
    let key = json!({
        "name": "Idempotency-Key", "in": "header", "required": false,
        "description": "The command's id, a UUID version 7, where `command_id` is not in the body.",
        "schema": { "type": "string", "format": "uuid" },
    });
    let path = format!("/api/v1/commands/{}", rpc.name);
    let operation = Operation::new(Verb::Post, "commands", rpc.name, &rpc.summary)
        .at(&path)
        .described(rpc.audience())
        .by(Who::SignedIn)
        .takes(&rpc.parameters(), &rpc.example)
        .answers(200, "Accepted.", &rpc.accepted())
        .refuses(&[Refusal::Forbidden, Refusal::NotFound, Refusal::Draining]);
    let operation = if rpc.once {
        operation
            .parameter(key)
            .refuses(&[Refusal::IdempotencyMismatch, Refusal::CommandExpired])
    } else {
        operation
    };
    let parameters = definitions.resolve(&rpc.parameters());
    let operation = if parameters.get("required").is_none() {
        operation.takes_nothing_too()
    } else {
        operation
    };
    let codes = rpc.rejections.iter();
    codes.fold(operation, |operation, code| operation.rejects(code))
}

pub async fn run(
    State(site): State<Arc<Site>>,
    Name(name): Name,
    Asking(caller): Asking,
    mut request: Request,
) -> Result<Response, Problem> {
    if name == IMPORT && may_import(&caller) {
        DefaultBodyLimit::max(site.import_bytes).apply(&mut request);
        if let Some(patience) = request.extensions().get::<Patience>() {
            patience.ask();
        }
    }
    let id = idempotency_key(request.headers())?;
    let body = extract::body(request, &site).await?;
    let data = parameters(&body)?;
    let outcome = site
        .gateway
        .run(&caller, &name, data, id.as_deref())
        .await
        .ok_or_else(Problem::not_found)?;
    match outcome {
        Outcome::Accepted { .. } => Ok(axum::Json(outcome).into_response()),
        Outcome::Rejected { .. } | Outcome::Refused { .. } => Err(problem(outcome)),
    }
}

/// An outcome that is not acceptance, as a problem.
pub fn problem(outcome: Outcome) -> Problem {
    match outcome {
        Outcome::Accepted { .. } => unreachable!("what is accepted is no problem"),
        Outcome::Rejected {
            code,
            message,
            details,
        } => Problem::new(StatusCode::CONFLICT, &code, message).with(details),
        Outcome::Refused {
            code,
            message,
            details,
        } => Problem::new(status(code), code.as_str(), message).with(details),
    }
}

/// The one command whose parameters are whole files.
const IMPORT: &str = "admin.import";

fn may_import(caller: &Caller) -> bool {
    let actor = gateway::actor_of(&caller.identity);
    actor.is_some_and(|actor| matches!(actor.role, Role::Manager | Role::Admin))
}

/// No body at all is no parameters.
fn parameters(body: &[u8]) -> Result<Option<&RawValue>, Problem> {
    if body.is_empty() {
        return Ok(None);
    }
    serde_json::from_slice(body)
        .map(Some)
        .map_err(|_| Problem::invalid("body", "This is not JSON"))
}

fn idempotency_key(headers: &HeaderMap) -> Result<Option<String>, Problem> {
    let Some(sent) = headers.get("idempotency-key") else {
        return Ok(None);
    };
    // The draft standard has it in quotes; most clients send it bare.
    let text = sent
        .to_str()
        .map_err(|_| Problem::invalid("command_id", "The Idempotency-Key is not text"))?;
    Ok(Some(text.trim().trim_matches('"').to_owned()))
}

pub fn status(code: Refusal) -> StatusCode {
    match code {
        Refusal::Unauthenticated => StatusCode::UNAUTHORIZED,
        Refusal::Forbidden => StatusCode::FORBIDDEN,
        Refusal::NotFound => StatusCode::NOT_FOUND,
        Refusal::InvalidArgument | Refusal::IdempotencyMismatch | Refusal::CommandExpired => {
            StatusCode::BAD_REQUEST
        }
        Refusal::RateLimited => StatusCode::TOO_MANY_REQUESTS,
        Refusal::Draining | Refusal::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        Refusal::Internal => StatusCode::INTERNAL_SERVER_ERROR,
    }
}
