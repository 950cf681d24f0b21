//! What every adapter promises, as checks to be run by its tests: the same for memory, for Redis
//! and for whatever somebody else writes. Each function is one promise and panics where it is not
//! kept. The promises are those of [`crate::ports`].

pub mod broker;
pub mod log;
pub mod presence;
