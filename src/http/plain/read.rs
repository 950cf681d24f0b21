//! What the pages show: the catalogue, free times and the visitor's own, by the rights that channels have.

use std::{collections::BTreeMap, sync::Arc};

use jiff::{SignedDuration, Timestamp, civil::Date, tz::TimeZone};

use super::{Chosen, session::Visitor};
use crate::{
    audience::{
        AnyChannel,
        body::{Body, SlotsBody},
        row::{BookingRow, CustomerRow, HoldRow, Row, VisitRow},
    },
    domain::entity::{Service, Zone},
    http::{Site, extract::stored, problem::Problem},
    store::catalog,
};

const DAYS: i64 = 14;

/// What is sold where.
pub struct Sold {
    pub services: Vec<Service>,
    pub zones: Vec<Zone>,
}

pub async fn sold(site: &Site) -> Result<Sold, Problem> {
    let stored = |error| stored(&error);
    let services = catalog::services(&site.pools).await.map_err(stored)?;
    let zones = catalog::zones(&site.pools).await.map_err(stored)?;
    Ok(Sold { services, zones })
}

impl Sold {
    pub fn service(&self, slug: &str) -> Option<&Service> {
        self.services.iter().find(|one| one.slug.as_str() == slug)
    }

    pub fn zone(&self, slug: &str) -> Option<&Zone> {
        self.zones.iter().find(|one| one.slug.as_str() == slug)
    }

    /// Both, where both are chosen.
    pub fn chosen(&self, chosen: &Chosen) -> Option<(&Service, &Zone)> {
        self.service(&chosen.service).zip(self.zone(&chosen.zone))
    }
}

/// The zone's clock; one that the time zone database does not know is told in UTC.
pub fn clock_of(zone: Option<&Zone>) -> TimeZone {
    let named = zone.and_then(|zone| TimeZone::get(&zone.time_zone).ok());
    named.unwrap_or(TimeZone::UTC)
}

/// A day and the starts on it that can be chosen, each with how many visits still fit.
pub struct Day {
    pub date: Date,
    pub starts: BTreeMap<Timestamp, i32>,
}

/// The coming days as the customer's screen counts them: enough people for the crew, not before the lead
/// time, not beyond the booking window. The command checks the same.
pub async fn fortnight(
    site: &Arc<Site>,
    service: &Service,
    zone: &Zone,
    now: Timestamp,
) -> Result<Vec<Day>, Problem> {
    let today = now.to_zoned(clock_of(Some(zone))).date();
    let earliest = now + SignedDuration::from_mins(service.lead_time_minutes.into());
    let latest = now + SignedDuration::from_hours(24 * i64::from(service.booking_window_days));
    let mut days = Vec::new();
    for date in (0..DAYS).filter_map(|n| today.checked_add(jiff::Span::new().days(n)).ok()) {
        let body: SlotsBody = channel(site, &format!("slots:{}:{date}", zone.slug)).await?;
        let mut free: BTreeMap<Timestamp, i32> = BTreeMap::new();
        for change in body.free.iter().filter(|one| one.service == service.slug) {
            *free.entry(change.start).or_default() += change.by;
        }
        let crew = i32::from(service.crew_size.max(1));
        let starts = free
            .into_iter()
            .map(|(start, free)| (start, free / crew))
            .filter(|(start, left)| *left > 0 && (earliest..=latest).contains(start))
            .collect();
        days.push(Day { date, starts });
    }
    Ok(days)
}

/// The visitor's own rows; nothing where nobody is signed in.
#[derive(Default)]
pub struct Own {
    pub customer: Option<CustomerRow>,
    pub holds: Vec<HoldRow>,
    /// By their start.
    pub bookings: Vec<BookingRow>,
}

impl Own {
    pub fn hold(&self, id: &str) -> Option<&HoldRow> {
        self.holds.iter().find(|hold| hold.id.to_string() == id)
    }
}

pub async fn own(site: &Arc<Site>, visitor: &Visitor) -> Result<Own, Problem> {
    let Some(account) = visitor.account() else {
        return Ok(Own::default());
    };
    let body = readable(site, visitor, &format!("customer:{account}")).await?;
    let mut own = Own::default();
    for row in body.set {
        if let Row::Customer(row) = row {
            own.customer = Some(row);
        } else if let Row::Hold(row) = row {
            own.holds.push(row);
        } else if let Row::Booking(row) = row {
            own.bookings.push(row);
        }
    }
    own.bookings.sort_by_key(|booking| booking.starts_at);
    Ok(own)
}

