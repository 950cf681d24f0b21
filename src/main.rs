//! The `dispatch-hub` binary: reads the command line and starts what the library offers.

mod cli;

use std::process::ExitCode;

#[tokio::main]
async fn main() -> ExitCode {
    match cli::run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("dispatch-hub: {error:#}");
            ExitCode::FAILURE
        }
    }
}
