//! Where the database is: the one given, or a private cluster in the data folder.
//!
//! A cluster in use by a running server is reached through the note that the server leaves beside
//! it, so that `admin create`, `token` and the like work while it serves.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::Context;
use sqlx::{ConnectOptions, Connection, postgres::PgConnectOptions};

use crate::{
    config::Config,
    postgres::{Durability, EmbeddedCluster, EmbeddedConfig},
};

/// The database's name in a private cluster.
const NAME: &str = "dispatch_hub";
/// Connections that the private cluster allows beyond our pools: operators, a second instance.
const SPARE_CONNECTIONS: u32 = 60;

/// A database that is up, for as long as this lives.
pub struct Database {
    pub url: String,
    own: Option<OwnCluster>,
}

struct OwnCluster {
    cluster: EmbeddedCluster,
    note: PathBuf,
}

impl Database {
    /// Takes the database that the settings name, or starts the private cluster.
    pub async fn open(config: &Config) -> anyhow::Result<Self> {
        if let Some(url) = config.database_url.reveal() {
            let url = url.to_owned();
            return Ok(Self { url, own: None });
        }
        if let Some(url) = running(&config.data).await {
            return Ok(Self { url, own: None });
        }
        let cluster = EmbeddedCluster::start(embedded(config)).await.context(
            "the private PostgreSQL could not be started (--database-url names another)",
        )?;
        cluster.ensure_database(NAME).await?;
        let url = cluster.url(NAME);
        let note = note(&config.data);
        write_private(&note, &url)
            .with_context(|| format!("{} could not be written", note.display()))?;
        let own = Some(OwnCluster { cluster, note });
        Ok(Self { url, own })
    }

    /// Stops the private cluster, where there is one.
    pub async fn close(self) {
        let Some(own) = self.own else { return };
        // Without the note the next process starts the cluster itself, which is right.
        let _ = fs::remove_file(&own.note);
        own.cluster.stop().await;
    }
}

fn embedded(config: &Config) -> EmbeddedConfig {
    let pools = config.database.command_connections + config.database.read_connections;
    let binaries = &config.embedded.binaries;
    EmbeddedConfig {
        binaries: (!binaries.is_empty()).then(|| PathBuf::from(binaries)),
        node_modules: config.embedded.node_modules.clone(),
        max_connections: u16::try_from(pools + SPARE_CONNECTIONS).unwrap_or(u16::MAX),
        ..EmbeddedConfig::new(config.data.join("postgres"), Durability::Durable)
    }
}

fn note(data: &Path) -> PathBuf {
    data.join("database-url")
}

/// The private cluster of another process, if it answers. A note left by a crash does not.
async fn running(data: &Path) -> Option<String> {
    let url = fs::read_to_string(note(data)).ok()?;
    let options: PgConnectOptions = url.parse().ok()?;
    let connection = options.connect().await.ok()?;
    connection.close().await.ok()?;
    Some(url)
}

fn write_private(path: &Path, text: &str) -> std::io::Result<()> {
    use std::io::Write;
    let mut options = fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    options.open(path)?.write_all(text.as_bytes())
}
