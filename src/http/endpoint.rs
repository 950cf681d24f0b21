//! A route and what is told of it, in one: there is no other way to make a route, so none is
//! missing from the OpenAPI document. A path that stands for several (`/commands/{name}`) is told
//! as each of them.

use std::{collections::BTreeMap, sync::Arc};

use axum::{
    Router,
    handler::Handler,
    routing::{MethodFilter, MethodRouter, on},
};
use serde_json::{Map, Value, json};

use super::{Site, commands::status};
use crate::{
    contracts::{definitions::object, rpcs::refusal_details},
    execute::Refusal,
};

/// How something is asked for over HTTP.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verb {
    Get,
    Post,
    Delete,
}

impl Verb {
    fn filter(self) -> MethodFilter {
        match self {
            Self::Get => MethodFilter::GET,
            Self::Post => MethodFilter::POST,
            Self::Delete => MethodFilter::DELETE,
        }
    }

    /// As OpenAPI spells it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Get => "get",
            Self::Post => "post",
            Self::Delete => "delete",
        }
    }
}

/// Who may ask.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Who {
    Anybody,
    /// The answer depends on who is signed in, if anybody is.
    MaybeSignedIn,
    SignedIn,
}

/// One route.
pub struct Endpoint {
    path: &'static str,
    route: MethodRouter<Arc<Site>>,
    pub operations: Vec<Operation>,
}

impl Endpoint {
    /// A route that is told as it is.
    pub fn new<H, T>(path: &'static str, handler: H, operation: Operation) -> Self
    where
        H: Handler<T, Arc<Site>>,
        T: 'static,
    {
        let verb = operation.verb;
        Self::standing_for(path, verb, handler, vec![operation.at(path)])
    }

    /// A route that is told as those that it stands for.
    pub fn standing_for<H, T>(
        path: &'static str,
        verb: Verb,
        handler: H,
        operations: Vec<Operation>,
    ) -> Self
    where
        H: Handler<T, Arc<Site>>,
        T: 'static,
    {
        Self {
            path,
            route: on(verb.filter(), handler),
            operations,
        }
    }
}

/// The router of these endpoints.
pub fn routes(endpoints: Vec<Endpoint>) -> Router<Arc<Site>> {
    endpoints
        .into_iter()
        .fold(Router::new(), |router, endpoint| {
            router.route(endpoint.path, endpoint.route)
        })
}

/// What is told of a route, in the words of OpenAPI.
#[derive(Debug, Clone)]
pub struct Operation {
    pub path: String,
    pub verb: Verb,
    pub tag: String,
    id: String,
    summary: String,
    description: String,
    who: Who,
    parameters: Vec<Value>,
    body: Option<Value>,
    answers: BTreeMap<u16, Value>,
    problems: BTreeMap<u16, Vec<Value>>,
}

impl Operation {
    pub fn new(verb: Verb, tag: &str, id: &str, summary: &str) -> Self {
        Self {
            path: String::new(),
            verb,
            tag: tag.to_owned(),
            id: id.to_owned(),
            summary: summary.to_owned(),
            description: String::new(),
            who: Who::Anybody,
            parameters: Vec::new(),
            body: None,
            answers: BTreeMap::new(),
            problems: BTreeMap::new(),
        }
    }

    #[must_use]
    pub fn at(mut self, path: &str) -> Self {
        path.clone_into(&mut self.path);
        self
    }

    #[must_use]
    pub fn described(mut self, description: impl Into<String>) -> Self {
        self.description = description.into();
        self
    }

    /// Who asks; a token that is not valid is a problem wherever tokens count.
    #[must_use]
    pub fn by(mut self, who: Who) -> Self {
        self.who = who;
        match who {
            Who::Anybody => self,
            Who::MaybeSignedIn | Who::SignedIn => self.refuses(&[Refusal::Unauthenticated]),
        }
    }

    #[must_use]
    pub fn in_path(self, name: &str, schema: &Value) -> Self {
        self.parameter(json!({ "name": name, "in": "path", "required": true, "schema": schema }))
    }

    #[must_use]
    pub fn in_query(self, name: &str, description: &str, schema: &Value) -> Self {
        self.parameter(json!({
            "name": name, "in": "query", "required": false, "description": description,
            "schema": schema,
        }))
    }

    #[must_use]
    pub fn parameter(mut self, parameter: Value) -> Self {
        self.parameters.push(parameter);
        self
    }

