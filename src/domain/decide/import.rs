//! `admin.import` → what of each file is new, changed and as it was.
//!
//! All faults are looked for before anything is said; with one, nothing is imported. A dry run says
//! what would be. Zones are known by their slug, cleaners by their address, shifts by their cleaner
//! and `ref` (or zone, date and start): what is known is changed where it differs, and what is as it
//! was is left alone. What a file does not mention stays. An import moves no work: a line for which
//! work would have to change hands is at fault, and for people to do.

use std::collections::BTreeMap;

use uuid::Uuid;

use super::{
    Decision,
    catalogue::{check_ring, has_dates},
    draft::Draft,
    people::{check_still_able, save_account_of},
    text,
};
use crate::domain::{
    Event, Objection, Rejection, Role,
    calendar::time_zone,
    command::AdminImport,
    contract::answer::{ImportCounts, Imported},
    entity::{Cause, Cleaner, Duty, Shift, TimeRange, Zone},
    homing::Promise,
    ids::{AccountId, CleanerId, ShiftId},
    import::{self, CleanerLine, FaultCode, Faults, ImportFile, ShiftLine, ZoneLine},
    limits::LIMITS,
    template::ranges,
};

pub(super) fn import(draft: Draft, command: &AdminImport) -> Result<Decision, Objection> {
    // On the command line whoever can reach the database is the company.
    if draft.actor.role != Role::System {
        draft.require_manager()?;
    }
    if command.zones.is_none() && command.cleaners.is_none() && command.shifts.is_none() {
        return Err(Objection::invalid("zones", "no file is given"));
    }
    let (lines, faults) = import::read(command);
    let mut importer = Importer { draft, faults };
    let zones = importer.zones(&lines.zones);
    let cleaners = importer.cleaners(&lines.cleaners);
    let shifts = importer.shifts(&lines.shifts);
    let Importer { draft, faults } = importer;
    let dry_run = command.dry_run == Some(true);
    let (faults, fault_count) = faults.told();
    if fault_count > 0 && !dry_run {
        return Err(Rejection::ImportFaults {
            faults,
            fault_count,
        }
        .into());
    }
    let answer = Imported {
        dry_run,
        zones,
        cleaners,
        shifts,
        faults,
        fault_count,
    };
    Ok(if dry_run {
        Draft::as_if(answer)
    } else {
        draft.done(answer)
    })
}

struct Importer {
    draft: Draft,
    faults: Faults,
}

