//! What the checker found out about one promise: how much it looked at, and what was wrong.

use std::fmt;

use serde::Serialize;

/// Violations that are shown; the others are counted.
const SHOWN: usize = 20;

/// The result of checking one promise.
#[derive(Debug, Clone, Serialize)]
pub struct Finding {
    pub promise: &'static str,
    /// Items that were held against it.
    pub checked: u64,
    /// Items that the run's own faults excuse, see [`super::excuses`].
    pub excused: u64,
    pub violations: u64,
    /// The first violations.
    pub first: Vec<Evidence>,
}

/// Where a violation can be seen, as far as it has a place.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Evidence {
    /// Of `history.jsonl`, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub channel: Option<String>,
    pub what: String,
}

impl Finding {
    pub fn new(promise: &'static str) -> Self {
        Self {
            promise,
            checked: 0,
            excused: 0,
            violations: 0,
            first: Vec::new(),
        }
    }

    pub fn violated(&mut self, evidence: Evidence) {
        self.violations += 1;
        if self.first.len() < SHOWN {
            self.first.push(evidence);
        }
    }
}

impl Evidence {
    pub fn new(what: impl Into<String>) -> Self {
        Self {
            what: what.into(),
            ..Self::default()
        }
    }

    pub fn at(line: u64, client: u32, what: impl Into<String>) -> Self {
        Self {
            line: Some(line),
            client: Some(client),
            ..Self::new(what)
        }
    }

    #[must_use]
    pub fn on(mut self, channel: &str) -> Self {
        self.channel = Some(channel.to_owned());
        self
    }
}

impl fmt::Display for Evidence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(line) = self.line {
            write!(f, "line {line}: ")?;
        }
        if let Some(client) = self.client {
            write!(f, "client {client}: ")?;
        }
        if let Some(channel) = &self.channel {
            write!(f, "{channel}: ")?;
        }
        f.write_str(&self.what)
    }
}
