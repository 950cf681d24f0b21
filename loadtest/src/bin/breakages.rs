//! Breaks the server in every way there is and prints by what each was caught; ends with 1 where
//! one was not, or where a server that is whole was found broken. The server must have been built with the feature `breakages`.

use std::{path::PathBuf, process::ExitCode};

use anyhow::{Result, ensure};
use clap::Parser;
use loadtest::{
    breakages::{BREAKAGES, Table, control, try_out},
    run::{Site, make_folder},
};

#[derive(Parser)]
struct Asked {
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Where every run is kept. It must be empty or not there.
    #[arg(long)]
    folder: PathBuf,
    /// `dispatch-hub`, built to be broken.
    #[arg(long)]
    binary: PathBuf,
    /// Where npm's `PostgreSQL` is looked for, after the system's.
    #[arg(long, default_value = "web-client/node_modules")]
    node_modules: PathBuf,
    /// These alone; all where none is named.
    names: Vec<String>,
}

#[tokio::main]
async fn main() -> Result<ExitCode> {
    let asked = Asked::parse();
    tracing_subscriber::fmt()
        .with_env_filter("warn")
        .with_target(false)
        .with_writer(std::io::stderr)
        .init();
    let known = |name: &String| BREAKAGES.iter().any(|breakage| breakage.name == name);
    ensure!(asked.names.iter().all(known), "not all of these are known");
    make_folder(&asked.folder)?;
    let site = Site {
        folder: asked.folder,
        binary: asked.binary,
        node_modules: asked.node_modules,
    };
    let mut table = Table {
        seed: asked.seed,
        whole: control(asked.seed, &site).await?,
        rows: Vec::new(),
    };
    eprintln!("none: {:#?}", table.whole);
    let wanted = |name: &str| asked.names.is_empty() || asked.names.iter().any(|it| it == name);
    for breakage in BREAKAGES.into_iter().filter(|it| wanted(it.name)) {
        let row = try_out(breakage, asked.seed, &site).await;
        eprintln!("{row}");
        for broken in &row.found {
            eprintln!("    {}: {}", broken.promise, broken.evidence);
        }
        table.rows.push(row);
    }
    println!("{table}");
    Ok(if table.is_good() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}
