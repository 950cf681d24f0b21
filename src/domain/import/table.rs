//! CSV with a header: columns by name in any order, faults by line and column.

use std::collections::BTreeMap;

use csv::{ReaderBuilder, StringRecord, Trim};

use super::{FaultCode, Faults, ImportFile};
use crate::domain::scope::sign_in_address;

/// The columns that a file may have, and those that it must.
pub(super) struct Columns {
    pub(super) file: ImportFile,
    pub(super) required: &'static [&'static str],
    pub(super) optional: &'static [&'static str],
    pub(super) most: usize,
}

/// One line of a file.
pub(super) struct Line<'t> {
    file: ImportFile,
    pub(super) number: u64,
    cells: BTreeMap<&'t str, &'t str>,
}

/// Hands each line that is one to `read`.
pub(super) fn each_line(
    text: &str,
    columns: &Columns,
    faults: &mut Faults,
    mut read: impl FnMut(&Line<'_>, &mut Faults),
) {
    let file = columns.file;
    // A spreadsheet's mark of Unicode is no part of the first column's name.
    let text = text.trim_start_matches('\u{feff}');
    let mut reader = ReaderBuilder::new()
        .trim(Trim::All)
        .flexible(true)
        .from_reader(text.as_bytes());
    let header = match reader.headers() {
        Ok(header) if !header.is_empty() => header.clone(),
        Ok(_) => {
            let message = "a first line with the names of the columns is expected";
            return faults.add(file, 1, None, FaultCode::Unreadable, message);
        }
        Err(error) => return faults.add(file, 1, None, FaultCode::Unreadable, error.to_string()),
    };
    if !is_known(&header, columns, faults) {
        return;
    }
    let mut count = 0;
    for record in reader.records() {
        let record = match record {
            Ok(record) => record,
            Err(error) => {
                let line = error.position().map_or(0, csv::Position::line);
                faults.add(file, line, None, FaultCode::Unreadable, error.to_string());
                continue;
            }
        };
        let number = record.position().map_or(0, csv::Position::line);
        if record.len() != header.len() {
            let message = format!(
                "{} columns are expected, not {}",
                header.len(),
                record.len()
            );
            faults.add(file, number, None, FaultCode::Unreadable, message);
            continue;
        }
        count += 1;
        if count > columns.most {
            let message = format!("at most {} lines", columns.most);
            return faults.add(file, number, None, FaultCode::TooMany, message);
        }
        let cells = header.iter().zip(record.iter()).collect();
        let line = Line {
            file,
            number,
            cells,
        };
        read(&line, faults);
    }
}

fn is_known(header: &StringRecord, columns: &Columns, faults: &mut Faults) -> bool {
    let file = columns.file;
    let mut known = true;
    for name in columns.required {
        if !header.iter().any(|cell| cell == *name) {
            known = false;
            let message = format!("the column {name} is missing");
            faults.add(file, 1, *name, FaultCode::MissingColumn, message);
        }
    }
    for (index, cell) in header.iter().enumerate() {
        let expected = columns.required.contains(&cell) || columns.optional.contains(&cell);
        let (code, problem) = if !expected {
            (FaultCode::UnknownColumn, "is not a column of this file")
        } else if header.iter().take(index).any(|before| before == cell) {
            (FaultCode::Duplicate, "is there twice")
        } else {
            continue;
        };
        known = false;
        faults.add(file, 1, None, code, format!("{cell} {problem}"));
    }
    known
}

impl Line<'_> {
    /// What a column says; `None` where it says nothing.
    pub(super) fn cell(&self, column: &str) -> Option<&str> {
        self.cells
            .get(column)
            .copied()
            .filter(|cell| !cell.is_empty())
    }

    /// What a column must say, read by `parse`; the faults say why not.
    pub(super) fn required<T>(
        &self,
        column: &'static str,
        faults: &mut Faults,
        parse: impl FnOnce(&str) -> Result<T, String>,
    ) -> Option<T> {
        let Some(cell) = self.cell(column) else {
            faults.add(
                self.file,
                self.number,
                column,
                FaultCode::Missing,
                "must not be empty",
            );
            return None;
        };
        self.parsed(column, cell, faults, parse)
    }

    /// What a column may say. The outer `None` is a fault.
    #[expect(clippy::option_option, reason = "nothing said is not a fault")]
    pub(super) fn optional<T>(
        &self,
        column: &'static str,
        faults: &mut Faults,
        parse: impl FnOnce(&str) -> Result<T, String>,
    ) -> Option<Option<T>> {
        match self.cell(column) {
            None => Some(None),
            Some(cell) => self.parsed(column, cell, faults, parse).map(Some),
        }
    }

    fn parsed<T>(
        &self,
        column: &'static str,
        cell: &str,
        faults: &mut Faults,
        parse: impl FnOnce(&str) -> Result<T, String>,
    ) -> Option<T> {
        parse(cell)
            .map_err(|message| {
                faults.add(self.file, self.number, column, FaultCode::Invalid, message);
            })
            .ok()
    }
}

/// A sign-in address as it is compared.
pub(super) fn address(cell: &str) -> Result<String, String> {
    let address = sign_in_address(cell);
    let shaped = address
        .split_once('@')
        .is_some_and(|(name, host)| !name.is_empty() && !host.is_empty() && !host.contains('@'));
    if shaped && !address.chars().any(char::is_whitespace) {
        Ok(address)
    } else {
        Err(format!("{cell} is not an e-mail address"))
    }
}

/// Minutes since midnight of `8:00` or `24:00`.
pub(super) fn clock(cell: &str) -> Result<u16, String> {
    let parsed = cell.split_once(':').and_then(|(hours, minutes)| {
        let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        if !digits(hours) || !digits(minutes) || minutes.len() != 2 {
            return None;
        }
        let (hours, minutes): (u16, u16) = (hours.parse().ok()?, minutes.parse().ok()?);
        let time = hours.checked_mul(60)?.checked_add(minutes)?;
        (minutes < 60 && time <= 24 * 60).then_some(time)
    });
    parsed.ok_or_else(|| format!("{cell} is not a time like 08:30"))
}

/// Names separated by semicolons or blanks.
pub(super) fn names<T: std::str::FromStr<Err: std::fmt::Display> + Ord>(
    cell: &str,
) -> Result<std::collections::BTreeSet<T>, String> {
    cell.split([';', ' '])
        .filter(|name| !name.is_empty())
        .map(|name| {
            name.parse::<T>()
                .map_err(|error| format!("{name}: {error}"))
        })
        .collect()
}
