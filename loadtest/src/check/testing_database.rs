//! A database of the test's own, with the schema and a small company, to be spoilt.

use embedded_postgres::{Durability, EmbeddedCluster, EmbeddedConfig};
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _, PgConnection};
use tokio::sync::OnceCell;

const TEMPLATE: &str = "checked_template";

static CLUSTER: OnceCell<(EmbeddedCluster, tempfile::TempDir)> = OnceCell::const_new();

/// A copy of a migrated database with a company in which everything is in order.
pub async fn company() -> PgConnection {
    company_and_url().await.0
}

/// The same with its address.
pub async fn company_and_url() -> (PgConnection, String) {
    let (cluster, _) = CLUSTER.get_or_init(started).await;
    let name = format!("checked_{}", uuid::Uuid::new_v4().simple());
    let mut admin = cluster
        .connect_options("postgres")
        .connect()
        .await
        .expect("a connection");
    let create = format!("create database {name} template {TEMPLATE} strategy file_copy");
    sqlx::query(AssertSqlSafe(create))
        .execute(&mut admin)
        .await
        .expect("a copy of the template");
    let connection = cluster.connect_options(&name).connect().await;
    (connection.expect("a connection"), cluster.url(&name))
}

pub async fn run(database: &mut PgConnection, sql: &'static str) {
    sqlx::raw_sql(sql)
        .execute(database)
        .await
        .expect("the test's SQL is right");
}

/// It ends with the process: nothing else could tell that tests are over.
async fn started() -> (EmbeddedCluster, tempfile::TempDir) {
    let folder = tempfile::tempdir().expect("a folder");
    let mut config = EmbeddedConfig::new(folder.path(), Durability::Disposable);
    config.node_modules = concat!(env!("CARGO_MANIFEST_DIR"), "/../web-client/node_modules").into();
    let cluster = EmbeddedCluster::start(config).await.expect("a cluster");
    let template = cluster.ensure_database(TEMPLATE).await.expect("a database");
    let mut connection = template.connect().await.expect("a connection");
    sqlx::migrate!("../migrations")
        .run(&mut connection)
        .await
        .expect("the migrations succeed");
    run(&mut connection, include_str!("testing_company.sql")).await;
    connection.close().await.expect("closing a connection");
    (cluster, folder)
}
