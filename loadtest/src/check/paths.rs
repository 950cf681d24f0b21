//! Every job's, booking's and hold's history is a legal path of its state machine, in the order of
//! time, and leads to the row that is there: facts folded are rows. A seat that has somebody is
//! given to another only by saying so: it has one winner.

use std::collections::{BTreeMap, HashMap};

use futures_util::TryStreamExt;
use serde_json::Value;
use sqlx::{PgConnection, Row};

use super::{
    finding::{Evidence, Finding},
    instant::instant,
};

/// The kinds of things that have a state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Thing {
    Job,
    Booking,
    Hold,
}

impl Thing {
    fn named(name: &str) -> Option<Self> {
        match name {
            "job" => Some(Self::Job),
            "booking" => Some(Self::Booking),
            "hold" => Some(Self::Hold),
            _ => None,
        }
    }

    fn arrows(self) -> &'static [(&'static str, &'static [&'static str])] {
        match self {
            Self::Job => &JOB,
            Self::Booking => &BOOKING,
            Self::Hold => &HOLD,
        }
    }
}

/// From a state to those that may follow. A visit that nobody came for may still be saved, by the
/// crew that comes after all or by another.
const JOB: [(&str, &[&str]); 11] = [
    ("unassigned", &["assigned", "offering", "cancelled"]),
    ("offering", &["assigned", "unassigned", "cancelled"]),
    (
        "assigned",
        &[
            "acknowledged",
            "en_route",
            "unassigned",
            "cancelled",
            "cleaner_no_show",
        ],
    ),
    (
        "acknowledged",
        &[
            "assigned",
            "en_route",
            "unassigned",
            "cancelled",
            "cleaner_no_show",
        ],
    ),
    ("en_route", &["arrived", "cancelled", "cleaner_no_show"]),
    ("arrived", &["in_progress", "no_access", "cancelled"]),
    (
        "in_progress",
        &["paused", "completed", "failed", "cancelled"],
    ),
    ("paused", &["in_progress", "completed", "cancelled"]),
    ("completed", &["verified"]),
    ("cleaner_no_show", &["assigned", "en_route", "cancelled"]),
    ("new", &["unassigned"]),
];

const BOOKING: [(&str, &[&str]); 4] = [
    ("new", &["confirmed"]),
    ("confirmed", &["in_service", "cancelled", "not_served"]),
    ("in_service", &["completed"]),
    ("completed", &["closed"]),
];

const HOLD: [(&str, &[&str]); 2] = [
    ("new", &["active"]),
    ("active", &["consumed", "released", "expired"]),
];

/// The state that a fact leads to, where its kind alone says it.
fn leads_to(kind: &str) -> Option<&'static str> {
    Some(match kind {
        "job.acknowledged" => "acknowledged",
        "job.departed" => "en_route",
        "job.arrived" => "arrived",
        "job.started" | "job.resumed" => "in_progress",
        "job.paused" => "paused",
        "job.completed" | "booking.completed" => "completed",
        "job.verified" => "verified",
        "job.not_accessed" => "no_access",
        "job.cancelled" | "booking.cancelled" => "cancelled",
        "job.missed" => "cleaner_no_show",
        "booking.begun" => "in_service",
        "booking.closed" => "closed",
        "booking.not_served" => "not_served",
        "hold.consumed" => "consumed",
        "hold.released" => "released",
        "hold.expired" => "expired",
        _ => return None,
    })
}

/// One fact about one thing.
#[derive(Debug, Default)]
struct Fact {
    kind: String,
    version: i64,
    /// Microseconds since the Unix epoch.
    at: i64,
    body: Value,
}

/// How a thing stands after the facts so far.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
struct Standing {
    status: String,
    version: i64,
    at: i64,
    seats: BTreeMap<i64, String>,
    extended: bool,
    /// Of a hold.
    expires_at: Option<i64>,
}

impl Standing {
    fn new() -> Self {
        Self {
            status: "new".to_owned(),
            ..Self::default()
        }
    }

    /// Takes a fact in, and tells what is wrong with it.
    fn apply(&mut self, thing: Thing, fact: &Fact) -> Vec<String> {
        let mut faults = Vec::new();
        if fact.at < self.at {
            faults.push(format!("{} came before what it follows", fact.kind));
        }
        if fact.version < self.version {
            faults.push(format!(
                "{} at version {} after {}",
                fact.kind, fact.version, self.version
            ));
        }
        self.at = fact.at;
        faults.extend(self.go(thing, fact));
        faults.extend(self.sit(fact));
        if fact.kind == "hold.extended" && std::mem::replace(&mut self.extended, true) {
            faults.push("extended twice".to_owned());
        }
        faults.extend(self.expire(fact));
        self.version = fact.version;
        faults
    }

    fn go(&mut self, thing: Thing, fact: &Fact) -> Option<String> {
        let created = ["job", "booking", "hold"]
            .into_iter()
            .find_map(|name| fact.body[name]["status"].as_str());
        let told = created.or_else(|| fact.body["status"].as_str());
        let named = leads_to(&fact.kind);
        let next = named.or(told)?;
        // Who is on a crew, and when, may change without the state.
        if named.is_none() && created.is_none() && next == self.status {
            return None;
        }
        let arrows = thing.arrows().iter();
        let mut from = arrows.filter(|(from, _)| *from == self.status);
        let legal = from.any(|(_, to)| to.contains(&next));
        let fault = format!("{} leads from {} to {next}", fact.kind, self.status);
        next.clone_into(&mut self.status);
        (!legal).then_some(fault)
    }

