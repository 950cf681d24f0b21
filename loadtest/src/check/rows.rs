//! The invariants that can be read off the rows after a run, each as plain SQL that names what
//! breaks it: nobody busy twice, one booking of a hold, one live job of a booking, one winner of a
//! seat, and no row of time left behind or missing.

use sqlx::{AssertSqlSafe, PgConnection};

use super::finding::{Evidence, Finding};

/// Offenders that are read; more are not counted.
const READ: u32 = 1000;

/// What must not be found, and how many rows it is looked for among.
struct Invariant {
    promise: &'static str,
    checked: &'static str,
    offenders: &'static [&'static str],
}

pub async fn check(database: &mut PgConnection) -> sqlx::Result<Vec<Finding>> {
    let mut findings = Vec::new();
    for invariant in &INVARIANTS {
        let mut finding = Finding::new(invariant.promise);
        let checked: i64 = sqlx::query_scalar(invariant.checked)
            .fetch_one(&mut *database)
            .await?;
        finding.checked = u64::try_from(checked).unwrap_or_default();
        for offenders in invariant.offenders {
            let bounded = format!("{offenders} limit {READ}");
            let found: Vec<String> = sqlx::query_scalar(AssertSqlSafe(bounded))
                .fetch_all(&mut *database)
                .await?;
            for what in found {
                finding.violated(Evidence::new(what));
            }
        }
        findings.push(finding);
    }
    Ok(findings)
}

