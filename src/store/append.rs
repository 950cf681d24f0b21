//! The end of a command's transaction: facts, audit, timers, then the channels' heads, the
//! publications and the receipt's outcome together with COMMIT.
//!
//! The last step is one round trip. The driver neither pipelines nor lets a prepared statement
//! share a message with COMMIT, so its parameters are put into a transaction-local setting by the
//! statement before it, and `execute append; commit` is sent as one simple query. The rows that
//! everybody waits for, the heads, are thus locked for as long as the server needs and not for as
//! long as this process does: an instance that stalls holds none of them.

use hub::ports::{ChannelName, Epoch, Publication};
use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Value, value::RawValue};
use sqlx::{Executor, PgConnection, Row};

use super::{StoreError, log, transaction::Transaction};
use crate::{
    audience::Channel,
    domain::{
        Actor, Command, Event, World,
        ids::{AccountId, CommandId},
    },
};

/// Which command ended how, for the receipt and the audit trail.
#[derive(Debug)]
pub struct Ended<'a> {
    pub actor: Actor,
    pub on_behalf_of: Option<AccountId>,
    pub via: &'a str,
    pub command_id: CommandId,
    pub command: &'a Command,
    pub trace_id: &'a str,
    pub at: Timestamp,
    pub verdict: Verdict<'a>,
}

/// What is stored of the outcome.
#[derive(Debug)]
pub enum Verdict<'a> {
    /// The positions are added to it.
    Accepted {
        result: &'a Value,
        events: &'a [Event],
        after: &'a World,
        publications: &'a [Append],
    },
    Rejected {
        code: &'a str,
        outcome: &'a Value,
    },
}

/// One body for one channel.
#[derive(Debug)]
pub struct Append {
    pub channel: Channel,
    pub body: Box<RawValue>,
    /// Whether the actor may read the channel, and so is told its position.
    pub readable: bool,
    /// Everybody starts from a fresh snapshot here. The offset before this publication stays empty,
    /// as if what was there had been trimmed: whoever misses it is told to start anew, live or
    /// coming back (P3, P4).
    pub anew: bool,
}

/// What the commit made of the publications.
#[derive(Debug, Default)]
pub struct Appended {
    pub publications: Vec<Publication>,
    /// Those whose channels the actor may read.
    pub readable: Vec<Publication>,
}

/// Prepares the fixed statement on a new connection.
pub(super) async fn prepare(connection: &mut PgConnection) -> Result<(), sqlx::Error> {
    #[cfg(feature = "breakages")]
    if crate::breakage::is(crate::breakage::Breakage::ChannelsAreNotSorted) {
        let unsorted = PREPARE.replace(
            "select channel, step from entry order by channel",
            "select channel, step from (select * from entry order by random()) as shuffled,
                 lateral (select pg_sleep(0.01 + 0 * length(channel))) as slowly",
        );
        connection
            .execute(sqlx::raw_sql(sqlx::AssertSqlSafe(unsorted)))
            .await?;
        return Ok(());
    }
    connection.execute(sqlx::raw_sql(PREPARE)).await?;
    Ok(())
}

const PREPARE: &str = "prepare append as
with log as materialized (select log_name() as name),
ending as materialized (
    select * from json_to_record(current_setting('hub.ending')::json) as r (
        actor uuid, command uuid, rejected json, result json, entries json)
),
entry as materialized (
    select e.* from ending, json_to_recordset(ending.entries) as e (
        channel text, body json, readable boolean, step bigint)
),
moved as (
    insert into channel (name, head) select channel, step from entry order by channel
    on conflict on constraint channel_pk do update set head = channel.head + excluded.head
    returning name, head
),
appended as (
    insert into publication (channel, channel_offset, body)
    select moved.name, moved.head, entry.body from moved join entry on entry.channel = moved.name
),
reached as (
    select json_object_agg(moved.name,
        json_build_object('offset', moved.head, 'epoch', log.name)) as positions
    from log, moved join entry on entry.channel = moved.name and entry.readable
),
completed as (
    update command set outcome = coalesce(ending.rejected, json_build_object(
        'outcome', 'accepted', 'result', ending.result,
        'positions', coalesce(reached.positions, '{}')))
    from ending, reached
    where command.actor_id = ending.actor and command.command_id = ending.command
)
select moved.name, moved.head, log.name as epoch from log, moved";

const APPEND_AND_COMMIT: &str = "execute append; commit";

#[derive(Serialize)]
struct Ending<'a> {
    actor: AccountId,
    command: CommandId,
    rejected: Option<&'a Value>,
    result: Option<&'a Value>,
    entries: Vec<Entry<'a>>,
}

#[derive(Serialize)]
struct Entry<'a> {
    channel: String,
    body: &'a RawValue,
    readable: bool,
    step: i64,
}

#[derive(Serialize)]
struct Fact<'a> {
    aggregate: &'static str,
    aggregate_id: String,
    aggregate_version: i64,
    kind: &'static str,
    body: &'a Event,
}