    /// A hold is honoured until its time is over, and never after.
    fn expire(&mut self, fact: &Fact) -> Option<String> {
        let told = [&fact.body["hold"]["expires_at"], &fact.body["expires_at"]];
        let told = told.iter().find_map(|at| at.as_str().and_then(instant));
        self.expires_at = told.or(self.expires_at);
        let over = fact.at >= self.expires_at?;
        match fact.kind.as_str() {
            "hold.consumed" if over => Some("honoured after its time".to_owned()),
            "hold.expired" if !over => Some("ended before its time".to_owned()),
            _ => None,
        }
    }

    fn sit(&mut self, fact: &Fact) -> Option<String> {
        let seat = fact.body["seat"].as_i64()?;
        let cleaner = fact.body["cleaner"].as_str().unwrap_or_default();
        let before = match fact.kind.as_str() {
            "job.assigned" => self.seats.insert(seat, cleaner.to_owned()),
            "job.unassigned" | "job.withdrawn" => {
                let before = self.seats.remove(&seat);
                let left = before.as_deref() == Some(cleaner);
                return (!left).then(|| format!("{cleaner} leaves seat {seat} of {before:?}"));
            }
            _ => return None,
        };
        let instead_of = fact.body["instead_of"].as_str();
        (before.as_deref() != instead_of).then(|| {
            format!("seat {seat} is {before:?}'s, and won by {cleaner} instead of {instead_of:?}")
        })
    }
}

/// Follows the facts, thing by thing, and holds where they lead against the rows.
pub async fn check(database: &mut PgConnection) -> anyhow::Result<Finding> {
    let mut rows = rows(database).await?;
    let mut finding = Finding::new("every job, booking and hold has gone a legal way");
    let mut facts = sqlx::query(FACTS).fetch(database);
    let mut current: Option<(Thing, String, Standing)> = None;
    while let Some(row) = facts.try_next().await? {
        let (name, id): (&str, String) = (row.get("aggregate"), row.get("aggregate_id"));
        let Some(thing) = Thing::named(name) else {
            continue;
        };
        finding.checked += 1;
        let same = matches!(&current, Some((of, known, _)) if *of == thing && *known == id);
        if !same {
            arrive(&mut finding, current.take(), &mut rows);
        }
        let (_, _, standing) = current.get_or_insert_with(|| (thing, id.clone(), Standing::new()));
        let fact = Fact {
            kind: row.get("kind"),
            version: row.get("aggregate_version"),
            at: row.get("at"),
            body: row.get("body"),
        };
        for fault in standing.apply(thing, &fact) {
            finding.violated(Evidence::new(format!("{name} {id}: {fault}")));
        }
    }
    arrive(&mut finding, current, &mut rows);
    Ok(finding)
}

type Rows = HashMap<(Thing, String), Standing>;

/// The facts of one thing have come to their end.
fn arrive(finding: &mut Finding, reached: Option<(Thing, String, Standing)>, rows: &mut Rows) {
    let Some((thing, id, reached)) = reached else {
        return;
    };
    let row = rows.remove(&(thing, id.clone()));
    let is_there = row.as_ref().is_some_and(|row| {
        row.status == reached.status && row.version == reached.version && row.seats == reached.seats
    });
    if !is_there {
        let what = format!("{thing:?} {id}: its facts lead to {reached:?}, its row is {row:?}");
        finding.violated(Evidence::new(what));
    }
}

async fn rows(database: &mut PgConnection) -> sqlx::Result<Rows> {
    let mut found = Rows::new();
    let rows = sqlx::query(ROWS).fetch_all(database).await?;
    for row in rows {
        let Some(thing) = Thing::named(row.get("thing")) else {
            continue;
        };
        let seats: Value = row.get("seats");
        let seats = seats.as_object().into_iter().flatten();
        let standing = Standing {
            status: row.get("status"),
            version: row.get("version"),
            seats: seats
                .filter_map(|(seat, cleaner)| {
                    Some((seat.parse().ok()?, cleaner.as_str()?.to_owned()))
                })
                .collect(),
            ..Standing::default()
        };
        found.insert((thing, row.get("id")), standing);
    }
    Ok(found)
}

const FACTS: &str = "
    select aggregate, aggregate_id, kind, aggregate_version, body,
        (extract(epoch from at) * 1000000)::bigint as at
    from domain_event where aggregate in ('job', 'booking', 'hold')
    order by aggregate, aggregate_id, id";

const ROWS: &str = "
    select 'job' as thing, id::text as id, status, version, coalesce((
        select jsonb_object_agg(seat::text, cleaner_id) from job_seat
        where job_id = job.id and cleaner_id is not null), '{}') as seats from job
    union all select 'booking', id::text, status, version, '{}' from booking
    union all select 'hold', id::text, status, version, '{}' from hold";

#[cfg(test)]
mod tests;
