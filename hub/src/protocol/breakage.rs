//! Deliberate breakages of the protocol core, for tests only: a simulation that cannot fail proves
//! nothing, so each of these must be caught by it.

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Breakage {
    #[default]
    None,
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
}
