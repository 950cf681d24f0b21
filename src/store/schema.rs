//! The schema: brought up to date by its owner, and what the role that serves may do with it.
//!
//! Serving needs no more than to change rows. An installation that keeps two roles runs
//! `dispatch-hub migrate --grant-to` as the owner; what the server may then no longer do, not even
//! when it is somebody else's, is to change the schema, or anything in the audit trail.

use sqlx::{
    Connection, Executor, PgConnection,
    error::DatabaseError,
    migrate::{MigrateError, Migrator},
};

use super::StoreError;

static MIGRATIONS: Migrator = sqlx::migrate!("./migrations");

/// Gives the role of `hub.grantee` its rights.
const GRANT: &str = include_str!("grant.sql");

/// Brings the schema up to date, on a connection of its own without the pools' time limits. Where
/// it is up to date, it needs no right to change it; a schema newer than this program is none of
/// its business, as it is safe beside this version.
pub async fn migrate(database_url: &str) -> Result<(), StoreError> {
    let mut connection = PgConnection::connect(database_url).await?;
    if !is_up_to_date(&mut connection).await? {
        let mut migrator = Migrator {
            migrations: MIGRATIONS.migrations.clone(),
            ..Migrator::DEFAULT
        };
        migrator
            .set_ignore_missing(true)
            .run(&mut connection)
            .await
            .map_err(|error| {
                if is_forbidden(&error) {
                    StoreError::OldSchema(error)
                } else {
                    StoreError::Database(error.into())
                }
            })?;
    }
    #[cfg(feature = "breakages")]
    break_schema(&mut connection).await?;
    connection.close().await?;
    Ok(())
}

/// Takes the schema's own defences away where that is the breakage.
#[cfg(feature = "breakages")]
async fn break_schema(connection: &mut PgConnection) -> Result<(), StoreError> {
    use crate::breakage::{Breakage, is};
    if is(Breakage::TimeIsNotDefended) {
        let drop = "alter table occupancy drop constraint if exists occupancy_no_overlap";
        connection.execute(sqlx::raw_sql(drop)).await?;
    }
    if is(Breakage::EpochIsConstant) {
        let constant = "create or replace function log_name() returns text
            language sql stable parallel safe as $$ select 'constant' from log_epoch $$";
        connection.execute(sqlx::raw_sql(constant)).await?;
    }
    if is(Breakage::RejectionsAreNotAudited) {
        let forget = "create or replace function forget() returns trigger language plpgsql as
                $$ begin return null; end $$;
            create or replace trigger forget before insert on audit
                for each row when (new.outcome = 'rejected') execute function forget()";
        connection.execute(sqlx::raw_sql(forget)).await?;
    }
    Ok(())
}

/// The role may change nothing, or sees no schema at all.
fn is_forbidden(error: &MigrateError) -> bool {
    const INSUFFICIENT_PRIVILEGE: &str = "42501";
    const NO_SCHEMA: &str = "3F000";
    let (MigrateError::Execute(cause) | MigrateError::ExecuteMigration(cause, _)) = error else {
        return false;
    };
    let code = cause.as_database_error().and_then(DatabaseError::code);
    code.is_some_and(|code| [INSUFFICIENT_PRIVILEGE, NO_SCHEMA].contains(&code.as_ref()))
}

/// Lets a role serve: rows it may change, the schema and what is only ever added to it may not.
/// To be asked of the schema's owner, again after every change of the schema.
pub async fn grant(database_url: &str, role: &str) -> Result<(), StoreError> {
    let mut connection = PgConnection::connect(database_url).await?;
    sqlx::query("select set_config('hub.grantee', $1, false)")
        .bind(role)
        .execute(&mut connection)
        .await?;
    connection.execute(sqlx::raw_sql(GRANT)).await?;
    connection.close().await?;
    Ok(())
}

/// Whether every migration of this program has been made, as it is here.
async fn is_up_to_date(connection: &mut PgConnection) -> Result<bool, StoreError> {
    let begun = "select to_regclass('_sqlx_migrations') is not null";
    let begun: bool = sqlx::query_scalar(begun)
        .fetch_one(&mut *connection)
        .await?;
    if !begun {
        return Ok(false);
    }
    let made = "select version, checksum from _sqlx_migrations where success";
    let made: Vec<(i64, Vec<u8>)> = sqlx::query_as(made).fetch_all(connection).await?;
    Ok(MIGRATIONS.iter().all(|wanted| {
        made.iter()
            .any(|(version, sum)| *version == wanted.version && *sum == *wanted.checksum)
    }))
}
