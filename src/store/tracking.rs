//! What is asked of the database for what is live but not durable: what a cleaner is doing just
//! now, and whether somebody may read an ephemeral channel. Nothing is written for a position.

use serde::de::DeserializeOwned;
use serde_json::Value;
use uuid::Uuid;

use super::{Pools, StoreError};
use crate::{
    audience::{EphemeralChannel, LiveFacts},
    domain::{
        Actor,
        ids::{BookingId, CleanerId, CustomerId, ZoneSlug},
        limits::LIMITS,
        position::{CleanerNow, Place, Work},
    },
};

/// What a cleaner is doing just now; `None` where there is no such cleaner. Three reads by index.
pub async fn cleaner_now(
    pools: &Pools,
    cleaner: CleanerId,
) -> Result<Option<CleanerNow>, StoreError> {
    let row = sqlx::query!(
        r#"select
               cleaner.active, cleaner.duty,
               (select shift.zone from shift
                   where shift.cleaner_id = cleaner.id and shift.during && tstzrange(
                       now() - make_interval(secs => $2), now() + make_interval(secs => $2))
                   order by now() <@ shift.during desc, lower(shift.during)
                   limit 1) as "shift_zone?",
               work.booking_id as "booking_id?", work.zone as "zone?", work.status as "status?",
               work.lon as "lon?", work.lat as "lat?"
           from cleaner
           left join lateral (
               select job.booking_id, job.zone, job.status, property.lon, property.lat
               from occupancy
               join job on job.id = occupancy.job_id
               join booking on booking.id = job.booking_id
               join property on property.id = booking.property_id
               where occupancy.cleaner_id = cleaner.id and occupancy.cause = 'assigned'
                   and occupancy.busy && tstzrange(
                       now() - make_interval(secs => $3), now() + make_interval(secs => $3))
                   and job.status in ('en_route', 'arrived', 'in_progress', 'paused')
               order by job.starts_at
               limit 1
           ) work on true
           where cleaner.id = $1"#,
        cleaner.0,
        LIMITS.tracking_around_shift.as_secs_f64(),
        LIMITS.tracking_around_job.as_secs_f64(),
    )
    .fetch_optional(&pools.reads)
    .await?;
    let Some(row) = row else {
        return Ok(None);
    };
    let work = match (row.booking_id, row.zone, row.status, row.lon, row.lat) {
        (Some(booking), Some(zone), Some(status), Some(lon), Some(lat)) => Some(Work {
            booking: BookingId(booking),
            zone: slug(zone)?,
            status: word(status, "status")?,
            place: Place { lon, lat },
        }),
        _ => None,
    };
    Ok(Some(CleanerNow {
        active: row.active,
        duty: word(row.duty, "duty")?,
        shift: row.shift_zone.map(slug).transpose()?,
        work,
    }))
}

pub(super) fn slug(text: String) -> Result<ZoneSlug, StoreError> {
    ZoneSlug::try_from(text).map_err(|_| unreadable("zone"))
}

pub(super) fn word<T: DeserializeOwned>(text: String, what: &'static str) -> Result<T, StoreError> {
    serde_json::from_value(Value::String(text)).map_err(|_| unreadable(what))
}

fn unreadable(what: &'static str) -> StoreError {
    StoreError::Unreadable {
        what,
        reason: "not a value of ours".to_owned(),
    }
}

/// What decides whether `actor` may read `channel`.
pub async fn live_facts(
    pools: &Pools,
    actor: Option<Actor>,
    channel: &EphemeralChannel,
) -> Result<LiveFacts, StoreError> {
    let (zone, booking): (Option<&str>, Option<Uuid>) = match channel {
        EphemeralChannel::Positions(zone) | EphemeralChannel::Presence(zone) => {
            (Some(zone.as_str()), None)
        }
        EphemeralChannel::Track(booking) => (None, Some(booking.0)),
        EphemeralChannel::Ops => (None, None),
    };
    let row = sqlx::query!(
        r#"select
               exists (select 1 from zone where slug = $1) as "zone_exists!",
               exists (select 1 from job where booking_id = $2 and status = 'en_route')
                   as "on_the_way!",
               (select customer_id from booking where id = $2) as "booked_by?",
               exists (select 1 from account
                   where id = $3 and role = $4 and disabled_at is null) as "account_valid!""#,
        zone,
        booking,
        actor.map(|actor| actor.id.0),
        actor.map(|actor| actor.role.as_str()),
    )
    .fetch_one(&pools.reads)
    .await?;
    Ok(LiveFacts {
        zone_exists: row.zone_exists,
        on_the_way: row.on_the_way,
        account_valid: row.account_valid,
        booked_by: row.booked_by.map(CustomerId),
    })
}

/// Timers that should have fired, and since when the oldest waits.
pub async fn overdue_timers(pools: &Pools) -> Result<(i64, Option<f64>), StoreError> {
    let row = sqlx::query!(
        r#"select count(*) as "count!",
               extract(epoch from now() - min(due_at))::float8 as oldest_seconds
           from timer where finished_at is null and due_at <= now()"#
    )
    .fetch_one(&pools.reads)
    .await?;
    Ok((row.count, row.oldest_seconds))
}
