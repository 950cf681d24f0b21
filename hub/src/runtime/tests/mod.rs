//! The engine over in-memory streams with a real WebSocket client at the other end. Time is paused,
//! so that waiting for 25 s takes none.

mod calls;
mod connecting;
mod deltas;
mod ephemeral;
mod framing;
mod instances;
mod limits;
mod options;
mod protobuf;
mod recovering;
mod redis;
mod repairs;
mod server_side;
mod stream_client;
mod streams;
mod streams_over_tcp;
mod subscribing;
mod world;
