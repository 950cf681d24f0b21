//! Where a cleaner is, as their phone says: what is believed of it, when it may be followed at all,
//! and when they will be there.
//!
//! People are followed at work only: on a job that is under way, or on duty within a shift. The
//! customer sees them on the way to the customer's own door and at no other time.

use jiff::{SignedDuration, Timestamp};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::{
    entity::{Duty, JobStatus},
    ids::{BookingId, ZoneSlug},
    limits::LIMITS,
};

/// Parameters of `location.report`: what a phone has gathered since it last got through.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LocationReport {
    pub fixes: Vec<Fix>,
}

/// One reading of a phone's position.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(deny_unknown_fields)]
#[ts(optional_fields)]
pub struct Fix {
    #[ts(type = "string")]
    pub at: Timestamp,
    pub lon: f64,
    pub lat: f64,
    /// Radius in metres within which the phone believes to be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accuracy_m: Option<f64>,
    /// Degrees from north, clockwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub heading: Option<f64>,
    /// Metres per second.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub speed: Option<f64>,
}

/// What is wrong with a report, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Implausible {
    /// Such as `fixes[2].lon`.
    pub field: String,
    pub reason: &'static str,
}

impl LocationReport {
    /// The newest fix that is not too old to matter. Every fix must be plausible, or nothing is
    /// believed.
    pub fn newest(&self, now: Timestamp) -> Result<Option<Fix>, Implausible> {
        let implausible = |field: String, reason| Err(Implausible { field, reason });
        if self.fixes.is_empty() || self.fixes.len() > LIMITS.fixes {
            return implausible("fixes".to_owned(), "between one and 60 are expected");
        }
        for (place, fix) in self.fixes.iter().enumerate() {
            if let Some((field, reason)) = fix.fault(now) {
                return implausible(format!("fixes[{place}].{field}"), reason);
            }
        }
        let newest = self.fixes.iter().max_by_key(|fix| fix.at);
        let recent = |fix: &&Fix| now.duration_since(fix.at) <= LIMITS.fix_age;
        Ok(newest.filter(recent).copied())
    }
}

impl Fix {
    fn fault(&self, now: Timestamp) -> Option<(&'static str, &'static str)> {
        let outside = |value: Option<f64>, most: f64| {
            value.is_some_and(|value| !(0.0..=most).contains(&value))
        };
        if self.at.duration_since(now) > LIMITS.fix_ahead {
            return Some(("at", "this lies in the future"));
        }
        if !(-180.0..=180.0).contains(&self.lon) {
            return Some(("lon", "between -180 and 180 is expected"));
        }
        if !(-90.0..=90.0).contains(&self.lat) {
            return Some(("lat", "between -90 and 90 is expected"));
        }
        if self.place() == (Place { lon: 0.0, lat: 0.0 }) {
            return Some(("lon", "a phone without a fix says zero and zero"));
        }
        if outside(self.accuracy_m, LIMITS.fix_accuracy_m) {
            return Some(("accuracy_m", "between 0 and 10000 is expected"));
        }
        if outside(self.heading, 360.0) {
            return Some(("heading", "between 0 and 360 is expected"));
        }
        if outside(self.speed, LIMITS.fix_speed_mps) {
            return Some(("speed", "between 0 and 70 is expected"));
        }
        None
    }

    pub fn place(&self) -> Place {
        Place {
            lon: self.lon,
            lat: self.lat,
        }
    }
}

/// A point on the earth, in degrees.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Place {
    pub lon: f64,
    pub lat: f64,
}

impl Place {
    /// Along the great circle, in metres (haversine).
    pub fn metres_to(self, other: Self) -> f64 {
        const EARTH_RADIUS_M: f64 = 6_371_008.8;
        let half = |from: f64, to: f64| ((to - from).to_radians() / 2.0).sin().powi(2);
        let cosines = self.lat.to_radians().cos() * other.lat.to_radians().cos();
        let chord = half(self.lat, other.lat) + cosines * half(self.lon, other.lon);
        2.0 * EARTH_RADIUS_M * chord.clamp(0.0, 1.0).sqrt().asin()
    }

    /// When somebody who was here `at` is expected there: the straight line, longer by what streets
    /// usually add, at a town's usual speed. A guess in minutes, not a route.
    pub fn arrival(self, there: Self, at: Timestamp) -> Timestamp {
        let seconds = self.metres_to(there) * LIMITS.detour / LIMITS.travel_speed_mps;
        // Half the earth's girth at that speed is a matter of weeks.
        let travel = SignedDuration::try_from_secs_f64(seconds.ceil()).unwrap_or_default();
        at.saturating_add(travel).unwrap_or(at)
    }
}

/// What a cleaner is doing just now, as far as following them goes.
#[derive(Debug, Clone, PartialEq)]
pub struct CleanerNow {
    pub active: bool,
    pub duty: Duty,
    /// The zone of the shift that is on, or begins or ended a moment ago.
    pub shift: Option<ZoneSlug>,
    pub work: Option<Work>,
}

/// The job on whose crew a cleaner is and that is under way, near its time.
#[derive(Debug, Clone, PartialEq)]
pub struct Work {
    pub booking: BookingId,
    pub zone: ZoneSlug,
    pub status: JobStatus,
    pub place: Place,
}

