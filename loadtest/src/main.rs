//! `loadtest`: clusters of real processes, and scenarios that measure a server from outside.
//!
//! Each subcommand ends what it started when it is interrupted: whoever drops a cluster ends its
//! processes.

mod calm;
mod demo;

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use loadtest::bench;

/// Clusters, load, faults and an independent checker for the dispatch hub.
#[derive(Parser)]
#[command(name = "loadtest", version, disable_help_subcommand = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Serve the demo by several instances behind a balancer, until interrupted.
    Cluster(demo::Flags),
    /// Publish at a rate to subscribers of one or many channels.
    Fanout(bench::fanout::Fanout),
    /// The same for many small channels.
    Channels(bench::fanout::Channels),
    /// Open connections, hold them, and see what they cost.
    Idle(bench::idle::Idle),
    /// All drop, miss publications, come back and recover them.
    Storm(bench::storm::Storm),
    /// Find the highest rate that a server bears.
    Saturate(bench::saturate::Saturate),
    /// Run fanout for several servers in turn, and compare them.
    Compare(bench::compare::Compare),
    /// All of it, for the hub and those peers that are installed.
    Suite(bench::suite::Suite),
    /// The people of a day at the real server with a real database, at a rate.
    Day(calm::Day),
    /// Commands to it, in an open or a closed loop.
    Commands(calm::Commands),
    /// What a delivery costs it, against the conformance server.
    Commits(calm::Commits),
    /// Commands against their own statements, played again with nobody between.
    Replay(calm::Replay),
    /// Many customers who all want one slot of it.
    Race(calm::Race),
    /// The bare loop that servers are held against: frames to sockets, and nothing else.
    Bare(bench::bare::Flags),
    /// Hold connections for a coordinator; scenarios start these themselves.
    #[command(hide = true)]
    Worker,
}

fn main() -> anyhow::Result<ExitCode> {
    tracing_subscriber::fmt()
        .with_writer(std::io::stderr)
        .with_max_level(tracing::Level::WARN)
        .init();
    match Cli::parse().command {
        Command::Cluster(flags) => {
            runtime()?.block_on(demo::run(flags))?;
        }
        Command::Day(day) => return runtime()?.block_on(day.run()),
        Command::Commands(commands) => return runtime()?.block_on(commands.run()),
        Command::Commits(commits) => return runtime()?.block_on(commits.run()),
        Command::Replay(replay) => return runtime()?.block_on(replay.run()),
        Command::Race(race) => return runtime()?.block_on(race.run()),
        Command::Fanout(fanout) => return show(&fanout.run()?, fanout.options.quiet),
        Command::Channels(channels) => {
            let fanout = channels.fanout();
            return show(&fanout.run()?, fanout.options.quiet);
        }
        Command::Idle(idle) => return show(&idle.run()?, idle.options.quiet),
        Command::Storm(storm) => return show(&storm.run()?, storm.options.quiet),
        Command::Saturate(saturate) => {
            return show(&saturate.run()?, saturate.fanout.options.quiet);
        }
        Command::Compare(compare) => return compare_all(&compare),
        Command::Suite(suite) => return compare_with_peers(&suite),
        Command::Bare(flags) => bench::bare::serve(&flags)?,
        Command::Worker => bench::worker::work()?,
    }
    Ok(ExitCode::SUCCESS)
}

fn runtime() -> anyhow::Result<tokio::runtime::Runtime> {
    Ok(tokio::runtime::Runtime::new()?)
}

/// Fails where a message was lost, or anything else was wrong.
fn show(figures: &bench::report::Figures, quiet: bool) -> anyhow::Result<ExitCode> {
    if !quiet {
        println!("{figures}");
    }
    println!("{}", serde_json::to_string(figures)?);
    Ok(if figures.is_correct() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

fn compare_all(compare: &bench::compare::Compare) -> anyhow::Result<ExitCode> {
    let all = compare.run()?;
    println!("{}", bench::compare::table(&all));
    for figures in all.iter().flat_map(|runs| &runs.0) {
        println!("{}", serde_json::to_string(figures)?);
    }
    Ok(if all.iter().all(bench::compare::Runs::are_correct) {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// Fails where the hub lost a message; what others lose is in the table.
fn compare_with_peers(suite: &bench::suite::Suite) -> anyhow::Result<ExitCode> {
    let comparison = suite.run()?;
    for figures in &comparison.figures {
        println!("{}", serde_json::to_string(figures)?);
    }
    println!("\n{}", comparison.table());
    Ok(if comparison.is_correct() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}
