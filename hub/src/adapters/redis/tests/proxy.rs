//! Stands between an instance and its Redis, and breaks what is between them.

use std::{
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};

use tempfile::TempDir;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{
        UnixListener, UnixStream,
        unix::{OwnedReadHalf, OwnedWriteHalf},
    },
    sync::watch,
    task::JoinHandle,
};

pub(crate) struct Proxy {
    folder: TempDir,
    faults: Arc<Faults>,
    task: JoinHandle<()>,
}

struct Faults {
    /// Connections made so far.
    connections: AtomicU64,
    /// Of connections with a lower number nothing comes back any more, and none of them breaks.
    deaf_below: AtomicU64,
    away: AtomicBool,
    /// Ends all connections when it changes.
    cuts: watch::Sender<u64>,
    /// Acknowledgements of subscriptions are held back.
    holding: watch::Sender<bool>,
}

impl Proxy {
    pub(crate) fn before(redis: PathBuf) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let listener = UnixListener::bind(folder.path().join("proxy.sock")).unwrap();
        let faults = Arc::new(Faults {
            connections: AtomicU64::new(0),
            deaf_below: AtomicU64::new(0),
            away: AtomicBool::new(false),
            cuts: watch::Sender::new(0),
            holding: watch::Sender::new(false),
        });
        let task = tokio::spawn(accept(listener, redis, faults.clone()));
        Self {
            folder,
            faults,
            task,
        }
    }

    pub(crate) fn url(&self) -> String {
        format!(
            "redis+unix://{}",
            self.folder.path().join("proxy.sock").display()
        )
    }

    /// Redis is away, with all connections.
    pub(crate) fn cut(&self) {
        self.faults.away.store(true, Ordering::SeqCst);
        self.faults.cuts.send_modify(|cuts| *cuts += 1);
    }

    pub(crate) fn heal(&self) {
        self.faults.away.store(false, Ordering::SeqCst);
    }

    /// The connections there are stay open and say nothing more. New ones are whole.
    pub(crate) fn swallow(&self) {
        let made = self.faults.connections.load(Ordering::SeqCst);
        self.faults.deaf_below.store(made, Ordering::SeqCst);
    }

    pub(crate) fn hold_acknowledgements(&self, hold: bool) {
        self.faults.holding.send_replace(hold);
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn accept(listener: UnixListener, redis: PathBuf, faults: Arc<Faults>) {
    loop {
        let (client, _) = listener.accept().await.unwrap();
        if faults.away.load(Ordering::SeqCst) {
            continue;
        }
        let number = faults.connections.fetch_add(1, Ordering::SeqCst);
        let (redis, faults) = (redis.clone(), faults.clone());
        tokio::spawn(async move {
            let Ok(server) = UnixStream::connect(redis).await else {
                return;
            };
            let (mut from_client, to_client) = client.into_split();
            let (from_server, mut to_server) = server.into_split();
            let mut cuts = faults.cuts.subscribe();
            tokio::select! {
                _ = cuts.changed() => {}
                _ = tokio::io::copy(&mut from_client, &mut to_server) => {}
                () = answer(from_server, to_client, number, &faults) => {}
            }
        });
    }
}

async fn answer(
    mut from_server: OwnedReadHalf,
    mut to_client: OwnedWriteHalf,
    number: u64,
    faults: &Faults,
) {
    let mut buffer = vec![0; 65_536];
    while let Ok(read @ 1..) = from_server.read(&mut buffer).await {
        let said = &buffer[..read];
        if number < faults.deaf_below.load(Ordering::SeqCst) {
            continue;
        }
        if said.windows(9).any(|word| word == b"subscribe") {
            let mut holding = faults.holding.subscribe();
            holding.wait_for(|hold| !hold).await.unwrap();
        }
        if to_client.write_all(said).await.is_err() {
            return;
        }
    }
}
