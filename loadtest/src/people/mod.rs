//! The people of a company made from a seed, and what they do.

pub mod acts;
pub mod canary;
pub mod company;
pub mod crowd;
pub mod director;
pub mod opening;
pub mod sight;
