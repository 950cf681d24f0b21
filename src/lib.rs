//! The dispatch hub's server: scheduling and dispatch for a cleaning company, live over one
//! WebSocket protocol.
//!
//! The library holds everything; the binary in `main.rs` only reads the command line and starts
//! it. A module uses only what is below it: `main` → `app` → `gateway`, `http`, `tracking`,
//! `presence`, `background` → `execute` → `store` → `audience` → `domain`; the server uses `hub`, never the other way round.
//! The package in `postgres` stands aside: it supervises a private PostgreSQL and knows none of
//! them.

pub mod app;
pub mod audience;
pub mod background;
#[cfg(feature = "breakages")]
pub mod breakage;
pub mod config;
pub mod contracts;
pub mod demo;
pub mod domain;
pub mod execute;
pub mod gateway;
pub mod http;
pub mod limits;
pub mod presence;
pub mod sign_in;
pub mod store;
pub mod telemetry;
pub mod tracking;

pub use embedded_postgres as postgres;
