//! A real-time publish/subscribe engine that speaks the Centrifugo client protocol.
//!
//! The crate knows nothing of any business: channels are names, bodies are JSON,
//! and every decision that needs one is asked of an [`ports::Application`].

pub mod ports;
