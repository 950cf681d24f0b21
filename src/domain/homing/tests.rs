use uuid::Uuid;

use super::*;
use crate::domain::{
    entity::TimeRange,
    ids::JobId,
    testing::{CENTER, CLEANING, TEN, Town, at, service, skills, zone_slug},
};

fn promise(needs: &[&str]) -> Promise {
    Promise {
        cause: Cause::Reserved {
            job: JobId(Uuid::nil()),
            seat: 0,
        },
        zone: zone_slug(CENTER),
        skills: skills(needs),
        busy: TimeRange::of_work(at(TEN), 30, 120).expect("in the calendar"),
    }
}

fn found(town: &Town, promise: Promise, preference: Preference) -> Option<Vec<Move>> {
    let timetable = Timetable::at(&town.world, town.now);
    path(&town.world, &timetable, promise, preference)
}

/// Cleaners in a row: the first can do a, the next a and b, then b and c …; each but the last
/// carries a promise that only the next can take. So a new promise of a moves all of them.
fn chain(length: usize) -> (Town, Vec<CleanerId>) {
    const SKILLS: [&str; 6] = ["a", "b", "c", "d", "e", "f"];
    let mut town = Town::new();
    for skill in SKILLS {
        town.offer(service(skill, 1, &[skill]));
    }
    let mut cleaners = Vec::new();
    for index in 0..length {
        let able = [SKILLS[index], SKILLS[index + 1]];
        cleaners.push(town.cleaner(&able));
        if index + 1 < length {
            let (_, job) = town.book(SKILLS[index + 1], TEN);
            assert_eq!(town.carriers(job)[&0], cleaners[index]);
        }
    }
    (town, cleaners)
}

#[test]
fn the_shortest_path_is_followed_up_to_four_moves() {
    for length in 1..=5 {
        let (town, cleaners) = chain(length);
        let moves = found(&town, promise(&["a"]), Preference::default());
        if length > LIMITS.moves {
            assert_eq!(moves, None, "five moves are too many");
            continue;
        }
        let moves = moves.expect("a path");
        let to: Vec<CleanerId> = moves.iter().map(|step| step.to).collect();
        assert_eq!(to, cleaners);
        assert_eq!(moves[0].leaves, None);
        assert!(moves[1..].iter().all(|step| step.leaves.is_some()));
    }
}

#[test]
fn the_preferred_cleaner_comes_first_and_a_barred_one_never() {
    let mut town = Town::new();
    let (x, y) = (town.cleaner(&[]), town.cleaner(&[]));
    let to = |preference| {
        let moves = found(&town, promise(&[]), preference);
        moves.map(|moves| moves[0].to)
    };
    assert_eq!(to(Preference::default()), Some(x));
    let first = Some(y);
    assert_eq!(to(Preference { first, never: None }), Some(y));
    let never = Some(x);
    assert_eq!(to(Preference { first: None, never }), Some(y));
}

#[test]
fn the_least_flexible_is_who_has_fewest_skills_then_zones_then_free_time() {
    let mut town = Town::new();
    let skilled = town.cleaner(&["a"]);
    let roaming = town.cleaner(&[]);
    let zones = &mut town.world.cleaners.get_mut(&roaming).expect("hired").zones;
    zones.insert(zone_slug("north"));
    let (idle, busy) = (town.cleaner(&[]), town.cleaner(&[]));
    town.world.cleaners.get_mut(&idle).expect("hired").active = false;
    town.book(CLEANING, "2026-06-01T14:00:00Z");
    town.world.cleaners.get_mut(&idle).expect("hired").active = true;
    let timetable = Timetable::of(&town.world);
    let order: Vec<CleanerId> = eligible(&timetable, &promise(&[]))
        .into_iter()
        .map(|cleaner| cleaner.id)
        .collect();
    assert_eq!(order, [busy, idle, roaming, skilled]);
}
