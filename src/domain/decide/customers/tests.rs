use super::*;
use crate::domain::{
    Command,
    testing::{DISPATCHER, Town, id_in, zone},
};

fn update(customer: Option<CustomerId>) -> CustomerUpdate {
    CustomerUpdate {
        customer,
        name: None,
        phone: None,
        email: None,
        expected_version: None,
    }
}

fn home(lon: f64, lat: f64) -> PropertyAdd {
    PropertyAdd {
        customer: None,
        address: " Main Street 2 ".to_owned(),
        district: None,
        access_notes: None,
        lon,
        lat,
    }
}

#[test]
fn absent_fields_stay_and_the_account_bears_the_new_name() {
    let mut town = Town::new();
    let (customer, _) = town.customer();
    let command = CustomerUpdate {
        name: Some(" Grace ".to_owned()),
        email: Some("Grace@Example.ORG".to_owned()),
        ..update(None)
    };
    town.accept(customer, &Command::UpdateCustomer(command));
    let row = &town.world.customers[&customer];
    assert_eq!(row.name.as_deref(), Some("Grace"));
    assert_eq!(row.email.as_deref(), Some("grace@example.org"));
    assert_eq!(row.phone.as_deref(), Some("+49 30 1234567"));
    assert_eq!(town.world.accounts[&AccountId(customer.0)].name, "Grace");
}

#[test]
fn an_update_that_changes_nothing_says_nothing() {
    let mut town = Town::new();
    let (customer, _) = town.customer();
    let decision = town.run(customer, &Command::UpdateCustomer(update(None)));
    assert_eq!(decision.expect("accepted").events, []);
}

#[test]
fn others_are_updated_by_staff_only_and_at_the_version_they_saw() {
    let mut town = Town::new();
    let (customer, _) = town.customer();
    let (other, _) = town.customer();
    let command = Command::UpdateCustomer(update(Some(customer)));
    assert_eq!(town.run(other, &command), Err(Objection::NotFound));
    let stale = CustomerUpdate {
        expected_version: Some(3),
        ..update(Some(customer))
    };
    let rejection = town.reject(DISPATCHER, &Command::UpdateCustomer(stale));
    assert_eq!(rejection, Rejection::StaleVersion { current: 1 });
}

#[test]
fn text_that_is_empty_too_long_or_misshapen_is_invalid() {
    let mut town = Town::new();
    let (customer, _) = town.customer();
    let long = "a".repeat(LIMITS.name + 1);
    for (name, phone, email, field) in [
        (Some(" "), None, None, "name"),
        (Some(long.as_str()), None, None, "name"),
        (None, Some("call me"), None, "phone"),
        (None, Some("123"), None, "phone"),
        (None, None, Some("nowhere"), "email"),
        (None, None, Some("a b@example.org"), "email"),
    ] {
        let owned = |text: Option<&str>| text.map(str::to_owned);
        let command = CustomerUpdate {
            name: owned(name),
            phone: owned(phone),
            email: owned(email),
            ..update(None)
        };
        let outcome = town.run(customer, &Command::UpdateCustomer(command));
        let named =
            matches!(&outcome, Err(Objection::InvalidArgument { field: is, .. }) if *is == field);
        assert!(named, "{outcome:?}");
    }
}

#[test]
fn a_customer_made_by_staff_has_an_account_that_nobody_can_sign_in_to() {
    let mut town = Town::new();
    let command = Command::CreateCustomer(CustomerCreate {
        name: "Ada".to_owned(),
        phone: "030 1234567".to_owned(),
        email: Some("ada@example.org".to_owned()),
    });
    let result = town.accept(DISPATCHER, &command);
    let customer: CustomerId = id_in(&result, "customer");
    assert_eq!(town.world.accounts[&AccountId(customer.0)].email, None);
    assert_eq!(town.run(customer, &command), Err(Objection::Forbidden));
}

#[test]
fn a_property_lies_in_the_zone_around_it_or_out_of_area() {
    let mut town = Town::new();
    let mut north = zone("north", "Europe/Berlin");
    // an L: the corner at 10.8, 50.8 is outside
    north.polygon = vec![
        [10.0, 50.0],
        [11.0, 50.0],
        [11.0, 50.5],
        [10.5, 50.5],
        [10.5, 51.0],
        [10.0, 51.0],
        [10.0, 50.0],
    ];
    town.open_zone(north);
    let (customer, _) = town.customer();
    for (lon, lat, zone) in [
        (13.4, 52.5, Some("center")),
        (10.8, 50.2, Some("north")),
        (10.2, 50.8, Some("north")),
        (10.8, 50.8, None),
        (0.0, 0.0, None),
    ] {
        let outcome = town.run(customer, &Command::AddProperty(home(lon, lat)));
        match zone {
            Some(zone) => assert_eq!(outcome.expect("accepted").result["zone"], zone),
            None => assert_eq!(outcome, Err(Rejection::OutOfArea.into())),
        }
    }
    let nowhere = town.run(customer, &Command::AddProperty(home(f64::NAN, 0.0)));
    assert!(matches!(
        nowhere,
        Err(Objection::InvalidArgument { field: "lon", .. })
    ));
}

#[test]
fn the_district_is_the_zones_name_where_none_is_given() {
    let mut town = Town::new();
    let (customer, _) = town.customer();
    let result = town.accept(customer, &Command::AddProperty(home(13.4, 52.5)));
    let property = &town.world.properties[&id_in(&result, "property")];
    assert_eq!(
        (property.district.as_str(), property.address.as_str()),
        ("Center", "Main Street 2")
    );
}
