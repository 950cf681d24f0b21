//! Deliberate breakages of the server, for the fault suite to catch: a suite that cannot fail
//! proves nothing. Only in builds made for that; a build without them knows nothing of this file.
//! Those of the engine are its own; both are named by one variable of the environment.

use std::sync::OnceLock;

use hub::{
    protocol::breakage::Breakage as OfTheEngine,
    runtime::breakage::{VARIABLE, chosen},
};

macro_rules! breakages {
    ($($(#[$doc:meta])* $variant:ident),* $(,)?) => {
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Breakage { $($(#[$doc])* $variant),* }

        impl Breakage {
            fn named(name: &str) -> Option<Self> {
                match name {
                    $(stringify!($variant) => Some(Self::$variant),)*
                    _ => None,
                }
            }
        }
    };
}

breakages! {
    /// A command whose receipt is there is executed again.
    ReceiptsAreIgnored,
    /// The receipt is written by a transaction of its own.
    ReceiptIsApart,
    /// A rejection is told and not stored.
    RejectionsAreNotStored,
    /// A commit whose answer was lost is refused as if it had not been made.
    UnknownCommitsAreRefused,
    /// What subscribers see leaves before the commit.
    PublishedBeforeCommit,
    /// No row is locked: decisions are made on what others are changing.
    NothingIsLocked,
    /// No row is locked, and no constraint defends a cleaner's time.
    TimeIsNotDefended,
    /// Cleaners are locked in any order.
    CleanersAreNotSorted,
    /// Channels' heads are moved in any order.
    ChannelsAreNotSorted,
    /// The log keeps its name whatever happens to the database.
    EpochIsConstant,
    /// The board tells the address.
    BoardTellsTheAddress,
    /// The audit trail forgets what was rejected.
    RejectionsAreNotAudited,
    /// One offset is left out of the log now and then, and nobody is told to start anew.
    OffsetsAreLeftOut,
}

/// Whether this process is broken in this way.
pub fn is(breakage: Breakage) -> bool {
    static CHOSEN: OnceLock<Option<Breakage>> = OnceLock::new();
    let chosen = CHOSEN.get_or_init(|| Breakage::named(&name()));
    *chosen == Some(breakage)
}

/// A name that nobody knows would be a suite that catches nothing and does not know it.
pub fn check_name() -> Result<(), String> {
    let name = name();
    let known =
        name.is_empty() || Breakage::named(&name).is_some() || chosen() != OfTheEngine::None;
    if known {
        Ok(())
    } else {
        Err(format!("{VARIABLE}: there is no breakage {name}"))
    }
}

fn name() -> String {
    std::env::var(VARIABLE).unwrap_or_default()
}
