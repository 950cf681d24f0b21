//! The TypeScript client's wire types are generated from the Rust types and never typed twice.
//! The file is committed, so that building the client needs no Rust; this test holds it against
//! the types, and `make wire` writes it anew (`UPDATE_WIRE=1`).

use std::{
    any::TypeId,
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

use dispatch_hub::{
    audience::{
        Body, LiveBody, Row, SlotsBody,
        presence::{FocusReport, FocusTaken, LockRequest, LockStands, UnlockRequest},
        records::{AuditPage, EventPage},
    },
    domain::{
        Answer, Command, Query, Rejection, Role,
        contract::answer::Imported,
        entity::{HoldStatus, Service, Zone},
        ids::{AccountId, CleanerId, CommandId, ShiftId, TimeOffId},
        position::LocationReport,
        template::TemplateException,
    },
    execute::{Outcome, Refusal},
    http::{installation::Installation, sessions::SessionBody},
};
use ts_rs::{Config, TS, TypeVisitor};

const HEADER: &str = "// Generated from the server's types by `make wire`. Do not edit.\n";

/// What ts-rs cannot say by itself.
const DERIVED: &str = "
/** Wire names of all commands. */
export type CommandKind = Command[\"kind\"];

/** Wire names of all queries. */
export type QueryKind = Query[\"kind\"];

/** Parameters by wire name. */
export type QueryKinds = { [Q in Query as Q[\"kind\"]]: Q[\"parameters\"] };

/** Answers by the query's wire name. */
export type QueryAnswers = { [A in Answer as A[\"kind\"]]: A[\"answer\"] };

/** Parameters by wire name. */
export type CommandKinds = { [C in Command as C[\"kind\"]]: C[\"parameters\"] };

export type RejectionCode = Rejection[\"code\"];

/** The body of any channel. */
export type AnyBody = Body | SlotsBody | LiveBody;

/** The row of one kind. */
export type RowOf<K extends Row[\"kind\"]> = Extract<Row, { kind: K }>;
";

/// Collects the declarations of types and of all that they mention, by name.
struct Declarations<'a> {
    config: &'a Config,
    seen: BTreeSet<TypeId>,
    by_name: BTreeMap<String, String>,
}

impl Declarations<'_> {
    fn add<T: TS + 'static + ?Sized>(&mut self) {
        if T::output_path().is_none() || !self.seen.insert(TypeId::of::<T>()) {
            return;
        }
        let declaration = format!(
            "{}export {}\n",
            T::docs().unwrap_or_default(),
            T::decl(self.config)
        );
        let other = self.by_name.insert(T::ident(self.config), declaration);
        assert_eq!(
            other,
            None,
            "two types are called {}",
            T::ident(self.config)
        );
        T::visit_dependencies(self);
    }
}

impl TypeVisitor for Declarations<'_> {
    fn visit<T: TS + 'static + ?Sized>(&mut self) {
        self.add::<T>();
    }
}

fn typescript() -> String {
    let config = Config::new().with_large_int("number");
    let mut declarations = Declarations {
        config: &config,
        seen: BTreeSet::new(),
        by_name: BTreeMap::new(),
    };
    declarations.add::<Row>();
    declarations.add::<Body>();
    declarations.add::<SlotsBody>();
    declarations.add::<LiveBody>();
    declarations.add::<LocationReport>();
    declarations.add::<FocusReport>();
    declarations.add::<FocusTaken>();
    declarations.add::<LockRequest>();
    declarations.add::<LockStands>();
    declarations.add::<UnlockRequest>();
    declarations.add::<Command>();
    declarations.add::<Query>();
    declarations.add::<Answer>();
    declarations.add::<Rejection>();
    declarations.add::<Outcome>();
    declarations.add::<Refusal>();
    declarations.add::<SessionBody>();
    declarations.add::<Installation>();
    declarations.add::<Imported>();
    declarations.add::<AuditPage>();
    declarations.add::<EventPage>();
    declarations.add::<Zone>();
    declarations.add::<Service>();
    declarations.add::<Role>();
    declarations.add::<HoldStatus>();
    declarations.add::<TemplateException>();
    declarations.add::<AccountId>();
    declarations.add::<CleanerId>();
    declarations.add::<CommandId>();
    declarations.add::<ShiftId>();
    declarations.add::<TimeOffId>();
    let body: Vec<_> = declarations.by_name.into_values().collect();
    format!("{HEADER}\n{}{DERIVED}", body.join("\n"))
}

#[test]
fn the_clients_wire_types_are_the_servers() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("web-client/src/wire/index.ts");
    let wanted = typescript();
    if std::env::var_os("UPDATE_WIRE").is_some() {
        std::fs::write(&file, &wanted).expect("the client's sources are writable");
    }
    let found = std::fs::read_to_string(&file).unwrap_or_default();
    assert!(
        found == wanted,
        "{} is out of date: run `make wire`",
        file.display()
    );
}
