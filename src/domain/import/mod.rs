//! A company's files, read into rows: zones (`GeoJSON`), cleaners and shifts (CSV).
//!
//! Reading finds every fault there is to find without knowing the company, each with its place, and
//! what is wrong with one line never hides another. What the rows mean for the company is decided
//! in `decide::import`. The formats are described in `docs/import.md`.

mod cleaners;
mod shifts;
mod table;
mod zones;

use std::{
    borrow::Cow,
    fmt::{self, Write as _},
};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use ts_rs::TS;

pub use cleaners::CleanerLine;
pub use shifts::ShiftLine;
pub use zones::ZoneLine;

use super::{command::AdminImport, limits::LIMITS};

/// A file's text. Written out (receipts, audit, logs) it is its size and digest.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct ImportText(pub String);

impl Serialize for ImportText {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let digest = Sha256::digest(self.0.as_bytes());
        let mut text = format!("{} bytes, sha256 ", self.0.len());
        for byte in digest {
            write!(text, "{byte:02x}").expect("a text takes what is written");
        }
        serializer.serialize_str(&text)
    }
}

impl fmt::Debug for ImportText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ImportText({} bytes)", self.0.len())
    }
}

#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, TS, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum ImportFile {
    Zones,
    Cleaners,
    Shifts,
}

/// What is wrong in a file.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, TS, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum FaultCode {
    /// The file, or the line, is not in the format at all.
    Unreadable,
    MissingColumn,
    UnknownColumn,
    /// Nothing is there where something must be.
    Missing,
    Invalid,
    /// Another line says the same thing's name.
    Duplicate,
    UnknownZone,
    UnknownSkill,
    UnknownCleaner,
    /// The cleaner does not work in the zone.
    NotAHomeZone,
    /// The cleaner has another shift at that time.
    Overlap,
    /// What is there and stands in the way of the change.
    InUse,
    /// Work would lose its cleaner; an import moves none.
    JobsAffected,
    /// The address is that of somebody who is no cleaner.
    NotACleaner,
    TooMany,
}

/// One fault and its place.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, TS, JsonSchema)]
pub struct ImportFault {
    pub file: ImportFile,
    /// Of a CSV file the line, of a `GeoJSON` file the feature, both counted from 1; 0 is the file.
    pub line: u64,
    /// The column or property.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub field: Option<String>,
    pub code: FaultCode,
    pub message: String,
}

/// Faults as they are found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Faults(Vec<ImportFault>);

impl Faults {
    pub fn add(
        &mut self,
        file: ImportFile,
        line: u64,
        field: impl Into<Option<&'static str>>,
        code: FaultCode,
        message: impl Into<Cow<'static, str>>,
    ) {
        self.0.push(ImportFault {
            file,
            line,
            field: field.into().map(str::to_owned),
            code,
            message: message.into().into_owned(),
        });
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// By file and line, as many as are told, and how many there are in all.
    pub fn told(mut self) -> (Vec<ImportFault>, u32) {
        self.0.sort();
        let all = u32::try_from(self.0.len()).unwrap_or(u32::MAX);
        self.0.truncate(LIMITS.import_faults);
        (self.0, all)
    }
}

/// All files as far as they could be read.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Lines {
    pub zones: Vec<ZoneLine>,
    pub cleaners: Vec<CleanerLine>,
    pub shifts: Vec<ShiftLine>,
}

/// Reads what was given.
pub fn read(command: &AdminImport) -> (Lines, Faults) {
    let mut faults = Faults::default();
    let mut lines = Lines::default();
    if let Some(text) = &command.zones {
        lines.zones = zones::read(&text.0, &mut faults);
    }
    if let Some(text) = &command.cleaners {
        lines.cleaners = cleaners::read(&text.0, &mut faults);
    }
    if let Some(text) = &command.shifts {
        lines.shifts = shifts::read(&text.0, &mut faults);
    }
    (lines, faults)
}

#[cfg(test)]
mod tests;
