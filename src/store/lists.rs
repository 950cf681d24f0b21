//! Lists for the administration, read page by page. A page goes on below the row that the page before
//! ended with; where that row is gone, or others came, it goes on at that place all the same as far as
//! the order still tells it. What is looked for is written to no log.

use jiff::civil::Date;
use sqlx::types::Json;
use uuid::Uuid;

use super::{Pools, StoreError};
use crate::domain::{
    entity::{Service, TimeRange, Zone},
    ids::{SkillSlug, ZoneSlug},
    list::{
        Catalogue, CleanerEntry, CleanerPage, ShiftEntry, ShiftPage, TemplateEntry, TemplatePage,
        TimeOffEntry, TimeOffPage, UserEntry, UserPage,
    },
    query::{CleanersList, ShiftsList, TemplatesList, TimeOffList, UsersList},
};

/// How many rows are read: one more than wanted tells whether there are more.
fn with_one_more(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX).saturating_add(1)
}

/// Everything that is sold, has been sold, or is asked of people.
pub async fn catalogue(pools: &Pools) -> Result<Catalogue, StoreError> {
    let zones: Vec<Zone> = super::catalog::zones(pools).await?;
    let services = sqlx::query_scalar!(
        r#"select coalesce(json_agg(row), '[]') as "services!: Json<Vec<Service>>" from (
               select slug, name, duration_minutes, crew_size, travel_buffer_minutes,
                   lead_time_minutes, booking_window_days, slot_step_minutes, price_minor, currency,
                   active, version,
                   array(select skill from service_skill
                       where service_skill.service = slug order by skill) as skills
               from service order by name, slug limit 1000
           ) row"#
    )
    .fetch_one(&pools.reads)
    .await?;
    let skills = sqlx::query_scalar!(
        r#"select coalesce(json_agg(slug), '[]') as "skills!: Json<Vec<SkillSlug>>" from (
               select slug from skill order by slug limit 1000
           ) row"#
    )
    .fetch_one(&pools.reads)
    .await?;
    Ok(Catalogue {
        zones,
        services: services.0,
        skills: skills.0,
    })
}

pub async fn users(
    pools: &Pools,
    asked: &UsersList,
    (text, limit): (Option<&str>, usize),
) -> Result<UserPage, StoreError> {
    let roles: Option<Vec<String>> = asked.roles.as_ref().map(|roles| {
        let roles = roles.iter().map(|role| role.as_str().to_owned());
        roles.collect()
    });
    let rows = sqlx::query_scalar!(
        r#"select coalesce(json_agg(row), '[]') as "rows!: Json<Vec<UserEntry>>" from (
               select id, role, name, identity.subject as email, disabled_at is not null as disabled,
                   version
               from account
                   left join identity on identity.account_id = id and identity.provider = 'password'
               where ($1::text is null or strpos(lower(name), lower($1)) > 0
                       or strpos(identity.subject, lower($1)) > 0)
                   and ($2::text[] is null or role = any($2))
                   and ($3::boolean is null or (disabled_at is not null) = $3)
                   and ($4::uuid is null or (lower(name), id) > (
                       select lower(place.name), place.id from account place where place.id = $4))
                   and ($5::uuid is null or id = $5)
               order by lower(name), id limit $6
           ) row"#,
        text,
        roles.as_deref(),
        asked.disabled,
        asked.after.map(|id| id.0),
        asked.account.map(|id| id.0),
        with_one_more(limit),
    )
    .fetch_one(&pools.reads)
    .await?;
    Ok(UserPage::of(rows.0, limit))
}

pub async fn cleaners(
    pools: &Pools,
    asked: &CleanersList,
    (text, limit): (Option<&str>, usize),
) -> Result<CleanerPage, StoreError> {
    let rows = sqlx::query_scalar!(
        r#"select coalesce(json_agg(row), '[]') as "rows!: Json<Vec<CleanerEntry>>" from (
               select id, name, phone, duty, active, version,
                   array(select zone from cleaner_zone where cleaner_id = id order by zone) as zones,
                   array(select skill from cleaner_skill where cleaner_id = id order by skill) as skills
               from cleaner
               where ($1::text is null or strpos(lower(name), lower($1)) > 0)
                   and ($2::text is null or exists (
                       select from cleaner_zone where cleaner_id = id and zone = $2))
                   and ($3::text is null or exists (
                       select from cleaner_skill where cleaner_id = id and skill = $3))
                   and ($4::boolean is null or active = $4)
                   and ($5::uuid is null or (lower(name), id) > (
                       select lower(place.name), place.id from cleaner place where place.id = $5))
               order by lower(name), id limit $6
           ) row"#,
        text,
        asked.zone.as_ref().map(ZoneSlug::as_str),
        asked.skill.as_ref().map(SkillSlug::as_str),
        asked.active,
        asked.after.map(|id| id.0),
        with_one_more(limit),
    )
    .fetch_one(&pools.reads)
    .await?;
    Ok(CleanerPage::of(rows.0, limit))
}

