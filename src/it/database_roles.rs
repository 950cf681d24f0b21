//! Two roles of the database: the owner, who migrates, and the one that serves, which changes rows
//! and can take nothing back of what is only ever added to.

use std::collections::BTreeMap;

use dispatch_hub::store::{Pools, upkeep};
use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use sqlx::{AssertSqlSafe, PgPool, Row, postgres::PgPoolOptions};

use crate::support::{
    binary::{dispatch_hub, run},
    company::Company,
    database::TestDb,
    people,
    server::TestServer,
    socket::TestSocket,
};

/// What is kept from the role that serves: everything else it may read, add, change and delete.
/// Written by hand; a table that only grows belongs here.
const LESS_THAN_ALL: [(&str, &str); 9] = [
    ("audit", "select insert"),
    ("security_event", "select insert"),
    ("domain_event", "select insert"),
    ("publication", "select insert"),
    ("channel", "select insert update"),
    ("log_epoch", "select insert update"),
    ("signing_key", "select insert update"),
    ("account", "select insert update"),
    ("_sqlx_migrations", "select"),
];

/// An empty database of an owner that is no superuser, and the role that is to serve.
struct TwoRoles {
    db: TestDb,
    owner: String,
    server: String,
}

impl TwoRoles {
    async fn new() -> Self {
        let db = TestDb::new().await;
        let mark = uuid::Uuid::new_v4().simple().to_string();
        let (owner, server) = (format!("owner_{mark}"), format!("Server {mark}"));
        let roles = format!(
            r#"create role {owner} login; create role "{server}" login;
               drop schema public cascade; create schema public authorization {owner};
               do $$ begin
                   execute format('alter database %I owner to {owner}', current_database());
               end $$"#
        );
        sqlx::raw_sql(AssertSqlSafe(roles))
            .execute(&db.pool)
            .await
            .expect("two roles and an empty schema");
        Self { db, owner, server }
    }

    fn url_as(&self, role: &str) -> String {
        let role = role.replace(' ', "%20");
        self.db
            .url
            .replace("user=postgres", &format!("user={role}"))
    }

    fn migrate(&self, more: &[&str]) -> std::process::Output {
        let url = self.url_as(&self.owner);
        run(
            dispatch_hub()
                .args(["migrate", "--database-url", &url])
                .args(more),
            "",
        )
    }

    async fn pool_as(&self, role: &str) -> PgPool {
        let url = self.url_as(role);
        let pool = PgPoolOptions::new().max_connections(2).connect(&url);
        pool.await.expect("the role may connect")
    }
}

async fn granted() -> TwoRoles {
    let roles = TwoRoles::new().await;
    let migrated = roles.migrate(&["--grant-to", &roles.server]);
    assert!(migrated.status.success(), "{migrated:?}");
    roles
}

/// PostgreSQL's "insufficient privilege".
async fn assert_denied(pool: &PgPool, statement: &str) {
    let done = sqlx::raw_sql(AssertSqlSafe(statement.to_owned()))
        .execute(pool)
        .await;
    let error = done.expect_err(statement);
    let code = error
        .as_database_error()
        .and_then(sqlx::error::DatabaseError::code);
    assert_eq!(code.as_deref(), Some("42501"), "{statement}: {error}");
}

/// A customer books over the socket, a cleaner claims and does the job, staff look on.
async fn main_job(roles: &TwoRoles, server: &TestServer) {
    let url = roles.url_as(&roles.server);
    let company = Company::found(&url, server).await;
    let anna = company.hire(&url, server, "Anna").await;
    let (clara, home) = company.customer(server, "Clara").await;
    let mut control = TestSocket::connect(server, Some(&company.dispatcher.token)).await;
    let day = company.control();
    control.subscribe(&day).await;
    let mut socket = TestSocket::connect(server, Some(&clara.token)).await;
    let hold = Company::hold(company.first_start());
    let hold = socket.accepted("hold.place", &hold).await["hold"].clone();
    let order = json!({"hold": hold, "property": home});
    let booked = socket.accepted("booking.confirm", &order).await;
    let job = json!({"job": booked["job"]});
    for step in [
        "claim",
        "acknowledge",
        "depart",
        "arrive",
        "start",
        "complete",
    ] {
        server
            .accepted(&anna.token, &format!("job.{step}"), &job)
            .await;
    }
    control
        .publication(&day, |body| body.to_string().contains("completed"))
        .await;
    let gone = json!({"job": booked["job"], "cleaner": anna.id});
    let (_, refused) = server.command(&clara.token, "job.assign", &gone).await;
    assert_eq!(refused["code"], "forbidden");
    control.close().await;
    socket.close().await;
}

#[tokio::test]
async fn the_servers_role_serves_a_day_and_cannot_touch_what_is_only_added_to() {
    let roles = granted().await;
    let url = roles.url_as(&roles.server);
    let server = TestServer::on(&url, &[]).await;
    main_job(&roles, &server).await;
    server.stop().await;
    let pool = roles.pool_as(&roles.server).await;
    for table in ["audit", "security_event", "domain_event", "publication"] {
        let rows: i64 = sqlx::query_scalar(AssertSqlSafe(format!("select count(*) from {table}")))
            .fetch_one(&pool)
            .await
            .expect("it may be read");
        assert!(rows > 0, "the day has left something in {table}");
        assert_denied(&pool, &format!("delete from {table}")).await;
        assert_denied(&pool, &format!("truncate {table}")).await;
        assert_denied(&pool, &format!("drop table {table}")).await;
        assert_denied(&pool, &format!("alter table {table} add column x text")).await;
    }
    for statement in [
        "update audit set outcome = 'rejected'",
        "update security_event set code = ''",
        "update domain_event set body = '{}'",
        "update publication set body = '{}'",
        "delete from publication_default",
        "delete from channel",
        "create table x ()",
        "delete from _sqlx_migrations",
        "create function x() returns int language sql return 1",
        "set session_replication_role = replica",
    ] {
        assert_denied(&pool, statement).await;
    }
    pool.close().await;
}

