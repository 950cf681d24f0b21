//! What a planner of many commands needs beside their world: that nobody else plans the same, which
//! of its ids are taken already, and numbers for the jobs it makes.

use std::collections::BTreeSet;

use sqlx::PgConnection;
use uuid::Uuid;

use super::StoreError;

/// Of all planners in all instances one at a time; names the lock, any number of ours.
const PLANNING: i64 = 0x6469_7370_6174_6368;

/// Whether this transaction is the one that plans. Until it ends no other is.
pub async fn begin(connection: &mut PgConnection) -> Result<bool, StoreError> {
    let alone = sqlx::query_scalar!(
        r#"select pg_try_advisory_xact_lock($1) as "alone!""#,
        PLANNING
    )
    .fetch_one(connection)
    .await?;
    Ok(alone)
}

/// Those of these ids that shifts and bookings have.
pub async fn known(
    connection: &mut PgConnection,
    ids: &[Uuid],
) -> Result<BTreeSet<Uuid>, StoreError> {
    let known = sqlx::query_scalar!(
        r#"select id as "id!" from shift where id = any($1)
           union all
           select id from booking where id = any($1)"#,
        ids,
    )
    .fetch_all(connection)
    .await?;
    Ok(known.into_iter().collect())
}

/// Numbers for new jobs, the least last: they are taken from the end.
pub async fn job_numbers(
    connection: &mut PgConnection,
    count: usize,
) -> Result<Vec<i64>, StoreError> {
    let mut numbers = sqlx::query_scalar!(
        r#"select nextval('job_number_seq') as "number!" from generate_series(1, $1)"#,
        i32::try_from(count).unwrap_or(i32::MAX),
    )
    .fetch_all(connection)
    .await?;
    numbers.reverse();
    Ok(numbers)
}
