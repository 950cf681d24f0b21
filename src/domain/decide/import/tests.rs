use serde_json::{Value, json};

use super::*;
use crate::domain::{
    Actor, Command,
    command::JobClaim,
    ids::JobId,
    import::ImportText,
    testing::{CLEANING, DISPATCHER, MANAGER, Town, at as instant, zone_slug},
};

const ZONES: &str = include_str!("../../../../docs/examples/company/zones.geojson");
const CLEANERS: &str = include_str!("../../../../docs/examples/company/cleaners.csv");
const SHIFTS: &str = include_str!("../../../../docs/examples/company/shifts.csv");

fn files(files: [&str; 3], dry_run: Option<bool>) -> Command {
    let text = |text: &str| (!text.is_empty()).then(|| ImportText(text.to_owned()));
    let [zones, cleaners, shifts] = files;
    Command::ImportCompany(AdminImport {
        zones: text(zones),
        cleaners: text(cleaners),
        shifts: text(shifts),
        dry_run,
    })
}

/// With the skills that the sample company's services ask for.
fn town() -> Town {
    let mut town = Town::new();
    for skill in ["windows", "deep"] {
        let slug = skill.parse().expect("a slug");
        town.world.skills.insert(slug, skill.to_owned());
    }
    town.now = instant("2026-11-20T09:00:00Z");
    town
}

fn counts(new: u32, changed: u32, unchanged: u32) -> Value {
    json!({ "new": new, "changed": changed, "unchanged": unchanged })
}

/// Line and code of each.
fn faults(town: &mut Town, given: [&str; 3]) -> Vec<(ImportFile, u64, FaultCode)> {
    let Rejection::ImportFaults {
        faults,
        fault_count,
    } = town.reject(MANAGER, &files(given, None))
    else {
        panic!("faults are expected");
    };
    assert_eq!(fault_count as usize, faults.len());
    faults
        .iter()
        .map(|fault| (fault.file, fault.line, fault.code))
        .collect()
}

#[test]
fn the_sample_company_is_imported_and_a_second_time_changes_nothing() {
    let mut town = town();
    let all = [ZONES, CLEANERS, SHIFTS];
    let would = town
        .run(MANAGER, &files(all, Some(true)))
        .expect("accepted");
    assert_eq!(would.events, []);
    let done = town.accept(MANAGER, &files(all, None));
    for (file, new) in [("zones", 2), ("cleaners", 6), ("shifts", 30)] {
        assert_eq!(done[file], counts(new, 0, 0), "{file}");
        assert_eq!(would.result[file], done[file]);
    }
    let again = town
        .run(Actor::SYSTEM, &files(all, None))
        .expect("accepted");
    assert_eq!(again.events, []);
    assert_eq!(again.result["shifts"], counts(0, 0, 30));
    let shifts = town.world.shifts.values();
    assert!(shifts.clone().all(|shift| shift.local_date.year() == 2026));
    assert!(
        shifts
            .clone()
            .any(|shift| shift.during.start == instant("2026-11-23T07:00:00Z"))
    );
}

#[test]
fn what_differs_is_changed_and_not_made_again() {
    let mut town = town();
    town.accept(MANAGER, &files([ZONES, CLEANERS, SHIFTS], None));
    let cleaners = CLEANERS.replace("Anna Albrecht", "Anna Adler");
    let shifts = SHIFTS.replace("08:00,16:00,w48-1\n", "09:00,17:00,w48-1\n");
    let zones = ZONES.replace("09:00-16:00", "10:00-16:00");
    let done = town.accept(MANAGER, &files([&zones, &cleaners, &shifts], None));
    assert_eq!(done["zones"], counts(0, 1, 1));
    assert_eq!(done["cleaners"], counts(0, 1, 5));
    assert_eq!(done["shifts"], counts(0, 1, 29));
    let moved = town
        .world
        .shifts
        .values()
        .filter(|shift| shift.version == 2);
    let starts: Vec<_> = moved.map(|shift| shift.during.start).collect();
    assert_eq!(starts, [instant("2026-11-23T08:00:00Z")]);
}

