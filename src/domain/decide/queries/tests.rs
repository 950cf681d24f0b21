use super::*;
use crate::domain::{
    Actor, Thresholds,
    ids::CommandId,
    testing::{CENTER, CLEANING, TEN, Town, at, place, service_slug, zone_slug},
};

fn context(town: &Town) -> Context {
    Context {
        actor: Actor::SYSTEM,
        command_id: CommandId(uuid::Uuid::nil()),
        now: town.now,
        thresholds: Thresholds::default(),
    }
}

fn nearest(town: &Town, start: &str, limit: Option<u8>) -> Result<Nearest, Objection> {
    let asked = SlotsNearest {
        zone: zone_slug(CENTER),
        service: service_slug(CLEANING),
        start: at(start),
        limit,
    };
    nearest_slots(&asked, &town.world, &context(town))
}

#[test]
fn the_nearest_starts_are_those_that_can_be_held() {
    let mut town = Town::new();
    town.cleaner(&[]);
    let (customer, _) = town.customer();
    let found = nearest(&town, TEN, Some(20)).expect("an answer").slots;
    assert_eq!(found.len(), 19, "every half hour from 07:00 to 16:00");
    assert_eq!(found[0].start, at(TEN));
    assert_eq!(found[1].start, at("2026-06-01T09:30:00Z"));
    for slot in found {
        town.clone().accept(customer, &place(CLEANING, slot.start));
    }
    town.hold(customer, TEN);
    let found = nearest(&town, TEN, None).expect("an answer").slots;
    let starts: Vec<_> = found.into_iter().map(|slot| slot.start).collect();
    let expected = [
        "2026-06-01T07:30:00Z",
        "2026-06-01T12:30:00Z",
        "2026-06-01T07:00:00Z",
    ];
    assert_eq!(starts, expected.map(at));
}

#[test]
fn bad_questions_name_their_field_and_what_is_not_sold_is_absent() {
    let mut town = Town::new();
    for limit in [0, 21] {
        let refused = nearest(&town, TEN, Some(limit));
        assert!(matches!(
            refused,
            Err(Objection::InvalidArgument { field: "limit", .. })
        ));
    }
    let service = town.world.services.get_mut(&service_slug(CLEANING));
    service.expect("offered").active = false;
    assert_eq!(nearest(&town, TEN, None), Err(Objection::NotFound));
}
