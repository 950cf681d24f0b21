//! Phones of simulated cleaners on their way: each is somewhere on a straight line to the door, as
//! far as it should be by then.

use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use super::scene::Act;
use crate::{
    audience::row::JobRow,
    demo::dice::Dice,
    domain::{entity::JobStatus, ids::AccountId},
};

/// Where a way begins: so far from the door at most, in degrees.
const FAR: f64 = 0.03;

/// What the phone of the lead of a job on its way reports at `now`; they should arrive at `arrival`.
pub(super) fn ride(job: &JobRow, arrival: Timestamp, now: Timestamp) -> Option<Act> {
    let departed = *job.times.get(&JobStatus::EnRoute)?;
    let (way, gone) = (
        arrival.duration_since(departed),
        now.duration_since(departed),
    );
    let left = 1.0 - (gone.as_secs_f64() / way.as_secs_f64().max(1.0)).clamp(0.0, 1.0);
    let mut dice = Dice::of(&format!("ride {}", job.id));
    let from = (dice.place(-FAR, FAR), dice.place(-FAR, FAR));
    let metres_a_degree = 111_000.0;
    let speed = from.0.hypot(from.1) * metres_a_degree / way.as_secs_f64().max(60.0);
    let fix = json!({
        "at": now - SignedDuration::from_millis(200),
        "lon": job.lon + from.0 * left, "lat": job.lat + from.1 * left,
        "accuracy_m": 12.0, "speed": speed.min(30.0),
    });
    Some(Act {
        by: AccountId(job.lead?.0),
        kind: "location.report",
        parameters: json!({ "fixes": [fix] }),
    })
}
