//! What a run went through, so that a green run can show that it exercised what it claims.

use std::fmt;

macro_rules! counters {
    ($($name:ident: $label:literal,)*) => {
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(super) enum Counter { $($name,)* }

        impl Counter {
            pub(super) const ALL: &[Self] = &[$(Self::$name,)*];

            pub(super) fn label(self) -> &'static str {
                match self { $(Self::$name => $label,)* }
            }
        }
    };
}

counters! {
    Commits: "commits",
    RolledBack: "commands rolled back",
    NeverPublished: "commits whose instance died before it published",
    WireLost: "publications lost on the wire",
    WireRepeated: "publications repeated on the wire",
    WireLate: "publications late on the wire",
    WireCut: "publications sent while the wire was cut",
    Interrupted: "interruptions told",
    DuplicatesDropped: "duplicates dropped by a sequencer",
    HeldEarly: "publications held because one was missing",
    GapsFilled: "gaps filled from the log",
    TailsFound: "lost tails found by a look at the heads",
    Resets: "resets of a channel",
    WentBack: "logs found to have gone back",
    Renamed: "renamings of the log",
    Restored: "restores of the log",
    Trimmed: "trims",
    DatabaseAway: "times that the database was away",
    ReadsFailed: "failed reads of the log",
    Crashes: "instances crashed",
    Drains: "instances drained",
    ChannelsRetired: "idle channels let go",
    Connections: "connections",
    Cut: "connections cut by the client",
    Silenced: "connections that went silent",
    NoPong: "connections closed for want of a pong",
    NoPing: "connections given up for want of a ping",
    Slow: "connections closed as too slow",
    JoinsTogether: "joins that waited for another one's opening",
    JoinsUnsettled: "joins that waited for a doubt to be settled",
    DoubtedWhileOpening: "openings doubted before their head was read",
    FirstLoads: "subscriptions from nothing",
    SnapshotsShared: "snapshots shared",
    SnapshotsFilledUp: "joins filled up from ring or log",
    RecalledFromRing: "recoveries by the ring",
    RecoveredFromLog: "recoveries by the log",
    RecoveryFailed: "failed recoveries answered with a snapshot",
    RecoveryRefused: "failed recoveries answered with an error",
    StreamsRestarted: "failed recoveries of a channel without snapshots",
    JoinsStartedOver: "joins started over",
    Buffered: "deliveries buffered by a join",
    Resynced: "subscriptions told to start anew",
    OutOfOrder: "deliveries found out of order by a session",
    LostInside: "deliveries lost inside an instance",
    Lapsed: "rights taken",
    EndedForRight: "subscriptions ended for want of the right",
    ConfirmedAgain: "joins confirmed again because the right was doubted",
    Expired: "subscriptions expired",
    Left: "subscriptions ended by the client",
    Deliveries: "publications accepted by clients",
    Snapshots: "snapshots accepted by clients",
    Deltas: "deltas put together by clients",
    Protobuf: "frames in Protobuf",
}

impl Counter {
    /// Whether this is something that went wrong from outside.
    pub(super) fn is_fault(self) -> bool {
        use Counter as C;
        [
            C::RolledBack,
            C::NeverPublished,
            C::WireLost,
            C::WireRepeated,
            C::WireLate,
            C::WireCut,
            C::Restored,
            C::Renamed,
            C::Trimmed,
            C::DatabaseAway,
            C::ReadsFailed,
            C::Crashes,
            C::Drains,
            C::Cut,
            C::Silenced,
            C::LostInside,
            C::Lapsed,
        ]
        .contains(&self)
    }
}

#[derive(Debug, Clone)]
pub(super) struct Coverage([u64; Counter::ALL.len()]);

impl Default for Coverage {
    fn default() -> Self {
        Self([0; Counter::ALL.len()])
    }
}

impl Coverage {
    pub(super) fn count(&mut self, counter: Counter) {
        self.0[counter as usize] += 1;
    }

    pub(super) fn of(&self, counter: Counter) -> u64 {
        self.0[counter as usize]
    }

    pub(super) fn add(&mut self, other: &Self) {
        for (sum, more) in self.0.iter_mut().zip(other.0) {
            *sum += more;
        }
    }

    pub(super) fn faults(&self) -> u64 {
        let faults = Counter::ALL.iter().filter(|counter| counter.is_fault());
        faults.map(|counter| self.of(*counter)).sum()
    }

    /// What never happened.
    pub(super) fn missing(&self) -> Vec<&'static str> {
        let never = Counter::ALL
            .iter()
            .filter(|counter| self.of(**counter) == 0);
        never.map(|counter| counter.label()).collect()
    }
}

impl fmt::Display for Coverage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for counter in Counter::ALL {
            writeln!(f, "{:>12}  {}", self.of(*counter), counter.label())?;
        }
        write!(f, "{:>12}  faults in all", self.faults())
    }
}
