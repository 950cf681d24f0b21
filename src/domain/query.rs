//! Everything that can be asked without changing anything. A query has no id of its own and leaves
//! no receipt: it may be asked again at will. Its answer is of the moment it was read at.

use jiff::{Timestamp, civil::Date};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use ts_rs::TS;

use super::{
    Rejection,
    context::Role,
    fate::Fate,
    history::History,
    ids::{
        AccountId, CleanerId, JobId, ServiceSlug, ShiftId, SkillSlug, TemplateId, TimeOffId,
        ZoneSlug,
    },
    list::{Catalogue, CleanerPage, ShiftPage, TemplatePage, TimeOffPage, UserPage},
    rejection::Alternative,
    search::{Found, SearchKind},
};

/// What is promised of one query; implemented by its parameters.
pub trait Asked: JsonSchema {
    type Answer: JsonSchema + TS + 'static;

    /// What it tells, in a sentence or two.
    const SUMMARY: &'static str;

    /// Parameters as somebody might send them.
    fn example() -> Value;
}

/// Does something for each query; see [`Query::visit`].
pub trait QueryVisitor {
    fn visit<P: Asked>(&mut self, kind: &'static str);
}

macro_rules! queries {
    ($(
        $(#[doc = $doc:literal])+
        $wire:literal $variant:ident $parameters:ident { $($(#[$meta:meta])* $field:ident : $type:ty),* $(,)? }
        -> $answer:ident example $example:tt
    )*) => {
        $(
            $(#[doc = $doc])+
            #[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS, JsonSchema)]
            #[serde(deny_unknown_fields)]
            #[ts(optional_fields)]
            pub struct $parameters { $($(#[$meta])* pub $field: $type,)* }

            impl Asked for $parameters {
                type Answer = $answer;

                const SUMMARY: &'static str = concat!($($doc),+);

                fn example() -> Value {
                    serde_json::json!($example)
                }
            }
        )*

        /// One query with its parameters.
        #[derive(Debug, Clone, PartialEq, TS)]
        #[ts(tag = "kind", content = "parameters")]
        pub enum Query { $(#[ts(rename = $wire)] $variant($parameters),)* }

        /// What a query is answered with.
        #[derive(Debug, Clone, PartialEq, TS)]
        #[ts(tag = "kind", content = "answer")]
        pub enum Answer { $(#[ts(rename = $wire)] $variant($answer),)* }

        impl Query {
            /// Wire names of all queries.
            pub const KINDS: &'static [&'static str] = &[$($wire),*];

            /// The wire name.
            pub fn kind(&self) -> &'static str {
                match self { $(Self::$variant(_) => $wire,)* }
            }

            /// Reads the parameters of the query called `kind`; `None` where there is no such query.
            pub fn parse(kind: &str, parameters: Value) -> Option<Result<Self, serde_json::Error>> {
                match kind {
                    $($wire => Some(serde_json::from_value(parameters).map(Self::$variant)),)*
                    _ => None,
                }
            }

            /// Shows what is promised of every query, in the order of [`Self::KINDS`].
            pub fn visit(visitor: &mut impl QueryVisitor) {
                $(visitor.visit::<$parameters>($wire);)*
            }
        }

        impl Answer {
            /// As it is told.
            pub fn value(&self) -> Value {
                match self { $(Self::$variant(answer) => serde_json::to_value(answer),)* }
                    .expect("answers are plain data")
            }
        }
    };
}

queries! {
    /// What time it is here, so that screens count down by this clock.
    "clock.now" Clock ClockNow {} -> Now
    example {}

    /// Where a job can be moved: per cleaner of its zone the starts of its date, or the one named, that
    /// `job.move` would accept, and why not the one asked about.
    "job.targets" JobTargets TargetsOf {
        job: JobId,
        /// Only this start; where it is absent all of the job's date, every quarter of an hour, and the
        /// one it has is asked about.
        #[ts(as = "Option<String>")] start: Option<Timestamp>,
    } -> Targets
    example { "job": "01890a5d-ac96-774b-bcce-b302099a8057", "start": "2026-11-20T09:00:00Z" }

    /// What was done to a job, its booking and its alerts, by whom and when: the newest first.
    "job.history" JobHistory HistoryOf { job: JobId } -> History
    example { "job": "01890a5d-ac96-774b-bcce-b302099a8057" }

    /// What became of a job that was one's own and is not any more: who has it now, by first name, and
    /// since when.
    "job.fate" JobFate FateOf { job: JobId } -> Fate
    example { "job": "01890a5d-ac96-774b-bcce-b302099a8057" }

    /// The bookable starts nearest to one, that one included, within two days of it.
    "slots.nearest" NearestSlots SlotsNearest {
        zone: ZoneSlug, service: ServiceSlug, #[ts(type = "string")] start: Timestamp,
        /// How many at most; three when absent.
        limit: Option<u8>,
    } -> Nearest
    example { "zone": "center", "service": "standard", "start": "2026-11-20T09:00:00Z", "limit": 5 }

    /// Bookings, customers and properties by whatever is known of them: parts of names and addresses,
    /// digits of a phone, a job's number, an id. Spelling and script matter little.
    "search" Search SearchAsked {
        text: String,
        /// All kinds when absent; in an address apart by commas.
        kinds: Option<Vec<SearchKind>>,
        zone: Option<ZoneSlug>,
        /// How many at most; twenty when absent.
        limit: Option<u8>,
    } -> Found
    example { "text": "schmidt", "kinds": ["customer", "booking"], "limit": 10 }

    /// All zones, all services with those not on sale, and all skills.
    "catalogue.read" ReadCatalogue CatalogueRead {} -> Catalogue
    example {}

    /// Accounts by name, a page at a time.
    "users.list" ListUsers UsersList {
        /// This one alone.
        account: Option<AccountId>,
        /// Part of a name or of an address.
        text: Option<String>,
        /// All roles when absent; in an address apart by commas.
        roles: Option<Vec<Role>>,
        disabled: Option<bool>,
        /// The `next` of the page before.
        after: Option<AccountId>,
        /// How many at most; fifty when absent.
        limit: Option<u8>,
    } -> UserPage
    example { "roles": ["dispatcher", "manager"], "disabled": false, "limit": 20 }

    /// Cleaners by name, a page at a time.
    "cleaners.list" ListCleaners CleanersList {
        /// Part of a name.
        text: Option<String>,
        zone: Option<ZoneSlug>,
        skill: Option<SkillSlug>,
        active: Option<bool>,
        /// The `next` of the page before.
        after: Option<CleanerId>,
        /// How many at most; fifty when absent.
        limit: Option<u8>,
    } -> CleanerPage
    example { "zone": "center", "active": true }

    /// Shifts that touch a range of time, the earlier first, a page at a time.
    "shifts.list" ListShifts ShiftsList {
        zone: Option<ZoneSlug>,
        cleaner: Option<CleanerId>,
        #[ts(type = "string")] from: Timestamp,
        #[ts(type = "string")] until: Timestamp,
        /// The `next` of the page before.
        after: Option<ShiftId>,
        /// How many at most; fifty when absent.
        limit: Option<u8>,
    } -> ShiftPage
    example { "zone": "center", "from": "2026-11-20T00:00:00Z", "until": "2026-11-27T00:00:00Z" }

    /// Weekly templates of shifts with their exceptions, by their cleaner's name, a page at a time.
    "templates.list" ListTemplates TemplatesList {
        zone: Option<ZoneSlug>,
        cleaner: Option<CleanerId>,
        /// Those whose last date is not before this one.
        #[ts(as = "Option<String>")] since: Option<Date>,
        /// The `next` of the page before.
        after: Option<TemplateId>,
        /// How many at most; fifty when absent.
        limit: Option<u8>,
    } -> TemplatePage
    example { "zone": "center", "since": "2026-11-20" }

    /// Time off that touches a range of time, the earlier first, a page at a time.
    "time_off.list" ListTimeOff TimeOffList {
        /// Of those who call this zone home.
        zone: Option<ZoneSlug>,
        cleaner: Option<CleanerId>,
        #[ts(type = "string")] from: Timestamp,
        #[ts(type = "string")] until: Timestamp,
        /// The `next` of the page before.
        after: Option<TimeOffId>,
        /// How many at most; fifty when absent.
        limit: Option<u8>,
    } -> TimeOffPage
    example { "zone": "center", "from": "2026-11-20T00:00:00Z", "until": "2026-12-20T00:00:00Z" }
}

/// The hub's clock.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
pub struct Now {
    #[ts(type = "string")]
    pub now: Timestamp,
}

/// Where a job can be moved as it is at this version.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS, JsonSchema)]
pub struct Targets {
    pub job: JobId,
    #[ts(type = "number")]
    pub version: i64,
    /// By id.
    pub cleaners: Vec<Target>,
}

/// What a job would be to one cleaner.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS, JsonSchema)]
pub struct Target {
    pub cleaner: CleanerId,
    /// In order.
    #[ts(type = "string[]")]
    pub starts: Vec<Timestamp>,
    /// The first reason against the start asked about.
    pub against: Option<Rejection>,
}

/// The nearer and then the earlier first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
pub struct Nearest {
    pub slots: Vec<Alternative>,
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Examples(Vec<(&'static str, Value)>);

    impl QueryVisitor for Examples {
        fn visit<P: Asked>(&mut self, kind: &'static str) {
            assert!(
                P::SUMMARY.starts_with(' ') && P::SUMMARY.ends_with('.'),
                "{kind}"
            );
            self.0.push((kind, P::example()));
        }
    }

    #[test]
    fn every_querys_example_is_one_of_it() {
        let mut examples = Examples(Vec::new());
        Query::visit(&mut examples);
        assert_eq!(examples.0.len(), Query::KINDS.len());
        for (kind, example) in examples.0 {
            let parsed = Query::parse(kind, example.clone()).expect("a query of ours");
            let parsed = parsed.unwrap_or_else(|error| panic!("{kind} {example}: {error}"));
            assert_eq!(parsed.kind(), kind);
        }
    }

    #[test]
    fn no_query_is_called_like_a_command() {
        let commands = crate::domain::Command::KINDS;
        assert!(!Query::KINDS.iter().any(|kind| commands.contains(kind)));
    }
}
