//! Whether a run kept the promises, told from what it left behind. Prints a table; ends with 1
//! where a promise was broken or had nothing to show.

use std::{path::PathBuf, process::ExitCode};

use anyhow::Context;
use clap::Parser;
use loadtest::check;

#[derive(Parser)]
struct Asked {
    /// The run's folder, with `run.json` and `history.jsonl`; its database must still be there.
    run: PathBuf,
    /// Writes the report here as well.
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Promises with this in their names may have had nothing to look at.
    #[arg(long, value_name = "PART")]
    without: Vec<String>,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<ExitCode> {
    let asked = Asked::parse();
    let report = check::check(&asked.run, &asked.without).await?;
    println!("{report}");
    if let Some(path) = asked.json {
        let json = serde_json::to_vec_pretty(&report).context("a report is plain data")?;
        std::fs::write(&path, json).with_context(|| path.display().to_string())?;
    }
    Ok(if report.is_kept() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}