    /// A JSON body.
    #[must_use]
    pub fn takes(mut self, schema: &Value, example: &Value) -> Self {
        let content = json!({ "schema": schema, "example": example });
        self.body = Some(json!({
            "required": true, "content": { "application/json": content },
        }));
        self.refuses(&[Refusal::InvalidArgument])
            .misuse(413, "The body is larger than the server takes.")
            .misuse(415, "The body does not say that it is JSON.")
    }

    fn misuse(mut self, status: u16, description: &str) -> Self {
        let mut problem = problem(
            status,
            "invalid_argument",
            refusal_details(Refusal::InvalidArgument),
        );
        problem["description"] = json!(description);
        self.problems.entry(status).or_default().push(problem);
        self
    }

    /// An answer in JSON.
    #[must_use]
    pub fn answers(self, status: u16, description: &str, schema: &Value) -> Self {
        self.answers_as(status, description, "application/json", schema)
    }

    #[must_use]
    pub fn answers_as(
        mut self,
        status: u16,
        description: &str,
        media_type: &str,
        schema: &Value,
    ) -> Self {
        let content = json!({ media_type: { "schema": schema } });
        let answer = json!({ "description": description, "content": content });
        self.answers.insert(status, answer);
        self
    }

    /// An answer without a body.
    #[must_use]
    pub fn answers_empty(mut self, status: u16, description: &str) -> Self {
        let answer = json!({ "description": description });
        self.answers.insert(status, answer);
        self
    }

    /// Refusals, told as problems.
    #[must_use]
    pub fn refuses(mut self, refusals: &[Refusal]) -> Self {
        for refusal in refusals {
            let status = status(*refusal).as_u16();
            let details = match refusal {
                // Over HTTP the header `x-request-id` is always there.
                Refusal::Internal => json!({ "type": "object" }),
                Refusal::Unauthenticated
                | Refusal::Forbidden
                | Refusal::NotFound
                | Refusal::InvalidArgument
                | Refusal::RateLimited
                | Refusal::Draining
                | Refusal::Unavailable
                | Refusal::IdempotencyMismatch
                | Refusal::CommandExpired => refusal_details(*refusal),
            };
            let problem = problem(status, refusal.as_str(), details);
            self.problems.entry(status).or_default().push(problem);
        }
        self
    }

    /// A rejection, told as a problem.
    #[must_use]
    pub fn rejects(mut self, code: &str, details: Value) -> Self {
        let problem = problem(409, code, details);
        self.problems.entry(409).or_default().push(problem);
        self
    }

    /// As OpenAPI has it, without the path and the method.
    pub fn document(&self) -> Value {
        let mut answers: Map<String, Value> = Map::new();
        for (status, problems) in &self.problems {
            answers.insert(status.to_string(), problem_answer(*status, problems));
        }
        for (status, answer) in &self.answers {
            answers.insert(status.to_string(), answer.clone());
        }
        let mut document = json!({
            "operationId": self.id,
            "tags": [self.tag],
            "summary": self.summary,
            "responses": answers,
            "security": match self.who {
                Who::Anybody => json!([]),
                Who::MaybeSignedIn => json!([{}, { "bearer": [] }]),
                Who::SignedIn => json!([{ "bearer": [] }]),
            },
        });
        if !self.description.is_empty() {
            document["description"] = json!(self.description);
        }
        if !self.parameters.is_empty() {
            document["parameters"] = json!(self.parameters);
        }
        if let Some(body) = &self.body {
            document["requestBody"] = body.clone();
        }
        document
    }
}

fn problem(status: u16, code: &str, details: Value) -> Value {
    object(&[
        ("type", json!({ "const": "about:blank" })),
        ("title", json!({ "type": "string" })),
        ("status", json!({ "const": status })),
        ("detail", json!({ "type": "string" })),
        ("code", json!({ "const": code })),
        ("details", details),
    ])
}

fn problem_answer(status: u16, problems: &[Value]) -> Value {
    let codes: Vec<&str> = problems
        .iter()
        .filter_map(|problem| problem["properties"]["code"]["const"].as_str())
        .collect();
    let schema = match problems {
        [only] => only.clone(),
        several => json!({ "oneOf": several }),
    };
    let codes: Vec<_> = codes.iter().map(|code| format!("`{code}`")).collect();
    let mut answer = json!({
        "description": codes.join(", "),
        "content": { "application/problem+json": { "schema": schema } },
    });
    let seconds = json!({ "Retry-After": {
        "description": "Seconds after which to try again.", "schema": { "type": "integer" },
    } });
    let scheme = json!({ "WWW-Authenticate": { "schema": { "const": "Bearer" } } });
    match status {
        401 => answer["headers"] = scheme,
        429 | 503 => answer["headers"] = seconds,
        _ => {}
    }
    answer
}