/// A booking and how its work stands.
pub struct Found {
    pub booking: BookingRow,
    pub visit: Option<VisitRow>,
}

pub async fn booking(site: &Arc<Site>, visitor: &Visitor, id: &str) -> Result<Found, Problem> {
    let body = readable(site, visitor, &format!("booking:{id}")).await?;
    let (mut booking, mut visit) = (None, None);
    for row in body.set {
        if let Row::Booking(row) = row {
            booking = Some(row);
        } else if let Row::Visit(row) = row {
            visit = Some(row);
        }
    }
    let booking = booking.ok_or_else(Problem::not_found)?;
    Ok(Found { booking, visit })
}

/// A channel that this visitor may read. Absent and another's: one answer.
async fn readable(site: &Arc<Site>, visitor: &Visitor, name: &str) -> Result<Body, Problem> {
    let parsed: AnyChannel = name.parse().map_err(|_| Problem::not_found())?;
    let may = site.gateway.may_read(visitor.identity(), &parsed).await;
    if !may.map_err(|error| stored(&error))? {
        return Err(Problem::not_found());
    }
    channel(site, name).await
}

async fn channel<T: serde::de::DeserializeOwned>(site: &Site, name: &str) -> Result<T, Problem> {
    let channel: AnyChannel = name.parse().map_err(|_| Problem::not_found())?;
    let snapshot = site.gateway.read(&channel).await;
    let snapshot = snapshot.map_err(|error| stored(&error))?;
    Ok(serde_json::from_str(snapshot.data.get()).expect("we read what we have written"))
}

/// A point inside of a zone, for an address whose exact place nobody has told: the centroid, or where the
/// outline is bent around it, a point near a corner.
pub fn point_in(zone: &Zone) -> [f64; 2] {
    let ring = &zone.polygon;
    let (mut area, mut lon, mut lat) = (0.0, 0.0, 0.0);
    for (from, to) in ring.iter().zip(ring.iter().cycle().skip(1)) {
        let cross = from[0] * to[1] - to[0] * from[1];
        area += cross;
        lon += (from[0] + to[0]) * cross;
        lat += (from[1] + to[1]) * cross;
    }
    let first = ring.first().copied().unwrap_or_default();
    if area == 0.0 {
        return first;
    }
    let centre = [rounded(lon / (3.0 * area)), rounded(lat / (3.0 * area))];
    let near = ring.iter().flat_map(|corner| {
        [0.02, 0.1, 0.3].map(|part| {
            let towards =
                |axis: usize| rounded(corner[axis] + (centre[axis] - corner[axis]) * part);
            [towards(0), towards(1)]
        })
    });
    std::iter::once(centre)
        .chain(near)
        .find(|point| encloses(ring, *point))
        .unwrap_or(centre)
}

/// By the even-odd rule.
fn encloses(ring: &[[f64; 2]], [lon, lat]: [f64; 2]) -> bool {
    let sides = ring.iter().zip(ring.iter().cycle().skip(1));
    let crossed = sides.filter(|(from, to)| {
        (from[1] > lat) != (to[1] > lat)
            && lon < (to[0] - from[0]) * (lat - from[1]) / (to[1] - from[1]) + from[0]
    });
    crossed.count() % 2 == 1
}

fn rounded(degrees: f64) -> f64 {
    (degrees * 1e5).round() / 1e5
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_point_in_a_zone_lies_in_it_however_it_is_bent() {
        let square = vec![
            [13.0, 52.0],
            [14.0, 52.0],
            [14.0, 53.0],
            [13.0, 53.0],
            [13.0, 52.0],
        ];
        let bent = vec![
            [0.0, 0.0],
            [10.0, 0.0],
            [10.0, 10.0],
            [9.0, 10.0],
            [9.0, 1.0],
            [1.0, 1.0],
            [1.0, 10.0],
            [0.0, 10.0],
            [0.0, 0.0],
        ];
        for polygon in [square, bent] {
            let point = point_in(&zone(polygon.clone()));
            assert!(encloses(&polygon, point), "{point:?} in {polygon:?}");
        }
    }

    fn zone(polygon: Vec<[f64; 2]>) -> Zone {
        Zone {
            slug: "center".parse().expect("a slug"),
            name: "Center".to_owned(),
            polygon,
            time_zone: "UTC".to_owned(),
            opening_hours: [const { None }; 7],
            version: 1,
        }
    }
}
