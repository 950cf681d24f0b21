//! A seeded, deterministic world around the real `Session` and `Sequencer`: several instances,
//! faulty wires, a log that is trimmed and renamed, and an oracle that knows what every client
//! must hold (P2, P3, P4).