/// Effective rights, whoever gave them.
async fn rights_of(pool: &PgPool, role: &str) -> BTreeMap<String, String> {
    let rows = sqlx::query(
        "select relname::text as name, relispartition as part, (
             select coalesce(string_agg(word, ' ' order by number), '')
             from unnest(array['select', 'insert', 'update', 'delete', 'truncate', 'references', 'trigger'])
                 with ordinality as r (word, number)
             where has_table_privilege($1, pg_class.oid, word)) as rights
         from pg_class where relnamespace = 'public'::regnamespace and relkind in ('r', 'p')",
    )
    .bind(role)
    .fetch_all(pool)
    .await
    .expect("the catalogue");
    rows.iter()
        .map(|row| {
            let part: bool = row.get("part");
            let name: String = row.get("name");
            let name = if part {
                "a part of the log".to_owned()
            } else {
                name
            };
            (name, row.get("rights"))
        })
        .collect()
}

#[tokio::test]
async fn the_servers_role_has_these_rights_and_no_others() {
    let roles = granted().await;
    let rights = rights_of(&roles.db.pool, &roles.server).await;
    for (table, _) in LESS_THAN_ALL {
        assert!(rights.contains_key(table), "{table} is a table");
    }
    for (table, rights) in &rights {
        let expected = LESS_THAN_ALL.iter().find(|(name, _)| name == table);
        let expected = match expected {
            Some((_, expected)) => *expected,
            None if table == "a part of the log" => "",
            None => "select insert update delete",
        };
        assert_eq!(rights, expected, "{table}");
    }
    // Given too much by somebody, it has too much no longer after the next migration.
    let too_much = format!(r#"grant all on audit to "{}""#, roles.server);
    sqlx::raw_sql(AssertSqlSafe(too_much))
        .execute(&roles.db.pool)
        .await
        .expect("granted");
    assert!(
        roles
            .migrate(&["--grant-to", &roles.server])
            .status
            .success()
    );
    assert_eq!(
        rights_of(&roles.db.pool, &roles.server).await["audit"],
        "select insert"
    );
}

#[tokio::test]
async fn the_log_is_trimmed_under_the_servers_role_and_only_what_is_old() {
    let roles = granted().await;
    let owner = roles.pool_as(&roles.owner).await;
    let rows = "select make_log_day(current_date - d) from generate_series(1, 6) d;
        insert into publication (channel, channel_offset, published_at, body)
        select 'x', 20 - days, now() - make_interval(days => days), '{}'
        from generate_series(0, 9) days";
    sqlx::raw_sql(rows).execute(&owner).await.expect("a log");
    let pools: Pools = people::pools(&roles.url_as(&roles.server));
    let count = "select count(*) from publication where published_at > now() - interval '48 hours'";
    // A wrong clock, or a wish for more, takes nothing that somebody may come back for.
    let ahead = Timestamp::now() + SignedDuration::from_hours(24 * 20);
    let trimmed = upkeep::trim(&pools, ahead)
        .await
        .expect("trimmed")
        .expect("alone");
    assert!(
        trimmed.partitions >= 4 && trimmed.publications >= 3,
        "{trimmed:?}"
    );
    let kept: i64 = sqlx::query_scalar(count)
        .fetch_one(&owner)
        .await
        .expect("a count");
    assert_eq!(kept, 2);
    upkeep::prepare_partitions(&pools, Timestamp::now())
        .await
        .expect("days to come");
    let days: i64 = sqlx::query_scalar(
        "select count(*) from pg_inherits where inhparent = 'publication'::regclass",
    )
    .fetch_one(&owner)
    .await
    .expect("a count");
    assert!(
        days >= 5,
        "four days from today on, and the default: {days}"
    );
    pools.close().await;
    owner.close().await;
}

#[tokio::test]
async fn a_role_that_cannot_be_kept_from_anything_is_refused() {
    let roles = TwoRoles::new().await;
    for role in [&roles.owner, "nobody at all", "postgres"] {
        let output = roles.migrate(&["--grant-to", role]);
        assert!(!output.status.success(), "{role}");
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(told.contains("role"), "{role}: {told}");
    }
}

#[tokio::test]
async fn an_old_schema_is_told_to_be_migrated_by_its_owner() {
    let roles = TwoRoles::new().await;
    let url = roles.url_as(&roles.server);
    let assert_told = || {
        let mut serve = dispatch_hub();
        serve.args(["serve", "--database-url", &url]);
        serve.args(["--listen", "127.0.0.1:0", "--ops-listen", "127.0.0.1:0"]);
        let output = run(&mut serve, "");
        assert!(!output.status.success());
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(told.contains("run `dispatch-hub migrate`"), "{told}");
    };
    assert_told();
    let migrated = roles.migrate(&["--grant-to", &roles.server]);
    assert!(migrated.status.success(), "{migrated:?}");
    // As if this program brought one migration more.
    let newest =
        "delete from _sqlx_migrations where version = (select max(version) from _sqlx_migrations)";
    sqlx::raw_sql(newest)
        .execute(&roles.db.pool)
        .await
        .expect("forgotten");
    assert_told();
}
