//! Every limit and period of the engine, with its default. Durations are in milliseconds.

use std::{sync::Arc, time::Duration};

use serde::{Deserialize, Serialize};

use super::queue::QueueLimits;
use crate::protocol::{RecoveryLimits, SequencerConfig, SessionConfig};

/// See the fields. Unknown keys are refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct HubConfig {
    /// Told to clients as the server's version.
    pub version: String,
    /// Period of server pings. Clients allow it and 10 s more.
    pub ping_ms: u64,
    /// A client that has not answered a ping by then is closed (3012).
    pub pong_timeout_ms: u64,
    /// Without a successful connect by then the connection is closed (3502).
    pub stale_ms: u64,
    /// An expired token or subscription that was not renewed is honoured this much longer.
    pub expiry_grace_ms: u64,
    /// The longest message a client may send; beyond it the connection is closed (1009).
    pub message_bytes: usize,
    /// Frames per second that one connection may send on average; beyond it error 111.
    pub frames_per_second: u32,
    /// Frames that one connection may send at once.
    pub frame_burst: u32,
    /// Refused frames after which the connection is closed (3013).
    pub refused_frames: u32,
    /// Commands in one frame; with more, the connection is closed (3013).
    pub commands_per_frame: usize,
    /// Requests per minute that one connection may ask in vain (errors 101 to 108) before it is
    /// closed (3509).
    pub refused_requests_per_minute: u32,
    /// What may wait for a slow reader, ephemeral events and snapshots aside (3008).
    pub queue_bytes: usize,
    /// Ephemeral events that may wait for a slow reader; what has no room is dropped.
    pub ephemeral_queue_bytes: usize,
    /// Ephemeral entries of one key are sent out at most once in this time, the newest.
    pub ephemeral_batch_ms: u64,
    /// How long what was heard on ephemeral channels is remembered for new readers.
    pub ephemeral_life_ms: u64,
    /// What is remembered of ephemeral channels, and what waits for a batch, all together.
    pub ephemeral_bytes: usize,
    /// A blocked write may take this long without progress.
    pub write_stall_ms: u64,
    /// How long to wait for the client's answer to a close frame.
    pub close_wait_ms: u64,
    /// Read buffer of one connection. Longer messages get a longer one, until they are taken.
    pub read_buffer_bytes: usize,
    /// Write buffer of one connection; fuller than this it is written out.
    pub write_buffer_bytes: usize,
    /// Channels of one connection (106).
    pub channels_per_connection: usize,
    /// Longest channel name (107).
    pub channel_name_bytes: usize,
    /// Calls of one connection under way at once: rpc, publish, presence, history.
    pub concurrent_calls: usize,
    /// Calls of one connection that wait for those; further ones are refused (111).
    pub waiting_calls: usize,
    /// A call that has waited for so long is refused (111) instead of started: nobody waits for it.
    pub call_patience_ms: u64,
    /// The longest that the application and the log may take for a connect or a subscribe. Clients
    /// wait 5 s and then reopen the whole connection.
    pub answer_timeout_ms: u64,
    /// Most publications that a history request returns.
    pub history_publications: usize,
    /// How far back recovery reaches.
    pub recovery_publications: usize,
    pub recovery_bytes: usize,
    /// How many of the newest publications of each open channel are kept in memory, so that most
    /// recoveries read no log. 0 where the log may forget sooner than these.
    pub ring_publications: usize,
    /// The largest snapshot; a subscribe that would need a larger one is refused (106).
    pub snapshot_bytes: usize,
    /// How long what arrives early is held before what is missing is read from the log.
    pub gap_hold_ms: u64,
    /// Pause after a failed read of the log.
    pub log_retry_ms: u64,
    /// Publications read from the log at once.
    pub log_page: usize,
    /// Publications held per channel while something is missing.
    pub held_publications: usize,
    /// Reads of the log for repairs and openings under way at once.
    pub concurrent_repairs: usize,
    /// Snapshots being read at once, over all channels.
    pub concurrent_snapshots: usize,
    /// Period of looks at the log's recent heads: how stale a client can be when the wire loses.
    pub heads_ms: u64,
    /// Period of looks at the log's name.
    pub epoch_ms: u64,
    /// Period of presence leases being renewed.
    pub presence_beat_ms: u64,
    /// A channel without subscribers stays open this long, so that returning ones find its ring.
    pub channel_linger_ms: u64,
    /// Batches that wait for the wire; further ones are left to the log.
    pub outbound_batches: usize,
    /// The longest that the wire may take for one batch.
    pub broker_timeout_ms: u64,
    /// Subscribers per second who are told to start anew after a reset.
    pub resyncs_per_second: u32,
    /// Of commands that come by POST, what may wait for one connection (429).
    pub emulation_queue_bytes: usize,
    /// How long another instance may take to say what became of such a command (503).
    pub emulation_answer_ms: u64,
    /// How long calls under way may take when a connection is closed by a drain.
    pub drain_patience_ms: u64,
}

