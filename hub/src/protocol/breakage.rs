//! Deliberate breakages of the engine, for tests only: a simulation or a fault suite that cannot
//! fail proves nothing, so each of these must be caught: the first by the simulation, those after
//! them by faults around real instances, in a build of its own.

macro_rules! breakages {
    ($($(#[$doc:meta])* $variant:ident),* $(,)?) => {
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
        pub enum Breakage {
            #[default]
            None,
            $($(#[$doc])* $variant),*
        }

        impl Breakage {
            /// By its name in the source.
            pub fn named(name: &str) -> Option<Self> {
                match name {
                    $(stringify!($variant) => Some(Self::$variant),)*
                    _ => None,
                }
            }
        }
    };
}

breakages! {
    /// Sequencer: a publication beyond the next one is delivered as if nothing were missing.
    SequencerIgnoresGaps,
    /// Sequencer and session: what was delivered before is delivered again.
    NoDeduplication,
    /// Session: a delivery beyond the next one reaches the client.
    SessionIgnoresGaps,
    /// Session: what arrives while a subscription is being made is thrown away.
    NothingIsBuffered,
    /// Session: a snapshot older than the channel's open position is taken as it is.
    SnapshotIsNotFilledUp,
    /// Session: the first publication is a delta too, from one that was not sent.
    FirstIsADelta,
    /// Sequencer: a new name of the log goes unnoticed.
    EpochIsIgnored,
    /// Sequencer: looks at the log's heads are not believed.
    HeadsAreIgnored,
    /// Executor: a subscriber is registered first, and the first read starts the sequencer.
    RegisteredBeforeOpened,
    /// Executor: the subscribers that a reset took off a channel hear nothing of it.
    ResyncIsNotTold,
    /// Executor: a publication leaves before its transaction has ended.
    PublishedBeforeCommit,

    // Of real instances.
    /// Sequencer and session: nobody looks whether an offset follows the last one.
    GapsAreIgnored,
    /// Session: nothing is buffered while a subscription is made, and then gaps go unnoticed.
    SnapshotWithoutBuffer,
    /// Sequencer: neither looks at heads nor interruptions of the wire lead to the log.
    LostTailsStayLost,
    /// Runtime: of what a client missed, the first publication is left out without a word.
    RecoveryIsTrimmed,
    /// Redis: the entries of an instance that died stay, because its lease never ends.
    PresenceOutlivesItsInstance,
    /// Runtime: a drain ends the process at once.
    DrainIsACut,
}
