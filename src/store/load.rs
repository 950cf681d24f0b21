//! Reads the part of the business that a command or a channel needs, in one statement and so at
//! one instant: the scope says what is named, `load.sql` completes it, cut to what is asked for.
//!
//! It keeps the promises written in [`scope`](crate::domain::scope), with one economy: of the
//! roster's work only those jobs are loaded that the command may move: promises, not assignments,
//! within half a day of what it is about; and none for a slot, for which nobody is re-homed.

mod import;
mod parts;
mod wanted;

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp, civil::Date};
use serde::de::DeserializeOwned;
use sqlx::{AssertSqlSafe, PgConnection, Postgres, Row, postgres::PgRow, types::Json};

use self::wanted::{Wanted, after};
use super::{Pools, StoreError};
use crate::{
    audience::Channel,
    domain::{
        Actor, Command, Query, Scope, Table, World,
        alert::Alert,
        entity::{
            Account, Booking, Cleaner, Customer, Hold, Job, Occupancy, Property, Service, Shift,
            TimeOff, TimeRange, Zone,
        },
        ids::{AccountId, CleanerId, CustomerId, ShiftId, SkillSlug, TemplateId, ZoneSlug},
        template::ShiftTemplate,
    },
};

/// Shifts are made from templates no further ahead: the longest booking window, and a while.
const PLANNED_AHEAD: SignedDuration = SignedDuration::from_hours(24 * 100);
/// A week, the day before it where its midnight comes later, and a shift by night after it.
const PLANNED_AT_ONCE: SignedDuration = SignedDuration::from_hours(24 * 10);

/// A world, and the instant it was read at.
#[derive(Debug, Clone)]
pub struct Loaded {
    pub world: World,
    /// The database's clock, read after whatever the transaction has locked before.
    pub now: Timestamp,
}

/// How far around a wanted slot the roster is loaded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reach {
    /// Enough to say yes.
    Slot,
    /// Enough to say yes if one of these carries it.
    Among(Vec<CleanerId>),
    /// Enough to name the alternatives, after a no.
    Alternatives,
}

/// Whether this load may number a new job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Numbering {
    /// The decision is only a plan: any number will do.
    Placeholder,
    /// A number of its own, where the command makes a job.
    Taken,
}

/// Loads what `command` needs, on the connection of its transaction.
pub async fn for_command(
    connection: &mut PgConnection,
    command: &Command,
    actor: Actor,
    reach: Reach,
    numbering: Numbering,
) -> Result<Loaded, StoreError> {
    let makes_job = Scope::makes_job(command);
    let scope = whose(connection, Scope::of(command, actor)).await?;
    let mut wanted = if let Scope::Import(scope) = scope {
        import::wanted(connection, scope).await?
    } else {
        Wanted::of(scope, reach)
    };
    wanted.accounts.push(actor.id);
    wanted.makes_job = makes_job && numbering == Numbering::Taken;
    let row = read(connection, &wanted, "").await?;
    let mut loaded = row.loaded;
    if makes_job && numbering == Numbering::Placeholder {
        loaded.world.next_job_number = Some(0);
    }
    Ok(loaded)
}

/// Finds out whose shift or template it is, so that the scope says so.
async fn whose(connection: &mut PgConnection, scope: Scope) -> Result<Scope, StoreError> {
    if let Scope::Shift { shift, during } = scope {
        return whose_shift(connection, shift, during).await;
    }
    if let Scope::Template(template) = scope {
        return whose_template(connection, template, Planned::All).await;
    }
    if let Scope::Plan(template) = scope {
        return whose_template(connection, template, Planned::Next).await;
    }
    Ok(scope)
}

async fn whose_shift(
    connection: &mut PgConnection,
    shift: ShiftId,
    during: Option<TimeRange>,
) -> Result<Scope, StoreError> {
    let row = sqlx::query!(
        r#"select cleaner_id, lower(during) as "start!: jiff_sqlx::Timestamp",
               upper(during) as "end!: jiff_sqlx::Timestamp"
           from shift where id = $1"#,
        shift.0,
    )
    .fetch_optional(connection)
    .await?;
    let Some(row) = row else {
        return Ok(Scope::Nothing);
    };
    let (start, end) = (row.start.to_jiff(), row.end.to_jiff());
    let during = during.map_or((start, end), |new| (start.min(new.start), end.max(new.end)));
    Ok(Scope::Cleaner {
        cleaner: row.cleaner_id.into(),
        during: TimeRange::new(during.0, during.1),
    })
}

/// Which dates of a template are at issue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Planned {
    /// All that lie ahead.
    All,
    /// Those that are planned next.
    Next,
}

async fn whose_template(
    connection: &mut PgConnection,
    template: TemplateId,
    planned: Planned,
) -> Result<Scope, StoreError> {
    let row = sqlx::query!(
        r#"select cleaner_id, greatest(valid_from, planned_until)::timestamp at time zone 'UTC'
               as "next!: jiff_sqlx::Timestamp"
           from shift_template where id = $1"#,
        template.0,
    )
    .fetch_optional(connection)
    .await?;
    let Some(row) = row else {
        return Ok(Scope::Nothing);
    };
    let now = Timestamp::now();
    let during = match planned {
        Planned::All => TimeRange::new(now, after(now, PLANNED_AHEAD)),
        Planned::Next => {
            let next = row.next.to_jiff().max(now);
            TimeRange::new(next, after(next, PLANNED_AT_ONCE))
        }
    };
    Ok(Scope::Cleaner {
        cleaner: row.cleaner_id.into(),
        during,
    })
}

