//! Schemas of every query: `{name}.parameters` and `{name}.answer`. An rpc that is not answered is
//! `refused`, as a command is.

use serde_json::Value;

use super::definitions::{Definitions, refer};
use crate::{
    audience::may_ask,
    domain::{
        Query, Role,
        query::{Asked, QueryVisitor},
    },
};

/// What is told of one query beside its schemas.
#[derive(Debug, Clone)]
pub struct Question {
    pub name: &'static str,
    pub summary: String,
    /// Who may ask it; nobody in particular where `anybody` may.
    pub roles: Vec<Role>,
    pub anybody: bool,
    /// Parameters as somebody might send them.
    pub example: Value,
}

impl Question {
    pub fn parameters(&self) -> Value {
        refer(&format!("{}.parameters", self.name))
    }

    pub fn answer(&self) -> Value {
        refer(&format!("{}.answer", self.name))
    }

    /// "For: …": who may ask.
    pub fn audience(&self) -> String {
        if self.anybody {
            return "For: anybody.".to_owned();
        }
        let roles: Vec<&str> = self.roles.iter().map(|role| role.as_str()).collect();
        format!("For: {}.", roles.join(", "))
    }
}

/// Defines the schemas of all queries.
pub fn define(definitions: &mut Definitions) -> Vec<Question> {
    let mut visitor = Questions {
        definitions,
        told: Vec::new(),
    };
    Query::visit(&mut visitor);
    visitor.told
}

struct Questions<'d> {
    definitions: &'d mut Definitions,
    told: Vec<Question>,
}

impl QueryVisitor for Questions<'_> {
    fn visit<P: Asked>(&mut self, kind: &'static str) {
        let parameters = self.definitions.read::<P>();
        let parameters = self.definitions.resolve(&parameters);
        let answer = self.definitions.written::<P::Answer>();
        self.definitions
            .publish(format!("{kind}.parameters"), parameters);
        self.definitions.publish(format!("{kind}.answer"), answer);
        let example = P::example();
        let query = Query::parse(kind, example.clone());
        let query = query.and_then(Result::ok).expect("examples are queries");
        let roles = Role::ALL.into_iter();
        self.told.push(Question {
            name: kind,
            summary: P::SUMMARY.trim().to_owned(),
            roles: roles.filter(|role| may_ask(Some(*role), &query)).collect(),
            anybody: may_ask(None, &query),
            example,
        });
    }
}
