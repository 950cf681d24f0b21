//! Capacity never goes below zero, reckoned anew from what was promised and who is at work: at no
//! instant are more people promised in a zone than are on shift there and not off; everybody who
//! is promised is on shift in that zone; and a promise that lives has its people, unless they were
//! taken from it by a change of somebody's time.

use std::collections::{BTreeMap, BTreeSet};

use sqlx::{PgConnection, Row};
use uuid::Uuid;

use super::finding::{Evidence, Finding};

/// From a second since the Unix epoch up to another.
type Span = (i64, i64);

/// A cleaner's time on shift in a zone.
#[derive(Debug, Clone)]
struct Shift {
    cleaner: Uuid,
    zone: String,
    during: Span,
}

/// A cleaner's time that is promised to a live hold or job in a zone.
#[derive(Debug, Clone)]
struct Promise {
    what: String,
    cleaner: Uuid,
    zone: String,
    busy: Span,
}

#[derive(Debug, Default)]
struct Company {
    shifts: Vec<Shift>,
    off: Vec<(Uuid, Span)>,
    promises: Vec<Promise>,
}

pub async fn check(database: &mut PgConnection) -> sqlx::Result<Finding> {
    let mut finding = Finding::new("capacity is never below zero");
    let company = Company::read(database).await?;
    finding.checked = (company.promises.len() + company.shifts.len()) as u64;
    for fault in company.faults() {
        finding.violated(Evidence::new(fault));
    }
    let bare: Vec<String> = sqlx::query_scalar(HOLDS_WITHOUT_PEOPLE)
        .fetch_all(database)
        .await?;
    for fault in bare {
        finding.violated(Evidence::new(fault));
    }
    Ok(finding)
}

impl Company {
    async fn read(database: &mut PgConnection) -> sqlx::Result<Self> {
        let mut company = Self::default();
        for row in sqlx::query(SHIFTS).fetch_all(&mut *database).await? {
            company.shifts.push(Shift {
                cleaner: row.get("cleaner_id"),
                zone: row.get("zone"),
                during: (row.get("begins"), row.get("ends")),
            });
        }
        for row in sqlx::query(OFF).fetch_all(&mut *database).await? {
            let during = (row.get("begins"), row.get("ends"));
            company.off.push((row.get("cleaner_id"), during));
        }
        for row in sqlx::query(PROMISES).fetch_all(&mut *database).await? {
            company.promises.push(Promise {
                what: row.get("what"),
                cleaner: row.get("cleaner_id"),
                zone: row.get("zone"),
                busy: (row.get("begins"), row.get("ends")),
            });
        }
        Ok(company)
    }

    fn faults(&self) -> Vec<String> {
        let mut faults = self.not_at_work();
        faults.extend(self.below_zero());
        faults
    }

    /// Promises of people who are not on shift there for all of it, or off for some of it.
    fn not_at_work(&self) -> Vec<String> {
        let mut on_shift: BTreeMap<(Uuid, &str), Vec<Span>> = BTreeMap::new();
        for Shift {
            cleaner,
            zone,
            during,
        } in &self.shifts
        {
            on_shift.entry((*cleaner, zone)).or_default().push(*during);
        }
        let mut off: BTreeMap<Uuid, Vec<Span>> = BTreeMap::new();
        for (cleaner, during) in &self.off {
            off.entry(*cleaner).or_default().push(*during);
        }
        let mut faults = Vec::new();
        for Promise {
            what,
            cleaner,
            zone,
            busy,
        } in &self.promises
        {
            let shifts = on_shift.get(&(*cleaner, zone.as_str()));
            if !covers(shifts.map_or(&[], Vec::as_slice), *busy) {
                faults.push(format!(
                    "{cleaner} is promised to {what} and not on shift in {zone}"
                ));
            }
            let mut off = off.get(cleaner).into_iter().flatten();
            if off.any(|span| span.0 < busy.1 && busy.0 < span.1) {
                faults.push(format!("{cleaner} is promised to {what} and off"));
            }
        }
        faults
    }

    /// Zones and instants at which more are promised than are there.
    fn below_zero(&self) -> Vec<String> {
        let mut changes: BTreeMap<(&str, i64), i64> = BTreeMap::new();
        let mut change = |zone, span: Span, by: i64| {
            *changes.entry((zone, span.0)).or_default() += by;
            *changes.entry((zone, span.1)).or_default() -= by;
        };
        for Shift {
            cleaner,
            zone,
            during,
        } in &self.shifts
        {
            for part in without(*during, self.off_of(*cleaner)) {
                change(zone, part, 1);
            }
        }
        for Promise { zone, busy, .. } in &self.promises {
            change(zone, *busy, -1);
        }
        let (mut free, mut before, mut faults) = (0, "", Vec::new());
        for ((zone, at), by) in changes {
            free = if zone == before { free + by } else { by };
            before = zone;
            if free < 0 {
                faults.push(format!("{free} are free in {zone} from second {at} on"));
            }
        }
        faults
    }

    fn off_of(&self, cleaner: Uuid) -> Vec<Span> {
        let off = self.off.iter().filter(|(of, _)| *of == cleaner);
        off.map(|(_, during)| *during).collect()
    }
}