/// Loads what `query` is answered out of; nothing but who asks, where that is no world.
pub async fn for_query(
    pools: &Pools,
    query: &Query,
    actor: Option<Actor>,
) -> Result<Loaded, StoreError> {
    let mut connection = pools.reads.acquire().await?;
    let scope = Scope::of_query(query).unwrap_or(Scope::Nothing);
    let mut wanted = Wanted::of(scope, Reach::Alternatives);
    wanted.accounts.extend(actor.map(|actor| actor.id));
    Ok(read(&mut connection, &wanted, "").await?.loaded)
}

/// What a planner names.
#[derive(Debug, Clone, Default)]
pub struct Named {
    pub accounts: Vec<AccountId>,
    /// With their properties and active holds.
    pub customers: Vec<CustomerId>,
    /// With the time of `during` and the jobs in it.
    pub cleaners: Vec<CleanerId>,
    pub during: Option<TimeRange>,
    /// With all jobs of the zone's local date.
    pub day: Option<(ZoneSlug, Date)>,
}

/// Loads what is named, to plan many commands at once.
pub async fn for_planning(
    connection: &mut PgConnection,
    named: Named,
) -> Result<Loaded, StoreError> {
    let (control_zone, control_date) = named.day.unzip();
    let wanted = Wanted {
        accounts: named.accounts,
        customers: named.customers,
        cleaners: named.cleaners,
        own_start: named.during.map(|range| range.start),
        own_end: named.during.map(|range| range.end),
        control_zone,
        control_date,
        ..Wanted::default()
    };
    Ok(read(connection, &wanted, "").await?.loaded)
}

/// A channel's world with the head and epoch of the same instant.
pub(super) struct Read {
    pub(super) loaded: Loaded,
    pub(super) head: i64,
    pub(super) epoch: Option<String>,
}

/// Loads what the channel's view shows, within its horizon.
pub(super) async fn for_channel(
    connection: &mut PgConnection,
    channel: &Channel,
) -> Result<Read, StoreError> {
    read(
        connection,
        &Wanted::shown_on(channel, Timestamp::now()),
        &channel.to_string(),
    )
    .await
}

async fn read(
    connection: &mut PgConnection,
    wanted: &Wanted,
    channel: &str,
) -> Result<Read, StoreError> {
    let statement = AssertSqlSafe(parts::statement(wanted, channel));
    let row = sqlx::query(statement)
        .bind(Json(wanted))
        .bind(channel)
        .fetch_one(connection)
        .await?;
    let row = Columns(&row);
    let world = World {
        accounts: by_id(row.json("accounts")?, |row: &Account| row.id),
        zones: by_id(row.json("zones")?, |row: &Zone| row.slug.clone()),
        skills: row.json::<BTreeMap<SkillSlug, String>>("skills")?.into(),
        services: by_id(row.json("services")?, |row: &Service| row.slug.clone()),
        customers: by_id(row.json("customers")?, |row: &Customer| row.id),
        properties: by_id(row.json("properties")?, |row: &Property| row.id),
        cleaners: by_id(row.json("cleaners")?, |row: &Cleaner| row.id),
        shifts: by_id(row.json("shifts")?, |row: &Shift| row.id),
        templates: by_id(row.json("templates")?, |row: &ShiftTemplate| row.id),
        time_off: by_id(row.json("time_off")?, |row: &TimeOff| row.id),
        slot_dates: row.json("slot_dates")?,
        holds: by_id(row.json("holds")?, |row: &Hold| row.id),
        bookings: by_id(row.json("bookings")?, |row: &Booking| row.id),
        jobs: by_id(row.json("jobs")?, |row: &Job| row.id),
        alerts: by_id(row.json("alerts")?, |row: &Alert| row.id),
        occupancy: by_id(row.json("occupancy")?, |row: &Occupancy| row.id),
        next_job_number: row.optional("next_job_number")?,
    };
    Ok(Read {
        loaded: Loaded {
            world,
            now: row.0.try_get::<jiff_sqlx::Timestamp, _>("now")?.to_jiff(),
        },
        head: row.optional("head")?.unwrap_or(0),
        epoch: row.optional("epoch")?,
    })
}

/// A row in which the columns of parts that were not wanted are missing.
struct Columns<'a>(&'a PgRow);

impl Columns<'_> {
    fn json<T: DeserializeOwned + Default>(&self, column: &str) -> Result<T, sqlx::Error> {
        let value = self.optional::<Json<T>>(column)?;
        Ok(value.map(|value| value.0).unwrap_or_default())
    }

    fn optional<'r, T>(&'r self, column: &str) -> Result<Option<T>, sqlx::Error>
    where
        T: sqlx::Decode<'r, Postgres> + sqlx::Type<Postgres>,
    {
        match self.0.try_get(column) {
            Err(sqlx::Error::ColumnNotFound(_)) => Ok(None),
            value => value.map(Some),
        }
    }
}

fn by_id<K: Ord, V>(rows: Vec<V>, id: impl Fn(&V) -> K) -> Table<K, V> {
    rows.into_iter().map(|row| (id(&row), row)).collect()
}
