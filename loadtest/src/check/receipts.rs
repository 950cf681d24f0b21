//! P5 and invariant 13 in the database: every decided command has its receipt, its entry in the
//! audit trail and the facts that its outcome says, once and in one transaction; a rejected one has
//! no facts; and there are no facts and no entries without a receipt.

use futures_util::TryStreamExt;
use serde_json::Value;
use sqlx::{PgConnection, Row};
use uuid::Uuid;

use super::{
    finding::{Evidence, Finding},
    instant::Micros,
    log::{Entry, Log},
};

/// What the database keeps of one command.
#[derive(Debug, Default)]
pub struct Stored {
    pub actor: Uuid,
    pub command: Uuid,
    pub kind: String,
    /// When the transaction that decided it began.
    pub received_at: Micros,
    /// Null where the receipt has none.
    pub outcome: Value,
    pub facts: Vec<Fact>,
    /// How many transactions the facts are from.
    pub transactions: i64,
    pub audited: Vec<Audited>,
}

#[derive(Debug)]
pub struct Fact {
    pub kind: String,
    pub aggregate: String,
}

#[derive(Debug)]
pub struct Audited {
    pub kind: String,
    pub outcome: String,
    pub code: Option<String>,
}

/// The facts that an accepted command leaves, each exactly once, and the field of its result that
/// names whose they are. Commands that may find everything as it was asked for already are not here.
const EFFECTS: [(&str, &[(&str, &str)]); 30] = [
    ("customer.create", &[("customer.created", "customer")]),
    ("property.add", &[("property.added", "property")]),
    ("hold.place", &[("hold.placed", "hold")]),
    ("hold.extend", &[("hold.extended", "hold")]),
    ("hold.release", &[("hold.released", "hold")]),
    (
        "booking.confirm",
        &[
            ("booking.confirmed", "booking"),
            ("job.created", "job"),
            ("hold.consumed", ""),
        ],
    ),
    (
        "booking.create",
        &[("booking.confirmed", "booking"), ("job.created", "job")],
    ),
    ("booking.cancel", &[("booking.cancelled", "booking")]),
    ("job.claim", &[("job.assigned", "job")]),
    ("job.assign", &[("job.assigned", "job")]),
    ("job.unassign", &[("job.unassigned", "job")]),
    ("job.withdraw", &[("job.withdrawn", "job")]),
    ("job.acknowledge", &[("job.acknowledged", "job")]),
    ("job.depart", &[("job.departed", "job")]),
    ("job.arrive", &[("job.arrived", "job")]),
    (
        "job.start",
        &[("job.started", "job"), ("booking.begun", "")],
    ),
    ("job.pause", &[("job.paused", "job")]),
    ("job.resume", &[("job.resumed", "job")]),
    (
        "job.complete",
        &[("job.completed", "job"), ("booking.completed", "")],
    ),
    (
        "job.no_access",
        &[("job.not_accessed", "job"), ("booking.not_served", "")],
    ),
    (
        "job.verify",
        &[("job.verified", "job"), ("booking.closed", "")],
    ),
    ("job.no_show", &[("job.missed", "job")]),
    ("alert.acknowledge", &[("alert.acknowledged", "alert")]),
    ("alert.snooze", &[("alert.snoozed", "alert")]),
    ("alert.resolve", &[("alert.resolved", "alert")]),
    ("shift.publish", &[("shift.published", "shift")]),
    ("shift.cancel", &[("shift.cancelled", "shift")]),
    ("time_off.add", &[("time_off.added", "time_off")]),
    ("admin.zone_save", &[("zone.saved", "zone")]),
    ("admin.service_save", &[("service.saved", "service")]),
];

/// Leaves its fact once for every seat, where none is named; that no seat is left twice is part of
/// the job's own way.
const ONCE_PER_SEAT: &str = "job.unassigned";

impl Stored {
    pub fn outcome_name(&self) -> &str {
        self.outcome["outcome"].as_str().unwrap_or("left undecided")
    }

    fn faults(&self, log: &Log) -> Vec<String> {
        let mut faults = Vec::new();
        if self.transactions > 1 {
            faults.push(format!(
                "its facts are of {} transactions",
                self.transactions
            ));
        }
        match self.outcome_name() {
            "accepted" => {
                faults.extend(self.effects());
                faults.extend(self.positions(log));
            }
            "rejected" => faults.extend(
                self.facts
                    .first()
                    .map(|fact| format!("rejected, and yet {} of {}", fact.kind, fact.aggregate)),
            ),
            other => faults.push(format!("it is {other}")),
        }
        faults.extend(self.trail());
        faults
    }

