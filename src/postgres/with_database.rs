//! `with-database MIGRATIONS COMMAND…` runs a command with `DATABASE_URL` leading to a new
//! database that has just been migrated, and throws it away afterwards.
//!
//! It is how the server's queries are checked on a machine without a database.

use std::ffi::OsString;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context as _, bail};
use embedded_postgres::{Durability, EmbeddedCluster, EmbeddedConfig};
use sqlx::migrate::Migrator;
use sqlx::{ConnectOptions as _, Connection as _};

const DATABASE: &str = "scratch";

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<ExitCode> {
    let mut arguments = std::env::args_os().skip(1);
    let (Some(migrations), Some(program)) = (arguments.next(), arguments.next()) else {
        bail!("usage: with-database MIGRATIONS COMMAND [ARGUMENT…]");
    };
    let folder = tempfile::tempdir()?;
    // PostgreSQL may run as another account than ours.
    std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o711))?;
    let config = EmbeddedConfig::new(folder.path().join("postgres"), Durability::Disposable);
    let cluster = EmbeddedCluster::start(config).await?;
    let outcome = run(&cluster, migrations.into(), program, arguments.collect()).await;
    cluster.stop().await;
    outcome
}

async fn run(
    cluster: &EmbeddedCluster,
    migrations: PathBuf,
    program: OsString,
    arguments: Vec<OsString>,
) -> anyhow::Result<ExitCode> {
    let mut connection = cluster.ensure_database(DATABASE).await?.connect().await?;
    Migrator::new(migrations)
        .await?
        .run(&mut connection)
        .await?;
    connection.close().await?;
    let mut command = tokio::process::Command::new(&program);
    command
        .args(arguments)
        .env("DATABASE_URL", cluster.url(DATABASE));
    let status = command
        .status()
        .await
        .with_context(|| format!("running {}", program.display()))?;
    let code = status
        .code()
        .and_then(|code| u8::try_from(code).ok())
        .unwrap_or(1);
    Ok(ExitCode::from(code))
}
