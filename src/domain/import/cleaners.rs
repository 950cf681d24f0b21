//! Cleaners as CSV: `email,name,phone,zones,skills,active`. The address names the cleaner.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    FaultCode, Faults, ImportFile,
    table::{Columns, address, each_line, names},
};
use crate::domain::{
    ids::{SkillSlug, ZoneSlug},
    limits::LIMITS,
};

/// A cleaner as a line says they are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CleanerLine {
    pub line: u64,
    pub email: String,
    pub name: String,
    /// `None` keeps what is there, here and below.
    pub phone: Option<String>,
    pub zones: BTreeSet<ZoneSlug>,
    pub skills: Option<BTreeSet<SkillSlug>>,
    pub active: Option<bool>,
}

const COLUMNS: Columns = Columns {
    file: ImportFile::Cleaners,
    required: &["email", "name", "zones"],
    optional: &["phone", "skills", "active"],
    most: LIMITS.import_cleaners,
};

pub(super) fn read(text: &str, faults: &mut Faults) -> Vec<CleanerLine> {
    let mut found = Vec::new();
    let mut seen: BTreeMap<String, u64> = BTreeMap::new();
    each_line(text, &COLUMNS, faults, |line, faults| {
        let email = line.required("email", faults, address);
        let name = line.required("name", faults, |cell| Ok(cell.to_owned()));
        let phone = line.optional("phone", faults, |cell| Ok(cell.to_owned()));
        let zones = line.required("zones", faults, names::<ZoneSlug>);
        let skills = line.optional("skills", faults, skill_names);
        let active = line.optional("active", faults, yes_or_no);
        if let Some(email) = &email
            && let Some(before) = seen.insert(email.clone(), line.number)
        {
            let message = format!("line {before} has this address too");
            let file = ImportFile::Cleaners;
            faults.add(file, line.number, "email", FaultCode::Duplicate, message);
            return;
        }
        if let (Some(email), Some(name), Some(phone), Some(zones), Some(skills), Some(active)) =
            (email, name, phone, zones, skills, active)
        {
            found.push(CleanerLine {
                line: line.number,
                email,
                name,
                phone,
                zones,
                skills,
                active,
            });
        }
    });
    found
}

/// A dash is none at all.
fn skill_names(cell: &str) -> Result<BTreeSet<SkillSlug>, String> {
    if cell == "-" {
        return Ok(BTreeSet::new());
    }
    names(cell)
}

fn yes_or_no(cell: &str) -> Result<bool, String> {
    match cell.to_ascii_lowercase().as_str() {
        "yes" | "true" => Ok(true),
        "no" | "false" => Ok(false),
        _ => Err(format!("{cell} is neither yes nor no")),
    }
}
