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
    contracts::{
        Definitions,
        definitions::{object, refer},
        rpcs::{refusal_details, rejection_details},
    },
    execute::Refusal,
};

/// The status of every rejection.
const REJECTED: u16 = 409;

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
    problems: BTreeMap<u16, Vec<Told>>,
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

    /// No body at all is an empty object.
    #[must_use]
    pub fn takes_nothing_too(mut self) -> Self {
        if let Some(body) = &mut self.body {
            body["required"] = json!(false);
        }
        self
    }

    fn misuse(mut self, status: u16, description: &str) -> Self {
        let details = refusal_details(Refusal::InvalidArgument);
        let told = Told {
            words: description.to_owned(),
            schema: problem(status, "invalid_argument", details),
        };
        self.problems.entry(status).or_default().push(told);
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
            let problems = self.problems.entry(status(*refusal).as_u16()).or_default();
            problems.push(Told::by_code(refusal.as_str()));
        }
        self
    }

    /// A rejection, told as a problem.
    #[must_use]
    pub fn rejects(mut self, code: &str) -> Self {
        let problems = self.problems.entry(REJECTED).or_default();
        problems.push(Told::by_code(code));
        self
    }

    /// A conflict that is no command's.
    #[must_use]
    pub fn conflicts(mut self, code: &str, details: &Value) -> Self {
        let told = Told {
            words: format!("`{code}`"),
            schema: problem(REJECTED, code, details.clone()),
        };
        self.problems.entry(REJECTED).or_default().push(told);
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

/// A problem that a route may answer with.
#[derive(Debug, Clone)]
struct Told {
    words: String,
    schema: Value,
}

impl Told {
    fn by_code(code: &str) -> Self {
        Self {
            words: format!("`{code}`"),
            schema: refer(&problem_name(code)),
        }
    }
}

fn problem_name(code: &str) -> String {
    format!("problem.{code}")
}

/// Publishes the problem of every refusal and rejection.
pub fn define_problems(definitions: &mut Definitions) {
    for refusal in Refusal::ALL {
        let code = refusal.as_str();
        let problem = problem(status(refusal).as_u16(), code, refusal_details(refusal));
        definitions.publish(problem_name(code), problem);
    }
    for (code, details) in rejection_details(definitions) {
        definitions.publish(problem_name(&code), problem(REJECTED, &code, details));
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

fn problem_answer(status: u16, problems: &[Told]) -> Value {
    let schema = match problems {
        [only] => only.schema.clone(),
        several => json!({ "oneOf": several.iter().map(|one| &one.schema).collect::<Vec<_>>() }),
    };
    let words: Vec<_> = problems.iter().map(|one| one.words.as_str()).collect();
    let mut answer = json!({
        "description": words.join(", "),
        "content": { "application/problem+json": { "schema": schema } },
    });
    let seconds = json!({ "Retry-After": {
        "description": "Seconds after which to try again.", "schema": { "type": "integer" },
    } });
    let bearer = json!({ "WWW-Authenticate": { "schema": { "const": "Bearer" } } });
    match status {
        401 => answer["headers"] = bearer,
        429 | 503 => answer["headers"] = seconds,
        _ => {}
    }
    answer
}
