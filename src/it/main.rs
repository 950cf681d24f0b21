//! The integration tests, one binary for all of them, so that they share one database cluster.
//!
//! A topic is a module beside this file; what several need is in `support`. Tests reach the
//! server by its public surface: the library's types, HTTP and the socket.

mod architecture;
mod away;
mod cli;
mod company;
mod concurrency;
mod contracts;
mod crash;
mod database_roles;
mod day;
mod demo;
mod drain;
mod embedded_postgres;
mod every_command;
mod examples;
mod execute;
mod facts;
mod fencing;
mod folded;
mod frozen_redis;
mod half_open;
mod history;
mod http;
mod import;
mod lapses;
mod limits;
mod lists;
mod log;
mod log_lines;
mod lost_answer;
mod main_job;
mod moves;
mod newcomer;
mod one_slot;
mod outage;
mod overload;
mod plain;
mod presence;
mod queries;
mod readme;
mod records;
mod rights;
mod search;
mod security;
mod sign_in;
mod socket;
mod storm;
mod streams;
mod support;
mod timers;
mod tokens;
mod tracking;
mod wire;
