//! The newest publications of an open channel, so that most recoveries touch no database.

use std::{collections::VecDeque, sync::Arc};

use super::recovery::{RecoveryLimits, weight};
use crate::ports::Publication;

/// Contiguous publications, the last of which is the newest delivered.
#[derive(Debug)]
pub(super) struct Ring {
    limits: RecoveryLimits,
    entries: VecDeque<Arc<Publication>>,
    bytes: usize,
}

impl Ring {
    pub(super) fn new(limits: RecoveryLimits) -> Self {
        Self {
            limits,
            entries: VecDeque::new(),
            bytes: 0,
        }
    }

    pub(super) fn push(&mut self, publication: Arc<Publication>) {
        self.bytes += weight(&publication);
        self.entries.push_back(publication);
        while self.entries.len() > self.limits.publications || self.bytes > self.limits.bytes {
            let Some(oldest) = self.entries.pop_front() else {
                break;
            };
            self.bytes -= weight(&oldest);
        }
    }

    pub(super) fn clear(&mut self) {
        self.entries.clear();
        self.bytes = 0;
    }

    /// Everything after `offset` up to the newest; `None` when the ring does not reach back.
    pub(super) fn after(&self, offset: u64) -> Option<Vec<Arc<Publication>>> {
        let first = self.entries.front()?.offset;
        let skip = usize::try_from((offset + 1).checked_sub(first)?).ok()?;
        (skip <= self.entries.len()).then(|| self.entries.iter().skip(skip).cloned().collect())
    }
}