/// Where a position may be shown.
#[derive(Debug, Clone, PartialEq)]
pub struct Followed {
    /// To the staff of this zone.
    pub zone: ZoneSlug,
    /// To the customer of this booking, who lives there: on the way only.
    pub visit: Option<(BookingId, Place)>,
}

impl CleanerNow {
    /// `None`: nobody may know where they are.
    pub fn followed(self) -> Option<Followed> {
        if !self.active {
            return None;
        }
        if let Some(work) = self.work {
            let on_the_way = work.status == JobStatus::EnRoute;
            return Some(Followed {
                zone: work.zone,
                visit: on_the_way.then_some((work.booking, work.place)),
            });
        }
        let zone = self.shift.filter(|_| self.duty == Duty::On)?;
        Some(Followed { zone, visit: None })
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    const BERLIN: Place = Place {
        lon: 13.4,
        lat: 52.52,
    };
    const POTSDAM: Place = Place {
        lon: 13.06,
        lat: 52.4,
    };

    fn now() -> Timestamp {
        "2026-11-20T09:00:00Z".parse().expect("an instant")
    }

    fn fix(seconds_ago: i64) -> Fix {
        Fix {
            at: now() - SignedDuration::from_secs(seconds_ago),
            lon: BERLIN.lon,
            lat: BERLIN.lat,
            accuracy_m: Some(8.0),
            heading: Some(270.0),
            speed: None,
        }
    }

    fn field(fixes: Vec<Fix>) -> String {
        let report = LocationReport { fixes };
        report.newest(now()).expect_err("implausible").field
    }

    #[test]
    fn the_newest_fix_counts_in_whatever_order_they_come() {
        let newest = |fixes: Vec<Fix>| LocationReport { fixes }.newest(now());
        assert_eq!(newest(vec![fix(9), fix(2), fix(5)]), Ok(Some(fix(2))));
        assert_eq!(newest(vec![fix(301), fix(9_999)]), Ok(None), "too old");
    }

    #[test]
    fn implausible_values_name_their_place() {
        assert_eq!(field(Vec::new()), "fixes");
        assert_eq!(field(vec![fix(1); 61]), "fixes");
        let wrong = |spoil: fn(&mut Fix)| {
            let mut fix = fix(0);
            spoil(&mut fix);
            fix
        };
        for (expected, wrong) in [
            ("at", fix(-300)),
            ("lon", wrong(|fix| fix.lon = 180.5)),
            ("lon", wrong(|fix| fix.lon = f64::NAN)),
            ("lon", wrong(|fix| (fix.lon, fix.lat) = (0.0, 0.0))),
            ("lat", wrong(|fix| fix.lat = -91.0)),
            ("accuracy_m", wrong(|fix| fix.accuracy_m = Some(-1.0))),
            ("heading", wrong(|fix| fix.heading = Some(361.0))),
            ("speed", wrong(|fix| fix.speed = Some(300.0))),
        ] {
            assert_eq!(field(vec![fix(0), wrong]), format!("fixes[1].{expected}"));
        }
    }

    #[test]
    fn an_arrival_is_the_straight_line_longer_by_a_detour_at_a_towns_speed() {
        let metres = BERLIN.metres_to(POTSDAM);
        assert!((26_500.0..26_800.0).contains(&metres), "{metres}");
        let travel = BERLIN.arrival(POTSDAM, now()).duration_since(now());
        let expected = metres * LIMITS.detour / LIMITS.travel_speed_mps;
        assert!((travel.as_secs_f64() - expected).abs() <= 1.0);
        assert_eq!(BERLIN.arrival(BERLIN, now()), now());
    }

    fn cleaner(duty: Duty, shift: bool, status: Option<JobStatus>) -> CleanerNow {
        let zone: ZoneSlug = "center".parse().expect("a slug");
        CleanerNow {
            active: true,
            duty,
            shift: shift.then(|| zone.clone()),
            work: status.map(|status| Work {
                booking: Uuid::from_u128(1).into(),
                zone,
                status,
                place: POTSDAM,
            }),
        }
    }

    #[test]
    fn people_are_followed_at_work_only() {
        let followed = |duty, shift, status| cleaner(duty, shift, status).followed();
        for (duty, shift) in [
            (Duty::Off, false),
            (Duty::Off, true),
            (Duty::Break, true),
            (Duty::On, false),
        ] {
            assert_eq!(followed(duty, shift, None), None, "{duty:?} {shift}");
        }
        assert!(followed(Duty::On, true, None).is_some());
        assert!(followed(Duty::Off, false, Some(JobStatus::InProgress)).is_some());
        let left = CleanerNow {
            active: false,
            ..cleaner(Duty::On, true, Some(JobStatus::EnRoute))
        };
        assert_eq!(left.followed(), None);
    }

    #[test]
    fn the_customer_sees_them_on_the_way_only() {
        for (status, seen) in [
            (None, false),
            (Some(JobStatus::EnRoute), true),
            (Some(JobStatus::Arrived), false),
            (Some(JobStatus::InProgress), false),
        ] {
            let followed = cleaner(Duty::On, true, status).followed().expect("at work");
            assert_eq!(followed.visit.is_some(), seen, "{status:?}");
        }
    }
}
