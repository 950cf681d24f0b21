//! The contract of `location.report`, which is no [`Command`](crate::domain::Command): it has no
//! id, leaves no receipt, and is gone with the next one.

use serde_json::{Value, json};

use super::{Contract, answer::LocationTaken};
use crate::domain::{Rejection, position::LocationReport};

/// The wire name.
pub const LOCATION_REPORT: &str = "location.report";

impl Contract for LocationReport {
    type Answer = LocationTaken;

    const SUMMARY: &'static str = " Tells where a cleaner's phone was since it last got through. \
        Without an id: the next report makes up for a lost one.";

    const REJECTIONS: &'static [&'static str] = &["NotTracking"];

    fn may_end_in(rejection: &Rejection) -> bool {
        matches!(rejection, Rejection::NotTracking)
    }

    fn example() -> Value {
        json!({ "fixes": [
            { "at": "2026-11-20T09:00:00Z", "lon": 13.4, "lat": 52.5, "accuracy_m": 12.0 },
        ] })
    }
}
