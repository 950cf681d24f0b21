//! How an instance stops (P9): not ready, no new connections, sockets closed at a pace, commands
//! finished, and all of it within a bound.

mod order;
mod requests;
mod rolling;
mod traveller;
