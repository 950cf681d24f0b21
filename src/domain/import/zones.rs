//! Zones as a `GeoJSON` `FeatureCollection` of polygons with the properties `slug`, `name`,
//! `time_zone` and `opening_hours`: `{"mon": "08:00-20:00", …}`, a day that is not there is closed.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use serde_json::Value;

use super::{FaultCode, Faults, ImportFile, table::clock};
use crate::domain::{entity::OpeningHours, ids::ZoneSlug, limits::LIMITS};

/// A zone as a feature says it is.
#[derive(Debug, Clone, PartialEq)]
pub struct ZoneLine {
    pub line: u64,
    pub slug: ZoneSlug,
    pub name: String,
    pub polygon: Vec<[f64; 2]>,
    pub time_zone: String,
    pub opening_hours: [Option<OpeningHours>; 7],
}

const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

#[derive(Deserialize)]
struct Collection {
    #[serde(rename = "type")]
    kind: String,
    features: Vec<Value>,
}

#[derive(Deserialize)]
struct Geometry {
    #[serde(rename = "type")]
    kind: String,
    coordinates: Value,
}

pub(super) fn read(text: &str, faults: &mut Faults) -> Vec<ZoneLine> {
    let file = ImportFile::Zones;
    let text = text.trim_start_matches('\u{feff}');
    let collection = match serde_json::from_str::<Collection>(text) {
        Ok(collection) if collection.kind == "FeatureCollection" => collection,
        Ok(_) => {
            let message = "a GeoJSON FeatureCollection is expected";
            faults.add(file, 0, "type", FaultCode::Unreadable, message);
            return Vec::new();
        }
        Err(error) => {
            faults.add(file, 0, None, FaultCode::Unreadable, error.to_string());
            return Vec::new();
        }
    };
    let mut found: Vec<ZoneLine> = Vec::new();
    let mut seen: BTreeMap<ZoneSlug, u64> = BTreeMap::new();
    for (line, feature) in (1..).zip(&collection.features) {
        if line > LIMITS.import_zones {
            let message = format!("at most {} zones", LIMITS.import_zones);
            faults.add(file, line, None, FaultCode::TooMany, message);
            break;
        }
        let Some(zone) = (Feature { line, feature }).read(faults) else {
            continue;
        };
        if let Some(before) = seen.insert(zone.slug.clone(), line) {
            let message = format!("feature {before} has this slug too");
            faults.add(file, line, "slug", FaultCode::Duplicate, message);
            continue;
        }
        found.push(zone);
    }
    found
}

struct Feature<'f> {
    line: u64,
    feature: &'f Value,
}

impl Feature<'_> {
    fn read(&self, faults: &mut Faults) -> Option<ZoneLine> {
        let slug = self.text("slug", faults).and_then(|text| {
            let slug = text.parse::<ZoneSlug>();
            slug.map_err(|error| self.invalid("slug", error.to_string(), faults))
                .ok()
        });
        let name = self.text("name", faults);
        let time_zone = self.text("time_zone", faults);
        let opening_hours = self.opening_hours(faults);
        let polygon = self.polygon(faults);
        Some(ZoneLine {
            line: self.line,
            slug: slug?,
            name: name?,
            polygon: polygon?,
            time_zone: time_zone?,
            opening_hours: opening_hours?,
        })
    }

    fn text(&self, field: &'static str, faults: &mut Faults) -> Option<String> {
        match &self.feature["properties"][field] {
            Value::String(text) if !text.trim().is_empty() => Some(text.trim().to_owned()),
            Value::Null | Value::String(_) => {
                let (file, message) = (ImportFile::Zones, "must not be empty");
                faults.add(file, self.line, field, FaultCode::Missing, message);
                None
            }
            Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => {
                self.invalid(field, "text is expected", faults);
                None
            }
        }
    }

    fn invalid(&self, field: &'static str, message: impl Into<String>, faults: &mut Faults) {
        let file = ImportFile::Zones;
        faults.add(file, self.line, field, FaultCode::Invalid, message.into());
    }

    fn opening_hours(&self, faults: &mut Faults) -> Option<[Option<OpeningHours>; 7]> {
        let field = "opening_hours";
        let Value::Object(days) = &self.feature["properties"][field] else {
            self.invalid(field, "an object with mon to sun is expected", faults);
            return None;
        };
        let unknown: BTreeSet<&String> = days
            .keys()
            .filter(|day| !DAYS.contains(&day.as_str()))
            .collect();
        let mut whole = unknown.is_empty();
        for day in unknown {
            self.invalid(field, format!("{day} is none of mon to sun"), faults);
        }
        let mut hours = [None; 7];
        for (day, place) in DAYS.iter().zip(&mut hours) {
            match days.get(*day) {
                None | Some(Value::Null) => {}
                Some(Value::String(text)) => match open(text) {
                    Ok(open) => *place = Some(open),
                    Err(reason) => {
                        whole = false;
                        self.invalid(field, format!("{day}: {reason}"), faults);
                    }
                },
                Some(_) => {
                    whole = false;
                    self.invalid(field, format!("{day}: text is expected"), faults);
                }
            }
        }
        whole.then_some(hours)
    }

    fn polygon(&self, faults: &mut Faults) -> Option<Vec<[f64; 2]>> {
        let geometry = Geometry::deserialize(&self.feature["geometry"]);
        let Some(geometry) = geometry.ok().filter(|geometry| geometry.kind == "Polygon") else {
            self.invalid("geometry", "a Polygon is expected", faults);
            return None;
        };
        // A position may have an altitude, which is no matter here.
        let rings = Vec::<Vec<Vec<f64>>>::deserialize(&geometry.coordinates);
        let ring = rings.ok().and_then(|rings| match rings.as_slice() {
            [ring] => ring
                .iter()
                .map(|at| Some([*at.first()?, *at.get(1)?]))
                .collect(),
            _ => None,
        });
        if ring.is_none() {
            self.invalid("geometry", "one ring of [lon, lat] is expected", faults);
        }
        ring
    }
}

fn open(text: &str) -> Result<OpeningHours, String> {
    let (opens, closes) = text
        .split_once('-')
        .ok_or_else(|| format!("{text} is not like 08:00-20:00"))?;
    let (opens, closes) = (clock(opens.trim())?, clock(closes.trim())?);
    if opens >= closes {
        return Err("closing must be after opening".to_owned());
    }
    Ok(OpeningHours { opens, closes })
}
