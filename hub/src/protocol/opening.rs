//! A channel whose head is being read: what comes meanwhile may be newer than the head that the
//! read is going to bring, so none of it may be forgotten.

use std::sync::Arc;

use crate::ports::Publication;

/// What happened to a channel since its head was asked for. Ends in
/// [`Sequencer::open`](super::Sequencer::open).
#[derive(Debug, Default)]
pub struct Opening {
    pub(super) heard: Vec<Arc<Publication>>,
    pub(super) doubted: bool,
}

impl Opening {
    /// A publication arrived. Beyond `most`, the log is asked instead.
    pub fn heard(&mut self, publication: Arc<Publication>, most: usize) {
        if self.heard.len() < most {
            self.heard.push(publication);
        } else {
            self.doubted = true;
        }
    }

    /// The log was seen to have been written, or its name or the wire is in doubt: whatever head is
    /// read may be older than that.
    pub fn doubt(&mut self) {
        self.doubted = true;
    }
}
