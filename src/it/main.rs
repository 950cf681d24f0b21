//! The integration tests, one binary for all of them, so that they share one database cluster.
//!
//! A topic is a module beside this file; what several need is in `support`. Tests reach the
//! server by its public surface: the library's types, HTTP and the socket.

mod architecture;
mod company;
mod concurrency;
mod embedded_postgres;
mod execute;
mod log;
mod outage;
mod support;
mod timers;
mod wire;
