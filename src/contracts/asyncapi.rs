//! The `AsyncAPI` document: what goes over the socket, from the server's side. It sends snapshots
//! and publications on channels, and receives rpcs and replies to them. How frames carry these is
//! the Centrifugo client protocol's own affair.

use serde_json::{Map, Value, json};

use super::{
    Contracts, Family, Question, Rpc,
    definitions::{redirect, refer},
    families::{FAMILIES, parameter},
};

/// Where `AsyncAPI` keeps schemas.
const COMPONENTS: &str = "#/components/schemas/";

const ABOUT: &str = "Live channels and commands over one WebSocket, `/connection/websocket`, in \
    the Centrifugo client protocol: its SDKs are clients, unmodified. A subscribe reply's data is \
    a snapshot and replaces the view; publications change it. An rpc's method is the command's \
    name, its data the parameters, and its answer an outcome.";

pub fn document(contracts: &Contracts) -> Value {
    let commands = contracts.rpcs.iter().filter(|rpc| rpc.is_public());
    let calls: Vec<Call> = commands
        .map(Call::command)
        .chain(contracts.queries.iter().map(Call::query))
        .collect();
    let channels: Map<_, _> = FAMILIES
        .iter()
        .map(channel_of_family)
        .chain(calls.iter().map(Call::channel))
        .collect();
    let operations: Map<_, _> = FAMILIES
        .iter()
        .map(operation_of_family)
        .chain(calls.iter().map(Call::operation))
        .collect();
    let mut document = json!({
        "asyncapi": "3.0.0",
        "info": {
            "title": "Dispatch hub",
            "version": env!("CARGO_PKG_VERSION"),
            "description": ABOUT,
            "license": { "name": "MIT OR Apache-2.0" },
        },
        "defaultContentType": "application/json",
        "servers": { "hub": {
            "host": "{host}",
            "protocol": "ws",
            "pathname": "/connection/websocket",
            "description": "Any instance; `wss` behind TLS.",
            "variables": { "host": { "default": "127.0.0.1:8080" } },
        } },
        "channels": channels,
        "operations": operations,
        "components": { "schemas": contracts.definitions.under(COMPONENTS) },
    });
    redirect(&mut document, COMPONENTS);
    document
}

fn channel_of_family(family: &Family) -> (String, Value) {
    let parameters: Map<_, _> = family
        .parameters()
        .into_iter()
        .map(|name| {
            let description = parameter(name)["description"].clone();
            let description = description.as_str().unwrap_or("An id.").to_owned();
            (name.to_owned(), json!({ "description": description }))
        })
        .collect();
    let mut channel = json!({
        "address": family.address,
        "title": family.name,
        "description": format!("{} For: {}.", family.summary, family.readers),
        "messages": {
            "snapshot": message("The whole view, at an offset.", &family.snapshot()),
            "publication": message("A change to the view.", &family.publication()),
        },
    });
    if !parameters.is_empty() {
        channel["parameters"] = Value::Object(parameters);
    }
    (family.name.to_owned(), channel)
}

fn operation_of_family(family: &Family) -> (String, Value) {
    let name = format!("{}.follow", family.name);
    let operation = json!({
        "action": "send",
        "channel": at("channels", family.name),
        "summary": family.summary,
    });
    (name, operation)
}

/// An rpc: a command or a query.
struct Call {
    name: &'static str,
    summary: String,
    audience: String,
    parameters: Value,
    example: Value,
    reply: Value,
}

impl Call {
    fn command(rpc: &Rpc) -> Self {
        // Over the socket there is no header for the id.
        let with_id = json!({ "allOf": [rpc.parameters(), { "required": ["command_id"] }] });
        let mut example = rpc.example.clone();
        if rpc.once {
            example["command_id"] = json!("01890a5d-ac96-774b-bcce-b302099a8059");
        }
        Self {
            name: rpc.name,
            summary: rpc.summary.clone(),
            audience: rpc.audience(),
            parameters: if rpc.once { with_id } else { rpc.parameters() },
            example,
            reply: rpc.outcome(),
        }
    }

    fn query(question: &Question) -> Self {
        Self {
            name: question.name,
            summary: question.summary.clone(),
            audience: question.audience(),
            parameters: question.parameters(),
            example: question.example.clone(),
            reply: json!({ "anyOf": [question.answer(), refer("refused")] }),
        }
    }

    fn channel_name(&self) -> String {
        format!("rpc.{}", self.name)
    }

    fn channel(&self) -> (String, Value) {
        let mut call = message("The rpc's data.", &self.parameters);
        call["examples"] = json!([{ "payload": self.example }]);
        let channel = json!({
            "address": null,
            "title": self.name,
            "description": format!("The rpc `{}`.", self.name),
            "messages": {
                "call": call,
                "reply": message("What became of it.", &self.reply),
            },
        });
        (self.channel_name(), channel)
    }

    fn operation(&self) -> (String, Value) {
        let channel = self.channel_name();
        let message = |name: &str| at("channels", &format!("{channel}/messages/{name}"));
        let operation = json!({
            "action": "receive",
            "channel": at("channels", &channel),
            "summary": self.summary,
            "description": self.audience,
            "messages": [message("call")],
            "reply": { "channel": at("channels", &channel), "messages": [message("reply")] },
        });
        (self.name.to_owned(), operation)
    }
}

fn message(summary: &str, payload: &Value) -> Value {
    json!({ "summary": summary, "payload": payload })
}

fn at(section: &str, path: &str) -> Value {
    json!({ "$ref": format!("#/{section}/{path}") })
}