const INVARIANTS: [Invariant; 4] = [
    Invariant {
        promise: "nobody is busy twice at once",
        checked: "select count(*) from occupancy",
        offenders: &[
            "select format('cleaner %s: %s %s and %s %s', one.cleaner_id, one.cause, one.busy,
                 other.cause, other.busy)
             from occupancy one join occupancy other
                 on other.cleaner_id = one.cleaner_id and other.id > one.id and other.busy && one.busy
             order by one.cleaner_id",
            "select format('cleaner %s is on the way or at work for %s jobs', seat.cleaner_id, count(*))
             from job join job_seat seat on seat.job_id = job.id
             where seat.cleaner_id is not null
                 and job.status in ('en_route', 'arrived', 'in_progress', 'paused')
             group by seat.cleaner_id having count(*) > 1",
        ],
    },
    Invariant {
        promise: "a hold makes one booking, a booking has one live job",
        checked: "select (select count(*) from hold) + (select count(*) from booking)",
        offenders: &[
            "select format('hold %s has %s bookings', hold_id, count(*)) from booking
             where hold_id is not null group by hold_id having count(*) > 1",
            "select format('hold %s is %s and has a booking', hold.id, hold.status)
             from hold join booking on booking.hold_id = hold.id where hold.status <> 'consumed'",
            "select format('hold %s is consumed and has no booking', hold.id) from hold
             where hold.status = 'consumed'
                 and not exists (select 1 from booking where booking.hold_id = hold.id)",
            "select format('booking %s is %s and has %s live jobs', booking.id, booking.status, count(job.id))
             from booking left join job on job.booking_id = booking.id
                 and job.status not in ('cancelled', 'no_access')
             group by booking.id, booking.status
             having count(job.id) <> case booking.status when 'cancelled' then 0
                 when 'not_served' then count(job.id) else 1 end",
            "select format('booking %s is at %s in %s, its job %s at %s in %s', booking.id,
                 booking.starts_at, booking.zone, job.id, job.starts_at, job.zone)
             from booking join job on job.booking_id = booking.id
             where job.status not in ('cancelled', 'no_access')
                 and (booking.starts_at, booking.local_date, booking.zone)
                     <> (job.starts_at, job.local_date, job.zone)",
        ],
    },
    Invariant {
        promise: "a seat has one winner, and their time",
        checked: "select count(*) from job_seat",
        offenders: &[
            "select format('seat %s of job %s (%s) is %s''s, whose time is not taken for it',
                 seat.seat, job.id, job.status, seat.cleaner_id)
             from job join job_seat seat on seat.job_id = job.id
             where seat.cleaner_id is not null
                 and job.status in ('assigned', 'acknowledged', 'en_route', 'arrived', 'in_progress', 'paused')
                 and not exists (select 1 from occupancy where occupancy.job_id = job.id
                     and occupancy.seat = seat.seat and occupancy.cause = 'assigned'
                     and occupancy.cleaner_id = seat.cleaner_id)",
            "select format('%s''s time is assigned to seat %s of job %s, which is %s''s',
                 occupancy.cleaner_id, seat.seat, seat.job_id, coalesce(seat.cleaner_id::text, 'nobody'))
             from occupancy join job_seat seat on (seat.job_id, seat.seat) = (occupancy.job_id, occupancy.seat)
             where (occupancy.cause = 'assigned' and seat.cleaner_id is distinct from occupancy.cleaner_id)
                 or (occupancy.cause = 'reserved' and seat.cleaner_id is not null)",
            "select format('job %s of %s seats has %s', job.id, job.crew_size, count(seat.seat))
             from job left join job_seat seat on seat.job_id = job.id
             group by job.id, job.crew_size having count(seat.seat) <> job.crew_size",
            "select format('job %s is %s with %s of %s seats filled', job.id, job.status,
                 count(seat.cleaner_id), job.crew_size)
             from job left join job_seat seat on seat.job_id = job.id
             group by job.id, job.status, job.crew_size
             having (job.status = 'unassigned') <> (count(seat.cleaner_id) = 0)
                 and job.status in ('unassigned', 'assigned', 'acknowledged', 'en_route', 'arrived',
                     'in_progress', 'paused')",
        ],
    },
    Invariant {
        promise: "time is taken by what lives, and by nothing else",
        checked: "select (select count(*) from occupancy) + (select count(*) from job)",
        offenders: &[
            "select format('hold %s is %s and takes %s''s time', hold.id, hold.status, occupancy.cleaner_id)
             from occupancy join hold on hold.id = occupancy.hold_id where hold.status <> 'active'",
            "select format('hold %s takes time at seat %s of %s', hold.id, occupancy.seat, service.crew_size)
             from occupancy join hold on hold.id = occupancy.hold_id
                 join service on service.slug = hold.service
             where occupancy.seat >= service.crew_size",
            "select format('job %s is %s and takes %s''s time', job.id, job.status, occupancy.cleaner_id)
             from occupancy join job on job.id = occupancy.job_id where job.status = 'cancelled'",
            "select format('job %s (%s) is %sat risk, with %s empty seats that nobody''s time is kept for',
                 job.id, job.status, case when job.at_risk then '' else 'not ' end, count(*) filter (
                     where seat.cleaner_id is null and occupancy.id is null))
             from job join job_seat seat on seat.job_id = job.id
                 left join occupancy on (occupancy.job_id, occupancy.seat) = (seat.job_id, seat.seat)
             where job.status in ('unassigned', 'assigned', 'acknowledged', 'en_route', 'arrived',
                 'in_progress', 'paused')
             group by job.id, job.status, job.at_risk
             having job.at_risk <> (count(*) filter (
                 where seat.cleaner_id is null and occupancy.id is null) > 0)",
        ],
    },
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::testing_database::{company, run};

    async fn found(spoil: &'static str) -> Vec<String> {
        let mut database = company().await;
        run(&mut database, spoil).await;
        let findings = check(&mut database).await.expect("the checker's SQL");
        assert!(findings.iter().all(|finding| finding.checked > 0));
        let faults = findings.into_iter().flat_map(|finding| finding.first);
        faults.map(|fault| fault.what).collect()
    }

    async fn is_found(spoil: &'static str, what: &str) {
        let found = found(spoil).await;
        assert!(found.iter().any(|fault| fault.contains(what)), "{found:?}");
    }

    #[tokio::test]
    async fn a_company_in_order_is_found_so() {
        assert_eq!(found("").await, Vec::<String>::new());
    }

    #[tokio::test]
    async fn a_cleaner_busy_twice_is_found() {
        let spoil = "alter table occupancy drop constraint occupancy_no_overlap;
            update occupancy set cleaner_id = '00000000-0000-0000-0000-0000000000c2'";
        is_found(spoil, "reserved").await;
        let spoil = "alter table job drop constraint job_status_known;
            update job_seat set (cleaner_id, filled_at) = ('00000000-0000-0000-0000-0000000000c1', now());
            update job set status = 'en_route'";
        is_found(spoil, "on the way or at work for 2 jobs").await;
    }

    #[tokio::test]
    async fn two_bookings_of_a_hold_and_two_jobs_of_a_booking_are_found() {
        let spoil = "alter table booking drop constraint booking_hold_uq;
            update booking set hold_id = '00000000-0000-0000-0000-0000000000d1'";
        is_found(spoil, "has 2 bookings").await;
        is_found(spoil, "is consumed and has no booking").await;
        is_found(
            "update hold set status = 'released'",
            "is released and has a booking",
        )
        .await;
        let spoil = "drop index job_booking_live_uq;
            update job set booking_id = '00000000-0000-0000-0000-0000000000e1'";
        is_found(spoil, "has 2 live jobs").await;
        is_found(spoil, "has 0 live jobs").await;
        is_found(
            "update booking set status = 'cancelled'",
            "is cancelled and has 1",
        )
        .await;
        is_found(
            "update job set starts_at = starts_at + interval '1 hour'",
            "its job",
        )
        .await;
    }

    #[tokio::test]
    async fn a_seat_without_its_winners_time_is_found() {
        is_found(
            "delete from occupancy where cause = 'assigned'",
            "is not taken for it",
        )
        .await;
        let spoil = "update job_seat set (cleaner_id, filled_at) = (null, null)";
        is_found(spoil, "which is nobody's").await;
        is_found(spoil, "is assigned with 0 of 1 seats").await;
        is_found("update job set crew_size = 2", "of 2 seats has 1").await;
    }

    #[tokio::test]
    async fn time_left_behind_or_missing_is_found() {
        is_found("update hold set status = 'expired'", "is expired and takes").await;
        is_found(
            "update job set status = 'cancelled'",
            "is cancelled and takes",
        )
        .await;
        is_found(
            "update occupancy set seat = 1 where cause = 'hold'",
            "at seat 1 of 1",
        )
        .await;
        is_found(
            "delete from occupancy where cause = 'reserved'",
            "is not at risk, with 1",
        )
        .await;
        is_found("update job set at_risk = true", "is at risk, with 0").await;
    }
}
