//! Can a client that knows everything up to a position be brought up to date with publications
//! alone? The protocol's decision, bounded in number and bytes (beyond, a snapshot is cheaper).

use std::sync::Arc;

use crate::ports::{LogRead, Position, Publication};

/// How far back a recovery reaches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RecoveryLimits {
    pub publications: usize,
    pub bytes: usize,
}

/// What the ring or the log had to say.
#[derive(Debug, Clone)]
pub enum Recovery {
    /// Everything after the asked position, oldest first, up to `position`.
    Complete {
        publications: Vec<Arc<Publication>>,
        position: Position,
    },
    /// Another epoch, trimmed away, too much, or from the future.
    Impossible,
}

impl Recovery {
    /// Judges a read of the log after `offset`, which must have asked for one publication more
    /// than the limit. An empty `epoch` accepts any.
    pub fn judge(offset: u64, epoch: &str, read: LogRead, limits: RecoveryLimits) -> Self {
        let position = read.head;
        if !epoch.is_empty() && epoch != &*position.epoch {
            return Self::Impossible;
        }
        let publications: Vec<_> = read.publications.into_iter().map(Arc::new).collect();
        if !fits(&publications, limits) || !is_contiguous(offset, &publications, position.offset) {
            return Self::Impossible;
        }
        Self::Complete {
            publications,
            position,
        }
    }
}

#[cfg(feature = "breakages")]
impl Recovery {
    /// The same, broken on purpose.
    #[must_use]
    pub fn broken(self, breakage: super::breakage::Breakage) -> Self {
        match self {
            Self::Complete {
                mut publications,
                position,
            } if breakage == super::breakage::Breakage::RecoveryIsTrimmed => {
                publications.drain(..publications.len().min(1));
                Self::Complete {
                    publications,
                    position,
                }
            }
            whole @ (Self::Complete { .. } | Self::Impossible) => whole,
        }
    }
}

/// The bytes that a publication counts for.
pub(super) fn weight(publication: &Publication) -> usize {
    publication.body.get().len() + 64
}

fn fits(publications: &[Arc<Publication>], limits: RecoveryLimits) -> bool {
    publications.len() <= limits.publications
        && publications.iter().map(|p| weight(p)).sum::<usize>() <= limits.bytes
}

fn is_contiguous(after: u64, publications: &[Arc<Publication>], head: u64) -> bool {
    let mut last = after;
    for publication in publications {
        if publication.offset != last + 1 {
            return false;
        }
        last = publication.offset;
    }
    last == head
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ports::Body;

    const LIMITS: RecoveryLimits = RecoveryLimits {
        publications: 3,
        bytes: 1000,
    };

    fn read(offsets: std::ops::RangeInclusive<u64>, head: u64) -> LogRead {
        LogRead {
            publications: offsets
                .map(|offset| Publication {
                    channel: "c".into(),
                    offset,
                    epoch: "e".into(),
                    key: None,
                    body: Body::from_text("1").unwrap(),
                    info: None,
                })
                .collect(),
            head: Position {
                offset: head,
                epoch: "e".into(),
            },
        }
    }

    #[track_caller]
    fn judged(offset: u64, epoch: &str, read: LogRead) -> bool {
        matches!(
            Recovery::judge(offset, epoch, read, LIMITS),
            Recovery::Complete { .. }
        )
    }

    #[test]
    #[expect(clippy::reversed_empty_ranges, reason = "an empty read")]
    fn the_decision_follows_the_protocol() {
        assert!(judged(2, "e", read(3..=4, 4)));
        assert!(judged(4, "e", read(1..=0, 4)), "nothing missed");
        assert!(judged(2, "", read(3..=4, 4)), "any epoch");
        assert!(!judged(2, "f", read(3..=4, 4)), "another epoch");
        assert!(!judged(2, "e", read(4..=5, 5)), "trimmed");
        assert!(!judged(2, "e", read(1..=0, 5)), "trimmed whole");
        assert!(!judged(9, "e", read(1..=0, 5)), "from the future");
        assert!(!judged(1, "e", read(2..=5, 5)), "more than the limit");
    }
}