/// A fault of a known field.
type Fault = (&'static str, FaultCode, String);

impl Importer {
    fn fault(&mut self, file: ImportFile, line: u64, (field, code, message): Fault) {
        self.faults.add(file, line, field, code, message);
    }

    fn zones(&mut self, lines: &[ZoneLine]) -> ImportCounts {
        let mut counts = ImportCounts::default();
        for line in lines {
            match self.zone(line) {
                Ok(change) => counts.count(change),
                Err(fault) => self.fault(ImportFile::Zones, line.line, fault),
            }
        }
        counts
    }

    fn zone(&mut self, line: &ZoneLine) -> Result<Change, Fault> {
        let before = self.draft.world.zones.get(&line.slug).cloned();
        let name = text::required("name", &line.name, LIMITS.name).map_err(invalid)?;
        check_ring(&line.polygon).map_err(|objection| at("geometry", invalid(objection)))?;
        if time_zone(&line.time_zone).is_none() {
            let message = format!("{} is not an IANA time zone", line.time_zone);
            return Err(("time_zone", FaultCode::Invalid, message));
        }
        let mut zone = Zone {
            slug: line.slug.clone(),
            name,
            polygon: line.polygon.clone(),
            time_zone: line.time_zone.clone(),
            opening_hours: line.opening_hours,
            version: before.as_ref().map_or(1, |zone| zone.version),
        };
        let Some(before) = before else {
            self.draft.emit(Event::ZoneSaved { zone });
            return Ok(Change::New);
        };
        if before == zone {
            return Ok(Change::None);
        }
        if before.time_zone != zone.time_zone && has_dates(&self.draft, &zone) {
            let message = "shifts, jobs or holds ahead have dates by the old one".to_owned();
            return Err(("time_zone", FaultCode::InUse, message));
        }
        zone.version += 1;
        self.draft.emit(Event::ZoneSaved { zone });
        Ok(Change::Changed)
    }

    fn cleaners(&mut self, lines: &[CleanerLine]) -> ImportCounts {
        let mut counts = ImportCounts::default();
        let known = self.cleaners_by_address();
        for line in lines {
            let unknown = self.unknown_names(line);
            let whole = unknown.is_empty();
            for fault in unknown {
                self.fault(ImportFile::Cleaners, line.line, fault);
            }
            let id = known.get(&line.email).copied();
            match self.cleaner(line, id) {
                Ok(change) if whole => counts.count(change),
                Ok(_) => {}
                Err(fault) => self.fault(ImportFile::Cleaners, line.line, fault),
            }
        }
        counts
    }

    fn unknown_names(&self, line: &CleanerLine) -> Vec<Fault> {
        let world = &self.draft.world;
        let zones = line
            .zones
            .iter()
            .filter(|zone| !world.zones.contains_key(zone));
        let zones = zones.map(|zone| ("zones", FaultCode::UnknownZone, format!("no zone {zone}")));
        let skills = line.skills.iter().flatten();
        let skills = skills.filter(|skill| !world.skills.contains_key(skill));
        let skills = skills.map(|skill| {
            let message = format!("no service asks for the skill {skill}");
            ("skills", FaultCode::UnknownSkill, message)
        });
        zones.chain(skills).collect()
    }

    fn cleaner(&mut self, line: &CleanerLine, id: Option<AccountId>) -> Result<Change, Fault> {
        let name = text::required("name", &line.name, LIMITS.name).map_err(invalid)?;
        let phone = line.phone.as_deref().map(text::phone).transpose();
        let phone = phone.map_err(invalid)?;
        text::email(&line.email).map_err(invalid)?;
        let before = id.and_then(|id| self.draft.world.cleaners.get(&CleanerId(id.0)).cloned());
        if id.is_some() && before.is_none() {
            let message = format!("{} signs in as something else", line.email);
            return Err(("email", FaultCode::NotACleaner, message));
        }
        let kept = before.as_ref();
        let mut cleaner = Cleaner {
            id: kept.map_or_else(|| self.draft.new_id(), |row| row.id),
            name,
            phone: phone.or_else(|| kept.and_then(|row| row.phone.clone())),
            zones: line.zones.clone(),
            skills: line
                .skills
                .clone()
                .or_else(|| kept.map(|row| row.skills.clone()))
                .unwrap_or_default(),
            duty: kept.map_or(Duty::Off, |row| row.duty),
            active: line.active.or(kept.map(|row| row.active)).unwrap_or(true),
            version: kept.map_or(1, |row| row.version),
        };
        if before.as_ref() == Some(&cleaner) {
            return Ok(Change::None);
        }
        let change = if before.is_some() {
            cleaner.version += 1;
            Change::Changed
        } else {
            Change::New
        };
        save_account_of(&mut self.draft, &cleaner, Some(&line.email))
            .map_err(|_| taken("somebody else has this address"))?;
        check_still_able(&self.draft, &cleaner).map_err(|_| {
            let message = "they have shifts or jobs that this change would not let them do";
            ("zones", FaultCode::InUse, message.to_owned())
        })?;
        self.check_promises(&cleaner)?;
        self.draft.emit(Event::CleanerSaved { cleaner });
        Ok(change)
    }

    /// Whether what is promised with their time can stay theirs.
    fn check_promises(&self, cleaner: &Cleaner) -> Result<(), Fault> {
        let draft = &self.draft;
        let timetable = draft.timetable();
        let rows = timetable.busy(cleaner.id);
        let stays = |cause: Cause, busy: TimeRange| {
            let promise = Promise::behind(&draft.world, cause, busy);
            promise.is_some_and(|promise| promise.obstacle(&timetable, cleaner).is_none())
        };
        let mut ahead = rows.filter(|row| row.cause.is_movable() && row.busy.end > draft.now);
        if ahead.all(|row| stays(row.cause, row.busy)) {
            return Ok(());
        }
        let message = "time of theirs is promised to bookings that they could do no longer";
        Err(("zones", FaultCode::JobsAffected, message.to_owned()))
    }

    fn cleaners_by_address(&self) -> BTreeMap<String, AccountId> {
        let accounts = self.draft.world.accounts.values();
        let addresses = accounts.filter_map(|row| Some((row.email.clone()?, row.id)));
        addresses.collect()
    }

    fn shifts(&mut self, lines: &[ShiftLine]) -> ImportCounts {
        let mut counts = ImportCounts::default();
        let known = self.cleaners_by_address();
        let mut planned: BTreeMap<CleanerId, Vec<(TimeRange, ShiftId)>> = BTreeMap::new();
        for shift in self.draft.world.shifts.values() {
            let theirs = planned.entry(shift.cleaner).or_default();
            theirs.push((shift.during, shift.id));
        }
        for line in lines {
            let id = known.get(&line.email).map(|id| CleanerId(id.0));
            match self.shift(line, id, &mut planned) {
                Ok(change) => counts.count(change),
                Err(fault) => self.fault(ImportFile::Shifts, line.line, fault),
            }
        }
        counts
    }

    fn shift(
        &mut self,
        line: &ShiftLine,
        cleaner: Option<CleanerId>,
        planned: &mut BTreeMap<CleanerId, Vec<(TimeRange, ShiftId)>>,
    ) -> Result<Change, Fault> {
        let cleaner = cleaner.and_then(|id| self.draft.world.cleaners.get(&id));
        let cleaner = cleaner.cloned().ok_or_else(|| {
            let message = format!("no cleaner has the address {}", line.email);
            ("email", FaultCode::UnknownCleaner, message)
        })?;
        let during = self.during(line, &cleaner)?;
        let name = format!("shift {}", line.name);
        let id = ShiftId(Uuid::new_v5(&cleaner.id.0, name.as_bytes()));
        let theirs = planned.entry(cleaner.id).or_default();
        let same = |range: TimeRange, other: ShiftId| {
            let shift = self.draft.world.shifts.get(&other);
            range == during && shift.is_some_and(|shift| shift.zone == line.zone)
        };
        if theirs.iter().any(|(range, other)| same(*range, *other)) {
            return Ok(Change::None);
        }
        let clash = theirs
            .iter()
            .find(|(range, other)| *other != id && range.overlaps(&during));
        if let Some((range, _)) = clash {
            let message = format!(
                "another shift is there from {} to {}",
                range.start, range.end
            );
            return Err(("starts", FaultCode::Overlap, message));
        }
        let before = self.draft.world.shifts.get(&id).cloned();
        let fact = match &before {
            None => Event::ShiftPublished {
                shift: Shift {
                    id,
                    cleaner: cleaner.id,
                    zone: line.zone.clone(),
                    local_date: line.date,
                    during,
                    template: None,
                    version: 1,
                },
            },
            Some(shift) => {
                self.check_movable(shift, line, during)?;
                Event::ShiftChanged {
                    shift: id,
                    local_date: line.date,
                    during,
                    template: None,
                }
            }
        };
        self.draft.emit(fact);
        theirs.retain(|(_, other)| *other != id);
        theirs.push((during, id));
        Ok(before.map_or(Change::New, |_| Change::Changed))
    }

    fn during(&self, line: &ShiftLine, cleaner: &Cleaner) -> Result<TimeRange, Fault> {
        let Some(zone) = self.draft.world.zones.get(&line.zone) else {
            let message = format!("no zone {}", line.zone);
            return Err(("zone", FaultCode::UnknownZone, message));
        };
        if !cleaner.zones.contains(&zone.slug) || !cleaner.active {
            let message = format!("{} does not work in {}", line.email, line.zone);
            return Err(("zone", FaultCode::NotAHomeZone, message));
        }
        let during = ranges(zone, line.date, &[line.hours]).first().copied();
        let during = during.ok_or_else(|| {
            let message = "the clocks skip this time on that date".to_owned();
            ("starts", FaultCode::Invalid, message)
        })?;
        if during.start.duration_since(self.draft.now) > LIMITS.planning_horizon {
            let message = "more than a year ahead".to_owned();
            return Err(("date", FaultCode::Invalid, message));
        }
        Ok(during)
    }

    /// Whether a shift that is known may lie elsewhere without taking anybody's work along.
    fn check_movable(
        &self,
        shift: &Shift,
        line: &ShiftLine,
        during: TimeRange,
    ) -> Result<(), Fault> {
        if shift.during.end <= self.draft.now || shift.zone != line.zone {
            let message = "the shift of this name is over, or in another zone".to_owned();
            return Err(("ref", FaultCode::InUse, message));
        }
        let covered = during.inward();
        let rows = self.draft.rows_in(shift.cleaner, shift.during);
        let mut work = rows
            .iter()
            .filter(|row| !matches!(row.cause, Cause::TimeOff { .. }));
        if work.any(|row| !covered.is_some_and(|covered| covered.contains(&row.busy))) {
            let message = "work lies in the time that would be no shift any more".to_owned();
            return Err(("starts", FaultCode::JobsAffected, message));
        }
        Ok(())
    }
}

/// What a line does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Change {
    New,
    Changed,
    None,
}

impl ImportCounts {
    fn count(&mut self, change: Change) {
        match change {
            Change::New => self.new += 1,
            Change::Changed => self.changed += 1,
            Change::None => self.unchanged += 1,
        }
    }
}

fn taken(message: &str) -> Fault {
    ("email", FaultCode::NotACleaner, message.to_owned())
}

/// What is objected to a value, as a fault of its field.
fn invalid(objection: Objection) -> Fault {
    match objection {
        Objection::InvalidArgument { field, reason } => (field, FaultCode::Invalid, reason),
        Objection::Rejected(_) | Objection::NotFound | Objection::Forbidden => {
            ("", FaultCode::Invalid, "not possible".to_owned())
        }
    }
}

fn at(field: &'static str, (_, code, message): Fault) -> Fault {
    (field, code, message)
}

#[cfg(test)]
mod tests;
