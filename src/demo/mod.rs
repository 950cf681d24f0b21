//! The demo company: three zones around the world, dozens of cleaners, and a plan of the days
//! around now, deterministic by seed and relative to today. Somewhere it is always day: at any
//! hour one zone at least can be booked and three jobs are under way.
//!
//! The plan is pure; it becomes rows by the same decisions, differences and publications as every
//! command, with the clock set to when each would have been given. Nothing of this exists outside
//! demo mode.

mod company;
mod day;
mod dice;
mod names;
pub mod people;
mod plan;
mod progress;
pub mod seed;
mod stage;
#[cfg(test)]
mod tests;
