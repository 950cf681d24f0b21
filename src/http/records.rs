//! The way out: `GET /api/v1/events`, the event log from a cursor on, and `GET /api/v1/audit`, the
//! audit trail. For managers and admins.
//!
//! A reader of events keeps `next` with whatever it has done, asks again with it, and sees every
//! fact exactly once, in one order. A cursor is opaque and belongs to the log's epoch: after a
//! restore the answer is `epoch_changed`, because what was read may not have happened.

use std::{collections::BTreeMap, str::FromStr, sync::Arc};

use axum::{
    extract::{Query, State},
    response::IntoResponse,
};
use http::{StatusCode, header};
use jiff::Timestamp;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{
    Site, commands,
    endpoint::{Endpoint, Operation, Verb, Who},
    extract::{Asking, stored},
    problem::Problem,
};
use crate::{
    audience::records::{AuditPage, EventPage, EventRecord},
    contracts::{Contracts, definitions::object},
    domain::Event,
    execute::Refusal,
    store::{
        audit::{self, AuditCursor, AuditFilter},
        events::{self, EventCursor, EventFilter, StoredEvent},
    },
};

/// Records of one page, unless less are asked for, and at most.
const PAGE: i64 = 100;
const LARGEST_PAGE: i64 = 1000;
/// The longest value of a filter.
const FILTER_BYTES: usize = 200;

pub fn endpoints(contracts: &mut Contracts) -> Vec<Endpoint> {
    let event_page = contracts.definitions.publish_written::<EventPage>();
    let audit_page = contracts.definitions.publish_written::<AuditPage>();
    vec![
        Endpoint::new("/api/v1/events", events, told_of_events(&event_page)),
        Endpoint::new("/api/v1/audit", audit_trail, told_of_audit(&audit_page)),
    ]
}

fn told_of_events(page: &Value) -> Operation {
    let text = json!({ "type": "string", "minLength": 1, "maxLength": FILTER_BYTES });
    operation(
        "events",
        "What has happened, every fact once, the oldest first.",
    )
    .described(
        "Facts hold customers' data and more: for managers and admins. Keep `next` and ask with \
         it as `after`; `at_end` says that there is nothing more yet. What a filter leaves out is \
         looked at in pieces, so a page may be empty before the end.",
    )
    .in_query(
        "after",
        "The `next` of the page before; absent: from the beginning.",
        &text,
    )
    .in_query(
        "kind",
        "Facts of this kind only, like `job.assigned`.",
        &text,
    )
    .in_query("aggregate", ABOUT, &text)
    .answers(200, "A page of facts.", page)
    .conflicts(
        "epoch_changed",
        &object(&[("epoch", json!({ "type": "string" }))]),
    )
}

fn told_of_audit(page: &Value) -> Operation {
    let text = json!({ "type": "string", "minLength": 1, "maxLength": FILTER_BYTES });
    let instant = json!({ "type": "string", "format": "date-time" });
    operation(
        "audit",
        "Who asked for what and how it was decided, rejections too, the newest first.",
    )
    .described("For managers and admins. `next` is the `before` of the page behind this one.")
    .in_query(
        "before",
        "The `next` of the page before; absent: from now.",
        &text,
    )
    .in_query(
        "actor",
        "Of this account.",
        &json!({ "type": "string", "format": "uuid" }),
    )
    .in_query("aggregate", ABOUT_ONE, &text)
    .in_query("kind", "Commands of this name only.", &text)
    .in_query(
        "outcome",
        "How it was decided.",
        &json!({ "enum": ["accepted", "rejected"] }),
    )
    .in_query("from", "Not before this instant.", &instant)
    .in_query("until", "Before this instant.", &instant)
    .answers(200, "A page of the trail.", page)
}

const ABOUT: &str = "Of one kind of row (`job`), or of one row (`job:{id}`).";
const ABOUT_ONE: &str = "What changed or named one row, as `job:{id}`.";

fn operation(id: &str, summary: &str) -> Operation {
    let limit = json!({
        "type": "integer", "minimum": 1, "maximum": LARGEST_PAGE, "default": PAGE,
    });
    Operation::new(Verb::Get, "records", id, summary)
        .by(Who::SignedIn)
        .refuses(&[Refusal::InvalidArgument, Refusal::Forbidden])
        .in_query("limit", "Records of one page.", &limit)
}

const NO_STORE: [(header::HeaderName, &str); 1] = [(header::CACHE_CONTROL, "no-store")];

async fn events(
    State(site): State<Arc<Site>>,
    Query(pairs): Query<Vec<(String, String)>>,
    Asking(caller): Asking,
) -> Result<impl IntoResponse, Problem> {
    check_right(&site, &caller, "events").await?;
    let mut asked = Asked::of(pairs)?;
    let (epoch, cursor) = match asked.text("after") {
        None => (None, EventCursor::default()),
        Some(text) => cursor_of(&text)?,
    };
    let (aggregate, aggregate_id) = match asked.text("aggregate") {
        None => (None, None),
        Some(text) => match text.split_once(':') {
            None => (Some(text), None),
            Some((row, id)) => (Some(row.to_owned()), Some(id.to_owned())),
        },
    };
    let filter = EventFilter {
        kind: asked.known("kind", |kind| Event::KINDS.contains(&kind))?,
        aggregate,
        aggregate_id,
    };
    let limit = asked.limit()?;
    asked.finish()?;
    let read = events::read(&site.pools, cursor, &filter, limit).await;
    let read = read.map_err(|error| stored(&error))?;
    if epoch.is_some_and(|epoch| epoch != read.epoch) {
        return Err(epoch_changed(&read.epoch));
    }
    let place = |cursor: EventCursor| format!("{}.{cursor}", read.epoch);
    let page = EventPage {
        next: place(read.next),
        at_end: read.at_end,
        events: read
            .events
            .into_iter()
            .map(|event| record(place(event.cursor()), event))
            .collect::<Result<_, Problem>>()?,
    };
    Ok((NO_STORE, axum::Json(page)))
}

