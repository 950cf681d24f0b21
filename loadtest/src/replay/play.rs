//! Plays transactions again: each of so many connections takes the next one.

use std::{
    collections::HashMap,
    error::Error,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Instant,
};

use anyhow::{Context as _, Result};
use bytes::BytesMut;
use futures_util::TryStreamExt as _;
use serde::Serialize;
use tokio::task::JoinSet;
use tokio_postgres::{
    Client, Config, NoTls,
    types::{Format, IsNull, ToSql, Type, to_sql_checked},
};

use super::{
    copy,
    log::{Statement, Written},
    ratio,
};
use crate::cluster::PostgresServer;

/// The copy that is written to.
const PLAYED: &str = "played";

/// Of a statement that failed.
const SHOWN: usize = 60;

/// What is left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Variant {
    AsItWas,
    WithoutLoads,
}

#[derive(Debug, Clone, Copy, Serialize)]
pub struct Played {
    /// Those that came to their end.
    pub transactions: usize,
    pub transactions_per_second: f64,
    /// Others: what one needs of another may come later than it did.
    pub failed: usize,
}

pub struct Play<'a> {
    pub postgres: &'a PostgresServer,
    pub written: &'a Arc<Written>,
    pub connections: usize,
}

/// A value as the log has it; the database reads it by the parameter's type.
#[derive(Debug)]
struct AsText<'a>(&'a str);

impl ToSql for AsText<'_> {
    fn to_sql(&self, _: &Type, to: &mut BytesMut) -> Result<IsNull, Box<dyn Error + Sync + Send>> {
        to.extend_from_slice(self.0.as_bytes());
        Ok(IsNull::No)
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    fn encode_format(&self, _: &Type) -> Format {
        Format::Text
    }

    to_sql_checked!();
}

impl Play<'_> {
    /// On a fresh copy of that database.
    pub async fn all(&self, from: &str, variant: Variant) -> Result<Played> {
        copy(self.postgres, from, PLAYED).await?;
        let mut config = Config::new();
        let (folder, port) = self.postgres.socket();
        config
            .host_path(folder)
            .port(port)
            .dbname(PLAYED)
            .user("postgres");
        let next = Arc::new(AtomicUsize::new(0));
        let mut players = Vec::new();
        for _ in 0..self.connections {
            players.push(Player::arrive(&config, self.written, variant, Arc::clone(&next)).await?);
        }
        let started = Instant::now();
        let mut playing: JoinSet<Result<usize>> = JoinSet::new();
        for player in players {
            playing.spawn(player.play());
        }
        let mut failed = 0;
        while let Some(done) = playing.join_next().await {
            failed += done??;
        }
        let took = started.elapsed().as_secs_f64();
        let transactions = self.written.transactions.len() - failed;
        Ok(Played {
            transactions,
            transactions_per_second: ratio(transactions, 1) / took,
            failed,
        })
    }
}

struct Player {
    client: Client,
    written: Arc<Written>,
    variant: Variant,
    next: Arc<AtomicUsize>,
    prepared: HashMap<String, tokio_postgres::Statement>,
}

impl Player {
    async fn arrive(
        config: &Config,
        written: &Arc<Written>,
        variant: Variant,
        next: Arc<AtomicUsize>,
    ) -> Result<Self> {
        let (client, connection) = config.connect(NoTls).await.context("another connection")?;
        tokio::spawn(connection);
        for greeting in &written.greetings {
            client.batch_execute(greeting).await?;
        }
        Ok(Self {
            client,
            written: Arc::clone(written),
            variant,
            next,
            prepared: HashMap::new(),
        })
    }

    /// How many failed.
    async fn play(mut self) -> Result<usize> {
        let written = Arc::clone(&self.written);
        let mut failed = 0;
        loop {
            let place = self.next.fetch_add(1, Ordering::Relaxed);
            let Some(transaction) = written.transactions.get(place) else {
                return Ok(failed);
            };
            if let Err(error) = self.play_one(transaction).await {
                tracing::debug!("transaction {place}: {error:#}");
                failed += 1;
                self.client.batch_execute("rollback").await?;
            }
        }
    }

    async fn play_one(&mut self, transaction: &[Statement]) -> Result<()> {
        for statement in transaction {
            if self.variant == Variant::WithoutLoads && statement.is_load() {
                continue;
            }
            match statement {
                Statement::Simple(text) => self.client.batch_execute(text).await?,
                Statement::Prepared { text, parameters } => self.execute(text, parameters).await?,
            }
        }
        Ok(())
    }

    async fn execute(&mut self, text: &str, parameters: &[Option<String>]) -> Result<()> {
        let statement = if let Some(known) = self.prepared.get(text) {
            known.clone()
        } else {
            let prepared = self.client.prepare(text).await?;
            self.prepared.insert(text.to_owned(), prepared.clone());
            prepared
        };
        // What a text does not use is no parameter to who prepares it without types.
        let used = parameters.iter().take(statement.params().len());
        let parameters = used.map(|value| value.as_deref().map(AsText));
        let parameters: Vec<_> = parameters.collect();
        let run = async {
            let rows = self.client.query_raw(&statement, &parameters).await?;
            rows.try_for_each(|_| async { Ok(()) }).await
        };
        run.await
            .with_context(|| text.chars().take(SHOWN).collect::<String>())?;
        Ok(())
    }
}