/// Whether spans, those that meet taken together, hold all of `wanted`.
fn covers(spans: &[Span], wanted: Span) -> bool {
    let sorted: BTreeSet<Span> = spans.iter().copied().collect();
    let mut reached = wanted.0;
    for (begins, ends) in sorted {
        if begins <= reached {
            reached = reached.max(ends);
        }
    }
    reached >= wanted.1
}

fn without(span: Span, off: Vec<Span>) -> Vec<Span> {
    let off: BTreeSet<Span> = off.into_iter().collect();
    let (mut parts, mut from) = (Vec::new(), span.0);
    for (begins, ends) in off {
        if begins.min(span.1) > from {
            parts.push((from, begins.min(span.1)));
        }
        from = from.max(ends);
    }
    if from < span.1 {
        parts.push((from, span.1));
    }
    parts
}

const SHIFTS: &str = "
    select cleaner_id, zone, extract(epoch from lower(during))::bigint as begins,
        extract(epoch from upper(during))::bigint as ends
    from shift";

const OFF: &str = "
    select cleaner_id, extract(epoch from lower(during))::bigint as begins,
        extract(epoch from upper(during))::bigint as ends
    from time_off";

const PROMISES: &str = "
    select coalesce('hold ' || hold.id, 'job ' || job.id) as what, occupancy.cleaner_id,
        coalesce(hold.zone, job.zone) as zone, extract(epoch from lower(busy))::bigint as begins,
        extract(epoch from upper(busy))::bigint as ends
    from occupancy left join hold on hold.id = occupancy.hold_id left join job on job.id = occupancy.job_id
    where hold.status = 'active' or job.status in ('unassigned', 'assigned', 'acknowledged')";

/// Holds may lose people only to somebody's time off, or to a change of somebody's shifts.
const HOLDS_WITHOUT_PEOPLE: &str = "
    select format('hold %s is active with %s of %s people', hold.id, count(occupancy.id), service.crew_size)
    from hold join service on service.slug = hold.service
        left join occupancy on occupancy.hold_id = hold.id
    where hold.status = 'active' and not exists (select 1 from domain_event fact
        where fact.at >= hold.placed_at
            and fact.kind in ('time_off.added', 'shift.changed', 'shift.cancelled', 'cleaner.saved'))
    group by hold.id, service.crew_size having count(occupancy.id) < service.crew_size
    limit 1000";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::testing_database::{self, run};

    const ANNA: Uuid = Uuid::from_u128(1);
    const BEA: Uuid = Uuid::from_u128(2);

    fn shift(cleaner: Uuid, during: Span) -> Shift {
        Shift {
            cleaner,
            zone: "a".to_owned(),
            during,
        }
    }

    fn promise(cleaner: Uuid, busy: Span) -> Promise {
        Promise {
            what: "job".to_owned(),
            cleaner,
            zone: "a".to_owned(),
            busy,
        }
    }

    fn faults(shifts: &[Shift], off: &[(Uuid, Span)], promises: &[Promise]) -> Vec<String> {
        let company = Company {
            shifts: shifts.to_vec(),
            off: off.to_vec(),
            promises: promises.to_vec(),
        };
        company.faults()
    }

    #[test]
    fn promises_within_shifts_are_in_order() {
        let shifts = [
            shift(ANNA, (0, 10)),
            shift(ANNA, (10, 20)),
            shift(BEA, (5, 15)),
        ];
        let promises = [
            promise(ANNA, (8, 12)),
            promise(BEA, (5, 10)),
            promise(ANNA, (12, 20)),
        ];
        assert_eq!(
            faults(&shifts, &[(BEA, (10, 15))], &promises),
            Vec::<String>::new()
        );
    }

    #[test]
    fn more_promises_than_people_are_found() {
        let promises = [promise(ANNA, (2, 6)), promise(ANNA, (5, 8))];
        let found = faults(&[shift(ANNA, (0, 10))], &[], &promises);
        assert_eq!(found, ["-1 are free in a from second 5 on"]);
    }

    #[test]
    fn a_promise_of_somebody_who_is_not_at_work_is_found() {
        let found = faults(&[shift(ANNA, (0, 10))], &[], &[promise(ANNA, (5, 11))]);
        assert!(found[0].contains("not on shift"), "{found:?}");
        let found = faults(
            &[shift(ANNA, (0, 10))],
            &[(ANNA, (4, 6))],
            &[promise(ANNA, (5, 7))],
        );
        assert!(found[0].contains("and off"), "{found:?}");
        assert!(found[1].contains("-1 are free"), "{found:?}");
    }

    #[tokio::test]
    async fn the_rows_of_a_company_are_reckoned_with() {
        let mut database = testing_database::company().await;
        let finding = check(&mut database).await.expect("the checker's SQL");
        assert_eq!((finding.checked, finding.violations), (5, 0), "{finding:?}");
        let spoil = "delete from occupancy where cause = 'hold';
            delete from shift where cleaner_id = '00000000-0000-0000-0000-0000000000c2'";
        run(&mut database, spoil).await;
        let finding = check(&mut database).await.expect("the checker's SQL");
        let found: Vec<_> = finding
            .first
            .iter()
            .map(|fault| fault.what.as_str())
            .collect();
        assert!(found[0].contains("and not on shift in center"), "{found:?}");
        assert!(found[1].contains("-1 are free in center"), "{found:?}");
        assert!(
            found[2].contains("is active with 0 of 1 people"),
            "{found:?}"
        );
    }
}
