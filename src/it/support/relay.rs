//! Between a server under test and Postgres: counts what is asked, and can leave every connection
//! that is open now half open, so that nothing passes and nothing ends, while new ones pass.

use std::{
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use sqlx::postgres::PgConnectOptions;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, copy},
    net::{UnixListener, UnixStream},
    sync::watch,
};

use super::database::TestDb;

pub(crate) struct Relay {
    pub(crate) url: String,
    statements: Arc<AtomicU64>,
    /// How often connections were left half open.
    freezes: watch::Sender<u32>,
    _folder: tempfile::TempDir,
}

impl Relay {
    pub(crate) fn start(db: &TestDb) -> Self {
        let options: PgConnectOptions = db.url.parse().expect("a URL");
        let server = options.get_socket().expect("the cluster is on a socket");
        let server = server.join(".s.PGSQL.5432");
        let folder = tempfile::tempdir().expect("a folder");
        let listener = UnixListener::bind(folder.path().join(".s.PGSQL.5432")).expect("a socket");
        let host = folder.path().display();
        let (database, user) = (options.get_database(), options.get_username());
        let database = database.expect("the test's own");
        let relay = Self {
            url: format!("postgres:///{database}?host={host}&user={user}"),
            statements: Arc::default(),
            freezes: watch::Sender::new(0),
            _folder: folder,
        };
        let (statements, freezes) = (Arc::clone(&relay.statements), relay.freezes.subscribe());
        tokio::spawn(accept(listener, server, statements, freezes));
        relay
    }

    /// Executed so far.
    pub(crate) fn statements(&self) -> u64 {
        self.statements.load(Ordering::Relaxed)
    }

    /// See the module.
    pub(crate) fn leave_half_open(&self) {
        self.freezes.send_modify(|freezes| *freezes += 1);
    }
}

async fn accept(
    listener: UnixListener,
    server: PathBuf,
    statements: Arc<AtomicU64>,
    freezes: watch::Receiver<u32>,
) {
    while let Ok((client, _)) = listener.accept().await {
        let upstream = UnixStream::connect(&server).await.expect("the server");
        let (statements, mut freezes) = (Arc::clone(&statements), freezes.clone());
        freezes.mark_unchanged();
        tokio::spawn(async move {
            let (from_client, mut to_client) = client.into_split();
            let (mut from_server, to_server) = upstream.into_split();
            tokio::select! {
                () = forward(from_client, to_server, &statements) => {}
                _ = copy(&mut from_server, &mut to_client) => {}
                // The halves are dropped with this task, at the end of the test.
                _ = freezes.changed() => std::future::pending().await,
            }
        });
    }
}

/// Passes on what the server under test says, and counts what it executes.
async fn forward(
    mut from: tokio::net::unix::OwnedReadHalf,
    mut to: tokio::net::unix::OwnedWriteHalf,
    statements: &AtomicU64,
) {
    let (mut buffer, mut unread) = (vec![0; 64 << 10], Vec::new());
    while let Ok(read @ 1..) = from.read(&mut buffer).await {
        unread.extend_from_slice(&buffer[..read]);
        while let Some((kind, length)) = message(&unread) {
            if matches!(kind, b'E' | b'Q') {
                statements.fetch_add(1, Ordering::Relaxed);
            }
            unread.drain(..length);
        }
        if to.write_all(&buffer[..read]).await.is_err() {
            return;
        }
    }
}

/// Kind and length of the first message, where all of it is there.
fn message(bytes: &[u8]) -> Option<(u8, usize)> {
    // Those that begin a connection have no kind, and a length whose first byte is zero.
    let kind_bytes = usize::from(*bytes.first()? != 0);
    let length = bytes.get(kind_bytes..kind_bytes + 4)?;
    let length = u32::from_be_bytes(length.try_into().ok()?);
    let length = kind_bytes + usize::try_from(length).ok()?;
    (bytes.len() >= length).then(|| (bytes[0], length))
}
