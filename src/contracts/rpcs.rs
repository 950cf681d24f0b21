//! Schemas of every rpc: `{name}.parameters`, `{name}.result` and `{name}.outcome`, the whole
//! envelope. Of a rejection the code says what the details are, so an outcome lists the codes that
//! this command has.

use serde_json::{Value, json};

use super::definitions::{Definitions, object, refer};
use crate::{
    audience::{
        may_run,
        presence::{
            FocusReport, LockRequest, PRESENCE_FOCUS, PRESENCE_LOCK, PRESENCE_UNLOCK,
            UnlockRequest, may_tell_presence,
        },
    },
    domain::{
        Command, Rejection, Role,
        contract::{Contract, ContractVisitor, location::LOCATION_REPORT},
        ids::CommandId,
        position::LocationReport,
    },
    execute::{ReachedPosition, Refusal},
};

/// What is told of one rpc beside its schemas.
#[derive(Debug, Clone)]
pub struct Rpc {
    pub name: &'static str,
    pub summary: String,
    /// Who may call it at all.
    pub roles: Vec<Role>,
    /// Whether it runs under an id of the client's, at most once.
    pub once: bool,
    /// The codes of the rejections it can end in.
    pub rejections: Vec<String>,
    /// Parameters as somebody might send them.
    pub example: Value,
}

impl Rpc {
    pub fn parameters(&self) -> Value {
        refer(&format!("{}.parameters", self.name))
    }

    pub fn accepted(&self) -> Value {
        refer(&format!("{}.accepted", self.name))
    }

    pub fn outcome(&self) -> Value {
        refer(&format!("{}.outcome", self.name))
    }

    /// "For: …": who may call it.
    pub fn audience(&self) -> String {
        let roles: Vec<&str> = self.roles.iter().map(|role| role.as_str()).collect();
        format!("For: {}.", roles.join(", "))
    }

    /// Whether anybody but the server itself may call it.
    pub fn is_public(&self) -> bool {
        self.roles.iter().any(|role| *role != Role::System)
    }

    /// `hold`, of `hold.place`.
    pub fn family(&self) -> &'static str {
        self.name.split('.').next().unwrap_or(self.name)
    }
}

/// Defines the schemas of all rpcs.
pub fn define(definitions: &mut Definitions) -> Vec<Rpc> {
    define_envelope(definitions);
    let mut commands = Commands {
        definitions,
        rpcs: Vec::new(),
    };
    Command::visit_contracts(&mut commands);
    commands.add::<LocationReport>(LOCATION_REPORT, vec![Role::Cleaner], false);
    let staff = Role::ALL
        .into_iter()
        .filter(|role| may_tell_presence(*role));
    let staff: Vec<Role> = staff.collect();
    commands.add::<FocusReport>(PRESENCE_FOCUS, staff.clone(), false);
    commands.add::<LockRequest>(PRESENCE_LOCK, staff.clone(), false);
    commands.add::<UnlockRequest>(PRESENCE_UNLOCK, staff, false);
    commands.rpcs
}

fn define_envelope(definitions: &mut Definitions) {
    let position = definitions.written::<ReachedPosition>();
    definitions.publish(
        "positions",
        json!({
            "description": "By channel: where those that the caller may read stand once they \
                include this command.",
            "type": "object",
            "additionalProperties": position,
        }),
    );
    for (code, rejected) in rejections(definitions) {
        definitions.publish(rejected_name(&code), rejected);
    }
    let refused: Vec<Value> = Refusal::ALL.into_iter().map(refused).collect();
    definitions.publish(
        "refused",
        json!({
            "description": "Nothing was decided and nothing is stored: the same id may be tried again.",
            "oneOf": refused,
        }),
    );
}

fn rejected_name(code: &str) -> String {
    format!("rejected.{code}")
}

/// What is told with each rejection, by its code.
pub fn rejection_details(definitions: &Definitions) -> Vec<(String, Value)> {
    let codes = definitions.published().filter_map(|name| {
        let code = name.strip_prefix("rejected.")?;
        let rejected = definitions.get(name)?;
        Some((code.to_owned(), rejected["properties"]["details"].clone()))
    });
    codes.collect()
}

