//! A database that is not the one it was, under a server that goes on: a standby that lost the last
//! commits and was promoted, files put back, a dump read back. Each ends in another name of the log
//! and fresh views, never in new content under offsets that were somebody else's (P3, P4), although
//! the log has grown past its old head before anybody looked.

use std::{path::Path, process::Command, time::Duration};

use dispatch_hub::{
    postgres::{Durability, EmbeddedCluster, EmbeddedConfig},
    store,
};
use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, PgPool};

use crate::support::{
    company::Company, database::TestDb, database::node_modules, server::TestServer,
    socket::TestSocket,
};

/// A customer's channel, watched on two instances that hear of each other by the log only.
struct Watched {
    servers: [TestServer; 2],
    sockets: [TestSocket; 2],
    channel: String,
    token: String,
    epoch: Value,
}

impl Watched {
    async fn start(url: &str) -> Self {
        let servers = [
            TestServer::on(url, &[]).await,
            TestServer::on(url, &[]).await,
        ];
        let company = Company::found(url, &servers[0]).await;
        let (customer, _) = company.customer(&servers[0], "Clara").await;
        let channel = format!("customer:{}", customer.id);
        let mut sockets = [
            TestSocket::connect(&servers[0], Some(&customer.token)).await,
            TestSocket::connect(&servers[1], Some(&customer.token)).await,
        ];
        let mut epoch = Value::Null;
        for socket in &mut sockets {
            epoch = socket.subscribe(&channel).await["epoch"].clone();
        }
        Self {
            servers,
            sockets,
            channel,
            token: customer.token,
            epoch,
        }
    }

    /// Changes the customer's name, on the first instance; both watchers see it. Returns the offset.
    async fn rename(&mut self, name: &str) -> u64 {
        let update = json!({ "name": name });
        self.sockets[0].accepted("customer.update", &update).await;
        let mut offset = 0;
        for socket in &mut self.sockets {
            let seen = socket
                .publication(&self.channel, |body| body.to_string().contains(name))
                .await;
            offset = seen["offset"].as_u64().expect("an offset");
        }
        offset
    }

    /// Each watcher's view ends before anything else comes, whoever comes back from where it was
    /// gets a view of the database as it is, and everybody goes on from there.
    async fn starts_anew(mut self, offset: u64, name: &str) {
        for socket in &mut self.sockets {
            let push = socket.push().await;
            assert_eq!(push["channel"], json!(self.channel), "{push}");
            assert_eq!(push["unsubscribe"]["code"], 2500, "{push}");
        }
        for (server, socket) in self.servers.iter().zip(&mut self.sockets) {
            let mut back = TestSocket::connect(server, Some(&self.token)).await;
            let position = json!({
                "channel": self.channel, "recover": true, "offset": offset, "epoch": self.epoch,
            });
            for view in [
                back.ask("subscribe", position).await["subscribe"].clone(),
                socket.subscribe(&self.channel).await,
            ] {
                assert_ne!(view["recovered"], true, "{view}");
                assert_ne!(view["epoch"], self.epoch, "{view}");
                assert!(view["data"].to_string().contains(name), "{view}");
            }
            back.close().await;
        }
        self.rename("Clara Anew").await;
        for socket in self.sockets {
            socket.close().await;
        }
        for server in self.servers {
            server.stop().await;
        }
    }
}

/// Publications of nobody that lift the channel's head above `offset`.
fn grow_past(channel: &str, offset: u64) -> String {
    format!(
        "insert into publication (channel, channel_offset, body)
         select name, number, '{{\"foreign\":true}}'
         from channel, generate_series(head + 1, {offset} + 3) number where name = '{channel}';
         update channel set head = {offset} + 3 where name = '{channel}'"
    )
}

async fn run(pool: &PgPool, sql: String) {
    let done = sqlx::raw_sql(AssertSqlSafe(sql)).execute(pool).await;
    done.expect("the statements run");
}

