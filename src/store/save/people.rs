//! Accounts and how they sign in, customers with their properties, cleaners with what they may do.

use serde_json::json;
use sqlx::PgConnection;

use super::{super::StoreError, all_written, changed, json};
use crate::domain::{
    World,
    entity::{Account, Cleaner, Customer, Property},
};

pub(super) async fn save(
    connection: &mut PgConnection,
    before: &World,
    after: &World,
) -> Result<(), StoreError> {
    save_accounts(connection, &changed(&before.accounts, &after.accounts)).await?;
    save_customers(connection, &changed(&before.customers, &after.customers)).await?;
    save_properties(connection, &changed(&before.properties, &after.properties)).await?;
    save_cleaners(connection, &changed(&before.cleaners, &after.cleaners)).await
}

async fn save_accounts(
    connection: &mut PgConnection,
    accounts: &[&Account],
) -> Result<(), StoreError> {
    if accounts.is_empty() {
        return Ok(());
    }
    let done = sqlx::query!(
        "insert into account (id, role, name, disabled_at, version)
         select id, role, name, case when disabled then now() end, version
         from jsonb_to_recordset($1) as r (id uuid, role text, name text, disabled boolean,
             version bigint)
         on conflict on constraint account_pk do update set
             role = excluded.role, name = excluded.name, version = excluded.version,
             disabled_at = case when excluded.disabled_at is not null
                 then coalesce(account.disabled_at, excluded.disabled_at) end
         where account.version < excluded.version",
        json(&accounts),
    )
    .execute(&mut *connection)
    .await?;
    all_written("account", accounts.len(), done.rows_affected())?;
    end_sign_ins(connection, accounts).await?;
    for account in accounts {
        save_password_identity(connection, account).await?;
    }
    Ok(())
}

/// Who is disabled is signed out for good, and a new password shuts out whoever knew the old one.
async fn end_sign_ins(
    connection: &mut PgConnection,
    accounts: &[&Account],
) -> Result<(), StoreError> {
    let out: Vec<_> = accounts
        .iter()
        .filter(|account| account.disabled || account.new_password_hash.is_some())
        .map(|account| account.id.0)
        .collect();
    if out.is_empty() {
        return Ok(());
    }
    sqlx::query!(
        "update sign_in set revoked_at = now() where account_id = any($1) and revoked_at is null",
        &out,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// An address that is given up takes its secret along to the new one, unless there is a new
/// secret; an address that another account has is a conflict, decided anew.
async fn save_password_identity(
    connection: &mut PgConnection,
    account: &Account,
) -> Result<(), StoreError> {
    let written = sqlx::query_scalar!(
        r#"with gone as (
               delete from identity
               where provider = 'password' and account_id = $1 and subject is distinct from $2
               returning secret
           ), written as (
               insert into identity (provider, subject, account_id, secret)
               select 'password', $2, $1, coalesce($3, (select secret from gone limit 1))
               where $2::text is not null
               on conflict on constraint identity_pk do update
                   set secret = coalesce($3, identity.secret)
                   where identity.account_id = excluded.account_id
               returning 1
           )
           select count(*) as "count!" from written"#,
        account.id.0,
        account.email,
        account.new_password_hash,
    )
    .fetch_one(connection)
    .await?;
    if account.email.is_some() && written == 0 {
        return Err(StoreError::Stale { table: "identity" });
    }
    Ok(())
}

async fn save_customers(
    connection: &mut PgConnection,
    customers: &[&Customer],
) -> Result<(), StoreError> {
    if customers.is_empty() {
        return Ok(());
    }
    let done = sqlx::query!(
        "insert into customer (id, name, phone, email, version)
         select id, name, phone, email, version
         from jsonb_to_recordset($1) as r (id uuid, name text, phone text, email text, version bigint)
         on conflict on constraint customer_pk do update set
             name = excluded.name, phone = excluded.phone, email = excluded.email,
             version = excluded.version
         where customer.version < excluded.version",
        json(&customers),
    )
    .execute(connection)
    .await?;
    all_written("customer", customers.len(), done.rows_affected())
}

async fn save_properties(
    connection: &mut PgConnection,
    properties: &[&Property],
) -> Result<(), StoreError> {
    if properties.is_empty() {
        return Ok(());
    }
    let done = sqlx::query!(
        "insert into property (id, customer_id, zone, address, district, access_notes, lon, lat, version)
         select id, customer, zone, address, district, access_notes, lon, lat, version
         from jsonb_to_recordset($1) as r (id uuid, customer uuid, zone text, address text,
             district text, access_notes text, lon double precision, lat double precision,
             version bigint)
         on conflict on constraint property_pk do update set
             zone = excluded.zone, address = excluded.address, district = excluded.district,
             access_notes = excluded.access_notes, lon = excluded.lon, lat = excluded.lat,
             version = excluded.version
         where property.version < excluded.version",
        json(&properties),
    )
    .execute(connection)
    .await?;
    all_written("property", properties.len(), done.rows_affected())
}

async fn save_cleaners(
    connection: &mut PgConnection,
    cleaners: &[&Cleaner],
) -> Result<(), StoreError> {
    if cleaners.is_empty() {
        return Ok(());
    }
    let done = sqlx::query!(
        "insert into cleaner (id, name, phone, duty, active, version)
         select id, name, phone, duty, active, version
         from jsonb_to_recordset($1) as r (id uuid, name text, phone text, duty text,
             active boolean, version bigint)
         on conflict on constraint cleaner_pk do update set
             name = excluded.name, phone = excluded.phone, duty = excluded.duty,
             active = excluded.active, version = excluded.version
         where cleaner.version < excluded.version",
        json(&cleaners),
    )
    .execute(&mut *connection)
    .await?;
    all_written("cleaner", cleaners.len(), done.rows_affected())?;
    let able: Vec<_> = cleaners
        .iter()
        .map(|row| json!({ "id": row.id, "zones": row.zones, "skills": row.skills }))
        .collect();
    sqlx::query!(
        "with wanted as materialized (
             select * from jsonb_to_recordset($1) as r (id uuid, zones text[], skills text[])
         ), zones_gone as (
             delete from cleaner_zone using wanted
             where cleaner_id = wanted.id and not zone = any(wanted.zones)
         ), skills_gone as (
             delete from cleaner_skill using wanted
             where cleaner_id = wanted.id and not skill = any(wanted.skills)
         ), zones_added as (
             insert into cleaner_zone (cleaner_id, zone)
             select id, unnest(zones) from wanted
             on conflict on constraint cleaner_zone_pk do nothing
         )
         insert into cleaner_skill (cleaner_id, skill)
         select id, unnest(skills) from wanted
         on conflict on constraint cleaner_skill_pk do nothing",
        json(&able),
    )
    .execute(connection)
    .await?;
    Ok(())
}
