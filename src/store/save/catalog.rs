//! Zones, services and the skills they ask for.

use serde_json::json;
use sqlx::PgConnection;

use super::{super::StoreError, all_written, changed, json};
use crate::domain::{
    World,
    entity::{Service, Zone},
};

pub(super) async fn save(
    connection: &mut PgConnection,
    before: &World,
    after: &World,
) -> Result<(), StoreError> {
    save_skills(connection, before, after).await?;
    save_zones(connection, &changed(&before.zones, &after.zones)).await?;
    save_services(connection, &changed(&before.services, &after.services)).await
}

/// Somebody else may add the same skill at the same time; the first name stays.
async fn save_skills(
    connection: &mut PgConnection,
    before: &World,
    after: &World,
) -> Result<(), StoreError> {
    let new: Vec<_> = after
        .skills
        .iter()
        .filter(|(slug, _)| !before.skills.contains_key(slug))
        .map(|(slug, name)| json!({ "slug": slug, "name": name }))
        .collect();
    if new.is_empty() {
        return Ok(());
    }
    sqlx::query!(
        "insert into skill (slug, name)
         select slug, name from jsonb_to_recordset($1) as r (slug text, name text)
         order by slug
         on conflict on constraint skill_pk do nothing",
        json(&new),
    )
    .execute(connection)
    .await?;
    Ok(())
}

async fn save_zones(connection: &mut PgConnection, zones: &[&Zone]) -> Result<(), StoreError> {
    if zones.is_empty() {
        return Ok(());
    }
    let done = sqlx::query!(
        "insert into zone (slug, name, polygon, time_zone, opening_hours, version)
         select slug, name, polygon, time_zone, opening_hours, version
         from jsonb_to_recordset($1) as r (slug text, name text, polygon jsonb, time_zone text,
             opening_hours jsonb, version bigint)
         on conflict on constraint zone_pk do update set
             name = excluded.name, polygon = excluded.polygon, time_zone = excluded.time_zone,
             opening_hours = excluded.opening_hours, version = excluded.version
         where zone.version < excluded.version",
        json(&zones),
    )
    .execute(connection)
    .await?;
    all_written("zone", zones.len(), done.rows_affected())
}

async fn save_services(
    connection: &mut PgConnection,
    services: &[&Service],
) -> Result<(), StoreError> {
    if services.is_empty() {
        return Ok(());
    }
    let rows = json(&services);
    let done = sqlx::query!(
        "insert into service (slug, name, duration_minutes, crew_size, travel_buffer_minutes,
             lead_time_minutes, booking_window_days, slot_step_minutes, price_minor, currency,
             active, version)
         select slug, name, duration_minutes, crew_size, travel_buffer_minutes,
             lead_time_minutes, booking_window_days, slot_step_minutes, price_minor, currency,
             active, version
         from jsonb_to_recordset($1) as r (slug text, name text, duration_minutes integer,
             crew_size integer, travel_buffer_minutes integer, lead_time_minutes integer,
             booking_window_days integer, slot_step_minutes integer, price_minor bigint,
             currency text, active boolean, version bigint)
         on conflict on constraint service_pk do update set
             name = excluded.name, duration_minutes = excluded.duration_minutes,
             crew_size = excluded.crew_size,
             travel_buffer_minutes = excluded.travel_buffer_minutes,
             lead_time_minutes = excluded.lead_time_minutes,
             booking_window_days = excluded.booking_window_days,
             slot_step_minutes = excluded.slot_step_minutes, price_minor = excluded.price_minor,
             currency = excluded.currency, active = excluded.active, version = excluded.version
         where service.version < excluded.version",
        rows,
    )
    .execute(&mut *connection)
    .await?;
    all_written("service", services.len(), done.rows_affected())?;
    sqlx::query!(
        "with wanted as (
             select slug, skill from jsonb_to_recordset($1) as r (slug text, skills text[]),
                 unnest(skills) as skill
         ), gone as (
             delete from service_skill
             where service in (select slug from jsonb_to_recordset($1) as r (slug text))
                 and (service, skill) not in (select slug, skill from wanted)
         )
         insert into service_skill (service, skill) select slug, skill from wanted
         on conflict on constraint service_skill_pk do nothing",
        rows,
    )
    .execute(connection)
    .await?;
    Ok(())
}
