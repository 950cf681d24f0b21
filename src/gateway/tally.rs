//! How commands were answered since the start, for whoever watches the instance.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::execute::{Outcome, Refusal};

/// Counts at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tally {
    pub accepted: u64,
    pub rejected: u64,
    pub refused: u64,
    /// Of the refused: errors of ours.
    pub errors: u64,
}

#[derive(Debug, Default)]
pub(super) struct Counts {
    accepted: AtomicU64,
    rejected: AtomicU64,
    refused: AtomicU64,
    errors: AtomicU64,
}

impl Counts {
    pub(super) fn count(&self, outcome: &Outcome) {
        let counted = match outcome {
            Outcome::Accepted { .. } => &self.accepted,
            Outcome::Rejected { .. } => &self.rejected,
            Outcome::Refused { code, .. } => {
                if *code == Refusal::Internal {
                    self.errors.fetch_add(1, Ordering::Relaxed);
                }
                &self.refused
            }
        };
        counted.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn tally(&self) -> Tally {
        Tally {
            accepted: self.accepted.load(Ordering::Relaxed),
            rejected: self.rejected.load(Ordering::Relaxed),
            refused: self.refused.load(Ordering::Relaxed),
            errors: self.errors.load(Ordering::Relaxed),
        }
    }
}
