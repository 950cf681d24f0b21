//! What every command promises to those who give it: what it does, what it answers when it is
//! accepted, and which rejections it can end in.
//!
//! A command without an entry here does not compile. The published schemas, the OpenAPI and
//! `AsyncAPI` documents and the reference page are made of these entries. That they are true is
//! watched wherever commands are decided under test: [`decide`](super::decide()) panics there on a
//! rejection that is not promised, and real answers are held against their schemas.

mod administration;
pub mod answer;
mod customers;
mod dispatch;
pub mod location;
mod people;

use schemars::JsonSchema;
use serde_json::Value;
use ts_rs::TS;

use super::{Command, Rejection};

/// What is promised of one command; implemented by its parameters.
#[diagnostic::on_unimplemented(
    message = "the command with the parameters `{Self}` has no contract",
    note = "add an entry to one of the files in src/domain/contract/"
)]
pub trait Contract: JsonSchema {
    /// The `result` of an accepted command.
    type Answer: JsonSchema + TS + 'static;

    /// What it does, in a sentence or two.
    const SUMMARY: &'static str;

    /// Names of the [`Rejection`]s that it can end in.
    const REJECTIONS: &'static [&'static str];

    /// Whether this rejection is among them.
    fn may_end_in(rejection: &Rejection) -> bool;

    /// Parameters as somebody might send them.
    fn example() -> Value;
}

/// Does something for each command; see [`Command::visit_contracts`].
pub trait ContractVisitor {
    fn visit<P: Contract>(&mut self, kind: &'static str);
}

impl Command {
    /// The wire codes of the rejections that are promised of `P`.
    pub fn rejection_codes<P: Contract>() -> Vec<String> {
        P::REJECTIONS.iter().map(|name| snake_case(name)).collect()
    }
}

/// As serde renames variants.
fn snake_case(name: &str) -> String {
    let mut snake = String::new();
    for letter in name.chars() {
        if letter.is_ascii_uppercase() && !snake.is_empty() {
            snake.push('_');
        }
        snake.push(letter.to_ascii_lowercase());
    }
    snake
}

macro_rules! contracts {
    ($(
        $(#[doc = $doc:literal])+
        $parameters:ident -> $answer:ident rejected as [$($rejection:ident)*] example $example:tt
    )*) => {$(
        impl $crate::domain::contract::Contract for $crate::domain::command::$parameters {
            type Answer = $crate::domain::contract::answer::$answer;

            const SUMMARY: &'static str = concat!($($doc),+);

            const REJECTIONS: &'static [&'static str] = &[$(stringify!($rejection)),*];

            fn may_end_in(rejection: &$crate::domain::Rejection) -> bool {
                let _ = rejection;
                false $(|| matches!(rejection, $crate::domain::Rejection::$rejection { .. }))*
            }

            fn example() -> serde_json::Value {
                serde_json::json!($example)
            }
        }
    )*};
}
use contracts;

#[cfg(test)]
mod tests {
    use super::*;

    struct Examples(Vec<(&'static str, Value)>);

    impl ContractVisitor for Examples {
        fn visit<P: Contract>(&mut self, kind: &'static str) {
            assert!(
                P::SUMMARY.starts_with(' ') && P::SUMMARY.ends_with('.'),
                "{kind}"
            );
            self.0.push((kind, P::example()));
        }
    }

    #[test]
    fn every_commands_example_is_one_of_it() {
        let mut examples = Examples(Vec::new());
        Command::visit_contracts(&mut examples);
        assert_eq!(examples.0.len(), Command::KINDS.len());
        for (kind, example) in examples.0 {
            let parsed = Command::parse(kind, example.clone()).expect("a command of ours");
            parsed.unwrap_or_else(|error| panic!("{kind} {example}: {error}"));
        }
    }

    #[test]
    fn names_of_rejections_become_their_codes() {
        let rejection = serde_json::to_value(Rejection::NotASlot).expect("plain data");
        assert_eq!(rejection["code"], snake_case("NotASlot"));
    }
}
