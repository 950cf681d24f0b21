//! What puts the server under load, breaks things around it, and tells whether it kept its
//! promises.
//!
//! Data flows one way: a cluster of real processes is started; people act on it through the public
//! protocol, by a client of our own, while a nemesis injects faults; whatever clients see is
//! written down as a [`history`]; a checker reads the history and the database and says what was
//! violated. Nothing here uses the server's or the engine's code: what both sides share is the
//! written protocol.

pub mod bench;
pub mod breakages;
pub mod check;
pub mod client;
pub mod cluster;
pub mod history;
pub mod nemesis;
pub mod people;
pub mod proxy;
pub mod replay;
pub mod run;
