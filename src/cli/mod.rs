//! The command line: what can be asked of the binary, and how it answers people.
//!
//! Answers go to standard output, progress and logs to standard error.

mod import;
mod people;
mod serve;

use std::path::PathBuf;

use anyhow::Context;
use clap::{Args, Parser, Subcommand};
use dispatch_hub::{
    app::{self, Database},
    config::{Config, Layers},
    store::{self, Pools},
    telemetry,
};

const CONFIG_VARIABLE: &str = "DISPATCH_HUB_CONFIG";

/// Real-time scheduling and dispatch hub.
#[derive(Parser)]
#[command(name = "dispatch-hub", version, disable_help_subcommand = true)]
struct Cli {
    /// A TOML file with settings; `dispatch-hub config` prints every key.
    #[arg(long, global = true, value_name = "FILE", env = CONFIG_VARIABLE)]
    config: Option<PathBuf>,
    #[command(flatten)]
    database: DatabaseFlags,
    #[command(subcommand)]
    command: Command,
}

#[derive(Args)]
struct DatabaseFlags {
    /// Where PostgreSQL is. Without it a private one is run in the data folder.
    #[arg(long, global = true, value_name = "URL")]
    database_url: Option<String>,
    /// The folder of the private PostgreSQL [default: data].
    #[arg(long, global = true, value_name = "FOLDER")]
    data: Option<String>,
}

#[derive(Subcommand)]
enum Command {
    /// Serve until interrupted.
    Serve(serve::Flags),
    /// Bring the database's schema up to date.
    Migrate(Migrate),
    /// Print the effective settings; secrets are left out.
    Config,
    /// The name of the whole log.
    #[command(subcommand)]
    Epoch(Epoch),
    /// People of the company.
    #[command(subcommand)]
    Admin(people::Admin),
    /// Import a company's files.
    Import(import::Import),
    /// Print an access token for somebody.
    Token(people::Token),
}

#[derive(Args)]
struct Migrate {
    /// Let this role serve: it may change rows, but neither the schema nor the audit trail. To be
    /// named at every migration, by the schema's owner.
    #[arg(long, value_name = "ROLE")]
    grant_to: Option<String>,
}

#[derive(Subcommand)]
enum Epoch {
    /// Give the log a new name: every client starts from fresh snapshots. To be run after every
    /// restore from a backup, before the server is started.
    Renew,
}

pub async fn run() -> anyhow::Result<()> {
    #[cfg(feature = "breakages")]
    dispatch_hub::breakage::check_name().map_err(anyhow::Error::msg)?;
    let cli = Cli::parse();
    let config = settings(&cli)?;
    telemetry::start_logging(&config.log)?;
    match cli.command {
        Command::Serve(_) => serve::run(config).await,
        Command::Migrate(migrate) => migrate.run(&config).await,
        Command::Config => {
            print!("{config}");
            Ok(())
        }
        Command::Epoch(Epoch::Renew) => {
            with_database(&config, async |pools| {
                let epoch = store::epoch::renew(&pools, None).await?;
                println!("The log is called {epoch} from now on.");
                Ok(())
            })
            .await
        }
        Command::Admin(people::Admin::Create(person)) => {
            with_database(&config, async |pools| person.create(&config, pools).await).await
        }
        Command::Import(import) => {
            with_database(&config, async |pools| import.run(pools).await).await
        }
        Command::Token(token) => {
            with_database(&config, async |pools| token.print(&config, pools).await).await
        }
    }
}

impl Migrate {
    async fn run(&self, config: &Config) -> anyhow::Result<()> {
        let database = app::database(config, &progress).await?;
        let granted = match &self.grant_to {
            Some(role) => store::schema::grant(&database.url, role).await,
            None => Ok(()),
        };
        database.close().await;
        println!("The schema is up to date.");
        granted.context("the role was not given its rights")?;
        if let Some(role) = &self.grant_to {
            println!("{role} may serve.");
        }
        Ok(())
    }
}

fn settings(cli: &Cli) -> anyhow::Result<Config> {
    let mut flags = Vec::new();
    let mut give = |key, value: &Option<String>| {
        if let Some(value) = value {
            flags.push((key, value.clone()));
        }
    };
    give("database_url", &cli.database.database_url);
    give("data", &cli.database.data);
    if let Command::Serve(serve) = &cli.command {
        give("listen", &serve.listen);
        give("ops_listen", &serve.ops_listen);
        give("redis_url", &serve.redis_url);
        give("shutdown.closes_per_second", &serve.drain_rate);
        give("demo", &serve.demo.then(|| "true".to_owned()));
    }
    let layers = Layers {
        file: cli.config.clone(),
        environment: std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
            // Says where settings are and is none.
            .filter(|(name, _)| name != CONFIG_VARIABLE)
            .collect(),
        flags,
    };
    Ok(layers.load()?)
}

fn progress(line: &str) {
    eprintln!("{line} …");
}

/// Does something with the database and leaves it as it was found: running or not.
async fn with_database(
    config: &Config,
    work: impl AsyncFnOnce(Pools) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let database: Database = app::database(config, &|_| ()).await?;
    let worked = match app::pools(&database.url, config).await {
        Ok(pools) => {
            let worked = work(pools.clone()).await;
            pools.close().await;
            worked
        }
        Err(error) => Err(error),
    };
    database.close().await;
    worked
}
