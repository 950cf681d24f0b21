//! A database whose clock is a row: the test moves it, and whatever asks the database what time it
//! is follows. A day passes as fast as its work is done, however slow the machine is.
//!
//! Functions of our schema stand in for PostgreSQL's own by coming first on the search path, so
//! the server under test is the real one, unchanged.

use jiff::{SignedDuration, Timestamp};
use jiff_sqlx::ToSqlx as _;
use sqlx::{AssertSqlSafe, PgPool};

use super::database::TestDb;

const SCHEMA: &str = "
    create table stepped_clock (at timestamptz not null);
    create function clock_timestamp() returns timestamptz language sql volatile
        as 'select at from stepped_clock';
    create function now() returns timestamptz language sql stable
        as 'select at from stepped_clock';";

/// The clock of one test's database. It stands still between two steps.
pub(crate) struct SteppedClock {
    pool: PgPool,
}

impl SteppedClock {
    /// Connections opened from now on live by this clock; to be set before a server starts.
    pub(crate) async fn install(db: &TestDb, at: Timestamp) -> Self {
        let made = sqlx::raw_sql(SCHEMA).execute(&db.pool).await;
        made.expect("a new database has no such schema");
        let name: String = sqlx::query_scalar("select current_database()")
            .fetch_one(&db.pool)
            .await
            .expect("a name");
        let first = format!("alter database {name} set search_path = public, pg_catalog");
        let set = sqlx::raw_sql(AssertSqlSafe(first)).execute(&db.pool).await;
        set.expect("it is the test's own database");
        sqlx::query("insert into stepped_clock (at) values ($1)")
            .bind(at.to_sqlx())
            .execute(&db.pool)
            .await
            .expect("the clock is empty");
        Self {
            pool: db.pool.clone(),
        }
    }

    pub(crate) async fn advance(&self, by: SignedDuration) {
        let done = sqlx::query("update stepped_clock set at = at + make_interval(secs => $1)")
            .bind(by.as_secs_f64())
            .execute(&self.pool)
            .await;
        done.expect("the clock is there");
    }
}

#[tokio::test]
async fn the_database_tells_the_time_that_the_test_has_set() {
    let db = TestDb::new().await;
    let at: Timestamp = "2031-06-01T06:00:00Z".parse().expect("an instant");
    let clock = SteppedClock::install(&db, at).await;
    let fresh = PgPool::connect(&db.url).await.expect("a connection");
    let told = async || -> Vec<String> {
        sqlx::query_scalar(
            "select to_char(at at time zone 'UTC', 'HH24:MI')
             from unnest(array[clock_timestamp(), now()]) as at",
        )
        .fetch_all(&fresh)
        .await
        .expect("two times")
    };
    assert_eq!(told().await, ["06:00", "06:00"]);
    clock.advance(SignedDuration::from_mins(5)).await;
    assert_eq!(told().await, ["06:05", "06:05"]);
}
