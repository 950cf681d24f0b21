//! How fast a server is, measured from outside: scenarios against the hub or one of its peers.
//!
//! A coordinator starts workers, processes of this very program that hold the connections, and publishes
//! at intended times that go with each payload; so a stall shows in every publication that it delays.
//! Workers read with an epoll loop of their own, look at as few bytes of a frame as will do, and hold each
//! connection against what was published: dense offsets, once each, in order, up to the server's head.

pub mod bare;
pub mod clock;
pub mod compare;
pub mod coordinator;
pub mod fanout;
pub mod idle;
pub mod options;
pub mod oracle;
pub mod payload;
pub mod peers;
pub mod process;
pub mod publisher;
pub mod report;
pub mod request;
pub mod saturate;
pub mod scene;
pub mod storm;
pub mod suite;
pub mod way;
pub mod wire;
pub mod worker;