    fn effects(&self) -> Vec<String> {
        let expected = EFFECTS.iter().find(|(kind, _)| *kind == self.kind);
        let expected = expected.map_or([].as_slice(), |(_, facts)| *facts);
        let mut faults = Vec::new();
        for (kind, field) in expected {
            let of_kind: Vec<_> = self
                .facts
                .iter()
                .filter(|fact| fact.kind == *kind)
                .collect();
            let fact = match of_kind.as_slice() {
                [fact] => fact,
                [fact, ..] if *kind == ONCE_PER_SEAT => fact,
                facts => {
                    faults.push(format!("{} times {kind}", facts.len()));
                    continue;
                }
            };
            let told = &self.outcome["result"][*field];
            if !field.is_empty() && told.as_str() != Some(fact.aggregate.as_str()) {
                faults.push(format!("{kind} of {}, but told {told}", fact.aggregate));
            }
        }
        faults
    }

    /// At the positions that were told the effect can be seen.
    fn positions(&self, log: &Log) -> Vec<String> {
        let told = self.outcome["positions"].as_object();
        let mut faults = Vec::new();
        for (channel, position) in told.into_iter().flatten() {
            let offset = position["offset"].as_u64().unwrap_or_default();
            let of_this_epoch = position["epoch"] == log.epoch.as_str();
            if of_this_epoch && !matches!(log.at(channel, offset), Entry::Body { .. }) {
                faults.push(format!(
                    "told to be at {offset} of {channel}, where nothing is"
                ));
            }
        }
        faults
    }

    fn trail(&self) -> Option<String> {
        let [entry] = self.audited.as_slice() else {
            return Some(format!("{} times in the audit trail", self.audited.len()));
        };
        let code = self.outcome["code"].as_str();
        let same = entry.kind == self.kind
            && entry.outcome == self.outcome_name()
            && entry.code.as_deref() == code;
        (!same).then(|| format!("the audit trail has it as {entry:?}"))
    }
}

/// Reads every receipt, and gives each to `told` as well.
pub async fn check(
    database: &mut PgConnection,
    log: &Log,
    mut told: impl FnMut(&Stored),
) -> anyhow::Result<Finding> {
    let mut finding = Finding::new("a decided command has one effect, a rejected one none");
    let mut rows = sqlx::query(RECEIPTS).fetch(&mut *database);
    while let Some(row) = rows.try_next().await? {
        let facts: Vec<(String, String)> = serde_json::from_str(row.get("facts"))?;
        let audited: Vec<(String, String, Option<String>)> =
            serde_json::from_str(row.get("audited"))?;
        let stored = Stored {
            actor: row.get("actor_id"),
            command: row.get("command_id"),
            kind: row.get("kind"),
            received_at: row.get("received_at"),
            outcome: serde_json::from_str(row.get("outcome"))?,
            facts: facts
                .into_iter()
                .map(|(kind, aggregate)| Fact { kind, aggregate })
                .collect(),
            transactions: row.get("transactions"),
            audited: audited
                .into_iter()
                .map(|(kind, outcome, code)| Audited {
                    kind,
                    outcome,
                    code,
                })
                .collect(),
        };
        finding.checked += 1;
        for fault in stored.faults(log) {
            let what = format!("{} {}: {fault}", stored.kind, stored.command);
            finding.violated(Evidence::new(what));
        }
        told(&stored);
    }
    drop(rows);
    for orphans in [FACTS_WITHOUT_RECEIPT, ENTRIES_WITHOUT_RECEIPT] {
        let found: Vec<String> = sqlx::query_scalar(orphans)
            .fetch_all(&mut *database)
            .await?;
        for what in found {
            finding.violated(Evidence::new(what));
        }
    }
    Ok(finding)
}

const RECEIPTS: &str = "
    with fact as (
        select actor_id, command_id, json_agg(json_build_array(kind, aggregate_id)) as facts,
            count(distinct xact::text) as transactions
        from domain_event group by actor_id, command_id),
    entry as (
        select actor_id, command_id, json_agg(json_build_array(kind, outcome, code)) as audited
        from audit group by actor_id, command_id)
    select actor_id, command_id, command.kind,
        (extract(epoch from command.received_at) * 1000000)::bigint as received_at,
        coalesce(command.outcome::text, 'null') as outcome,
        coalesce(fact.facts::text, '[]') as facts, coalesce(fact.transactions, 0) as transactions,
        coalesce(entry.audited::text, '[]') as audited
    from command left join fact using (actor_id, command_id) left join entry using (actor_id, command_id)";

const FACTS_WITHOUT_RECEIPT: &str = "
    select format('%s of %s by command %s, which has no receipt', kind, aggregate_id, command_id)
    from domain_event where not exists (select 1 from command
        where (command.actor_id, command.command_id) = (domain_event.actor_id, domain_event.command_id))
    order by id limit 1000";

const ENTRIES_WITHOUT_RECEIPT: &str = "
    select format('%s %s is in the audit trail and has no receipt', kind, command_id)
    from audit where not exists (select 1 from command
        where (command.actor_id, command.command_id) = (audit.actor_id, audit.command_id))
    order by id limit 1000";

#[cfg(test)]
mod tests;
