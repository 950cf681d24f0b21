//! Servers the tests need: started once or per test, on sockets and ports of their own, and gone
//! with the test process however it ends.

pub(crate) mod binary;
pub(crate) mod clock;
pub(crate) mod company;
pub(crate) mod database;
pub(crate) mod people;
pub(crate) mod redis;
pub(crate) mod relay;
pub(crate) mod schemas;
pub(crate) mod server;
pub(crate) mod socket;
pub(crate) mod stream;
pub(crate) mod watcher;