#[test]
fn all_faults_of_all_files_are_listed_and_nothing_is_imported() {
    let mut town = town();
    let zones = ZONES.replace("Europe/Berlin", "Europe/Bonn");
    let cleaners = "email,name,zones,skills\n\
        a@example.org,A,nowhere,juggling\n\
        b@example.org,B,center,\n";
    let shifts = "email,zone,date,starts,ends\n\
        b@example.org,center,2026-11-23,08:00,12:00\n\
        b@example.org,center,2026-11-23,11:00,14:00\n\
        c@example.org,center,2026-11-23,11:00,14:00\n\
        b@example.org,nowhere,2026-11-24,11:00,14:00\n\
        b@example.org,center,2030-11-24,11:00,14:00\n\
        b@example.org,center,never,11:00,14:00\n";
    let found = faults(&mut town, [&zones, cleaners, shifts]);
    let expected = [
        (ImportFile::Zones, 1, FaultCode::Invalid),
        (ImportFile::Zones, 2, FaultCode::Invalid),
        (ImportFile::Cleaners, 2, FaultCode::UnknownSkill),
        (ImportFile::Cleaners, 2, FaultCode::UnknownZone),
        (ImportFile::Shifts, 3, FaultCode::Overlap),
        (ImportFile::Shifts, 4, FaultCode::UnknownCleaner),
        (ImportFile::Shifts, 5, FaultCode::UnknownZone),
        (ImportFile::Shifts, 6, FaultCode::Invalid),
        (ImportFile::Shifts, 7, FaultCode::Invalid),
    ];
    assert_eq!(found, expected);
    let would = town.accept(MANAGER, &files([&zones, cleaners, shifts], Some(true)));
    assert_eq!(would["fault_count"], 9);
    assert!(town.world.shifts.is_empty());
}

#[test]
fn an_import_moves_no_work() {
    let mut town = town();
    let cleaners = "email,name,zones\nkim@example.org,Kim,center\n";
    let shifts = "email,zone,date,starts,ends,ref\n\
        kim@example.org,center,2026-11-23,08:00,16:00,a\n";
    town.accept(MANAGER, &files(["", cleaners, shifts], None));
    let kim = *town.world.cleaners.keys().next().expect("imported");
    let (_, job): (_, JobId) = town.book(CLEANING, "2026-11-23T10:00:00Z");
    let later = shifts.replace("08:00", "12:00");
    let found = faults(&mut town, ["", "", &later]);
    assert_eq!(found, [(ImportFile::Shifts, 2, FaultCode::JobsAffected)]);
    let gone = "email,name,zones,active\nkim@example.org,Kim,center,no\n";
    let found = faults(&mut town, ["", gone, ""]);
    assert_eq!(found, [(ImportFile::Cleaners, 2, FaultCode::JobsAffected)]);
    town.accept(kim, &Command::ClaimJob(JobClaim { job }));
    let found = faults(&mut town, ["", gone, ""]);
    assert_eq!(found, [(ImportFile::Cleaners, 2, FaultCode::InUse)]);
    // Around the work it may.
    town.accept(
        MANAGER,
        &files(["", "", &shifts.replace("08:00", "09:00")], None),
    );
    assert_eq!(town.world.shifts.len(), 1);
}

#[test]
fn an_address_of_somebody_else_is_a_fault() {
    let mut town = town();
    let (customer, _) = town.customer();
    let account = town
        .world
        .accounts
        .get_mut(&customer.0.into())
        .expect("made");
    account.email = Some("ada@example.org".to_owned());
    let cleaners = "email,name,zones\nAda@example.org,Ada,center\n";
    let found = faults(&mut town, ["", cleaners, ""]);
    assert_eq!(found, [(ImportFile::Cleaners, 2, FaultCode::NotACleaner)]);
    let nothing = town.run(MANAGER, &files(["", "", ""], None));
    assert!(matches!(nothing, Err(Objection::InvalidArgument { .. })));
    assert_eq!(
        town.run(DISPATCHER, &files(["", cleaners, ""], None)),
        Err(Objection::Forbidden)
    );
    assert!(town.world.zones.contains_key(&zone_slug("center")));
}
