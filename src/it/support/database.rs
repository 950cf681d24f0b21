//! One cluster per test run, migrated once into a template; every test gets a copy.

use std::path::PathBuf;
use std::sync::Mutex;

use dispatch_hub::postgres::{Durability, EmbeddedCluster, EmbeddedConfig, EmbeddedError};
use sqlx::postgres::PgPoolOptions;
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _, PgPool};
use tokio::sync::OnceCell;

const TEMPLATE: &str = "hub_template";

static CLUSTER: OnceCell<EmbeddedCluster> = OnceCell::const_new();
/// Databases whose tests are over; the next test to want one drops them.
static RETIRED: Mutex<Vec<String>> = Mutex::new(Vec::new());

/// A migrated, empty database of the test's own.
pub(crate) struct TestDb {
    pub(crate) pool: PgPool,
    pub(crate) url: String,
    name: String,
}

impl TestDb {
    pub(crate) async fn new() -> Self {
        let cluster = CLUSTER.get_or_init(migrated_cluster).await;
        let name = format!("test_{}", uuid::Uuid::new_v4().simple());
        let mut admin = cluster
            .connect_options("postgres")
            .connect()
            .await
            .expect("a connection");
        let retired = std::mem::take(&mut *RETIRED.lock().expect("nobody panics holding it"));
        for name in retired {
            let drop = AssertSqlSafe(format!("drop database {name} with (force)"));
            sqlx::query(drop)
                .execute(&mut admin)
                .await
                .expect("dropping a database");
        }
        let create = format!("create database {name} template {TEMPLATE} strategy file_copy");
        let created = sqlx::query(AssertSqlSafe(create)).execute(&mut admin).await;
        created.expect("a copy of the template");
        admin.close().await.expect("closing a connection");
        let options = cluster.connect_options(&name);
        let pool = PgPoolOptions::new()
            .max_connections(10)
            .connect_with(options);
        let pool = pool.await.expect("a pool");
        Self {
            pool,
            url: cluster.url(&name),
            name,
        }
    }
}

impl Drop for TestDb {
    fn drop(&mut self) {
        let mut retired = RETIRED.lock().expect("nobody panics holding it");
        retired.push(std::mem::take(&mut self.name));
    }
}

/// Starts the cluster. It ends with the process: nothing else could tell that tests are over.
async fn migrated_cluster() -> EmbeddedCluster {
    let cluster = first_free_cluster().await;
    let options = cluster
        .ensure_database(TEMPLATE)
        .await
        .expect("a database for the template");
    let mut connection = options.connect().await.expect("a connection");
    sqlx::migrate!()
        .run(&mut connection)
        .await
        .expect("the migrations succeed");
    connection.close().await.expect("closing a connection");
    cluster
}

/// A folder per repository and concurrent run, used again by the next, so that runs that end as
/// tests do, without a last word, do not fill the disk.
async fn first_free_cluster() -> EmbeddedCluster {
    let repository = env!("CARGO_TARGET_TMPDIR").replace(['/', ' '], "-");
    for run in 0..16 {
        let folder = std::env::temp_dir().join(format!("dispatch-hub-it{repository}-{run}"));
        let mut config = EmbeddedConfig::new(folder, Durability::Disposable);
        config.node_modules = node_modules();
        config.max_connections = 400;
        match EmbeddedCluster::start(config).await {
            Err(EmbeddedError::InUse { .. }) => {}
            started => return started.expect("a cluster for the tests"),
        }
    }
    panic!("sixteen test runs at once in one repository");
}

pub(crate) fn node_modules() -> PathBuf {
    PathBuf::from(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/web-client/node_modules"
    ))
}
