//! What holds after every decision, whoever asked for what: rows that changed rose in version,
//! invariants 1, 4 and 9, and every promise has its rows or is at risk.

use std::collections::{BTreeMap, BTreeSet};

use crate::domain::{
    Table, World,
    entity::{Booking, BookingStatus, Cause, Hold, HoldStatus, Job, JobStatus, Occupancy},
    ids::CleanerId,
};

pub(super) fn check(before: &World, after: &World) {
    check_versions(before, after);
    check_nobody_is_busy_twice(after);
    for job in after.jobs.values() {
        check_job(after, job);
    }
    for hold in after.holds.values() {
        check_hold(after, hold);
    }
    for booking in after.bookings.values() {
        check_booking(after, booking);
    }
    for cleaner in after.cleaners.keys() {
        let under_way = after.jobs.values().filter(|job| job.status.is_under_way());
        let theirs = under_way.filter(|job| job.crew().any(|on| on == *cleaner));
        assert!(theirs.count() <= 1, "under way twice");
    }
}

/// Rows that changed have risen in version.
fn check_versions(before: &World, after: &World) {
    fn rose<K: Ord + Clone, T: PartialEq>(
        before: &Table<K, T>,
        after: &Table<K, T>,
        version: impl Fn(&T) -> i64,
    ) {
        for (id, row) in after {
            let risen = before
                .get(id)
                .is_none_or(|was| was == row || version(was) < version(row));
            assert!(risen, "a row changed under the same version");
        }
        assert!(
            before.keys().all(|id| after.contains_key(id)),
            "a row was lost"
        );
    }
    rose(&before.accounts, &after.accounts, |row| row.version);
    rose(&before.zones, &after.zones, |row| row.version);
    rose(&before.services, &after.services, |row| row.version);
    rose(&before.customers, &after.customers, |row| row.version);
    rose(&before.cleaners, &after.cleaners, |row| row.version);
    rose(&before.holds, &after.holds, |row| row.version);
    rose(&before.bookings, &after.bookings, |row| row.version);
    rose(&before.jobs, &after.jobs, |row| row.version);
}

fn check_nobody_is_busy_twice(world: &World) {
    let mut busy: BTreeMap<CleanerId, Vec<&Occupancy>> = BTreeMap::new();
    for row in world.occupancy.values() {
        assert_eq!(row.busy, row.busy.outward(), "rows lie on the grid");
        busy.entry(row.cleaner).or_default().push(row);
    }
    for rows in busy.values_mut() {
        rows.sort_by_key(|row| row.busy);
        for pair in rows.windows(2) {
            assert!(
                !pair[0].busy.overlaps(&pair[1].busy),
                "busy twice: {pair:?}"
            );
        }
    }
}

fn check_hold(world: &World, hold: &Hold) {
    let crew = world.services[&hold.service].crew_size;
    let of_hold = |cause: &Cause| matches!(cause, Cause::Hold { hold: of, .. } if *of == hold.id);
    let causes = world.occupancy.values().map(|row| row.cause);
    let rows: Vec<Cause> = causes.filter(of_hold).collect();
    let seats: BTreeSet<Cause> = rows.iter().copied().collect();
    assert_eq!(seats.len(), rows.len(), "one row per seat");
    let most = match hold.status {
        HoldStatus::Active => usize::from(crew),
        HoldStatus::Consumed | HoldStatus::Released | HoldStatus::Expired => 0,
    };
    assert!(rows.len() <= most, "{hold:?} has {rows:?}");
    assert!(hold.expires_at <= hold.placed_at + jiff::SignedDuration::from_mins(15));
}

fn check_booking(world: &World, booking: &Booking) {
    let jobs = world.jobs.values().filter(|job| job.booking == booking.id);
    let statuses: Vec<JobStatus> = jobs.map(|job| job.status).collect();
    let [status] = statuses.as_slice() else {
        panic!("one booking, one job: {statuses:?}");
    };
    let working = matches!(status, JobStatus::InProgress | JobStatus::Paused);
    let agree = match booking.status {
        BookingStatus::Confirmed => {
            (status.is_live() || *status == JobStatus::CleanerNoShow) && !working
        }
        BookingStatus::InService => working,
        BookingStatus::Completed => *status == JobStatus::Completed,
        BookingStatus::Closed => *status == JobStatus::Verified,
        BookingStatus::Cancelled => *status == JobStatus::Cancelled,
        BookingStatus::NotServed => {
            matches!(status, JobStatus::NoAccess | JobStatus::CleanerNoShow)
        }
    };
    assert!(agree, "{booking:?} with {status:?}");
}

fn check_job(world: &World, job: &Job) {
    let mut bare = false;
    for (seat, cleaner) in job.seats_by_number() {
        let rows: Vec<&Occupancy> = world
            .occupancy
            .values()
            .filter(|row| {
                row.cause == Cause::Reserved { job: job.id, seat }
                    || row.cause == Cause::Assigned { job: job.id, seat }
            })
            .collect();
        assert!(rows.len() <= 1, "one row per seat: {rows:?}");
        match (job.status.is_live(), cleaner, rows.first()) {
            (true, Some(cleaner), Some(row)) => {
                assert_eq!(row.cause, Cause::Assigned { job: job.id, seat });
                assert_eq!(row.cleaner, cleaner);
            }
            (true, Some(_), None) => panic!("an assigned seat without its row: {job:?}"),
            (true, None, Some(row)) => assert_eq!(row.cause, Cause::Reserved { job: job.id, seat }),
            (true, None, None) => bare = true,
            (false, Some(_), _) | (false, None, None) => {}
            (false, None, Some(row)) => panic!("time kept for nobody: {row:?}"),
        }
    }
    assert_eq!(job.at_risk, bare, "at risk is what has no row: {job:?}");
    let none = job.crew().next().is_none();
    let live = job.status.is_live();
    assert!(
        !live || none == (job.status == JobStatus::Unassigned),
        "{job:?}"
    );
}
