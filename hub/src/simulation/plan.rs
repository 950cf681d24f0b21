//! What one world is like: its size, what goes wrong in it and how often, drawn from the seed.
//!
//! Limits are far below production's so that a world of seconds meets them.

use std::{sync::Arc, time::Duration};

use super::dice::Dice;
use crate::protocol::{RecoveryLimits, SequencerConfig, SessionConfig};

#[derive(Debug)]
pub(super) struct Plan {
    pub(super) instances: usize,
    pub(super) channels: usize,
    pub(super) clients: usize,
    /// How long things go wrong.
    pub(super) chaos: Duration,
    pub(super) commands: u64,
    /// Per mille of the publications, or of the reads.
    pub(super) wire_loss: u64,
    pub(super) wire_repeat: u64,
    pub(super) wire_late: u64,
    pub(super) reads_fail: u64,
    pub(super) reads_slow: u64,
    /// How often, over the time of chaos.
    pub(super) crashes: u64,
    pub(super) drains: u64,
    pub(super) trims: u64,
    pub(super) renewals: u64,
    pub(super) restores: u64,
    pub(super) went_back: u64,
    pub(super) away: u64,
    pub(super) cuts: u64,
    pub(super) lapses: u64,
    pub(super) outages: u64,
    pub(super) silences: u64,
    pub(super) leaves: u64,
    /// Per mille of connections that read slowly.
    pub(super) slow_readers: u64,
    /// Per mille of deliveries that never leave the registry.
    pub(super) lost_inside: u64,
    /// The first channel has no snapshots: a plain stream.
    pub(super) stream: bool,
    pub(super) presence: bool,
    pub(super) rights_expire: bool,
    pub(super) queue_bytes: usize,
    pub(super) linger: Duration,
    pub(super) ring: RecoveryLimits,
    pub(super) session: Arc<SessionConfig>,
    pub(super) sequencer: SequencerConfig,
}

/// Period of looks at the log's recent heads, as in production.
pub(super) const LOOK: Duration = Duration::from_millis(250);
/// Period of looks at the log's name, half of production's.
pub(super) const EPOCH_LOOK: Duration = Duration::from_secs(1);
/// Period of server pings.
pub(super) const PING: Duration = Duration::from_secs(1);
/// From the end of the faults to the moment by which everybody must be connected and caught up: a
/// dead socket is noticed, a connection made, the log's name looked at, a right asked for again.
pub(super) const SETTLE: Duration = Duration::from_secs(4);
/// P1: nobody is more than this behind for the wire's sake.
pub(super) const STALENESS: Duration = Duration::from_secs(1);

impl Plan {
    pub(super) fn draw(dice: &mut Dice) -> Self {
        let queue_bytes = if dice.per_mille(150) { 700 } else { 16_384 };
        let ring = RecoveryLimits {
            publications: usize::try_from(dice.between(3, 12)).expect("small"),
            bytes: 4_096,
        };
        Self {
            instances: 1 + dice.index(3),
            channels: 1 + dice.index(3),
            clients: 2 + dice.index(4),
            chaos: dice.millis(1_000, 2_500),
            commands: dice.between(8, 60),
            wire_loss: *choose(dice, &[0, 30, 200, 500]),
            wire_repeat: *choose(dice, &[0, 50, 300]),
            wire_late: *choose(dice, &[0, 50, 300]),
            reads_fail: *choose(dice, &[0, 0, 30, 200]),
            reads_slow: *choose(dice, &[0, 50, 300]),
            crashes: up_to(dice, 600, 2),
            drains: up_to(dice, 250, 1),
            trims: up_to(dice, 500, 4),
            renewals: up_to(dice, 150, 2),
            restores: up_to(dice, 150, 1),
            went_back: up_to(dice, 100, 1),
            away: up_to(dice, 250, 2),
            cuts: up_to(dice, 300, 2),
            lapses: up_to(dice, 300, 3),
            outages: up_to(dice, 700, 6),
            silences: up_to(dice, 200, 2),
            leaves: up_to(dice, 500, 4),
            slow_readers: *choose(dice, &[0, 0, 100, 400]),
            lost_inside: *choose(dice, &[0, 0, 0, 0, 20]),
            stream: dice.per_mille(200),
            presence: dice.per_mille(400),
            rights_expire: dice.per_mille(150),
            queue_bytes,
            linger: dice.millis(50, 800),
            ring,
            session: Arc::new(session(queue_bytes)),
            sequencer: sequencer(ring, dice),
        }
    }
}

fn choose<'a, T>(dice: &mut Dice, from: &'a [T]) -> &'a T {
    &from[dice.index(from.len())]
}

/// Some worlds know a kind of fault and others do not.
fn up_to(dice: &mut Dice, share_per_mille: u64, most: u64) -> u64 {
    if dice.per_mille(share_per_mille) {
        dice.between(1, most)
    } else {
        0
    }
}

fn session(queue_bytes: usize) -> SessionConfig {
    SessionConfig {
        version: "simulation".to_owned(),
        ping: PING,
        pong_timeout: Duration::from_millis(700),
        stale_after: Duration::from_secs(2),
        expiry_grace: Duration::from_millis(100),
        channels: 16,
        channel_name_bytes: 64,
        calls: 4,
        waiting_calls: 8,
        call_patience: Duration::from_secs(1),
        join_buffer_bytes: queue_bytes,
        join_attempts: 5,
        join_patience: Duration::from_secs(1),
        history: 100,
        refused_frames: 10,
        commands: 100,
        refused_requests: 300,
        recheck_retry: Duration::from_millis(300),
        drain_patience: Duration::from_millis(200),
    }
}

fn sequencer(ring: RecoveryLimits, dice: &mut Dice) -> SequencerConfig {
    SequencerConfig {
        hold: Duration::from_millis(30),
        retry: Duration::from_millis(250),
        page: usize::try_from(dice.between(2, 8)).expect("small"),
        held: usize::try_from(dice.between(2, 12)).expect("small"),
        ring,
    }
}