pub async fn shifts(
    pools: &Pools,
    asked: &ShiftsList,
    (during, limit): (TimeRange, usize),
) -> Result<ShiftPage, StoreError> {
    let rows = sqlx::query_scalar!(
        r#"select coalesce(json_agg(row), '[]') as "rows!: Json<Vec<ShiftEntry>>" from (
               select shift.id, cleaner_id as cleaner, cleaner.name as cleaner_name, zone, local_date,
                   lower(during) as starts_at, upper(during) as ends_at, template_id as template,
                   shift.version
               from shift join cleaner on cleaner.id = cleaner_id
               where during && tstzrange($1, $2)
                   and ($3::text is null or zone = $3)
                   and ($4::uuid is null or cleaner_id = $4)
                   and ($5::uuid is null or (lower(during), shift.id) > (
                       select lower(place.during), place.id from shift place where place.id = $5))
               order by lower(during), shift.id limit $6
           ) row"#,
        jiff_sqlx::Timestamp::from(during.start) as _,
        jiff_sqlx::Timestamp::from(during.end) as _,
        asked.zone.as_ref().map(ZoneSlug::as_str),
        asked.cleaner.map(|id| id.0),
        asked.after.map(|id| id.0),
        with_one_more(limit),
    )
    .fetch_one(&pools.reads)
    .await?;
    Ok(ShiftPage::of(rows.0, limit))
}

pub async fn templates(
    pools: &Pools,
    asked: &TemplatesList,
    limit: usize,
) -> Result<TemplatePage, StoreError> {
    let since: Option<Date> = asked.since;
    let after: Option<Uuid> = asked.after.map(|id| id.0);
    let rows = sqlx::query_scalar!(
        r#"select coalesce(json_agg(row), '[]') as "rows!: Json<Vec<TemplateEntry>>" from (
               select template.id, cleaner_id as cleaner, cleaner.name as cleaner_name, zone, week,
                   valid_from, valid_until, exceptions, template.version
               from shift_template template join cleaner on cleaner.id = cleaner_id
               where ($1::text is null or zone = $1)
                   and ($2::uuid is null or cleaner_id = $2)
                   and ($3::date is null or valid_until is null or valid_until >= $3)
                   and ($4::uuid is null or (lower(cleaner.name), template.id) > (
                       select lower(owner.name), place.id
                       from shift_template place join cleaner owner on owner.id = place.cleaner_id
                       where place.id = $4))
               order by lower(cleaner.name), template.id limit $5
           ) row"#,
        asked.zone.as_ref().map(ZoneSlug::as_str),
        asked.cleaner.map(|id| id.0),
        since.map(jiff_sqlx::Date::from) as _,
        after,
        with_one_more(limit),
    )
    .fetch_one(&pools.reads)
    .await?;
    Ok(TemplatePage::of(rows.0, limit))
}

/// With `reasons` for those who may see them.
pub async fn time_off(
    pools: &Pools,
    asked: &TimeOffList,
    (during, limit): (TimeRange, usize),
    reasons: Reasons,
) -> Result<TimeOffPage, StoreError> {
    let rows = sqlx::query_scalar!(
        r#"select coalesce(json_agg(row), '[]') as "rows!: Json<Vec<TimeOffEntry>>" from (
               select time_off.id, cleaner_id as cleaner, cleaner.name as cleaner_name,
                   lower(during) as starts_at, upper(during) as ends_at,
                   case when $7 then reason end as reason, time_off.version
               from time_off join cleaner on cleaner.id = cleaner_id
               where during && tstzrange($1, $2)
                   and ($3::text is null or exists (select from cleaner_zone home
                       where home.cleaner_id = time_off.cleaner_id and home.zone = $3))
                   and ($4::uuid is null or cleaner_id = $4)
                   and ($5::uuid is null or (lower(during), time_off.id) > (
                       select lower(place.during), place.id from time_off place where place.id = $5))
               order by lower(during), time_off.id limit $6
           ) row"#,
        jiff_sqlx::Timestamp::from(during.start) as _,
        jiff_sqlx::Timestamp::from(during.end) as _,
        asked.zone.as_ref().map(ZoneSlug::as_str),
        asked.cleaner.map(|id| id.0),
        asked.after.map(|id| id.0),
        with_one_more(limit),
        matches!(reasons, Reasons::Told),
    )
    .fetch_one(&pools.reads)
    .await?;
    Ok(TimeOffPage::of(rows.0, limit))
}

/// Whether it is told why somebody is away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reasons {
    Told,
    Hidden,
}