/// All rows, put aside as a dump does, or put back in place of those there are.
async fn each_table(pool: &PgPool, statement: &str) -> String {
    let tables: Vec<(String, String)> = sqlx::query_as(
        "select relname::text, string_agg(quote_ident(attname), ', ' order by attnum)
         from pg_class join pg_attribute on attrelid = pg_class.oid
         where relnamespace = 'public'::regnamespace and relkind in ('r', 'p')
             and not relispartition and relname <> '_sqlx_migrations'
             and attnum > 0 and not attisdropped and attgenerated = ''
         group by relname order by relname",
    )
    .fetch_all(pool)
    .await
    .expect("the tables");
    let statements = tables.iter().map(|(table, columns)| {
        statement
            .replace("TABLE", table)
            .replace("COLUMNS", columns)
    });
    statements.collect::<Vec<_>>().join("; ")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dump_read_back_is_another_log() {
    let db = TestDb::new().await;
    let mut watched = Watched::start(&db.url).await;
    watched.rename("Clara Then").await;
    let dump = each_table(
        &db.pool,
        "create table older.TABLE as select COLUMNS from TABLE",
    )
    .await;
    run(&db.pool, format!("create schema older; {dump}")).await;
    let mut offset = 0;
    for number in 0..5 {
        offset = watched.rename(&format!("Clara Lost {number}")).await;
    }
    let empty = each_table(&db.pool, "truncate TABLE cascade").await;
    let back = each_table(
        &db.pool,
        "insert into TABLE (COLUMNS) overriding system value select COLUMNS from older.TABLE",
    )
    .await;
    let grown = grow_past(&watched.channel, offset);
    // At once, so that nobody finds the head below what was seen.
    run(
        &db.pool,
        format!(
            "begin; set local session_replication_role = replica;
             {empty}; {back}; {grown}; commit"
        ),
    )
    .await;
    // What is done next is no continuation of the views either.
    let update = json!({ "name": "Clara Then and Now" });
    let first = &mut watched.sockets[0];
    first.accepted("customer.update", &update).await;
    Box::pin(watched.starts_anew(offset, "Clara Then and Now")).await;
}

/// A cluster that is stopped and started by the test.
struct Cluster {
    running: EmbeddedCluster,
    url: String,
    data: std::path::PathBuf,
}

impl Cluster {
    async fn start(folder: &Path) -> Self {
        let mut config = EmbeddedConfig::new(folder.join("pg"), Durability::Durable);
        config.node_modules = node_modules();
        let running = EmbeddedCluster::start(config).await.expect("a cluster");
        Self {
            url: running.url("hub"),
            data: running.folder().join("cluster"),
            running,
        }
    }

    async fn pool(&self) -> PgPool {
        PgPool::connect(&self.url).await.expect("a pool")
    }
}

fn copy(from: &Path, to: &Path) {
    let copied = Command::new("cp").arg("-a").arg(from).arg(to).status();
    assert!(copied.expect("cp runs").success());
}

/// A cluster whose files are those of earlier, watched all the time. `prepared` changes them before
/// the cluster starts with them.
async fn rewound(prepared: impl FnOnce(&Path)) -> (tempfile::TempDir, Cluster, Watched, u64) {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().expect("a folder");
    // The cluster may run as another account than the test.
    let open = std::fs::Permissions::from_mode(0o755);
    std::fs::set_permissions(folder.path(), open).expect("it is ours");
    let cluster = Cluster::start(folder.path()).await;
    cluster.running.ensure_database("hub").await.expect("hub");
    store::migrate(&cluster.url).await.expect("the schema");
    let mut watched = Watched::start(&cluster.url).await;
    watched.rename("Clara Then").await;
    let (data, older) = (cluster.data.clone(), cluster.data.with_extension("older"));
    cluster.running.stop().await;
    copy(&data, &older);
    let cluster = Cluster::start(folder.path()).await;
    wait_for_commands(&mut watched).await;
    let mut offset = 0;
    for number in 0..5 {
        offset = watched.rename(&format!("Clara Lost {number}")).await;
    }
    cluster.running.stop().await;
    std::fs::remove_dir_all(&data).expect("it is ours");
    copy(&older, &data);
    prepared(&data);
    let cluster = Cluster::start(folder.path()).await;
    (folder, cluster, watched, offset)
}

/// Until the server has connections again.
async fn wait_for_commands(watched: &mut Watched) {
    let update = json!({ "name": "Clara Again" });
    loop {
        let outcome = watched.sockets[0].command("customer.update", &update).await;
        if outcome["outcome"] == "accepted" {
            break;
        }
        assert_eq!(outcome["code"], "unavailable", "{outcome}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    for socket in &mut watched.sockets {
        socket
            .publication(&watched.channel, |body| body.to_string().contains("Again"))
            .await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_promoted_standby_that_lost_commits_is_another_log() {
    let (_folder, cluster, watched, offset) = Box::pin(rewound(|data| {
        let signal = data.join("standby.signal");
        copy(&data.join("PG_VERSION"), &signal);
    }))
    .await;
    let pool = cluster.pool().await;
    let promoted: bool = sqlx::query_scalar("select pg_promote()")
        .fetch_one(&pool)
        .await
        .expect("an answer");
    assert!(promoted);
    run(&pool, grow_past(&watched.channel, offset)).await;
    pool.close().await;
    Box::pin(watched.starts_anew(offset, "Clara Then")).await;
    cluster.running.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn files_that_were_put_back_are_another_log() {
    let (_folder, cluster, watched, offset) = Box::pin(rewound(|_| {})).await;
    let pool = cluster.pool().await;
    run(&pool, grow_past(&watched.channel, offset)).await;
    pool.close().await;
    Box::pin(watched.starts_anew(offset, "Clara Then")).await;
    cluster.running.stop().await;
}

#[tokio::test]
async fn the_name_outlives_upkeep_and_no_copy_has_it() {
    let db = TestDb::new().await;
    let pools = crate::support::people::pools(&db.url);
    let first = store::epoch::ensure(&pools).await.expect("a name");
    let again = store::epoch::ensure(&pools).await.expect("a name");
    assert_eq!(again, first);
    for upkeep in [
        "vacuum (freeze) log_epoch",
        "vacuum (full, freeze) log_epoch",
    ] {
        run(&db.pool, upkeep.to_owned()).await;
        let name = store::epoch::ensure(&pools).await.expect("a name");
        assert_eq!(name, first, "{upkeep}");
    }
    let copy = "create temp table copy as table log_epoch; truncate log_epoch;
                insert into log_epoch table copy";
    run(&db.pool, copy.to_owned()).await;
    let second = store::epoch::ensure(&pools).await.expect("a name");
    assert_ne!(second, first);
    pools.close().await;
}
