use super::*;

fn company(zones: Option<&str>, cleaners: Option<&str>, shifts: Option<&str>) -> AdminImport {
    let text = |text: Option<&str>| text.map(|text| ImportText(text.to_owned()));
    AdminImport {
        zones: text(zones),
        cleaners: text(cleaners),
        shifts: text(shifts),
        dry_run: None,
    }
}

/// Line, field and code of every fault.
fn faults_of(command: &AdminImport) -> Vec<(u64, Option<String>, FaultCode)> {
    let (_, faults) = read(command);
    let (faults, count) = faults.told();
    assert_eq!(faults.len(), count as usize);
    let places = faults.into_iter();
    places
        .map(|fault| (fault.line, fault.field, fault.code))
        .collect()
}

fn at(line: u64, field: &str, code: FaultCode) -> (u64, Option<String>, FaultCode) {
    (line, (!field.is_empty()).then(|| field.to_owned()), code)
}

#[test]
fn every_fault_of_every_line_is_found() {
    use FaultCode::{Duplicate, Invalid, Missing, Unreadable};
    let cleaners = "name,email,zones,active,skills\n\
        Kim,kim@example.org,center,,\n\
        ,no address,Bad Zone,maybe,windows\n\
        Kim Two,KIM@example.org,center,no,-\n\
        too,few\n\
        \"Lee, Jo\",lee@example.org,center;north,yes,windows deep\n";
    let command = company(None, Some(cleaners), None);
    let expected = vec![
        at(3, "active", Invalid),
        at(3, "email", Invalid),
        at(3, "name", Missing),
        at(3, "zones", Invalid),
        at(4, "email", Duplicate),
        at(5, "", Unreadable),
    ];
    let mut found = faults_of(&command);
    found.sort_by(|a, b| (a.0, &a.1).cmp(&(b.0, &b.1)));
    assert_eq!(found, expected);
    let (lines, _) = read(&command);
    let names: Vec<&str> = lines
        .cleaners
        .iter()
        .map(|line| line.name.as_str())
        .collect();
    assert_eq!(names, ["Kim", "Lee, Jo"]);
    assert_eq!(
        lines.cleaners[1]
            .skills
            .as_ref()
            .map(std::collections::BTreeSet::len),
        Some(2)
    );
}

#[test]
fn shifts_are_read_by_the_clock_and_end_on_the_next_day_if_they_must() {
    use FaultCode::{Duplicate, Invalid};
    let shifts = "email,zone,date,starts,ends,ref\n\
        kim@example.org,center,2026-11-23,22:00,6:00,a\n\
        kim@example.org,center,2026-11-24,08:00,24:00,b\n\
        kim@example.org,center,2026-02-30,25:00,8:60,\n\
        kim@example.org,center,2026-11-25,08:00,07:00,\n\
        kim@example.org,center,2026-11-26,08:00,09:00,a\n";
    let command = company(None, None, Some(shifts));
    let expected = vec![
        at(4, "date", Invalid),
        at(4, "ends", Invalid),
        at(4, "starts", Invalid),
        at(5, "ends", Invalid),
        at(6, "ref", Duplicate),
    ];
    assert_eq!(faults_of(&command), expected);
    let (lines, _) = read(&command);
    let hours: Vec<_> = lines
        .shifts
        .iter()
        .map(|line| (line.hours.starts, line.hours.ends))
        .collect();
    assert_eq!(hours, [(1320, 1800), (480, 1440)]);
}

#[test]
fn columns_that_are_missing_or_nobodys_are_told_before_any_line() {
    use FaultCode::{MissingColumn, UnknownColumn, Unreadable};
    let command = company(None, Some("email,name,zone\nx,y,z\n"), Some(""));
    let expected = vec![
        at(1, "", UnknownColumn),
        at(1, "zones", MissingColumn),
        at(1, "", Unreadable),
    ];
    let mut found = faults_of(&command);
    found.sort_by_key(|(_, field, code)| (*code == Unreadable, field.clone()));
    assert_eq!(found, expected);
}

#[test]
fn zones_are_polygons_with_what_a_zone_needs() {
    use FaultCode::{Duplicate, Invalid, Missing};
    let square = r#"{"type":"Polygon","coordinates":[[[13,52],[14,52],[14,53],[13,52]]]}"#;
    let good = r#""name":"C","time_zone":"Europe/Berlin","opening_hours":{"mon":"08:00-20:00"}"#;
    let zones = format!(
        r#"{{"type":"FeatureCollection","features":[
            {{"type":"Feature","geometry":{square},"properties":{{"slug":"a",{good}}}}},
            {{"type":"Feature","geometry":{square},"properties":{{"slug":"a",{good}}}}},
            {{"type":"Feature","geometry":{{"type":"Point","coordinates":[13,52]}},
              "properties":{{"slug":"Not One","opening_hours":{{"mon":"20:00-08:00","moon":null}}}}}},
            7]}}"#
    );
    let command = company(Some(&zones), None, None);
    let expected = [
        at(2, "slug", Duplicate),
        at(3, "geometry", Invalid),
        at(3, "name", Missing),
        at(3, "opening_hours", Invalid),
        at(3, "opening_hours", Invalid),
        at(3, "slug", Invalid),
        at(3, "time_zone", Missing),
    ];
    let found = faults_of(&command);
    assert_eq!(found[..7], expected);
    assert!(found[7..].iter().all(|(line, ..)| *line == 4));
    let (lines, _) = read(&command);
    assert_eq!(lines.zones.len(), 1);
    for broken in [
        "",
        "[]",
        r#"{"type":"Feature"}"#,
        r#"{"type":"X","features":[]}"#,
    ] {
        let command = company(Some(broken), None, None);
        assert_eq!(faults_of(&command).len(), 1, "{broken}");
    }
}

#[test]
fn a_text_is_written_out_as_its_digest() {
    let text = ImportText("secret,names".to_owned());
    let written = serde_json::to_string(&text).expect("text");
    assert!(written.starts_with("\"12 bytes, sha256 ") && !written.contains("secret"));
    assert_eq!(format!("{text:?}"), "ImportText(12 bytes)");
}
