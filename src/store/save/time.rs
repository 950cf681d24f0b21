//! Shifts, time off, and what takes a cleaner's time. Occupancy rows never change: they are freed
//! and taken. What is freed goes first, so that its time can be taken in the same transaction.

use serde_json::json;
use sqlx::PgConnection;

use super::{super::StoreError, all_written, changed, json};
use crate::domain::{
    World,
    entity::{Shift, TimeOff},
    template::ShiftTemplate,
};

pub(super) async fn save(
    connection: &mut PgConnection,
    before: &World,
    after: &World,
) -> Result<(), StoreError> {
    remove_shifts(connection, before, after).await?;
    save_templates(connection, &changed(&before.templates, &after.templates)).await?;
    save_shifts(connection, &changed(&before.shifts, &after.shifts)).await?;
    save_time_off(connection, &changed(&before.time_off, &after.time_off)).await
}

/// Shifts that are no more, and those that are elsewhere now: they are inserted again, because one
/// may go where another was.
async fn remove_shifts(
    connection: &mut PgConnection,
    before: &World,
    after: &World,
) -> Result<(), StoreError> {
    let gone: Vec<_> = before
        .shifts
        .values()
        .filter(|row| after.shifts.get(&row.id) != Some(row))
        .map(|row| json!({ "id": row.id, "version": row.version }))
        .collect();
    if gone.is_empty() {
        return Ok(());
    }
    let done = sqlx::query!(
        "delete from shift using jsonb_to_recordset($1) as r (id uuid, version bigint)
         where shift.id = r.id and shift.version = r.version",
        json(&gone),
    )
    .execute(connection)
    .await?;
    all_written("shift", gone.len(), done.rows_affected())
}

async fn save_shifts(connection: &mut PgConnection, shifts: &[&Shift]) -> Result<(), StoreError> {
    if shifts.is_empty() {
        return Ok(());
    }
    let done = sqlx::query!(
        r#"insert into shift (id, cleaner_id, zone, local_date, during, template_id, version)
           select id, cleaner, zone, local_date,
               tstzrange((during->>'start')::timestamptz, (during->>'end')::timestamptz), template,
               version
           from jsonb_to_recordset($1) as r (id uuid, cleaner uuid, zone text, local_date date,
               during jsonb, template uuid, version bigint)"#,
        json(&shifts),
    )
    .execute(connection)
    .await?;
    all_written("shift", shifts.len(), done.rows_affected())
}

async fn save_templates(
    connection: &mut PgConnection,
    templates: &[&ShiftTemplate],
) -> Result<(), StoreError> {
    if templates.is_empty() {
        return Ok(());
    }
    let done = sqlx::query!(
        "insert into shift_template (id, cleaner_id, zone, week, valid_from, valid_until,
             exceptions, planned_until, version)
         select id, cleaner, zone, week, valid_from, valid_until, exceptions, planned_until, version
         from jsonb_to_recordset($1) as r (id uuid, cleaner uuid, zone text, week jsonb,
             valid_from date, valid_until date, exceptions jsonb, planned_until date,
             version bigint)
         on conflict on constraint shift_template_pk do update set
             week = excluded.week, valid_from = excluded.valid_from,
             valid_until = excluded.valid_until, exceptions = excluded.exceptions,
             planned_until = excluded.planned_until, version = excluded.version
         where shift_template.version < excluded.version",
        json(&templates),
    )
    .execute(connection)
    .await?;
    all_written("shift_template", templates.len(), done.rows_affected())
}

async fn save_time_off(
    connection: &mut PgConnection,
    time_off: &[&TimeOff],
) -> Result<(), StoreError> {
    if time_off.is_empty() {
        return Ok(());
    }
    let done = sqlx::query!(
        r#"insert into time_off (id, cleaner_id, during, reason, version)
           select id, cleaner,
               tstzrange((during->>'start')::timestamptz, (during->>'end')::timestamptz),
               reason, version
           from jsonb_to_recordset($1) as r (id uuid, cleaner uuid, during jsonb, reason text,
               version bigint)
           on conflict on constraint time_off_pk do update set
               during = excluded.during, reason = excluded.reason, version = excluded.version
           where time_off.version < excluded.version"#,
        json(&time_off),
    )
    .execute(connection)
    .await?;
    all_written("time_off", time_off.len(), done.rows_affected())
}

/// Deletes the occupancy that is no more.
pub(super) async fn free(
    connection: &mut PgConnection,
    before: &World,
    after: &World,
) -> Result<(), StoreError> {
    let freed: Vec<_> = before
        .occupancy
        .iter()
        .filter(|(id, row)| after.occupancy.get(id) != Some(row))
        .map(|(id, _)| id.0)
        .collect();
    if freed.is_empty() {
        return Ok(());
    }
    let done = sqlx::query!("delete from occupancy where id = any($1)", &freed)
        .execute(connection)
        .await?;
    all_written("occupancy", freed.len(), done.rows_affected())
}

/// Inserts the occupancy that is new; the exclusion constraint has the last word.
pub(super) async fn take(
    connection: &mut PgConnection,
    before: &World,
    after: &World,
) -> Result<(), StoreError> {
    let taken = changed(&before.occupancy, &after.occupancy);
    if taken.is_empty() {
        return Ok(());
    }
    sqlx::query!(
        r#"insert into occupancy (id, cleaner_id, busy, cause, hold_id, job_id, time_off_id, seat)
           select id, cleaner,
               tstzrange((busy->>'start')::timestamptz, (busy->>'end')::timestamptz), cause,
               hold, job, time_off, seat
           from jsonb_to_recordset($1) as r (id uuid, cleaner uuid, busy jsonb, cause text,
               hold uuid, job uuid, time_off uuid, seat smallint)"#,
        json(&taken),
    )
    .execute(connection)
    .await?;
    Ok(())
}
