//! The ports' implementations that the engine brings along: memory for one instance and for tests.

pub mod memory;
pub mod redis;
