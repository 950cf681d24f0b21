//! Shifts as CSV: `email,zone,date,starts,ends,ref`. Times are those of the clock on the zone's
//! wall; an end that is not after the start lies on the next day. A `ref` of one's own names the
//! shift among those of its cleaner, so that it can be changed by another import.

use std::collections::BTreeMap;

use jiff::civil::Date;

use super::{
    FaultCode, Faults, ImportFile,
    table::{Columns, address, clock, each_line},
};
use crate::domain::{ids::ZoneSlug, limits::LIMITS, template::ShiftHours};

/// A shift as a line says it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShiftLine {
    pub line: u64,
    pub email: String,
    pub zone: ZoneSlug,
    pub date: Date,
    pub hours: ShiftHours,
    /// What the line calls it; where it does not, its zone, date and start.
    pub name: String,
}

const COLUMNS: Columns = Columns {
    file: ImportFile::Shifts,
    required: &["email", "zone", "date", "starts", "ends"],
    optional: &["ref"],
    most: LIMITS.import_shifts,
};

pub(super) fn read(text: &str, faults: &mut Faults) -> Vec<ShiftLine> {
    let mut found = Vec::new();
    let mut seen: BTreeMap<(String, String), u64> = BTreeMap::new();
    each_line(text, &COLUMNS, faults, |line, faults| {
        let email = line.required("email", faults, address);
        let zone = line.required("zone", faults, |cell| {
            cell.parse::<ZoneSlug>().map_err(|error| error.to_string())
        });
        let date = line.required("date", faults, |cell| {
            let date = cell.parse::<Date>().ok().filter(|date| date.year() >= 1970);
            date.ok_or_else(|| format!("{cell} is not a date like 2026-11-20"))
        });
        let starts = line.required("starts", faults, clock);
        let ends = line.required("ends", faults, clock);
        let (Some(email), Some(zone), Some(date), Some(starts), Some(ends)) =
            (email, zone, date, starts, ends)
        else {
            return;
        };
        let ends = if ends > starts { ends } else { ends + 24 * 60 };
        let hours = ShiftHours { starts, ends };
        if let Some(fault) = crate::domain::template::fault_of_day(&[hours]) {
            let file = ImportFile::Shifts;
            return faults.add(file, line.number, "ends", FaultCode::Invalid, fault);
        }
        let name = line
            .cell("ref")
            .map_or_else(|| format!("{zone} {date} {starts}"), str::to_owned);
        if let Some(before) = seen.insert((email.clone(), name.clone()), line.number) {
            let message = format!("line {before} is the same shift");
            let file = ImportFile::Shifts;
            return faults.add(file, line.number, "ref", FaultCode::Duplicate, message);
        }
        found.push(ShiftLine {
            line: line.number,
            email,
            zone,
            date,
            hours,
            name,
        });
    });
    found
}
