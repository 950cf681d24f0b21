use super::*;
use crate::domain::{
    Command,
    testing::{CLEANING, DISPATCHER, MANAGER, TEN, Town, service, skills, zone},
};

fn zone_save(zone: &Zone, expected_version: Option<i64>) -> ZoneSave {
    ZoneSave {
        slug: zone.slug.clone(),
        name: zone.name.clone(),
        polygon: zone.polygon.clone(),
        time_zone: zone.time_zone.clone(),
        opening_hours: zone.opening_hours,
        expected_version,
    }
}

fn service_save(service: &Service, expected_version: Option<i64>) -> ServiceSave {
    ServiceSave {
        slug: service.slug.clone(),
        name: service.name.clone(),
        duration_minutes: service.duration_minutes,
        crew_size: service.crew_size,
        skills: service.skills.clone(),
        travel_buffer_minutes: service.travel_buffer_minutes,
        lead_time_minutes: service.lead_time_minutes,
        booking_window_days: service.booking_window_days,
        slot_step_minutes: service.slot_step_minutes,
        price_minor: service.price_minor,
        currency: service.currency.clone(),
        active: service.active,
        expected_version,
    }
}

#[test]
fn a_new_zone_is_saved_without_a_version_and_a_known_one_with_the_version_seen() {
    let mut town = Town::new();
    let north = zone("north", "Asia/Kathmandu");
    let save = |version| Command::SaveZone(zone_save(&north, version));
    assert_eq!(town.run(MANAGER, &save(Some(1))), Err(Objection::NotFound));
    assert_eq!(town.accept(MANAGER, &save(None))["version"], 1);
    assert_eq!(town.reject(MANAGER, &save(None)), Rejection::AlreadyExists);
    assert_eq!(town.accept(MANAGER, &save(Some(1)))["version"], 2);
    assert_eq!(
        town.reject(MANAGER, &save(Some(1))),
        Rejection::StaleVersion { current: 2 }
    );
    assert_eq!(
        town.run(DISPATCHER, &save(Some(2))),
        Err(Objection::Forbidden)
    );
}

#[test]
fn a_zone_with_shifts_ahead_keeps_its_clock_but_may_change_its_hours() {
    let mut town = Town::new();
    town.cleaner(&[]);
    let center = town.world.zones.values().next().expect("a zone").clone();
    let moved = ZoneSave {
        time_zone: "Asia/Kathmandu".to_owned(),
        ..zone_save(&center, Some(1))
    };
    assert_eq!(
        town.reject(MANAGER, &Command::SaveZone(moved)),
        Rejection::InUse
    );
    let closed = ZoneSave {
        opening_hours: [None; 7],
        ..zone_save(&center, Some(1))
    };
    town.accept(MANAGER, &Command::SaveZone(closed));
}

#[test]
fn zones_that_make_no_sense_are_invalid() {
    let mut town = Town::new();
    let good = zone_save(&zone("north", "Europe/Berlin"), None);
    let backwards = OpeningHours {
        opens: 600,
        closes: 600,
    };
    let line = vec![[1.0, 1.0], [2.0, 2.0], [3.0, 3.0], [1.0, 1.0]];
    for (save, field) in [
        (
            ZoneSave {
                time_zone: "Mars/Base".to_owned(),
                ..good.clone()
            },
            "time_zone",
        ),
        (
            ZoneSave {
                polygon: good.polygon[..4].to_vec(),
                ..good.clone()
            },
            "polygon",
        ),
        (
            ZoneSave {
                polygon: line,
                ..good.clone()
            },
            "polygon",
        ),
        (
            ZoneSave {
                opening_hours: [Some(backwards); 7],
                ..good.clone()
            },
            "opening_hours",
        ),
        (
            ZoneSave {
                name: String::new(),
                ..good.clone()
            },
            "name",
        ),
    ] {
        let outcome = town.run(MANAGER, &Command::SaveZone(save));
        let named =
            matches!(&outcome, Err(Objection::InvalidArgument { field: is, .. }) if *is == field);
        assert!(named, "{field}: {outcome:?}");
    }
}

#[test]
fn a_service_brings_its_skills_with_it() {
    let mut town = Town::new();
    let save = service_save(&service("windows", 1, &["windows"]), None);
    town.accept(MANAGER, &Command::SaveService(save));
    assert!(
        skills(&["windows"])
            .iter()
            .all(|skill| town.world.skills.contains_key(skill))
    );
}

#[test]
fn a_service_that_somebody_holds_keeps_its_shape_but_not_its_price() {
    let mut town = Town::new();
    town.cleaner(&[]);
    let (customer, _) = town.customer();
    town.hold(customer, TEN);
    let held = service(CLEANING, 1, &[]);
    let longer = ServiceSave {
        duration_minutes: 180,
        ..service_save(&held, Some(1))
    };
    assert_eq!(
        town.reject(MANAGER, &Command::SaveService(longer.clone())),
        Rejection::InUse
    );
    let dearer = ServiceSave {
        price_minor: 12_000,
        active: false,
        ..service_save(&held, Some(1))
    };
    town.accept(MANAGER, &Command::SaveService(dearer));
    town.now += jiff::SignedDuration::from_mins(5);
    let longer = ServiceSave {
        expected_version: Some(2),
        ..longer
    };
    town.accept(MANAGER, &Command::SaveService(longer));
}

#[test]
fn services_out_of_range_are_invalid() {
    let mut town = Town::new();
    let good = service_save(&service("windows", 1, &[]), None);
    for (save, field) in [
        (
            ServiceSave {
                duration_minutes: 375,
                ..good.clone()
            },
            "duration_minutes",
        ),
        (
            ServiceSave {
                crew_size: 0,
                ..good.clone()
            },
            "crew_size",
        ),
        (
            ServiceSave {
                travel_buffer_minutes: 75,
                ..good.clone()
            },
            "travel_buffer_minutes",
        ),
        (
            ServiceSave {
                booking_window_days: 91,
                ..good.clone()
            },
            "booking_window_days",
        ),
        (
            ServiceSave {
                slot_step_minutes: 20,
                ..good.clone()
            },
            "slot_step_minutes",
        ),
        (
            ServiceSave {
                price_minor: 1_000_000_000_001,
                ..good.clone()
            },
            "price_minor",
        ),
        (
            ServiceSave {
                currency: "euro".to_owned(),
                ..good.clone()
            },
            "currency",
        ),
    ] {
        let outcome = town.run(MANAGER, &Command::SaveService(save));
        let named =
            matches!(&outcome, Err(Objection::InvalidArgument { field: is, .. }) if *is == field);
        assert!(named, "{field}: {outcome:?}");
    }
}