impl Default for HubConfig {
    fn default() -> Self {
        Self {
            version: concat!("hub ", env!("CARGO_PKG_VERSION")).to_owned(),
            ping_ms: 25_000,
            pong_timeout_ms: 10_000,
            stale_ms: 10_000,
            expiry_grace_ms: 25_000,
            message_bytes: 65_536,
            frames_per_second: 50,
            frame_burst: 200,
            refused_frames: 200,
            commands_per_frame: 1_000,
            refused_requests_per_minute: 300,
            queue_bytes: 1 << 20,
            ephemeral_queue_bytes: 256 << 10,
            ephemeral_batch_ms: 300,
            ephemeral_life_ms: 60_000,
            ephemeral_bytes: 16 << 20,
            write_stall_ms: 10_000,
            close_wait_ms: 5_000,
            read_buffer_bytes: 512,
            write_buffer_bytes: 8_192,
            channels_per_connection: 128,
            channel_name_bytes: 255,
            concurrent_calls: 16,
            waiting_calls: 64,
            call_patience_ms: 4_000,
            answer_timeout_ms: 3_000,
            history_publications: 300,
            recovery_publications: 300,
            recovery_bytes: 256 << 10,
            ring_publications: 300,
            snapshot_bytes: 2 << 20,
            gap_hold_ms: 30,
            log_retry_ms: 250,
            log_page: 300,
            held_publications: 1_000,
            concurrent_repairs: 8,
            concurrent_snapshots: 16,
            heads_ms: 250,
            epoch_ms: 1_000,
            presence_beat_ms: 2_500,
            channel_linger_ms: 60_000,
            outbound_batches: 1_024,
            broker_timeout_ms: 100,
            resyncs_per_second: 1_000,
            emulation_queue_bytes: 128 << 10,
            emulation_answer_ms: 1_000,
            drain_patience_ms: 5_000,
        }
    }
}

impl HubConfig {
    pub(crate) fn session(&self) -> Arc<SessionConfig> {
        let ms = Duration::from_millis;
        Arc::new(SessionConfig {
            version: self.version.clone(),
            ping: ms(self.ping_ms),
            pong_timeout: ms(self.pong_timeout_ms),
            stale_after: ms(self.stale_ms),
            expiry_grace: ms(self.expiry_grace_ms),
            channels: self.channels_per_connection,
            channel_name_bytes: self.channel_name_bytes,
            calls: self.concurrent_calls.max(1),
            waiting_calls: self.waiting_calls,
            call_patience: ms(self.call_patience_ms),
            join_buffer_bytes: self.queue_bytes,
            join_attempts: 5,
            join_patience: ms(5_000),
            history: self.history_publications,
            refused_frames: self.refused_frames,
            commands: self.commands_per_frame.max(1),
            refused_requests: self.refused_requests_per_minute,
            recheck_retry: ms(1_000),
            drain_patience: ms(self.drain_patience_ms),
        })
    }

    pub(super) fn queue(&self) -> QueueLimits {
        QueueLimits {
            durable: self.queue_bytes,
            ephemeral: self.ephemeral_queue_bytes,
        }
    }

    pub(super) fn sequencer(&self) -> SequencerConfig {
        SequencerConfig {
            hold: Duration::from_millis(self.gap_hold_ms),
            retry: Duration::from_millis(self.log_retry_ms),
            page: self.log_page.max(1),
            held: self.held_publications,
            ring: RecoveryLimits {
                publications: self.ring_publications.min(self.recovery_publications),
                bytes: self.recovery_bytes,
            },
        }
    }

    pub(super) fn recovery(&self) -> RecoveryLimits {
        RecoveryLimits {
            publications: self.recovery_publications,
            bytes: self.recovery_bytes,
        }
    }

    pub(super) fn answer_timeout(&self) -> Duration {
        Duration::from_millis(self.answer_timeout_ms)
    }
}