/// An order to start anew leaves one offset out.
fn step(append: &Append) -> i64 {
    #[cfg(feature = "breakages")]
    if crate::breakage::is(crate::breakage::Breakage::OffsetsAreLeftOut)
        && append.body.get().len().is_multiple_of(16)
    {
        return 2;
    }
    if append.anew { 2 } else { 1 }
}

/// Writes the facts and the audit row, and leaves the transaction ready for [`commit`].
pub async fn record(connection: &mut PgConnection, ended: &Ended<'_>) -> Result<(), StoreError> {
    let (outcome, code) = match &ended.verdict {
        Verdict::Accepted { .. } => ("accepted", None),
        Verdict::Rejected { code, .. } => ("rejected", Some(*code)),
    };
    sqlx::query!(
        r#"with facts as (
               insert into domain_event (at, aggregate, aggregate_id, aggregate_version, kind,
                   schema_version, actor_id, on_behalf_of, command_id, trace_id, body)
               select $1, aggregate, aggregate_id, aggregate_version, kind, $2, $3, $4, $5, $6, body
               from jsonb_to_recordset($7) as r (aggregate text, aggregate_id text,
                   aggregate_version bigint, kind text, body jsonb)
           ), trail as (
               insert into audit (actor_id, actor_role, on_behalf_of, via, command_id, kind,
                   parameters, outcome, code)
               values ($3, $8, $4, $9, $5, $10, $11, $12, $13)
           )
           select length(set_config('hub.ending', $14, true)) as "length!""#,
        jiff_sqlx::Timestamp::from(ended.at) as _,
        Event::SCHEMA_VERSION,
        ended.actor.id.0,
        ended.on_behalf_of.map(|account| account.0),
        ended.command_id.0,
        ended.trace_id,
        ended.facts(),
        ended.actor.role.as_str(),
        ended.via,
        ended.command.kind(),
        ended.command.parameters(),
        outcome,
        code,
        ended.ending(),
    )
    .fetch_one(connection)
    .await?;
    Ok(())
}

impl Ended<'_> {
    fn facts(&self) -> Value {
        let facts: Vec<_> = match &self.verdict {
            Verdict::Accepted { events, after, .. } => events
                .iter()
                .map(|event| {
                    let (aggregate, aggregate_id) = event.aggregate();
                    Fact {
                        aggregate,
                        aggregate_id,
                        aggregate_version: event.aggregate_version(after),
                        kind: event.kind(),
                        body: event,
                    }
                })
                .collect(),
            Verdict::Rejected { .. } => Vec::new(),
        };
        serde_json::to_value(facts).expect("facts are plain data")
    }

    fn ending(&self) -> String {
        let (rejected, result, publications) = match &self.verdict {
            Verdict::Accepted {
                result,
                publications,
                ..
            } => (None, Some(*result), *publications),
            Verdict::Rejected { outcome, .. } => (Some(*outcome), None, [].as_slice()),
        };
        let ending = Ending {
            actor: self.actor.id,
            command: self.command_id,
            rejected,
            result,
            entries: publications
                .iter()
                .map(|append| Entry {
                    channel: append.channel.to_string(),
                    body: &append.body,
                    readable: append.readable,
                    step: step(append),
                })
                .collect(),
        };
        serde_json::to_string(&ending).expect("an ending is plain data")
    }
}

/// What a commit is going to append, if nothing comes between: broken on purpose.
#[cfg(feature = "breakages")]
pub async fn foreseen(
    transaction: &mut Transaction,
    publications: &[Append],
) -> Result<Vec<Publication>, StoreError> {
    let mut early = Vec::new();
    for append in publications {
        let name = append.channel.to_string();
        let row = sqlx::query(
            "select coalesce((select head from channel where name = $1 for update), 0) as head,
                 log_name() as epoch",
        )
        .bind(&name)
        .fetch_one(transaction.on())
        .await?;
        let head: i64 = row.try_get("head")?;
        let epoch: Epoch = row.try_get::<String, _>("epoch")?.into();
        let offset = head + if append.anew { 2 } else { 1 };
        let name = ChannelName::from(name);
        early.push(log::publication(&name, offset, &epoch, append.body.get())?);
    }
    Ok(early)
}

/// Moves the heads in name order, appends, completes the receipt and commits. An error that is not
/// the server's own answer leaves the commit's fate unknown.
pub async fn commit(
    mut transaction: Transaction,
    publications: &[Append],
) -> Result<Appended, StoreError> {
    let rows = transaction
        .on()
        .fetch_all(sqlx::raw_sql(APPEND_AND_COMMIT))
        .await?;
    transaction.give_back();
    let mut appended = Appended::default();
    for row in &rows {
        let name: String = row.try_get("name")?;
        let epoch: Epoch = row.try_get::<String, _>("epoch")?.into();
        let Some(append) = publications
            .iter()
            .find(|append| append.channel.to_string() == name)
        else {
            continue;
        };
        let name = ChannelName::from(name);
        let publication = log::publication(&name, row.try_get("head")?, &epoch, append.body.get())?;
        if append.readable {
            appended.readable.push(publication.clone());
        }
        appended.publications.push(publication);
    }
    Ok(appended)
}