/// Every way of being rejected, by code, as the envelope has it.
fn rejections(definitions: &mut Definitions) -> Vec<(String, Value)> {
    let schema = definitions.written::<Rejection>();
    let schema = definitions.resolve(&schema);
    let variants = schema["oneOf"].as_array().expect("a union by code").clone();
    variants
        .into_iter()
        .map(|variant| {
            let code = variant["properties"]["code"]["const"].as_str();
            let code = code.expect("the code is the tag").to_owned();
            let details = variant["properties"].get("details").cloned();
            let none = || json!({ "type": "object", "maxProperties": 0 });
            let details = details.unwrap_or_else(none);
            let mut rejected = object(&[
                ("outcome", json!({ "const": "rejected" })),
                ("code", json!({ "const": code })),
                ("message", json!({ "type": "string" })),
                ("details", details),
            ]);
            if let Some(description) = variant.get("description") {
                rejected["description"] = description.clone();
            }
            (code, rejected)
        })
        .collect()
}

fn refused(code: Refusal) -> Value {
    object(&[
        ("outcome", json!({ "const": "refused" })),
        ("code", json!({ "const": code.as_str() })),
        ("message", json!({ "type": "string" })),
        ("details", refusal_details(code)),
    ])
}

/// What is told with a refusal.
pub fn refusal_details(code: Refusal) -> Value {
    match code {
        Refusal::InvalidArgument => object(&[(
            "field",
            json!({ "description": "The argument at fault.", "type": "string" }),
        )]),
        Refusal::RateLimited | Refusal::Draining | Refusal::Unavailable => {
            object(&[("retry_after_ms", json!({ "type": "integer", "minimum": 0 }))])
        }
        Refusal::Internal => object(&[("trace_id", json!({ "type": "string" }))]),
        Refusal::Unauthenticated
        | Refusal::Forbidden
        | Refusal::NotFound
        | Refusal::IdempotencyMismatch
        | Refusal::CommandExpired => json!({ "type": "object", "maxProperties": 0 }),
    }
}

struct Commands<'d> {
    definitions: &'d mut Definitions,
    rpcs: Vec<Rpc>,
}

impl ContractVisitor for Commands<'_> {
    fn visit<P: Contract>(&mut self, kind: &'static str) {
        let command = Command::parse(kind, P::example());
        let command = command.and_then(Result::ok).expect("examples are commands");
        let roles = Role::ALL.into_iter();
        let roles = roles.filter(|role| may_run(*role, &command)).collect();
        self.add::<P>(kind, roles, true);
    }
}

impl Commands<'_> {
    fn add<P: Contract>(&mut self, name: &'static str, roles: Vec<Role>, once: bool) {
        let definitions = &mut *self.definitions;
        let rejections = Command::rejection_codes::<P>();
        let parameters = definitions.read::<P>();
        let mut parameters = definitions.resolve(&parameters);
        if once {
            parameters["properties"]["command_id"] = command_id(definitions);
        }
        definitions.publish(format!("{name}.parameters"), parameters);
        let result = definitions.written::<P::Answer>();
        let result = definitions.publish(format!("{name}.result"), result);
        let accepted = object(&[
            ("outcome", json!({ "const": "accepted" })),
            ("result", result),
            ("positions", refer("positions")),
        ]);
        let accepted = definitions.publish(format!("{name}.accepted"), accepted);
        definitions.publish(format!("{name}.outcome"), outcome(accepted, &rejections));
        self.rpcs.push(Rpc {
            name,
            summary: P::SUMMARY.trim().to_owned(),
            roles,
            once,
            rejections,
            example: P::example(),
        });
    }
}

/// The envelope's id, among the parameters.
fn command_id(definitions: &mut Definitions) -> Value {
    let mut id = definitions.read::<CommandId>();
    id["description"] = json!(
        "Made by the client, a UUID version 7: the command runs at most once under it. \
         Over HTTP it may come as `Idempotency-Key` instead."
    );
    id
}

fn outcome(accepted: Value, rejections: &[String]) -> Value {
    let mut outcomes = vec![accepted];
    outcomes.extend(rejections.iter().map(|code| refer(&rejected_name(code))));
    outcomes.push(refer("refused"));
    json!({ "oneOf": outcomes })
}
