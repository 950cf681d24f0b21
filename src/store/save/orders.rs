//! Holds, bookings, jobs with their seats and alerts.

use serde_json::{Value, json};
use sqlx::PgConnection;

use super::{super::StoreError, all_written, changed, json};
use crate::domain::{
    Table, World,
    alert::Alert,
    entity::{Booking, Hold, Job},
    ids::JobId,
};

pub(super) async fn save(
    connection: &mut PgConnection,
    before: &World,
    after: &World,
) -> Result<(), StoreError> {
    save_holds(connection, &changed(&before.holds, &after.holds)).await?;
    save_bookings(connection, &changed(&before.bookings, &after.bookings)).await?;
    let jobs = changed(&before.jobs, &after.jobs);
    save_jobs(connection, &jobs).await?;
    save_seats(&mut *connection, &before.jobs, &jobs).await?;
    save_alerts(connection, &changed(&before.alerts, &after.alerts)).await
}

async fn save_holds(connection: &mut PgConnection, holds: &[&Hold]) -> Result<(), StoreError> {
    if holds.is_empty() {
        return Ok(());
    }
    let done = sqlx::query!(
        "insert into hold (id, customer_id, zone, service, starts_at, placed_at, expires_at,
             extended, status, version)
         select id, customer, zone, service, starts_at, placed_at, expires_at, extended, status,
             version
         from jsonb_to_recordset($1) as r (id uuid, customer uuid, zone text, service text,
             starts_at timestamptz, placed_at timestamptz, expires_at timestamptz,
             extended boolean, status text, version bigint)
         on conflict on constraint hold_pk do update set
             expires_at = excluded.expires_at, extended = excluded.extended,
             status = excluded.status, version = excluded.version
         where hold.version < excluded.version",
        json(&holds),
    )
    .execute(connection)
    .await?;
    all_written("hold", holds.len(), done.rows_affected())
}

async fn save_bookings(
    connection: &mut PgConnection,
    bookings: &[&Booking],
) -> Result<(), StoreError> {
    if bookings.is_empty() {
        return Ok(());
    }
    let done = sqlx::query!(
        "insert into booking (id, hold_id, customer_id, property_id, zone, service, starts_at,
             local_date, price_minor, currency, cancel_until_hours, status, booked_at, version)
         select id, hold, customer, property, zone, service, starts_at, local_date, price_minor,
             currency, cancel_until_hours, status, booked_at, version
         from jsonb_to_recordset($1) as r (id uuid, hold uuid, customer uuid, property uuid,
             zone text, service text, starts_at timestamptz, local_date date, price_minor bigint,
             currency text, cancel_until_hours integer, status text, booked_at timestamptz,
             version bigint)
         on conflict on constraint booking_pk do update set
             starts_at = excluded.starts_at, local_date = excluded.local_date,
             status = excluded.status, version = excluded.version
         where booking.version < excluded.version",
        json(&bookings),
    )
    .execute(connection)
    .await?;
    all_written("booking", bookings.len(), done.rows_affected())
}

async fn save_jobs(connection: &mut PgConnection, jobs: &[&Job]) -> Result<(), StoreError> {
    if jobs.is_empty() {
        return Ok(());
    }
    let done = sqlx::query!(
        "insert into job (id, number, booking_id, zone, service, starts_at, local_date,
             duration_minutes, travel_buffer_minutes, crew_size, status, at_risk, times, version)
         select id, number, booking, zone, service, starts_at, local_date, duration_minutes,
             travel_buffer_minutes, jsonb_array_length(seats), status, at_risk, times, version
         from jsonb_to_recordset($1) as r (id uuid, number bigint, booking uuid, zone text,
             service text, starts_at timestamptz, local_date date, duration_minutes integer,
             travel_buffer_minutes integer, seats jsonb, status text, at_risk boolean,
             times jsonb, version bigint)
         on conflict on constraint job_pk do update set
             starts_at = excluded.starts_at, local_date = excluded.local_date,
             status = excluded.status, at_risk = excluded.at_risk, times = excluded.times,
             version = excluded.version
         where job.version < excluded.version",
        json(&jobs),
    )
    .execute(connection)
    .await?;
    all_written("job", jobs.len(), done.rows_affected())
}

/// Seats that change hands are emptied first, so that two cleaners may swap within a crew.
async fn save_seats(
    connection: &mut PgConnection,
    before: &Table<JobId, Job>,
    jobs: &[&Job],
) -> Result<(), StoreError> {
    let mut emptied = Vec::new();
    let mut written = Vec::new();
    for job in jobs {
        let old = before.get(&job.id).map(|job| job.seats.as_slice());
        for (seat, filled) in job.seats.iter().enumerate() {
            let was = old.and_then(|seats| seats.get(seat));
            if was == Some(filled) {
                continue;
            }
            if was.copied().flatten().is_some() {
                emptied.push(json!({ "job": job.id, "seat": seat }));
            }
            written.push(json!({
                "job": job.id, "seat": seat,
                "cleaner": filled.map(|seat| seat.cleaner),
                "filled_at": filled.map(|seat| seat.filled_at),
            }));
        }
    }
    empty_seats(connection, emptied).await?;
    write_seats(connection, written).await
}

async fn empty_seats(connection: &mut PgConnection, seats: Vec<Value>) -> Result<(), StoreError> {
    if seats.is_empty() {
        return Ok(());
    }
    sqlx::query!(
        "update job_seat set cleaner_id = null, filled_at = null
         from jsonb_to_recordset($1) as r (job uuid, seat smallint)
         where job_seat.job_id = r.job and job_seat.seat = r.seat",
        Value::Array(seats),
    )
    .execute(connection)
    .await?;
    Ok(())
}

async fn write_seats(connection: &mut PgConnection, seats: Vec<Value>) -> Result<(), StoreError> {
    if seats.is_empty() {
        return Ok(());
    }
    sqlx::query!(
        "insert into job_seat (job_id, seat, cleaner_id, filled_at)
         select job, seat, cleaner, filled_at
         from jsonb_to_recordset($1) as r (job uuid, seat smallint, cleaner uuid,
             filled_at timestamptz)
         on conflict on constraint job_seat_pk do update set
             cleaner_id = excluded.cleaner_id, filled_at = excluded.filled_at",
        Value::Array(seats),
    )
    .execute(connection)
    .await?;
    Ok(())
}

async fn save_alerts(connection: &mut PgConnection, alerts: &[&Alert]) -> Result<(), StoreError> {
    if alerts.is_empty() {
        return Ok(());
    }
    let done = sqlx::query!(
        "insert into alert (id, job_id, about, level, status, raised_at, snoozed_until, handled_by,
             version)
         select id, job, about, level, status, raised_at, snoozed_until, handled_by, version
         from jsonb_to_recordset($1) as r (id uuid, job uuid, about text, level text, status text,
             raised_at timestamptz, snoozed_until timestamptz, handled_by uuid, version bigint)
         on conflict on constraint alert_pk do update set
             level = excluded.level, status = excluded.status, raised_at = excluded.raised_at,
             snoozed_until = excluded.snoozed_until, handled_by = excluded.handled_by,
             version = excluded.version
         where alert.version < excluded.version",
        json(&alerts),
    )
    .execute(connection)
    .await?;
    all_written("alert", alerts.len(), done.rows_affected())
}
