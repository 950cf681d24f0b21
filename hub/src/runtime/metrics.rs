//! What the engine counts and measures. Labels have few values, whatever clients and applications do.

use metrics::{Counter, Unit, counter, describe_counter, describe_gauge, gauge};

use super::hub::HubStatus;
use crate::protocol::{CloseCode, session::Counted};

/// What is counted for every message and delivery, looked up once.
pub(super) struct Traffic {
    pub(super) received: Counter,
    pub(super) refused: Counter,
    pub(super) sent: Counter,
    pub(super) sent_bytes: Counter,
    pub(super) deliveries: Counter,
}

impl Traffic {
    /// By the recorder that is installed now.
    pub(super) fn new() -> Self {
        Self {
            received: counter!("hub_frames_received_total"),
            refused: counter!("hub_frames_refused_total"),
            sent: counter!("hub_frames_sent_total"),
            sent_bytes: counter!("hub_sent_bytes_total"),
            deliveries: counter!("hub_deliveries_total"),
        }
    }
}

pub(super) fn describe() {
    describe_gauge!("hub_connections", "Open connections");
    describe_gauge!("hub_channels", "Channels open on this instance");
    describe_gauge!(
        "hub_queued_bytes",
        Unit::Bytes,
        "What waits for slow readers, all together"
    );
    describe_gauge!(
        "hub_queued_most_bytes",
        Unit::Bytes,
        "What waits for the slowest reader; at hub.queue_bytes it is disconnected"
    );
    describe_gauge!(
        "hub_outbound_batches",
        "Batches that wait for the wire; beyond hub.outbound_batches they are left to the log"
    );
    describe_gauge!(
        "hub_log_look_age_seconds",
        Unit::Seconds,
        "Since all that was in the log has been seen: how stale clients can be, whatever the wire does"
    );
    describe_counters();
    // Shown from the start, not from the first connection on.
    connections(0.0);
    channels(0);
}

#[expect(clippy::too_many_lines, reason = "one entry per counter")]
fn describe_counters() {
    describe_counter!("hub_closes_total", "Connections ended, by code");
    describe_counter!("hub_frames_received_total", "Messages from clients");
    describe_counter!("hub_frames_refused_total", "Messages over the rate limit");
    describe_counter!("hub_frames_sent_total", "Messages to clients");
    describe_counter!(
        "hub_sent_bytes_total",
        Unit::Bytes,
        "Payload sent to clients"
    );
    describe_counter!(
        "hub_errors_total",
        "Requests answered with an error, by code"
    );
    describe_counter!(
        "hub_subscribes_total",
        "Subscriptions made, by recovery outcome"
    );
    describe_counter!(
        "hub_unsubscribes_total",
        "Subscriptions ended here, by code"
    );
    describe_counter!(
        "hub_join_restarts_total",
        "Subscriptions that had to start over"
    );
    describe_counter!(
        "hub_out_of_order_total",
        "Deliveries that did not follow the one before"
    );
    describe_counter!("hub_publications_total", "Publications, by how they came");
    describe_counter!(
        "hub_deliveries_total",
        "Publications put into subscribers' queues"
    );
    describe_counter!(
        "hub_repairs_total",
        "Reads of the log for what was missing, by result"
    );
    describe_counter!(
        "hub_resets_total",
        "Channels whose subscribers had to start anew"
    );
    describe_counter!("hub_recoveries_total", "Recoveries, by source");
    describe_counter!(
        "hub_broker_drops_total",
        "Batches left to the log, by reason"
    );
    describe_counter!(
        "hub_ephemeral_drops_total",
        "Ephemeral events without room, by where there was none"
    );
    describe_counter!(
        "hub_emulated_total",
        "Messages that came by POST, by what became of them"
    );
    describe_counter!("hub_interruptions_total", "Interruptions of the wire");
    describe_counter!(
        "hub_snapshots_total",
        "Snapshots, by whether they were shared"
    );
    describe_counter!(
        "hub_snapshots_refused_total",
        "Snapshots over their limit, which nobody got"
    );
}

pub(super) fn connections(delta: f64) {
    gauge!("hub_connections").increment(delta);
}

pub(super) fn channels(open: usize) {
    gauge!("hub_channels").set(rounded(open));
}

pub(super) fn status(status: &HubStatus) {
    gauge!("hub_queued_bytes").set(rounded(status.queued_bytes));
    gauge!("hub_queued_most_bytes").set(rounded(status.queued_most_bytes));
    gauge!("hub_outbound_batches").set(rounded(status.outbound_batches));
    gauge!("hub_log_look_age_seconds").set(status.look_age.as_secs_f64());
}

fn rounded(count: usize) -> f64 {
    u32::try_from(count).unwrap_or(u32::MAX).into()
}

pub(super) fn closed(code: &CloseCode) {
    counter!("hub_closes_total", "code" => code.label()).increment(1);
}

/// What the protocol core found worth counting.
pub(super) fn counted(counted: Counted) {
    match counted {
        Counted::Error(code) => {
            counter!("hub_errors_total", "code" => error_label(code)).increment(1);
        }
        Counted::Subscribed(outcome) => {
            let label = outcome.label();
            counter!("hub_subscribes_total", "recovery" => label).increment(1);
        }
        Counted::Unsubscribed(code) => {
            let label = if code < 2500 {
                "terminal"
            } else {
                "resubscribe"
            };
            counter!("hub_unsubscribes_total", "kind" => label).increment(1);
        }
        Counted::OutOfOrder => counter!("hub_out_of_order_total").increment(1),
        Counted::JoinStartedOver => counter!("hub_join_restarts_total").increment(1),
    }
}

fn error_label(code: u32) -> &'static str {
    match code {
        100 => "100",
        101 => "101",
        102 => "102",
        103 => "103",
        104 => "104",
        105 => "105",
        106 => "106",
        107 => "107",
        108 => "108",
        109 => "109",
        110 => "110",
        111 => "111",
        112 => "112",
        _ => "application",
    }
}