async fn audit_trail(
    State(site): State<Arc<Site>>,
    Query(pairs): Query<Vec<(String, String)>>,
    Asking(caller): Asking,
) -> Result<impl IntoResponse, Problem> {
    check_right(&site, &caller, "audit").await?;
    let mut asked = Asked::of(pairs)?;
    let before: Option<AuditCursor> = asked.parsed("before", "a cursor of ours")?;
    let about = match asked.text("aggregate") {
        None => None,
        Some(text) => Some(one_row(&text)?),
    };
    let outcomes = ["accepted", "rejected"];
    let filter = AuditFilter {
        actor: asked.parsed::<Uuid>("actor", "a UUID")?,
        kind: asked.known("kind", |kind| crate::domain::Command::KINDS.contains(&kind))?,
        outcome: asked.known("outcome", |outcome| outcomes.contains(&outcome))?,
        about,
        from: asked.parsed::<Timestamp>("from", "an instant")?,
        until: asked.parsed::<Timestamp>("until", "an instant")?,
    };
    let limit = asked.limit()?;
    asked.finish()?;
    let read = audit::read(&site.pools, before, &filter, limit).await;
    let (entries, next) = read.map_err(|error| stored(&error))?;
    let next = next.map(|place| place.to_string());
    Ok((NO_STORE, axum::Json(AuditPage { entries, next })))
}

async fn check_right(site: &Site, caller: &hub::ports::Caller, what: &str) -> Result<(), Problem> {
    let may = site.gateway.may_read_records(caller, what).await;
    may.map_err(|error| stored(&error))?
        .map_err(commands::problem)
}

/// An epoch's name has no dot.
fn cursor_of(text: &str) -> Result<(Option<String>, EventCursor), Problem> {
    let fault = || Problem::invalid("after", "A cursor of ours is expected");
    let (epoch, place) = text.split_once('.').ok_or_else(fault)?;
    let place = place.parse().map_err(|_| fault())?;
    Ok((Some(epoch.to_owned()), place))
}

fn one_row(text: &str) -> Result<(String, String), Problem> {
    let parts = text
        .split_once(':')
        .filter(|(row, id)| !row.is_empty() && !id.is_empty());
    let (row, id) = parts
        .ok_or_else(|| Problem::invalid("aggregate", "A row is expected, as `job:` and its id"))?;
    Ok((row.to_owned(), id.to_owned()))
}

fn epoch_changed(epoch: &str) -> Problem {
    let message = "The log was restored: what was read may not have happened. Read it anew";
    Problem::new(StatusCode::CONFLICT, "epoch_changed", message).with(json!({ "epoch": epoch }))
}

fn record(cursor: String, event: StoredEvent) -> Result<EventRecord, Problem> {
    let body = serde_json::from_str(event.body.get()).map_err(|error| {
        let trace_id = Uuid::now_v7().simple().to_string();
        tracing::error!(%error, trace_id, "a stored fact is not JSON");
        Problem::internal(&trace_id)
    })?;
    Ok(EventRecord {
        cursor,
        at: event.at,
        aggregate: event.aggregate,
        aggregate_id: event.aggregate_id,
        aggregate_version: event.aggregate_version,
        kind: event.kind,
        schema_version: event.schema_version,
        actor: event.actor,
        on_behalf_of: event.on_behalf_of,
        command_id: event.command_id,
        trace_id: event.trace_id,
        body,
    })
}

/// The fields of a query string, each once, none that is not taken.
struct Asked(BTreeMap<String, String>);

impl Asked {
    fn of(pairs: Vec<(String, String)>) -> Result<Self, Problem> {
        let mut fields = BTreeMap::new();
        for (name, value) in pairs {
            let fit = !value.is_empty() && value.len() <= FILTER_BYTES && !value.contains('\0');
            if !fit {
                let message = format!("Between 1 and {FILTER_BYTES} bytes are expected");
                return Err(Problem::invalid(&name, message));
            }
            if fields.insert(name.clone(), value).is_some() {
                return Err(Problem::invalid(&name, "This is said twice"));
            }
        }
        Ok(Self(fields))
    }

    fn text(&mut self, name: &str) -> Option<String> {
        self.0.remove(name)
    }

    fn parsed<T: FromStr>(&mut self, name: &str, what: &str) -> Result<Option<T>, Problem> {
        let text = self.0.remove(name);
        text.map(|text| text.parse())
            .transpose()
            .map_err(|_| Problem::invalid(name, format!("This is not {what}")))
    }

    fn known(
        &mut self,
        name: &str,
        is_known: impl Fn(&str) -> bool,
    ) -> Result<Option<String>, Problem> {
        match self.0.remove(name) {
            Some(text) if !is_known(&text) => {
                Err(Problem::invalid(name, "There is none of this name"))
            }
            known => Ok(known),
        }
    }

    fn limit(&mut self) -> Result<i64, Problem> {
        let limit = self.parsed("limit", "a number")?.unwrap_or(PAGE);
        if (1..=LARGEST_PAGE).contains(&limit) {
            return Ok(limit);
        }
        let message = format!("Between 1 and {LARGEST_PAGE} are expected");
        Err(Problem::invalid("limit", message))
    }

    fn finish(self) -> Result<(), Problem> {
        match self.0.into_keys().next() {
            Some(name) => Err(Problem::invalid(&name, "There is no such field")),
            None => Ok(()),
        }
    }
}
