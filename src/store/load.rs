//! Reads the part of the business that a command or a channel needs, in one statement and so at
//! one instant: the scope says what is named, `load.sql` completes it.
//!
//! It keeps the promises written in [`scope`](crate::domain::scope), with one economy: of the
//! roster's work only those jobs are loaded that the command may move: promises, not assignments,
//! within half a day of what it is about; and none for a slot, for which nobody is re-homed.

mod import;
mod wanted;

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp, civil::Date};
use sqlx::{PgConnection, types::Json};

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
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// Enough to say yes.
    Slot,
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
    let row = sqlx::query_file!("src/store/load.sql", Json(wanted) as _, channel)
        .fetch_one(connection)
        .await?;
    let world = World {
        accounts: by_id(row.accounts.0, |row| row.id),
        zones: by_id(row.zones.0, |row| row.slug.clone()),
        skills: row.skills.0.into(),
        services: by_id(row.services.0, |row| row.slug.clone()),
        customers: by_id(row.customers.0, |row| row.id),
        properties: by_id(row.properties.0, |row| row.id),
        cleaners: by_id(row.cleaners.0, |row| row.id),
        shifts: by_id(row.shifts.0, |row| row.id),
        templates: by_id(row.templates.0, |row| row.id),
        time_off: by_id(row.time_off.0, |row| row.id),
        slot_dates: row.slot_dates.0,
        holds: by_id(row.holds.0, |row| row.id),
        bookings: by_id(row.bookings.0, |row| row.id),
        jobs: by_id(row.jobs.0, |row| row.id),
        alerts: by_id(row.alerts.0, |row| row.id),
        occupancy: by_id(row.occupancy.0, |row| row.id),
        next_job_number: row.next_job_number,
    };
    Ok(Read {
        loaded: Loaded {
            world,
            now: row.now.to_jiff(),
        },
        head: row.head,
        epoch: row.epoch,
    })
}

fn by_id<K: Ord, V>(rows: Vec<V>, id: impl Fn(&V) -> K) -> Table<K, V> {
    rows.into_iter().map(|row| (id(&row), row)).collect()
}
