//! What is sold where: the lists that everybody may read.

use sqlx::types::Json;

use super::{Pools, StoreError};
use crate::domain::entity::{Service, Zone};

/// All zones by name.
pub async fn zones(pools: &Pools) -> Result<Vec<Zone>, StoreError> {
    let zones = sqlx::query_scalar!(
        r#"select coalesce(json_agg(row), '[]') as "zones!: Json<Vec<Zone>>" from (
               select slug, name, polygon, time_zone, opening_hours, version
               from zone order by name, slug limit 1000
           ) row"#
    )
    .fetch_one(&pools.reads)
    .await?;
    Ok(zones.0)
}

/// The services on sale, by name.
pub async fn services(pools: &Pools) -> Result<Vec<Service>, StoreError> {
    let services = sqlx::query_scalar!(
        r#"select coalesce(json_agg(row), '[]') as "services!: Json<Vec<Service>>" from (
               select slug, name, duration_minutes, crew_size, travel_buffer_minutes,
                   lead_time_minutes, booking_window_days, slot_step_minutes, price_minor, currency,
                   active, version,
                   array(select skill from service_skill
                       where service_skill.service = slug order by skill) as skills
               from service where active order by name, slug limit 1000
           ) row"#
    )
    .fetch_one(&pools.reads)
    .await?;
    Ok(services.0)
}
