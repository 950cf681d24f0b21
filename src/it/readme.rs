//! What the README says of limits is what the settings say.

use std::collections::BTreeMap;

const README: &str = include_str!("../../README.md");
const DEFAULTS: &str = include_str!("../config/default.toml");

/// Every default by its full key.
fn defaults() -> BTreeMap<String, &'static str> {
    let mut section = "";
    let mut found = BTreeMap::new();
    for line in DEFAULTS.lines() {
        if let Some(name) = line.strip_prefix('[') {
            section = name.trim_end_matches(']');
        } else if let Some((key, value)) = line.split_once(" = ")
            && !line.starts_with('#')
        {
            found.insert(format!("{section}.{key}"), value);
        }
    }
    found
}

#[test]
fn the_table_of_limits_tells_the_defaults() {
    let defaults = defaults();
    let (_, table) = README.split_once("### Limits").expect("the chapter");
    let rows = table.lines().filter(|line| line.starts_with("| "));
    let mut told = 0;
    for row in rows.take_while(|row| !row.contains("docs/examples")) {
        let cells: Vec<&str> = row.trim_matches('|').split('|').map(str::trim).collect();
        let [_, settings, values, _] = cells[..] else {
            continue;
        };
        for (setting, value) in settings.split(", ").zip(values.split(", ")) {
            let Some(key) = setting
                .strip_prefix('`')
                .and_then(|key| key.strip_suffix('`'))
            else {
                continue;
            };
            assert_eq!(defaults.get(key).copied(), Some(value), "{key}");
            told += 1;
        }
    }
    assert!(told >= 25, "{told} limits are told");
}
